// @ts-check
// Menus and small panels that open beside a control, on the browser's own popovers: Esc and a click elsewhere close them.

import { h } from './dom.js';
import { icon } from './icons.js';

/** @typedef {{ label: string, icon?: import('./icons.js').IconName, hint?: string, danger?: boolean, checked?: boolean, disabled?: boolean, run: () => void } | 'line'} MenuItem */

/** Opens a panel under (or above) a control or at a point; focus goes in, and comes back when it closes.
 * @param {Element | { x: number, y: number }} anchor @param {HTMLElement} panel @param {{ focus?: HTMLElement | null, onClose?: () => void }} [options] */
export function openPopover(anchor, panel, options = {}) {
  const before = document.activeElement;
  panel.setAttribute('popover', 'auto');
  panel.classList.add('popover');
  // Within a landmark, so that a screen reader can say where it is.
  (document.getElementById('stage') ?? document.body).append(panel);
  panel.showPopover();
  const box = anchor instanceof Element ? anchor.getBoundingClientRect() : new DOMRect(anchor.x, anchor.y, 0, 0);
  const own = panel.getBoundingClientRect();
  const left = Math.max(8, Math.min(box.left, innerWidth - own.width - 8));
  const below = box.bottom + 4 + own.height <= innerHeight - 8 || box.top < own.height + 12;
  panel.style.left = `${left}px`;
  panel.style.top = `${below ? Math.max(8, Math.min(box.bottom + 4, innerHeight - own.height - 8)) : box.top - own.height - 4}px`;
  panel.addEventListener('toggle', (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== 'closed') return;
    const inside = panel.contains(document.activeElement) || document.activeElement === document.body;
    panel.remove();
    options.onClose?.();
    if (inside && before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
  });
  (options.focus ?? /** @type {HTMLElement | null} */ (panel.querySelector('input,select,textarea,button')))?.focus();
  return panel;
}

/** @param {Element | { x: number, y: number }} anchor @param {MenuItem[]} items @param {string} label */
export function openMenu(anchor, items, label) {
  const panel = h('div', { class: 'menu', role: 'menu', 'aria-label': label });
  for (const item of items) {
    if (item === 'line') {
      panel.append(h('hr'));
      continue;
    }
    const role = item.checked === undefined ? 'menuitem' : 'menuitemradio';
    panel.append(h('button', {
      type: 'button', role, class: item.danger ? 'danger' : '', disabled: item.disabled ?? false, tabIndex: -1,
      'aria-checked': item.checked === undefined ? null : String(item.checked),
      on: { click: () => (panel.hidePopover(), item.run()) },
    }, item.checked ? icon('check') : item.icon ? icon(item.icon) : h('span', { class: 'icon' }), h('span', { class: 'grow' }, item.label), item.hint && h('kbd', {}, item.hint)));
  }
  panel.addEventListener('keydown', (event) => {
    const buttons = /** @type {HTMLButtonElement[]} */ ([...panel.querySelectorAll('button:not(:disabled)')]);
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const to = { ArrowDown: (at + 1) % buttons.length, ArrowUp: (at - 1 + buttons.length) % buttons.length, Home: 0, End: buttons.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      buttons[to]?.focus();
    } else if (event.key === 'Tab') panel.hidePopover();
    event.stopPropagation();
  });
  return openPopover(anchor, panel);
}

/** A modal dialog with a title and a close button; it is removed when closed.
 * @param {string} title @param {string} className @param {...import('./dom.js').Child} children */
export function openDialog(title, className, ...children) {
  const dialog = h('dialog', { class: `dialog ${className}`, 'aria-label': title },
    h('header', {}, h('h2', {}, title), h('button', { type: 'button', class: 'quiet square', 'aria-label': 'Close', on: { click: () => dialog.close() } }, icon('close'))),
    ...children);
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('keydown', (event) => event.stopPropagation());
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** How long a notice is there, in ms. */
const noticeLasts = 5_000;

/** A short notice at the bottom. A problem stays until closed, and what a person points at or has the keyboard on does not go away under them.
 * @param {string} text @param {{ problem?: boolean, action?: { label: string, run: () => void } }} [options] */
export function toast(text, options = {}) {
  const shelf = document.getElementById('toasts');
  if (!shelf) return;
  const note = h('div', { class: options.problem ? 'toast problem' : 'toast', role: options.problem ? 'alert' : 'status' },
    icon(options.problem ? 'warning' : 'check'), h('span', { class: 'grow' }, text),
    options.action && h('button', { type: 'button', class: 'link', on: { click: () => (note.remove(), options.action?.run()) } }, options.action.label),
    h('button', { type: 'button', class: 'quiet square small', 'aria-label': 'Dismiss', on: { click: () => note.remove() } }, icon('close')));
  while (shelf.childElementCount > 2) shelf.firstElementChild?.remove();
  shelf.append(note);
  const leave = () => void (note.matches(':hover, :focus-within') ? setTimeout(leave, noticeLasts) : note.remove());
  if (!options.problem) setTimeout(leave, noticeLasts);
}
