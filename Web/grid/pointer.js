// @ts-check
// Mouse and touch on the grid: selecting, editing, resizing and moving columns, menus.

import { api } from '../wire/api.js';

export class Pointer {
  /**
   * @param {import('./store.js').Store} store @param {import('./selection.js').Selection} selection @param {import('./painter.js').Painter} painter
   * @param {import('./editor.js').Editor} editor @param {import('./reorder.js').Reorder} reorder @param {import('./keyboard.js').Commands} commands
   */
  constructor(store, selection, painter, editor, reorder, commands) {
    this.store = store;
    this.selection = selection;
    this.painter = painter;
    this.editor = editor;
    this.reorder = reorder;
    this.commands = commands;
    const grid = painter.grid;
    grid.addEventListener('pointerdown', (event) => this.down(event));
    grid.addEventListener('dblclick', (event) => painter.cellOf(event) && editor.open());
    grid.addEventListener('contextmenu', (event) => this.context(event));
    grid.addEventListener('click', (event) => this.click(event));
    /** A touch selects on the first tap and edits on the second. */
    this.tapped = '';
  }

  /** @param {PointerEvent} event */
  down(event) {
    const target = /** @type {Element} */ (event.target);
    if (target.closest('.editor-layer') || event.button > 0) return;
    if (target.closest('.resizer')) return this.resize(event, /** @type {HTMLElement} */ (target.closest('.column-header')));
    if (event.pointerType === 'touch') return;
    const columnHeader = target.closest('.column-header');
    if (columnHeader instanceof HTMLElement && !target.closest('button')) return this.reorder.dragColumn(event, columnHeader.dataset['header'] ?? '');
    const header = target.closest('.row-mark');
    const row = Number(/** @type {HTMLElement | null} */ (target.closest('[data-rank]'))?.dataset['rank'] ?? NaN);
    if (target.closest('.grip') && !Number.isNaN(row)) return this.reorder.dragRows(event, row);
    if (header && !Number.isNaN(row)) return this.drag(event, row, this.selection.column, 'rows');
    const cell = this.painter.cellOf(event);
    if (cell) this.drag(event, cell.rank, cell.column, 'cells');
  }

  /** @param {PointerEvent} event @param {number} row @param {number} column @param {'cells' | 'rows'} kind */
  drag(event, row, column, kind) {
    event.preventDefault();
    if (this.editor.isOpen) this.editor.commit();
    if (event.shiftKey) this.selection.moveTo(row, column, { extend: true, kind });
    else this.selection.moveTo(row, column, { kind });
    this.painter.focus();
    const grid = this.painter.grid;
    /** @param {PointerEvent} move */
    const moved = (move) => {
      const under = document.elementFromPoint(move.clientX, move.clientY);
      const at = under && this.painter.cellOf(/** @type {any} */ ({ target: under }));
      const rank = at?.rank ?? Number(/** @type {HTMLElement | null | undefined} */ (under?.closest('[data-rank]'))?.dataset['rank'] ?? NaN);
      if (Number.isNaN(rank) || (rank === this.selection.row && (at?.column ?? column) === this.selection.column)) return;
      this.selection.moveTo(rank, at?.column ?? this.selection.column, { extend: true, kind });
    };
    const done = () => {
      grid.removeEventListener('pointermove', moved);
      removeEventListener('pointerup', done);
    };
    grid.addEventListener('pointermove', moved);
    addEventListener('pointerup', done);
  }

  /** @param {MouseEvent} event */
  click(event) {
    const target = /** @type {Element} */ (event.target);
    if (target.closest('.corner')) {
      this.selection.selectAll();
      return this.painter.focus();
    }
    const header = target.closest('.column-header');
    if (header instanceof HTMLElement) {
      const id = header.dataset['header'] ?? '';
      const button = target.closest('.column-menu');
      if (button) return this.commands.columnMenu(button, id);
      const rank = this.store.columns.findIndex((c) => c.id === id);
      this.selection.moveTo(event.shiftKey ? this.selection.row : 0, rank, { extend: event.shiftKey, kind: 'columns' });
      this.selection.anchorRow = 0;
      return this.painter.focus();
    }
    const cell = this.painter.cellOf(event);
    if (!cell || /** @type {PointerEvent} */ (event).pointerType !== 'touch') {
      if (cell && target.closest('.marker') && this.store.rowAt(cell.rank)) this.commands.showReason();
      return;
    }
    const key = `${cell.rank} ${cell.column}`;
    this.selection.moveTo(cell.rank, cell.column);
    this.painter.focus();
    if (this.tapped === key) this.editor.open();
    this.tapped = key;
  }

  /** @param {MouseEvent} event */
  context(event) {
    const cell = this.painter.cellOf(event), header = /** @type {Element} */ (event.target).closest('.column-header');
    if (header instanceof HTMLElement) {
      event.preventDefault();
      return this.commands.columnMenu(header, header.dataset['header'] ?? '');
    }
    if (!cell) return;
    event.preventDefault();
    if (!this.selection.contains(cell.rank, cell.column)) this.selection.moveTo(cell.rank, cell.column);
    this.painter.focus();
    this.commands.cellMenu({ x: event.clientX, y: event.clientY });
  }

  /** @param {PointerEvent} event @param {HTMLElement} header */
  resize(event, header) {
    event.preventDefault();
    event.stopPropagation();
    const id = header.dataset['header'] ?? '', column = this.store.column(id);
    if (!column) return;
    const from = event.clientX, width = this.store.widthOf(column);
    /** @param {PointerEvent} move */
    const moved = (move) => {
      this.store.widths.set(id, Math.max(56, Math.min(1200, Math.round(width + move.clientX - from))));
      this.painter.measureColumns();
    };
    const done = () => {
      removeEventListener('pointermove', moved);
      const now = this.store.widths.get(id);
      if (now && now !== width) void api.changeColumn(this.store.grid?.id ?? '', this.store.sheetID, id, { width: now }).catch(() => {});
    };
    addEventListener('pointermove', moved);
    addEventListener('pointerup', done, { once: true });
  }
}
