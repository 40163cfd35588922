// @ts-check
// Everything the views share: the trace, its relations, orders and lanes, the diagnosis, and what is selected. Decides nothing about drawing.

import { Relations } from './edges.js';
import { causalOrder, orderAxis, timeAxis } from './causal-order.js';
import { layOutLanes } from './lanes.js';
import { Orders, lastAtMost } from './orders.js';
import { finish, num, STEP, textOf } from './trace.js';

/** @typedef {import('./trace.js').Trace} Trace */
/** @typedef {'pauses' | 'time' | 'order'} AxisChoice */

/** The diagnosis as `trueline diagnose --format json` writes it (diagnosis.md, 7). Read with care: every member may be missing.
 * @typedef {{ [member: string]: any }} Diagnosis */

/** A point where things went wrong, for marks and for jumping there; proven by the diagnosis's replay, or found by this page.
 * @typedef {{ write: number, overtaken: number, lateIntent: number, overtakenIntent: number, key: string, isFirst: boolean, isProven: boolean, isViolation: boolean, sentence: string }} Divergence */

/** More events than that before or after one are not drawn. */
const MAXIMUM_LINKED = 400;

export class Model {
  /** @param {Trace} trace @param {Diagnosis | null} diagnosis @param {boolean} [isPaced] `build` is run by the caller */
  constructor(trace, diagnosis, isPaced = false) {
    this.trace = trace;
    this.diagnosis = diagnosis;
    this.relations = new Relations(trace, true);
    this.edges = this.relations.edges;
    this.order = new Uint32Array(0);
    this.position = new Uint32Array(0);
    this.droppedEdges = 0;
    this.orders = new Orders(trace, this.relations, this.order, true);
    /** @type {AxisChoice} */
    this.axisChoice = trace.hasTimes ? 'pauses' : 'order';
    /** @type {import('./causal-order.js').Axis} */
    this.axis = orderAxis(trace, this.position);
    /** @type {import('./lanes.js').Layout} */
    this.layout = { lanes: [], laneOf: new Uint16Array(0), rowOf: new Map(), height: 0 };
    /** @type {Divergence[]} */
    this.divergences = [];
    /** The event of each divergence's write, for a quick test. @type {Set<number>} */
    this.divergenceAt = new Set();
    /** Findings of the diagnosis by event. @type {Map<number, Diagnosis[]>} */
    this.findingsAt = new Map();
    /** Guard advice of the diagnosis by event. @type {Map<number, Diagnosis[]>} */
    this.adviceAt = new Map();
    this.selected = -1;
    /** Everything known to lead to the selected event, and to follow from it. */
    this.linked = { causes: new Map(), effects: new Map() };
    /** The instant whose state is shown, as a place in the order. */
    this.playhead = trace.count - 1;
    /** @type {Set<number>} */
    this.matches = new Set();
    if (!isPaced) finish(this.build());
  }

  /** @returns {import('./trace.js').Steps} */
  *build() {
    yield* this.relations.build();
    const { order, position, dropped } = causalOrder(this.trace, this.edges);
    this.order = order;
    this.position = position;
    this.droppedEdges = dropped;
    yield;
    this.orders = new Orders(this.trace, this.relations, order, true);
    yield* this.orders.build();
    yield* this.layOut(this.axisChoice);
    this.divergences = this.#divergences();
    this.divergenceAt = new Set(this.divergences.map((divergence) => divergence.write));
    this.findingsAt = this.#byEvent(this.diagnosis?.findings);
    this.adviceAt = this.#byEvent(this.diagnosis?.advice);
  }

  /** @param {unknown} list @returns {Map<number, Diagnosis[]>} */
  #byEvent(list) {
    /** @type {Map<number, Diagnosis[]>} */
    const found = new Map();
    for (const entry of Array.isArray(list) ? list : []) {
      const event = this.trace.find(textOf(entry?.event));
      if (event !== undefined) found.set(event, [...(found.get(event) ?? []), entry]);
    }
    return found;
  }

  /** Puts everything on another axis; nothing changes before it is done. @param {AxisChoice} choice @returns {import('./trace.js').Steps} */
  *layOut(choice) {
    const { trace, edges, order, position, relations } = this;
    const axis = choice === 'order' ? orderAxis(trace, position) : yield* timeAxis(trace, edges, order, choice === 'pauses');
    const layout = yield* layOutLanes(trace, relations, axis, position);
    // The running maximum along the order is what a scrub follows: only within a process the axis never goes back.
    const reach = new Float64Array(trace.count);
    let furthest = 0;
    for (let place = 0; place < trace.count; place += 1) {
      if ((place & STEP) === STEP) yield;
      furthest = Math.max(furthest, num(axis.at, num(order, place)));
      reach[place] = furthest;
    }
    this.axisChoice = choice;
    this.axis = axis;
    this.layout = layout;
    this.#reach = reach;
  }

  /** @param {number} event or -1 */
  select(event) {
    this.selected = event;
    this.linked = event < 0 ? { causes: new Map(), effects: new Map() }
      : { causes: this.edges.closure(event, 'causes', MAXIMUM_LINKED), effects: this.edges.closure(event, 'effects', MAXIMUM_LINKED) };
  }

  /** Where an event stands on the axis. @param {number} event */
  at(event) { return num(this.axis.at, event); }

  /** The last event at or before a place on the axis, as a place in the order. @param {number} at */
  positionAt(at) {
    if (this.axis.kind === 'order') return Math.max(0, Math.min(this.trace.count - 1, Math.floor(at)));
    return Math.max(0, lastAtMost(this.#reach, at));
  }

  #reach = new Float64Array(0);

  /** @returns {Divergence[]} earliest first */
  #divergences() {
    const own = this.orders.inversions.map((inversion) => ({
      write: inversion.late, overtaken: inversion.overtaken, lateIntent: inversion.lateIntent, overtakenIntent: inversion.overtakenIntent, key: inversion.key,
      isFirst: false, isProven: false, isViolation: inversion.isViolation, sentence: '',
    }));
    if (!this.diagnosis) {
      const earliest = own.find((divergence) => divergence.isViolation);
      if (earliest) earliest.isFirst = true;
    }
    const byWrite = new Map(own.map((divergence) => [divergence.write, divergence]));
    for (const further of this.#furtherDiagnosed()) byWrite.set(further.write, { ...byWrite.get(further.write), ...further });
    const first = this.#diagnosed();
    if (first) byWrite.set(first.write, first);
    return [...byWrite.values()].sort((a, b) => num(this.position, a.write) - num(this.position, b.write));
  }

  /** Every divergence point of the diagnosis, one an episode. @returns {Divergence[]} */
  #furtherDiagnosed() {
    const found = Array.isArray(this.diagnosis?.divergences) ? this.diagnosis.divergences : [];
    return found.flatMap((/** @type {any} */ point) => {
      const write = this.trace.find(textOf(point?.event));
      if (write === undefined) return [];
      const lateIntent = this.orders.rankOfRequest.get(textOf(point.request))?.intentEvent ?? -1;
      const known = this.orders.inversions.find((inversion) => inversion.late === write);
      return [{
        write, overtaken: known?.overtaken ?? -1, lateIntent, overtakenIntent: known?.overtakenIntent ?? -1, key: textOf(point.key) || this.trace.text(write, 'key'),
        isFirst: false, isProven: true, isViolation: true, sentence: '',
      }];
    });
  }

  /** The diagnosis's first divergence point. @returns {Divergence | null} */
  #diagnosed() {
    const found = this.diagnosis?.divergence;
    const write = this.trace.find(textOf(found?.event));
    if (write === undefined) return null;
    const order = Array.isArray(found.order) ? found.order.map(textOf) : [];
    const late = textOf(found.request);
    const before = textOf(found.before);
    const overtakenName = this.relations.requests.has(before) ? before : order.find((/** @type {string} */ name) => name !== late) ?? '';
    const key = textOf(found.key) || this.trace.text(write, 'key');
    // Usually `before` names the write that was there; otherwise it is the other request's first write of the key.
    const named = this.trace.find(before);
    let overtaken = named !== undefined && this.trace.kind(named) === 'write' ? named : -1;
    for (let event = 0; overtaken < 0 && event < this.trace.count; event += 1) {
      if (this.relations.requestOf[event] === overtakenName && this.trace.text(event, 'key') === key && this.trace.kind(event) === 'write') overtaken = event;
    }
    const intent = (/** @type {string} */ name) => this.orders.rankOfRequest.get(name)?.intentEvent ?? -1;
    return {
      write, overtaken, lateIntent: intent(late), overtakenIntent: intent(overtakenName), key, isFirst: true, isProven: true, isViolation: true, sentence: textOf(found.sentence),
    };
  }

  /** What can be said in a few words. @returns {{ text: string, tone: 'bad' | 'good' | 'unknown' }} */
  get verdict() {
    const first = this.firstDivergence;
    if (first) return { text: `First divergence: ${this.trace.name(first.write)}, ${first.key}`, tone: 'bad' };
    if (!this.orders.hasResponseWrites) return { text: 'Not known: no writes recorded', tone: 'unknown' };
    return this.divergences.length ? { text: 'Order-dependent writes', tone: 'unknown' } : { text: 'No divergence', tone: 'good' };
  }

  /** What `d` and the list go through: what the diagnosis proved, or else what this page found. */
  get divergencePoints() {
    const proven = this.divergences.filter((divergence) => divergence.isProven);
    return proven.length ? proven : this.divergences.filter((divergence) => divergence.isFirst);
  }

  get firstDivergence() { return this.divergences.find((divergence) => divergence.isFirst) ?? null; }

  /** What an event is about, in one line. @param {number} event */
  title(event) {
    const { trace } = this;
    const record = trace.records[event] ?? {};
    const key = textOf(record.key);
    switch (trace.kind(event)) {
      case 'intent': return textOf(record.label) || textOf(record.slot) || textOf(record.intent);
      case 'start': case 'arrive': case 'deliver': case 'cancel': {
        const name = textOf(record.request);
        const start = this.relations.requests.get(name)?.start ?? -1;
        const target = start >= 0 ? trace.text(start, 'url').replace(/^[a-z]+:\/\/[^/]*/i, '') : '';
        const status = trace.kind(event) === 'arrive' && textOf(record.status) ? ` \u2192 ${textOf(record.status)}` : '';
        const dropped = textOf(record.dropped) ? ` (dropped by ${textOf(record.dropped)})` : '';
        // An id that nobody can read says less than the address.
        return `${target && name.length > 10 ? '' : `${name} `}${target}${status}${dropped}`;
      }
      case 'write': return `${key} = ${this.orders.valueText(event).slice(0, 120)}`;
      case 'read': case 'delete': case 'ack': case 'commit': case 'abort': return key + (textOf(record.version) ? ` @ ${textOf(record.version)}` : '');
      case 'render': return `frame ${textOf(record.frame)}${textOf(record.view) ? ` of ${textOf(record.view)}` : ''}`;
      case 'emit': case 'signal': return `position ${textOf(record.position)}`;
      case 'expect': return `${textOf(record.name)}: ${record.holds === true ? 'holds' : 'does not hold'}`;
      case 'error': return textOf(record.message);
      case 'slot': return `${textOf(record.slot)} ${textOf(record.policy)}`;
      case 'process': return `${trace.process(event).name} (${trace.process(event).role})`;
      default: return textOf(record.label) || textOf(record.slot) || textOf(record.name) || key;
    }
  }

  /** Everything of an event that a search looks at. @param {number} event */
  searchText(event) {
    const record = this.trace.records[event] ?? {};
    const request = this.relations.requestOf[event] ?? '';
    return `${this.trace.name(event)} ${this.trace.kind(event)} ${this.trace.process(event).name} ${request} ${textOf(record.intent)} ${textOf(record.slot)} ${this.title(event)}`
      .toLowerCase();
  }
}
