// @ts-check
// What is selected: one rectangle from an anchor to the focused cell, whole rows, whole columns, or everything. The focused cell is
// remembered by row and column id, so that it stays with its row when pages are refreshed.

/** @typedef {{ top: number, bottom: number, left: number, right: number }} Range inclusive ranks */

export class Selection {
  /** @param {import('./store.js').Store} store */
  constructor(store) {
    this.store = store;
    this.row = 0;
    this.column = 0;
    this.anchorRow = 0;
    this.anchorColumn = 0;
    /** @type {'cells' | 'rows' | 'columns'} */
    this.kind = 'cells';
    this.rowID = '';
    this.columnID = '';
    store.on(['sheet'], () => this.reset());
    store.on(['grid'], () => this.followColumn());
    store.on(['snapshot'], () => this.followRow());
  }

  reset() {
    this.row = this.column = this.anchorRow = this.anchorColumn = 0;
    this.kind = 'cells';
    this.rowID = this.columnID = '';
    this.store.emit('selection');
  }

  get lastRow() {
    return Math.max(0, (this.store.totalRows ?? 0) - 1);
  }

  get lastColumn() {
    return Math.max(0, this.store.columns.length - 1);
  }

  /** @returns {Range} */
  get range() {
    const range = {
      top: Math.min(this.row, this.anchorRow), bottom: Math.max(this.row, this.anchorRow),
      left: Math.min(this.column, this.anchorColumn), right: Math.max(this.column, this.anchorColumn),
    };
    if (this.kind === 'rows') (range.left = 0), (range.right = this.lastColumn);
    if (this.kind === 'columns') (range.top = 0), (range.bottom = this.lastRow);
    return range;
  }

  get isSingle() {
    return this.kind === 'cells' && this.row === this.anchorRow && this.column === this.anchorColumn;
  }

  /** Cells in the selection. */
  get size() {
    const r = this.range;
    return (r.bottom - r.top + 1) * (r.right - r.left + 1);
  }

  /** @param {number} row @param {number} column */
  contains(row, column) {
    const r = this.range;
    return row >= r.top && row <= r.bottom && column >= r.left && column <= r.right;
  }

  /** Moves the focused cell; with `extend` the anchor stays.
   * @param {number} row @param {number} column @param {{ extend?: boolean, kind?: 'cells' | 'rows' | 'columns' }} [how] */
  moveTo(row, column, how = {}) {
    this.row = Math.max(0, Math.min(row, this.lastRow));
    this.column = Math.max(0, Math.min(column, this.lastColumn));
    if (!how.extend) {
      this.anchorRow = this.row;
      this.anchorColumn = this.column;
      this.kind = how.kind ?? 'cells';
    } else if (how.kind) this.kind = how.kind;
    this.rowID = this.store.rowAt(this.row)?.id ?? '';
    this.columnID = this.store.columns[this.column]?.id ?? '';
    this.store.emit('selection');
  }

  selectAll() {
    this.anchorRow = 0;
    this.anchorColumn = 0;
    this.kind = 'rows';
    this.row = this.lastRow;
    this.column = this.lastColumn;
    this.rowID = this.store.rowAt(this.row)?.id ?? '';
    this.columnID = this.store.columns[this.column]?.id ?? '';
    this.store.emit('selection');
  }

  /** After a snapshot: the focused row may have another rank, or its id may only now be known. */
  followRow() {
    if (this.rowID) {
      const rank = this.store.rankOf(this.rowID, this.row);
      if (rank >= 0 && rank !== this.row) {
        const moved = rank - this.row;
        this.row = rank;
        this.anchorRow = Math.max(0, Math.min(this.anchorRow + moved, this.lastRow));
        this.store.emit('selection');
      } else if (rank < 0 && this.store.rowAt(this.row)) this.rowID = this.store.rowAt(this.row)?.id ?? '';
    } else this.rowID = this.store.rowAt(this.row)?.id ?? '';
    if (this.row > this.lastRow || this.anchorRow > this.lastRow) this.moveTo(this.row, this.column);
  }

  followColumn() {
    const at = this.store.columns.findIndex((c) => c.id === this.columnID);
    if (at >= 0 && at !== this.column) this.column = this.anchorColumn = at;
    else if (this.column > this.lastColumn) this.column = this.anchorColumn = this.lastColumn;
    this.columnID = this.store.columns[this.column]?.id ?? '';
  }
}
