// @ts-check
// Browsers allow about six HTTP/1.1 connections to one origin, so the tabs of a browser share one event stream a grid: the tab that
// holds a Web Lock reads it and passes the events on; when it goes, the lock, and the reading from where it stood, go to another.

import { api } from './api.js';
import { EventStream } from './event-stream.js';

/** @typedef {import('./event-stream.js').StreamEvent} StreamEvent */
/** @typedef {{ from: string, join?: boolean, wake?: boolean, restart?: boolean, to?: string, event?: StreamEvent }} Message */

/** A leader passes every heartbeat on (2 s); silence past this means that it hangs. */
const leaderLate = 5_000;

export class SharedStream {
  /** @param {string} grid @param {(event: StreamEvent) => void} onEvent */
  constructor(grid, onEvent) {
    this.grid = grid;
    this.onEvent = onEvent;
    this.tab = crypto.randomUUID();
    this.isLeader = false;
    this.isClosed = false;
    /** The newest revision heard of. @type {number | null} */
    this.lastRevision = null;
    this.isOpen = false;
    /** What the stream's hello said of the server. @type {{ server?: string, opened?: number }} */
    this.server = {};
    /** @type {EventStream | null} */
    this.stream = null;
    /** @type {(() => void) | null} */
    this.release = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.watch = undefined;
    this.channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel(`trueline-${grid}`) : null;
    if (this.channel) this.channel.onmessage = (event) => this.received(event.data);
    this.abort = new AbortController();
    void this.start();
  }

  async start() {
    if (!navigator.locks || !this.channel) return this.lead();
    this.send({ from: this.tab, join: true });
    this.watchLeader();
    await navigator.locks.request(`trueline-stream-${this.grid}`, { signal: this.abort.signal }, () => new Promise((resolve) => {
      if (this.isClosed) return resolve(undefined);
      this.release = () => resolve(undefined);
      this.lead();
    })).catch(() => {});
  }

  lead() {
    this.isLeader = true;
    clearTimeout(this.watch);
    this.stream = new EventStream(api.eventsURL(this.grid), (event) => {
      this.note(event);
      this.send({ from: this.tab, event });
      this.onEvent(event);
    }, this.lastRevision);
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.watch);
    this.abort.abort();
    this.stream?.close();
    this.release?.();
    this.channel?.close();
  }

  /** The server was just reached: opens a lost stream without waiting longer. */
  retryNow() {
    if (this.isLeader) this.stream?.retryNow();
    else this.send({ from: this.tab, wake: true });
  }

  /** The server serves an older copy of the grid: the stream begins anew, in whichever tab it is. */
  restart() {
    this.send({ from: this.tab, restart: true });
    this.forget();
  }

  forget() {
    this.lastRevision = null;
    this.stream?.restart();
  }

  /** @param {Message} message */
  send(message) {
    if (!this.isClosed) this.channel?.postMessage(message);
  }

  /** @param {Message} message */
  received(message) {
    if (this.isClosed || (message.to && message.to !== this.tab)) return;
    if (message.join && this.isLeader) {
      /** @type {StreamEvent} */
      const event = this.isOpen && this.lastRevision !== null ? { kind: 'hello', revision: this.lastRevision, resumedAfter: null, ...this.server } : { kind: 'lost', reason: 'the stream is not open' };
      this.send({ from: this.tab, to: message.from, event });
    }
    if (message.wake) this.stream?.retryNow();
    if (message.restart) this.forget();
    if (!message.event || this.isLeader) return;
    this.watchLeader();
    this.note(message.event);
    this.onEvent(message.event);
  }

  /** @param {StreamEvent} event */
  note(event) {
    if (event.kind === 'lost') this.isOpen = false;
    if (event.kind === 'hello') this.server = { server: event.server, opened: event.opened };
    if (event.kind === 'hello' || event.kind === 'commit' || event.kind === 'gap') {
      this.isOpen = true;
      this.lastRevision = Math.max(this.lastRevision ?? 0, event.revision);
    }
  }

  watchLeader() {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => !this.isLeader && this.onEvent({ kind: 'heartbeatLate' }), leaderLate);
  }
}
