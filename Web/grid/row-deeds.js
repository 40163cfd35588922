// @ts-check
// Adding, inserting and deleting rows.

import { announce } from '../base/announce.js';
import { counted } from '../base/format.js';
import { toast } from '../base/menu.js';
import { rowsOf } from './rows.js';

export class RowDeeds {
  /** @param {import('./store.js').Store} store @param {import('./selection.js').Selection} selection @param {import('./painter.js').Painter} painter @param {import('./changes.js').Changes} changes */
  constructor(store, selection, painter, changes) {
    this.store = store;
    this.selection = selection;
    this.painter = painter;
    this.changes = changes;
    /** The new row that the selection goes to when it is seen. */
    this.awaited = '';
    store.on(['snapshot'], () => this.follow());
  }

  /** Adds a row at the end and goes there. */
  async add() {
    const { store } = this;
    if (!store.columns.length) return void toast('Add a column first.');
    const done = await this.changes.make('adding a row', [{ op: 'insertRows', sheet: store.sheetID, position: { at: 'end' }, rows: [{}] }], []);
    if (!done) return;
    this.awaited = done.inserted[0] ?? '';
    this.painter.reveal(Math.max(0, (store.totalRows ?? 0) - 1), this.selection.column);
    this.follow();
  }

  /** @param {'before' | 'after'} where */
  async insert(where) {
    const { store } = this, row = store.rowAt(this.selection.row);
    if (!row) return;
    const position = where === 'before' ? { before: row.id } : { after: row.id };
    const done = await this.changes.make('inserting a row', [{ op: 'insertRows', sheet: store.sheetID, position, rows: [{}] }], []);
    if (done) this.awaited = done.inserted[0] ?? '';
  }

  follow() {
    if (!this.awaited) return;
    const last = (this.store.totalRows ?? 0) - 1, rank = this.store.rankOf(this.awaited, last);
    if (rank < 0) return void (last >= 0 && this.store.rowAt(last) === undefined && this.painter.reveal(last, this.selection.column));
    this.awaited = '';
    this.selection.moveTo(rank, 0);
    this.painter.reveal(rank, 0);
    this.painter.focus();
  }

  /** Deletes the selected rows; taking it back puts rows with the same values in their place. */
  async remove() {
    const { store } = this, { top, bottom } = this.selection.range;
    try {
      const rows = await rowsOf(store, top, bottom), before = store.rowAt(top - 1);
      const label = `deleting ${counted(rows.length, 'row')}`;
      const back = [/** @type {import('../types.js').InsertRows} */ ({ op: 'insertRows', sheet: store.sheetID, position: top === 0 ? { at: 'start' } : before ? { after: before.id } : { at: 'end' }, rows: rows.map((r) => ({ ...r.cells })) })];
      const done = await this.changes.make(label, [{ op: 'deleteRows', sheet: store.sheetID, rows: rows.map((r) => r.id) }], back);
      if (!done) return;
      this.selection.rowID = '';
      this.selection.moveTo(top, this.selection.column);
      announce(`Deleted ${counted(rows.length, 'row')}`, true);
      toast(`Deleted ${counted(rows.length, 'row')}.`, { action: { label: 'Undo', run: () => void this.changes.undo() } });
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error), { problem: true });
    }
  }
}
