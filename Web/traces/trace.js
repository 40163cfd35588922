// @ts-check
// A trace in memory, as the page uses it: the records as they were, and columns beside them for everything that is asked often.

export const KINDS = /** @type {const} */ (['process', 'slot', 'intent', 'start', 'cancel', 'arrive', 'deliver', 'read', 'write', 'delete', 'ack', 'commit',
  'abort', 'emit', 'signal', 'render', 'mount', 'unmount', 'pending', 'settled', 'expect', 'error', 'note']);

/** @typedef {'browser' | 'server' | 'agent' | 'service' | 'store'} Role */

/**
 * A record of the file. Nothing in it is trusted: what is used as text is made text first.
 * @typedef {{ [member: string]: unknown }} TraceRecord
 */

/** @typedef {{ name: string, role: Role, clock: string, session: string, count: number }} Process */

/** @typedef {{ line: number, reason: string }} Rejection */

const ROLES = new Set(['browser', 'server', 'agent', 'service', 'store']);
const MAXIMUM_PROCESSES = 65_535;

/** What stands in a member as text; `''` when there is nothing of use.
 * @param {unknown} value */
export function textOf(value) {
  return typeof value === 'string' ? value : typeof value === 'number' && Number.isFinite(value) ? String(value) : '';
}

/** An array's number; 0 outside.
 * @param {ArrayLike<number>} array @param {number} index */
export function num(array, index) { return array[index] ?? 0; }

export class Trace {
  constructor() {
    /** @type {TraceRecord} */
    this.header = {};
    /** @type {TraceRecord[]} */
    this.records = [];
    /** @type {number[]} */
    this.lines = [];
    /** Index in KINDS. @type {number[]} */
    this.kinds = [];
    /** @type {number[]} */
    this.processOf = [];
    /** Nanoseconds of the process's clock. @type {number[]} */
    this.times = [];
    /** @type {Process[]} */
    this.processes = [];
    /** @type {Rejection[]} */
    this.rejections = [];
    this.rejected = 0;
    /** @type {Map<string, number>} */
    this.processByName = new Map();
    /** @type {Map<string, number>} */
    this.byName = new Map();
    this.hasTimes = false;
  }

  get count() { return this.records.length; }

  /** @param {number} event */
  kind(event) { return KINDS[num(this.kinds, event)] ?? 'note'; }

  /** What reports call an event: its id, or `L` and its line. @param {number} event */
  name(event) { return textOf(this.records[event]?.id) || `L${num(this.lines, event)}`; }

  /** @param {number} event @param {string} member */
  text(event, member) { return textOf(this.records[event]?.[member]); }

  /** @param {number} event @returns {Process} */
  process(event) {
    return this.processes[num(this.processOf, event)] ?? { name: 'main', role: 'browser', clock: '', session: '', count: 0 };
  }

  /** @param {string} name */
  find(name) { return this.byName.get(name); }

  /** @param {number} line @param {string} reason */
  reject(line, reason) {
    this.rejected += 1;
    if (this.rejections.length < 100) this.rejections.push({ line, reason });
  }

  /** Reads one line of the file. `false` when nothing after it can be read.
   * @param {string} text @param {number} line counted from 1 */
  readLine(text, line) {
    const body = line === 1 ? text.replace(/^\uFEFF/, '') : text;
    if (body.trim() === '') return true;
    let record;
    try { record = JSON.parse(body); } catch { record = null; }
    if (record === null || typeof record !== 'object' || Array.isArray(record) || typeof record.type !== 'string') {
      this.reject(line, 'not a JSON object with a type');
      return this.records.length > 0 || this.header.type === 'trace';
    }
    if (this.header.type !== 'trace') {
      if (record.type !== 'trace' || record.version !== 1) {
        this.reject(line, 'the first record is not {"type":"trace","version":1,...}');
        return false;
      }
      this.header = record;
      return true;
    }
    this.append(record, line);
    return true;
  }

  /** @param {TraceRecord} record @param {number} line */
  append(record, line) {
    const index = this.records.length;
    const kind = KINDS.indexOf(/** @type {any} */ (record.type));
    const process = this.processIndex(textOf(record.process) || 'main');
    if (process < 0) { this.reject(line, 'too many processes'); return; }
    const time = typeof record.time === 'number' && Number.isFinite(record.time) ? record.time : 0;
    if (time !== 0) this.hasTimes = true;
    this.records.push(record);
    this.lines.push(line);
    this.kinds.push(kind < 0 ? KINDS.length - 1 : kind);
    this.processOf.push(process);
    this.times.push(time);
    const known = this.processes[process];
    if (known) {
      known.count += 1;
      known.session ||= textOf(record.session);
      if (record.type === 'process') {
        if (ROLES.has(textOf(record.role))) known.role = /** @type {Role} */ (record.role);
        known.clock = textOf(record.clock);
      }
    }
    const name = textOf(record.id) || `L${line}`;
    if (!this.byName.has(name)) this.byName.set(name, index);
  }

  /** @param {string} name */
  processIndex(name) {
    const found = this.processByName.get(name);
    if (found !== undefined) return found;
    if (this.processes.length >= MAXIMUM_PROCESSES) return -1;
    this.processes.push({ name, role: 'browser', clock: '', session: '', count: 0 });
    this.processByName.set(name, this.processes.length - 1);
    return this.processes.length - 1;
  }
}

/** Work in steps: a generator that yields wherever it may be interrupted. @typedef {Generator<void, void, void>} Steps */

/** How many events a step looks at. */
export const STEP = 2_047;

/** Does all of it at once. @param {Steps} steps */
export function finish(steps) { while (!steps.next().done) { /* the next step */ } }

/** Does it a few milliseconds at a time, so that the page stays alive. @param {Steps} steps @param {() => Promise<void>} pause */
export async function paced(steps, pause) {
  let until = performance.now() + 12;
  while (!steps.next().done) {
    if (performance.now() < until) continue;
    await pause();
    until = performance.now() + 12;
  }
}

/** Reads a whole text, a few milliseconds at a time, so that the page stays alive.
 * @param {string} text
 * @param {(share: number) => void} [progress]
 * @param {() => Promise<void>} [pause]
 * @returns {Promise<Trace>} */
export async function readTrace(text, progress, pause) {
  const trace = new Trace();
  let start = 0;
  let line = 0;
  let until = pause ? performance.now() + 12 : Infinity;
  while (start < text.length) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    line += 1;
    if (!trace.readLine(text.slice(start, end), line)) break;
    start = end + 1;
    if (pause && (line & 63) === 0 && performance.now() > until) {
      progress?.(start / text.length);
      await pause();
      until = performance.now() + 12;
    }
  }
  return trace;
}
