// @ts-check
// Exporting: exactly, for another import; or for spreadsheets, with formulas defused.

import { api } from '../wire/api.js';
import { h } from '../base/dom.js';
import { openMenu } from '../base/menu.js';
import { isWhole } from '../grid/store.js';

/** @param {import('../grid/store.js').Store} store @param {Element} anchor */
export function openExport(store, anchor) {
  const view = store.effectiveView, part = !isWhole(view) ? `&view=${encodeURIComponent(JSON.stringify(view))}` : '';
  /** @param {string} format @param {string} mode */
  const save = (format, mode) => () => {
    const link = h('a', { href: api.exportURL(store.grid?.id ?? '', store.sheetID, `format=${format}&mode=${mode}${part}`), download: `${store.grid?.name ?? 'grid'} - ${store.sheet?.name ?? ''}.${format}` });
    link.click();
  };
  openMenu(anchor, [
    { label: 'CSV, exact', hint: 'to import again', icon: 'download', run: save('csv', 'exact') },
    { label: 'CSV for spreadsheets', hint: 'safe to open', icon: 'table', run: save('csv', 'spreadsheet') },
    { label: 'TSV, exact', icon: 'download', run: save('tsv', 'exact') },
    { label: 'JSON lines', icon: 'json', run: save('jsonl', 'exact') },
  ], part ? 'Export the rows of this view' : 'Export');
}
