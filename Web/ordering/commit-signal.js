// @ts-check
// From the event stream's words to the core's numbers. What cannot be read counts as "many": it costs a read, never a stale row.
import { isU32 } from './codec.js';

/** @typedef {import('./types.js').RowRange} RowRange */
/** @typedef {import('./types.js').SignalEvent} SignalEvent */

/**
 * The signal that a `commit` event of the stream is for one sheet. What cannot be read counts as "many".
 * @param {{ revision: number, from?: number,
 *   sheets?: Record<string, { rows?: string, columns?: string[] | string, order?: boolean, structure?: boolean }> }} commit
 * @param {string} sheet  The sheet's id.
 * @returns {SignalEvent}
 */
export function commitSignal(commit, sheet) {
  const { revision, from = revision } = commit;
  const touched = commit.sheets?.[sheet];
  if (!touched) return { type: 'signal', from, revision, rows: [] };
  const { columns } = touched;
  return {
    type: 'signal',
    from,
    revision,
    rows: rowRanges(touched.rows),
    columns: Array.isArray(columns) ? numbers(columns) : 'many',
    order: touched.order === true,
    structure: touched.structure === true,
  };
}

/** @param {string} id "r9" @returns {number} 9; NaN when there is no number in it. */
export function idNumber(id) {
  return /^[a-z]+\d+$/.test(id) ? Number(id.replace(/^[a-z]+/, '')) : NaN;
}

/** @param {string[]} ids @returns {number[] | 'many'} */
function numbers(ids) {
  const all = ids.map(idNumber);
  return all.every(isU32) ? all : 'many';
}

/** @param {string | undefined} text "r5-r9,r12" @returns {RowRange[] | 'many'} */
function rowRanges(text) {
  if (text === undefined || text === 'many') return 'many';
  if (text === '') return [];
  /** @type {RowRange[]} */
  const ranges = [];
  for (const part of text.split(',')) {
    const [first = NaN, last = first, ...more] = part.split('-').map(idNumber);
    if (more.length || !isU32(first) || !isU32(last)) return 'many';
    ranges.push([first, last]);
  }
  return ranges;
}
