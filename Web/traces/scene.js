// @ts-check
// Draws the lanes. Up close every event is a mark and every request a bar; far away a lane is a profile of how much happens in it, so that the
// work of a frame follows the width of the view and not the length of the trace.

import { drawMark, MARKS, readTheme } from './theme.js';
import { drawBars, fitted } from './bars.js';
import { BAR_HEIGHT, fillHeight } from './lanes.js';
import { num } from './trace.js';
import { formatTime, rulerStep } from './viewport.js';
import { drawBadges, drawLinks } from './links.js';

/** @typedef {import('./model.js').Model} Model */
/** @typedef {import('./viewport.js').Viewport} Viewport */
/** @typedef {import('./lanes.js').Lane} Lane */

export const RULER = 26;
const MARK = 5;
/** Marks closer than this on average become a profile. */
const DENSE_PIXELS = 2.5;

export class Scene {
  /** @param {HTMLCanvasElement} canvas @param {Model} model @param {Viewport} viewport */
  constructor(canvas, model, viewport) {
    this.canvas = canvas;
    this.model = model;
    this.viewport = viewport;
    const context = canvas.getContext('2d', { alpha: false });
    if (!context) throw new Error('this browser gives the page no canvas');
    this.c = context;
    this.theme = readTheme(document.documentElement);
    this.width = 0;
    this.height = 0;
    this.gutter = 0;
    this.hovered = -1;
    this.counts = new Uint16Array(0);
    this.lastFrame = 0;
  }

  resize() {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    this.canvas.width = Math.max(1, Math.round(this.width * ratio));
    this.canvas.height = Math.max(1, Math.round(this.height * ratio));
    this.c.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.gutter = this.width >= 620 ? 118 : 0;
    fillHeight(this.model.layout, this.height - RULER);
    this.viewport.resize(this.width - this.gutter, this.height - RULER, this.model.layout.height);
    this.counts = new Uint16Array(Math.ceil(this.width / 2) + 2);
  }

  themeChanged() { this.theme = readTheme(document.documentElement); }

  /** Canvas pixels of a place on the axis. @param {number} at */
  x(at) { return this.gutter + this.viewport.x(at); }

  /** @param {Lane} lane */
  laneTop(lane) { return RULER + lane.top - this.viewport.top; }

  /** Canvas pixels of the middle of an event's mark. @param {number} event */
  y(event) {
    const lane = this.model.layout.lanes[num(this.model.layout.laneOf, event)];
    if (!lane) return RULER;
    const row = this.model.layout.rowOf.get(event);
    if (row !== undefined) return this.laneTop(lane) + 5 + row * (BAR_HEIGHT + 2) + BAR_HEIGHT / 2;
    return this.laneTop(lane) + (lane.kind === 'network' ? 14 : lane.height * (0.5 + 0.2 * this.#step(lane, event)));
  }

  /** What often happens at once stands above each other: what was asked above what was typed, what was written above what was announced.
   * @param {Lane} lane @param {number} event @returns {-1 | 0 | 1} */
  #step(lane, event) {
    switch (this.model.trace.kind(event)) {
      case 'intent': return -1;
      case 'write': case 'delete': return lane.kind === 'person' ? 1 : 0;
      case 'pending': case 'settled': case 'expect': case 'note': return lane.kind === 'service' || lane.kind === 'store' ? 0 : 1;
      default: return 0;
    }
  }

  draw() {
    const began = performance.now();
    const { c, theme } = this;
    c.fillStyle = theme.surface;
    c.fillRect(0, 0, this.width, this.height);
    c.textBaseline = 'middle';
    c.save();
    c.beginPath();
    c.rect(this.gutter, RULER, this.width - this.gutter, this.height - RULER);
    c.clip();
    const lanes = this.model.layout.lanes.filter((lane) => this.laneTop(lane) < this.height && this.laneTop(lane) + lane.height > RULER);
    this.#drawGround(lanes);
    for (const lane of lanes) if (lane.bars.length) drawBars(this, lane);
    drawLinks(this);
    for (const lane of lanes) this.#drawEvents(lane);
    drawBadges(this);
    this.#drawPlayhead();
    c.restore();
    this.#drawGutter(lanes);
    this.#drawRuler();
    this.lastFrame = performance.now() - began;
  }

  /** @param {Lane[]} lanes */
  #drawGround(lanes) {
    const { c, theme, viewport } = this;
    for (const lane of lanes) {
      const top = this.laneTop(lane);
      if (lane.kind === 'network') { c.fillStyle = theme.sunken; c.fillRect(this.gutter, top, this.width, lane.height); }
      c.fillStyle = lane.isFirst ? theme.strong : theme.line;
      c.fillRect(this.gutter, lane.isFirst ? top - 6 : top, this.width, 1);
    }
    c.fillStyle = theme.line;
    for (const { x } of this.#ticks()) c.fillRect(Math.round(x), RULER, 1, this.height);
    for (const cut of this.model.axis.cuts) {
      const x = this.gutter + viewport.x(cut.at);
      if (x < this.gutter - 8 || x > this.width + 8) continue;
      c.strokeStyle = theme.strong;
      c.setLineDash([3, 4]);
      c.beginPath(); c.moveTo(x, RULER); c.lineTo(x, this.height); c.stroke();
      c.setLineDash([]);
    }
  }

  #ticks() {
    const { viewport, model } = this;
    const step = Math.max(rulerStep(viewport.to - viewport.from, this.width / 110), model.axis.kind === 'order' ? 1 : 0);
    /** @type {{ x: number, at: number }[]} */
    const ticks = [];
    for (let at = Math.ceil(Math.max(0, viewport.from) / step) * step; at <= Math.min(viewport.to, model.axis.end * 1.02); at += step) ticks.push({ x: this.x(at), at });
    return ticks;
  }

  selectedRequest() {
    return this.model.selected < 0 ? '' : this.model.relations.requestOf[this.model.selected] ?? '';
  }

  /** @param {Lane} lane */
  #drawEvents(lane) {
    const from = lowerBound(lane.xs, this.viewport.from - 8 / this.viewport.scale);
    const to = lowerBound(lane.xs, this.viewport.to + 8 / this.viewport.scale);
    if (to <= from) return;
    const shown = this.x(num(lane.xs, to - 1)) - this.x(num(lane.xs, from));
    if (to - from > 40 && shown / (to - from) < DENSE_PIXELS) { this.#drawProfile(lane, from, to); this.#drawNotable(lane, from, to); return; }
    this.#drawMarks(lane, from, to);
  }

  /** How many events there are in every two pixels, as heights. @param {Lane} lane @param {number} from @param {number} to */
  #drawProfile(lane, from, to) {
    if (lane.kind === 'network') return;
    const { c, theme, counts, viewport } = this;
    counts.fill(0);
    const scale = viewport.scale / 2;
    const left = viewport.from;
    let most = 1;
    for (let i = from; i < to; i += 1) {
      const column = ((/** @type {number} */ (lane.xs[i]) - left) * scale) | 0;
      if (column < 0 || column >= counts.length) continue;
      const count = (counts[column] ?? 0) + 1;
      counts[column] = count;
      if (count > most) most = count;
    }
    const middle = this.laneTop(lane) + lane.height / 2;
    const full = lane.height - 10;
    c.fillStyle = lane.kind === 'person' ? theme.violet : lane.kind === 'service' || lane.kind === 'store' ? theme.muted : theme.good;
    c.globalAlpha = 0.75;
    c.beginPath();
    for (let column = 0; column < counts.length; column += 1) {
      const count = counts[column] ?? 0;
      if (!count) continue;
      const height = Math.max(2, full * Math.log2(1 + count) / Math.log2(1 + most));
      c.rect(this.gutter + column * 2, middle - height / 2, 2, height);
    }
    c.fill();
    c.globalAlpha = 1;
  }

  /** Matches, divergences and the selection stay visible far away. @param {Lane} lane @param {number} from @param {number} to */
  #drawNotable(lane, from, to) {
    const { model, c, theme } = this;
    let last = -9;
    if (model.matches.size) {
      for (let i = from; i < to; i += 1) {
        const event = num(lane.events, i);
        if (!model.matches.has(event)) continue;
        const x = this.x(num(lane.xs, i));
        if (x - last < 2) continue;
        last = x;
        c.fillStyle = theme.warn;
        c.fillRect(x - 1, this.laneTop(lane) + 2, 2, lane.height - 4);
      }
    }
    if (model.selected >= 0 && num(model.layout.laneOf, model.selected) < 65_535 && model.layout.lanes[num(model.layout.laneOf, model.selected)] === lane) this.#mark(model.selected);
  }

  /** @param {Lane} lane @param {number} from @param {number} to */
  #drawMarks(lane, from, to) {
    const { model, c, theme } = this;
    c.font = `11px ${theme.font}`;
    for (let i = from; i < to; i += 1) {
      const event = num(lane.events, i);
      this.#mark(event);
      if (lane.kind === 'network' && model.layout.rowOf.has(event)) continue;
      const x = this.x(num(lane.xs, i));
      let beside = i + 1;
      while (beside < lane.events.length && beside < i + 8 && this.#step(lane, num(lane.events, beside)) !== this.#step(lane, event)) beside += 1;
      const next = beside < lane.events.length ? this.x(num(lane.xs, beside)) : this.width;
      const room = Math.min(next - x - MARK * 2 - 10, 260);
      if (room < 36 || model.trace.kind(event) === 'render') continue;
      const text = fitted(model.title(event), room);
      // A halo, so that lines behind do not strike it through.
      c.strokeStyle = lane.kind === 'network' ? theme.sunken : theme.surface;
      c.lineWidth = 3;
      c.strokeText(text, x + MARK + 5, this.y(event) + 0.5);
      c.fillStyle = theme.muted;
      c.fillText(text, x + MARK + 5, this.y(event) + 0.5);
    }
  }

  /** @param {number} event */
  #mark(event) {
    const { model, c, theme } = this;
    const mark = MARKS[model.trace.kind(event)] ?? MARKS.note;
    if (!mark) return;
    const x = this.x(model.at(event));
    const y = this.y(event);
    const isSelected = event === model.selected;
    if (model.matches.has(event)) { c.fillStyle = theme.warn; c.globalAlpha = 0.35; c.fillRect(x - 8, y - 11, 16, 22); c.globalAlpha = 1; }
    const isWrong = model.divergenceAt.has(event);
    c.fillStyle = c.strokeStyle = isWrong ? theme.bad : theme[mark.colour];
    c.lineWidth = 1.6;
    if (model.relations.requests.get(model.trace.text(event, 'request'))?.dropped && model.trace.kind(event) === 'deliver') c.fillStyle = theme.faint;
    drawMark(c, mark.shape, x, y, isSelected ? MARK + 1 : MARK);
    if (isSelected || event === this.hovered) {
      c.strokeStyle = theme.text;
      c.lineWidth = 1.6;
      c.beginPath(); c.arc(x, y, MARK + 5, 0, 7); c.stroke();
    }
  }

  #drawPlayhead() {
    const { c, theme, model } = this;
    const x = Math.round(this.x(this.playheadAt())) + 0.5;
    c.strokeStyle = theme.text;
    c.globalAlpha = 0.55;
    c.lineWidth = 1;
    c.beginPath(); c.moveTo(x, RULER); c.lineTo(x, this.height); c.stroke();
    c.globalAlpha = 1;
    if (!model.trace.count) return;
  }

  playheadAt() { return this.model.trace.count ? this.model.at(num(this.model.order, this.model.playhead)) : 0; }

  /** @param {Lane[]} lanes */
  #drawGutter(lanes) {
    const { c, theme, model } = this;
    if (this.gutter) { c.fillStyle = theme.page; c.fillRect(0, RULER, this.gutter, this.height); c.fillStyle = theme.strong; c.fillRect(this.gutter - 1, 0, 1, this.height); }
    c.save();
    c.beginPath(); c.rect(0, RULER, this.gutter || this.width, this.height); c.clip();
    const several = model.trace.processes.length > 1;
    for (const lane of lanes) {
      const top = this.laneTop(lane);
      const y = Math.min(Math.max(top, RULER) + (this.gutter ? 15 : 6), top + lane.height - 6);
      const process = model.trace.processes[lane.process]?.name ?? '';
      const name = lane.kind === 'service' || lane.kind === 'store' ? process : lane.name;
      c.font = `${this.gutter ? 12 : 10}px ${theme.font}`;
      if (!this.gutter) {
        c.fillStyle = theme.surface;
        c.globalAlpha = 0.8;
        c.fillRect(0, y - 6, c.measureText(fitted(name, 120)).width + 8, 13);
        c.globalAlpha = 1;
      }
      c.fillStyle = this.gutter ? theme.text : theme.muted;
      c.fillText(fitted(name, this.gutter ? this.gutter - 20 : 120), this.gutter ? 12 : 4, y);
      if (!this.gutter || !several || !lane.isFirst || lane.kind === 'service' || lane.kind === 'store') continue;
      c.fillStyle = theme.faint;
      c.font = `10px ${theme.font}`;
      c.textAlign = 'right';
      c.fillText(fitted(process, 52), this.gutter - 8, y);
      c.textAlign = 'left';
    }
    c.restore();
  }

  #drawRuler() {
    const { c, theme, model, viewport } = this;
    c.fillStyle = theme.page;
    c.fillRect(0, 0, this.width, RULER);
    c.fillStyle = theme.strong;
    c.fillRect(0, RULER - 1, this.width, 1);
    c.font = `11px ${theme.font}`;
    c.fillStyle = theme.muted;
    const step = rulerStep(viewport.to - viewport.from, this.width / 110);
    for (const { x, at } of this.#ticks()) {
      if (x < this.gutter - 2) continue;
      c.fillRect(Math.round(x), RULER - 6, 1, 5);
      c.fillText(model.axis.kind === 'order' ? `#${Math.round(at) + 1}` : formatTime(model.axis.timeOf(at), step), x + 4, RULER / 2 - 1);
    }
    if (this.gutter) {
      c.fillStyle = theme.page; c.fillRect(0, 0, this.gutter - 1, RULER - 1);
      c.fillStyle = theme.faint;
      c.fillText(model.axis.kind === 'order' ? 'order' : 'time', 12, RULER / 2);
    }
    for (const divergence of model.divergences) {
      if (!divergence.isFirst) continue;
      const x = this.x(model.at(divergence.write));
      if (x < this.gutter || x > this.width) continue;
      const text = 'first divergence';
      c.font = `600 11px ${theme.font}`;
      const width = c.measureText(text).width + 12;
      const left = Math.min(Math.max(x - width / 2, this.gutter), this.width - width);
      c.fillStyle = theme.bad; c.fillRect(left, 3, width, RULER - 8);
      c.beginPath(); c.moveTo(x - 5, RULER - 6); c.lineTo(x + 5, RULER - 6); c.lineTo(x, RULER); c.fill();
      c.fillStyle = theme.surface; c.fillText(text, left + 6, RULER / 2 - 0.5);
    }
    const x = this.x(this.playheadAt());
    if (x >= this.gutter - 1 && x <= this.width) { c.fillStyle = theme.text; c.beginPath(); c.moveTo(x - 6, RULER - 9); c.lineTo(x + 6, RULER - 9); c.lineTo(x, RULER); c.fill(); }
  }

  /** The event nearest to a pixel, or -1. @param {number} x @param {number} y */
  hit(x, y) {
    const { lanes, rowOf } = this.model.layout;
    const lane = lanes.find((candidate) => y >= this.laneTop(candidate) && y < this.laneTop(candidate) + candidate.height);
    if (!lane || x < this.gutter || y < RULER) return -1;
    const at = this.viewport.at(x - this.gutter);
    const reach = 10 / this.viewport.scale;
    let best = -1;
    let distance = 12;
    for (let i = lowerBound(lane.xs, at - reach); i < lane.events.length && num(lane.xs, i) <= at + reach; i += 1) {
      const event = num(lane.events, i);
      const away = Math.hypot(this.x(num(lane.xs, i)) - x, lane.kind === 'network' && rowOf.has(event) ? this.y(event) - y : 0);
      if (away < distance) { distance = away; best = event; }
    }
    if (best >= 0 || lane.kind !== 'network') return best;
    const row = Math.floor((y - this.laneTop(lane) - 5) / (BAR_HEIGHT + 2));
    return lane.bars.findLast((bar) => bar.row === row && bar.from <= at && bar.to >= at)?.start ?? -1;
  }
}

/** First index whose number is at least `value`. @param {ArrayLike<number>} sorted @param {number} value */
export function lowerBound(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (num(sorted, middle) < value) low = middle + 1; else high = middle;
  }
  return low;
}
