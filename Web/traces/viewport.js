// @ts-check
// What part of the axis is in view, in pixels: zoom, pan, fit. Knows nothing of drawing.

export class Viewport {
  /** @param {number} end of the axis @param {number} least the shortest stretch that may fill the view */
  constructor(end, least) {
    this.end = end;
    this.least = Math.min(least, end);
    this.from = 0;
    this.to = end;
    this.width = 1;
    this.top = 0;
    this.height = 1;
    this.contentHeight = 1;
    this.fit();
  }

  get scale() { return this.width / (this.to - this.from); }

  /** Pixels from the left of the view. @param {number} at */
  x(at) { return (at - this.from) * this.scale; }

  /** @param {number} x */
  at(x) { return this.from + x / this.scale; }

  /** @param {number} width @param {number} height @param {number} contentHeight */
  resize(width, height, contentHeight) {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    this.contentHeight = contentHeight;
    this.scroll(0);
  }

  /** Everything, with a little air. */
  fit() { this.show(0, this.end, 0.02); }

  /** @param {number} from @param {number} to @param {number} [air] share of the stretch on both sides */
  show(from, to, air = 0.15) {
    const stretch = Math.max(to - from, this.least);
    const middle = (from + to) / 2;
    this.#set(middle - stretch * (0.5 + air), middle + stretch * (0.5 + air));
  }

  /** Zooms by a factor (above 1: closer) and keeps what is under `x` where it is. @param {number} factor @param {number} x */
  zoom(factor, x) {
    const fixed = this.at(x);
    const stretch = Math.min(Math.max((this.to - this.from) / factor, this.least), this.end * 1.04);
    const left = fixed - (x / this.width) * stretch;
    this.#set(left, left + stretch);
  }

  /** @param {number} pixels to the right */
  pan(pixels) {
    const delta = pixels / this.scale;
    this.#set(this.from + delta, this.to + delta);
  }

  /** @param {number} pixels down */
  scroll(pixels) { this.top = Math.max(0, Math.min(this.contentHeight - this.height, this.top + pixels)); if (this.contentHeight <= this.height) this.top = 0; }

  /** Moves the least that brings a place into view. @param {number} at @param {number} [margin] pixels */
  reveal(at, margin = 60) {
    const x = this.x(at);
    if (x < margin) this.pan(x - margin);
    else if (x > this.width - margin) this.pan(x - this.width + margin);
  }

  /** @param {number} top @param {number} bottom of something in the content */
  revealRows(top, bottom) {
    if (top < this.top) this.top = Math.max(0, top - 8);
    else if (bottom > this.top + this.height) this.top = Math.min(bottom - this.height + 8, Math.max(0, this.contentHeight - this.height));
  }

  /** Keeps the stretch and stays near the axis. @param {number} from @param {number} to */
  #set(from, to) {
    const stretch = to - from;
    const air = stretch * 0.45;
    const low = Math.min(Math.max(from, -Math.min(air, this.end * 0.02 + stretch * 0.08)), Math.max(this.end + Math.min(air, stretch * 0.08 + this.end * 0.02) - stretch, -this.end * 0.02));
    this.from = low;
    this.to = low + stretch;
  }
}

/** Round steps for a ruler: about `wanted` of them in a stretch. @param {number} stretch @param {number} wanted */
export function rulerStep(stretch, wanted) {
  const raw = stretch / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map((digit) => digit * power).find((step) => step >= raw) ?? 10 * power;
}

/** @param {number} ms @param {number} step what the last digit must tell apart */
export function formatTime(ms, step) {
  if (Math.abs(ms) >= 10_000 && step >= 10) return `${(ms / 1_000).toFixed(step >= 1_000 ? 0 : step >= 100 ? 1 : 2)} s`;
  const digits = step >= 1 ? 0 : Math.min(6, Math.ceil(-Math.log10(step)));
  return digits > 3 ? `${(ms * 1_000).toFixed(Math.max(0, digits - 3))} \u00b5s` : `${ms.toFixed(digits)} ms`;
}
