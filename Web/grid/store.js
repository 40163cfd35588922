// @ts-check
// The page's one store: what is open, what was asked for, what the last applied snapshot holds. Modules read it, change it through
// its methods, and hear of changes by topic. It decides nothing about order: that is the reconciler's.

import { Runs } from './runs.js';

/** @typedef {import('../types.js').Column} Column */
/** @typedef {import('../types.js').Row} Row */
/** @typedef {'grids' | 'grid' | 'sheet' | 'view' | 'snapshot' | 'advance' | 'viewport' | 'selection' | 'drafts' | 'connection' | 'runs' | 'problem' | 'widths'} Topic */
/** @typedef {{ revision: number, rows: Row[] }} HeldPage */

/** @type {import('../types.js').View} */
export const wholeSheet = Object.freeze({ filter: [], match: 'all', sort: [] });

export const pageSize = 100;

/** Whether a view is the sheet itself. @param {import('../types.js').View} view */
export const isWhole = (view) => view.filter.length === 0 && view.sort.length === 0 && !view.find;

/** What a view says, for comparing. @param {import('../types.js').View} view */
const textOf = (view) => JSON.stringify([view.filter.map((f) => [f.column, f.op, f.value]), view.filter.length > 1 ? view.match : 'all', view.sort.map((s) => [s.column, s.direction])]);

/** Default widths by column type, in CSS pixels. */
const defaultWidths = { text: 180, number: 116, boolean: 96, date: 140, json: 240 };

export class Store {
  constructor() {
    /** @type {import('../types.js').GridSummary[] | null} */
    this.grids = null;
    /** @type {import('../types.js').Grid | null} */
    this.grid = null;
    this.sheetID = '';
    this.view = wholeSheet;
    /** The saved view that was opened; '' for the sheet itself. */
    this.viewID = '';
    this.find = '';
    /** What `/health` said. @type {Record<string, any> | null} */
    this.health = null;

    /** The visible snapshot's revision; 0 before the first page. */
    this.revision = 0;
    /** Rows of the view; null until known. @type {number | null} */
    this.totalRows = null;
    /** Positions of the columns that the pages hold. */
    this.window = { low: 0, high: 63 };
    /** True while a new view is being read and the one before is still shown. */
    this.isReading = false;
    /** Pages that may be painted, by number. @type {Map<number, HeldPage>} */
    this.pages = new Map();

    /** @type {import('../types.js').Connection} */
    this.connection = 'reconnecting';
    this.connectionReason = '';
    /** When the connection took its present state, on the monotonic clock. */
    this.connectionSince = performance.now();
    /** When live updates were last lost; null while they come. @type {number | null} */
    this.lostSince = null;
    /** The newest snapshot that what is drawn in view is known to equal. */
    this.shown = 0;
    /** True while a newer snapshot waits because rows would move under the hand. */
    this.isWaiting = false;
    /** True while what is shown is known to be behind what is committed. */
    this.isBehind = false;
    /** The page reads' last failure, until one succeeds. @type {{ error: Error, since: number } | null} */
    this.problem = null;

    this.runs = new Runs();
    /** Widths being dragged or just set, before the document has them. @type {Map<string, number>} */
    this.widths = new Map();

    /** Widths that fit the first values seen. @type {Map<string, number>} */
    this.fitted = new Map();

    /** @type {Map<Topic, Set<() => void>>} */
    this.listeners = new Map();
  }

  /** @param {Topic[]} topics @param {() => void} listener */
  on(topics, listener) {
    for (const topic of topics) {
      const set = this.listeners.get(topic) ?? new Set();
      set.add(listener);
      this.listeners.set(topic, set);
    }
  }

  /** @param {Topic} topic */
  emit(topic) {
    for (const listener of this.listeners.get(topic) ?? []) listener();
  }

  get sheet() {
    return this.grid?.sheets.find((s) => s.id === this.sheetID) ?? null;
  }

  /** @returns {Column[]} */
  get columns() {
    return this.sheet?.columns ?? [];
  }

  /** @param {string} id */
  column(id) {
    return this.columns.find((c) => c.id === id);
  }

  /** @returns {import('../types.js').SavedView[]} */
  get views() {
    return this.sheet?.views ?? [];
  }

  /** The saved view that is open. */
  get savedView() {
    return this.views.find((v) => v.id === this.viewID);
  }

  /** Whether what is asked for differs from what was saved under the open view's name. */
  get isViewChanged() {
    return textOf(this.view) !== textOf(this.savedView ?? wholeSheet);
  }

  /** @param {Column} column */
  widthOf(column) {
    return this.widths.get(column.id) ?? column.width ?? this.fitted.get(column.id) ?? defaultWidths[column.type] ?? 160;
  }

  /** Fits columns that nobody has sized to the first values seen; once a column, so that nothing moves later.
   * @returns {boolean} whether a width changed */
  fitColumns() {
    let changed = false;
    const rows = [...this.pages.values()].flatMap((page) => page.rows);
    if (rows.length === 0 || this.columns.length > 64) return false;
    for (const [rank, column] of this.columns.entries()) {
      if (this.fitted.has(column.id) || !this.holdsColumn(rank)) continue;
      let longest = 0;
      for (const row of rows) longest = Math.max(longest, Math.min(row.cells[column.id]?.length ?? 0, 44));
      const usual = defaultWidths[column.type] ?? 160, named = column.name.length * 7.8 + 46;
      this.fitted.set(column.id, Math.round(longest && rows.length > 20 ? Math.max(76, named, Math.min(longest * 7.2 + 22, 300)) : Math.max(usual, named)));
      changed = true;
    }
    return changed;
  }

  /** The row at a rank of the view, when its page may be painted. @param {number} index */
  rowAt(index) {
    return this.pages.get(Math.floor(index / pageSize) + 1)?.rows[index % pageSize];
  }

  /** Whether the loaded pages hold a column. @param {number} rank */
  holdsColumn(rank) {
    return rank >= this.window.low && rank <= this.window.high;
  }

  /** What the ordering core says to draw, all of one snapshot. @param {number} revision @param {number} totalRows @param {Map<number, HeldPage>} pages */
  painted(revision, totalRows, pages) {
    this.revision = revision;
    this.totalRows = totalRows;
    this.pages = pages;
    const isRefitted = this.fitColumns();
    this.emit('snapshot');
    if (isRefitted) this.emit('widths');
  }

  /** What is painted, as it is painted, equals this later snapshot too. The pages keep the revision of the frame that painted them:
   * rewriting every cell for a commit that touches none of them would cost what the commit was said not to. @param {number} revision */
  advanced(revision) {
    this.revision = revision;
    this.emit('advance');
  }

  /** The revision a row's page is painted at. @param {number} index */
  revisionAt(index) {
    return this.pages.get(Math.floor(index / pageSize) + 1)?.revision ?? 0;
  }

  /** The rank of a row among the loaded pages; -1 when it is not loaded. Looks first where it last was.
   * @param {string} id @param {number} near */
  rankOf(id, near) {
    if (this.rowAt(near)?.id === id) return near;
    for (const [page, held] of this.pages) {
      const at = held.rows.findIndex((r) => r.id === id);
      if (at >= 0) return (page - 1) * pageSize + at;
    }
    return -1;
  }

  /** @param {import('../types.js').GridSummary[]} grids */
  gridsListed(grids) {
    this.grids = grids;
    this.emit('grids');
  }

  /** The document of the open grid, at first or after its structure changed. @param {import('../types.js').Grid | null} grid */
  gridRead(grid) {
    const other = grid?.id !== this.grid?.id, wasChanged = this.isViewChanged, saved = this.savedView;
    this.grid = grid;
    if (!grid?.sheets.some((s) => s.id === this.sheetID)) this.sheetID = grid?.sheets[0]?.id ?? '';
    this.widths.clear();
    if (other) {
      this.runs.clear();
      this.fitted.clear();
      this.forgetSnapshot();
      this.view = wholeSheet;
      this.viewID = '';
      this.find = '';
    }
    this.emit('grid');
    if (other) this.emit('sheet');
    else this.followView(wasChanged, saved);
  }

  /** After others changed the document: a view that nobody touched here follows the saved one; conditions on a deleted column go.
   * @param {boolean} wasChanged @param {import('../types.js').SavedView | undefined} saved */
  followView(wasChanged, saved) {
    const now = this.savedView, before = this.view;
    if (!now) this.viewID = '';
    else if (saved && !wasChanged && textOf(now) !== textOf(before)) this.view = { filter: now.filter, match: now.match, sort: now.sort };
    const { filter, sort } = this.view, has = (/** @type {{ column: string }} */ c) => this.column(c.column) !== undefined;
    if (!filter.every(has) || !sort.every(has)) this.view = { ...this.view, filter: filter.filter(has), sort: sort.filter(has) };
    if (textOf(before) !== textOf(this.view)) this.emit('view');
  }

  /** Opens a saved view, or with '' the sheet itself. @param {string} id */
  openSaved(id) {
    const saved = this.views.find((v) => v.id === id);
    this.viewID = saved?.id ?? '';
    this.find = '';
    this.openView(saved ? { filter: saved.filter, match: saved.match, sort: saved.sort } : wholeSheet);
  }

  /** @param {string} sheet */
  openSheet(sheet) {
    if (sheet === this.sheetID) return;
    this.sheetID = sheet;
    this.view = wholeSheet;
    this.viewID = '';
    this.find = '';
    this.forgetSnapshot();
    this.emit('sheet');
    this.emit('view');
  }

  /** @param {import('../types.js').View} view */
  openView(view) {
    this.view = view;
    this.emit('view');
  }

  /** @param {string} text */
  findText(text) {
    this.find = text;
    this.emit('view');
  }

  /** The view asked for, with the text to find in whatever column.
   * @returns {import('../types.js').View} */
  get effectiveView() {
    return this.find ? { ...this.view, find: this.find } : this.view;
  }

  forgetSnapshot() {
    this.forgetPages();
    this.totalRows = null;
  }

  forgetPages() {
    this.pages = new Map();
    this.revision = 0;
    this.problem = null;
  }

  /** @param {import('../types.js').Connection} connection @param {string} [reason] */
  connectionIs(connection, reason = '') {
    if (connection === 'live') this.lostSince = null;
    else this.lostSince ??= this.connectionSince;
    this.connection = connection;
    this.connectionReason = reason;
    this.emit('connection');
  }

  /** @param {Error | null} error */
  readingFailed(error) {
    this.problem = error ? { error, since: this.problem?.since ?? performance.now() } : null;
    this.emit('problem');
  }

  /** What the stream says of a run. @param {import('../types.js').RunEvent} event */
  runChanged(event) {
    this.runs.hear(event);
    this.emit('runs');
  }

  /** Asks about runs, or for something to be done with one, and shows what the reply tells that is not older than what is shown.
   * @template {import('../types.js').RunEvent | import('../types.js').RunEvent[] | null} T @param {() => Promise<T>} question @returns {Promise<T>} */
  async askRuns(question) {
    const asked = this.runs.ask(), reply = await question();
    for (const run of [reply].flat()) if (run?.run && typeof run.done === 'number') this.runs.answer(run, asked);
    this.emit('runs');
    return reply;
  }
}
