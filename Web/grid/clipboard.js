// @ts-check
// Copy, cut and paste, within the page and with spreadsheets. One paste is one intent and one undo.

import { announce } from '../base/announce.js';
import { counted } from '../base/format.js';
import { toast } from '../base/menu.js';
import { displayText, jsonFromTyped } from '../wire/cell-value.js';
import { loadedRows, rowsOf } from './rows.js';
import { formatTSV, parseTSV } from './tsv.js';

/** @typedef {import('../types.js').Change} Change */

export class Clipboard {
  /** @param {import('./store.js').Store} store @param {import('./selection.js').Selection} selection @param {import('./painter.js').Painter} painter @param {import('./changes.js').Changes} changes */
  constructor(store, selection, painter, changes) {
    this.store = store;
    this.selection = selection;
    this.changes = changes;
    painter.grid.addEventListener('copy', (event) => this.copy(event));
    painter.grid.addEventListener('cut', (event) => {
      this.copy(event);
      void this.clear('cut');
    });
    painter.grid.addEventListener('paste', (event) => {
      event.preventDefault();
      void this.paste(event.clipboardData?.getData('text/plain') ?? '');
    });
  }

  /** @param {ClipboardEvent} event */
  copy(event) {
    event.preventDefault();
    const range = this.selection.range, size = this.selection.size;
    const rows = loadedRows(this.store, range.top, range.bottom);
    if (rows) {
      event.clipboardData?.setData('text/plain', this.text(rows));
      announce(`Copied ${counted(size, 'cell')}`, true);
      return;
    }
    const text = rowsOf(this.store, range.top, range.bottom).then((all) => new Blob([this.text(all)], { type: 'text/plain' }));
    navigator.clipboard.write([new ClipboardItem({ 'text/plain': text })]).then(
      () => toast(`Copied ${counted(size, 'cell')}.`),
      async () => toast(await text.then(() => 'The browser refused to copy.', (error) => error.message), { problem: true }));
  }

  /** @param {import('../types.js').Row[]} rows */
  text(rows) {
    const { left, right } = this.selection.range, columns = this.store.columns.slice(left, right + 1);
    return formatTSV(rows.map((row) => columns.map((c) => displayText(row.cells[c.id]))));
  }

  /** Empties the selected cells. @param {string} [label] */
  async clear(label = 'clearing') {
    const range = this.selection.range, columns = this.store.columns.slice(range.left, range.right + 1);
    try {
      const rows = await rowsOf(this.store, range.top, range.bottom);
      /** @type {Change[]} */
      const forward = [];
      /** @type {Change[]} */
      const back = [];
      for (const row of rows) for (const column of columns) {
        const old = row.cells[column.id];
        if (old === undefined) continue;
        forward.push({ op: 'setCell', row: row.id, column: column.id, value: null });
        back.push({ op: 'setCell', row: row.id, column: column.id, value: old });
      }
      const done = await this.changes.make(`${label} of ${counted(forward.length, 'cell')}`, forward, back);
      if (done) announce(`Emptied ${counted(forward.length, 'cell')}`, true);
    } catch (error) {
      toast(String(error instanceof Error ? error.message : error), { problem: true });
    }
  }

  /** @param {string} text */
  async paste(text) {
    if (!text) return;
    const range = this.selection.range;
    let table = parseTSV(text);
    const single = table.length === 1 && table[0]?.length === 1 ? (table[0][0] ?? '') : null;
    if (single !== null && !this.selection.isSingle) {
      table = Array.from({ length: range.bottom - range.top + 1 }, () => Array.from({ length: range.right - range.left + 1 }, () => single));
    }
    const total = this.store.totalRows ?? 0, width = Math.max(...table.map((r) => r.length));
    const columns = this.store.columns.slice(range.left, range.left + width);
    if (!columns.length) return void toast('Add a column before pasting.', { problem: true });
    const inside = Math.max(0, Math.min(table.length, total - range.top));
    try {
      const rows = inside ? await rowsOf(this.store, range.top, range.top + inside - 1) : [];
      /** @type {Change[]} */
      const forward = [];
      /** @type {Change[]} */
      const back = [];
      rows.forEach((row, i) => columns.forEach((column, j) => {
        const typed = table[i]?.[j];
        if (typed === undefined) return;
        const value = jsonFromTyped(typed, column.type), old = row.cells[column.id];
        if ((value ?? undefined) === old) return;
        forward.push({ op: 'setCell', row: row.id, column: column.id, value });
        back.push({ op: 'setCell', row: row.id, column: column.id, value: old ?? null });
      }));
      const added = table.slice(inside).map((cells) => {
        /** @type {Record<string, string>} */
        const row = {};
        columns.forEach((column, j) => {
          const value = jsonFromTyped(cells[j] ?? '', column.type);
          if (value !== null) row[column.id] = value;
        });
        return row;
      });
      if (added.length) forward.push({ op: 'insertRows', sheet: this.store.sheetID, position: { at: 'end' }, rows: added });
      const done = await this.changes.make(`paste of ${counted(table.length, 'row')}`, forward, back);
      if (!done) return;
      this.selection.moveTo(range.top, range.left);
      this.selection.moveTo(Math.min(range.top + table.length, this.store.totalRows ?? 0) - 1, range.left + columns.length - 1, { extend: true });
      const lost = width - columns.length;
      const said = `Pasted ${counted(table.length, 'row')} of ${counted(columns.length, 'column')}`;
      announce(said, true);
      if (lost > 0) toast(`${said}. ${counted(lost, 'column')} to the right did not fit.`);
    } catch (error) {
      toast(String(error instanceof Error ? error.message : error), { problem: true });
    }
  }
}
