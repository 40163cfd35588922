// @ts-check
// Which lane each event stands in, and the rows of the request bars. Lanes without events are left out.

import { num, STEP, textOf } from './trace.js';

/** @typedef {import('./trace.js').Trace} Trace */
/** @typedef {import('./edges.js').Relations} Relations */
/** @typedef {import('./causal-order.js').Axis} Axis */

export const LANE_KINDS = /** @type {const} */ (['person', 'stack', 'microtask', 'macrotask', 'network', 'service', 'store']);

const LANE_NAMES = { person: 'Person', stack: 'Stack', microtask: 'Microtasks', macrotask: 'Macrotasks', network: 'Network', service: 'Service', store: 'Store' };

/** Rows of bars in one network lane; further ones share the last. Fewer where several browsers share the height. */
export const MAXIMUM_ROWS = 14;
const MAXIMUM_ROWS_OF_MANY = 6;
const HIGHEST_EVENT_LANE = 84;
/** Room for what is written above the first lane. */
const TOP = 18;
export const EVENT_LANE_HEIGHT = 30;
export const BAR_HEIGHT = 18;

/** @typedef {{ request: string, start: number, arrive: number, deliver: number, from: number, to: number, row: number, isOpen: boolean, label: string }} Bar */

/** @typedef {{ kind: typeof LANE_KINDS[number], process: number, name: string, events: Uint32Array, xs: Float64Array, bars: Bar[], rows: number, top: number, height: number,
 *    isFirst: boolean }} Lane */

/** @typedef {{ lanes: Lane[], laneOf: Uint16Array, rowOf: Map<number, number>, height: number }} Layout */

/** @param {Trace} trace @param {number} event @returns {typeof LANE_KINDS[number]} */
export function laneKind(trace, event) {
  const role = trace.process(event).role;
  if (role === 'store') return 'store';
  if (role !== 'browser') return 'service';
  const record = trace.records[event];
  switch (trace.kind(event)) {
    case 'intent': case 'render': case 'expect': return 'person';
    case 'start': case 'cancel': case 'arrive': case 'emit': case 'signal': return 'network';
    case 'write': case 'delete': if (record?.user === true) return 'person'; break;
    case 'deliver': if (!record?.phase) return 'macrotask'; break;
  }
  const phase = record?.phase;
  return phase === 'microtask' || phase === 'macrotask' ? phase : 'stack';
}

/** @param {Trace} trace @param {Relations} relations @param {Axis} axis @param {Uint32Array} position
 * @returns {Generator<void, Layout, void>} */
export function* layOutLanes(trace, relations, axis, position) {
  /** @type {Map<string, number[]>} */
  const members = new Map();
  for (let event = 0; event < trace.count; event += 1) {
    if ((event & STEP) === STEP) yield;
    const kind = trace.kind(event);
    if (kind === 'process' || kind === 'slot') continue;
    const key = `${num(trace.processOf, event)} ${laneKind(trace, event)}`;
    const list = members.get(key);
    if (list) list.push(event); else members.set(key, [event]);
  }
  const laneOf = new Uint16Array(trace.count).fill(65_535);
  yield;
  const bars = barsByProcess(trace, relations, axis);
  yield;
  /** @type {Map<number, number>} */
  const rowOf = new Map();
  /** @type {Lane[]} */
  const lanes = [];
  let top = 0;
  for (const process of processOrder(trace)) {
    let isFirst = true;
    for (const kind of LANE_KINDS) {
      const events = members.get(`${process} ${kind}`);
      if (!events) continue;
      yield;
      events.sort((a, b) => num(axis.at, a) - num(axis.at, b) || num(position, a) - num(position, b));
      const own = kind === 'network' ? bars.get(process) ?? [] : [];
      const rows = packRows(own, axis.end / 800, trace.processes.length > 3 ? MAXIMUM_ROWS_OF_MANY : MAXIMUM_ROWS);
      for (const bar of own) for (const event of [bar.start, bar.arrive]) if (event >= 0) rowOf.set(event, bar.row);
      if (isFirst) top += lanes.length ? 12 : TOP;
      const height = kind === 'network' ? Math.max(1, rows) * (BAR_HEIGHT + 2) + 10 : EVENT_LANE_HEIGHT;
      for (const event of events) laneOf[event] = lanes.length;
      lanes.push({
        kind, process, isFirst, name: LANE_NAMES[kind], events: Uint32Array.from(events), xs: Float64Array.from(events, (event) => num(axis.at, event)),
        bars: own, rows, top, height,
      });
      top += height;
      isFirst = false;
    }
  }
  return { lanes, laneOf, rowOf, height: top + 6 };
}

/** Gives height that is left over to the lanes of events, where lines between them then have room.
 * @param {{ lanes: Lane[], height: number }} layout @param {number} height of the view */
export function fillHeight(layout, height) {
  const stretchable = layout.lanes.filter((lane) => lane.kind !== 'network');
  const used = layout.height - stretchable.reduce((sum, lane) => sum + lane.height - EVENT_LANE_HEIGHT, 0);
  const each = Math.max(EVENT_LANE_HEIGHT, Math.min(HIGHEST_EVENT_LANE, EVENT_LANE_HEIGHT + Math.floor((height - used) / Math.max(1, stretchable.length))));
  let moved = 0;
  for (const lane of layout.lanes) {
    lane.top += moved;
    if (lane.kind === 'network') continue;
    moved += each - lane.height;
    lane.height = each;
  }
  layout.height += moved;
}

/** Browsers first, then services, then stores, each in the order of the file. @param {Trace} trace */
function processOrder(trace) {
  const weight = { browser: 0, agent: 1, server: 2, service: 2, store: 3 };
  return trace.processes.map((_, index) => index)
    .sort((a, b) => weight[trace.processes[a]?.role ?? 'browser'] - weight[trace.processes[b]?.role ?? 'browser'] || a - b);
}

/** A bar from each request's start to its arrival, or its delivery, or the end when nothing came.
 * @param {Trace} trace @param {Relations} relations @param {Axis} axis @returns {Map<number, Bar[]>} */
function barsByProcess(trace, relations, axis) {
  /** @type {Map<number, Bar[]>} */
  const bars = new Map();
  for (const [name, request] of relations.requests) {
    if (request.start < 0) continue;
    const last = request.arrive >= 0 ? request.arrive : request.deliver >= 0 ? request.deliver : request.cancel;
    const from = num(axis.at, request.start);
    const bar = {
      request: name, start: request.start, arrive: request.arrive, deliver: request.deliver, from, row: 0, isOpen: last < 0,
      to: last >= 0 ? Math.max(from, num(axis.at, last)) : axis.end,
      label: requestLabel(trace, request.start, name),
    };
    const own = bars.get(request.process);
    if (own) own.push(bar); else bars.set(request.process, [bar]);
  }
  for (const own of bars.values()) own.sort((a, b) => a.from - b.from || a.start - b.start);
  return bars;
}

/** @param {Trace} trace @param {number} start @param {string} name */
export function requestLabel(trace, start, name) {
  const method = trace.text(start, 'method');
  const url = trace.text(start, 'url');
  const path = url.replace(/^[a-z]+:\/\/[^/]*/i, '');
  const attempt = trace.records[start]?.attempt;
  const again = typeof attempt === 'number' && attempt > 1 ? ` (attempt ${attempt})` : '';
  return `${method && method !== 'GET' ? `${method} ` : ''}${path || textOf(trace.records[start]?.label) || name}${again}`;
}

/** Gives each bar the first row that is free where it begins. @param {Bar[]} bars @param {number} gap @param {number} limit @returns {number} rows used */
export function packRows(bars, gap, limit) {
  /** @type {number[]} */
  const ends = [];
  for (const bar of bars) {
    let row = ends.findIndex((end) => end <= bar.from);
    if (row < 0) row = ends.length < limit ? ends.length : limit - 1;
    bar.row = row;
    ends[row] = Math.max(ends[row] ?? 0, bar.to + gap);
  }
  return ends.length;
}
