// @ts-check
// Writes the grid's DOM, and nothing else does. A paint is one pass over the whole viewport within one frame, so that what is
// seen is one snapshot (C4). It reads no layout: sizes come from observers, the scroll position from the scroll event.

import { debounced, h, setAttribute, setText } from '../base/dom.js';
import { icon, typeIcons } from '../base/icons.js';
import { ColumnGeometry, ScrollMap } from './geometry.js';
import { RowView, highlights } from './row-view.js';

/** Rows painted above and below what is seen, so that a short scroll finds them there. */
const overscan = 8;
/** Room after the last column for the button that adds one, in CSS pixels. */
const addRoom = 44;

export class Painter {
  /** @param {import('./store.js').Store} store @param {import('./selection.js').Selection} selection @param {import('./drafts.js').Drafts} drafts @param {HTMLElement} root */
  constructor(store, selection, drafts, root) {
    this.store = store;
    this.selection = selection;
    this.drafts = drafts;
    this.grid = h('div', { class: 'grid', role: 'grid', 'aria-label': 'Rows', 'aria-multiselectable': 'true' });
    this.header = h('div', { class: 'header', role: 'row', 'aria-rowindex': 1 });
    this.headGroup = h('div', { class: 'head', role: 'rowgroup' }, this.header);
    /** The rows' numbers for the eye; each row has its own for a screen reader. */
    this.gutter = h('div', { class: 'gutter', 'aria-hidden': 'true' });
    this.body = h('div', { class: 'body', role: 'rowgroup' }, this.gutter);
    this.editorLayer = h('div', { class: 'editor-layer' });
    this.corner = h('div', { class: 'corner', role: 'columnheader', 'aria-colindex': 1 }, h('span', { class: 'visually-hidden' }, 'Row number; selects everything'));
    this.header.append(this.corner);
    /** For the mouse only, at the edges of the rows; the toolbar has the same for everyone. */
    this.addColumn = h('button', { type: 'button', class: 'add-column', tabIndex: -1, 'aria-hidden': 'true', title: 'Add a column' }, icon('plus'));
    this.addRow = h('button', { type: 'button', class: 'add-row', tabIndex: -1, 'aria-hidden': 'true' }, icon('plus'), 'Add a row');
    this.header.append(this.addColumn);
    this.editorLayer.append(this.addRow);
    this.grid.append(this.headGroup, this.body, this.editorLayer);
    root.append(this.grid);
    this.scroll = new ScrollMap();
    this.columns = new ColumnGeometry([]);
    this.scrollLeft = 0;
    this.width = 0;
    this.height = 0;
    this.rowHeight = 34;
    this.headerHeight = 36;
    this.numberWidth = 64;
    this.frame = 0;
    this.paints = 0;
    /** The longest paint in ms, for measuring. */
    this.longestPaint = 0;
    this.paintTime = 0;
    /** True while rows fly by: then only what is seen is painted. */
    this.isFlying = false;
    /** @type {Map<number, RowView>} */
    this.rows = new Map();
    /** @type {RowView[]} */
    this.spare = [];
    /** @type {Map<string, HTMLElement>} */
    this.headers = new Map();
    this.holdsFocus = false;
    /** Called after a scroll or resize with the ranks seen. @type {() => void} */
    this.onViewport = () => {};
    /** Called with each paint, to place the editor. @type {() => void} */
    this.onPaint = () => {};
    this.listen(root);
  }

  /** @param {HTMLElement} root */
  listen(root) {
    const landed = debounced(() => {
      this.isFlying = false;
      this.schedule();
    }, 120);
    this.grid.addEventListener('scroll', () => {
      this.scrollLeft = this.grid.scrollLeft;
      const before = this.scroll.top;
      this.scroll.scrolled(this.grid.scrollTop);
      this.isFlying = Math.abs(this.scroll.top - before) > this.height;
      if (this.isFlying) landed();
      this.onViewport();
      this.paint();
    }, { passive: true });
    new ResizeObserver(([entry]) => {
      if (!entry) return;
      const width = this.width, room = width - this.numberWidth, left = this.columns.start(this.selection.column), right = left + this.columns.width(this.selection.column);
      const wasSeen = left >= this.scrollLeft && right <= this.scrollLeft + room;
      this.width = entry.contentRect.width;
      this.height = entry.contentRect.height;
      this.measure();
      // A panel beside the grid does not hide the column that is looked at.
      if (wasSeen && this.width < width) this.revealColumn(this.selection.column);
      this.onViewport();
      this.schedule();
    }).observe(root);
    this.grid.addEventListener('focusin', () => (this.holdsFocus = true));
    this.grid.addEventListener('focusout', (event) => {
      if (event.relatedTarget) this.holdsFocus = this.grid.contains(/** @type {Node} */ (event.relatedTarget));
    });
    const store = this.store;
    store.on(['grid', 'sheet', 'widths'], () => this.measureColumns());
    store.on(['grid', 'sheet', 'view', 'snapshot', 'advance', 'selection', 'drafts', 'connection'], () => this.schedule());
  }

  measure() {
    const style = getComputedStyle(this.grid);
    this.rowHeight = parseFloat(style.getPropertyValue('--row')) || 34;
    this.headerHeight = parseFloat(style.getPropertyValue('--head')) || 36;
    this.numberWidth = parseFloat(style.getPropertyValue('--number')) || 64;
    this.measureColumns();
  }

  measureColumns() {
    this.columns = new ColumnGeometry(this.store.columns.map((c) => this.store.widthOf(c)));
    this.schedule();
  }

  schedule() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  /** Ranks of the rows seen. */
  get seen() {
    const total = this.store.totalRows ?? 0, body = this.height - this.headerHeight;
    const first = Math.max(0, Math.floor(this.scroll.top / this.rowHeight));
    return { first, last: Math.max(first, Math.min(total - 1, Math.floor((this.scroll.top + body - 1) / this.rowHeight))) };
  }

  /** Ranks of the columns seen. */
  get seenColumns() {
    return { first: this.columns.at(this.scrollLeft), last: this.columns.at(this.scrollLeft + Math.max(0, this.width - this.numberWidth)) };
  }

  paint() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const started = performance.now();
    const store = this.store, total = store.totalRows ?? 0;
    this.scroll.resize((total + 1) * this.rowHeight, this.height - this.headerHeight);
    this.paintFrame(total);
    const seen = this.seen, seenColumns = this.seenColumns;
    const columns = this.span(seenColumns.first, seenColumns.last, this.selection.column, this.columns.count);
    this.paintHeader(columns);
    const around = this.isFlying ? 0 : overscan, rows = this.span(seen.first - around, seen.last + around, this.selection.row, total);
    this.recycle(rows);
    for (const rank of rows) this.paintRow(rank, columns);
    highlights.show();
    this.onPaint();
    this.keepFocus();
    this.paints++;
    const took = performance.now() - started;
    this.paintTime += took;
    this.longestPaint = Math.max(this.longestPaint, took);
  }

  /** What is painted turned out not to be what was committed: the next paint writes every value slot again. */
  doubt() {
    for (const row of this.rows.values()) for (const cell of row.cells.values()) cell.isDoubted = true;
    this.schedule();
  }

  /** True when nothing is about to be painted and no rows fly by. */
  get isStill() {
    return this.frame === 0 && !this.isFlying;
  }

  /** Ranks from first to last, and the pinned one. @param {number} first @param {number} last @param {number} pinned @param {number} count */
  span(first, last, pinned, count) {
    const ranks = [];
    for (let i = Math.max(0, first); i <= Math.min(last, count - 1); i++) ranks.push(i);
    if (pinned < count && pinned < first) ranks.unshift(pinned);
    else if (pinned < count && pinned > last) ranks.push(pinned);
    return ranks;
  }

  /** @param {number} total */
  paintFrame(total) {
    const { store, grid } = this;
    this.paintEdges(total);
    if (this.body.style.height !== `${this.scroll.canvas}px`) this.body.style.height = `${this.scroll.canvas}px`;
    this.widen();
    setAttribute(grid, 'data-grid', store.grid?.id ?? '');
    setAttribute(grid, 'data-sheet', store.sheetID);
    setAttribute(grid, 'data-revision', String(store.revision));
    setAttribute(grid, 'data-connection', store.connection);
    setAttribute(grid, 'aria-rowcount', String(store.totalRows === null ? -1 : total + 1));
    setAttribute(grid, 'aria-colcount', String(this.columns.count + 1));
    setAttribute(grid, 'aria-busy', store.totalRows === null || store.isReading ? 'true' : 'false');
  }

  /** @param {number} total */
  paintEdges(total) {
    const left = `${this.numberWidth + this.columns.total}px`, top = `translateY(${this.scroll.canvas - this.rowHeight}px)`;
    if (this.addColumn.style.left !== left) this.addColumn.style.left = left;
    if (this.addRow.style.transform !== top) this.addRow.style.transform = top;
    this.addColumn.hidden = this.columns.count === 0;
    this.addRow.hidden = total === 0 || this.store.view.filter.length > 0 || this.store.find !== '';
  }

  /** @param {number[]} columns */
  paintHeader(columns) {
    const { store } = this, range = this.selection.range;
    const wanted = new Set();
    /** @type {Element} */
    let before = this.corner;
    for (const rank of columns) {
      const column = store.columns[rank];
      if (!column) continue;
      wanted.add(column.id);
      let element = this.headers.get(column.id);
      if (!element) {
        element = this.makeHeader();
        element.dataset['header'] = column.id;
        this.headers.set(column.id, element);
      }
      if (before.nextElementSibling !== element) before.after(element);
      before = element;
      const sort = store.view.sort.find((s) => s.column === column.id);
      setAttribute(element, 'aria-colindex', String(rank + 2));
      setAttribute(element, 'aria-sort', sort ? sort.direction : 'none');
      setAttribute(element, 'data-type', column.type);
      setAttribute(element, 'data-filtered', store.view.filter.some((f) => f.column === column.id) ? 'yes' : null);
      setAttribute(element, 'data-agent', column.agent ? 'yes' : null);
      element.classList.toggle('has-selection', rank >= range.left && rank <= range.right);
      const left = `${this.numberWidth + this.columns.start(rank)}px`, width = `${this.columns.width(rank)}px`;
      if (element.style.left !== left) element.style.left = left;
      if (element.style.width !== width) element.style.width = width;
      const [typeSlot, name] = element.children;
      if (name) setText(name, column.name);
      const type = column.agent ? 'spark' : (typeIcons[column.type] ?? 'text');
      if (typeSlot instanceof HTMLElement && typeSlot.dataset['icon'] !== type) {
        typeSlot.dataset['icon'] = type;
        typeSlot.replaceChildren(icon(type));
      }
      setAttribute(element, 'title', column.agent ? `${column.name}: filled by an agent` : column.name);
    }
    for (const [id, element] of this.headers) {
      if (wanted.has(id)) continue;
      element.remove();
      this.headers.delete(id);
    }
  }

  makeHeader() {
    return h('div', { class: 'column-header', role: 'columnheader', tabIndex: -1 },
      h('span', { class: 'type' }), h('span', { class: 'name' }), h('span', { class: 'direction', 'aria-hidden': 'true' }),
      h('button', { type: 'button', class: 'column-menu', tabIndex: -1, 'aria-label': 'Column menu' }, icon('chevronDown')),
      h('span', { class: 'resizer', 'aria-hidden': 'true' }));
  }

  /** Gives back the rows that are no longer wanted, and takes views for the new ones. @param {number[]} ranks */
  recycle(ranks) {
    const wanted = new Set(ranks);
    for (const [rank, view] of this.rows) {
      if (wanted.has(rank)) continue;
      this.rows.delete(rank);
      this.spare.push(view);
    }
    /** @type {Element | null} */
    let next = null;
    for (let i = ranks.length - 1; i >= 0; i--) {
      const rank = ranks[i] ?? 0;
      let view = this.rows.get(rank);
      if (!view) {
        view = this.spare.pop() ?? new RowView();
        this.body.insertBefore(view.element, next);
        if (!view.mark.isConnected) this.gutter.append(view.mark);
        this.rows.set(rank, view);
      }
      next = view.element;
    }
    for (const view of this.spare.splice(0)) view.remove();
  }

  /** @param {number} rank @param {number[]} columns */
  paintRow(rank, columns) {
    const view = this.rows.get(rank);
    if (!view) return;
    const { store, selection } = this, row = store.rowAt(rank), range = selection.range;
    const revision = row ? store.revisionAt(rank) : 0, inRows = rank >= range.top && rank <= range.bottom;
    view.place(rank, rank * this.rowHeight + this.scroll.shift, this.numberWidth + this.columns.total, inRows, row === undefined);
    view.keep(columns);
    for (const columnRank of columns) {
      const column = store.columns[columnRank], cell = view.cells.get(columnRank);
      if (!column || !cell) continue;
      cell.paint({
        row: store.holdsColumn(columnRank) ? row : undefined, column, rank, columnRank, revision,
        left: this.numberWidth + this.columns.start(columnRank), width: this.columns.width(columnRank),
        state: row?.states[column.id], isDraft: row !== undefined && this.drafts.has(row.id, column.id),
        selected: inRows && columnRank >= range.left && columnRank <= range.right && !selection.isSingle,
        focused: rank === selection.row && columnRank === selection.column,
      });
    }
  }

  /** The focused cell's element keeps the keyboard when its row was painted elsewhere. */
  keepFocus() {
    if (!this.holdsFocus || this.editorLayer.contains(document.activeElement)) return;
    const active = document.activeElement;
    if (active && active !== document.body && !this.grid.contains(active)) return;
    if (active?.closest('.column-header')) return;
    const element = this.focusedCell?.element;
    if (element && element !== active) element.focus({ preventScroll: true });
  }

  get focusedCell() {
    return this.rows.get(this.selection.row)?.cells.get(this.selection.column);
  }

  /** Brings the focused cell to the keyboard. */
  focus() {
    this.holdsFocus = true;
    this.paint();
    this.focusedCell?.element.focus({ preventScroll: true });
  }

  /** Scrolls as little as needed to show a cell. @param {number} rank @param {number} columnRank @param {'nearest' | 'start'} [where] */
  reveal(rank, columnRank, where = 'nearest') {
    const top = rank * this.rowHeight, body = this.height - this.headerHeight;
    this.scroll.resize(((this.store.totalRows ?? 0) + 1) * this.rowHeight, body);
    if (where === 'start' || top < this.scroll.top) this.scrollTo(top);
    else if (top + this.rowHeight > this.scroll.top + body) this.scrollTo(top + this.rowHeight - body);
    this.revealColumn(columnRank);
  }

  /** The canvas is as wide as the columns. */
  widen() {
    const width = `${this.numberWidth + this.columns.total + addRoom}px`;
    if (this.body.style.width !== width) this.body.style.width = this.header.style.width = width;
  }

  /** @param {number} columnRank */
  revealColumn(columnRank) {
    // A column that has just come lies beyond what was painted so far, and nobody can scroll there.
    this.widen();
    const left = this.columns.start(columnRank), width = this.columns.width(columnRank), room = this.width - this.numberWidth;
    if (left < this.scrollLeft) this.grid.scrollLeft = this.scrollLeft = left;
    else if (left + width > this.scrollLeft + room) this.grid.scrollLeft = this.scrollLeft = Math.min(left, left + width - room);
  }

  /** @param {number} top a place among the rows, in pixels */
  scrollTo(top) {
    const height = `${this.scroll.canvas}px`;
    if (this.body.style.height !== height) this.body.style.height = height;
    this.grid.scrollTop = this.scroll.scrollFor(top);
    if (!this.scroll.isScaled) this.scroll.scrolled(this.grid.scrollTop);
    this.onViewport();
    this.schedule();
  }

  /** The cell under an event, by rank. @param {Event} event @returns {{ rank: number, column: number } | null} */
  cellOf(event) {
    const target = /** @type {Element} */ (event.target), row = target.closest?.('.row'), cell = target.closest?.('.cell');
    if (!(row instanceof HTMLElement) || !(cell instanceof HTMLElement)) return null;
    return { rank: Number(row.dataset['rank']), column: Number(cell.getAttribute('aria-colindex')) - 2 };
  }

  /** Where a cell lies in the body, in pixels. @param {number} rank @param {number} columnRank */
  boxOf(rank, columnRank) {
    return {
      top: rank * this.rowHeight + this.scroll.shift, left: this.numberWidth + this.columns.start(columnRank),
      width: this.columns.width(columnRank), height: this.rowHeight,
    };
  }
}
