// @ts-check
// Importing a file: a preview of 20 rows with every guess open to change, then the file itself with progress, rate, time left and cancel.
// Nothing is in the grid before the preview is confirmed, and a broken upload leaves nothing behind.

import { api } from '../wire/api.js';
import { h, setText } from '../base/dom.js';
import { bytes, count, counted, duration } from '../base/format.js';
import { icon } from '../base/icons.js';
import { openDialog, toast } from '../base/menu.js';
import { columnTypes } from '../columns/column-menu.js';
import { latest, leave } from '../trueline-guards.js';
import { displayText } from '../wire/cell-value.js';
import { upload } from './upload.js';

/** Bytes of the file that the preview is made from. */
const previewBytes = 512 * 1024;

/** @typedef {{ separator?: string, encoding?: string, header?: boolean, quote?: string, columns?: Array<{ name: string, type?: string }>, rows?: unknown[][], rejects?: Array<{ line: number, reason: string }>, rejected?: number, failure?: string }} Preview */

/** @type {Array<[string, string]>} */
const separators = [[',', 'Comma ,'], [';', 'Semicolon ;'], ['\t', 'Tab'], ['|', 'Bar |']];
/** @type {Array<[string, string]>} */
const encodings = [['utf-8', 'UTF-8'], ['utf-16le', 'UTF-16 LE'], ['utf-16be', 'UTF-16 BE'], ['windows-1252', 'Windows-1252']];

export class ImportDialog {
  /**
   * @param {import('../grid/store.js').Store} store
   * @param {{ begin: (name: string) => Promise<void>, prepare: (name: string) => Promise<void>, abandon: () => Promise<void>, reread: () => Promise<void> }} place
   *   `begin` opens a grid when there is none, `prepare` an empty sheet, and `abandon` takes back a grid that only `begin` made.
   */
  constructor(store, place) {
    this.store = store;
    this.place = place;
  }

  choose() {
    const input = h('input', { type: 'file', accept: '.csv,.tsv,.txt,.jsonl,.ndjson,text/csv' });
    input.addEventListener('change', () => input.files?.[0] && void this.open(input.files[0]));
    input.click();
  }

  /** @param {File} file */
  async open(file) {
    this.name = file.name.replace(/\.[^.]*$/, '') || 'Imported list';
    const isNew = !this.store.grid;
    let isDone = false;
    this.done = () => (isDone = true);
    await this.place.begin(this.name);
    if (!this.store.grid) return;
    const format = /\.tsv$/i.test(file.name) ? 'tsv' : /\.(jsonl|ndjson)$/i.test(file.name) ? 'jsonl' : 'csv';
    /** @param {string} label @param {Array<[string, string]>} options */
    const select = (label, options) => h('select', { 'aria-label': label, on: { change: () => this.guess(file) } }, options.map(([value, text]) => h('option', { value }, text)));
    this.format = select('Format', [['csv', 'CSV'], ['tsv', 'TSV'], ['jsonl', 'JSON lines']]);
    this.format.value = format;
    this.separator = select('Separator', separators);
    this.encoding = select('Encoding', encodings);
    this.header = h('input', { type: 'checkbox', checked: true, on: { change: () => this.guess(file) } });
    this.table = h('div', { class: 'preview', tabIndex: 0, 'aria-label': 'Preview of the first rows' });
    this.status = h('p', { class: 'hint', role: 'status' });
    this.progress = h('progress', { max: 100, value: 0, 'aria-label': 'Import progress' });
    this.progress.hidden = true;
    this.start = h('button', { type: 'button', class: 'primary', on: { click: () => this.run(file) } }, icon('upload'), h('span', {}, 'Import'));
    this.cancel = h('button', { type: 'button', on: { click: () => this.dialog?.close() } }, 'Cancel');
    /** @type {string[]} */
    this.types = [];
    /** @type {string[]} */
    this.names = [];
    this.guessed = false;
    /** @type {AbortController | null} */
    this.running = null;
    this.dialog = openDialog(`Import ${file.name}`, 'import',
      this.guesses = h('div', { class: 'guesses' }, h('label', {}, 'Format', this.format), h('label', {}, 'Separator', this.separator), h('label', {}, 'Encoding', this.encoding), h('label', { class: 'check' }, this.header, 'First line names the columns')),
      this.table, this.status, this.progress, h('footer', { class: 'actions' }, this.cancel, this.start));
    this.dialog.addEventListener('close', () => {
      this.running?.abort();
      if (isNew && !isDone) void this.place.abandon();
    });
    setText(this.status, 'Reading the first lines\u2026');
    await this.guess(file);
  }

  query(more = '') {
    const parts = [`format=${this.format?.value}`];
    if (this.guessed && this.format?.value !== 'jsonl') {
      if (this.format?.value === 'csv') parts.push(`separator=${encodeURIComponent(this.separator?.value ?? ',')}`);
      parts.push(`encoding=${this.encoding?.value}`, `header=${this.header?.checked}`);
    }
    return parts.join('&') + more;
  }

  /** Asks the server what it makes of the beginning of the file. @param {File} file */
  async guess(file) {
    const url = api.importURL(this.store.grid?.id ?? '', this.store.sheetID, this.query('&preview=20'));
    try {
      await latest(this, async (signal) => {
        const response = await fetch(url, { method: 'POST', body: file.slice(0, previewBytes), headers: { 'content-type': 'application/octet-stream' }, signal });
        const document = await response.json();
        if (!response.ok) throw new Error(document.detail ?? `The server answered ${response.status}.`);
        return document;
      }, (preview) => this.show(preview, file));
    } catch (error) {
      setText(this.status ?? document.body, `The file could not be read: ${error instanceof Error ? error.message : error}`);
      if (this.start) this.start.disabled = true;
    }
  }

  /** @param {Preview} preview @param {File} file */
  show(preview, file) {
    if (!this.table || !this.status || !this.start) return;
    if (!this.guessed) {
      if (preview.separator && this.separator) this.separator.value = preview.separator;
      if (preview.encoding && this.encoding) {
        const name = preview.encoding.toLowerCase();
        if (![...this.encoding.options].some((o) => o.value === name)) this.encoding.append(h('option', { value: name }, preview.encoding));
        this.encoding.value = name;
      }
      if (preview.header !== undefined && this.header) this.header.checked = preview.header;
      this.guessed = true;
    }
    const columns = preview.columns ?? [], rows = preview.rows ?? [];
    this.types = columns.map((c) => c.type ?? 'text');
    this.names = columns.map((c) => c.name);
    if (preview.failure) return void (setText(this.status, `This file cannot be imported: ${preview.failure}`), (this.start.disabled = true));
    this.table.replaceChildren(h('table', {},
      h('thead', {}, h('tr', {}, columns.map((c, i) => h('th', {}, h('span', {}, c.name), this.typeChoice(i))))),
      h('tbody', {}, rows.map((row) => h('tr', {}, columns.map((_, i) => h('td', {}, cellText(row[i]))))))));
    setText(this.status, `${bytes(file.size)} \u00b7 ${counted(columns.length, 'column')} \u00b7 the first ${counted(rows.length, 'row')} shown${preview.rejects?.length ? ` \u00b7 ${counted(preview.rejects.length, 'line')} here would be rejected` : ''}. Values keep their text; types only guide how they are shown and sorted.`);
    this.start.disabled = columns.length === 0;
  }

  /** @param {number} index */
  typeChoice(index) {
    const select = h('select', { 'aria-label': 'Type', on: { change: () => (this.types ? (this.types[index] = select.value) : '') } }, columnTypes.map(([value, label]) => h('option', { value }, label)));
    select.value = this.types?.[index] ?? 'text';
    return select;
  }

  /** @param {File} file */
  async run(file) {
    if (!this.start || !this.progress || !this.status || !this.dialog) return;
    const { status, progress } = this;
    // A preview that is still on its way has nothing to say any more.
    leave(this);
    this.start.disabled = true;
    progress.hidden = false;
    this.running = new AbortController();
    let began = performance.now(), phase = 'sending';
    try {
      await this.place.prepare(this.name ?? '');
      const result = await upload(api.importURL(this.store.grid?.id ?? '', this.store.sheetID, this.query(this.chosenTypes())), file, this.running.signal, (now) => {
        if (now.phase !== phase) (phase = now.phase), (began = performance.now());
        const seconds = Math.max((performance.now() - began) / 1000, 0.05), rate = now.done / seconds;
        progress.value = (now.done / Math.max(now.total, 1)) * 100;
        const left = rate > 0 ? ` \u00b7 ${duration((now.total - now.done) / rate)} left` : '';
        setText(status, now.phase === 'sending' ? `Sending: ${bytes(now.done)} of ${bytes(now.total)} \u00b7 ${bytes(Math.round(rate))}/s${left}`
          : `Importing: ${counted(now.rows, 'row')} \u00b7 ${count(Math.round(now.rows / seconds))} rows/s${left}`);
      });
      this.running = null;
      this.done?.();
      await this.place.reread();
      this.finish(result);
    } catch (error) {
      this.running = null;
      progress.hidden = true;
      this.start.disabled = false;
      const stopped = error instanceof DOMException && error.name === 'AbortError';
      setText(status, stopped ? 'Cancelled. Nothing was imported.' : `Nothing was imported. ${error instanceof Error ? error.message : error}`);
    }
  }

  /** The types chosen in the preview, by column name, as the import takes them. */
  chosenTypes() {
    const types = Object.fromEntries((this.names ?? []).map((name, i) => [name, this.types?.[i] ?? 'text']));
    return this.names?.length ? `&types=${encodeURIComponent(JSON.stringify(types))}` : '';
  }

  /** @param {{ rows: number, rejected: number, rejects?: Array<{ line: number, reason: string }>, more?: string }} result */
  finish(result) {
    if (!result.rejected || !this.dialog) {
      this.dialog?.close();
      toast(`Imported ${counted(result.rows, 'row')}.`);
      return;
    }
    const rejects = result.rejects ?? [];
    // The server lists all of them where the reply does not; either way it is one object a line.
    const href = result.more ?? URL.createObjectURL(new Blob(rejects.map((r) => `${JSON.stringify(r)}\n`), { type: 'application/jsonl' }));
    const save = h('a', { class: 'button', download: 'rejected-lines.jsonl', href }, icon('download'), 'Download the list');
    this.guesses?.remove();
    this.table?.classList.add('rejects');
    this.table?.replaceChildren(h('table', {}, h('thead', {}, h('tr', {}, h('th', {}, 'Line'), h('th', {}, 'Why it was rejected'))), h('tbody', {}, rejects.slice(0, 200).map((r) => h('tr', {}, h('td', {}, count(r.line)), h('td', {}, r.reason))))));
    setText(this.status ?? document.body, `Imported ${counted(result.rows, 'row')}; ${counted(result.rejected, 'line')} could not be read and ${result.rejected === 1 ? 'is' : 'are'} ${result.rejected > 200 ? 'in the list to download; the first 200 are shown' : 'listed here'}.`);
    if (this.progress) this.progress.hidden = true;
    this.start?.replaceWith(save);
    if (this.cancel) this.cancel.textContent = 'Close';
  }
}

/** @param {unknown} value */
function cellText(value) {
  return value === null || value === undefined ? '' : typeof value === 'string' ? value : displayText(JSON.stringify(value));
}
