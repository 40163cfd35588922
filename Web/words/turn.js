// @ts-check
// One turn of plain words on the wire: the sentence goes out, counts come in while a model thinks, and last a plan or a question.

import { Problem, api } from '../wire/api.js';

/** @typedef {{ step: 'filter', column: string, op: import('../types.js').FilterOperation, value?: any, kept?: boolean }} FilterStep */
/** @typedef {{ step: 'sort', column: string, direction: 'ascending' | 'descending', kept?: boolean }} SortStep */
/** @typedef {{ step: 'addColumn', name: string, type: import('../types.js').ColumnType }} AddStep */
/** A column that is there by `column`, one that the plan adds by `name`. @typedef {{ step: 'fillColumn', column?: string, name?: string, prompt: string }} FillStep */
/** @typedef {FilterStep | SortStep | AddStep | FillStep} Step */
/** @typedef {{ steps: Step[], match: 'all' | 'any' }} Plan */
/** @typedef {{ text: string, choices: string[], said?: string }} Question */
/** @typedef {{ question: string, answer: string, said?: string }} Answer */
/** @typedef {{ outcome: 'plan' | 'question', plan?: Plan, rows?: { matching: number, all: number }, notes?: string[], question?: Question, provider: string, model?: string, host?: string, demo: boolean, calls: number, inputTokens: number, outputTokens: number, cost?: number, currency?: string, seconds: number }} Reply */
/** @typedef {{ calls: number, pieces: number, seconds: number }} Progress */

/** @param {string} grid @param {string} sheet @param {{ sentence: string, view?: import('../types.js').View, answers: Answer[] }} asked
 * @param {AbortSignal} signal @param {(progress: Progress) => void} onProgress @returns {Promise<Reply>} @throws {Problem} */
export async function takeTurn(grid, sheet, asked, signal, onProgress) {
  const response = await api.words(grid, sheet, asked, signal);
  const reader = (response.body ?? new Blob([]).stream()).pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ''; ; ) {
    const { done, value } = await reader.read();
    if (done) throw new Problem(0, 'The answer broke off', 'The answer broke off before there was a plan. Try again.');
    const events = (rest + value).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      const { name, document } = read(event);
      if (name === 'progress') onProgress(document);
      if (name === 'done') return document;
      if (name === 'problem') throw new Problem(document.status, document.title, document.detail, document.errors, undefined, String(document.type ?? '').split(':').at(-1));
    }
  }
}

/** @param {string} event @returns {{ name: string, document: any }} */
function read(event) {
  const field = (/** @type {string} */ name) => event.split('\n').find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
  return { name: field('event'), document: JSON.parse(field('data') || '{}') };
}
