// @ts-check
// What stands where rows would be: no grids, no columns, no rows, no matching rows, nothing readable; each with what to do next.

import { h } from '../base/dom.js';
import { icon } from '../base/icons.js';
import { wholeSheet } from '../grid/store.js';

/** @typedef {{ createGrid: () => void, importFile: () => void, sample: () => void, hasSample: () => Promise<boolean>, addColumn: (anchor: Element) => void, addRow: () => void, retry: () => void }} Actions */

/** @param {import('../grid/store.js').Store} store @param {HTMLElement} root @param {Actions} actions */
export function emptyStates(store, root, actions) {
  let shown = '';
  /** @param {import('../base/icons.js').IconName} name @param {string} title @param {string} text @param {...HTMLElement} buttons */
  const card = (name, title, text, ...buttons) => h('div', { class: 'empty-card' }, h('span', { class: 'empty-icon' }, icon(name)), h('h2', {}, title), h('p', {}, text), h('div', { class: 'actions' }, buttons));
  /** @param {string} label @param {import('../base/icons.js').IconName} name @param {(event: Event) => void} run @param {string} [className] */
  const button = (label, name, run, className = '') => h('button', { type: 'button', class: className, on: { click: run } }, icon(name), label);
  const kind = () => {
    if (store.problem && store.revision === 0) return 'unreadable';
    if (store.grids === null) return 'wait';
    if (!store.grid) return store.grids.length ? 'wait' : 'noGrids';
    if (!store.columns.length) return 'noColumns';
    if (store.totalRows === null) return '';
    if (store.totalRows > 0) return '';
    return store.view.filter.length || store.find ? 'noMatches' : 'noRows';
  };
  const render = () => {
    const now = kind(), key = now === 'unreadable' ? `${now} ${store.problem?.error.message}` : now;
    if (key === shown) return;
    shown = key;
    root.hidden = now === '';
    root.dataset['empty'] = now;
    switch (now) {
      case 'wait': return root.replaceChildren(h('p', { class: 'hint', role: 'status' }, 'Opening\u2026'));
      case 'unreadable': return root.replaceChildren(card('warning', 'The server cannot be read', store.problem?.error.message ?? '', button('Try again', 'play', actions.retry, 'primary')));
      case 'noGrids': {
        const sample = button('Open the sample', 'spark', actions.sample);
        sample.hidden = true;
        void actions.hasSample().then((has) => (sample.hidden = !has));
        return root.replaceChildren(card('table', 'Start a list', 'Import a file of any size, drop one here, or begin with an empty grid. Everything stays on this machine.',
          button('Import a file', 'upload', actions.importFile, 'primary'), sample, button('Empty grid', 'plus', actions.createGrid)));
      }
      case 'noColumns': return root.replaceChildren(card('column', 'This sheet has no columns yet', 'Import a file, and its header becomes the columns; or add the first column yourself.',
        button('Import a file', 'upload', actions.importFile, 'primary'), button('Add a column', 'plus', (event) => actions.addColumn(/** @type {Element} */ (event.currentTarget)))));
      case 'noRows': return root.replaceChildren(card('row', 'No rows yet', 'Add one, paste from a spreadsheet, or import a file.', button('Add a row', 'plus', actions.addRow, 'primary'), button('Import a file', 'upload', actions.importFile)));
      case 'noMatches': return root.replaceChildren(card('filter', 'No row matches', 'The filter or the search leaves nothing to show. The rows are still there.', button('Clear the filter', 'close', () => {
        store.find = '';
        store.openView({ ...wholeSheet, sort: store.view.sort });
      }, 'primary')));
      default: return root.replaceChildren();
    }
  };
  store.on(['grids', 'grid', 'sheet', 'view', 'snapshot', 'problem'], render);
  render();
}
