// @ts-check
// What stands on the screen, read from the DOM as a person sees it: not from the store, the cache or what a cell view remembers of its
// last write. That is the point: those may be right while the screen is wrong.

import { ScreenHash } from './screen-hash.js';

/** Characters of the rows and columns named; of a longer list fewer rows are attested. */
const namesMost = 600;
/** Rows of one attestation, as the server takes them. */
const rowsMost = 400;
const columnsMost = 256;

/** @typedef {{ sheet: string, revision: number, first: number, rows: string, columns: string, hash: string }} PaintedScreen */

/**
 * The rows between two ranks as they are painted; null when they are not all there, because something is being read or painted.
 * @param {HTMLElement} grid `[role=grid]` @param {{ first: number, last: number }} seen ranks of the rows seen @returns {PaintedScreen | null}
 */
export function paintedScreen(grid, seen) {
  const lines = painted(grid, seen), ids = (lines?.[0] ?? []).map((cell) => cell.dataset['column'] ?? '');
  const columns = ids.map(numberOf), columnNames = runs(columns, 'c');
  if (!lines || ids.length === 0 || ids.length > columnsMost || columns.some(Number.isNaN)) return null;
  /** @type {number[]} */
  const rows = [];
  const hash = new ScreenHash();
  let room = namesMost - columnNames.length;
  for (const cells of lines) {
    const id = cells[0]?.dataset['row'] ?? '', row = numberOf(id);
    if (Number.isNaN(row) || cells.length !== ids.length) return null;
    // A row that goes on with a run takes room once, for the run's end.
    if (row !== (rows.at(-1) ?? -1) + 1) room -= 2 * id.length + 2;
    if (rows.length > 0 && (room < 0 || rows.length === rowsMost)) break;
    for (const [at, cell] of cells.entries()) {
      const { dataset } = cell;
      if (dataset['row'] !== id || dataset['column'] !== ids[at] || dataset['state'] === 'loading') return null;
      hash.cell(columns[at] ?? 0, valueSlot(cell)?.textContent ?? '');
    }
    hash.row(row);
    rows.push(row);
  }
  const revision = Number(grid.dataset['revision']), sheet = grid.dataset['sheet'] ?? '';
  if (!sheet || !Number.isSafeInteger(revision)) return null;
  return { sheet, revision, first: seen.first, rows: runs(rows, 'r'), columns: columnNames, hash: hash.text };
}

/** The cells of the painted rows of a range of ranks, in order, if the rows are all there. @param {HTMLElement} grid @param {{ first: number, last: number }} seen */
function painted(grid, { first, last }) {
  /** @type {HTMLElement[][]} */
  const lines = [];
  for (const line of grid.querySelectorAll('[role=row]')) {
    // The header is a row too. The control's rows have no ranks: they are its page from the first row on.
    if (!(line instanceof HTMLElement) || line.getAttribute('aria-rowindex') === '1') continue;
    const rank = line.dataset['rank'] === undefined ? first + lines.length : Number(line.dataset['rank']);
    if (rank < first || rank > last) continue;
    if (rank !== first + lines.length) return null;
    lines.push(cellsOf(line));
  }
  return lines.length > 0 && lines.length === last - first + 1 ? lines : null;
}

/** @param {Element} line @returns {HTMLElement[]} */
function cellsOf(line) {
  /** @type {HTMLElement[]} */
  const cells = [];
  for (const cell of line.children) if (cell instanceof HTMLElement && cell.getAttribute('role') === 'gridcell') cells.push(cell);
  return cells;
}

/** @param {HTMLElement} cell */
function valueSlot(cell) {
  const first = cell.firstElementChild;
  return first?.classList.contains('value') ? first : cell.querySelector('.value');
}

/** "r9" -> 9; NaN for what is no id. @param {string} id */
export function numberOf(id) {
  const number = Number(id.slice(1));
  return id.length > 1 && id.length <= 11 && Number.isSafeInteger(number) ? number : NaN;
}

/** Ids as runs in their order: "r5-r9,r12". @param {number[]} numbers @param {string} prefix */
export function runs(numbers, prefix) {
  /** @type {string[]} */
  const parts = [];
  for (let i = 0; i < numbers.length; ) {
    const first = numbers[i] ?? 0;
    let last = first;
    while (++i < numbers.length && numbers[i] === last + 1) last++;
    parts.push(first === last ? `${prefix}${first}` : `${prefix}${first}-${prefix}${last}`);
  }
  return parts.join(',');
}
