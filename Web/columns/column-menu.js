// @ts-check
// A column's menu: rename, type, sort, filter, move, agent, delete. And adding one.

import { h } from '../base/dom.js';
import { openMenu, openPopover } from '../base/menu.js';
import { typeIcons } from '../base/icons.js';
import { openFilter, showFailed } from '../view/filter-form.js';
import { setSort } from '../view/toolbar.js';

/** @type {Array<[import('../types.js').ColumnType, string]>} */
export const columnTypes = [['text', 'Text'], ['number', 'Number'], ['boolean', 'Yes / no'], ['date', 'Date'], ['json', 'JSON']];

export class ColumnMenu {
  /** @param {import('../grid/store.js').Store} store @param {(column: string) => void} openAgent @param {import('./column-deeds.js').ColumnDeeds} deeds */
  constructor(store, openAgent, deeds) {
    this.store = store;
    this.openAgent = openAgent;
    this.deeds = deeds;
  }

  /** @param {Element} anchor @param {string} id */
  open(anchor, id) {
    const { store } = this, column = store.column(id), at = store.columns.findIndex((c) => c.id === id);
    if (!column) return;
    const sort = store.view.sort.find((s) => s.column === id)?.direction;
    const before = store.columns[at - 1], after = store.columns[at + 1];
    openMenu(anchor, [
      { label: 'Rename\u2026', icon: 'pencil', run: () => this.rename(anchor, column) },
      { label: 'Change type\u2026', icon: typeIcons[column.type] ?? 'text', run: () => this.retype(anchor, column) },
      { label: column.agent ? 'Agent settings\u2026' : 'Fill by an agent\u2026', icon: 'spark', run: () => this.openAgent(id) },
      'line',
      { label: 'Sort ascending', icon: 'up', checked: sort === 'ascending' ? true : undefined, run: () => setSort(store, id, sort === 'ascending' ? null : 'ascending') },
      { label: 'Sort descending', icon: 'down', checked: sort === 'descending' ? true : undefined, run: () => setSort(store, id, sort === 'descending' ? null : 'descending') },
      { label: 'Filter by this column\u2026', icon: 'filter', run: () => openFilter(store, anchor, null, id) },
      ...(column.agent ? [{ label: 'Show failed cells', icon: /** @type {const} */ ('warning'), run: () => showFailed(store, id) }] : []),
      'line',
      { label: 'Move left', icon: 'chevronLeft', hint: 'Alt Shift \u2190', disabled: !before, run: () => before && void this.deeds.move(id, { before: before.id }) },
      { label: 'Move right', icon: 'chevronRight', hint: 'Alt Shift \u2192', disabled: !after, run: () => after && void this.deeds.move(id, { after: after.id }) },
      'line',
      { label: 'Delete column', icon: 'trash', danger: true, run: () => this.remove(anchor, column) },
    ], `Column ${column.name}`);
  }

  /** @param {Element} anchor @param {import('../types.js').Column} column */
  rename(anchor, column) {
    askText(anchor, 'Column name', column.name, 'Rename', (name) => name !== column.name && void this.deeds.change(column, { name }));
  }

  /** @param {Element} anchor @param {import('../types.js').Column} column */
  retype(anchor, column) {
    openMenu(anchor, columnTypes.map(([type, label]) => ({ label, icon: typeIcons[type], checked: column.type === type ? true : undefined, run: () => column.type !== type && void this.deeds.change(column, { type }) })), 'Type of the column');
  }

  /** @param {Element} anchor @param {import('../types.js').Column} column */
  remove(anchor, column) {
    const panel = h('form', { class: 'confirm', 'aria-label': 'Delete column' }, h('p', {}, `Delete \u201c${column.name}\u201d and its values in all rows?`),
      h('div', { class: 'actions' }, h('button', { type: 'button', on: { click: () => panel.hidePopover() } }, 'Keep'), h('button', { type: 'submit', class: 'danger' }, 'Delete')));
    panel.addEventListener('submit', (event) => {
      event.preventDefault();
      panel.hidePopover();
      void this.deeds.remove(column);
    });
    openPopover(anchor, panel);
  }

  /** @param {Element} anchor */
  add(anchor) {
    const name = h('input', { type: 'text', required: true, maxLength: 200, placeholder: 'Column name', 'aria-label': 'Column name', autocomplete: 'off' });
    const type = h('select', { 'aria-label': 'Type' }, columnTypes.map(([value, label]) => h('option', { value }, label)));
    const agent = h('input', { type: 'checkbox' });
    const panel = h('form', { class: 'column-form', 'aria-label': 'Add a column' }, h('label', {}, 'Name', name), h('label', {}, 'Type', type), h('label', { class: 'check' }, agent, 'Fill by an agent'),
      h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, 'Add column')));
    panel.addEventListener('keydown', (event) => event.key !== 'Escape' && event.stopPropagation());
    panel.addEventListener('submit', async (event) => {
      event.preventDefault();
      try {
        const id = await this.deeds.add(name.value.trim(), /** @type {import('../types.js').ColumnType} */ (type.value));
        panel.hidePopover();
        if (agent.checked && id) this.openAgent(id);
        this.onAdded(id);
      } catch (error) {
        name.setCustomValidity(error instanceof Error ? error.message : String(error));
        name.reportValidity();
        name.addEventListener('input', () => name.setCustomValidity(''), { once: true });
      }
    });
    openPopover(anchor, panel, { focus: name });
  }

  /** @type {(column: string) => void} */
  onAdded = () => {};
}

/** Asks for one line of text beside a control.
 * @param {Element} anchor @param {string} label @param {string} value @param {string} action @param {(text: string) => void} run */
export function askText(anchor, label, value, action, run) {
  const input = h('input', { type: 'text', required: true, maxLength: 200, 'aria-label': label, autocomplete: 'off' });
  input.value = value;
  const panel = h('form', { class: 'form-row', 'aria-label': label }, input, h('button', { type: 'submit', class: 'primary' }, action));
  panel.addEventListener('keydown', (event) => event.key !== 'Escape' && event.stopPropagation());
  panel.addEventListener('submit', (event) => {
    event.preventDefault();
    panel.hidePopover();
    if (input.value.trim()) run(input.value.trim());
  });
  openPopover(anchor, panel, { focus: input });
  input.select();
}
