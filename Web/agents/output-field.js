// @ts-check
// What an agent's answers have to be: a type, choices or a schema, and whether examples go along.

import { h, setText } from '../base/dom.js';

/** @typedef {import('../types.js').AgentOutput} AgentOutput */

/** @type {Array<[string, string]>} */
const types = [['', 'What the column holds'], ['text', 'Text'], ['number', 'Number'], ['boolean', 'Yes or no'], ['date', 'Date'], ['oneOf', 'One of these'], ['json', 'JSON']];

/** What a column holds that takes such answers. @param {AgentOutput | null} output @returns {import('../types.js').ColumnType | null} */
export const columnTypeOf = (output) => (output === null ? null : output.type === 'oneOf' ? 'text' : output.type);

export class OutputField {
  /** @param {() => void} changed */
  constructor(changed) {
    this.type = h('select', { 'aria-label': 'The answer is' }, types.map(([value, label]) => h('option', { value }, label)));
    this.choices = h('textarea', { rows: 4, 'aria-label': 'Choices, one a line', placeholder: 'port\ninland', spellcheck: false, 'aria-describedby': 'output-problem' });
    this.schema = h('textarea', { class: 'code', rows: 6, 'aria-label': 'JSON Schema', placeholder: '{"type":"object","properties":{"runways":{"type":"integer"}},"required":["runways"],"additionalProperties":false}', spellcheck: false, 'aria-describedby': 'output-problem' });
    this.problem = h('p', { class: 'reason', id: 'output-problem', role: 'alert' });
    this.problem.hidden = true;
    this.examples = h('input', { type: 'checkbox', checked: true });
    this.root = h('div', { class: 'field output' }, h('span', {}, 'The answer is'), this.type, this.choices, this.schema, this.problem,
      h('label', { class: 'check' }, this.examples, 'Show the model cells that people filled here'));
    for (const control of [this.type, this.choices, this.schema, this.examples]) {
      control.addEventListener(control === this.choices || control === this.schema ? 'input' : 'change', () => {
        this.render();
        changed();
      });
    }
    this.render();
  }

  /** @param {import('../types.js').AgentSettings | null | undefined} agent */
  show(agent) {
    const output = agent?.output ?? null;
    this.type.value = output?.type ?? '';
    this.choices.value = output?.choices?.join('\n') ?? '';
    this.schema.value = output?.schema ? JSON.stringify(output.schema, null, 2) : '';
    this.examples.checked = agent?.examples !== false;
    this.render();
  }

  /** @returns {AgentOutput | null} */
  get output() {
    const type = /** @type {AgentOutput['type'] | ''} */ (this.type.value);
    if (type === '') return null;
    if (type === 'oneOf') return { type, choices: this.lines };
    return type === 'json' && this.schema.value.trim() ? { type, schema: JSON.parse(this.schema.value) } : { type };
  }

  get lines() {
    return this.choices.value.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  }

  /** What keeps it from being saved, as far as the page can tell; the server checks all of it. */
  get objection() {
    if (this.type.value === 'oneOf') {
      const lines = this.lines, twice = lines.find((line, i) => lines.indexOf(line) !== i);
      return !lines.length ? 'Name at least one choice, one a line.' : twice !== undefined ? `\u201c${twice}\u201d comes twice.` : lines.length > 100 ? `At most 100 choices, not ${lines.length}.` : '';
    }
    if (this.type.value !== 'json' || !this.schema.value.trim()) return '';
    try {
      JSON.parse(this.schema.value);
      return '';
    } catch (error) {
      return `This is not JSON: ${error instanceof Error ? error.message : error}`;
    }
  }

  render() {
    this.choices.hidden = this.type.value !== 'oneOf';
    this.schema.hidden = this.type.value !== 'json';
    // Nothing is wrong with what nobody has typed yet.
    const isUntouched = this.type.value === 'oneOf' && this.choices.value === '';
    this.complain(isUntouched ? '' : this.objection);
  }

  /** @param {string} text */
  complain(text) {
    setText(this.problem, text);
    this.problem.hidden = text === '';
    for (const box of [this.choices, this.schema]) box.setAttribute('aria-invalid', String(text !== '' && !box.hidden));
  }

  /** Shows what the server found wrong, when it was about this. @param {unknown} error @returns {boolean} */
  takes(error) {
    const found = /** @type {{ errors?: Array<{ pointer?: string, reason?: string }> }} */ (error)?.errors?.find((e) => e.pointer?.startsWith('/agent/output'));
    if (!found) return false;
    const place = (found.pointer ?? '').replace('/agent/output', '').replace(/^\/schema/, '');
    this.complain(`${place ? `${place}: ` : ''}${found.reason ?? 'The server refused it.'}`);
    (this.schema.hidden ? this.choices : this.schema).focus();
    return true;
  }
}
