// @ts-check
// The form that makes or changes one condition of the filter.

import { h } from '../base/dom.js';
import { openPopover } from '../base/menu.js';

/** @typedef {import('../types.js').FilterOperation} FilterOperation */

/** @type {Array<[FilterOperation, string]>} */
export const operations = [
  ['contains', 'contains'], ['equals', 'is'], ['notEquals', 'is not'], ['startsWith', 'starts with'], ['oneOf', 'is one of'], ['isEmpty', 'is empty'], ['isNotEmpty', 'is not empty'], ['isFailed', 'failed'], ['isStale', 'is stale'],
  ['<', 'is less than'], ['<=', 'is at most'], ['>', 'is more than'], ['>=', 'is at least'],
];

/** @param {FilterOperation} operation */
export const takesValue = (operation) => !['isEmpty', 'isNotEmpty', 'isFailed', 'isStale'].includes(operation);

/** @param {FilterOperation} operation */
export const operationLabel = (operation) => operations.find(([op]) => op === operation)?.[1] ?? operation;

/** Shows only the rows whose cell of a column failed. @param {import('../grid/store.js').Store} store @param {string} column */
export function showFailed(store, column) {
  const { view } = store;
  if (view.filter.some((f) => f.column === column && f.op === 'isFailed')) return;
  store.openView({ ...view, match: 'all', filter: [...(view.match === 'any' ? [] : view.filter), { column, op: 'isFailed' }] });
}

/** @param {import('../grid/store.js').Store} store @param {Element} anchor @param {number | null} index the condition to change, or null for a new one @param {string} [onColumn] */
export function openFilter(store, anchor, index, onColumn) {
  const known = index === null ? undefined : store.view.filter[index];
  const column = h('select', { 'aria-label': 'Column' }, store.columns.map((c) => h('option', { value: c.id }, c.name)));
  column.value = known?.column ?? onColumn ?? store.columns[0]?.id ?? '';
  const operation = h('select', { 'aria-label': 'Condition' }, operations.map(([op, label]) => h('option', { value: op }, label)));
  operation.value = known?.op ?? (store.column(column.value)?.type === 'number' ? '>=' : 'contains');
  const value = h('input', { type: 'text', 'aria-label': 'Value', placeholder: 'value', autocomplete: 'off', spellcheck: false });
  value.value = known ? (Array.isArray(known.value) ? known.value.join(', ') : String(known.value ?? '')) : '';
  const needsValue = () => {
    value.hidden = !takesValue(/** @type {FilterOperation} */ (operation.value));
    value.placeholder = operation.value === 'oneOf' ? 'one, another' : 'value';
  };
  operation.addEventListener('change', needsValue);
  needsValue();
  const panel = h('form', { class: 'filter-form', 'aria-label': 'Filter', on: { submit: (/** @type {Event} */ event) => {
    event.preventDefault();
    panel.hidePopover();
    const condition = conditionOf(store.column(column.value), /** @type {FilterOperation} */ (operation.value), value.value);
    if (!condition) return;
    const filter = store.view.filter.slice();
    if (index === null) filter.push(condition);
    else filter[index] = condition;
    store.openView({ ...store.view, filter });
  } } }, h('label', {}, 'Show rows where', column), operation, value, h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, index === null ? 'Add filter' : 'Apply')));
  panel.addEventListener('keydown', (event) => event.key !== 'Escape' && event.stopPropagation());
  openPopover(anchor, panel, { focus: value.hidden ? operation : value });
}

/** @param {import('../types.js').Column | undefined} column @param {FilterOperation} op @param {string} typed @returns {import('../types.js').Filter | null} */
export function conditionOf(column, op, typed) {
  if (!column) return null;
  if (!takesValue(op)) return { column: column.id, op };
  /** @param {string} text */
  const read = (text) => (column.type === 'number' && /^-?\d+(\.\d+)?$/.test(text) && String(Number(text)) === text ? Number(text) : column.type === 'boolean' && (text === 'true' || text === 'false') ? text === 'true' : text);
  if (op === 'oneOf') return { column: column.id, op, value: typed.split(',').map((s) => /** @type {string | number} */ (read(s.trim()))).filter((s) => s !== '') };
  return typed === '' ? null : { column: column.id, op, value: read(typed.trim()) };
}
