// @ts-check
// "Why this value?": who or what set a cell, when, from what, and what was there before.

import { api } from '../wire/api.js';
import { h } from '../base/dom.js';
import { count, timestamp } from '../base/format.js';
import { icon } from '../base/icons.js';
import { displayText } from '../wire/cell-value.js';
import { facts, origins, said, text } from './provenance.js';

/** @type {Record<string, string>} */
const who = { person: 'A person', agent: 'An agent', importer: 'An import', program: 'A program' };
/** @type {Record<string, string>} */
const did = { set: 'set it', answer: 'answered', suggestion: 'answered too late; kept as a suggestion', mark: 'marked it', insert: 'put the row in', delete: 'deleted the row' };

export class WhyPanel {
  /** @param {import('../grid/store.js').Store} store @param {import('../grid/selection.js').Selection} selection @param {import('../grid/painter.js').Painter} painter @param {HTMLElement} root @param {(column: string) => void} retry @param {(forward: import('../types.js').Change[], back: import('../types.js').Change[]) => Promise<unknown>} edit */
  constructor(store, selection, painter, root, retry, edit) {
    this.store = store;
    this.selection = selection;
    this.painter = painter;
    this.retry = retry;
    this.edit = edit;
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
    const cell = [store.grid?.id ?? '', store.sheetID, row.id, column.id].join('/');
    head.append(h('p', {}, h('a', { href: `traces/?cell=${encodeURIComponent(cell)}`, target: '_blank', rel: 'noopener' }, 'Open in the debugger'), ' ', h('span', { class: 'hint' }, 'who asked for what, and what was read, on a timeline')));
    const list = h('ol', { class: 'history' }, h('li', { class: 'hint' }, 'Reading\u2026'));
    this.body.replaceChildren(head, h('h3', {}, 'History, newest first'), list);
    try {
      const reply = await api.history(store.grid?.id ?? '', store.sheetID, row.id, column.id);
      const entries = /** @type {any[]} */ (reply.entries ?? []);
      list.replaceChildren(...entries.map((entry) => this.entry(entry, row, column.id)));
      if (!entries.length) list.replaceChildren(h('li', { class: 'hint' }, json === undefined ? 'Nothing was ever written here.' : 'It came with its row and was never changed since.'));
    } catch (error) {
      list.replaceChildren(h('li', { class: 'hint' }, `The history could not be read: ${error instanceof Error ? error.message : error}`));
    }
  }

  /** @param {any} entry @param {import('../types.js').Row} row @param {string} column */
  entry(entry, row, column) {
    const cause = entry.cause ?? {}, detail = (typeof cause.detail === 'string' ? safeParse(cause.detail) : cause.detail) ?? {};
    const told = facts(detail), isSuggestion = entry.kind === 'suggestion';
    const change = isSuggestion ? h('p', { class: 'change' }, h('span', {}, text(entry.new)))
      : text(entry.old) !== text(entry.new) ? h('p', { class: 'change' }, h('span', { class: 'old' }, text(entry.old)), h('span', { 'aria-label': 'became' }, ' \u2192 '), h('span', {}, text(entry.new))) : null;
    return h('li', { class: `by-${cause.kind ?? 'program'}` },
      h('p', {}, h('b', {}, `${who[cause.kind] ?? 'Something'} ${detail['undo'] ? `took back ${detail['undo']}` : detail['failure'] && entry.kind === 'mark' ? 'gave up' : entry.newState === 'stale' ? 'changed what it was made from' : did[entry.kind] ?? 'changed it'}`), cause.run && !detail['undo'] ? ` in ${cause.run}` : ''),
      change,
      isSuggestion ? h('div', { class: 'actions' }, h('button', { type: 'button', class: 'small', on: { click: () => this.take(row, column, entry.new) } }, icon('check'), 'Take this answer')) : null,
      told.length ? h('p', { class: 'hint' }, told.join(' \u00b7 ')) : null,
      ...said(detail), cause.kind === 'agent' ? origins(this.store, row, cause, detail) : null,
      h('p', { class: 'hint' }, `Revision ${count(entry.revision)}${entry.time ? ` \u00b7 ${timestamp(entry.time)}` : ''}`));
  }

  /** Puts a suggestion into its cell, as an edit that can be taken back. @param {import('../types.js').Row} row @param {string} column @param {unknown} value */
  async take(row, column, value) {
    const old = row.cells[column] ?? null;
    const done = await this.edit([{ op: 'setCell', row: row.id, column, value: value === null ? null : JSON.stringify(value) }], [{ op: 'setCell', row: row.id, column, value: old }]);
    if (done) this.close();
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
