// @ts-check
// Sends what a person changed: one intent a deed, the same intent until it is answered, and what takes it back.

import { Problem, api } from '../wire/api.js';
import { announce } from '../base/announce.js';
import { toast } from '../base/menu.js';
import { displayText } from '../wire/cell-value.js';

/** @typedef {import('../types.js').Change} Change */
/** Changes of cells and rows. @typedef {{ label: string, forward: Change[], back: Change[], revision: number }} Edit */
/** Anything else that can be taken back; each throws when it cannot be done. @typedef {{ label: string, redo: () => Promise<void>, undo: () => Promise<void> }} Act */
/** @typedef {Edit | Act} Deed */

/** Changes that one command may hold (the server's limit). */
const changesMost = 10_000;
const undoMost = 200;
/** Cells that are remembered as put back; beyond it they are forgotten, and taking more back may be refused as if somebody else had changed them. */
const putBackMost = 100_000;

export class Changes {
  /** @param {import('./store.js').Store} store @param {import('./drafts.js').Drafts} drafts */
  constructor(store, drafts) {
    this.store = store;
    this.drafts = drafts;
    /** @type {Deed[]} */
    this.done = [];
    /** @type {Deed[]} */
    this.undone = [];
    /** What took the place of a row or column that was deleted and brought back, by id. @type {Map<string, string>} */
    this.stands = new Map();
    /** What was in cells when they came back with their row or column, or were put back, and at which revision, by row and column.
     * @type {Map<string, { json: string, revision: number }>} */
    this.broughtBack = new Map();
    /** Deeds are taken back and done again one after the other. @type {Promise<void>} */
    this.turning = Promise.resolve();
    /** Settled once what was asked for so far is saved and can be taken back, or was refused: in the order of asking, whichever is acknowledged first. @type {Promise<unknown>} */
    this.registered = Promise.resolve();
    /** @type {Map<string, Change[]>} */
    this.sent = new Map();
    /** The last change on its way to each cell, by row and column. @type {Map<string, Promise<import('../types.js').ChangesReply | null>>} */
    this.onTheirWay = new Map();
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
    this.stands.clear();
    this.broughtBack.clear();
  }

  /** The row or column that stands for one of before. @param {string} id */
  current(id) {
    for (let next = this.stands.get(id); next !== undefined; next = this.stands.get(id)) id = next;
    return id;
  }

  /** @param {import('../types.js').Position} position @returns {import('../types.js').Position} */
  currentPosition(position) {
    return 'after' in position ? { after: this.current(position.after) } : 'before' in position ? { before: this.current(position.before) } : position;
  }

  /** @param {string} id @param {string} by */
  replaced(id, by) {
    if (id !== by) this.stands.set(id, by);
  }

  /** @param {Change} change @returns {Change} */
  currentChange(change) {
    switch (change.op) {
      case 'setCell': return { ...change, row: this.current(change.row), column: this.current(change.column) };
      case 'deleteRows': return { ...change, rows: change.rows.map((id) => this.current(id)) };
      case 'moveRows': return { ...change, rows: change.rows.map((id) => this.current(id)), position: this.currentPosition(change.position) };
      case 'insertRows': return { ...change, position: this.currentPosition(change.position), rows: change.rows.map((cells) => Object.fromEntries(Object.entries(cells).map(([id, json]) => [this.current(id), json]))) };
    }
  }

  /** Remembers a deed that was done. @param {Deed} deed */
  did(deed) {
    this.done.push(deed);
    if (this.done.length > undoMost) this.done.shift();
    this.undone = [];
  }

  /** Does something that can be taken back. `back` restores what was there; cells are restored only if nobody changed them since.
   * @param {string} label @param {Change[]} forward @param {Change[]} back */
  async make(label, forward, back) {
    if (forward.length === 0) return null;
    const made = this.register(label, this.send(forward), back, forward, this.registered);
    this.registered = made.catch(() => {});
    return made;
  }

  /** Remembers a deed once it is saved, after those that were asked for before it. @param {string} label @param {Promise<any>} sending @param {Change[]} back @param {Change[]} forward @param {Promise<unknown>} before */
  async register(label, sending, back, forward, before) {
    const reply = await sending;
    await before;
    if (!reply) return null;
    const inserted = rowsIn(reply);
    const undo = inserted.length ? [...back, /** @type {Change} */ ({ op: 'deleteRows', sheet: this.store.sheetID, rows: inserted })] : back;
    this.did({ label, forward, back: undo, revision: reply.revision });
    return { revision: reply.revision, inserted };
  }

  undo() {
    return this.next(this.done, this.undone, 'Undone', 'Not undone', (deed) => ('back' in deed ? deed.back : deed.undo));
  }

  redo() {
    return this.next(this.undone, this.done, 'Done again', 'Not done again', (deed) => ('forward' in deed ? deed.forward : deed.redo));
  }

  /** @param {Deed[]} from @param {Deed[]} to @param {string} done @param {string} not @param {(deed: Deed) => Change[] | (() => Promise<void>)} work */
  next(from, to, done, not, work) {
    // What was done just now may still be on its way: it is what is to be taken back, not what came before it.
    const asked = this.registered;
    return (this.turning = this.turning.then(() => asked).then(() => this.turn(from, to, done, not, work)));
  }

  /** Takes the last deed of one pile, does what is asked of it, and puts it on the other.
   * @param {Deed[]} from @param {Deed[]} to @param {string} done @param {string} not @param {(deed: Deed) => Change[] | (() => Promise<void>)} work */
  async turn(from, to, done, not, work) {
    const deed = from.pop();
    if (!deed) return announce(done === 'Undone' ? 'Nothing to undo' : 'Nothing to do again', true);
    try {
      const asked = work(deed), next = typeof asked === 'function' ? (await asked(), deed) : await this.turnEdit(/** @type {Edit} */ (deed), asked, not);
      if (!next) return;
      to.push(next);
      announce(`${done}: ${deed.label}`, true);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      toast(`${not}: ${deed.label}. ${text}`, { problem: true });
    }
  }

  /** Sends the changes of an edit, guarded: cells are set only if nobody changed them since. Rows that come back, or come again, stand for
   * those they replace. @param {Edit} deed @param {Change[]} changes @param {string} not */
  async turnEdit(deed, changes, not) {
    const other = changes === deed.back ? deed.forward : deed.back;
    const reply = await this.send(changes.map((c) => this.currentChange(this.guarded(c, other, deed.revision))), `${not}: ${deed.label}.`);
    if (!reply) return null;
    const gone = other.flatMap((c) => (c.op === 'deleteRows' ? c.rows : [])), cells = changes.flatMap((c) => (c.op === 'insertRows' ? c.rows : []));
    rowsIn(reply).forEach((id, at) => {
      if (gone[at]) this.replaced(this.current(gone[at]), id);
      for (const [column, json] of Object.entries(cells[at] ?? {})) this.broughtBack.set(`${id} ${this.current(column)}`, { json, revision: reply.revision });
    });
    if (this.broughtBack.size > putBackMost) this.broughtBack.clear();
    for (const c of changes) if (c.op === 'setCell') this.broughtBack.set(`${this.current(c.row)} ${this.current(c.column)}`, { json: c.value ?? '', revision: reply.revision });
    return { ...deed, revision: reply.revision };
  }

  /** A cell that came back with its row or column, or was put back, with the value that this deed left in it may be set though its revision is newer.
   * @param {Change} change @param {Change[]} other what the change takes back @param {number} revision @returns {Change} */
  guarded(change, other, revision) {
    if (change.op !== 'setCell') return change;
    const back = this.broughtBack.get(`${this.current(change.row)} ${this.current(change.column)}`);
    const left = other.find((c) => c.op === 'setCell' && c.row === change.row && c.column === change.column);
    const isSame = back && left && 'value' in left && (left.value ?? '') === back.json;
    return { ...change, ifRevision: isSame ? Math.max(revision, back.revision) : revision };
  }

  /** Sets cells again that were lost with their column, without drafts: they were saved before. @param {import('../types.js').SetCell[]} cells */
  async restore(cells) {
    for (let at = 0; at < cells.length; at += changesMost) {
      const part = cells.slice(at, at + changesMost), { revision } = await this.untilAnswered(crypto.randomUUID(), part);
      for (const { row, column, value } of part) this.broughtBack.set(`${row} ${column}`, { json: value ?? '', revision });
    }
  }

  /** Sends changes until they are answered; null when they were refused. More than one command holds are sent one after the other.
   * @param {Change[]} changes @param {string} [failure] how a refusal is told when no draft shows it
   * @returns {Promise<import('../types.js').ChangesReply | null>} */
  async send(changes, failure) {
    /** @type {import('../types.js').ChangesReply} */
    const all = { revision: 0, results: [] };
    if (changes.some((c) => c.op !== 'setCell')) this.onRows();
    for (let at = 0; at < changes.length; at += changesMost) {
      const intent = crypto.randomUUID(), part = changes.slice(at, at + changesMost), bases = this.ownBases(part);
      this.drafts.begin(intent, part);
      this.sent.set(intent, part);
      const reply = await this.afterEarlier(part, async () => this.submit(intent, await Promise.all(part.map((c, i) => this.pastOwn(c, bases[i]))), failure));
      if (!reply) return null;
      all.revision = reply.revision;
      all.results.push(...reply.results);
    }
    return all;
  }

  /** For each change, the revision of this person's own change of the cell that the cell shows unread, or will have once it is saved.
   * @param {Change[]} changes @returns {Array<number | Promise<number> | undefined>} */
  ownBases(changes) {
    return changes.map((c) => {
      const draft = c.op === 'setCell' ? this.drafts.at(c.row, c.column) : undefined;
      if (c.op !== 'setCell' || !draft || draft.state === 'refused') return undefined;
      return draft.state === 'saved' ? draft.revision : this.onTheirWay.get(`${c.row} ${c.column}`)?.then((reply) => reply?.revision ?? 0, () => 0);
    });
  }

  /** The person changed what they saw, which was their own change: that it was saved meanwhile is nobody else's doing.
   * @param {Change} change @param {number | Promise<number> | undefined} base @returns {Promise<Change>} */
  async pastOwn(change, base) {
    if (change.op !== 'setCell' || change.ifRevision === undefined || base === undefined) return change;
    return { ...change, ifRevision: Math.max(change.ifRevision, await base) };
  }

  /** Changes of one cell are sent one after the other, in the order of asking: of two requests on their way either may come first.
   * @param {Change[]} changes @param {() => Promise<import('../types.js').ChangesReply | null>} work */
  async afterEarlier(changes, work) {
    const keys = changes.flatMap((c) => (c.op === 'setCell' ? [`${c.row} ${c.column}`] : []));
    const earlier = new Set(keys.flatMap((key) => this.onTheirWay.get(key) ?? []));
    const mine = earlier.size > 0 ? Promise.allSettled(earlier).then(work) : work();
    for (const key of keys) this.onTheirWay.set(key, mine);
    try {
      return await mine;
    } finally {
      for (const key of keys) if (this.onTheirWay.get(key) === mine) this.onTheirWay.delete(key);
    }
  }

  /** @param {string} intent @param {Change[]} changes @param {string} [failure] */
  async submit(intent, changes, failure) {
    try {
      const reply = await this.untilAnswered(intent, changes).catch(async (error) => {
        const past = failure ? null : await this.pastAgents(changes, error);
        if (!past) throw error;
        return this.untilAnswered(intent, past);
      });
      this.sent.delete(intent);
      this.drafts.acknowledged(intent, reply.revision);
      return reply;
    } catch (error) {
      this.refused(intent, changes, error, failure);
      return null;
    }
  }

  /** The person wins (S6): an edit that was refused because only agents answered its cell meanwhile, past their answers, which stay in the cell's history;
   * null when a person or a program changed the cell. @param {Change[]} changes @param {unknown} error */
  async pastAgents(changes, error) {
    const change = changes[0];
    if (!(error instanceof Problem && error.code === 'cell-changed') || changes.length !== 1 || change?.op !== 'setCell') return null;
    const seen = change.ifRevision ?? 0;
    const entries = (await api.history(this.store.grid?.id ?? '', this.store.sheetID, change.row, change.column).catch(() => null))?.entries ?? [];
    const since = entries.filter((/** @type {any} */ entry) => entry.revision > seen && entry.kind !== 'mark' && entry.kind !== 'suggestion');
    if (since.length === 0 || since.length === entries.length || since.some((/** @type {any} */ entry) => entry.cause?.kind !== 'agent')) return null;
    return [{ ...change, ifRevision: since[0].revision }];
  }

  /** The same intent again and again until the server answers. @param {string} intent @param {Change[]} changes @throws {Problem} a refusal */
  async untilAnswered(intent, changes) {
    const grid = this.store.grid?.id ?? '';
    for (let attempt = 0; ; attempt++) {
      try {
        this.requests++;
        return await api.submit(grid, intent, changes);
      } catch (error) {
        if (!(error instanceof Problem && error.isTransient)) throw error;
        if (attempt === 1) toast('Saving is taking longer than usual. Your change is kept here and sent again.');
        await pause(error.retryAfter ? error.retryAfter * 1000 : Math.min(8000, 300 * 2 ** attempt));
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
    const changes = this.sent.get(intent) ?? this.drafts.of(intent).map((d) => /** @type {Change} */ ({ op: 'setCell', row: d.row, column: d.column, value: d.json }));
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

/** The rows that a reply says were inserted. @param {import('../types.js').ChangesReply} reply */
const rowsIn = (reply) => reply.results.flatMap((r) => (Array.isArray(r['rows']) ? /** @type {string[]} */ (r['rows']) : []));

/** @param {Problem} problem */
function refusalText(problem) {
  const current = problem.errors.find((e) => e && 'value' in e);
  if (problem.status !== 409 || !current) return problem.message;
  const value = current.value === null ? 'empty' : `\u201c${typeof current.value === 'string' ? current.value : JSON.stringify(current.value)}\u201d`;
  return `Someone changed this cell to ${value} meanwhile.`;
}

/** @param {number} milliseconds */
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
