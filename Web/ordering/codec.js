// @ts-check
// The binary form of events and effects: little-endian, a u8 tag for each kind, a u32 count before each list. The other half is
// Sources/OrderingWasm; the two change together, and `wireVersion` with them.

/** @typedef {import('./types.js').Revision} Revision */
/** @typedef {import('./types.js').RequestKey} RequestKey */
/** @typedef {import('./types.js').OpenEvent} OpenEvent */
/** @typedef {import('./types.js').SignalEvent} SignalEvent */
/** @typedef {import('./types.js').ReplyArrivedEvent} ReplyArrivedEvent */
/** @typedef {import('./types.js').Failure} Failure */
/** @typedef {import('./types.js').ReplyFailedEvent} ReplyFailedEvent */
/** @typedef {import('./types.js').OrderingEvent} OrderingEvent */
/** @typedef {import('./types.js').Purpose} Purpose */
/** @typedef {import('./types.js').DropReason} DropReason */
/** @typedef {import('./types.js').ReleaseReason} ReleaseReason */
/** @typedef {import('./types.js').Connection} Connection */
/** @typedef {import('./types.js').Problem} Problem */
/** @typedef {import('./types.js').SendEffect} SendEffect */
/** @typedef {import('./types.js').StatusEffect} StatusEffect */
/** @typedef {import('./types.js').Effect} Effect */
/** @typedef {import('./types.js').Configuration} Configuration */

/** The first byte of every message. */
export const wireVersion = 3;
/** @type {readonly Purpose[]} */
const purposes = ['load', 'refresh', 'view', 'rest', 'margin', 'poll'];
/** @type {readonly DropReason[]} */
export const dropReasons = ['intentChanged', 'superseded', 'older', 'belowMinimum', 'unasked', 'baseMissing'];
/** @type {readonly ReleaseReason[]} */
const releaseReasons = ['painted', 'rowGone', 'intentChanged', 'discarded', 'full'];
/** @type {readonly Connection[]} */
const connections = ['connecting', 'live', 'silent', 'reconnecting', 'polling', 'offline'];
/** @type {readonly Problem[]} */
const problems = ['none', 'temporary', 'permanent', 'behind'];
/** @type {readonly Failure[]} */
const failures = ['temporary', 'permanent', 'behind'];
/** @param {number} value */
export const isU32 = (value) => Number.isInteger(value) && value >= 0 && value <= 0xffffffff;

/**
 * What a number stands for.
 * @template T
 * @param {readonly T[]} list
 * @param {number} index
 * @returns {T}
 */
export function member(list, index) {
  const value = list[index];
  if (value === undefined) throw new Error(`ordering: unknown number ${index}`);
  return value;
}

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
  #open({ sheet, view, pageSize, sensitive, shown = 'all', first = 1, last = first }) {
    this.u8(1);
    this.u32(sheet);
    this.u32(view);
    this.u32(pageSize);
    this.flag(sensitive === 'all');
    if (sensitive !== 'all') this.u32s(sensitive);
    this.flag(shown === 'all');
    if (shown !== 'all') this.u32s(shown);
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
export class Reader {
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
      case 5: return { type: 'drop', request: this.request(), page: this.u32() || null, reason: member(dropReasons, this.u8()) };
      case 6:
        return { type: 'paint', revision: this.u64(), totalRows: this.u32(), totalPages: this.u32(), pages: this.u32s() };
      case 7: return { type: 'withdraw', page: this.u32() };
      case 8: return { type: 'evict', page: this.u32() };
      case 9: return { type: 'releaseDraft', draft: this.u32(), reason: member(releaseReasons, this.u8()) };
      case 10: return { type: 'setTimer', at: this.u64() };
      case 11: return { type: 'cancelTimer' };
      case 12: return this.#status();
      case 13: return { type: 'advance', revision: this.u64() };
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
      purpose: member(purposes, this.u8()),
      have: this.u32s(),
    };
  }

  /** @returns {StatusEffect} */
  #status() {
    return {
      type: 'status',
      connection: member(connections, this.u8()),
      since: this.u64(),
      shown: this.u64(),
      known: this.u64(),
      problem: member(problems, this.u8()),
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
