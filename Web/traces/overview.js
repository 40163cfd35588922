// @ts-check
// The whole trace in a strip: how much happens where, divergences, matches, and the stretch in view, which can be dragged.

import { num } from './trace.js';
import { readTheme } from './theme.js';

/** @typedef {import('./model.js').Model} Model */
/** @typedef {import('./viewport.js').Viewport} Viewport */

export class Overview {
  /** @param {HTMLCanvasElement} canvas @param {Model} model @param {Viewport} viewport @param {() => void} changed */
  constructor(canvas, model, viewport, changed) {
    this.canvas = canvas;
    this.model = model;
    this.viewport = viewport;
    this.changed = changed;
    const context = canvas.getContext('2d', { alpha: false });
    if (!context) throw new Error('this browser gives the page no canvas');
    this.c = context;
    this.profile = document.createElement('canvas');
    this.theme = readTheme(document.documentElement);
    this.width = 0;
    this.height = 0;
  }

  /** Draws what does not change with the view, once. */
  resize() {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    for (const canvas of [this.canvas, this.profile]) {
      canvas.width = Math.max(1, Math.round(this.width * ratio));
      canvas.height = Math.max(1, Math.round(this.height * ratio));
      canvas.getContext('2d')?.setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    const c = this.profile.getContext('2d');
    if (!c) return;
    this.theme = readTheme(document.documentElement);
    const { theme } = this;
    c.fillStyle = theme.sunken;
    c.fillRect(0, 0, this.width, this.height);
    const counts = new Uint32Array(Math.ceil(this.width / 2) + 1);
    const { model } = this;
    let most = 1;
    for (let event = 0; event < model.trace.count; event += 1) {
      const column = ((model.at(event) / model.axis.end) * this.width / 2) | 0;
      const count = (counts[column] ?? 0) + 1;
      counts[column] = count;
      if (count > most) most = count;
    }
    c.fillStyle = theme.faint;
    for (let column = 0; column < counts.length; column += 1) {
      const count = num(counts, column);
      const height = count ? Math.max(2, (this.height - 8) * Math.log2(1 + count) / Math.log2(1 + most)) : 0;
      c.fillRect(column * 2, this.height - height, 1.6, height);
    }
    let last = -9;
    for (const divergence of model.divergences) {
      const x = (model.at(divergence.write) / model.axis.end) * this.width;
      if (!divergence.isFirst && x - last < 1.5) continue;
      last = x;
      c.fillStyle = divergence.isViolation ? theme.bad : theme.warn;
      c.fillRect(x - 1, 0, 2, divergence.isFirst ? this.height : divergence.isProven ? 12 : 7);
    }
  }

  draw() {
    const { c, viewport, model, theme } = this;
    c.drawImage(this.profile, 0, 0, this.width, this.height);
    c.fillStyle = theme.warn;
    if (model.matches.size < 20_000) for (const event of model.matches) c.fillRect((model.at(event) / model.axis.end) * this.width, 0, 1, 4);
    const left = Math.max(0, (viewport.from / model.axis.end) * this.width);
    const right = Math.min(this.width, (viewport.to / model.axis.end) * this.width);
    c.fillStyle = theme.accent;
    c.globalAlpha = 0.14;
    c.fillRect(left, 0, Math.max(3, right - left), this.height);
    c.globalAlpha = 1;
    c.strokeStyle = theme.accent;
    c.strokeRect(left + 0.5, 0.5, Math.max(3, right - left) - 1, this.height - 1);
  }

  /** Moves the view's middle to a pixel. @param {number} x */
  moveTo(x) {
    const at = (x / Math.max(1, this.width)) * this.model.axis.end;
    const half = (this.viewport.to - this.viewport.from) / 2;
    this.viewport.show(at - half, at + half, 0);
    this.changed();
  }
}
