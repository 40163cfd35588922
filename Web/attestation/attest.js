// @ts-check
// Attests what is painted, from time to time: looks at the DOM, asks the server whether that is what was committed, and has the page
// repaired when it is not. The decisions are `AttestationLoop`'s.

import { AttestationLoop, chance } from './attestation-loop.js';

/** @typedef {import('./attestation-loop.js').AttestationResult} AttestationResult */
/** @typedef {{ grid: string, view: unknown, screen: import('./painted-screen.js').PaintedScreen }} Look */
/**
 * @typedef {object} Host
 * @property {() => Look | null} look what is painted; null while it is not whole
 * @property {() => void} repair reads the page anew and writes every value slot again
 * @property {(grid: string, body: string) => Promise<{ result: AttestationResult, next?: number }>} ask
 */

export class Attestation {
  /** @param {Host} host @param {number} every seconds between two attestations, on average */
  constructor(host, every) {
    this.host = host;
    /** Told of every answer. @type {(result: AttestationResult, look: Look) => void} */
    this.onAnswer = () => {};
    this.loop = new AttestationLoop({ every: every * 1_000, random: chance(crypto.getRandomValues(new Uint32Array(1))[0] ?? 0), now: performance.now() });
    this.schedule();
  }

  get counts() {
    return this.loop.counts;
  }

  schedule() {
    setTimeout(() => void this.look(), Math.max(50, this.loop.next - performance.now()));
  }

  async look() {
    // Reading the DOM waits until the browser has nothing better to do.
    await idle();
    const look = document.hidden ? null : this.host.look(), now = performance.now();
    if (this.loop.look(now, look !== null) && look) await this.ask(look);
    this.schedule();
  }

  /** @param {Look} look */
  async ask(look) {
    const { loop, host } = this;
    try {
      const body = JSON.stringify({ ...look.screen, ...(look.view ? { view: look.view } : {}) });
      loop.sent(body.length);
      const { result, next } = await host.ask(look.grid, body);
      const mustRepair = loop.answered(result, performance.now(), next);
      this.onAnswer(result, look);
      if (mustRepair) host.repair();
    } catch {
      // A page that cannot reach its server says so elsewhere; an attestation that failed is only counted.
      loop.failed(performance.now());
    }
  }
}

/** @returns {Promise<unknown>} */
const idle = () => new Promise((resolve) => ('requestIdleCallback' in globalThis ? requestIdleCallback(resolve, { timeout: 200 }) : resolve(undefined)));
