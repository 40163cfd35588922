// @ts-check
// Mouse, pen and fingers on the lanes: drag moves, the wheel zooms, a drag on the ruler scrubs, two fingers zoom.

import { RULER } from './scene.js';

/** @typedef {import('./scene.js').Scene} Scene */

/** @typedef {{ chosen: (event: number) => void, scrubbed: (at: number) => void, moved: () => void, hovered: (event: number, x: number, y: number) => void }} PointerActions */

/** @param {HTMLCanvasElement} canvas @param {() => Scene | null} scene @param {PointerActions} actions */
export function listenToPointer(canvas, scene, actions) {
  /** @type {Map<number, { x: number, y: number }>} */
  const fingers = new Map();
  let mode = /** @type {'' | 'pan' | 'scrub' | 'pinch'} */ ('');
  let travelled = 0;
  const place = (/** @type {{ clientX: number, clientY: number }} */ event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  canvas.addEventListener('pointerdown', (event) => {
    const here = scene();
    if (!here || event.button > 1) return;
    const at = place(event);
    fingers.set(event.pointerId, at);
    canvas.setPointerCapture(event.pointerId);
    travelled = 0;
    mode = fingers.size > 1 ? 'pinch' : at.y < RULER ? 'scrub' : 'pan';
    if (mode === 'scrub') actions.scrubbed(here.viewport.at(at.x - here.gutter));
  });

  canvas.addEventListener('pointermove', (event) => {
    const here = scene();
    if (!here) return;
    const at = place(event);
    const before = fingers.get(event.pointerId);
    if (!before) { actions.hovered(here.hit(at.x, at.y), at.x, at.y); return; }
    const dx = at.x - before.x;
    const dy = at.y - before.y;
    travelled += Math.abs(dx) + Math.abs(dy);
    if (mode === 'pinch') {
      const [a, b] = [...fingers.entries()].map(([id, finger]) => (id === event.pointerId ? at : finger));
      const [c, d] = [...fingers.values()];
      if (a && b && c && d) {
        const factor = Math.hypot(a.x - b.x, a.y - b.y) / Math.max(20, Math.hypot(c.x - d.x, c.y - d.y));
        here.viewport.zoom(factor, (a.x + b.x) / 2 - here.gutter);
      }
    } else if (mode === 'scrub') actions.scrubbed(here.viewport.at(at.x - here.gutter));
    else { here.viewport.pan(-dx); here.viewport.scroll(-dy); }
    fingers.set(event.pointerId, at);
    actions.moved();
  });

  const end = (/** @type {PointerEvent} */ event) => {
    const here = scene();
    const at = fingers.get(event.pointerId);
    fingers.delete(event.pointerId);
    if (!here || !at) return;
    if (event.type === 'pointerup' && mode === 'pan' && travelled < 5) actions.chosen(here.hit(at.x, at.y));
    mode = fingers.size ? 'pan' : '';
  };
  canvas.addEventListener('pointerup', end);
  canvas.addEventListener('pointercancel', end);
  canvas.addEventListener('pointerleave', () => actions.hovered(-1, 0, 0));

  canvas.addEventListener('wheel', (event) => {
    const here = scene();
    if (!here) return;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 18 : 1;
    const at = place(event);
    if (event.shiftKey) here.viewport.scroll(event.deltaY * unit);
    else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) here.viewport.pan(event.deltaX * unit);
    else here.viewport.zoom(Math.exp(-event.deltaY * unit * (event.ctrlKey ? 0.01 : 0.0022)), at.x - here.gutter);
    actions.moved();
  }, { passive: false });
}
