// @ts-check
// How an agent's answer came about: what a history entry's detail says, in words, and what was read from.

import { api } from '../wire/api.js';
import { h } from '../base/dom.js';
import { count, counted, money } from '../base/format.js';
import { displayText } from '../wire/cell-value.js';

/** Inputs whose history is read for one answer: more than prompts name. */
const inputsMost = 12;

/** What is known of an answer besides its inputs, in words. @param {Record<string, any>} detail */
export function facts(detail) {
  const { provider, model, host, promptVersion, inputs, base, inputTokens, outputTokens, attempts, milliseconds, rule, cost, currency, examples, corrections, failure, raw, ...more } = detail;
  return [
    model && `model ${model}`, provider, host && `at ${host}`, rule && `rule: ${rule}`, promptVersion && `prompt version ${promptVersion}`,
    inputTokens + outputTokens > 0 && `${count(inputTokens)} tokens in, ${count(outputTokens)} out`, cost > 0 && `${money(cost)} ${currency ?? ''}`.trim(),
    attempts > 1 && `${attempts} attempts`, Array.isArray(corrections) && counted(corrections.length, 'correction'), Array.isArray(examples) && counted(examples.length, 'example'),
    milliseconds > 0 && `${count(milliseconds)} ms`,
    ...Object.entries(more).map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`),
  ].filter(Boolean);
}

/** What was wrong with the model's answers, each as it was said. @param {Record<string, any>} detail */
export function said(detail) {
  const wrong = Array.isArray(detail['corrections']) ? detail['corrections'] : [];
  return [
    ...wrong.map((w) => h('div', { class: 'said' }, h('p', { class: 'hint' }, `Sent back: ${w.reason}`), h('pre', {}, w.answer || '(nothing)'))),
    detail['raw'] !== undefined ? h('div', { class: 'said' }, h('p', { class: 'hint' }, 'The model\u2019s last answer:'), h('pre', {}, detail['raw'] || '(nothing)')) : null,
  ];
}

/** The prompt that a run asked with, and the values that an answer was made from, read when somebody opens them.
 * @param {import('../grid/store.js').Store} store @param {import('../types.js').Row} row @param {Record<string, any>} cause @param {Record<string, any>} detail */
export function origins(store, row, cause, detail) {
  const inputs = Array.isArray(detail['inputs']) ? detail['inputs'].slice(0, inputsMost) : [];
  if (!inputs.length && !cause['run']) return null;
  const body = h('dl', { class: 'facts' });
  let isRead = false;
  return h('details', { class: 'origins', on: { toggle: async () => {
    if (isRead) return;
    isRead = true;
    const grid = store.grid?.id ?? '';
    const run = cause['run'] ? await api.readRun(grid, cause['run']).catch(() => null) : null;
    const prompt = /** @type {any} */ (run)?.agent?.prompt;
    if (prompt) body.append(h('dt', {}, 'Prompt'), h('dd', { class: 'prompt-text' }, prompt));
    for (const id of inputs) {
      const found = await valueAt(store, row, id, detail['base']).catch(() => null);
      body.append(h('dt', {}, store.column(id)?.name ?? id), h('dd', {}, found ? found.text : '(not known any more)', found?.revision ? h('span', { class: 'hint' }, ` since revision ${count(found.revision)}`) : null));
    }
    if (!body.childElementCount) body.append(h('dt', {}, 'Not known any more'));
  } } }, h('summary', {}, `What it was asked${detail['base'] ? `, as of revision ${count(detail['base'])}` : ''}`), body);
}

/** A cell's value as of a revision, and since when. @param {import('../grid/store.js').Store} store @param {import('../types.js').Row} row @param {string} column @param {number} base */
async function valueAt(store, row, column, base) {
  const reply = await api.history(store.grid?.id ?? '', store.sheetID, row.id, column);
  const entries = /** @type {any[]} */ (reply.entries ?? []).filter((e) => e.kind !== 'mark' && e.kind !== 'suggestion');
  const at = entries.find((e) => base === undefined || e.revision <= base);
  if (at) return { text: text(at.new), revision: at.revision };
  const later = entries.at(-1);
  if (later) return { text: text(later.old), revision: 0 };
  const json = row.cells[column];
  return { text: json === undefined ? '(empty)' : displayText(json), revision: 0 };
}

/** @param {unknown} value */
export const text = (value) => (value === null || value === undefined || value === '' ? '(empty)' : typeof value === 'string' ? value : JSON.stringify(value));
