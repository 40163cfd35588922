// @ts-check
// When a page attests its screen, and what it does about the answer, as a machine without a clock, a network or a DOM.
// Docs/specifications/attestation.md has its table.

/** A screen that is not whole just now is looked at again after this many ms. */
const lookAgain = 500;
/** A repair that is not painted after this many ms is attested as it is. */
const repairMost = 10_000;
/** Bytes of an attestation's body that go with the usual pause; a longer one pauses in proportion. */
const usualBytes = 400;
/** After a failure the pause is this many times as long: the server has something else to do. */
const failurePause = 4;

/** @typedef {'waiting' | 'asking' | 'repairing' | 'asking again'} LoopState */
/** @typedef {'equal' | 'differs' | 'unknown'} AttestationResult */

export class AttestationLoop {
  /** @param {{ every: number, random: () => number, now: number }} options `every` in ms; `random` answers from 0 up to 1 */
  constructor({ every, random, now }) {
    this.every = every;
    this.random = random;
    /** @type {LoopState} */
    this.state = 'waiting';
    /** When to look at the screen next, in ms. */
    this.next = now + this.pause();
    this.repairEnds = 0;
    this.bytes = 0;
    this.counts = { sampled: 0, equal: 0, differs: 0, unknown: 0, failed: 0, repairs: 0, healed: 0, bytes: 0 };
  }

  /** From 3/4 to 5/4 of the interval, so that many pages do not attest together. @param {number} [times] */
  pause(times = 1) {
    return this.every * (0.75 + this.random() / 2) * times * Math.max(1, (this.bytes ?? 0) / usualBytes);
  }

  /**
   * The time to look has come. @param {number} now @param {boolean} isWhole what is painted is all there, and nothing is about to be painted
   * @returns {boolean} whether to attest
   */
  look(now, isWhole) {
    if (now < this.next || this.state === 'asking' || this.state === 'asking again') return false;
    const isOverdue = this.state === 'repairing' && now >= this.repairEnds;
    if (!isWhole && !isOverdue) {
      this.next = now + lookAgain;
      return false;
    }
    if (!isWhole) {
      // Nothing can be said of this screen any more: it counts as not healed.
      this.rest(now);
      return false;
    }
    this.state = this.state === 'repairing' ? 'asking again' : 'asking';
    return true;
  }

  /** An attestation went out. @param {number} bytes of its body */
  sent(bytes) {
    this.bytes = bytes;
    this.counts.sampled++;
    this.counts.bytes += bytes;
  }

  /**
   * The server's word on the screen that was attested. @param {AttestationResult} result @param {number} now
   * @param {number} [next] seconds between two attestations from now on: the more pages there are, the longer @returns {boolean} whether to repair: once for a screen
   */
  answered(result, now, next) {
    if (next) this.every = next * 1_000;
    const isSecond = this.state === 'asking again';
    this.counts[result]++;
    if (result === 'differs' && !isSecond) {
      this.counts.repairs++;
      this.state = 'repairing';
      this.next = now + lookAgain;
      this.repairEnds = now + repairMost;
      return true;
    }
    if (isSecond && result === 'equal') this.counts.healed++;
    this.rest(now);
    return false;
  }

  /** No answer. @param {number} now */
  failed(now) {
    this.counts.failed++;
    this.rest(now, failurePause);
  }

  /** Another grid: what was asked is of no use any more. @param {number} now */
  forget(now) {
    this.rest(now);
  }

  /** @param {number} now @param {number} [times] */
  rest(now, times = 1) {
    this.state = 'waiting';
    this.next = now + this.pause(times);
  }
}

/** Chance from a seed (mulberry32, Ettinger 2017): the same seed, the same jitter. @param {number} seed @returns {() => number} */
export function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4_294_967_296;
  };
}
