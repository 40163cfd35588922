// @ts-check
// "Why this value?": who or what set a cell, when, from what, and what was there before.

import { api } from '../wire/api.js';
import { h } from '../base/dom.js';
import { count, timestamp } from '../base/format.js';
import { icon } from '../base/icons.js';
import { displayText } from '../wire/cell-value.js';

/** @type {Record<string, string>} */
const who = { person: 'A person', agent: 'An agent', importer: 'An import', program: 'A program' };
/** @type {Record<string, string>} */
const did = { set: 'set it', answer: 'answered', suggestion: 'answered too late; kept as a suggestion', mark: 'marked it', insert: 'put the row in', delete: 'deleted the row' };

export class WhyPanel {
  /** @param {import('../grid/store.js').Store} store @param {import('../grid/selection.js').Selection} selection @param {import('../grid/painter.js').Painter} painter @param {HTMLElement} root @param {(column: string) => void} retry */
  constructor(store, selection, painter, root, retry) {
    this.store = store;
    this.selection = selection;
    this.painter = painter;
    this.retry = retry;
    this.root = root;
    this.title = h('h2', {}, 'Why this value?');
    this.body = h('div', { class: 'panel-body', 'aria-live': 'off' });
    this.closer = h('button', { type: 'button', class: 'quiet square', 'aria-label': 'Close', on: { click: () => this.close() } }, icon('close'));
    root.append(h('header', {}, icon('clock'), this.title, h('span', { class: 'grow' }), this.closer), this.body);
    root.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.close();
      event.stopPropagation();
    });
    store.on(['sheet'], () => (root.hidden = true));
  }

  close() {
    this.root.hidden = true;
    this.painter.focus();
  }

  async show() {
    const { store, selection } = this, row = store.rowAt(selection.row), column = store.columns[selection.column];
    if (!row || !column) return;
    this.root.hidden = false;
    this.closer.focus();
    const state = row.states[column.id], json = row.cells[column.id];
    const head = h('div', { class: 'card' }, h('dl', { class: 'facts' },
      h('dt', {}, 'Cell'), h('dd', {}, `${column.name}, row ${count(selection.row + 1)} `, h('code', {}, `${row.id} ${column.id}`)),
      h('dt', {}, 'Value'), h('dd', { class: 'cell-value' }, json === undefined ? '(empty)' : displayText(json)),
      state ? [h('dt', {}, 'State'), h('dd', {}, state.reason ? `${state.state}: ${state.reason}` : state.state)] : []));
    if (state?.state === 'failed') head.append(h('div', { class: 'actions' }, h('button', { type: 'button', class: 'small primary', on: { click: () => this.retry(column.id) } }, icon('play'), 'Ask again')));
    const list = h('ol', { class: 'history' }, h('li', { class: 'hint' }, 'Reading\u2026'));
    this.body.replaceChildren(head, h('h3', {}, 'History, newest first'), list);
    try {
      const reply = await api.history(store.grid?.id ?? '', store.sheetID, row.id, column.id);
      const entries = /** @type {any[]} */ (reply.entries ?? []);
      list.replaceChildren(...entries.map((entry) => this.entry(entry)));
      if (!entries.length) list.replaceChildren(h('li', { class: 'hint' }, json === undefined ? 'Nothing was ever written here.' : 'It came with its row and was never changed since.'));
    } catch (error) {
      list.replaceChildren(h('li', { class: 'hint' }, `The history could not be read: ${error instanceof Error ? error.message : error}`));
    }
  }

  /** What is known of how a value came about, in words. @param {Record<string, any>} detail */
  facts(detail) {
    const { provider, model, host, promptVersion, inputs, base, inputTokens, outputTokens, attempts, milliseconds, rule, ...more } = detail;
    const names = Array.isArray(inputs) ? inputs.map((id) => this.store.column(id)?.name ?? id).join(', ') : '';
    const tokens = (inputTokens ?? 0) + (outputTokens ?? 0);
    return [
      model && `model ${model}`, provider, host && `at ${host}`, rule && `rule: ${rule}`, promptVersion && `prompt version ${promptVersion}`,
      names && `from ${names}${base ? ` as of revision ${count(base)}` : ''}`, tokens > 0 && `${count(tokens)} tokens`,
      attempts > 1 && `${attempts} attempts`, milliseconds > 0 && `${count(milliseconds)} ms`,
      ...Object.entries(more).map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`),
    ].filter(Boolean);
  }

  /** @param {any} entry */
  entry(entry) {
    const cause = entry.cause ?? {}, detail = typeof cause.detail === 'string' ? safeParse(cause.detail) : cause.detail;
    /** @param {unknown} value */
    const text = (value) => (value === null || value === undefined ? '(empty)' : typeof value === 'string' ? value : JSON.stringify(value));
    const facts = this.facts(detail ?? {});
    return h('li', { class: `by-${cause.kind ?? 'program'}` },
      h('p', {}, h('b', {}, `${who[cause.kind] ?? 'Something'} ${did[entry.kind] ?? 'changed it'}`), cause.run ? ` in ${cause.run}` : ''),
      text(entry.old) !== text(entry.new) ? h('p', { class: 'change' }, h('span', { class: 'old' }, text(entry.old)), h('span', { 'aria-label': 'became' }, ' \u2192 '), h('span', {}, text(entry.new))) : null,
      facts.length ? h('p', { class: 'hint' }, facts.join(' \u00b7 ')) : null,
      h('p', { class: 'hint' }, `Revision ${count(entry.revision)}${entry.time ? ` \u00b7 ${timestamp(entry.time)}` : ''}`));
  }
}

/** @param {string} text */
function safeParse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { note: text };
  }
}
