// @ts-check
// The bars of requests in a network lane; far away, how many are under way.

import { BAR_HEIGHT } from './lanes.js';
import { num } from './trace.js';

/** @typedef {import('./scene.js').Scene} Scene */
/** @typedef {import('./lanes.js').Lane} Lane */

/** @param {Scene} scene @param {Lane} lane */
export function drawBars(scene, lane) {
  const { viewport } = scene;
  const end = upperBars(lane.bars, viewport.to);
  let seen = 0;
  let width = 0;
  for (let i = 0; i < end; i += 1) {
    const bar = /** @type {import('./lanes.js').Bar} */ (lane.bars[i]);
    if (bar.to < viewport.from) continue;
    seen += 1;
    width += bar.to - bar.from;
  }
  if (seen > 200 && (width / seen) * viewport.scale < 5) drawInFlight(scene, lane, end); else drawEachBar(scene, lane, end);
}

/** @param {Scene} scene @param {Lane} lane @param {number} end */
function drawEachBar(scene, lane, end) {
  const { c, theme, viewport } = scene;
  const top = scene.laneTop(lane) + 5;
  const selected = scene.selectedRequest();
  const lastEnd = new Float64Array(lane.rows + 1).fill(-1);
  c.font = `11px ${theme.font}`;
  for (let i = 0; i < end; i += 1) {
    const bar = /** @type {import('./lanes.js').Bar} */ (lane.bars[i]);
    if (bar.to < viewport.from) continue;
    const left = Math.max(scene.x(bar.from), scene.gutter - 4);
    const right = Math.min(Math.max(scene.x(bar.to), left + 1.5), scene.width + 4);
    if (right - num(lastEnd, bar.row) < 1 && bar.request !== selected) continue;
    lastEnd[bar.row] = right;
    const y = top + bar.row * (BAR_HEIGHT + 2);
    const isNarrow = right - left < 4;
    c.fillStyle = bar.request === selected || isNarrow ? theme.accent : theme.accentSoft;
    c.globalAlpha = isNarrow ? 0.45 : 1;
    c.fillRect(left, y, right - left, BAR_HEIGHT);
    c.globalAlpha = 1;
    if (right - left < 34) continue;
    c.fillStyle = bar.request === selected ? theme.surface : theme.text;
    c.fillText(fitted(bar.label, right - left - 14), left + 9, y + BAR_HEIGHT / 2 + 0.5);
  }
}

/** Far away: how many requests are under way. @param {Scene} scene @param {Lane} lane @param {number} end */
function drawInFlight(scene, lane, end) {
  const { c, theme, viewport } = scene;
  const columns = Math.ceil(viewport.width / 2) + 1;
  const change = new Int32Array(columns + 2);
  const scale = viewport.scale / 2;
  for (let i = 0; i < end; i += 1) {
    const bar = /** @type {import('./lanes.js').Bar} */ (lane.bars[i]);
    if (bar.to < viewport.from) continue;
    const left = Math.max(0, ((bar.from - viewport.from) * scale) | 0);
    const right = Math.min(columns, (((bar.to - viewport.from) * scale) | 0) + 1);
    change[left] = num(change, left) + 1;
    change[right] = num(change, right) - 1;
  }
  let most = 1;
  let now = 0;
  for (let column = 0; column < columns; column += 1) { now += num(change, column); change[column] = now; if (now > most) most = now; }
  const bottom = scene.laneTop(lane) + lane.height - 4;
  c.fillStyle = theme.accent;
  c.globalAlpha = 0.4;
  c.beginPath();
  for (let column = 0; column < columns; column += 1) {
    const height = (num(change, column) / most) * (lane.height - 18);
    if (height > 0) c.rect(scene.gutter + column * 2, bottom - height, 2, height);
  }
  c.fill();
  c.globalAlpha = 1;
  c.font = `10px ${theme.font}`;
  c.fillStyle = theme.muted;
  c.fillText(`up to ${most} under way`, scene.gutter + 6, scene.laneTop(lane) + 8);
}

/** How many bars begin at or before a place. @param {import('./lanes.js').Bar[]} bars @param {number} at */
function upperBars(bars, at) {
  let low = 0;
  let high = bars.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bars[middle]?.from ?? 0) <= at) low = middle + 1; else high = middle;
  }
  return low;
}

/** As much of a text as fits, with an ellipsis; by an average width, because measuring each would cost more than it is worth.
 * @param {string} text @param {number} room */
export function fitted(text, room) {
  const characters = Math.floor(room / 5.9);
  return text.length <= characters ? text : characters < 3 ? '' : `${text.slice(0, characters - 1)}\u2026`;
}
