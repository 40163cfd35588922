// @ts-check
// The toolbar: filters and sorting as chips, finding, going to a row, adding rows and columns, running an agent.

import { debounced, h } from '../base/dom.js';
import { icon } from '../base/icons.js';
import { openFilter, operationLabel, takesValue } from './filter-form.js';
import { openMenu } from '../base/menu.js';
import { wholeSheet } from '../grid/store.js';

/** @typedef {{ addColumn: (anchor: Element) => void, addRow: () => void, agents: () => void, words: () => void, goToRow: (anchor: Element) => void }} Actions */

export class Toolbar {
  /** @param {import('../grid/store.js').Store} store @param {HTMLElement} root @param {import('./saved-views.js').ViewSwitcher} views @param {Actions} actions */
  constructor(store, root, views, actions) {
    this.store = store;
    this.views = views;
    /** @param {string} label @param {import('../base/icons.js').IconName} name @param {(e: Event) => void} click @param {string} [className] @param {string} [title] */
    const button = (label, name, click, className = '', title = label) => h('button', { type: 'button', class: className, title, 'aria-label': label, on: { click } }, icon(name), h('span', { class: 'label' }, label));
    this.filterButton = button('Filter', 'filter', () => openFilter(store, this.filterButton, null), '', 'Show only some rows');
    this.sortButton = button('Sort', 'sort', () => this.chooseSort(), '', 'Order the rows');
    this.chips = h('div', { class: 'chips' });
    this.search = h('input', { type: 'search', placeholder: 'Find', 'aria-label': 'Find in the rows', autocomplete: 'off', spellcheck: false });
    const find = debounced(() => store.find !== this.search.value.trim() && store.findText(this.search.value.trim()), 250);
    this.search.addEventListener('input', find);
    this.search.addEventListener('keydown', (event) => {
      event.stopPropagation();
      if (event.key === 'Escape' && this.search.value) {
        event.preventDefault();
        this.search.value = '';
        store.findText('');
      }
    });
    const goTo = button('Go to row', 'goTo', () => actions.goToRow(goTo), 'wide-only tight', 'Go to row (Ctrl+G)');
    this.agents = button('Agent', 'spark', () => actions.agents(), 'accent', 'Fill a column by an agent');
    const column = button('Column', 'column', () => actions.addColumn(column), 'tight', 'Add a column');
    const words = button('Ask', 'speech', () => actions.words(), 'accent', 'Say what you want in plain words (Ctrl+K)');
    root.append(words, views.button, this.filterButton, this.sortButton, this.chips, h('span', { class: 'grow' }), h('label', { class: 'search' }, icon('search'), this.search), goTo, button('Row', 'addRow', () => actions.addRow(), 'tight', 'Add a row'), column, this.agents);
    this.root = root;
    store.on(['view', 'sheet', 'grid'], () => this.render());
  }

  focusFind() {
    this.search.focus();
    this.search.select();
  }

  render() {
    const { store, views } = this, { filter, sort, match } = store.view;
    if (document.activeElement !== this.search) this.search.value = store.find;
    const chips = [];
    filter.forEach((f, index) => {
      const name = store.column(f.column)?.name ?? f.column;
      const value = !takesValue(f.op) ? '' : ` ${Array.isArray(f.value) ? f.value.join(', ') : String(f.value ?? '')}`;
      if (index > 0) chips.push(h('button', { type: 'button', class: 'match', title: 'Switch between all and any', on: { click: () => store.openView({ ...store.view, match: match === 'all' ? 'any' : 'all' }) } }, match === 'all' ? 'and' : 'or'));
      const chip = h('button', { type: 'button', class: 'chip-text', on: { click: () => openFilter(store, chip, index) } }, h('b', {}, name), ` ${operationLabel(f.op)}${value}`);
      chips.push(this.chip(chip, `Remove the filter on ${name}`, () => store.openView({ ...store.view, filter: filter.filter((_, i) => i !== index) })));
    });
    sort.forEach((level, index) => {
      const name = store.column(level.column)?.name ?? level.column, down = level.direction === 'descending';
      const flip = h('button', { type: 'button', class: 'chip-text', title: 'Reverse', on: { click: () => store.openView({ ...store.view, sort: sort.map((s, i) => (i === index ? { ...s, direction: down ? 'ascending' : 'descending' } : s)) }) } }, icon(down ? 'down' : 'up'), h('b', {}, name));
      chips.push(this.chip(flip, `Remove sorting by ${name}`, () => store.openView({ ...store.view, sort: sort.filter((_, i) => i !== index) })));
    });
    if (chips.length > 1) chips.push(h('button', { type: 'button', class: 'link', on: { click: () => store.openView(wholeSheet) } }, 'Clear'));
    if (store.isViewChanged) chips.push(h('button', { type: 'button', class: 'link save-view', on: { click: () => (store.savedView ? void views.saveChanges(store.savedView) : views.saveAs()) } }, store.savedView ? 'Save' : 'Save view'));
    this.chips.replaceChildren(...chips);
    const hasGrid = store.grid !== null;
    for (const control of this.root.querySelectorAll('button, input')) /** @type {HTMLButtonElement} */ (control).disabled = !hasGrid;
  }

  /** @param {HTMLElement} text @param {string} label @param {() => void} remove */
  chip(text, label, remove) {
    return h('span', { class: 'chip' }, text, h('button', { type: 'button', class: 'chip-close', 'aria-label': label, on: { click: remove } }, icon('close')));
  }

  chooseSort() {
    const { store } = this;
    openMenu(this.sortButton, store.columns.slice(0, 60).map((c) => {
      const level = store.view.sort.find((s) => s.column === c.id);
      return { label: c.name, icon: level ? (level.direction === 'ascending' ? /** @type {const} */ ('up') : /** @type {const} */ ('down')) : undefined, run: () => sortBy(store, c.id, true) };
    }), 'Sort by');
  }
}

/** Cycles a column through ascending, descending and not sorted; with `extend` the other levels stay.
 * @param {import('../grid/store.js').Store} store @param {string} column @param {boolean} extend */
export function sortBy(store, column, extend) {
  const { sort } = store.view, at = sort.findIndex((s) => s.column === column), level = sort[at];
  /** @type {import('../types.js').SortLevel | null} */
  const next = !level ? { column, direction: 'ascending' } : level.direction === 'ascending' ? { column, direction: 'descending' } : null;
  const others = extend ? sort.filter((s) => s.column !== column) : [];
  const levels = [...others];
  if (next) levels.splice(extend && at >= 0 ? at : levels.length, 0, next);
  store.openView({ ...store.view, sort: levels });
}

/** @param {import('../grid/store.js').Store} store @param {string} column @param {'ascending' | 'descending' | null} direction */
export function setSort(store, column, direction) {
  const others = store.view.sort.filter((s) => s.column !== column);
  store.openView({ ...store.view, sort: direction ? [{ column, direction }, ...others] : others });
}
