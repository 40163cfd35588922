// @ts-check
// Adding, changing, moving and deleting columns, each as a deed that can be taken back like an edit of a cell. A column that comes back
// has another id; `Changes` knows which one stands for which, so that older deeds still find it.

import { api } from '../wire/api.js';
import { toast } from '../base/menu.js';
import { rowsMost } from '../grid/rows.js';

/** @typedef {import('../types.js').Column} Column */
/** @typedef {import('../types.js').Position} Position */
/** @typedef {{ column: Column, position: Position, cells: Array<{ row: string, json: string }>, views: import('../types.js').SavedView[] }} Taken */
/** @typedef {{ name?: string, type?: import('../types.js').ColumnType }} Fields */

/** Rows read at once when a column's values are kept for taking its deletion back (the server's limit of a reply). */
const rowsAtOnce = 10_000;

export class ColumnDeeds {
  /** @param {import('../grid/store.js').Store} store @param {import('../grid/changes.js').Changes} changes @param {() => Promise<void>} reread */
  constructor(store, changes, reread) {
    this.store = store;
    this.changes = changes;
    this.reread = reread;
  }

  /** The grid and the sheet, as the routes want them. @returns {[string, string]} */
  get place() {
    return [this.store.grid?.id ?? '', this.store.sheetID];
  }

  /** Where a column stands, by its neighbour. @param {string} id @returns {Position} */
  positionOf(id) {
    const { columns } = this.store, before = columns[columns.findIndex((c) => c.id === id) - 1];
    return before ? { after: before.id } : { at: 'start' };
  }

  /** @param {string} name @param {import('../types.js').ColumnType} type @param {{ prompt: string }} [agent] @returns {Promise<string>} its id @throws {Error} when the server refuses */
  async add(name, type, agent) {
    const place = this.place;
    const column = await api.addColumn(...place, { name, type, ...(agent ? { agent } : {}) });
    await this.reread();
    /** @type {Taken | null} */
    let taken = null;
    this.changes.did({
      label: `adding the column ${name}`,
      undo: async () => void (taken = await this.take(place, this.changes.current(column.id))),
      redo: async () => void (taken && (await this.put(place, taken))),
    });
    return column.id;
  }

  /** Renames or retypes. @param {Column} column @param {Fields} fields */
  async change(column, fields) {
    const place = this.place, keys = /** @type {Array<keyof Fields>} */ (Object.keys(fields));
    /** @type {Fields} */
    const before = {};
    for (const key of keys) Object.assign(before, { [key]: column[key] });
    const id = () => this.changes.current(column.id);
    await this.attempt({
      label: fields.name === undefined ? `the type of ${column.name}` : `renaming ${column.name}`,
      redo: () => this.patch(place, id(), fields, before),
      undo: () => this.patch(place, id(), before, fields),
    });
  }

  /** Gives a column's agent a prompt. @param {string} id @param {string} prompt @throws {Error} when the server refuses */
  async instruct(id, prompt) {
    const place = this.place, { name, agent: before } = this.found(place[1], id);
    // What else the agent is told stays; the version is the server's.
    const { version: _, ...settings } = before ?? { prompt: '' };
    /** @param {import('../types.js').AgentSettings | null} agent @param {string | undefined} expected the prompt that is taken away */
    const set = async (agent, expected) => {
      await this.reread();
      if (this.found(place[1], this.changes.current(id)).agent?.prompt !== expected) throw new Error('Someone changed the prompt meanwhile.');
      await api.changeColumn(...place, this.changes.current(id), { agent });
      await this.reread();
    };
    const act = { label: `the prompt of ${name}`, redo: () => set({ ...settings, prompt }, before?.prompt), undo: () => set(before ? settings : null, prompt) };
    await act.redo();
    this.changes.did(act);
  }

  /** Sets fields that still are as expected; what others did meanwhile is not taken back.
   * @param {[string, string]} place @param {string} id @param {Fields} fields @param {Fields} expected */
  async patch(place, id, fields, expected) {
    await this.reread();
    const column = this.found(place[1], id);
    for (const key of /** @type {Array<keyof Fields>} */ (Object.keys(expected))) {
      if (column[key] !== expected[key]) throw new Error(`Someone changed the column to \u201c${column[key]}\u201d meanwhile.`);
    }
    await api.changeColumn(...place, id, fields);
    await this.reread();
  }

  /** Puts a column beside another. @param {string} id @param {Position} to */
  async move(id, to) {
    const place = this.place, from = this.positionOf(id), name = this.store.column(id)?.name ?? '';
    if (JSON.stringify(from) === JSON.stringify(to) || ('after' in to && to.after === id) || ('before' in to && to.before === id)) return;
    /** @param {Position} position */
    const put = async (position) => {
      await api.changeColumn(...place, this.changes.current(id), this.changes.currentPosition(position));
      await this.reread();
    };
    await this.attempt({ label: `moving the column ${name}`, redo: () => put(to), undo: () => put(from) });
  }

  /** @param {Column} column */
  async remove(column) {
    const place = this.place;
    /** @type {Taken | null} */
    let taken = null;
    const done = await this.attempt({
      label: `deleting the column ${column.name}`,
      redo: async () => void (taken = await this.take(place, this.changes.current(column.id))),
      undo: async () => void (taken && (await this.put(place, taken))),
    });
    if (done) toast(`Deleted the column \u201c${column.name}\u201d.`, { action: { label: 'Undo', run: () => void this.changes.undo() } });
  }

  /** Deletes a column and keeps what it takes to put it back. @param {[string, string]} place @param {string} id @returns {Promise<Taken>} */
  async take(place, id) {
    await this.reread();
    const column = this.found(place[1], id), position = this.positionOf(id);
    const rows = this.store.grid?.sheets.find((s) => s.id === place[1])?.rows ?? 0;
    if (rows > rowsMost && !confirm(`The sheet has more than ${rowsMost.toLocaleString('en-US')} rows: the values of \u201c${column.name}\u201d cannot be brought back. Delete the column?`)) throw new Error('The column was kept.');
    const cells = rows > rowsMost ? [] : await this.cellsOf(place, id, rows);
    const views = (this.store.grid?.sheets.find((s) => s.id === place[1])?.views ?? []).filter((v) => [...v.filter, ...v.sort].some((c) => c.column === id));
    await api.deleteColumn(...place, id);
    await this.reread();
    return { column, position, cells, views };
  }

  /** @param {[string, string]} place @param {string} id @param {number} rows */
  async cellsOf(place, id, rows) {
    const cells = [], size = 1000, atOnce = rowsAtOnce / size;
    for (let first = 1; (first - 1) * size < rows; first += atOnce) {
      const reply = await api.pages(...place, { first, last: first + atOnce - 1, pageSize: size, columns: id, minRevision: this.store.revision });
      for (const page of reply.pages) for (const row of page.rows) if (row.cells[id] !== undefined) cells.push({ row: row.id, json: row.cells[id] });
    }
    return cells;
  }

  /** Puts a deleted column back: its settings, its values, and the conditions that saved views had on it.
   * @param {[string, string]} place @param {Taken} taken */
  async put(place, { column, position, cells, views }) {
    const { id, name, type, width, agent } = column;
    const made = await api.addColumn(...place, { name, type, ...(width ? { width } : {}), ...(agent ? { agent: { prompt: agent.prompt, ...(agent.model ? { model: agent.model } : {}), ...(agent.output ? { output: agent.output } : {}), examples: agent.examples !== false } } : {}), ...this.changes.currentPosition(position) });
    this.changes.replaced(id, made.id);
    await this.reread();
    await this.changes.restore(cells.map(({ row, json }) => ({ op: 'setCell', row: this.changes.current(row), column: made.id, value: json })));
    /** @template {{ column: string }} C @param {C} c @returns {C} */
    const renewed = (c) => ({ ...c, column: this.changes.current(c.column) });
    for (const view of views) await api.changeView(...place, view.id, { filter: view.filter.map(renewed), match: view.match, sort: view.sort.map(renewed) }).catch(() => {});
    if (views.length) await this.reread();
  }

  /** @param {string} sheet @param {string} id */
  found(sheet, id) {
    const column = this.store.grid?.sheets.find((s) => s.id === sheet)?.columns.find((c) => c.id === id);
    if (!column) throw new Error('The column is not there any more.');
    return { ...column };
  }

  /** Does a deed for the first time and remembers it; a refusal is told. @param {import('../grid/changes.js').Act} act */
  async attempt(act) {
    try {
      await act.redo();
      this.changes.did(act);
      return true;
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error), { problem: true });
      return false;
    }
  }
}
