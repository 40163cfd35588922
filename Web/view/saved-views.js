// @ts-check
// Saved views: which one is open, opening another, saving what is asked for under a name, renaming and deleting.

import { api } from '../wire/api.js';
import { announce } from '../base/announce.js';
import { h, setText } from '../base/dom.js';
import { icon } from '../base/icons.js';
import { openMenu, toast } from '../base/menu.js';
import { askText } from '../columns/column-menu.js';

/** @typedef {import('../types.js').SavedView} SavedView */
/** @typedef {import('../base/menu.js').MenuItem} MenuItem */

export class ViewSwitcher {
  /** @param {import('../grid/store.js').Store} store @param {() => Promise<void>} reread */
  constructor(store, reread) {
    this.store = store;
    this.reread = reread;
    this.name = h('span', { class: 'view-name' });
    this.mark = h('span', { class: 'view-changed' }, 'changed');
    this.button = h('button', { type: 'button', class: 'views', 'aria-haspopup': 'menu', on: { click: () => this.open() } }, icon('views'), this.name, this.mark, icon('chevronDown'));
    store.on(['view', 'sheet', 'grid'], () => this.render());
  }

  render() {
    const { store } = this, name = store.savedView?.name ?? 'All rows', changed = store.viewID !== '' && store.isViewChanged;
    setText(this.name, name);
    this.mark.hidden = !changed;
    this.button.dataset['view'] = store.viewID === '' ? 'all' : 'saved';
    this.button.setAttribute('aria-label', `View: ${name}${changed ? ', changed' : ''}`);
    this.button.title = changed ? `The view \u201c${name}\u201d, with changes that are not saved` : `View: ${name}`;
  }

  open() {
    const { store } = this, saved = store.savedView, changed = store.isViewChanged;
    /** @type {MenuItem[]} */
    const items = [
      { label: 'All rows', icon: 'table', checked: store.viewID === '', run: () => this.show('') },
      ...store.views.map((view) => ({ label: view.name, icon: /** @type {const} */ ('views'), checked: view.id === store.viewID, run: () => this.show(view.id) })),
      'line',
    ];
    if (saved && changed) {
      items.push({ label: `Save the changes to \u201c${saved.name}\u201d`, icon: 'check', run: () => void this.saveChanges(saved) });
      items.push({ label: 'Go back to what was saved', icon: 'undo', run: () => this.show(saved.id) });
    }
    items.push({ label: 'Save as a view\u2026', icon: 'plus', run: () => this.saveAs() });
    if (saved) {
      items.push('line');
      items.push({ label: 'Rename\u2026', icon: 'pencil', run: () => askText(this.button, 'View name', saved.name, 'Rename', (name) => void this.attempt(() => api.changeView(...this.place, saved.id, { name }))) });
      items.push({ label: 'Delete this view', icon: 'trash', danger: true, run: () => void this.remove(saved) });
    }
    openMenu(this.button, items, 'Views');
  }

  /** @returns {[string, string]} */
  get place() {
    return [this.store.grid?.id ?? '', this.store.sheetID];
  }

  /** @param {string} id */
  show(id) {
    this.store.openSaved(id);
    announce(`View: ${this.store.savedView?.name ?? 'all rows'}`, true);
  }

  saveAs() {
    const { store } = this, { view, sheetID } = store, { filter, match, sort } = view;
    const taken = new Set(store.views.map((v) => v.name));
    let name = suggestion(store);
    for (let n = 2; taken.has(name); n++) name = `${suggestion(store)} (${n})`;
    askText(this.button, 'View name', name, 'Save view', async (text) => {
      const made = await this.attempt(() => api.addView(...this.place, { name: text, filter, match, sort }));
      if (!made) return;
      // Whoever went on to another view meanwhile wants to see that one.
      if (store.sheetID === sheetID && store.view === view) store.openSaved(made.id);
      announce(`Saved the view ${made.name}`, true);
    });
  }

  /** @param {SavedView} saved */
  async saveChanges(saved) {
    const { filter, match, sort } = this.store.view;
    const changed = await this.attempt(() => api.changeView(...this.place, saved.id, { filter, match, sort }));
    if (changed) announce(`Saved the changes to ${changed.name}`, true);
  }

  /** The rows stay as they are asked for; the name goes. @param {SavedView} saved */
  async remove(saved) {
    const gone = await this.attempt(() => api.deleteView(...this.place, saved.id).then(() => true));
    if (!gone) return;
    const { name, filter, match, sort } = saved;
    toast(`Deleted the view \u201c${name}\u201d. Its rows are still there.`, { action: { label: 'Undo', run: async () => {
      const made = await this.attempt(() => api.addView(...this.place, { name, filter, match, sort }));
      if (made) this.store.openSaved(made.id);
    } } });
  }

  /** Does it and reads the document again; a refusal is told. @template T @param {() => Promise<T>} work @returns {Promise<T | null>} */
  async attempt(work) {
    try {
      const result = await work();
      await this.reread();
      return result;
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error), { problem: true });
      return null;
    }
  }
}

/** A name for what is asked for. @param {import('../grid/store.js').Store} store */
function suggestion(store) {
  const [filter] = store.view.filter, [sort] = store.view.sort;
  const value = filter && filter.value !== undefined ? (Array.isArray(filter.value) ? filter.value.join(', ') : String(filter.value)) : '';
  const name = filter ? `${store.column(filter.column)?.name ?? ''} ${value}`.trim() : sort ? `By ${store.column(sort.column)?.name ?? ''}` : 'All rows, as now';
  return name.slice(0, 80);
}
