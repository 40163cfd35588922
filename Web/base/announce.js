// @ts-check
// The one polite live region: summaries only, at most one message in `gap` ms. While it waits, the newest message wins.

import { byID } from './dom.js';

const gap = 5000;
let last = -Infinity;
/** @type {string | undefined} */
let waiting;

/** Says something to a screen reader. What a person asked for just now (`now`) is not held back.
 * @param {string} message @param {boolean} [now] */
export function announce(message, now = false) {
  const wait = now ? 0 : last + gap - performance.now();
  if (wait <= 0) return speak(message);
  if (waiting === undefined) setTimeout(() => waiting !== undefined && speak(waiting), wait);
  waiting = message;
}

/** @param {string} message */
function speak(message) {
  waiting = undefined;
  last = performance.now();
  byID('announcements').textContent = message;
}
