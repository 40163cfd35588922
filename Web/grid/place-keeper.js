// @ts-check
// Nothing moves under the hand (C10). A snapshot in which the focused row only has another rank is painted at once and scrolled so that
// the row stays where it is on the screen. One in which it is somewhere else altogether (its sort value was just edited, say) waits, whole,
// behind "n rows moved, apply": waiting with all of it keeps the viewport one snapshot (C4).

import { h, setText } from '../base/dom.js';
import { counted } from '../base/format.js';
import { pageSize } from './store.js';

/** A hand that did nothing for this long is not there any more, in ms. */
const handGone = 10_000;
/** A snapshot never waits longer than this for a hand that does nothing, in ms. */
const longestWait = 30_000;

/** What a person's own adding, deleting or moving of rows brings is not held back for this long, in ms. */
const rowsAskedFor = 3_000;

/** @typedef {{ revision: number, totalRows: number, pages: Map<number, import('./store.js').HeldPage> }} Snapshot */

export class PlaceKeeper {
  /** @param {import('./store.js').Store} store @param {import('./selection.js').Selection} selection @param {import('./painter.js').Painter} painter @param {import('./drafts.js').Drafts} drafts @param {HTMLElement} root */
  constructor(store, selection, painter, drafts, root) {
    this.store = store;
    this.drafts = drafts;
    this.selection = selection;
    this.painter = painter;
    /** @type {Snapshot | null} */
    this.waiting = null;
    this.lastTouch = -Infinity;
    this.freeUntil = -Infinity;
    /** True while a hand drags a row or a column. */
    this.isHeld = false;
    this.text = h('span', {});
    this.notice = h('div', { class: 'rows-moved', role: 'status' }, this.text, h('button', { type: 'button', class: 'small primary', on: { click: () => (this.apply(), painter.focus()) } }, 'Apply'));
    this.notice.hidden = true;
    root.append(this.notice);
    /** What has to be done once the waiting snapshot is painted. @type {Array<() => void>} */
    this.after = [];
    for (const name of ['keydown', 'pointerdown', 'input']) painter.grid.addEventListener(name, () => (this.lastTouch = performance.now()), { capture: true, passive: true });
    setInterval(() => this.waiting && performance.now() - this.lastTouch > longestWait && this.apply(), 2000);
  }

  /** The person moves rows just now: what comes of it is what was asked for. */
  letGo() {
    this.freeUntil = performance.now() + rowsAskedFor;
  }

  /** While something is dragged, nothing in view moves. @param {boolean} isHeld */
  hold(isHeld) {
    this.isHeld = isHeld;
    this.lastTouch = performance.now();
    if (!isHeld && this.waiting && !this.mustWait(this.waiting)) this.apply();
  }

  /** Paints a snapshot now or when asked. @param {Snapshot} snapshot */
  admit(snapshot) {
    if (this.mustWait(snapshot)) {
      this.waiting = snapshot;
      this.tell();
      return;
    }
    this.waiting = null;
    this.show(snapshot);
  }

  /** What the core has drawn equals a later snapshot too. While that waits for the hand, what the person sees is an older one.
   * @param {number} revision */
  advance(revision) {
    if (this.waiting) this.waiting.revision = revision;
    else this.store.advanced(revision);
  }

  /** @param {Snapshot} snapshot */
  mustWait(snapshot) {
    const { store, selection, painter } = this, now = performance.now(), seen = painter.seen;
    if (this.isHeld) return this.movesAny(snapshot, seen);
    if (store.revision === 0 || now < this.freeUntil || !painter.holdsFocus || now - this.lastTouch > handGone) return false;
    if (snapshot.totalRows === 0) return false;
    if (this.isEditedRowGone(snapshot, seen)) return true;
    if (selection.row < seen.first || selection.row > seen.last) return false;
    const id = store.rowAt(selection.row)?.id;
    return id !== undefined && rankIn(snapshot, id, selection.row) < 0 && snapshot.pages.has(Math.floor(selection.row / pageSize) + 1);
  }

  /** Whether any row in view would be another one. @param {Snapshot} snapshot @param {{ first: number, last: number }} seen */
  movesAny(snapshot, seen) {
    for (let rank = seen.first; rank <= seen.last; rank++) {
      const page = snapshot.pages.get(Math.floor(rank / pageSize) + 1);
      if (page && page.rows[rank % pageSize]?.id !== this.store.rowAt(rank)?.id) return true;
    }
    return false;
  }

  /** Whether a row that is in view and was just edited would leave the view. @param {Snapshot} snapshot @param {{ first: number, last: number }} seen */
  isEditedRowGone(snapshot, seen) {
    if (this.drafts.drafts.size === 0 || this.drafts.drafts.size > 100) return false;
    const edited = new Set([...this.drafts.drafts.values()].map((d) => d.row));
    for (let rank = seen.first; rank <= seen.last; rank++) {
      const id = this.store.rowAt(rank)?.id;
      if (id === undefined || !edited.has(id)) continue;
      const now = rankIn(snapshot, id, rank);
      if (now < seen.first || now > seen.last) return true;
    }
    return false;
  }

  /** @param {Snapshot} snapshot */
  show(snapshot) {
    const { store, selection, painter } = this, seen = painter.seen;
    const anchor = selection.row >= seen.first && selection.row <= seen.last ? selection.row : painter.scroll.top > 0 ? seen.first : -1;
    const id = anchor < 0 ? undefined : store.rowAt(anchor)?.id, rank = id === undefined ? -1 : rankIn(snapshot, id, anchor);
    this.notice.hidden = true;
    store.isWaiting = false;
    store.painted(snapshot.revision, snapshot.totalRows, snapshot.pages);
    if (rank >= 0 && rank !== anchor) painter.scrollTo(painter.scroll.top + (rank - anchor) * painter.rowHeight);
    for (const work of this.after.splice(0)) work();
  }

  /** Paints the waiting snapshot. */
  apply() {
    const snapshot = this.waiting;
    this.waiting = null;
    if (snapshot) this.show(snapshot);
  }

  /** Forgets it: another view is coming. */
  forget() {
    this.waiting = null;
    this.store.isWaiting = false;
    this.notice.hidden = true;
    for (const work of this.after.splice(0)) work();
  }

  /** Does something now, or when the waiting snapshot is painted. @param {() => void} work */
  whenPainted(work) {
    if (this.waiting) this.after.push(work);
    else work();
  }

  tell() {
    const { first, last } = this.painter.seen;
    let moved = 0;
    for (let rank = first; rank <= last; rank++) {
      const page = this.waiting?.pages.get(Math.floor(rank / pageSize) + 1);
      if (page && page.rows[rank % pageSize]?.id !== this.store.rowAt(rank)?.id) moved++;
    }
    setText(this.text, `${counted(moved, 'row')} moved`);
    this.notice.hidden = false;
    this.store.isWaiting = true;
    this.store.emit('connection');
  }
}

/** @param {Snapshot} snapshot @param {string} id @param {number} near */
function rankIn(snapshot, id, near) {
  if (snapshot.pages.get(Math.floor(near / pageSize) + 1)?.rows[near % pageSize]?.id === id) return near;
  for (const [page, { rows }] of snapshot.pages) {
    const at = rows.findIndex((r) => r.id === id);
    if (at >= 0) return (page - 1) * pageSize + at;
  }
  return -1;
}
