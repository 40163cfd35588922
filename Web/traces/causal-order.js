// @ts-check
// One order for all events, and a place on an axis for each. Clocks of different processes are never compared: each clock domain is shifted
// as a whole so that messages are received after they were sent; where no shift does that, events are moved to the right.

import { num, STEP } from './trace.js';

/** @typedef {import('./trace.js').Trace} Trace */
/** @typedef {import('./edges.js').Edges} Edges */

/** @typedef {{ kind: 'time' | 'order', at: Float64Array, end: number, cuts: { at: number, length: number }[], moved: number, isolated: string[],
 *    timeOf: (at: number) => number }} Axis */

/** The file's order when it respects the edges; otherwise a linear extension of every process's own order and the edges between processes.
 * @param {Trace} trace @param {Edges} edges
 * @returns {{ order: Uint32Array<ArrayBuffer>, position: Uint32Array<ArrayBuffer>, dropped: number }} */
export function causalOrder(trace, edges) {
  const count = trace.count;
  const order = new Uint32Array(count);
  const position = new Uint32Array(count);
  const between = edges.from.map((_, edge) => edge).filter((edge) => num(trace.processOf, num(edges.from, edge)) !== num(trace.processOf, num(edges.to, edge)));
  if (between.every((edge) => num(edges.from, edge) < num(edges.to, edge))) {
    for (let event = 0; event < count; event += 1) { order[event] = event; position[event] = event; }
    return { order, position, dropped: 0 };
  }
  const waiting = new Uint32Array(count);
  /** @type {Map<number, number[]>} */
  const releases = new Map();
  for (const edge of between) {
    const from = num(edges.from, edge);
    waiting[num(edges.to, edge)] = num(waiting, num(edges.to, edge)) + 1;
    releases.set(from, [...(releases.get(from) ?? []), num(edges.to, edge)]);
  }
  /** Each process's events in its own order. @type {number[][]} */
  const queues = trace.processes.map(() => []);
  for (let event = 0; event < count; event += 1) queues[num(trace.processOf, event)]?.push(event);
  const heads = queues.map(() => 0);
  let dropped = 0;
  for (let place = 0; place < count; place += 1) {
    let best = -1;
    let forced = -1;
    queues.forEach((queue, process) => {
      const event = queue[num(heads, process)];
      if (event === undefined) return;
      if (forced < 0 || event < forced) forced = event;
      if (num(waiting, event) === 0 && (best < 0 || event < best)) best = event;
    });
    if (best < 0) { best = forced; dropped += 1; }
    const process = num(trace.processOf, best);
    heads[process] = num(heads, process) + 1;
    order[place] = best;
    position[best] = place;
    for (const next of releases.get(best) ?? []) waiting[next] = Math.max(0, num(waiting, next) - 1);
  }
  return { order, position, dropped };
}

/** How far each clock domain is shifted, and which have no message to any other.
 * @param {Trace} trace @param {Edges} edges @returns {{ shift: number[], isolated: string[] }} shift by process */
export function alignClocks(trace, edges) {
  const domains = trace.processes.map((process, index) => (process.clock ? `clock ${process.clock}` : `process ${index}`));
  const names = [...new Set(domains)];
  const domainOf = domains.map((name) => names.indexOf(name));
  const starts = names.map(() => Infinity);
  for (let event = 0; event < trace.count; event += 1) {
    const time = num(trace.times, event);
    const domain = num(domainOf, num(trace.processOf, event));
    if (time !== 0 && time < num(starts, domain)) starts[domain] = time;
  }
  /** For a pair of domains: the least by which the second must be shifted against the first. @type {Map<number, Map<number, number>>} */
  const least = new Map();
  for (let edge = 0; edge < edges.from.length; edge += 1) {
    const from = num(edges.from, edge);
    const to = num(edges.to, edge);
    const a = num(domainOf, num(trace.processOf, from));
    const b = num(domainOf, num(trace.processOf, to));
    if (a === b || num(trace.times, from) === 0 || num(trace.times, to) === 0) continue;
    const bounds = least.get(a) ?? new Map();
    bounds.set(b, Math.max(bounds.get(b) ?? -Infinity, num(trace.times, from) - num(trace.times, to)));
    least.set(a, bounds);
  }
  /** @type {number[]} */
  const shift = names.map(() => NaN);
  /** @type {string[]} */
  const isolated = [];
  for (let root = 0; root < names.length; root += 1) {
    if (!Number.isNaN(num(shift, root))) continue;
    // Nothing connects this domain to those before: it begins where they begin.
    shift[root] = Number.isFinite(num(starts, root)) ? -num(starts, root) : 0;
    if (root > 0 && Number.isFinite(num(starts, root))) isolated.push((names[root] ?? '').replace(/^process (\d+)$/, (_, index) => trace.processes[+index]?.name ?? ''));
    while (placeNext(shift, least)) { /* one more domain is placed */ }
  }
  settle(shift, least);
  return { shift: domainOf.map((domain) => num(shift, domain)), isolated };
}

/** What the placed domains allow for one: not less than `low`, not more than `high`.
 * @param {number} domain @param {number[]} shift @param {Map<number, Map<number, number>>} least */
function boundsOf(domain, shift, least) {
  let low = -Infinity;
  let high = Infinity;
  for (let other = 0; other < shift.length; other += 1) {
    const placed = num(shift, other);
    if (other === domain || Number.isNaN(placed)) continue;
    const after = least.get(other)?.get(domain);
    const before = least.get(domain)?.get(other);
    if (after !== undefined) low = Math.max(low, placed + after);
    if (before !== undefined) high = Math.min(high, placed - before);
  }
  return { low, high };
}

/** Places one more domain, one that is held from both sides if there is one. @param {number[]} shift @param {Map<number, Map<number, number>>} least */
function placeNext(shift, least) {
  let best = -1;
  let value = 0;
  for (let domain = 0; domain < shift.length; domain += 1) {
    if (!Number.isNaN(num(shift, domain))) continue;
    const { low, high } = boundsOf(domain, shift, least);
    const hasLow = Number.isFinite(low);
    if (!hasLow && !Number.isFinite(high)) continue;
    const isHeld = hasLow && Number.isFinite(high);
    if (best >= 0 && !isHeld) continue;
    best = domain;
    value = isHeld ? (low + high) / 2 : hasLow ? low : high;
    if (isHeld) break;
  }
  if (best < 0) return false;
  shift[best] = value;
  return true;
}

/** Moves domains between their bounds until nothing is left to gain: difference constraints, solved by relaxation.
 * @param {number[]} shift @param {Map<number, Map<number, number>>} least */
function settle(shift, least) {
  for (let pass = 0; pass < 24; pass += 1) {
    let isDone = true;
    for (let domain = 1; domain < shift.length; domain += 1) {
      const { low, high } = boundsOf(domain, shift, least);
      const now = num(shift, domain);
      if (now >= low && now <= high) continue;
      isDone = false;
      shift[domain] = low <= high && Number.isFinite(low) && Number.isFinite(high) ? (low + high) / 2 : now < low ? low : high;
    }
    if (isDone) return;
  }
}

/** Every event at its place in the order: one step each. @param {Trace} trace @param {Uint32Array} position @returns {Axis} */
export function orderAxis(trace, position) {
  const at = Float64Array.from(position);
  return { kind: 'order', at, end: Math.max(1, trace.count - 1), cuts: [], moved: 0, isolated: [], timeOf: (place) => place };
}

/** Time within each clock, pauses longer than the rest of the trace deserves cut short. Milliseconds.
 * @param {Trace} trace @param {Edges} edges @param {Uint32Array} order @param {boolean} isCut @returns {Generator<void, Axis, void>} */
export function* timeAxis(trace, edges, order, isCut) {
  const { shift, isolated } = alignClocks(trace, edges);
  yield;
  const time = new Float64Array(trace.count);
  const last = trace.processes.map(() => 0);
  let moved = 0;
  let first = Infinity;
  for (let event = 0; event < trace.count; event += 1) {
    if (num(trace.times, event) !== 0) first = Math.min(first, num(trace.times, event) + num(shift, num(trace.processOf, event)));
  }
  for (let position = 0; position < order.length; position += 1) {
    if ((position & STEP) === STEP) yield;
    const event = num(order, position);
    const process = num(trace.processOf, event);
    const raw = num(trace.times, event);
    const own = raw === 0 ? 0 : (raw + num(shift, process) - first) / 1e6;
    let place = Math.max(0, own, num(last, process));
    for (const edge of edges.into(event)) {
      const from = num(edges.from, edge);
      if (num(trace.processOf, from) !== process) place = Math.max(place, num(time, from));
    }
    if (raw !== 0 && place > own + 0.001) moved += 1;
    time[event] = place;
    last[process] = place;
  }
  yield;
  const sorted = time.slice().sort();
  yield;
  const { at, end, cuts, timeOf } = isCut ? cutPauses(time, sorted) : { at: time, end: num(sorted, sorted.length - 1), cuts: [], timeOf: (/** @type {number} */ x) => x };
  return { kind: 'time', at, end: Math.max(end, 0.001), cuts, moved, isolated, timeOf };
}

/** @param {Float64Array} time @param {Float64Array} sorted */
function cutPauses(time, sorted) {
  const span = num(sorted, sorted.length - 1) - num(sorted, 0);
  // A pause is worth cutting when it is a twelfth of the trace and much longer than events are apart otherwise.
  const gaps = sorted.map((value, i) => (i ? value - num(sorted, i - 1) : 0)).filter((gap) => gap > 0).sort();
  const longest = Math.max(span / 12, 8 * num(gaps, gaps.length >> 1));
  const from = [0];
  const to = [0];
  /** @type {{ at: number, length: number }[]} */
  const cuts = [];
  let removed = 0;
  const kept = span / 48;
  for (let i = 1; i < sorted.length; i += 1) {
    const gap = num(sorted, i) - num(sorted, i - 1);
    if (gap <= longest || gap <= kept) continue;
    from.push(num(sorted, i - 1) + kept / 2, num(sorted, i) - kept / 2);
    to.push(num(sorted, i - 1) + kept / 2 - removed, num(sorted, i - 1) + kept / 2 - removed);
    cuts.push({ at: num(sorted, i - 1) + kept / 2 - removed, length: gap - kept });
    removed += gap - kept;
  }
  const at = time.map((value) => map(value, from, to));
  return { at, end: num(sorted, sorted.length - 1) - removed, cuts, timeOf: (/** @type {number} */ x) => map(x, to, from) };
}

/** Piecewise linear with slope 1 outside of the jumps. @param {number} value @param {number[]} from @param {number[]} to */
function map(value, from, to) {
  let low = 0;
  let high = from.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (num(from, middle) <= value) low = middle; else high = middle - 1;
  }
  const start = num(from, low);
  if (low + 1 < from.length && num(to, low + 1) - num(to, low) < 1e-9 && low % 2 === 1) return num(to, low);
  return num(to, low) + (value - start);
}
