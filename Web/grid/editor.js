// @ts-check
// The editor of one cell: a text box over it, in the editor layer. The value slot beneath keeps the saved value. Undo inside it is the box's own.

import { h } from '../base/dom.js';
import { displayText, jsonFromTyped } from '../wire/cell-value.js';

const fitsItself = CSS.supports('field-sizing', 'content');

export class Editor {
  /** @param {import('./store.js').Store} store @param {import('./selection.js').Selection} selection @param {import('./painter.js').Painter} painter @param {import('./changes.js').Changes} changes */
  constructor(store, selection, painter, changes) {
    this.store = store;
    this.selection = selection;
    this.painter = painter;
    this.changes = changes;
    this.box = h('textarea', { class: 'editor', rows: 1, spellcheck: false, autocomplete: 'off', 'aria-label': 'Edit cell' });
    this.box.hidden = true;
    painter.editorLayer.append(this.box);
    /** The cell being edited, by id; its rank may change while it is. @type {{ row: string, column: string, rank: number, json: string | undefined, revision: number } | null} */
    this.cell = null;
    /** Moves the selection after a commit. @type {(rows: number, columns: number) => void} */
    this.onMove = () => {};
    this.box.addEventListener('keydown', (event) => this.keydown(event));
    this.box.addEventListener('input', () => this.fit());
    this.box.addEventListener('blur', () => this.cell && this.commit());
    for (const name of ['copy', 'cut', 'paste', 'pointerdown', 'dblclick']) this.box.addEventListener(name, (event) => event.stopPropagation());
  }

  get isOpen() {
    return this.cell !== null;
  }

  /** Opens on the focused cell, with its value or with what was just typed. @param {string} [typed] */
  open(typed) {
    const row = this.store.rowAt(this.selection.row), column = this.store.columns[this.selection.column];
    if (!row || !column) return;
    this.painter.reveal(this.selection.row, this.selection.column);
    const json = this.changes.drafts.seen(row.id, column.id, row.cells[column.id]);
    this.cell = { row: row.id, column: column.id, rank: this.selection.row, json, revision: this.store.revision };
    this.box.value = typed ?? displayText(json);
    this.box.inputMode = column.type === 'number' ? 'decimal' : 'text';
    this.box.setAttribute('aria-label', `${column.name}, row ${this.selection.row + 1}`);
    this.box.classList.toggle('number', column.type === 'number');
    this.box.hidden = false;
    this.place();
    this.box.focus({ preventScroll: true });
    if (typed === undefined) this.box.select();
    else this.box.setSelectionRange(typed.length, typed.length);
    this.fit();
  }

  /** Keeps the box over its cell; called with each paint. */
  place() {
    if (!this.cell) return;
    const rank = this.store.rankOf(this.cell.row, this.cell.rank), column = this.store.columns.findIndex((c) => c.id === this.cell?.column);
    if (rank >= 0) this.cell.rank = rank;
    if (column < 0) return;
    const box = this.painter.boxOf(this.cell.rank, column), style = this.box.style;
    style.transform = `translate(${box.left}px, ${box.top}px)`;
    style.minWidth = `${box.width}px`;
    style.minHeight = `${box.height}px`;
  }

  /** Grows with what is typed; by itself where the browser knows how, without a layout in between. */
  fit() {
    if (fitsItself) return;
    const style = this.box.style;
    style.width = style.height = '0px';
    const { scrollWidth, scrollHeight } = this.box;
    style.width = `${Math.min(Math.max(scrollWidth + 4, 0), 480, Math.max(160, this.painter.width - 80))}px`;
    style.height = `${Math.min(Math.max(scrollHeight + 2, 0), 240)}px`;
  }

  /** @param {KeyboardEvent} event */
  keydown(event) {
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === 'Escape') {
      event.preventDefault();
      this.cancel();
    } else if (event.key === 'Enter' && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      this.commit();
      this.onMove(1, 0);
    } else if (event.key === 'Enter' && event.altKey) {
      event.preventDefault();
      this.box.setRangeText('\n', this.box.selectionStart, this.box.selectionEnd, 'end');
      this.fit();
    } else if (event.key === 'Tab') {
      event.preventDefault();
      this.commit();
      this.onMove(0, event.shiftKey ? -1 : 1);
    }
  }

  /** What the person saw when the editor opened is not of this history any more: the change will be one to be confirmed. */
  forgetRevision() {
    if (this.cell) this.cell.revision = 0;
  }

  cancel() {
    this.close();
    this.painter.focus();
  }

  close() {
    this.cell = null;
    this.box.hidden = true;
  }

  /** Sends the change when the value is another one. A cell changed by others meanwhile is not overwritten: the change is refused and the draft kept. */
  commit() {
    const cell = this.cell;
    if (!cell) return;
    const hadFocus = document.activeElement === this.box;
    const column = this.store.column(cell.column);
    this.close();
    if (hadFocus) this.painter.focus();
    if (!column || this.box.value === displayText(cell.json)) return;
    const value = jsonFromTyped(this.box.value, column.type);
    if ((value ?? undefined) === cell.json) return;
    void this.changes.make(`edit of ${column.name}`,
      [{ op: 'setCell', row: cell.row, column: cell.column, value, ifRevision: cell.revision }],
      [{ op: 'setCell', row: cell.row, column: cell.column, value: cell.json ?? null }]);
  }
}
