// @ts-check
// The keyboard of the grid: the W3C grid pattern, and what spreadsheets taught people.

import { announce } from '../base/announce.js';
import { counted } from '../base/format.js';
import { displayText } from '../wire/cell-value.js';

/**
 * @typedef {object} Commands what the keyboard reaches beyond the grid
 * @property {() => void} goToRow
 * @property {() => void} find
 * @property {() => void} runSelection
 * @property {() => void} showReason
 * @property {(anchor: Element, column: string) => void} columnMenu
 * @property {(at: { x: number, y: number }) => void} cellMenu
 * @property {(column: string, extend: boolean) => void} sortBy
 * @property {(rows: number, columns: number) => void} move moves the selected rows or columns
 */

export class Keyboard {
  /**
   * @param {import('./store.js').Store} store @param {import('./selection.js').Selection} selection @param {import('./painter.js').Painter} painter
   * @param {import('./editor.js').Editor} editor @param {import('./changes.js').Changes} changes @param {import('./clipboard.js').Clipboard} clipboard @param {Commands} commands
   */
  constructor(store, selection, painter, editor, changes, clipboard, commands) {
    Object.assign(this, { store, selection, painter, editor, changes, clipboard, commands });
    this.store = store;
    this.selection = selection;
    this.painter = painter;
    this.editor = editor;
    this.changes = changes;
    this.clipboard = clipboard;
    this.commands = commands;
    painter.grid.addEventListener('keydown', (event) => this.keydown(event));
    editor.onMove = (rows, columns) => this.move(rows, columns, false);
  }

  /** @param {number} rows @param {number} columns @param {boolean} extend */
  move(rows, columns, extend) {
    const s = this.selection;
    this.go(s.row + rows, s.column + columns, extend);
  }

  /** @param {number} row @param {number} column @param {boolean} extend */
  go(row, column, extend) {
    this.selection.moveTo(row, column, { extend });
    this.painter.reveal(this.selection.row, this.selection.column);
    this.painter.focus();
    if (extend) announce(`${counted(this.selection.size, 'cell')} selected`);
  }

  get pageRows() {
    const seen = this.painter.seen;
    return Math.max(1, seen.last - seen.first);
  }

  /** @param {KeyboardEvent} event */
  keydown(event) {
    if (event.isComposing || event.target === this.editor.box) return;
    const header = /** @type {Element} */ (event.target).closest('.column-header');
    if (header instanceof HTMLElement) return this.headerKey(event, header);
    if (/** @type {Element} */ (event.target).closest('button')) return;
    if (this.moveKey(event)) return event.preventDefault();
    const control = event.ctrlKey || event.metaKey;
    const handled = control ? this.controlKey(event) : this.plainKey(event);
    if (handled) event.preventDefault();
  }

  /** Alt+Shift and an arrow moves rows and columns. @param {KeyboardEvent} event */
  moveKey(event) {
    if (!event.altKey || !event.shiftKey || event.ctrlKey || event.metaKey) return false;
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (by) this.commands.move(by[0] ?? 0, by[1] ?? 0);
    return by !== undefined;
  }

  /** @param {KeyboardEvent} event */
  plainKey(event) {
    const s = this.selection, shift = event.shiftKey;
    switch (event.key) {
      case 'ArrowUp':
        if (s.row === 0 && !shift) return this.focusHeader();
        this.move(-1, 0, shift);
        return true;
      case 'ArrowDown': this.move(1, 0, shift); return true;
      case 'ArrowLeft': this.move(0, -1, shift); return true;
      case 'ArrowRight': this.move(0, 1, shift); return true;
      case 'Home': this.go(s.row, 0, shift); return true;
      case 'End': this.go(s.row, s.lastColumn, shift); return true;
      case 'PageUp': this.move(-this.pageRows, 0, shift); return true;
      case 'PageDown': this.move(this.pageRows, 0, shift); return true;
      case 'Enter':
        if (this.focusedState === 'failed') this.commands.showReason();
        else this.editor.open();
        return true;
      case 'F2': this.editor.open(); return true;
      case 'Delete': case 'Backspace': void this.clipboard.clear(); return true;
      case 'Escape': s.moveTo(s.row, s.column); return true;
      case 'ContextMenu': this.menu(); return true;
      case 'F10':
        if (!shift) return false;
        this.menu();
        return true;
      case ' ':
        if (shift) {
          s.anchorColumn = 0;
          s.moveTo(s.row, s.column, { extend: true, kind: 'rows' });
          return true;
        }
        return this.toggleOrType(' ');
      default:
        if (event.key.length !== 1 || event.altKey) return false;
        this.editor.open(event.key);
        return true;
    }
  }

  /** @param {KeyboardEvent} event */
  controlKey(event) {
    const s = this.selection, shift = event.shiftKey;
    switch (event.key) {
      case 'Home': this.go(0, 0, shift); return true;
      case 'End': this.go(s.lastRow, s.lastColumn, shift); return true;
      case 'ArrowUp': this.go(0, s.column, shift); return true;
      case 'ArrowDown': this.go(s.lastRow, s.column, shift); return true;
      case 'ArrowLeft': this.go(s.row, 0, shift); return true;
      case 'ArrowRight': this.go(s.row, s.lastColumn, shift); return true;
      case ' ': s.moveTo(s.row, s.column, { extend: true, kind: 'columns' }); return true;
      case 'Enter': this.commands.runSelection(); return true;
    }
    switch (event.key.toLowerCase()) {
      case 'a': s.selectAll(); announce(`${counted(s.size, 'cell')} selected`, true); return true;
      case 'z': void (shift ? this.changes.redo() : this.changes.undo()); return true;
      case 'y': void this.changes.redo(); return true;
      case 'g': this.commands.goToRow(); return true;
      case 'f': this.commands.find(); return true;
      case 'x': case 'c': case 'v': return false;
      default: return false;
    }
  }

  get focusedState() {
    const id = this.store.columns[this.selection.column]?.id;
    return id ? this.store.rowAt(this.selection.row)?.states[id]?.state : undefined;
  }

  /** Space answers a yes/no cell; elsewhere it begins typing. @param {string} typed */
  toggleOrType(typed) {
    const column = this.store.columns[this.selection.column], row = this.store.rowAt(this.selection.row);
    if (column?.type !== 'boolean' || !row) {
      this.editor.open(typed);
      return true;
    }
    const old = this.changes.drafts.seen(row.id, column.id, row.cells[column.id]);
    void this.changes.make(`edit of ${column.name}`,
      [{ op: 'setCell', row: row.id, column: column.id, value: displayText(old) === 'true' ? 'false' : 'true', ifRevision: this.store.revision }],
      [{ op: 'setCell', row: row.id, column: column.id, value: old ?? null }]);
    return true;
  }

  menu() {
    const box = this.painter.focusedCell?.element.getBoundingClientRect();
    if (box) this.commands.cellMenu({ x: box.left, y: box.bottom });
  }

  /** The arrow up from the first row reaches the column's header. */
  focusHeader() {
    const id = this.store.columns[this.selection.column]?.id;
    const header = id && this.painter.headers.get(id);
    if (!header) return false;
    header.focus({ preventScroll: true });
    return true;
  }

  /** @param {KeyboardEvent} event @param {HTMLElement} header */
  headerKey(event, header) {
    const id = header.dataset['header'] ?? '', rank = this.store.columns.findIndex((c) => c.id === id);
    if (/** @type {Element} */ (event.target).closest('input')) return;
    /** @param {number} to */
    const focus = (to) => {
      const column = this.store.columns[to];
      if (!column) return;
      this.selection.moveTo(this.selection.row, to);
      this.painter.reveal(this.selection.row, to);
      this.painter.paint();
      this.painter.headers.get(column.id)?.focus({ preventScroll: true });
    };
    if (event.altKey && event.shiftKey && (event.key === 'ArrowLeft' || event.key === 'ArrowRight')) {
      this.selection.moveTo(this.selection.row, rank);
      this.commands.move(0, event.key === 'ArrowLeft' ? -1 : 1);
    } else if (event.key === 'ArrowDown' && !event.altKey) this.go(this.painter.seen.first, rank, false);
    else if (event.key === 'ArrowLeft') focus(rank - 1);
    else if (event.key === 'ArrowRight') focus(rank + 1);
    else if (event.key === 'Home') focus(0);
    else if (event.key === 'End') focus(this.selection.lastColumn);
    else if (event.key === 'Enter') this.commands.sortBy(id, event.shiftKey);
    else if (event.key === ' ' || event.key === 'ContextMenu' || (event.key === 'ArrowDown' && event.altKey) || (event.key === 'F10' && event.shiftKey)) this.commands.columnMenu(header, id);
    else return;
    event.preventDefault();
  }
}
