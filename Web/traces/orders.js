// @ts-check
// The two orders of a trace: as it was recorded, and as it was asked for. Which writes came too late, and what each key holds at an instant
// in either order. For reading a picture only: the verdict, with its replay, is the diagnosis's.

import { finish, num, STEP, textOf } from './trace.js';

/** @typedef {import('./trace.js').Trace} Trace */
/** @typedef {import('./edges.js').Relations} Relations */

/** @typedef {{ late: number, overtaken: number, lateIntent: number, overtakenIntent: number, key: string, slot: string, isViolation: boolean }} Inversion */

/** @typedef {{ process: number, key: string, writes: number[], positions: number[], asked: number[], derived: string[] }} Place */

/** @typedef {{ process: string, key: string, recorded: string, recordedEvent: number, asked: string, askedEvent: number, isDifferent: boolean, note: string }} Row */

/** JSON text of a value with its members in order: two values are equal when these are. @param {unknown} value @returns {string} */
export function canonical(value) {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  return `{${Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}

export class Orders {
  /** @param {Trace} trace @param {Relations} relations @param {Uint32Array} order @param {boolean} [isPaced] `build` is run by the caller */
  constructor(trace, relations, order, isPaced = false) {
    this.trace = trace;
    this.relations = relations;
    /** @type {Map<string, { slot: string, rank: number, intentEvent: number }>} */
    this.rankOfRequest = new Map();
    /** @type {Map<string, string>} */
    this.policies = new Map();
    /** @type {Place[]} */
    this.places = [];
    /** @type {Inversion[]} */
    this.inversions = [];
    /** A response wrote something: without such a write nothing can be said of orders. */
    this.hasResponseWrites = false;
    this.order = order;
    if (!isPaced) finish(this.build());
  }

  /** @returns {import('./trace.js').Steps} */
  *build() {
    this.#rank();
    yield* this.#learnPolicies();
    yield* this.#walk(this.order);
  }

  #rank() {
    const { intents, requests } = this.relations;
    for (const [name, request] of requests) {
      const intent = intents.get(request.intent);
      if (intent) {
        this.rankOfRequest.set(name, {
          slot: intent.slot || request.slot, rank: Number.isNaN(intent.rank) ? intent.place : intent.rank, intentEvent: intent.event,
        });
      } else if (request.slot) {
        this.rankOfRequest.set(name, { slot: request.slot, rank: request.start, intentEvent: request.start });
      }
    }
  }

  /** Declared, or what the arguments, cancellations and flags show (diagnosis.md, 2). */
  *#learnPolicies() {
    const { trace } = this;
    /** @type {Map<string, string>} */ const firstArguments = new Map();
    /** @type {Map<string, string>} */ const declared = new Map();
    /** @type {Map<string, boolean>} */ const merges = new Map();
    for (let event = 0; event < trace.count; event += 1) {
      if ((event & STEP) === STEP) yield;
      const record = trace.records[event] ?? {};
      const slot = textOf(record.slot);
      const request = this.relations.requestOf[event] ?? '';
      const own = this.rankOfRequest.get(request)?.slot ?? slot;
      if (record.type === 'slot' && typeof record.policy === 'string') declared.set(slot, record.policy);
      if (record.type === 'intent' && record.arguments !== undefined) {
        const text = canonical(record.arguments);
        if ((firstArguments.get(slot) ?? text) !== text) this.policies.set(slot, 'latest');
        firstArguments.set(slot, text);
      }
      if (record.type === 'cancel' || (record.type === 'deliver' && record.dropped)) this.policies.set(own, 'latest');
      if (record.type === 'write' && request && !record.from) merges.set(own, (merges.get(own) ?? true) && record.merge === true);
    }
    for (const [slot, all] of merges) if (all) this.policies.set(slot, 'merge');
    for (const [slot, policy] of declared) this.policies.set(slot, policy);
  }

  /** @param {Uint32Array} order */
  *#walk(order) {
    const { trace } = this;
    /** @type {Map<string, Place>} */
    const places = new Map();
    /** The last writes of a slot to a place. @type {Map<string, { event: number, rank: number, intent: number }[]>} */
    const applied = new Map();
    for (let position = 0; position < order.length; position += 1) {
      if ((position & STEP) === STEP) yield;
      const event = num(order, position);
      const kind = trace.kind(event);
      const key = trace.text(event, 'key');
      if ((kind !== 'write' && kind !== 'delete') || !key) continue;
      const name = `${num(trace.processOf, event)} ${key}`;
      let place = places.get(name);
      if (!place) {
        place = { process: num(trace.processOf, event), key, writes: [], positions: [], asked: [], derived: [] };
        places.set(name, place);
      }
      const from = trace.records[event]?.from;
      if (Array.isArray(from)) for (const source of from) if (!place.derived.includes(textOf(source)) && place.derived.length < 64) place.derived.push(textOf(source));
      place.writes.push(event);
      place.positions.push(position);
      place.asked.push(this.#see(event, name, applied));
    }
    this.places = [...places.values()];
  }

  /** The write that the place would hold now in the order of asking. @param {number} event @param {string} name
   * @param {Map<string, { event: number, rank: number, intent: number }[]>} applied */
  #see(event, name, applied) {
    const request = this.relations.requestOf[event] ?? '';
    const rank = this.rankOfRequest.get(request);
    const record = this.trace.records[event];
    if (rank) this.hasResponseWrites = true;
    if (!rank || record?.from || record?.merge === true) return event;
    const policy = this.policies.get(rank.slot);
    if (policy === 'merge') return event;
    const slotPlace = `${name}\u0000${rank.slot}`;
    const before = applied.get(slotPlace) ?? [];
    const higher = before.filter((write) => write.rank > rank.rank);
    const highest = higher.reduce((best, write) => (best && best.rank > write.rank ? best : write), higher[0]);
    const kept = [...before, { event, rank: rank.rank, intent: rank.intentEvent }];
    // A bounded memory: the latest writes, and always the highest-ranked one.
    applied.set(slotPlace, kept.length > 12 ? kept.filter((write, place) => place > kept.length - 12 || write === highest) : kept);
    if (!highest) return event;
    if (this.valueText(highest.event) !== this.valueText(event)) {
      const first = higher[0] ?? highest;
      this.inversions.push({
        late: event, overtaken: first.event, lateIntent: rank.intentEvent, overtakenIntent: first.intent, key: textOf(record?.key), slot: rank.slot,
        isViolation: policy === 'latest',
      });
    }
    return highest.event;
  }

  /** @param {number} event */
  valueText(event) {
    const record = this.trace.records[event];
    if (record?.type === 'delete') return '(deleted)';
    if (record?.value !== undefined) return canonical(record.value);
    const version = textOf(record?.version);
    return version ? `version ${version}` : '(not recorded)';
  }

  /** What every place holds once everything up to a position has happened, in both orders; places that nothing has written are left out.
   * @param {number} position @returns {Row[]} differing ones first, then the ones written last */
  stateAt(position) {
    /** @type {(Row & { at: number })[]} */
    const rows = [];
    /** @type {Set<string>} */
    const differing = new Set();
    for (const place of this.places) {
      const index = lastAtMost(place.positions, position);
      if (index < 0) continue;
      const recordedEvent = num(place.writes, index);
      const askedEvent = num(place.asked, index);
      const recorded = this.valueText(recordedEvent);
      const asked = this.valueText(askedEvent);
      const isDifferent = recorded !== asked;
      if (isDifferent) differing.add(`${place.process} ${place.key}`);
      rows.push({
        process: this.trace.processes[place.process]?.name ?? '', key: place.key, recorded, recordedEvent, asked, askedEvent, isDifferent, note: '',
        at: num(place.positions, index),
      });
    }
    for (const place of this.places) {
      const sources = place.derived.filter((source) => differing.has(`${place.process} ${source}`));
      if (!sources.length) continue;
      const process = this.trace.processes[place.process]?.name ?? '';
      const row = rows.find((candidate) => candidate.key === place.key && candidate.process === process);
      if (row && !row.isDifferent) { row.isDifferent = true; row.asked = `computed from ${sources.join(', ')}`; row.note = 'derived'; }
    }
    return rows.sort((a, b) => Number(b.isDifferent) - Number(a.isDifferent) || b.at - a.at);
  }
}

/** Index of the last number that is at most `limit`; -1 when there is none. @param {ArrayLike<number>} sorted @param {number} limit */
export function lastAtMost(sorted, limit) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (num(sorted, middle) <= limit) low = middle + 1; else high = middle;
  }
  return low - 1;
}
