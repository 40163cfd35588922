// @ts-check
// A painted row and its cells, recycled. Each view remembers what it last wrote, so painting what is already there costs no DOM work.

import { displayText, isNumber } from '../wire/cell-value.js';
import { h } from '../base/dom.js';
import { count } from '../base/format.js';
import { Highlights } from './highlights.js';

/** @typedef {import('../types.js').Row} Row */
/** @typedef {import('../types.js').Column} Column */
/** @typedef {{ row: Row | undefined, column: Column, rank: number, columnRank: number, revision: number, left: number, width: number, state: import('../types.js').CellState | undefined, isDraft: boolean, selected: boolean, focused: boolean }} CellContent */

/** @type {import('../types.js').CellState} */
const committed = { state: 'committed' };
/** @type {import('../types.js').CellState} */
const empty = { state: 'empty' };
/** @type {import('../types.js').CellState} */
const loading = { state: 'loading' };

export const highlights = new Highlights();

/** The words a state is told in, beside its marker. */
const stateWords = { queued: 'queued', running: 'running', stale: 'inputs changed', failed: 'failed', skipped: 'condition not met', draft: 'saving' };

export class CellView {
  constructor() {
    this.value = h('span', { class: 'value' });
    this.element = h('div', { class: 'cell', role: 'gridcell', tabIndex: -1 }, this.value);
    /** @type {HTMLElement | null} */
    this.marker = null;
    this.rowID = '';
    this.columnID = '';
    this.columnRank = -1;
    /** @type {string | undefined} */
    this.json = undefined;
    this.revision = -1;
    this.left = -1;
    this.width = -1;
    this.state = '';
    this.reason = '';
    this.selected = false;
    this.focused = false;
    this.isNumber = false;
    this.isBoolean = false;
    /** The value slot is written at the next paint, whatever it is thought to hold. */
    this.isDoubted = false;
  }

  /** @param {CellContent} content */
  paint(content) {
    const { row, column, revision } = content;
    const element = this.element, rowID = row?.id ?? '';
    const sameCell = rowID === this.rowID && column.id === this.columnID;
    const json = row?.cells[column.id];
    const valueChanged = json !== this.json;
    if (!sameCell) highlights.forget(element);
    if (rowID !== this.rowID) {
      if (rowID) element.dataset['row'] = rowID;
      else delete element.dataset['row'];
    }
    if (column.id !== this.columnID) element.dataset['column'] = column.id;
    if (content.columnRank !== this.columnRank) element.setAttribute('aria-colindex', String(content.columnRank + 2));
    if (valueChanged || this.isDoubted) this.value.textContent = displayText(json);
    if (content.left !== this.left) element.style.left = `${content.left}px`;
    if (content.width !== this.width) element.style.width = `${content.width}px`;
    if (revision !== this.revision) element.dataset['revision'] = String(revision);
    if (sameCell && valueChanged && rowID && revision > this.revision && this.revision > 0) highlights.add(element);
    this.rowID = rowID;
    this.columnID = column.id;
    this.columnRank = content.columnRank;
    this.json = json;
    this.isDoubted = false;
    this.left = content.left;
    this.width = content.width;
    this.revision = revision;
    this.paintKind(json, column);
    this.paintState(!row ? loading : content.isDraft ? { state: 'draft' } : (content.state ?? (json === undefined ? empty : committed)));
    this.paintSelection(content);
  }

  /** @param {string | undefined} json @param {Column} column */
  paintKind(json, column) {
    const number = isNumber(json), boolean = json === 'true' || json === 'false';
    if (number !== this.isNumber) this.element.classList.toggle('number', (this.isNumber = number));
    if (boolean !== this.isBoolean) this.element.classList.toggle('boolean', (this.isBoolean = boolean));
  }

  /** @param {import('../types.js').CellState} state */
  paintState({ state, reason = '' }) {
    if (state === this.state && reason === this.reason) return;
    const element = this.element;
    element.dataset['state'] = state;
    const words = state in stateWords ? stateWords[/** @type {keyof typeof stateWords} */ (state)] : '';
    if (words) {
      const text = reason ? `${words}: ${reason}` : words;
      this.marker ??= h('span', { class: 'marker' });
      if (!this.marker.isConnected) element.append(this.marker);
      this.marker.textContent = state === 'failed' ? reason || words : state === 'skipped' || state === 'draft' ? (state === 'draft' ? 'saving\u2026' : words) : '';
      this.marker.title = text;
      element.setAttribute('aria-description', text);
    } else if (this.marker?.isConnected) {
      this.marker.remove();
      element.removeAttribute('aria-description');
    }
    this.state = state;
    this.reason = reason;
  }

  /** @param {CellContent} content */
  paintSelection({ selected, focused }) {
    if (selected !== this.selected) {
      this.selected = selected;
      if (selected) this.element.setAttribute('aria-selected', 'true');
      else this.element.removeAttribute('aria-selected');
    }
    if (focused !== this.focused) {
      this.focused = focused;
      this.element.tabIndex = focused ? 0 : -1;
      this.element.classList.toggle('focused', focused);
    }
  }

}

export class RowView {
  constructor() {
    this.header = h('div', { class: 'row-header', role: 'rowheader', 'aria-colindex': 1 });
    /** The number that is seen: in the gutter, which sticks as a whole. A sticky box in each row would make two layers of each row. */
    this.number = h('span', { class: 'row-number' });
    this.mark = h('div', { class: 'row-mark' }, h('span', { class: 'grip', title: 'Drag to move; Alt+Shift+\u2191 or \u2193' }), this.number);
    this.element = h('div', { class: 'row', role: 'row' }, this.header);
    this.rank = -1;
    this.top = -1;
    this.width = -1;
    this.isSelected = false;
    this.isBusy = false;
    /** @type {Map<number, CellView>} */
    this.cells = new Map();
    /** @type {CellView[]} */
    this.spare = [];
  }

  /** @param {number} rank @param {number} top @param {number} width @param {boolean} selected @param {boolean} busy */
  place(rank, top, width, selected, busy) {
    if (busy !== this.isBusy) {
      this.isBusy = busy;
      if (busy) this.element.setAttribute('aria-busy', 'true');
      else this.element.removeAttribute('aria-busy');
    }
    if (rank !== this.rank) {
      this.rank = rank;
      this.element.setAttribute('aria-rowindex', String(rank + 2));
      this.element.dataset['rank'] = this.mark.dataset['rank'] = String(rank);
      this.number.textContent = this.header.textContent = count(rank + 1);
    }
    if (top !== this.top) this.element.style.transform = this.mark.style.transform = `translateY(${(this.top = top)}px)`;
    if (width !== this.width) this.element.style.width = `${(this.width = width)}px`;
    if (selected !== this.isSelected) this.mark.classList.toggle('has-selection', (this.isSelected = selected));
  }

  remove() {
    this.element.remove();
    this.mark.remove();
  }

  /** Keeps the cells of these columns, reuses those of the others, and keeps all in the columns' order. @param {number[]} columns ascending */
  keep(columns) {
    for (const [column, cell] of this.cells) {
      if (columns.includes(column)) continue;
      this.cells.delete(column);
      this.spare.push(cell);
    }
    /** @type {Element | null} */
    let next = null;
    for (let i = columns.length - 1; i >= 0; i--) {
      const column = columns[i] ?? 0;
      let cell = this.cells.get(column);
      if (!cell) {
        cell = this.spare.pop() ?? new CellView();
        this.element.insertBefore(cell.element, next);
        this.cells.set(column, cell);
      }
      next = cell.element;
    }
    for (const cell of this.spare.splice(0)) cell.element.remove();
  }
}
