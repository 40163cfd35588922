// @ts-check
// Sends what a person changed: one intent a deed, the same intent until it is answered, and what takes it back.

import { Problem, api } from '../wire/api.js';
import { announce } from '../base/announce.js';
import { toast } from '../base/menu.js';
import { displayText } from '../wire/cell-value.js';

/** @typedef {import('../types.js').Change} Change */
/** @typedef {{ label: string, forward: Change[], back: Change[], revision: number }} Deed */

/** Changes that one command may hold (the server's limit). */
const changesMost = 10_000;
const undoMost = 200;

export class Changes {
  /** @param {import('./store.js').Store} store @param {import('./drafts.js').Drafts} drafts */
  constructor(store, drafts) {
    this.store = store;
    this.drafts = drafts;
    /** @type {Deed[]} */
    this.done = [];
    /** @type {Deed[]} */
    this.undone = [];
    /** @type {Map<string, Change[]>} */
    this.sent = new Map();
    this.requests = 0;
    /** Told when rows are added, deleted or moved. @type {() => void} */
    this.onRows = () => {};
    drafts.onChoice = (choice, intent) => this.choose(choice, intent);
    store.on(['grid'], () => store.grid?.id !== this.gridID && this.forget());
    this.gridID = store.grid?.id;
  }

  forget() {
    this.gridID = this.store.grid?.id;
    this.done = [];
    this.undone = [];
  }

  /** Does something that can be taken back. `back` restores what was there; cells are restored only if nobody changed them since.
   * @param {string} label @param {Change[]} forward @param {Change[]} back */
  async make(label, forward, back) {
    if (forward.length === 0) return null;
    const reply = await this.send(forward);
    if (!reply) return null;
    const inserted = reply.results.flatMap((r) => (Array.isArray(r['rows']) ? /** @type {string[]} */ (r['rows']) : []));
    const undo = inserted.length ? [...back, /** @type {Change} */ ({ op: 'deleteRows', sheet: this.store.sheetID, rows: inserted })] : back;
    this.done.push({ label, forward, back: undo, revision: reply.revision });
    if (this.done.length > undoMost) this.done.shift();
    this.undone = [];
    return { revision: reply.revision, inserted };
  }

  async undo() {
    const deed = this.done.pop();
    if (!deed) return announce('Nothing to undo', true);
    const guarded = deed.back.map((c) => (c.op === 'setCell' ? { ...c, ifRevision: deed.revision } : c));
    const reply = await this.send(guarded, `Not undone: ${deed.label}.`);
    if (!reply) return;
    this.undone.push({ ...deed, revision: reply.revision });
    announce(`Undone: ${deed.label}`, true);
  }

  async redo() {
    const deed = this.undone.pop();
    if (!deed) return announce('Nothing to redo', true);
    const reply = await this.send(deed.forward.map((c) => (c.op === 'setCell' ? { ...c, ifRevision: deed.revision } : c)), `Not done again: ${deed.label}.`);
    if (!reply) return;
    const inserted = reply.results.flatMap((r) => (Array.isArray(r['rows']) ? /** @type {string[]} */ (r['rows']) : []));
    const back = inserted.length ? [...deed.back.filter((c) => c.op !== 'deleteRows'), /** @type {Change} */ ({ op: 'deleteRows', sheet: this.store.sheetID, rows: inserted })] : deed.back;
    this.done.push({ ...deed, back, revision: reply.revision });
    announce(`Done again: ${deed.label}`, true);
  }

  /** Sends changes until they are answered; null when they were refused. More than one command holds are sent one after the other.
   * @param {Change[]} changes @param {string} [failure] how a refusal is told when no draft shows it
   * @returns {Promise<import('../types.js').ChangesReply | null>} */
  async send(changes, failure) {
    /** @type {import('../types.js').ChangesReply} */
    const all = { revision: 0, results: [] };
    if (changes.some((c) => c.op !== 'setCell')) this.onRows();
    for (let at = 0; at < changes.length; at += changesMost) {
      const intent = crypto.randomUUID(), part = changes.slice(at, at + changesMost);
      this.drafts.begin(intent, part);
      this.sent.set(intent, part);
      const reply = await this.submit(intent, part, failure);
      if (!reply) return null;
      all.revision = reply.revision;
      all.results.push(...reply.results);
    }
    return all;
  }

  /** @param {string} intent @param {Change[]} changes @param {string} [failure] */
  async submit(intent, changes, failure) {
    const grid = this.store.grid?.id ?? '';
    for (let attempt = 0; ; attempt++) {
      try {
        this.requests++;
        const reply = await api.submit(grid, intent, changes);
        this.sent.delete(intent);
        this.drafts.acknowledged(intent, reply.revision);
        return reply;
      } catch (error) {
        if (error instanceof Problem && error.isTransient) {
          if (attempt === 1) toast('Saving is taking longer than usual. Your change is kept here and sent again.');
          await pause(error.retryAfter ? error.retryAfter * 1000 : Math.min(8000, 300 * 2 ** attempt));
          continue;
        }
        this.refused(intent, changes, error, failure);
        return null;
      }
    }
  }

  /** @param {string} intent @param {Change[]} changes @param {unknown} error @param {string} [failure] */
  refused(intent, changes, error, failure) {
    const text = error instanceof Problem ? refusalText(error) : String(error);
    const drawn = changes.some((c) => c.op === 'setCell') && !failure;
    if (drawn) this.drafts.refuse(intent, text);
    else {
      this.drafts.discard(intent);
      this.sent.delete(intent);
      toast(`${failure ?? 'Not saved.'} ${text}`, { problem: true });
    }
    announce(`Not saved. ${text}`, true);
  }

  /** @param {'retry' | 'copy' | 'discard'} choice @param {string} intent */
  async choose(choice, intent) {
    const changes = this.sent.get(intent) ?? [];
    if (choice === 'copy') {
      const text = changes.map((c) => (c.op === 'setCell' ? displayText(c.value ?? undefined) : '')).join('\n');
      await navigator.clipboard.writeText(text).then(() => toast('Copied.'), () => toast('The browser refused to copy.', { problem: true }));
      return;
    }
    this.sent.delete(intent);
    this.drafts.discard(intent);
    if (choice === 'retry') await this.make('edit', changes.map((c) => (c.op === 'setCell' ? { op: c.op, row: c.row, column: c.column, value: c.value } : c)), []);
  }
}

/** @param {Problem} problem */
function refusalText(problem) {
  const current = problem.errors.find((e) => e && 'value' in e);
  if (problem.status !== 409 || !current) return problem.message;
  const value = current.value === null ? 'empty' : `\u201c${typeof current.value === 'string' ? current.value : JSON.stringify(current.value)}\u201d`;
  return `Someone changed this cell to ${value} meanwhile.`;
}

/** @param {number} milliseconds */
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
