// @ts-check
// The ordering core in the browser: loads ordering.wasm and hands numbers in and out. Every decision is made inside.
// Docs/specifications/ordering.md says what the events and effects mean and what a host has to do.
import { decodeEffects, dropReasons, member, Reader, wireVersion, Writer } from './ordering/codec.js';

export { commitSignal, idNumber } from './ordering/commit-signal.js';
export { decodeEffects, Writer };

/** @typedef {import('./ordering/types.js').Revision} Revision */
/** @typedef {import('./ordering/types.js').RequestKey} RequestKey */
/** @typedef {import('./ordering/types.js').RowRange} RowRange */
/** @typedef {import('./ordering/types.js').OpenEvent} OpenEvent */
/** @typedef {import('./ordering/types.js').ViewportEvent} ViewportEvent */
/** @typedef {import('./ordering/types.js').HelloEvent} HelloEvent */
/** @typedef {import('./ordering/types.js').SignalEvent} SignalEvent */
/** @typedef {import('./ordering/types.js').GapEvent} GapEvent */
/** @typedef {import('./ordering/types.js').HeartbeatEvent} HeartbeatEvent */
/** @typedef {import('./ordering/types.js').HeartbeatLateEvent} HeartbeatLateEvent */
/** @typedef {import('./ordering/types.js').StreamLostEvent} StreamLostEvent */
/** @typedef {import('./ordering/types.js').ReplyPage} ReplyPage */
/** @typedef {import('./ordering/types.js').ReplyArrivedEvent} ReplyArrivedEvent */
/** @typedef {import('./ordering/types.js').Failure} Failure */
/** @typedef {import('./ordering/types.js').ReplyFailedEvent} ReplyFailedEvent */
/** @typedef {import('./ordering/types.js').EditSubmittedEvent} EditSubmittedEvent */
/** @typedef {import('./ordering/types.js').EditAcknowledgedEvent} EditAcknowledgedEvent */
/** @typedef {import('./ordering/types.js').EditRefusedEvent} EditRefusedEvent */
/** @typedef {import('./ordering/types.js').EditDiscardedEvent} EditDiscardedEvent */
/** @typedef {import('./ordering/types.js').RunEndedEvent} RunEndedEvent */
/** @typedef {import('./ordering/types.js').RefreshEvent} RefreshEvent */
/** @typedef {import('./ordering/types.js').HiddenEvent} HiddenEvent */
/** @typedef {import('./ordering/types.js').ShownEvent} ShownEvent */
/** @typedef {import('./ordering/types.js').TimerEvent} TimerEvent */
/** @typedef {import('./ordering/types.js').OrderingEvent} OrderingEvent */
/** @typedef {import('./ordering/types.js').Purpose} Purpose */
/** @typedef {import('./ordering/types.js').DropReason} DropReason */
/** @typedef {import('./ordering/types.js').ReleaseReason} ReleaseReason */
/** @typedef {import('./ordering/types.js').Connection} Connection */
/** @typedef {import('./ordering/types.js').Problem} Problem */
/** @typedef {import('./ordering/types.js').PageCondition} PageCondition */
/** @typedef {import('./ordering/types.js').ResetEffect} ResetEffect */
/** @typedef {import('./ordering/types.js').SendEffect} SendEffect */
/** @typedef {import('./ordering/types.js').CancelEffect} CancelEffect */
/** @typedef {import('./ordering/types.js').ApplyEffect} ApplyEffect */
/** @typedef {import('./ordering/types.js').DropEffect} DropEffect */
/** @typedef {import('./ordering/types.js').PaintEffect} PaintEffect */
/** @typedef {import('./ordering/types.js').AdvanceEffect} AdvanceEffect */
/** @typedef {import('./ordering/types.js').WithdrawEffect} WithdrawEffect */
/** @typedef {import('./ordering/types.js').EvictEffect} EvictEffect */
/** @typedef {import('./ordering/types.js').ReleaseDraftEffect} ReleaseDraftEffect */
/** @typedef {import('./ordering/types.js').SetTimerEffect} SetTimerEffect */
/** @typedef {import('./ordering/types.js').CancelTimerEffect} CancelTimerEffect */
/** @typedef {import('./ordering/types.js').StatusEffect} StatusEffect */
/** @typedef {import('./ordering/types.js').RestartedEffect} RestartedEffect */
/** @typedef {import('./ordering/types.js').Effect} Effect */
/** @typedef {import('./ordering/types.js').Configuration} Configuration */
/** @typedef {import('./ordering/types.js').Counters} Counters */

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

/** @type {readonly PageCondition[]} */
const conditions = ['absent', 'loading', 'current', 'stale', 'refreshing'];
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
    return member(conditions, this.#wasm.ordering_condition(this.#handle, page));
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
