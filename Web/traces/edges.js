// @ts-check
// Happens-before between the events of a trace: the edges of Docs/specifications/trace-format.md, each with its kind and confidence.
// The order in which two responses arrived is no edge.

import { finish, num, STEP, textOf } from './trace.js';

/** @typedef {import('./trace.js').Trace} Trace */
/** @typedef {{ start: number, arrive: number, deliver: number, cancel: number, lastElsewhere: number, firstElsewhere: number, process: number,
 *    intent: string, slot: string, dropped: string }} Request */
/** @typedef {{ event: number, slot: string, rank: number, place: number }} Intent */

export const EDGE_KINDS = /** @type {const} */ (['task', 'fork', 'message', 'await', 'ack', 'person']);
export const CONFIDENCES = /** @type {const} */ (['declared', 'structural', 'temporal']);

/** Why an edge holds, for people. */
export const EDGE_REASONS = {
  task: 'same turn of the event loop',
  fork: 'started by it',
  message: 'message sent and received',
  await: 'the response it waited for',
  ack: 'known after the acknowledgement',
  person: 'asked before, by the same person',
};

/** Edges as columns, with an index of both ends. */
export class Edges {
  /** @param {number} count events */
  constructor(count) {
    this.count = count;
    /** @type {number[]} */ this.from = [];
    /** @type {number[]} */ this.to = [];
    /** @type {number[]} */ this.kind = [];
    /** @type {number[]} */ this.confidence = [];
    this.outStarts = new Uint32Array(0);
    this.outEdges = new Uint32Array(0);
    this.inStarts = new Uint32Array(0);
    this.inEdges = new Uint32Array(0);
  }

  /** @param {number} from @param {number} to @param {typeof EDGE_KINDS[number]} kind @param {typeof CONFIDENCES[number]} confidence */
  add(from, to, kind, confidence) {
    if (from < 0 || to < 0 || from === to) return;
    this.from.push(from);
    this.to.push(to);
    this.kind.push(EDGE_KINDS.indexOf(kind));
    this.confidence.push(CONFIDENCES.indexOf(confidence));
  }

  /** Builds both indices; called once, when all edges are there. @returns {import('./trace.js').Steps} */
  *seal() {
    [this.outStarts, this.outEdges] = this.#index(this.from);
    yield;
    [this.inStarts, this.inEdges] = this.#index(this.to);
  }

  /** @param {number[]} ends @returns {[Uint32Array<ArrayBuffer>, Uint32Array<ArrayBuffer>]} */
  #index(ends) {
    const starts = new Uint32Array(this.count + 1);
    for (const end of ends) starts[end + 1] = num(starts, end + 1) + 1;
    for (let i = 1; i <= this.count; i += 1) starts[i] = num(starts, i) + num(starts, i - 1);
    const next = starts.slice();
    const edges = new Uint32Array(ends.length);
    ends.forEach((end, edge) => { edges[num(next, end)] = edge; next[end] = num(next, end) + 1; });
    return [starts, edges];
  }

  /** Edges into an event: its causes. @param {number} event */
  into(event) { return this.inEdges.subarray(num(this.inStarts, event), num(this.inStarts, event + 1)); }

  /** Edges out of an event: its effects. @param {number} event */
  outOf(event) { return this.outEdges.subarray(num(this.outStarts, event), num(this.outStarts, event + 1)); }

  /** All events before (or after) one, nearest first, at most `limit`.
   * @param {number} event @param {'causes' | 'effects'} side @param {number} limit @returns {Map<number, number>} event to its distance */
  closure(event, side, limit) {
    const found = new Map([[event, 0]]);
    const queue = [event];
    for (let at = 0; at < queue.length && found.size < limit; at += 1) {
      const here = num(queue, at);
      for (const edge of side === 'causes' ? this.into(here) : this.outOf(here)) {
        const next = num(side === 'causes' ? this.from : this.to, edge);
        if (found.has(next)) continue;
        found.set(next, (found.get(here) ?? 0) + 1);
        queue.push(next);
      }
    }
    found.delete(event);
    return found;
  }
}

/** What a trace says of its requests and intents, by name; and the edges. */
export class Relations {
  /** @param {Trace} trace @param {boolean} [isPaced] `build` is run by the caller */
  constructor(trace, isPaced = false) {
    this.trace = trace;
    /** @type {Map<string, Request>} */ this.requests = new Map();
    /** @type {Map<string, Intent>} */ this.intents = new Map();
    /** The request that caused an event, by name. @type {string[]} */
    this.requestOf = new Array(trace.count).fill('');
    this.edges = new Edges(trace.count);
    if (!isPaced) finish(this.build());
  }

  /** @returns {import('./trace.js').Steps} */
  *build() {
    yield* this.#collect();
    yield* this.#connect();
    yield* this.edges.seal();
  }

  /** @param {string} name @returns {Request} */
  #request(name) {
    let request = this.requests.get(name);
    if (!request) {
      request = { start: -1, arrive: -1, deliver: -1, cancel: -1, firstElsewhere: -1, lastElsewhere: -1, process: -1, intent: '', slot: '', dropped: '' };
      this.requests.set(name, request);
    }
    return request;
  }

  *#collect() {
    const trace = this.trace;
    for (let event = 0; event < trace.count; event += 1) {
      if ((event & STEP) === STEP) yield;
      const record = trace.records[event] ?? {};
      const name = textOf(record.request);
      const kind = record.type;
      if (kind === 'intent') this.#collectIntent(event, textOf(record.intent) || trace.name(event), record);
      if (!name) continue;
      const request = this.#request(name);
      if (kind === 'start' && request.start < 0) {
        request.start = event;
        request.process = num(trace.processOf, event);
      }
      if (kind === 'arrive' && request.arrive < 0) request.arrive = event;
      if (kind === 'deliver' && request.deliver < 0) {
        request.deliver = event;
        request.dropped = textOf(record.dropped);
      }
      if (kind === 'cancel' && request.cancel < 0) request.cancel = event;
      request.intent ||= textOf(record.intent);
      request.slot ||= textOf(record.slot);
    }
    for (let event = 0; event < trace.count; event += 1) {
      if ((event & STEP) === STEP) yield;
      const name = trace.text(event, 'request');
      const request = name ? this.requests.get(name) : undefined;
      if (!request || request.process < 0 || num(trace.processOf, event) === request.process) continue;
      if (request.firstElsewhere < 0) request.firstElsewhere = event;
      request.lastElsewhere = event;
    }
  }

  /** @param {number} event @param {string} name @param {import('./trace.js').TraceRecord} record */
  #collectIntent(event, name, record) {
    if (this.intents.has(name)) return;
    const rank = typeof record.rank === 'number' ? record.rank : NaN;
    this.intents.set(name, { event, slot: textOf(record.slot), rank, place: this.intents.size });
  }

  *#connect() {
    const trace = this.trace;
    /** Last event, and the response handled, of each task. @type {Map<string, { last: number, request: string }>} */
    const tasks = new Map();
    /** @type {Map<string, number>} */ const lastIntent = new Map();
    /** @type {Map<string, number>} */ const emits = new Map();
    /** @type {Map<string, number>} */ const commits = new Map();
    /** @type {Map<string, number[]>} */ const acks = new Map();
    for (let event = 0; event < trace.count; event += 1) {
      if ((event & STEP) === STEP) yield;
      const record = trace.records[event] ?? {};
      const task = textOf(record.task) && `${num(trace.processOf, event)} ${textOf(record.task)}`;
      const session = textOf(record.session) || trace.process(event).name;
      const before = task ? tasks.get(task) : undefined;
      const request = textOf(record.request);
      this.requestOf[event] = request || (record.type === 'write' || record.type === 'delete' ? before?.request ?? '' : '');
      if (task) {
        if (before) this.edges.add(before.last, event, 'task', 'declared');
        tasks.set(task, { last: event, request: record.type === 'deliver' ? request : before?.request ?? '' });
      }
      const key = `${textOf(record.key)} ${textOf(record.version)}`;
      switch (record.type) {
        case 'intent':
          this.edges.add(lastIntent.get(session) ?? -1, event, 'person', 'declared');
          lastIntent.set(session, event);
          break;
        case 'emit': emits.set(`${textOf(record.stream) || textOf(record.label)} ${textOf(record.position)}`, event); break;
        case 'commit': commits.set(key, event); break;
        case 'signal':
          this.edges.add(emits.get(`${textOf(record.stream) || textOf(record.label)} ${textOf(record.position)}`) ?? -1, event, 'message', 'declared');
          break;
        case 'ack':
          this.edges.add(commits.get(key) ?? -1, event, 'message', 'declared');
          acks.set(session, [event, ...(acks.get(session) ?? [])].slice(0, 16));
          break;
        case 'start': this.#connectStart(event, record, session, acks); break;
        case 'write': case 'delete':
          if (this.requestOf[event]) {
            this.edges.add(this.requests.get(this.requestOf[event] ?? '')?.deliver ?? -1, event, 'await', request ? 'declared' : 'structural');
          } else if (textOf(record.intent)) {
            this.edges.add(this.intents.get(textOf(record.intent))?.event ?? -1, event, 'fork', 'declared');
          }
          break;
      }
      this.#connectGiven(event, record.after);
    }
    yield;
    for (const request of this.requests.values()) this.#connectRequest(request);
  }

  /** @param {number} event @param {import('./trace.js').TraceRecord} record @param {string} session @param {Map<string, number[]>} acks */
  #connectStart(event, record, session, acks) {
    const intent = this.intents.get(textOf(record.intent));
    if (intent) this.edges.add(intent.event, event, 'fork', 'declared');
    if (typeof record.base !== 'number') return;
    for (const ack of acks.get(session) ?? []) {
      const version = this.trace.records[ack]?.version;
      if (typeof version === 'number' && version <= record.base) { this.edges.add(ack, event, 'ack', 'declared'); break; }
    }
  }

  /** @param {Request} request */
  #connectRequest(request) {
    if (request.firstElsewhere >= 0) {
      this.edges.add(request.start, request.firstElsewhere, 'message', 'structural');
      if (request.lastElsewhere !== request.firstElsewhere) this.edges.add(request.firstElsewhere, request.lastElsewhere, 'message', 'structural');
      this.edges.add(request.lastElsewhere, request.arrive, 'message', 'structural');
    } else if (request.arrive >= 0) this.edges.add(request.start, request.arrive, 'message', 'declared');
    this.edges.add(request.arrive >= 0 ? request.arrive : request.start, request.deliver, 'message', 'declared');
    this.edges.add(request.start, request.cancel, 'fork', 'declared');
  }

  /** @param {number} event @param {unknown} after */
  #connectGiven(event, after) {
    if (!Array.isArray(after)) return;
    for (const edge of after.slice(0, 64)) {
      const from = this.trace.find(textOf(edge?.event));
      if (from === undefined) continue;
      const kind = /** @type {any} */ (EDGE_KINDS.includes(edge.kind) ? edge.kind : 'await');
      this.edges.add(from, event, kind, CONFIDENCES.includes(edge.confidence) ? edge.confidence : 'declared');
    }
  }
}
