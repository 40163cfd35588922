// @ts-check
// The side panel of a column's agent: its prompt, its scope, and its runs as they go. An agent never runs by itself.

import { api } from '../wire/api.js';
import { announce } from '../base/announce.js';
import { h, setText } from '../base/dom.js';
import { between, count, counted, duration, money } from '../base/format.js';
import { icon } from '../base/icons.js';
import { toast } from '../base/menu.js';
import { OutputField, columnTypeOf } from './output-field.js';
import { promptField } from './prompt-field.js';
import { RunCard, isActive } from './run-card.js';
import { rowsOf } from '../grid/rows.js';
import { isWhole } from '../grid/store.js';

/** @typedef {'first' | 'selected' | 'empty' | 'failed' | 'stale' | 'all'} Scope */

/** @type {Array<[Scope, string]>} */
const scopes = [['first', 'First 10 (preview)'], ['selected', 'Selected rows'], ['empty', 'Empty cells'], ['failed', 'Failed cells'], ['stale', 'Cells whose inputs changed'], ['all', 'All rows']];

export class AgentPanel {
  /** @param {import('../grid/store.js').Store} store @param {import('../grid/selection.js').Selection} selection @param {import('../grid/painter.js').Painter} painter @param {HTMLElement} root @param {() => Promise<void>} reread */
  constructor(store, selection, painter, root, reread) {
    this.store = store;
    this.selection = selection;
    this.painter = painter;
    this.root = root;
    this.reread = reread;
    this.columnID = '';
    /** @type {Map<string, RunCard>} */
    this.cards = new Map();
    this.title = h('h2', {}, 'Agent');
    this.column = h('select', { 'aria-label': 'Column the agent fills', on: { change: () => this.show(this.column.value) } });
    this.newName = h('input', { type: 'text', maxLength: 200, 'aria-label': 'Name of the new column', placeholder: 'Name of the new column', autocomplete: 'off', value: 'Answer' });
    this.model = h('div', { class: 'card calm' });
    this.prompt = promptField(store);
    this.output = new OutputField(() => this.renderEstimate());
    this.scope = h('select', { 'aria-label': 'Rows' }, scopes.map(([value, label]) => h('option', { value }, label)));
    this.estimate = h('p', { class: 'hint', role: 'status' });
    this.limit = h('input', { type: 'number', min: '0', step: 'any', 'aria-label': 'Budget', placeholder: 'No limit', inputMode: 'decimal' });
    this.limitOf = h('select', { 'aria-label': 'What the budget counts' }, [['tokens', 'tokens'], ['calls', 'calls'], ['cost', 'money']].map(([value, label]) => h('option', { value: value ?? '' }, label ?? '')));
    /** What the last estimate was asked about, and what came of it: nothing is asked twice, and an older answer is not shown. */
    this.asked = { about: '', text: '' };
    this.run = h('button', { type: 'button', class: 'primary', on: { click: () => this.start() } }, icon('play'), h('span', {}, 'Run'));
    this.save = h('button', { type: 'button', on: { click: async () => (await this.savePrompt()) && toast('Prompt saved.') } }, 'Save prompt');
    this.refusal = h('p', { class: 'reason', role: 'alert' });
    this.refusal.hidden = true;
    this.runs = h('div', { class: 'runs' });
    root.append(
      h('header', {}, icon('spark'), this.title, h('span', { class: 'grow' }), h('button', { type: 'button', class: 'quiet square', 'aria-label': 'Close', on: { click: () => this.close() } }, icon('close'))),
      h('div', { class: 'panel-body' }, this.model,
        h('div', { class: 'field' }, h('span', {}, 'Fills column'), this.column, this.newName),
        h('div', { class: 'field' }, h('span', {}, 'Prompt, asked for each row'), this.prompt.root, h('p', { class: 'hint' }, 'Type {{ to insert a column\u2019s value. The example below shows row ', h('span', { class: 'example-row' }), '.'), this.prompt.example),
        this.output.root,
        h('label', { class: 'field' }, h('span', {}, 'Rows'), this.scope),
        h('div', { class: 'field budget' }, h('span', {}, 'Budget'), h('div', {}, this.limit, this.limitOf)), this.estimate,
        h('div', { class: 'actions' }, this.save, this.run), this.refusal,
        h('h3', {}, 'Runs'), this.runs));
    this.scope.addEventListener('change', () => this.renderEstimate());
    root.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !event.defaultPrevented) this.close();
      event.stopPropagation();
    });
    store.on(['grid', 'sheet'], () => this.render());
    store.on(['selection', 'snapshot'], () => !root.hidden && (this.renderEstimate(), this.prompt.showExample(this.selection.row)));
    store.on(['runs'], () => this.renderRuns());
    store.on(['sheet'], () => this.cards.clear());
  }

  /** @param {string} [column] */
  show(column) {
    const columns = this.store.columns;
    this.columnID = column ?? (columns[this.selection.column]?.agent ? columns[this.selection.column]?.id : columns.find((c) => c.agent)?.id) ?? '';
    this.root.hidden = false;
    this.render(true);
    this.prompt.input.focus();
    void this.loadRuns();
  }

  toggle() {
    if (this.root.hidden) this.show();
    else this.close();
  }

  close() {
    this.root.hidden = true;
    this.painter.focus();
  }

  async loadRuns() {
    await this.store.askRuns(() => api.runs(this.store.grid?.id ?? '')).catch(() => []);
  }

  /** @param {boolean} [fresh] */
  render(fresh = false) {
    if (this.root.hidden) return;
    const { store } = this, column = store.column(this.columnID);
    this.newName.hidden = this.columnID !== '';
    this.column.replaceChildren(h('option', { value: '' }, 'A new column'), ...store.columns.map((c) => h('option', { value: c.id }, c.agent ? `${c.name} (agent)` : c.name)));
    this.column.value = this.columnID;
    if (fresh || !this.prompt.input.value) this.prompt.input.value = column?.agent?.prompt ?? '';
    if (fresh) this.output.show(column?.agent);
    this.prompt.showExample(this.selection.row);
    this.renderModel();
    this.renderEstimate();
    this.renderRuns();
  }

  /** Who answers: told by the server's health document, or by the last run. Demo rules are never passed off as a model. */
  renderModel() {
    const told = this.store.health?.['agents'], provider = told?.provider ?? [...this.store.runs.values()].at(-1)?.provider;
    const name = (/** @type {string} */ text) => h('code', {}, text);
    const settings = [name('OPENAI_BASE_URL'), ' and ', name('OPENAI_MODEL'), ' (and ', name('OPENAI_API_KEY'), ' if it needs one), or ', name('ANTHROPIC_API_KEY'), ' and ', name('ANTHROPIC_MODEL'), ', or ', name('OLLAMA_MODEL'), ' (and ', name('OLLAMA_HOST'), ' if it is elsewhere)'];
    const isDemo = provider !== undefined && /demo/i.test(provider);
    this.model.classList.toggle('slim', provider !== undefined && !isDemo);
    if (isDemo) {
      this.model.replaceChildren(icon('spark'), h('div', {}, h('b', {}, 'Demo rules, no model called'), h('p', {}, 'Built-in rules answer, so that agents can be tried without a key or a cost. To use a model, set ', ...settings, ' and start the server again.'), h('p', {}, 'What the rules understand: ', ...this.examples())));
    } else if (provider !== undefined) {
      this.model.replaceChildren(icon('spark'), h('p', {}, 'Answered by ', h('b', {}, told?.model ?? provider), told?.model ? ` (${provider})` : ''));
    } else {
      this.model.replaceChildren(icon('spark'), h('div', {}, h('b', {}, 'Which model answers?'), h('p', {}, 'The one named by ', ...settings, '. When none is set, demo rules answer and no model is called; each run says which it was.'), h('p', {}, 'Rules understand: ', ...this.examples())));
    }
  }

  /** Prompts that the demo rules can answer, made of this sheet's columns. */
  examples() {
    const text = this.store.columns.filter((c) => c.type === 'text' && c.id !== this.columnID), number = this.store.columns.find((c) => c.type === 'number');
    const name = text.find((c) => /name|title/i.test(c.name)) ?? text[0], other = text.find((c) => c !== name && /city|place|country/i.test(c.name)) ?? text.find((c) => c !== name);
    const prompts = [name && `uppercase {{${name.name}}}`, name && other && `{{${name.name}}}, {{${other.name}}}`, number && `= round({{${number.name}}} * 0.3048, 1)`];
    return prompts.filter((p) => p !== undefined).map((prompt) => h('button', { type: 'button', class: 'example-prompt', title: 'Use this prompt', on: { click: () => {
      this.prompt.input.value = prompt;
      this.prompt.showExample(this.selection.row);
      this.prompt.input.focus();
    } } }, prompt));
  }

  get selectedCount() {
    const r = this.selection.range;
    return r.bottom - r.top + 1;
  }

  renderEstimate() {
    const total = this.store.totalRows ?? 0, scope = /** @type {Scope} */ (this.scope.value);
    const column = this.store.column(this.columnID), replaces = column !== undefined && !column.agent;
    const rows = scope === 'first' ? Math.min(10, total) : scope === 'selected' ? this.selectedCount : total;
    setText(this.estimate, scope === 'empty' || scope === 'failed' || scope === 'stale' ? `At most ${counted(rows, 'row')}; the server counts them when it begins.` : `${counted(rows, 'row')}, one question each. Identical questions are asked once.${replaces ? (scope === 'selected' ? ' Values that are in these cells are replaced.' : ' Values that are in these cells are replaced, but for those that people wrote.') : ''}`);
    const label = this.run.querySelector('span');
    void this.askEstimate(scope);
    if (label) setText(label, scope === 'first' ? 'Run the first 10' : scope === 'selected' ? `Run ${counted(rows, 'row')}` : scope === 'all' ? `Run all ${count(total)}` : 'Run');
  }

  /** What the server makes of the saved prompt and these rows. @param {Scope} scope */
  async askEstimate(scope) {
    const { store } = this, column = store.column(this.columnID);
    if (!column?.agent || !this.isSaved(column.agent) || scope === 'selected') return;
    const view = store.effectiveView;
    const asked = { sheet: store.sheetID, column: column.id, scope: scope === 'first' ? { first: 10 } : scope, ...(isWhole(view) ? {} : { view }) };
    const ended = [...store.runs.values()].filter((run) => !isActive(run)).length;
    const about = JSON.stringify([asked, column.agent, store.totalRows, ended]);
    if (about === this.asked.about) return this.asked.text ? setText(this.estimate, this.asked.text) : undefined;
    this.asked = { about, text: '' };
    const estimate = await api.estimateRun(store.grid?.id ?? '', asked).catch(() => undefined);
    if (!estimate || about !== this.asked.about) return;
    const parts = [counted(estimate.rows, 'row'), counted(estimate.calls, 'question')];
    const tokens = [estimate.inputTokens[0] + estimate.outputTokens[0], estimate.inputTokens[1] + estimate.outputTokens[1]];
    if (tokens[1]) parts.push(`${between(tokens, (n) => count(Math.round(n)))} tokens`);
    if (estimate.cost) parts.push(`${between(estimate.cost, money)} ${estimate.currency}`);
    if (estimate.examples?.length) parts.push(counted(estimate.examples.length, 'example'));
    if (estimate.seconds) parts.push(between(estimate.seconds, duration));
    this.asked.text = parts.join(' \u00b7 ') + (estimate.calls < estimate.rows ? '. Equal questions are asked once.' : '');
    setText(this.estimate, this.asked.text);
  }

  /** The budget that was typed, as a member of the request. */
  get budget() {
    const amount = Number(this.limit.value);
    return amount > 0 ? { budget: { [this.limitOf.value]: this.limitOf.value === 'cost' ? amount : Math.round(amount) } } : {};
  }

  /** Saves what the panel shows. @returns {Promise<string>} the column's id; '' when it was refused */
  async savePrompt() {
    const prompt = this.prompt.input.value.trim(), column = this.store.column(this.columnID);
    if (!prompt) {
      toast('Write a prompt first.', { problem: true });
      this.prompt.input.focus();
      return '';
    }
    if (this.output.objection) {
      this.output.complain(this.output.objection);
      return '';
    }
    if (column?.agent && this.isSaved(column.agent)) return column.id;
    try {
      if (!column) return await this.addColumn();
      const type = columnTypeOf(this.output.output);
      await api.changeColumn(this.store.grid?.id ?? '', this.store.sheetID, column.id, { agent: this.settings(column.agent), ...(type && type !== column.type ? { type } : {}) });
      await this.reread();
      return column.id;
    } catch (error) {
      if (!this.output.takes(error)) toast(error instanceof Error ? error.message : String(error), { problem: true });
      return '';
    }
  }

  /** What is in the panel, over what it does not show. @param {import('../types.js').AgentSettings | null} [known] */
  settings(known) {
    const { output } = this.output;
    return { prompt: this.prompt.input.value.trim(), ...(known?.model ? { model: known.model } : {}), ...(output ? { output } : {}), examples: this.output.examples.checked };
  }

  /** Whether the column's agent is what the panel shows. @param {import('../types.js').AgentSettings} agent */
  isSaved(agent) {
    if (this.output.objection) return false;
    const shown = this.settings(agent);
    return shown.prompt === agent.prompt && shown.examples === (agent.examples !== false) && JSON.stringify(shown.output ?? null) === JSON.stringify(agent.output ?? null);
  }

  /** The new column that the agent fills. */
  async addColumn() {
    const taken = new Set(this.store.columns.map((c) => c.name)), wanted = this.newName.value.trim() || 'Answer';
    let name = wanted;
    for (let n = 2; taken.has(name); n++) name = `${wanted} (${n})`;
    const made = await api.addColumn(this.store.grid?.id ?? '', this.store.sheetID, { name, type: columnTypeOf(this.output.output) ?? 'text', agent: this.settings() });
    await this.reread();
    this.painter.reveal(this.selection.row, Math.max(0, this.store.columns.findIndex((c) => c.id === made.id)));
    // Whoever chose another column meanwhile goes on with that one.
    if (this.columnID === '') this.columnID = made.id;
    this.render();
    return made.id;
  }

  /** They are asked about first. */
  rowsInSight() {
    const { first, last } = this.painter.seen;
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => this.store.rowAt(first + at)?.id).filter((id) => id !== undefined);
  }

  /** @param {Scope} [scope] */
  async start(scope = /** @type {Scope} */ (this.scope.value)) {
    this.refusal.hidden = true;
    // All of it is as it was when the run was asked for, whatever is chosen while the prompt is being saved.
    const { store, budget } = this, { sheetID: sheet, effectiveView: view } = store, grid = store.grid?.id ?? '', viewport = this.rowsInSight();
    try {
      const [column, rows] = await Promise.all([this.savePrompt(), this.scopeOf(scope)]);
      if (!column) return;
      await store.askRuns(() => api.startRun(grid, { sheet, column, scope: rows, ...(isWhole(view) ? {} : { view }), viewport, ...budget }));
      this.runs.firstElementChild?.scrollIntoView({ block: 'nearest' });
      announce('The agent is running', true);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      setText(this.refusal, text.charAt(0).toUpperCase() + text.slice(1));
      this.refusal.hidden = false;
      this.refusal.scrollIntoView({ block: 'nearest' });
    }
  }

  /** @param {Scope} scope */
  async scopeOf(scope) {
    if (scope === 'first') return { first: 10 };
    if (scope !== 'selected') return scope;
    const r = this.selection.range;
    return { rows: (await rowsOf(this.store, r.top, r.bottom)).map((row) => row.id) };
  }

  /** Ctrl+Enter: runs the selection when the focused column has an agent, else opens the panel for it. */
  runSelection() {
    const column = this.store.columns[this.selection.column];
    if (!column) return;
    const ready = !!column.agent;
    this.show(column.id);
    this.scope.value = 'selected';
    this.renderEstimate();
    if (ready) void this.start('selected');
  }

  renderRuns() {
    const { store } = this;
    const active = [...store.runs.values()].filter(isActive).length;
    document.documentElement.dataset['running'] = String(active);
    if (this.root.hidden) return;
    this.renderModel();
    const runs = [...store.runs.values()].filter((r) => !r.sheet || r.sheet === store.sheetID).sort((a, b) => Number(b.run.replace(/\D/g, '')) - Number(a.run.replace(/\D/g, ''))).slice(0, 8);
    for (const [index, event] of runs.entries()) {
      let card = this.cards.get(event.run);
      if (!card) {
        card = new RunCard(store, event.run);
        this.cards.set(event.run, card);
      }
      card.render(event);
      if (this.runs.children[index] !== card.root) this.runs.insertBefore(card.root, this.runs.children[index] ?? null);
    }
    while (this.runs.children.length > runs.length) this.runs.lastElementChild?.remove();
    if (!runs.length) this.runs.replaceChildren(h('p', { class: 'hint' }, 'None yet. Begin with the first 10 rows and look at the answers.'));
  }
}
