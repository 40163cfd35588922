// @ts-check
// Lines between events: the inversions as crossing lines from what was asked to what was written, and causes and effects of the selection.

import { num } from './trace.js';

/** @typedef {import('./scene.js').Scene} Scene */

/** Far away, more crossings than this say nothing. */
const MAXIMUM_CROSSINGS = 300;

/** @param {Scene} scene */
export function drawLinks(scene) {
  drawInversions(scene);
  drawSelection(scene);
}

/** @param {Scene} scene */
function drawInversions(scene) {
  const { model, c, theme, viewport } = scene;
  let drawn = 0;
  for (const divergence of model.divergences) {
    const ends = [divergence.lateIntent, divergence.overtakenIntent, divergence.write, divergence.overtaken].filter((event) => event >= 0);
    const places = ends.map((event) => model.at(event));
    if (Math.max(...places) < viewport.from || Math.min(...places) > viewport.to) continue;
    drawn += 1;
    if (drawn > MAXIMUM_CROSSINGS && !divergence.isFirst) continue;
    if (divergence.isProven && !divergence.isFirst) ring(scene, divergence.write, 8, 1.4);
    const isNear = (Math.max(...places) - Math.min(...places)) * viewport.scale > 24;
    const isStrong = divergence.isFirst || isNear;
    c.globalAlpha = divergence.isFirst ? 1 : divergence.isViolation ? 0.6 : 0.35;
    if (divergence.overtakenIntent >= 0 && divergence.overtaken >= 0 && isNear) {
      curve(scene, divergence.overtakenIntent, divergence.overtaken, theme.accent, isStrong ? 2 : 1, [5, 3]);
    }
    if (divergence.lateIntent >= 0) {
      curve(scene, divergence.lateIntent, divergence.write, divergence.isViolation ? theme.bad : theme.warn, isStrong ? 2.4 : 1, []);
    }
    if (divergence.isFirst) {
      const x = scene.x(model.at(divergence.write));
      c.fillStyle = theme.bad;
      c.globalAlpha = 0.1;
      c.fillRect(x - 7, 0, 14, scene.height);
      ring(scene, divergence.write, 11, 2);
    }
    c.globalAlpha = 1;
  }
}

/** Marks a divergence point. @param {Scene} scene @param {number} event @param {number} radius @param {number} width */
function ring(scene, event, radius, width) {
  const { c } = scene;
  c.globalAlpha = 1;
  c.strokeStyle = scene.theme.bad;
  c.lineWidth = width;
  c.beginPath(); c.arc(scene.x(scene.model.at(event)), scene.y(event), radius, 0, 7); c.stroke();
}

/** Says in words what the two lines of the first divergence are, above everything else. @param {Scene} scene */
export function drawBadges(scene) {
  const { model, theme, viewport } = scene;
  const first = model.firstDivergence;
  if (!first || first.lateIntent < 0 || first.overtakenIntent < 0 || first.overtaken < 0) return;
  const places = [first.lateIntent, first.overtakenIntent, first.write, first.overtaken].map((event) => model.at(event));
  if ((Math.max(...places) - Math.min(...places)) * viewport.scale < 160 || Math.max(...places) < viewport.from || Math.min(...places) > viewport.to) return;
  badge(scene, first.overtakenIntent, 'asked 2nd', theme.accent, -1);
  badge(scene, first.overtaken, 'written 1st', theme.accent, -1);
  badge(scene, first.lateIntent, 'asked 1st', theme.bad, -1);
  badge(scene, first.write, 'written 2nd', theme.bad, 1);
}

/** @param {Scene} scene @param {number} event @param {string} text @param {string} colour @param {number} side -1 above, 1 below */
function badge(scene, event, text, colour, side) {
  const { c, theme } = scene;
  c.font = `600 10px ${theme.font}`;
  const width = c.measureText(text).width + 8;
  const middle = scene.x(scene.model.at(event));
  if (middle < scene.gutter || middle > scene.width) return;
  const x = Math.min(Math.max(middle - width / 2, scene.gutter + 2), scene.width - width - 2);
  const y = scene.y(event) + side * 17;
  c.fillStyle = theme.surface;
  c.fillRect(x, y - 7, width, 14);
  c.strokeStyle = colour;
  c.lineWidth = 1;
  c.strokeRect(x + 0.5, y - 6.5, width - 1, 13);
  c.fillStyle = colour;
  c.fillText(text, x + 4, y + 0.5);
}

/** @param {Scene} scene */
function drawSelection(scene) {
  const { model, c, theme } = scene;
  if (model.selected < 0) return;
  const { edges } = model;
  c.globalAlpha = 0.25;
  for (const side of /** @type {const} */ (['causes', 'effects'])) {
    const closure = model.linked[side];
    for (const event of closure.keys()) {
      for (const edge of side === 'causes' ? edges.outOf(event) : edges.into(event)) {
        const from = num(edges.from, edge);
        const to = num(edges.to, edge);
        const other = side === 'causes' ? to : from;
        if (other !== model.selected && !closure.has(other)) continue;
        if (from === model.selected || to === model.selected) continue;
        curve(scene, from, to, side === 'causes' ? theme.violet : theme.good, 1, []);
      }
    }
  }
  c.globalAlpha = 1;
  for (const edge of edges.into(model.selected)) curve(scene, num(edges.from, edge), model.selected, theme.violet, 1.8, dash(num(edges.confidence, edge)), true);
  for (const edge of edges.outOf(model.selected)) curve(scene, model.selected, num(edges.to, edge), theme.good, 1.8, dash(num(edges.confidence, edge)), true);
}

/** Solid: declared; dashed: structural; dotted: temporal. @param {number} confidence @returns {number[]} */
function dash(confidence) { return confidence === 0 ? [] : confidence === 1 ? [6, 3] : [2, 3]; }

/** @param {Scene} scene @param {number} from @param {number} to @param {string} colour @param {number} width @param {number[]} dashes @param {boolean} [hasHead] */
function curve(scene, from, to, colour, width, dashes, hasHead = false) {
  const { c, model } = scene;
  if (num(model.layout.laneOf, from) === 65_535 || num(model.layout.laneOf, to) === 65_535) return;
  const x1 = scene.x(model.at(from));
  const y1 = scene.y(from);
  const x2 = scene.x(model.at(to));
  const y2 = scene.y(to);
  if (Math.max(x1, x2) < -4000 || Math.min(x1, x2) > scene.width + 4000) return;
  const bend = Math.max(12, Math.min(Math.abs(x2 - x1) * 0.35, 160));
  c.strokeStyle = colour;
  c.lineWidth = width;
  c.setLineDash(dashes);
  c.beginPath();
  c.moveTo(x1, y1);
  if (Math.abs(y2 - y1) < 2) c.quadraticCurveTo((x1 + x2) / 2, y1 - 14, x2, y2);
  else c.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2);
  c.stroke();
  c.setLineDash([]);
  if (!hasHead) return;
  const side = Math.abs(y2 - y1) < 2 ? -1 : 0;
  c.fillStyle = colour;
  c.beginPath(); c.moveTo(x2 - 6, y2); c.lineTo(x2 - 13, y2 - 4 + side * 3); c.lineTo(x2 - 13, y2 + 4 + side * 3); c.fill();
}
