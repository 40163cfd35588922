// @ts-check
// The open grid's name, and the menu of the others.

import { api } from '../wire/api.js';
import { byID, h, setText } from '../base/dom.js';
import { icon } from '../base/icons.js';
import { openMenu, toast } from '../base/menu.js';
import { askText } from '../columns/column-menu.js';

/** @param {import('../grid/store.js').Store} store @param {HTMLElement} root
 * @param {{ open: (grid: string) => void, create: () => void, reread: () => Promise<void>, relist: () => Promise<void> }} actions */
export function gridSwitcher(store, root, actions) {
  const name = h('span', { class: 'grid-name' });
  const button = h('button', { type: 'button', class: 'quiet switcher', title: 'Grids', 'aria-haspopup': 'menu' }, name, icon('chevronDown'));
  root.append(button);
  button.addEventListener('click', async () => {
    await actions.relist();
    const grid = store.grid;
    openMenu(button, [
      ...(store.grids ?? []).slice(0, 30).map((g) => ({ label: g.name, checked: g.id === grid?.id ? true : undefined, icon: /** @type {const} */ ('table'), run: () => actions.open(g.id) })),
      'line',
      { label: 'New grid\u2026', icon: 'plus', run: actions.create },
      { label: 'Rename\u2026', icon: 'pencil', disabled: !grid, run: () => grid && askText(button, 'Grid name', grid.name, 'Rename', (text) => void api.renameGrid(grid.id, text).then(actions.reread, (error) => toast(error.message, { problem: true }))) },
      { label: 'Delete this grid', icon: 'trash', danger: true, disabled: !grid, run: () => grid && confirm(`Delete the grid \u201c${grid.name}\u201d with everything in it?`) && void api.deleteGrid(grid.id).then(() => actions.open(''), (error) => toast(error.message, { problem: true })) },
    ], 'Grids');
  });
  store.on(['grid', 'grids'], () => {
    setText(name, store.grid?.name ?? 'No grid');
    setText(byID('title'), store.grid?.name ?? 'Trueline');
    document.title = store.grid ? `${store.grid.name} \u2013 Trueline` : 'Trueline';
  });
}

/** Light, dark, or as the system has it; remembered on this device.
 * @param {HTMLElement} root */
export function themeToggle(root) {
  const key = 'trueline-theme', system = matchMedia('(prefers-color-scheme: dark)');
  const button = h('button', { type: 'button', class: 'quiet square' });
  root.append(button);
  const isDark = () => (document.documentElement.dataset['theme'] ?? (system.matches ? 'dark' : 'light')) === 'dark';
  const render = () => {
    const label = isDark() ? 'Light theme' : 'Dark theme';
    button.setAttribute('aria-label', label);
    button.title = label;
    button.replaceChildren(icon(isDark() ? 'sun' : 'moon'));
  };
  try {
    const saved = localStorage.getItem(key);
    if (saved) document.documentElement.dataset['theme'] = saved;
  } catch { /* storage may be off: then the theme is the system's */ }
  button.addEventListener('click', () => {
    const next = isDark() ? 'light' : 'dark';
    document.documentElement.dataset['theme'] = next;
    try {
      localStorage.setItem(key, next);
    } catch { /* not remembered, that is all */ }
    render();
  });
  system.addEventListener('change', render);
  render();
}
