// @ts-check
// Rows of a range of the view: from what is loaded, and read from the server for the rest (for copying, clearing, pasting and running).

import { api } from '../wire/api.js';
import { isWhole, pageSize } from './store.js';

/** Rows a single deed may touch; beyond it the person is told. */
export const rowsMost = 100_000;

/** @param {import('./store.js').Store} store @param {number} top @param {number} bottom inclusive ranks
 * @returns {Promise<import('../types.js').Row[]>} */
export async function rowsOf(store, top, bottom) {
  if (bottom - top + 1 > rowsMost) throw new RangeError(`At most ${rowsMost.toLocaleString('en-US')} rows at once; ${(bottom - top + 1).toLocaleString('en-US')} are selected.`);
  const loaded = loadedRows(store, top, bottom);
  if (loaded) return loaded;
  /** @type {import('../types.js').Row[]} */
  const rows = [];
  const first = Math.floor(top / pageSize) + 1, last = Math.floor(bottom / pageSize) + 1;
  const view = store.effectiveView;
  for (let page = first; page <= last; page += 20) {
    const reply = await api.pages(store.grid?.id ?? '', store.sheetID, { first: page, last: Math.min(last, page + 19), pageSize, view: isWhole(view) ? null : view, minRevision: store.revision });
    for (const p of reply.pages) rows.push(...p.rows);
  }
  return rows.slice(top - (first - 1) * pageSize, bottom - (first - 1) * pageSize + 1);
}

/** The rows when all their pages and columns are loaded. @param {import('./store.js').Store} store @param {number} top @param {number} bottom */
export function loadedRows(store, top, bottom) {
  if (store.columns.length > 64) return null;
  const rows = [];
  for (let rank = top; rank <= bottom; rank++) {
    const row = store.rowAt(rank);
    if (!row) return null;
    rows.push(row);
  }
  return rows;
}
