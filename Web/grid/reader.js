// @ts-check
// Drives the ordering core: carries out its effects with fetch and timers, and tells it what came of them. Payloads are kept until the
// core says for each of their pages whether to hold it or to drop it; what it says to paint goes to the store in one piece.

import { Timer } from '../base/timer.js';
import { commitSignal, idNumber, loadOrdering } from '../ordering.js';
import { Problem, api } from '../wire/api.js';
import { Lineage } from '../wire/lineage.js';
import { isWhole, pageSize } from './store.js';

/** @typedef {import('../types.js').Row} Row */
/** @typedef {import('../ordering.js').OrderingEvent} OrderingEvent */
/** @typedef {import('../ordering.js').Effect} Effect */

/** Columns are read in windows of this many, as the server stores them. */
export const windowColumns = 64;
/** While pages fly by under a scroll bar, they are asked for at most this often, in ms. */
const scrollPause = 70;

export class GridReader {
  /** @param {import('./store.js').Store} store @param {import('./painter.js').Painter} painter @param {import('./drafts.js').Drafts} drafts @param {import('./place-keeper.js').PlaceKeeper} places */
  constructor(store, painter, drafts, places) {
    this.store = store;
    this.painter = painter;
    this.drafts = drafts;
    this.places = places;
    /** @type {import('../ordering.js').Reconciler | null} */
    this.core = null;
    /** Pages held, by number. @type {Map<number, { tag: string, rows: Row[] }>} */
    this.held = new Map();
    /** Replies that wait for the core's word. @type {Map<string, Map<number, import('../types.js').Page>>} */
    this.arrived = new Map();
    /** @type {Map<string, AbortController>} */
    this.inFlight = new Map();
    /** When the core wants to be told of the time. */
    this.timer = new Timer();
    this.scrollTimer = new Timer();
    this.lastViewport = { first: 0, last: 0, at: 0 };
    /** The columns of the current intent's reads, by position. */
    this.window = { low: 0, high: windowColumns - 1 };
    this.viewNumber = 0;
    this.isOpen = false;
    /** Set while a new view has been asked for and nothing of it is painted. */
    this.awaitsView = false;
    this.counts = { applied: 0, aborted: 0, failed: 0, restarts: 0 };
    this.reads = { load: 0, refresh: 0, view: 0, rest: 0, margin: 0, poll: 0 };
    /** @type {Record<string, number>} */
    this.dropped = {};
    /** Events that came up while another one's effects were being carried out. @type {OrderingEvent[]} */
    this.events = [];
    this.isHandling = false;
    /** The last stream position, to tell a core that began anew. @type {number | null} */
    this.streamRevision = null;
    this.lineage = new Lineage();
    /** The columns that the pages of the current intent hold, by id. */
    this.shownColumns = '';
    /** Told when the server turns out to serve an older copy of the grid. @type {(revision: number, heard: number) => void} */
    this.onRestored = () => {};
    /** Told when the server answers though the stream is lost: it is time to open it again. @type {() => void} */
    this.onReached = () => {};
    drafts.tell = (what, draft) => this.draftIs(what, draft);
    painter.onViewport = () => this.scrolled();
    store.on(['sheet', 'view'], () => this.open());
    store.on(['grid'], () => this.followColumns());
    document.addEventListener('visibilitychange', () => this.handle({ type: document.hidden ? 'hidden' : 'shown' }));
  }

  async load() {
    this.ordering = await loadOrdering();
    this.begin();
  }

  /** A core for one grid: revisions of two grids have nothing to do with each other. */
  begin() {
    this.core?.close();
    this.events = [];
    this.core = this.ordering?.reconciler({ jitterSeed: crypto.getRandomValues(new Uint32Array(1))[0] ?? 0 }) ?? null;
    this.streamRevision = null;
    this.lineage = new Lineage();
    if (document.hidden) this.handle({ type: 'hidden' });
  }

  /**
   * Tells the core what happened and carries out what it says. The effects of one event are carried out before the next event
   * is told, also when carrying them out makes one.
   * @param {OrderingEvent} event
   */
  handle(event) {
    this.events.push(event);
    if (this.isHandling) return;
    this.isHandling = true;
    try {
      for (let next = this.events.shift(); next; next = this.events.shift()) {
        const core = this.core;
        if (!core) continue;
        for (const effect of core.handle(next, performance.now())) if (core === this.core) this.perform(effect);
      }
    } finally {
      this.isHandling = false;
    }
  }

  /** A new intent: another sheet, view, or window of columns. */
  open() {
    const { store } = this;
    if (!this.core || !store.grid || !store.sheet) return;
    this.isOpen = true;
    this.awaitsView = true;
    this.ask(1, 1);
    store.emit('connection');
  }

  /** Asks for pages under a new intent. @param {number} first @param {number} last */
  ask(first, last) {
    const { store } = this, view = store.effectiveView, named = [...view.filter, ...view.sort].map((c) => idNumber(c.column));
    this.window = this.windowFor(this.painter.seenColumns);
    this.shownColumns = this.idsInWindow();
    const shown = this.shownColumns === '' ? [NaN] : this.shownColumns.split(',').map(idNumber);
    this.lastViewport = { first, last, at: performance.now() };
    this.handle({
      type: 'open', sheet: idNumber(store.sheetID), view: ++this.viewNumber, pageSize, first, last,
      sensitive: view.find || named.some(Number.isNaN) ? 'all' : named, shown: shown.some(Number.isNaN) ? 'all' : shown,
    });
  }

  /** The columns in the window; '' when pages hold them all. */
  idsInWindow() {
    const { columns } = this.store;
    return columns.length > windowColumns ? columns.slice(this.window.low, this.window.high + 1).map((c) => c.id).join() : '';
  }

  /** The columns of a wide sheet changed: the window, which is one of positions, holds others. */
  followColumns() {
    if (!this.isOpen || this.awaitsView || this.idsInWindow() === this.shownColumns) return;
    this.ask(this.lastViewport.first, this.lastViewport.last);
  }

  /** Reads under way, and timers that may lead to one: at 0, nothing is read before a person or the stream says something new. */
  get pending() {
    return this.inFlight.size + Number(this.timer.isSet) + Number(this.scrollTimer.isSet);
  }

  /** What is painted turned out not to be what was committed: the pages in view are asked for whole, as by one who holds none of them. */
  refetch() {
    for (const [page, held] of this.held) if (page >= this.lastViewport.first && page <= this.lastViewport.last) held.tag = '';
    this.handle({ type: 'refresh' });
  }

  close() {
    this.isOpen = false;
    for (const controller of this.inFlight.values()) controller.abort();
    for (const kept of [this.inFlight, this.arrived, this.held]) kept.clear();
    for (const timer of [this.timer, this.scrollTimer]) timer.stop();
    this.places.forget();
    this.begin();
  }

  /** Whole windows around the columns seen; all columns when there are no more than one window. @param {{ first: number, last: number }} seen */
  windowFor(seen) {
    const low = Math.floor(seen.first / windowColumns) * windowColumns;
    return { low, high: Math.max(low + windowColumns, (Math.floor(seen.last / windowColumns) + 1) * windowColumns) - 1 };
  }

  /** After a scroll or a resize: other pages, or another window of columns, may be in view. */
  scrolled() {
    this.store.emit('viewport');
    if (!this.isOpen || this.awaitsView) return;
    const columns = this.painter.seenColumns;
    if (this.store.columns.length > windowColumns && (columns.first < this.window.low || columns.last > this.window.high)) return this.moveWindow();
    this.scrollTimer.stop();
    const seen = this.painter.seen, first = Math.floor(seen.first / pageSize) + 1, last = Math.floor(seen.last / pageSize) + 1;
    if (first === this.lastViewport.first && last === this.lastViewport.last) return;
    const wait = this.store.pages.has(first) && this.store.pages.has(last) ? 0 : this.lastViewport.at + scrollPause - performance.now();
    if (wait > 0) this.scrollTimer.set(wait, () => this.scrolled());
    else {
      this.lastViewport = { first, last, at: performance.now() };
      this.places.apply();
      this.handle({ type: 'viewport', first, last });
    }
  }

  moveWindow() {
    this.scrollTimer.set(scrollPause, () => {
      const seen = this.painter.seen, columns = this.painter.seenColumns;
      if (columns.first >= this.window.low && columns.last <= this.window.high) return;
      this.ask(Math.floor(seen.first / pageSize) + 1, Math.floor(seen.last / pageSize) + 1);
    });
  }

  /** @param {import('../wire/event-stream.js').StreamEvent} event */
  streamed(event) {
    const { store } = this;
    switch (event.kind) {
      case 'hello':
        if (!this.lineage.hello(event)) return this.onRestored(event.revision, this.lineage.heardBefore);
        this.streamRevision = event.revision;
        return this.handle({ type: 'hello', revision: event.revision, resumedAfter: event.resumedAfter });
      case 'commit':
        this.lineage.hear(event.revision);
        this.streamRevision = event.revision;
        return this.handle(commitSignal(event, store.sheetID));
      case 'gap':
        this.streamRevision = event.revision;
        return this.handle({ type: 'gap', revision: event.revision });
      case 'heartbeat': return this.handle({ type: 'heartbeat' });
      case 'heartbeatLate': return this.handle({ type: 'heartbeatLate' });
      case 'lost':
        this.lineage.lost();
        this.streamRevision = null;
        return this.handle({ type: 'streamLost' });
      case 'run': {
        const before = store.runs.get(event.run)?.state;
        store.runChanged(event);
        const active = ['running', 'paused', 'ending'];
        if (before && active.includes(before) && !active.includes(event.state)) this.handle({ type: 'runEnded' });
      }
    }
  }

  /** Begins anew on a server that serves an older copy. Drafts stay; the core is told of them again. */
  restart() {
    const wasOpen = this.isOpen;
    this.close();
    // What was drawn may be of what the server has lost: the rows stand as not loaded until they are read.
    this.store.forgetPages();
    this.painter.schedule();
    if (wasOpen) this.open();
    this.tellDrafts();
  }

  /** What a core that knows nothing has to know of open drafts. */
  tellDrafts() {
    for (const draft of this.drafts.followed) {
      this.draftIs('submitted', draft);
      if (draft.state === 'saved') this.draftIs('acknowledged', draft);
      if (draft.state === 'refused') this.draftIs('refused', draft);
    }
  }

  /** @param {'submitted' | 'acknowledged' | 'refused' | 'discarded'} what @param {import('./drafts.js').Draft} draft */
  draftIs(what, draft) {
    switch (what) {
      case 'submitted': return this.handle({ type: 'editSubmitted', draft: draft.id, row: idNumber(draft.row) });
      case 'acknowledged':
        this.lineage.hear(draft.revision);
        return this.handle({ type: 'editAcknowledged', draft: draft.id, revision: draft.revision });
      case 'refused': return this.handle({ type: 'editRefused', draft: draft.id });
      case 'discarded': return this.handle({ type: 'editDiscarded', draft: draft.id });
    }
  }

  /** @param {Effect} effect */
  perform(effect) {
    switch (effect.type) {
      case 'reset': return this.reset();
      case 'send': return void this.send(effect);
      case 'cancel': return this.cancel(effect.request);
      case 'apply': return this.apply(effect.request, effect.page);
      case 'drop': return this.drop(effect.request, effect.page, effect.reason);
      case 'paint': return this.paint(effect);
      case 'advance': return this.places.advance(effect.revision);
      case 'withdraw':
        this.store.pages.delete(effect.page);
        return this.painter.schedule();
      case 'evict': return void this.held.delete(effect.page);
      case 'releaseDraft': return this.places.whenPainted(() => this.drafts.release(effect.draft));
      case 'setTimer':
        return this.timer.set(Math.max(0, effect.at - performance.now()) + 1, () => this.handle({ type: 'timer' }));
      case 'cancelTimer': return this.timer.stop();
      case 'status': return this.status(effect);
      case 'restarted':
        this.counts.restarts++;
        this.reset();
        queueMicrotask(() => {
          this.open();
          this.tellDrafts();
          if (this.streamRevision !== null) this.handle({ type: 'hello', revision: this.streamRevision });
        });
    }
  }

  /** What is drawn stays on the screen, marked as being read anew, until the first paint of the new intent replaces all of it. */
  reset() {
    this.places.forget();
    this.held.clear();
    this.arrived.clear();
    for (const controller of this.inFlight.values()) controller.abort();
    this.inFlight.clear();
    this.reading();
  }

  /** @param {import('../ordering.js').SendEffect} effect */
  async send({ request, first, last, minRevision, purpose, have }) {
    const { store, core } = this, controller = new AbortController();
    this.inFlight.set(request, controller);
    this.reads[purpose]++;
    this.reading();
    const view = store.effectiveView;
    const tags = have.map((page) => `${page}:${this.held.get(page)?.tag ?? ''}`).join(',');
    try {
      const reply = await api.pages(store.grid?.id ?? '', store.sheetID, { first, last, pageSize, minRevision, have: tags, view: isWhole(view) ? null : view, ...(store.columns.length > windowColumns ? { columns: `${this.window.low}-${Math.min(this.window.high, store.columns.length - 1)}` } : {}) }, controller.signal);
      if (core !== this.core) return;
      this.lineage.hear(reply.revision);
      this.arrived.set(request, new Map(reply.pages.map((p) => [p.page, p])));
      this.inFlight.delete(request);
      this.handle({
        type: 'replyArrived', request, revision: reply.revision, totalRows: reply.totalRows, totalPages: Math.ceil(reply.totalRows / pageSize),
        pages: reply.pages.map((p) => (p.unchanged ? { page: p.page, unchanged: true } : { page: p.page, rows: p.rows.map((r) => idNumber(r.id)) })),
      });
      if (store.problem) store.readingFailed(null);
      if (store.connection !== 'live') this.onReached();
    } catch (error) {
      if (controller.signal.aborted || core !== this.core) return;
      this.inFlight.delete(request);
      this.failed(request, error);
    }
    this.arrived.delete(request);
    this.reading();
  }

  /** @param {string} request @param {unknown} error */
  failed(request, error) {
    this.counts.failed++;
    const problem = error instanceof Problem ? error : new Problem(500, 'The reply could not be read', error instanceof Error ? error.message : String(error));
    this.store.readingFailed(problem);
    const kind = problem.code === 'behind' ? 'behind' : problem.isTransient || problem.status >= 500 ? 'temporary' : 'permanent';
    this.handle({ type: 'replyFailed', request, kind, retryAfter: problem.retryAfter ? problem.retryAfter * 1000 : null });
  }

  /** @param {string} request */
  cancel(request) {
    const controller = this.inFlight.get(request);
    if (!controller) return;
    this.counts.aborted++;
    controller.abort();
    this.inFlight.delete(request);
    this.reading();
  }

  /** @param {string} request @param {number} page */
  apply(request, page) {
    const payload = this.arrived.get(request)?.get(page);
    if (!payload) return;
    this.counts.applied++;
    const before = this.held.get(page);
    if (!payload.unchanged) this.held.set(page, { tag: payload.tag, rows: payload.rows });
    else if (before) before.tag = payload.tag || before.tag;
  }

  /** @param {string} request @param {number | null} page @param {string} reason */
  drop(request, page, reason) {
    this.dropped[reason] = (this.dropped[reason] ?? 0) + 1;
    void (page === null ? this.arrived.delete(request) : this.arrived.get(request)?.delete(page));
  }

  /** One frame: exactly these pages, all of one snapshot. @param {import('../ordering.js').PaintEffect} effect */
  paint(effect) {
    const { store } = this;
    /** @type {Map<number, import('./store.js').HeldPage>} */
    const pages = new Map();
    for (const page of effect.pages) {
      const held = this.held.get(page);
      if (held) pages.set(page, { revision: effect.revision, rows: held.rows });
    }
    const snapshot = { revision: effect.revision, totalRows: effect.totalRows, pages };
    store.window = this.window;
    if (!this.awaitsView) return this.places.admit(snapshot);
    this.awaitsView = false;
    store.painted(snapshot.revision, snapshot.totalRows, snapshot.pages);
    this.painter.scrollTo(0);
    this.reading();
  }

  /** @param {import('../ordering.js').StatusEffect} effect */
  status(effect) {
    const { store } = this;
    store.isBehind = effect.shown > 0 && effect.known > effect.shown;
    store.shown = effect.shown;
    store.connectionSince = effect.since;
    store.emit('connection');
    switch (effect.connection) {
      case 'live': return store.connectionIs('live');
      case 'silent': return store.connectionIs('polling', 'Something between the server and here holds live updates back');
      case 'polling': return store.connectionIs('polling', 'Live updates are lost');
      case 'offline': return store.connectionIs('offline');
      case 'connecting':
      case 'reconnecting': return store.connectionIs('reconnecting');
    }
  }

  /** Tells whether something is being read that a person waits for. */
  reading() {
    const waits = this.awaitsView && this.inFlight.size > 0;
    if (waits !== this.store.isReading) {
      this.store.isReading = waits;
      this.store.emit('viewport');
    }
  }
}
