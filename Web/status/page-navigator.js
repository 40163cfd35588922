// @ts-check
// Pages by number: first, back, "page n of N", on, last; and going to a row.

import { h, setText } from '../base/dom.js';
import { count, counted } from '../base/format.js';
import { icon } from '../base/icons.js';
import { openPopover } from '../base/menu.js';
import { pageSize } from '../grid/store.js';

export class PageNavigator {
  /** @param {import('../grid/store.js').Store} store @param {import('../grid/selection.js').Selection} selection @param {import('../grid/painter.js').Painter} painter @param {HTMLElement} root @param {HTMLElement} counts */
  constructor(store, selection, painter, root, counts) {
    this.store = store;
    this.selection = selection;
    this.painter = painter;
    this.counts = counts;
    this.root = root;
    this.input = h('input', { type: 'text', inputMode: 'numeric', class: 'page-input', 'aria-label': 'Page number', value: '1', on: { change: () => this.toPage(Number(this.input.value.replaceAll(/\D/g, ''))), focus: () => this.input.select(), keydown: (/** @type {KeyboardEvent} */ e) => e.key === 'Enter' && this.toPage(Number(this.input.value.replaceAll(/\D/g, ''))) } });
    this.pages = h('span', { class: 'of' });
    /** @param {'chevronLeft' | 'chevronRight'} name @param {string} label @param {number} by */
    const step = (name, label, by) => h('button', { type: 'button', class: 'quiet square', 'aria-label': label, title: label, on: { click: () => this.toPage(this.page + by) } }, icon(name));
    root.append(step('chevronLeft', 'Previous page', -1), h('label', { class: 'page-label' }, 'Page ', this.input), this.pages, step('chevronRight', 'Next page', 1));
    store.on(['snapshot', 'sheet', 'selection', 'viewport', 'grid'], () => this.render());
  }

  get pageCount() {
    return Math.max(1, Math.ceil((this.store.totalRows ?? 0) / pageSize));
  }

  get page() {
    return Math.floor(this.painter.seen.first / pageSize) + 1;
  }

  /** @param {number} page */
  toPage(page) {
    if (!Number.isFinite(page)) return this.render();
    const rank = (Math.max(1, Math.min(page, this.pageCount)) - 1) * pageSize;
    this.painter.reveal(rank, this.selection.column, 'start');
    this.selection.moveTo(rank, this.selection.column);
    this.input.value = String(Math.floor(rank / pageSize) + 1);
    this.render();
  }

  render() {
    this.root.hidden = this.store.grid === null;
    if (document.activeElement !== this.input) this.input.value = String(this.page);
    this.input.style.width = `${Math.max(3, String(this.pageCount).length + 1)}ch`;
    setText(this.pages, `of ${count(this.pageCount)}`);
    const { store, selection } = this, total = store.totalRows;
    const rows = total === null ? '' : counted(total, 'row');
    const seen = selection.isSingle ? '' : ` \u00b7 ${counted(selection.size, 'cell')} selected`;
    setText(this.counts, rows + seen);
  }

  /** Asks for a row's number. @param {Element} anchor */
  goToRow(anchor) {
    const input = h('input', { type: 'text', inputMode: 'numeric', 'aria-label': 'Row number', placeholder: `1 to ${count(this.store.totalRows ?? 0)}` });
    const panel = h('form', { class: 'form-row', 'aria-label': 'Go to row', on: { submit: (/** @type {Event} */ event) => {
      event.preventDefault();
      const row = Number(input.value.replaceAll(/\D/g, ''));
      panel.hidePopover();
      if (!row) return;
      this.painter.reveal(row - 1, this.selection.column, 'start');
      this.selection.moveTo(row - 1, this.selection.column);
      this.painter.focus();
    } } }, h('label', {}, 'Go to row ', input), h('button', { type: 'submit', class: 'primary' }, 'Go'));
    openPopover(anchor, panel, { focus: input });
  }
}
