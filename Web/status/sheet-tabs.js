// @ts-check
// The sheets of the grid as tabs.

import { api } from '../wire/api.js';
import { h } from '../base/dom.js';
import { icon } from '../base/icons.js';
import { openMenu, toast } from '../base/menu.js';
import { askText } from '../columns/column-menu.js';

/** @param {import('../grid/store.js').Store} store @param {HTMLElement} root @param {() => Promise<void>} reread */
export function sheetTabs(store, root, reread) {
  const list = h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Sheets' });
  const add = h('button', { type: 'button', class: 'quiet square', 'aria-label': 'Add a sheet', title: 'Add a sheet' }, icon('plus'));
  root.append(list, add);
  /** @param {Promise<unknown>} work */
  const attempt = async (work) => {
    try {
      await work;
      await reread();
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error), { problem: true });
    }
  };
  add.addEventListener('click', () => askText(add, 'Sheet name', `Sheet ${(store.grid?.sheets.length ?? 0) + 1}`, 'Add sheet', async (name) => {
    await attempt(api.addSheet(store.grid?.id ?? '', name));
    const made = store.grid?.sheets.find((s) => s.name === name);
    if (made) store.openSheet(made.id);
  }));
  const render = () => {
    const sheets = store.grid?.sheets ?? [], held = list.contains(document.activeElement);
    add.hidden = !store.grid;
    list.replaceChildren(...sheets.map((sheet) => {
      const selected = sheet.id === store.sheetID;
      const menu = () => openMenu(tab, [
        { label: 'Rename\u2026', icon: 'pencil', run: () => askText(tab, 'Sheet name', sheet.name, 'Rename', (name) => void attempt(api.renameSheet(store.grid?.id ?? '', sheet.id, name))) },
        { label: 'Delete sheet', icon: 'trash', danger: true, disabled: sheets.length < 2, run: () => confirm(`Delete the sheet \u201c${sheet.name}\u201d and its rows?`) && void attempt(api.deleteSheet(store.grid?.id ?? '', sheet.id)) },
      ], `Sheet ${sheet.name}`);
      /** @type {HTMLButtonElement} */
      const tab = h('button', { type: 'button', role: 'tab', class: 'tab', 'aria-selected': String(selected), tabIndex: selected ? 0 : -1, title: `${sheet.name}: double-click for its menu`, on: { click: () => store.openSheet(sheet.id), dblclick: menu, contextmenu: (/** @type {Event} */ e) => (e.preventDefault(), menu()) } }, sheet.name);
      return tab;
    }));
    if (held) /** @type {HTMLElement | null} */ (list.querySelector('[aria-selected=true]'))?.focus();
  };
  list.addEventListener('keydown', (event) => {
    const sheets = store.grid?.sheets ?? [], at = sheets.findIndex((s) => s.id === store.sheetID);
    const to = sheets[event.key === 'ArrowRight' ? at + 1 : event.key === 'ArrowLeft' ? at - 1 : -1];
    if (to) store.openSheet(to.id);
  });
  store.on(['grid', 'sheet'], render);
}
