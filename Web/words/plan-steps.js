// @ts-check
// A plan as a list that can be read and changed: each step with ordinary controls, nothing of it in force.

import { h, setText } from '../base/dom.js';
import { icon } from '../base/icons.js';
import { columnTypes } from '../columns/column-menu.js';
import { conditionOf, operations, takesValue } from '../view/filter-form.js';

/** @typedef {import('./turn.js').Step} Step */
/** @typedef {import('../base/icons.js').IconName} IconName */

export class PlanSteps {
  /** @param {import('../grid/store.js').Store} store @param {import('./turn.js').Plan} plan @param {() => void} onChange told when a step was changed or removed */
  constructor(store, plan, onChange) {
    this.store = store;
    this.plan = plan;
    this.onChange = onChange;
    this.root = h('ol', { class: 'plan', 'aria-label': 'Steps of the plan' });
    this.render();
  }

  render() {
    const { plan } = this, filters = plan.steps.filter((s) => s.step === 'filter');
    const rows = plan.steps.map((step) => this.row(step));
    if (filters.length > 1) rows.splice(plan.steps.indexOf(/** @type {Step} */ (filters[0])), 0, this.matchRow());
    this.root.replaceChildren(...rows);
  }

  /** @param {Step} step */
  row(step) {
    switch (step.step) {
      case 'filter': return this.item(step, 'filter', 'Keep rows where', this.filterControls(step));
      case 'sort': return this.item(step, 'sort', 'Sort by', this.sortControls(step));
      case 'addColumn': return this.item(step, 'column', 'Add the column', this.addControls(step));
      case 'fillColumn': return this.item(step, 'spark', `Fill \u201c${this.nameOf(step)}\u201d: asked for each row`, [this.promptControl(step)]);
    }
  }

  /** @param {Step} step @param {IconName} name @param {string} label @param {HTMLElement[]} controls */
  item(step, name, label, controls) {
    const kept = 'kept' in step && step.kept;
    const remove = h('button', { type: 'button', class: 'quiet square small', 'aria-label': `Remove: ${label}`, title: 'Remove this step', on: { click: () => this.remove(step) } }, icon('close'));
    return h('li', { class: `step step-${step.step}` },
      h('span', { class: 'step-icon' }, icon(name)), h('div', { class: 'step-body', role: 'group', 'aria-label': label }, h('span', { class: 'step-label' }, label, kept ? h('span', { class: 'tag' }, 'already there') : null), h('div', { class: 'step-controls' }, controls)), remove);
  }

  matchRow() {
    const select = h('select', { 'aria-label': 'How conditions are joined', on: { change: () => ((this.plan.match = select.value === 'any' ? 'any' : 'all'), this.onChange()) } },
      h('option', { value: 'all' }, 'all of these conditions'), h('option', { value: 'any' }, 'any of these conditions'));
    select.value = this.plan.match;
    return h('li', { class: 'step step-match' }, h('span', { class: 'step-label' }, 'Rows have to meet'), select);
  }

  /** @param {{ column: string }} step @param {() => void} [then] */
  columnSelect(step, then) {
    const select = h('select', { 'aria-label': 'Column', on: { change: () => ((step.column = select.value), then?.(), this.onChange()) } }, this.store.columns.map((c) => h('option', { value: c.id }, c.name)));
    select.value = step.column;
    return select;
  }

  /** @param {import('./turn.js').FilterStep} step */
  filterControls(step) {
    const value = h('input', { type: 'text', 'aria-label': 'Value', autocomplete: 'off', spellcheck: false, placeholder: 'value' });
    value.value = step.value === undefined ? '' : Array.isArray(step.value) ? step.value.join(', ') : String(step.value);
    const operation = h('select', { 'aria-label': 'Condition' }, operations.map(([op, label]) => h('option', { value: op }, label)));
    operation.value = step.op;
    const read = () => {
      step.op = /** @type {import('../types.js').FilterOperation} */ (operation.value);
      value.hidden = !takesValue(step.op);
      const condition = conditionOf(this.store.column(step.column), step.op, value.value);
      value.setAttribute('aria-invalid', String(!condition));
      if (condition && 'value' in condition) step.value = condition.value;
      else delete step.value;
    };
    const change = () => (read(), this.onChange());
    operation.addEventListener('change', change);
    value.addEventListener('input', change);
    value.hidden = !takesValue(step.op);
    return [this.columnSelect(step, read), operation, value];
  }

  /** @param {import('./turn.js').SortStep} step */
  sortControls(step) {
    const direction = h('select', { 'aria-label': 'Direction', on: { change: () => ((step.direction = direction.value === 'descending' ? 'descending' : 'ascending'), this.onChange()) } });
    const words = () => {
      const type = this.store.column(step.column)?.type;
      const [up, down] = type === 'number' ? ['lowest first', 'highest first'] : type === 'date' ? ['oldest first', 'newest first'] : ['A to Z', 'Z to A'];
      direction.replaceChildren(h('option', { value: 'ascending' }, up ?? ''), h('option', { value: 'descending' }, down ?? ''));
      direction.value = step.direction;
    };
    words();
    return [this.columnSelect(step, words), direction];
  }

  /** @param {import('./turn.js').AddStep} step */
  addControls(step) {
    const name = h('input', { type: 'text', maxLength: 200, 'aria-label': 'Name of the new column', autocomplete: 'off', value: step.name });
    name.addEventListener('input', () => {
      for (const other of this.plan.steps) if (other.step === 'fillColumn' && other.name === step.name) other.name = name.value;
      step.name = name.value;
      name.setAttribute('aria-invalid', String(!step.name.trim()));
      const labels = this.root.querySelectorAll('.step-fillColumn .step-label');
      this.plan.steps.filter((s) => s.step === 'fillColumn').forEach((s, at) => labels[at] && setText(/** @type {HTMLElement} */ (labels[at]), `Fill \u201c${this.nameOf(s)}\u201d: asked for each row`));
      this.onChange();
    });
    const type = h('select', { 'aria-label': 'Type', on: { change: () => ((step.type = /** @type {import('../types.js').ColumnType} */ (type.value)), this.onChange()) } }, columnTypes.map(([value, label]) => h('option', { value }, label)));
    type.value = step.type;
    return [name, type];
  }

  /** @param {import('./turn.js').FillStep} step */
  promptControl(step) {
    const prompt = h('textarea', { rows: 3, 'aria-label': `Prompt that fills ${this.nameOf(step)}`, spellcheck: false, on: { input: () => ((step.prompt = prompt.value), this.onChange()) } });
    prompt.value = step.prompt;
    return prompt;
  }

  /** @param {import('./turn.js').FillStep} step */
  nameOf(step) {
    return step.name ?? this.store.column(step.column ?? '')?.name ?? '';
  }

  /** A column that is not added is not filled either. @param {Step} step */
  remove(step) {
    const at = this.plan.steps.indexOf(step);
    this.plan.steps = this.plan.steps.filter((s) => s !== step && !(step.step === 'addColumn' && s.step === 'fillColumn' && s.name === step.name));
    this.render();
    this.onChange();
    const buttons = this.root.querySelectorAll('.step > button');
    /** @type {HTMLElement | undefined} */ (buttons[Math.min(at, buttons.length - 1)])?.focus();
  }

  /** The first control, for who wants to change something. */
  focus() {
    /** @type {HTMLElement | null} */ (this.root.querySelector('select, input, textarea'))?.focus();
  }
}

/** The view that a plan's steps make; null when it leaves the view as it is. @param {import('./turn.js').Plan} plan @returns {import('../types.js').View | null} */
export function viewOf({ steps, match }) {
  /** @type {import('../types.js').View} */
  const view = { filter: [], match, sort: [] };
  for (const step of steps) {
    if (step.step === 'filter') view.filter.push({ column: step.column, op: step.op, ...(step.value === undefined ? {} : { value: step.value }) });
    if (step.step === 'sort') view.sort.push({ column: step.column, direction: step.direction });
  }
  return steps.some((s) => s.step === 'filter' || s.step === 'sort') ? view : null;
}

/** What keeps a plan from being accepted, in words; '' when nothing does. @param {import('./turn.js').Plan} plan */
export function objectionTo({ steps }) {
  if (!steps.length) return 'No step is left.';
  for (const step of steps) {
    if (step.step === 'filter' && step.value === undefined && takesValue(step.op)) return 'A condition has no value yet.';
    if (step.step === 'addColumn' && !step.name.trim()) return 'The new column has no name yet.';
    if (step.step === 'fillColumn' && !step.prompt.trim()) return 'A prompt is empty.';
  }
  return '';
}

/** A plan in a few words, for the notice afterwards. @param {import('./turn.js').Plan} plan @param {import('../grid/store.js').Store} store */
export function summaryOf({ steps }, store) {
  const parts = [], filters = steps.filter((s) => s.step === 'filter').length;
  if (filters) parts.push(filters === 1 ? '1 condition' : `${filters} conditions`);
  for (const step of steps) {
    if (step.step === 'sort') parts.push(`sorted by ${store.column(step.column)?.name ?? ''}`);
    if (step.step === 'addColumn') parts.push(`added \u201c${step.name}\u201d`);
    if (step.step === 'fillColumn' && step.column) parts.push(`a prompt for \u201c${store.column(step.column)?.name ?? ''}\u201d`);
  }
  return parts.join(', ');
}

