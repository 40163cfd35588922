// @ts-check
// Where rows and columns lie, in CSS pixels. Pure.

/** A browser cannot lay out an element much taller than this (Firefox stops near 17.8 million pixels). */
export const tallest = 15_000_000;

export class ColumnGeometry {
  /** @param {number[]} widths */
  constructor(widths) {
    this.widths = widths;
    /** Where each column begins; one more entry for the end. */
    this.starts = new Float64Array(widths.length + 1);
    for (let i = 0; i < widths.length; i++) this.starts[i + 1] = (this.starts[i] ?? 0) + (widths[i] ?? 0);
  }

  get count() {
    return this.widths.length;
  }

  get total() {
    return this.starts[this.count] ?? 0;
  }

  /** @param {number} column */
  start(column) {
    return this.starts[column] ?? 0;
  }

  /** @param {number} column */
  width(column) {
    return this.widths[column] ?? 0;
  }

  /** The column at a position, clamped to those there are. O(log n). @param {number} x */
  at(x) {
    let low = 0, high = this.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.start(middle) <= x) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }
}

/** Maps a scroll position to a position among all rows. Up to `tallest` pixels they are the same. Beyond, the canvas is shorter
 * than the rows: small moves go pixel by pixel, large ones (the scroll bar) in proportion, and both ends always meet. */
export class ScrollMap {
  /** @param {number} [limit] */
  constructor(limit = tallest) {
    this.limit = limit;
    /** Height of all rows, of the part seen, and of the canvas in the document. */
    this.total = 0;
    this.seen = 0;
    this.scrollTop = 0;
    /** The top of what is seen, among all rows. */
    this.top = 0;
  }

  get canvas() {
    return Math.min(this.total, this.limit);
  }

  get isScaled() {
    return this.total > this.limit;
  }

  /** What to add to a row's position to place it in the canvas. */
  get shift() {
    return this.scrollTop - this.top;
  }

  /** @param {number} total @param {number} seen */
  resize(total, seen) {
    this.total = total;
    this.seen = seen;
    this.top = Math.max(0, Math.min(this.top, total - seen));
    if (!this.isScaled) this.top = this.scrollTop;
  }

  /** @param {number} scrollTop */
  scrolled(scrollTop) {
    const moved = scrollTop - this.scrollTop;
    this.scrollTop = scrollTop;
    if (moved === 0 && this.isScaled) return;
    if (!this.isScaled) return void (this.top = scrollTop);
    const furthest = this.total - this.seen, furthestScroll = this.canvas - this.seen;
    if (scrollTop <= 0) this.top = 0;
    else if (scrollTop >= furthestScroll - 1) this.top = furthest;
    else if (Math.abs(moved) <= 3 * this.seen) this.top = Math.max(0, Math.min(this.top + moved, furthest));
    else this.top = (scrollTop / furthestScroll) * furthest;
  }

  /** The scroll position that shows a place among the rows. @param {number} top */
  scrollFor(top) {
    const furthest = Math.max(0, this.total - this.seen), wanted = Math.max(0, Math.min(top, furthest));
    if (!this.isScaled) return wanted;
    // The ends are kept for the ends, so that there is always some way left to scroll to them.
    const last = this.canvas - this.seen, between = Math.round((wanted / furthest) * last);
    const scroll = wanted === 0 ? 0 : wanted === furthest ? last : Math.max(2, Math.min(between, last - 2));
    this.top = wanted;
    this.scrollTop = scroll;
    return scroll;
  }
}
