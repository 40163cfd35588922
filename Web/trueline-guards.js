// @ts-check
// Guards against responses that come late, for any page: one ES module, no build step, no dependency.
//
//   import { latest } from './trueline-guards.js';
//   await latest('price', (signal) => fetch(url, { signal }).then((r) => r.json()), (price) => { total = price.total; });
//
// What is asked for last is what is shown, whatever answers first. Cancelling is a courtesy: it saves the server work, and fails when the
// response is there already, when its handler waits for something else, when the code passes no signal on, or when one request answers two
// places. The guarantee is identity: `apply` runs in the same turn as the check that its intent is still the newest, so nothing can come
// between. Do not await between being told and showing; do it in `apply`.
// Docs/guides/guards.md says which guard is for what.

/** @typedef {string | object} Slot what is asked about: a name, or any object (a component), whose guards end with it */
/** @typedef {(signal: AbortSignal) => Promise<any> | any} Work */
/** @typedef {(value: any) => void} Apply */
/** @typedef {{ isApplied: boolean, reason?: 'superseded' | 'busy' | 'older', value?: any }} Outcome */

/** @type {Outcome} */
const superseded = { isApplied: false, reason: 'superseded' };

/** The state of a slot. */
class SlotState {
  /** Rises with each intent. */
  newest = 0;
  /** The work in flight of `latest`. @type {AbortController | null} */
  controller = null;
  /** Whose work is under way, of `firstWins`. @type {AbortController | null} */
  busy = null;
  /** Aborted when the slot is left; what comes after has another. */
  stay = new AbortController();
  /** What `queue` waits for. @type {Promise<unknown>} */
  tail = Promise.resolve();
}

/** A set of slots: those that are named are known to it alone. */
export class Guards {
  /** @type {Map<string, SlotState>} */
  #named = new Map();
  /** @type {WeakMap<object, SlotState>} */
  #owned = new WeakMap();

  /** @param {Slot} slot */
  #state(slot) {
    const known = typeof slot === 'string' ? this.#named.get(slot) : this.#owned.get(slot);
    if (known) return known;
    const state = new SlotState();
    if (typeof slot === 'string') this.#named.set(slot, state);
    else this.#owned.set(slot, state);
    return state;
  }

  /**
   * G2, with G1 as a courtesy: the newest intent of a slot is the one that is applied. Older ones are told to stop, and come to nothing, also
   * when they fail. A failure of the newest one is thrown.
   * @param {Slot} slot @param {Work} work @param {Apply} apply runs at once when the work is done and still the newest @returns {Promise<Outcome>}
   */
  async latest(slot, work, apply) {
    const state = this.#state(slot), intent = ++state.newest, controller = new AbortController();
    state.controller?.abort();
    state.controller = controller;
    let value;
    try {
      value = await work(controller.signal);
    } catch (error) {
      if (intent !== state.newest) return superseded;
      throw error;
    }
    if (intent !== state.newest) return superseded;
    apply(value);
    return { isApplied: true, value };
  }

  /** What is under way for a slot comes to nothing: it was left, closed, or its content went. @param {Slot} slot */
  leave(slot) {
    const state = this.#state(slot);
    state.newest++;
    state.controller?.abort();
    state.controller = state.busy = null;
    state.stay.abort();
    state.stay = new AbortController();
    state.tail = Promise.resolve();
  }

  /**
   * G4: everything that was asked for is applied, in the order of asking. With `overlaps` the work begins at once and only the applying waits
   * its turn (G9); without, each piece of work begins when the one before has ended. One that fails holds up no other.
   * @param {Slot} slot @param {Work} work @param {Apply} apply @param {{ overlaps?: boolean }} [how] @returns {Promise<Outcome>}
   */
  async queue(slot, work, apply, { overlaps = false } = {}) {
    const state = this.#state(slot), before = state.tail, { signal } = state.stay;
    /** @returns {Promise<any>} */
    const begin = async () => (signal.aborted ? undefined : work(signal));
    const working = overlaps ? begin() : before.then(begin);
    // Handled below, in its turn.
    working.catch(() => {});
    const done = before.then(() => working).then((value) => {
      if (signal.aborted) return superseded;
      apply(value);
      return { isApplied: true, value };
    }, (error) => {
      if (signal.aborted) return superseded;
      throw error;
    });
    state.tail = done.catch(() => {});
    return done;
  }

  /**
   * G5: while one is under way, others come to nothing at once: for what must not be done twice, such as paying.
   * @param {Slot} slot @param {Work} work @param {Apply} apply @returns {Promise<Outcome>}
   */
  async firstWins(slot, work, apply) {
    const state = this.#state(slot);
    if (state.busy) return { isApplied: false, reason: 'busy' };
    const own = state.busy = state.stay, { signal } = own;
    try {
      const value = await work(signal);
      if (signal.aborted) return superseded;
      apply(value);
      return { isApplied: true, value };
    } catch (error) {
      if (signal.aborted) return superseded;
      throw error;
    } finally {
      if (state.busy === own) state.busy = null;
    }
  }
}

/** G3: what is shown never goes back to an older version. One gate for what is shown together. */
export class VersionGate {
  /** @type {Map<unknown, number>} */
  #newest = new Map();

  /** Applies a value unless a newer version of its key was applied before. @param {unknown} key @param {number} version @param {() => void} apply @returns {Outcome} */
  admit(key, version, apply) {
    if (!Number.isFinite(version)) throw new TypeError(`a version is a number: ${version}`);
    const newest = this.#newest.get(key);
    if (newest !== undefined && version < newest) return { isApplied: false, reason: 'older' };
    apply();
    this.#newest.set(key, version);
    return { isApplied: true };
  }

  /** Forgets a key that is not shown any more. @param {unknown} key */
  forget(key) { this.#newest.delete(key); }
}

const shared = new Guards();
/** As {@link Guards#latest}, for the slots of the page. @type {Guards['latest']} */
export const latest = (slot, work, apply) => shared.latest(slot, work, apply);
/** As {@link Guards#queue}. @type {Guards['queue']} */
export const queue = (slot, work, apply, how) => shared.queue(slot, work, apply, how);
/** As {@link Guards#firstWins}. @type {Guards['firstWins']} */
export const firstWins = (slot, work, apply) => shared.firstWins(slot, work, apply);
/** As {@link Guards#leave}. @param {Slot} slot */
export const leave = (slot) => shared.leave(slot);
