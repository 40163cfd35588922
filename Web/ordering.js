// @ts-check
// The ordering core in the browser: loads ordering.wasm and speaks its binary form. Every decision is made inside; this file
// only carries numbers in and out. Docs/specifications/ordering.md says what the events and effects mean.
//
// Revisions are plain numbers here: exact up to 2^53, which is 285,000 years of a thousand commits a second.

/**
 * @typedef {number} Revision  0 is the grid before its first commit.
 * @typedef {string} RequestKey  Identifies one read, for ever. Opaque; fit for a Map.
 * @typedef {readonly [first: number, last: number]} RowRange  Numbers of row ids ("r9" is 9), both included.
 */

/**
 * A person asked for a sheet, a view or a page size: everything before it is superseded.
 * @typedef {object} OpenEvent
 * @property {'open'} type
 * @property {number} sheet  The number in the sheet's id.
 * @property {number} view  Any number you give the view; 0 for the sheet itself.
 * @property {number} pageSize
 * @property {readonly number[] | 'all'} sensitive  Numbers of the columns the view filters or sorts by.
 * @property {number} [first]  The pages in view at first, from 1. Default 1.
 * @property {number} [last]  Default `first`.
 */
/** @typedef {{ type: 'viewport', first: number, last: number }} ViewportEvent  These pages are in view now. */
/**
 * The stream is open, the server is at `revision`. With `resumedAfter` (the Last-Event-ID that was sent and accepted) the
 * signals after that one follow.
 * @typedef {{ type: 'hello', revision: Revision, resumedAfter?: Revision | null }} HelloEvent
 */
/**
 * Commits `from` to `revision` happened. `rows` are those of the open sheet; `commitSignal` makes this from the stream's JSON.
 * @typedef {object} SignalEvent
 * @property {'signal'} type
 * @property {Revision} from
 * @property {Revision} revision
 * @property {readonly RowRange[] | 'many'} rows  Empty when nothing of this sheet was touched.
 * @property {readonly number[] | 'many'} [columns]
 * @property {boolean} [order]
 * @property {boolean} [structure]
 */
/** @typedef {{ type: 'gap', revision: Revision }} GapEvent  Signals were lost for good. */
/** @typedef {{ type: 'heartbeat' }} HeartbeatEvent  The stream said something that is not a commit. */
/** @typedef {{ type: 'heartbeatLate' }} HeartbeatLateEvent  The stream is open but silent for too long. */
/** @typedef {{ type: 'streamLost' }} StreamLostEvent */
/**
 * @typedef {object} ReplyPage
 * @property {number} page
 * @property {readonly number[]} [rows]  The numbers of its row ids. Absent when the page is `unchanged`.
 * @property {boolean} [unchanged]
 */
/**
 * A reply to a read. Keep its payload until the effects have said `apply` or `drop` for its pages.
 * @typedef {object} ReplyArrivedEvent
 * @property {'replyArrived'} type
 * @property {RequestKey} request
 * @property {Revision} revision
 * @property {number} totalRows
 * @property {number} totalPages
 * @property {readonly ReplyPage[]} pages
 */
/** @typedef {'temporary' | 'permanent' | 'behind'} Failure */
/**
 * A read came to nothing: `temporary` (network, 429, 5xx), `permanent` (4xx), `behind` (the server did not reach
 * minRevision in time).
 * @typedef {{ type: 'replyFailed', request: RequestKey, kind: Failure, retryAfter?: number | null }} ReplyFailedEvent
 *   `retryAfter` in milliseconds.
 */
/** @typedef {{ type: 'editSubmitted', draft: number, row: number }} EditSubmittedEvent  `draft` is any number of yours. */
/** @typedef {{ type: 'editAcknowledged', draft: number, revision: Revision }} EditAcknowledgedEvent */
/** @typedef {{ type: 'editRefused', draft: number }} EditRefusedEvent  The draft stays with the person. */
/** @typedef {{ type: 'editDiscarded', draft: number }} EditDiscardedEvent */
/** @typedef {{ type: 'runEnded', revision?: Revision | null }} RunEndedEvent */
/** @typedef {{ type: 'refresh' }} RefreshEvent  A person asked to read again. */
/** @typedef {{ type: 'hidden' }} HiddenEvent  Nobody can see the screen. */
/** @typedef {{ type: 'shown' }} ShownEvent */
/** @typedef {{ type: 'timer' }} TimerEvent  The instant of the last `setTimer` has come. */
/**
 * @typedef {OpenEvent | ViewportEvent | HelloEvent | SignalEvent | GapEvent | HeartbeatEvent | HeartbeatLateEvent
 *   | StreamLostEvent | ReplyArrivedEvent | ReplyFailedEvent | EditSubmittedEvent | EditAcknowledgedEvent
 *   | EditRefusedEvent | EditDiscardedEvent | RunEndedEvent | RefreshEvent | HiddenEvent | ShownEvent
 *   | TimerEvent} OrderingEvent
 */

/** @typedef {'load' | 'refresh' | 'view' | 'rest' | 'margin' | 'poll'} Purpose */
/** @typedef {'intentChanged' | 'superseded' | 'older' | 'belowMinimum' | 'unasked' | 'baseMissing'} DropReason */
/** @typedef {'painted' | 'rowGone' | 'intentChanged' | 'discarded' | 'full'} ReleaseReason */
/** @typedef {'connecting' | 'live' | 'silent' | 'reconnecting' | 'polling' | 'offline'} Connection */
/** @typedef {'none' | 'temporary' | 'permanent' | 'behind'} Problem */
/** @typedef {'absent' | 'loading' | 'current' | 'stale' | 'refreshing'} PageCondition */

/** @typedef {{ type: 'reset', generation: number }} ResetEffect  Forget everything held, drawn or asked before. */
/**
 * Read pages `first` to `last`. For the pages in `have` send the tag of what you hold.
 * @typedef {object} SendEffect
 * @property {'send'} type
 * @property {RequestKey} request
 * @property {number} first
 * @property {number} last
 * @property {Revision} minRevision
 * @property {Purpose} purpose
 * @property {number[]} have
 */
/** @typedef {{ type: 'cancel', request: RequestKey }} CancelEffect  Nobody waits for it: abort the fetch. */
/**
 * Hold that page of that reply from now on. What is drawn does not change by this.
 * @typedef {{ type: 'apply', request: RequestKey, page: number }} ApplyEffect
 */
/**
 * Throw that page of that reply away, or all of it when `page` is null.
 * @typedef {{ type: 'drop', request: RequestKey, page: number | null, reason: DropReason }} DropEffect
 */
/**
 * Draw these pages, each from what you hold for it at this moment, in one frame, and no other page. Pages in view that are
 * not named are not loaded: draw them as such.
 * @typedef {{ type: 'paint', revision: Revision, totalRows: number, totalPages: number, pages: number[] }} PaintEffect
 */
/** @typedef {{ type: 'withdraw', page: number }} WithdrawEffect  Stop drawing it until a paint names it. */
/** @typedef {{ type: 'evict', page: number }} EvictEffect  Stop holding it. */
/** @typedef {{ type: 'releaseDraft', draft: number, reason: ReleaseReason }} ReleaseDraftEffect */
/** @typedef {{ type: 'setTimer', at: number }} SetTimerEffect  Send `timer` at this reading of your clock. */
/** @typedef {{ type: 'cancelTimer' }} CancelTimerEffect */
/**
 * The trust line. `since`: when the connection became so, on your clock. `shown`: the newest snapshot that what is drawn in
 * view is known to equal, 0 while nothing is. `known`: the newest revision heard of.
 * @typedef {object} StatusEffect
 * @property {'status'} type
 * @property {Connection} connection
 * @property {number} since
 * @property {Revision} shown
 * @property {Revision} known
 * @property {Problem} problem
 */
/**
 * The core failed and began anew, knowing nothing: forget everything, then send `open` and, with the stream open, `hello`.
 * @typedef {{ type: 'restarted', reason: string }} RestartedEffect
 */
/**
 * @typedef {ResetEffect | SendEffect | CancelEffect | ApplyEffect | DropEffect | PaintEffect | WithdrawEffect | EvictEffect
 *   | ReleaseDraftEffect | SetTimerEffect | CancelTimerEffect | StatusEffect | RestartedEffect} Effect
 */

/**
 * All in milliseconds or pages; what is left out has its default.
 * @typedef {object} Configuration
 * @property {number} [quiet]  A burst of signals is over when none has come for this long. 100
 * @property {number} [maximumWait]  A refresh waits at most this long after its first signal. 250
 * @property {number} [margin]  Pages kept ready on either side of those in view. 1
 * @property {number} [cachedPages]  Pages held at most. 64
 * @property {number} [pagesInView]  Pages in view at most. 8
 * @property {number} [readsInFlight]  3
 * @property {number} [replyTimeout]  15,000
 * @property {number} [poll]  3,000
 * @property {number} [pollAfter]  3,000
 * @property {number} [catchUp]  How long signals may trail a revision known from elsewhere. 1,000
 * @property {number} [retry]  500
 * @property {number} [retryCeiling]  15,000
 * @property {number} [jitterSeed]  Give each client its own.
 */

/**
 * @typedef {object} Exports
 * @property {WebAssembly.Memory} memory
 * @property {() => number} ordering_new
 * @property {(handle: number) => void} ordering_free
 * @property {(handle: number, count: number) => number} ordering_input
 * @property {(handle: number, count: number) => number} ordering_configure
 * @property {(handle: number, count: number) => number} ordering_handle
 * @property {(handle: number) => number} ordering_output
 * @property {(handle: number) => number} ordering_counters
 * @property {(handle: number, page: number) => number} ordering_condition
 * @property {(seed: bigint) => void} runtime_seed
 */

/** @typedef {Record<DropReason | 'duplicateSignals' | 'holes' | 'reads' | 'paints' | 'ignored', number>} Counters */

const wireVersion = 1;
/** @type {readonly Purpose[]} */
const purposes = ['load', 'refresh', 'view', 'rest', 'margin', 'poll'];
/** @type {readonly DropReason[]} */
const dropReasons = ['intentChanged', 'superseded', 'older', 'belowMinimum', 'unasked', 'baseMissing'];
/** @type {readonly ReleaseReason[]} */
const releaseReasons = ['painted', 'rowGone', 'intentChanged', 'discarded', 'full'];
/** @type {readonly Connection[]} */
const connections = ['connecting', 'live', 'silent', 'reconnecting', 'polling', 'offline'];
/** @type {readonly Problem[]} */
const problems = ['none', 'temporary', 'permanent', 'behind'];
/** @type {readonly PageCondition[]} */
const conditions = ['absent', 'loading', 'current', 'stale', 'refreshing'];
/** @type {readonly Failure[]} */
const failures = ['temporary', 'permanent', 'behind'];
/** @type {Readonly<Record<number, string>>} */
const errors = {
  '-1': 'bad length',
  '-2': 'truncated',
  '-3': 'unknown version',
  '-4': 'unknown tag',
  '-5': 'trailing bytes',
  '-6': 'a list is too long',
  '-7': 'no session',
};

/**
 * Loads the core. One load serves any number of reconcilers.
 * @param {string | URL} [url]
 * @returns {Promise<Ordering>}
 */
export async function loadOrdering(url = new URL('./ordering.wasm', import.meta.url)) {
  return new Ordering(await WebAssembly.compileStreaming(fetch(url)));
}

/** The compiled core. */
export class Ordering {
  /** @param {WebAssembly.Module} module */
  constructor(module) {
    this.module = module;
  }

  /**
   * A core that orders one screen.
   * @param {Configuration} [configuration]
   * @returns {Reconciler}
   */
  reconciler(configuration = {}) {
    return new Reconciler(this.module, configuration);
  }
}

/** One core: events in, effects out. Handle the effects in order, all of them, before the next event. */
export class Reconciler {
  /** @type {WebAssembly.Module} */ #module;
  /** @type {Configuration} */ #configuration;
  /** @type {Exports} */ #wasm;
  #handle = 0;
  #writer = new Writer();
  /** The newest generation seen, so that a core that begins anew uses none of them again. */
  #generation = 0;

  /**
   * @param {WebAssembly.Module} module
   * @param {Configuration} configuration
   */
  constructor(module, configuration) {
    this.#module = module;
    this.#configuration = configuration;
    this.#wasm = this.#start();
  }

  /**
   * Tells the core what happened and returns what to do about it.
   * @param {OrderingEvent} event
   * @param {number} [now]  Milliseconds of a clock that never runs backwards.
   * @returns {Effect[]}
   * @throws {RangeError} when a number of the event is not one, or too large.
   */
  handle(event, now = performance.now()) {
    const writer = this.#writer;
    writer.reset();
    writer.u8(wireVersion);
    writer.u64(Math.floor(now));
    writer.event(event);
    return this.#guarded(() => this.#effects(this.send(writer.bytes)));
  }

  /**
   * Hands a message to the core as it is; for `handle` and for tests.
   * @param {Uint8Array} bytes
   * @returns {Uint8Array}  The answer, valid until the next call.
   */
  send(bytes) {
    this.#write(bytes);
    return this.#answer(this.#wasm.ordering_handle(this.#handle, bytes.length));
  }

  /** What was refused and how much was done since this core began. @returns {Counters} */
  counters() {
    const reader = new Reader(this.#answer(this.#wasm.ordering_counters(this.#handle)));
    reader.version();
    /** @type {Record<string, number>} */
    const counters = {};
    for (const name of [...dropReasons, 'duplicateSignals', 'holes', 'reads', 'paints', 'ignored']) counters[name] = reader.u32();
    return /** @type {Counters} */ (counters);
  }

  /**
   * What the core thinks of a page: `absent` and `loading` are not loaded, `stale` and `refreshing` perhaps out of date.
   * @param {number} page
   * @returns {PageCondition}
   */
  condition(page) {
    return conditions[this.#wasm.ordering_condition(this.#handle, page)];
  }

  /** Gives the core's memory back. */
  close() {
    this.#wasm.ordering_free(this.#handle);
    this.#handle = 0;
  }

  /** @returns {Exports} */
  #start() {
    const wasm = /** @type {Exports} */ (/** @type {unknown} */ (new WebAssembly.Instance(this.#module, {}).exports));
    this.#wasm = wasm;
    this.#handle = wasm.ordering_new();
    const writer = new Writer();
    writer.configuration(this.#configuration, this.#generation);
    this.#write(writer.bytes);
    this.#check(wasm.ordering_configure(this.#handle, writer.bytes.length));
    return wasm;
  }

  /**
   * A trap poisons the instance: drop it, begin anew, and tell the host to say everything again.
   * @param {() => Effect[]} body
   * @returns {Effect[]}
   */
  #guarded(body) {
    try {
      return body();
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      this.#wasm = this.#start();
      return [{ type: 'restarted', reason: error.message }];
    }
  }

  /** @param {Uint8Array} bytes */
  #write(bytes) {
    const at = this.#wasm.ordering_input(this.#handle, bytes.length) >>> 0;
    if (at === 0) throw new RangeError(`ordering: a message of ${bytes.length} bytes is too long`);
    // The buffer is replaced whenever the memory grows, so no view of it is kept.
    new Uint8Array(this.#wasm.memory.buffer, at, bytes.length).set(bytes);
  }

  /** @param {number} count @returns {Uint8Array} */
  #answer(count) {
    this.#check(count);
    return new Uint8Array(this.#wasm.memory.buffer, this.#wasm.ordering_output(this.#handle) >>> 0, count);
  }

  /** @param {number} code */
  #check(code) {
    if (code < 0) throw new Error(`ordering: ${errors[code] ?? code}`);
  }

  /** @param {Uint8Array} bytes @returns {Effect[]} */
  #effects(bytes) {
    const effects = decodeEffects(bytes);
    for (const effect of effects) if (effect.type === 'reset') this.#generation = effect.generation;
    return effects;
  }
}

/**
 * The signal that a `commit` event of the stream is for one sheet. What cannot be read counts as "many".
 * @param {{ revision: number, from?: number,
 *   sheets?: Record<string, { rows?: string, columns?: string[] | string, order?: boolean, structure?: boolean }> }} commit
 * @param {string} sheet  The sheet's id.
 * @returns {SignalEvent}
 */
export function commitSignal(commit, sheet) {
  const { revision, from = revision } = commit;
  const touched = commit.sheets?.[sheet];
  if (!touched) return { type: 'signal', from, revision, rows: [] };
  const { columns } = touched;
  return {
    type: 'signal',
    from,
    revision,
    rows: rowRanges(touched.rows),
    columns: Array.isArray(columns) ? numbers(columns) : 'many',
    order: touched.order === true,
    structure: touched.structure === true,
  };
}

/** @param {string} id "r9" @returns {number} 9; NaN when there is no number in it. */
export function idNumber(id) {
  return /^[a-z]+\d+$/.test(id) ? Number(id.replace(/^[a-z]+/, '')) : NaN;
}

/** @param {string[]} ids @returns {number[] | 'many'} */
function numbers(ids) {
  const all = ids.map(idNumber);
  return all.every(isU32) ? all : 'many';
}

/** @param {string | undefined} text "r5-r9,r12" @returns {RowRange[] | 'many'} */
function rowRanges(text) {
  if (text === undefined || text === 'many') return 'many';
  if (text === '') return [];
  /** @type {RowRange[]} */
  const ranges = [];
  for (const part of text.split(',')) {
    const [first, last = first, ...more] = part.split('-').map(idNumber);
    if (more.length || !isU32(first) || !isU32(last)) return 'many';
    ranges.push([first, last]);
  }
  return ranges;
}

/** @param {number} value */
const isU32 = (value) => Number.isInteger(value) && value >= 0 && value <= 0xffffffff;

/** @param {never} event @returns {never} */
function unknown(event) {
  throw new RangeError(`ordering: unknown event ${JSON.stringify(event)}`);
}

/** Writes messages into one growing buffer. */
export class Writer {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** What was written, valid until the next write. */
  get bytes() {
    return this.#bytes.subarray(0, this.#length);
  }

  reset() {
    this.#length = 0;
  }

  /** @param {number} count */
  #room(count) {
    const at = this.#length;
    this.#length += count;
    if (this.#length <= this.#bytes.length) return at;
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
    return at;
  }

  /** @param {number} value */
  u8(value) {
    const at = this.#room(1);
    this.#view.setUint8(at, value);
  }

  /** @param {number} value */
  u32(value) {
    if (!isU32(value)) throw new RangeError(`ordering: ${value} is not a number from 0 to 4294967295`);
    const at = this.#room(4);
    this.#view.setUint32(at, value, true);
  }

  /** @param {number} value */
  u64(value) {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`ordering: ${value} is not a number from 0 to 2^53`);
    const at = this.#room(8);
    this.#view.setUint32(at, value % 0x100000000, true);
    this.#view.setUint32(at + 4, Math.floor(value / 0x100000000), true);
  }

  /** @param {boolean | undefined} value */
  flag(value) {
    this.u8(value ? 1 : 0);
  }

  /** @param {readonly number[]} values */
  u32s(values) {
    this.u32(values.length);
    for (const value of values) this.u32(value);
  }

  /** @param {RequestKey} key */
  request(key) {
    const dot = key.indexOf('.');
    this.u32(Number(key.slice(0, dot)));
    this.u32(Number(key.slice(dot + 1)));
  }

  /** @param {Revision | null | undefined} value */
  optionalRevision(value) {
    this.flag(value != null);
    if (value != null) this.u64(value);
  }

  /** @param {OrderingEvent} event */
  event(event) {
    switch (event.type) {
      case 'open': return this.#open(event);
      case 'viewport': return this.u8(2), this.u32(event.first), this.u32(event.last);
      case 'hello': return this.u8(3), this.u64(event.revision), this.optionalRevision(event.resumedAfter);
      case 'signal': return this.#signal(event);
      case 'gap': return this.u8(5), this.u64(event.revision);
      case 'heartbeat': return this.u8(6);
      case 'heartbeatLate': return this.u8(7);
      case 'streamLost': return this.u8(8);
      case 'replyArrived': return this.#reply(event);
      case 'replyFailed': return this.#failure(event);
      case 'editSubmitted': return this.u8(11), this.u32(event.draft), this.u32(event.row);
      case 'editAcknowledged': return this.u8(12), this.u32(event.draft), this.u64(event.revision);
      case 'editRefused': return this.u8(13), this.u32(event.draft);
      case 'editDiscarded': return this.u8(14), this.u32(event.draft);
      case 'runEnded': return this.u8(15), this.optionalRevision(event.revision);
      case 'refresh': return this.u8(16);
      case 'hidden': return this.u8(17);
      case 'shown': return this.u8(18);
      case 'timer': return this.u8(19);
      default: unknown(event);
    }
  }

  /** @param {OpenEvent} event */
  #open({ sheet, view, pageSize, sensitive, first = 1, last = first }) {
    this.u8(1);
    this.u32(sheet);
    this.u32(view);
    this.u32(pageSize);
    this.flag(sensitive === 'all');
    if (sensitive !== 'all') this.u32s(sensitive);
    this.u32(first);
    this.u32(last);
  }

  /** @param {SignalEvent} event */
  #signal({ from, revision, rows, columns = [], order, structure }) {
    this.u8(4);
    this.u64(from);
    this.u64(revision);
    if (rows === 'many') {
      this.u8(2);
    } else {
      this.u8(1);
      this.u32(rows.length);
      for (const [first, last] of rows) {
        this.u32(first);
        this.u32(last);
      }
    }
    this.flag(columns === 'many');
    if (columns !== 'many') this.u32s(columns);
    this.flag(order);
    this.flag(structure);
  }

  /** @param {ReplyArrivedEvent} event */
  #reply({ request, revision, totalRows, totalPages, pages }) {
    this.u8(9);
    this.request(request);
    this.u64(revision);
    this.u32(totalRows);
    this.u32(totalPages);
    this.u32(pages.length);
    for (const { page, rows, unchanged } of pages) {
      this.u32(page);
      this.flag(!unchanged);
      if (!unchanged) this.u32s(rows ?? []);
    }
  }

  /** @param {ReplyFailedEvent} event */
  #failure({ request, kind, retryAfter }) {
    this.u8(10);
    this.request(request);
    this.u8(Math.max(failures.indexOf(kind), 0));
    this.flag(retryAfter != null);
    if (retryAfter != null) this.u32(Math.min(Math.max(Math.floor(retryAfter), 0), 0xffffffff));
  }

  /**
   * @param {Configuration} c
   * @param {number} lastGeneration
   */
  configuration(c, lastGeneration) {
    this.u8(wireVersion);
    for (
      const value of [
        c.quiet ?? 100,
        c.maximumWait ?? 250,
        c.margin ?? 1,
        c.cachedPages ?? 64,
        c.pagesInView ?? 8,
        c.readsInFlight ?? 3,
        c.replyTimeout ?? 15_000,
        c.poll ?? 3_000,
        c.pollAfter ?? 3_000,
        c.catchUp ?? 1_000,
        c.retry ?? 500,
        c.retryCeiling ?? 15_000,
        c.jitterSeed ?? 0,
        lastGeneration,
      ]
    ) this.u32(value);
  }
}

/** Reads an answer. */
class Reader {
  #view;
  #at = 0;

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  version() {
    const version = this.u8();
    if (version !== wireVersion) throw new Error(`ordering: ordering.wasm speaks version ${version}, ordering.js ${wireVersion}`);
  }

  u8() {
    return this.#view.getUint8(this.#at++);
  }

  u32() {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  u64() {
    const low = this.u32();
    return this.u32() * 0x100000000 + low;
  }

  u32s() {
    return Array.from({ length: this.u32() }, () => this.u32());
  }

  /** @returns {RequestKey} */
  request() {
    const generation = this.u32();
    return `${generation}.${this.u32()}`;
  }

  /** @returns {Effect} */
  effect() {
    const tag = this.u8();
    switch (tag) {
      case 1: return { type: 'reset', generation: this.u32() };
      case 2: return this.#send();
      case 3: return { type: 'cancel', request: this.request() };
      case 4: return { type: 'apply', request: this.request(), page: this.u32() };
      case 5: return { type: 'drop', request: this.request(), page: this.u32() || null, reason: dropReasons[this.u8()] };
      case 6:
        return { type: 'paint', revision: this.u64(), totalRows: this.u32(), totalPages: this.u32(), pages: this.u32s() };
      case 7: return { type: 'withdraw', page: this.u32() };
      case 8: return { type: 'evict', page: this.u32() };
      case 9: return { type: 'releaseDraft', draft: this.u32(), reason: releaseReasons[this.u8()] };
      case 10: return { type: 'setTimer', at: this.u64() };
      case 11: return { type: 'cancelTimer' };
      case 12: return this.#status();
      default: throw new Error(`ordering: unknown effect ${tag}`);
    }
  }

  /** @returns {SendEffect} */
  #send() {
    return {
      type: 'send',
      request: this.request(),
      first: this.u32(),
      last: this.u32(),
      minRevision: this.u64(),
      purpose: purposes[this.u8()],
      have: this.u32s(),
    };
  }

  /** @returns {StatusEffect} */
  #status() {
    return {
      type: 'status',
      connection: connections[this.u8()],
      since: this.u64(),
      shown: this.u64(),
      known: this.u64(),
      problem: problems[this.u8()],
    };
  }
}

/**
 * The effects of an answer.
 * @param {Uint8Array} bytes
 * @returns {Effect[]}
 */
export function decodeEffects(bytes) {
  const reader = new Reader(bytes);
  reader.version();
  return Array.from({ length: reader.u32() }, () => reader.effect());
}
