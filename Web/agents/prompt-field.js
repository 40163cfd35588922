// @ts-check
// The prompt's text box: offers column names after "{{", and shows what one row would be asked.

import { h, setText } from '../base/dom.js';
import { displayText } from '../wire/cell-value.js';

/** @param {import('../grid/store.js').Store} store */
export function promptField(store) {
  const input = h('textarea', { class: 'prompt', rows: 5, 'aria-label': 'Prompt', 'aria-autocomplete': 'list', 'aria-controls': 'prompt-columns', placeholder: 'Write the country\u2019s name in English for the code {{country}}.', spellcheck: true, maxLength: 20000 });
  const list = h('ul', { class: 'suggestions', id: 'prompt-columns', role: 'listbox', 'aria-label': 'Columns' });
  list.hidden = true;
  const example = h('blockquote', { class: 'example', 'aria-label': 'Example for one row' });
  const root = h('div', { class: 'prompt-field' }, input, list);
  let chosen = 0, row = 0;
  /** @type {string[]} */
  let names = [];

  const open = () => /\{\{([^{}]*)$/.exec(input.value.slice(0, input.selectionStart));
  const suggest = () => {
    const begun = open();
    names = begun ? store.columns.map((c) => c.name).filter((n) => n.toLowerCase().includes((begun[1] ?? '').trim().toLowerCase())).slice(0, 8) : [];
    chosen = Math.min(chosen, Math.max(0, names.length - 1));
    list.hidden = names.length === 0;
    list.replaceChildren(...names.map((name, i) => h('li', { id: `prompt-column-${i}`, role: 'option', 'aria-selected': String(i === chosen), on: { pointerdown: (/** @type {Event} */ e) => (e.preventDefault(), insert(name)) } }, name)));
    if (names.length) input.setAttribute('aria-activedescendant', `prompt-column-${chosen}`);
    else input.removeAttribute('aria-activedescendant');
  };
  /** @param {string} name */
  const insert = (name) => {
    const begun = open();
    if (!begun) return;
    const start = begun.index, end = input.selectionStart, after = input.value.slice(end).startsWith('}}') ? end + 2 : end;
    input.setRangeText(`{{${name}}}`, start, after, 'end');
    suggest();
    showExample(row);
  };
  /** @param {number} rank */
  const showExample = (rank) => {
    row = rank;
    const held = store.rowAt(rank), label = root.parentElement?.querySelector('.example-row');
    if (label) setText(label, String(rank + 1));
    const text = input.value.replaceAll(/\{\{([^{}]*)\}\}/g, (whole, name) => {
      const column = store.columns.find((c) => c.name.toLowerCase() === String(name).trim().toLowerCase());
      return column && held ? displayText(held.cells[column.id]) : whole;
    });
    example.hidden = !input.value.trim();
    setText(example, text);
  };
  input.addEventListener('input', () => (suggest(), showExample(row)));
  input.addEventListener('click', suggest);
  input.addEventListener('blur', () => (list.hidden = true));
  input.addEventListener('keydown', (event) => {
    if (list.hidden) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') chosen = (chosen + (event.key === 'ArrowDown' ? 1 : names.length - 1)) % names.length;
    else if (event.key === 'Enter' || event.key === 'Tab') insert(names[chosen] ?? '');
    else if (event.key === 'Escape') list.hidden = true;
    else return;
    event.preventDefault();
    event.stopPropagation();
    if (!list.hidden) suggest();
  });
  return { root, input, example, showExample };
}
