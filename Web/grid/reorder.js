// @ts-check
// Moving rows and columns: by dragging a row's grip or a column's header, or by Alt+Shift and an arrow. What is moved is known by id, and
// while a hand holds it no snapshot that moves rows in view is painted (C10).

import { announce } from '../base/announce.js';
import { counted } from '../base/format.js';
import { h } from '../base/dom.js';
import { toast } from '../base/menu.js';
import { isWhole } from './store.js';
import { rowsOf } from './rows.js';

/** Pixels that a pressed header moves before it is dragged rather than selected. */
const dragAfter = 6;
/** Pixels from the edge within which dragging scrolls, and how far a frame. */
const edge = 36, stride = 14;

export class Reorder {
  /** @param {import('./store.js').Store} store @param {import('./selection.js').Selection} selection @param {import('./painter.js').Painter} painter @param {import('./changes.js').Changes} changes @param {import('../columns/column-deeds.js').ColumnDeeds} columns @param {import('./place-keeper.js').PlaceKeeper} places */
  constructor(store, selection, painter, changes, columns, places) {
    this.store = store;
    this.selection = selection;
    this.painter = painter;
    this.changes = changes;
    this.columns = columns;
    this.places = places;
    this.line = h('div', { class: 'drop-line', 'aria-hidden': 'true' });
    this.line.hidden = true;
    painter.editorLayer.append(this.line);
    /** Steps asked for by keys while one is under way. */
    this.steps = 0;
    this.isStepping = false;
  }

  /** Rows keep the order of a sort, and neighbours that a filter hides cannot be named: then rows are not moved. */
  get canMoveRows() {
    if (isWhole(this.store.effectiveView)) return true;
    toast(this.store.view.sort.length ? 'The rows are in the order of the sort. Remove it to move rows by hand.' : 'Some rows are hidden. Show all to move rows by hand.');
    return false;
  }

  /** The rows to move with a row: those selected when it is one of them. @param {number} rank @returns {[number, number]} */
  rowsWith(rank) {
    const { top, bottom } = this.selection.range;
    return rank >= top && rank <= bottom && (this.selection.kind === 'rows' || this.selection.isSingle) ? [top, bottom] : [rank, rank];
  }

  /** A row's grip is pressed. @param {PointerEvent} event @param {number} rank */
  dragRows(event, rank) {
    event.preventDefault();
    if (!this.canMoveRows) return;
    const { painter, selection } = this, [top, bottom] = this.rowsWith(rank);
    if (top === bottom) selection.moveTo(rank, selection.column, { kind: 'rows' });
    painter.focus();
    const ids = this.idsOf(top, bottom);
    let target = -1;
    this.drag(event, {
      moved: ({ clientY }) => {
        const y = painter.scroll.top + clientY - painter.grid.getBoundingClientRect().top - painter.headerHeight;
        target = Math.max(0, Math.min(Math.round(y / painter.rowHeight), this.store.totalRows ?? 0));
        const style = this.line.style;
        style.transform = `translate(${painter.scrollLeft}px, ${target * painter.rowHeight + painter.scroll.shift - 1}px)`;
        style.width = `${Math.min(painter.width, painter.numberWidth + painter.columns.total)}px`;
        style.height = '2px';
      },
      dropped: () => void (target >= 0 && this.moveRows(ids, top, bottom, target)),
    });
  }

  /** A column's header is pressed: a click selects it, a drag moves it. @param {PointerEvent} event @param {string} id */
  dragColumn(event, id) {
    const { painter } = this, from = event.clientX;
    let isDragging = false, target = -1;
    this.drag(event, {
      moved: ({ clientX }) => {
        if (!isDragging && Math.abs(clientX - from) < dragAfter) return false;
        isDragging = true;
        const x = painter.scrollLeft + clientX - painter.grid.getBoundingClientRect().left - painter.numberWidth, at = painter.columns.at(Math.max(0, x));
        target = x > painter.columns.start(at) + painter.columns.width(at) / 2 ? at + 1 : at;
        const style = this.line.style;
        style.transform = `translate(${painter.numberWidth + painter.columns.start(target) - 1}px, ${painter.scroll.scrollTop}px)`;
        style.width = '2px';
        style.height = `${painter.height - painter.headerHeight}px`;
        painter.headers.get(id)?.classList.add('dragging');
      },
      dropped: () => {
        painter.headers.get(id)?.classList.remove('dragging');
        if (!isDragging) return;
        // The click that ends a drag selects nothing.
        const click = new AbortController();
        painter.grid.addEventListener('click', (event) => event.stopImmediatePropagation(), { capture: true, signal: click.signal });
        setTimeout(() => click.abort(), 0);
        const before = this.store.columns[target];
        if (target >= 0 && before?.id !== id) void this.columns.move(id, before ? { before: before.id } : { at: 'end' });
      },
    });
  }

  /** Follows the pointer until it is let go of; Escape gives up.
   * @param {PointerEvent} event @param {{ moved: (event: { clientX: number, clientY: number }) => boolean | void, dropped: () => void }} what */
  drag(event, { moved, dropped }) {
    const { painter, places, line } = this, grid = painter.grid, ended = new AbortController(), { signal } = ended;
    let at = { clientX: event.clientX, clientY: event.clientY };
    places.hold(true);
    const follow = () => {
      if (signal.aborted) return;
      if (moved(at) !== false) {
        line.hidden = false;
        const box = grid.getBoundingClientRect();
        if (at.clientY < box.top + painter.headerHeight + edge) grid.scrollTop -= line.style.height === '2px' ? stride : 0;
        else if (at.clientY > box.bottom - edge) grid.scrollTop += line.style.height === '2px' ? stride : 0;
        if (line.style.width === '2px') grid.scrollLeft += at.clientX < box.left + painter.numberWidth + edge ? -stride : at.clientX > box.right - edge ? stride : 0;
      }
      requestAnimationFrame(follow);
    };
    /** @param {boolean} isDrop */
    const end = (isDrop) => {
      ended.abort();
      line.hidden = true;
      grid.classList.remove('is-dragging');
      if (isDrop) dropped();
      places.hold(false);
    };
    grid.classList.add('is-dragging');
    addEventListener('pointermove', (move) => (at = move), { signal });
    addEventListener('pointerup', () => end(true), { signal });
    addEventListener('pointercancel', () => end(false), { signal });
    addEventListener('keydown', (key) => {
      if (key.key !== 'Escape') return;
      key.stopPropagation();
      end(false);
    }, { signal, capture: true });
    requestAnimationFrame(follow);
  }

  /** @param {number} top @param {number} bottom */
  async idsOf(top, bottom) {
    return (await rowsOf(this.store, top, bottom)).map((row) => row.id);
  }

  /** Moves rows before the one at a rank. @param {Promise<string[]>} moving @param {number} top @param {number} bottom @param {number} target */
  async moveRows(moving, top, bottom, target) {
    if (target >= top && target <= bottom + 1) return null;
    const { store } = this;
    try {
      /** The row that is above a rank. @param {number} rank @returns {Promise<import('../types.js').Position>} */
      const below = async (rank) => {
        const id = rank === 0 ? undefined : (await this.idsOf(rank - 1, rank - 1))[0];
        return id === undefined ? { at: 'start' } : { after: id };
      };
      // The neighbours are those of this moment, whatever comes while they are read.
      const [rows, position, from] = await Promise.all([moving, below(target), below(top)]), label = `moving ${counted(rows.length, 'row')}`;
      const done = await this.changes.make(label, [{ op: 'moveRows', sheet: store.sheetID, rows, position }], [{ op: 'moveRows', sheet: store.sheetID, rows, position: from }]);
      if (done) announce(`Moved ${counted(rows.length, 'row')} to row ${target > bottom ? target - rows.length + 1 : target + 1}`, true);
      return done;
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error), { problem: true });
      return null;
    }
  }

  /** Alt+Shift and an arrow: the selected rows, or the selected columns, one step. @param {number} rows @param {number} columns */
  step(rows, columns) {
    if (columns) return void this.stepColumns(columns);
    if (!this.canMoveRows) return;
    this.steps += rows;
    if (!this.isStepping) void this.stepRows();
  }

  /** Steps that come while one is saved and painted are taken together. */
  async stepRows() {
    this.isStepping = true;
    try {
      while (this.steps !== 0) {
        const { top, bottom } = this.selection.range, last = (this.store.totalRows ?? 1) - 1;
        const by = Math.max(-top, Math.min(this.steps, last - bottom));
        this.steps = 0;
        if (by === 0) return;
        const done = await this.moveRows(this.idsOf(top, bottom), top, bottom, by < 0 ? top + by : bottom + by + 1);
        if (!done) return;
        await this.painted(done.revision);
        this.painter.reveal(this.selection.row, this.selection.column);
      }
    } finally {
      this.isStepping = false;
      this.steps = 0;
    }
  }

  /** @param {number} revision */
  painted(revision) {
    return new Promise((resolve) => {
      const look = () => (this.store.revision >= revision || performance.now() > until ? resolve(undefined) : void setTimeout(look, 16));
      const until = performance.now() + 3000;
      look();
    });
  }

  /** The block goes one step by its neighbour going to its other side. @param {number} by */
  async stepColumns(by) {
    if (this.isStepping) return;
    const { columns } = this.store, { left, right } = this.selection.range;
    const moving = columns[this.selection.column]?.name ?? '', neighbour = columns[by < 0 ? left - 1 : right + 1], first = columns[left], last = columns[right];
    if (!neighbour || !first || !last) return;
    this.isStepping = true;
    await this.columns.move(neighbour.id, by < 0 ? { after: last.id } : { before: first.id }).finally(() => (this.isStepping = false));
    this.painter.reveal(this.selection.row, this.selection.column);
    announce(`Moved the column ${moving} ${by < 0 ? 'left' : 'right'}`, true);
  }
}
