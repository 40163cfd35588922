// @ts-check
// One highlight of 600 ms on a cell whose revision rose and whose value is another one. A few fade; when many change at once, as in a flood,
// they are lit and put out together: a fade is a frame's work in each of its 36 frames for each cell, that is two.

const lasting = 600;
/** Cells of one paint that fade. */
const fadesMost = 12;

const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

export class Highlights {
  constructor() {
    /** Cells of the paint under way. @type {HTMLElement[]} */
    this.changed = [];
    /** Cells that are lit, and when each was lit last. @type {Map<HTMLElement, number>} */
    this.lit = new Map();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** @param {HTMLElement} cell */
  add(cell) {
    this.changed.push(cell);
  }

  /** The element shows another cell now. @param {HTMLElement} cell */
  forget(cell) {
    if (this.lit.delete(cell)) cell.classList.remove('lit');
  }

  /** At the end of a paint: shows what changed in it. */
  show() {
    const { changed } = this;
    if (changed.length === 0) return;
    this.changed = [];
    if (reducedMotion.matches) return;
    if (changed.length <= fadesMost && this.lit.size === 0) {
      for (const cell of changed) cell.animate([{ backgroundColor: 'var(--flash)' }, {}], { duration: lasting, easing: 'ease-out' });
      return;
    }
    const now = performance.now();
    for (const cell of changed) {
      if (!this.lit.has(cell)) cell.classList.add('lit');
      this.lit.set(cell, now);
    }
    this.timer ??= setTimeout(() => this.putOut(), lasting);
  }

  putOut() {
    const now = performance.now();
    let next = Infinity;
    for (const [cell, since] of this.lit) {
      if (now - since < lasting - 16) {
        next = Math.min(next, since + lasting - now);
        continue;
      }
      cell.classList.remove('lit');
      this.lit.delete(cell);
    }
    this.timer = this.lit.size ? setTimeout(() => this.putOut(), next) : undefined;
  }
}
