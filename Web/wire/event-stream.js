// @ts-check
// One event stream over fetch. Not EventSource: that does not say when a stream falls silent and cannot say from where to resume.

/** @typedef {{ kind: 'hello', revision: number, resumedAfter: number | null, server?: string, opened?: number } | { kind: 'gap', revision: number } | { kind: 'heartbeat' } | { kind: 'heartbeatLate' } | { kind: 'lost', reason: string } | ({ kind: 'commit' } & import('../types.js').CommitEvent) | ({ kind: 'run' } & import('../types.js').RunEvent)} StreamEvent */

/** Between heartbeats, unless the server's hello says otherwise; half of one more is late. */
const usualHeartbeat = 2_000;
/** The first bytes come at once unless something between holds them back. */
const helloLate = 4_000;
const retryCeiling = 15_000;

/** Splits an event stream's text into events (WHATWG HTML, 9.2.6). */
export class EventParser {
  constructor() {
    this.rest = '';
    /** @type {number | null} Milliseconds the server asked for between attempts. */
    this.retry = null;
  }

  /** @param {string} text @returns {Array<{ event: string, data: string, id: string | null }>} the whole events, and '' ones for comments */
  push(text) {
    this.rest += text;
    const events = [];
    for (;;) {
      const end = /\r\n\r\n|\n\n|\r\r/.exec(this.rest);
      if (!end) return events;
      const block = this.rest.slice(0, end.index);
      this.rest = this.rest.slice(end.index + end[0].length);
      events.push(this.read(block));
    }
  }

  /** @param {string} block */
  read(block) {
    const event = { event: '', data: '', id: /** @type {string | null} */ (null) };
    for (const line of block.split(/\r\n|\n|\r/)) {
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon), value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'event') event.event = value;
      else if (field === 'data') event.data += event.data ? `\n${value}` : value;
      else if (field === 'id') event.id = value;
      else if (field === 'retry') this.retry = Number(value) || null;
    }
    return event;
  }
}

export class EventStream {
  /** @param {string} url @param {(event: StreamEvent) => void} onEvent @param {number | null} resumeAfter */
  constructor(url, onEvent, resumeAfter) {
    this.url = url;
    this.onEvent = onEvent;
    this.lastID = resumeAfter;
    this.isClosed = false;
    this.failures = 0;
    this.isRestarting = false;
    /** Milliseconds between heartbeats. */
    this.heartbeat = usualHeartbeat;
    /** @type {AbortController | null} */
    this.current = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.watch = undefined;
    /** @type {(() => void) | null} */
    this.wake = null;
    this.online = () => this.wake?.();
    this.offline = () => this.current?.abort('the network is off');
    addEventListener('online', this.online);
    addEventListener('offline', this.offline);
    void this.run();
  }

  /** Does not wait any longer before the next attempt. */
  retryNow() {
    this.wake?.();
  }

  /** Connects again, from where the server is now: positions of before mean nothing. */
  restart() {
    this.lastID = null;
    this.isRestarting = true;
    this.current?.abort('restarted');
    this.wake?.();
  }

  close() {
    this.isClosed = true;
    this.current?.abort('closed');
    this.wake?.();
    clearTimeout(this.watch);
    removeEventListener('online', this.online);
    removeEventListener('offline', this.offline);
  }

  async run() {
    const parser = new EventParser();
    while (!this.isClosed) {
      const reason = await this.connect(parser).catch((error) => (typeof error === 'string' ? error : 'the server cannot be reached'));
      clearTimeout(this.watch);
      if (this.isClosed) return;
      if (this.isRestarting) {
        this.isRestarting = false;
        continue;
      }
      this.onEvent({ kind: 'lost', reason });
      this.failures++;
      const wait = Math.min(retryCeiling, (parser.retry ?? 500) * 2 ** Math.min(this.failures - 1, 5));
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, wait * (0.75 + Math.random() / 2));
        this.wake = () => (clearTimeout(timer), resolve(undefined));
      });
      this.wake = null;
    }
  }

  /** @param {EventParser} parser @returns {Promise<string>} why it ended */
  async connect(parser) {
    this.current = new AbortController();
    const resumedAfter = this.lastID;
    this.expect(helloLate);
    const response = await fetch(this.url, {
      cache: 'no-store', signal: this.current.signal,
      headers: { accept: 'text/event-stream', ...(resumedAfter === null ? {} : { 'last-event-id': String(resumedAfter) }) },
    });
    if (!response.ok || !response.body) return `the server answered ${response.status}`;
    parser.rest = '';
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return 'the server ended the stream';
      this.failures = 0;
      const events = parser.push(value);
      if (events.every((e) => !e.data)) this.onEvent({ kind: 'heartbeat' });
      for (const event of events) if (!this.isRestarting) this.deliver(event, resumedAfter);
      // After the events: the hello among them says how long silence may last.
      this.expect(this.heartbeat * 1.5);
    }
  }

  /** @param {{ event: string, data: string, id: string | null }} event @param {number | null} resumedAfter */
  deliver({ event, data, id }, resumedAfter) {
    if (!data) return;
    const document = JSON.parse(data);
    if (event === 'hello') this.heartbeat = document.heartbeat ?? usualHeartbeat;
    if (event === 'beat') {
      // Beyond what was told: a signal was lost on the way, and nothing else would say so.
      const isBehind = this.lastID !== null && document.revision > this.lastID;
      if (isBehind) this.lastID = document.revision;
      this.onEvent(isBehind ? { kind: 'gap', revision: document.revision } : { kind: 'heartbeat' });
    } else if (event === 'hello') this.onEvent({ kind: 'hello', revision: document.revision, resumedAfter, server: document.server, opened: document.opened });
    else if (event === 'commit') this.onEvent({ kind: 'commit', ...document });
    else if (event === 'run') this.onEvent({ kind: 'run', ...document });
    else if (event === 'gap') this.onEvent({ kind: 'gap', revision: document.revision });
    if (!this.isRestarting && id && Number.isSafeInteger(Number(id))) this.lastID = Number(id);
  }

  /** @param {number} within milliseconds */
  expect(within) {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => this.onEvent({ kind: 'heartbeatLate' }), within);
  }
}
