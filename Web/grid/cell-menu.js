// @ts-check
// The menu of the selected cells.

import { counted } from '../base/format.js';
import { openMenu } from '../base/menu.js';
import { openFilter } from '../view/filter-form.js';
import { displayText } from '../wire/cell-value.js';

/** @typedef {{ store: import('./store.js').Store, selection: import('./selection.js').Selection, editor: import('./editor.js').Editor, clipboard: import('./clipboard.js').Clipboard, deeds: import('./row-deeds.js').RowDeeds, agents: import('../agents/agent-panel.js').AgentPanel, why: import('../history/why-panel.js').WhyPanel, reorder: import('./reorder.js').Reorder }} Parts */

/** @param {{ x: number, y: number }} at @param {Parts} parts */
export function cellMenu(at, { store, selection, editor, clipboard, deeds, agents, why, reorder }) {
  const column = store.columns[selection.column], row = store.rowAt(selection.row);
  if (!column || !row) return;
  const range = selection.range, rows = range.bottom - range.top + 1, value = row.cells[column.id];
  openMenu(at, [
    { label: 'Edit', hint: 'Enter', icon: 'pencil', run: () => editor.open() },
    { label: 'Clear', hint: 'Del', icon: 'close', run: () => void clipboard.clear() },
    { label: 'Why this value?', icon: 'clock', run: () => void why.show() },
    { label: column.agent ? `Run the agent on ${counted(rows, 'row')}` : 'Fill by an agent\u2026', hint: 'Ctrl Enter', icon: 'spark', run: () => agents.runSelection() },
    'line',
    { label: value === undefined ? 'Show only empty ones' : `Show only \u201c${displayText(value).slice(0, 24)}\u201d`, icon: 'filter', run: () => store.openView({ ...store.view, filter: [...store.view.filter, value === undefined ? { column: column.id, op: 'isEmpty' } : { column: column.id, op: 'equals', value: JSON.parse(value) }] }) },
    { label: 'Filter\u2026', icon: 'filter', run: () => openFilter(store, document.querySelector('.cell.focused') ?? document.body, null, column.id) },
    'line',
    { label: 'Insert a row above', icon: 'up', run: () => void deeds.insert('before') },
    { label: 'Insert a row below', icon: 'down', run: () => void deeds.insert('after') },
    { label: `Move ${rows === 1 ? 'the row' : 'the rows'} up`, hint: 'Alt Shift \u2191', icon: 'up', disabled: range.top === 0, run: () => reorder.step(-1, 0) },
    { label: `Move ${rows === 1 ? 'the row' : 'the rows'} down`, hint: 'Alt Shift \u2193', icon: 'down', disabled: range.bottom >= selection.lastRow, run: () => reorder.step(1, 0) },
    'line',
    { label: `Delete ${counted(rows, 'row')}`, icon: 'trash', danger: true, run: () => void deeds.remove() },
  ], 'Cell');
}
