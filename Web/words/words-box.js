// @ts-check
// The command box: a sentence, the plan that came of it, and whether it is to be done. Until it is accepted nothing has happened.

import { api } from '../wire/api.js';
import { announce } from '../base/announce.js';
import { debounced, h, setText } from '../base/dom.js';
import { count, counted, money } from '../base/format.js';
import { icon } from '../base/icons.js';
import { toast } from '../base/menu.js';
import { applyPlan } from './apply-plan.js';
import { PlanSteps, objectionTo, summaryOf, viewOf } from './plan-steps.js';
import { takeTurn } from './turn.js';

/** @typedef {import('./turn.js').Reply} Reply */
/** What the box needs of the page.
 * @typedef {{ deeds: import('../columns/column-deeds.js').ColumnDeeds, undo: () => Promise<void>, lastDeed: () => object | undefined, offerRun: (column: string) => void }} Place */

export class WordsBox {
  /** @param {import('../grid/store.js').Store} store @param {Place} place */
  constructor(store, place) {
    this.store = store;
    this.place = place;
    this.sentence = '';
    /** @type {import('./turn.js').Answer[]} */
    this.answers = [];
    /** @type {AbortController | null} */
    this.running = null;
    /** @type {HTMLDialogElement | null} */
    this.dialog = null;
    this.input = h('textarea', { class: 'sentence', rows: 1, maxLength: 2000, 'aria-label': 'What do you want?', placeholder: 'Say what you want: keep only\u2026, sort by\u2026, add\u2026', autocomplete: 'off', spellcheck: false });
    this.send = h('button', { type: 'submit', class: 'primary square', 'aria-label': 'Make a plan', title: 'Make a plan (Enter)' }, icon('goOn'));
    this.status = h('p', { class: 'words-status', role: 'status' });
    this.body = h('div', { class: 'words-body' });
    this.footer = h('footer', { class: 'words-footer' });
    this.input.addEventListener('input', () => this.typed());
    this.input.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      void this.ask();
    });
  }

  open() {
    if (this.dialog?.open || !this.store.grid || !this.store.columns.length) return;
    const form = h('form', { class: 'words-form', on: { submit: (/** @type {Event} */ event) => (event.preventDefault(), void this.ask()) } }, icon('speech'), this.input, this.send);
    const dialog = h('dialog', { class: 'dialog words', 'aria-label': 'Say what you want' }, form, this.status, this.body, this.footer);
    dialog.addEventListener('cancel', (event) => {
      if (!this.running) return;
      event.preventDefault();
      this.stop();
    });
    // The event comes late: the box may be open again by then.
    dialog.addEventListener('close', () => {
      dialog.remove();
      if (this.dialog !== dialog) return;
      this.running?.abort();
      this.dialog = null;
    });
    dialog.addEventListener('keydown', (event) => event.stopPropagation());
    dialog.addEventListener('click', (event) => event.target === dialog && !this.running && dialog.close());
    document.body.append(dialog);
    this.dialog = dialog;
    dialog.showModal();
    this.suggest();
    this.input.value = this.sentence;
    this.grow();
    this.input.focus();
    this.input.select();
  }

  close() {
    this.dialog?.close();
  }

  /** The box is as high as its sentence. */
  grow() {
    this.input.style.height = 'auto';
    this.input.style.height = `${Math.min(this.input.scrollHeight + 2, 140)}px`;
  }

  typed() {
    this.grow();
    if (this.input.value.trim() === this.sentence) return;
    this.answers = [];
    if (!this.running && !this.body.querySelector('.suggestions-list')) this.suggest();
  }

  /** Who reads the sentence, and what of the sheet is sent there. */
  renderWho() {
    const told = this.store.health?.['agents'];
    const text = !told ? '' : told.demo ? 'Demo rules, no model called: they read simple sentences only.'
      : `Read by ${told.model ?? told.provider}${told.host ? ` at ${told.host}` : ''}. It is told the columns\u2019 names and up to three values of each.`;
    this.footer.replaceChildren(h('p', { class: 'hint who' }, text), h('span', { class: 'grow' }), h('button', { type: 'button', on: { click: () => this.close() } }, 'Close'));
  }

  /** The server said who reads sentences; on a slow line the box is open by then. */
  heard() {
    if (this.dialog && this.body.querySelector('.suggestions-list')) this.suggest();
  }

  /** Sentences to begin with, made of this sheet's columns. */
  suggest() {
    const { columns } = this.store, text = columns.filter((c) => c.type === 'text'), number = columns.find((c) => c.type === 'number') ?? columns[0];
    const place = text.find((c) => /country|city|place/i.test(c.name)) ?? text[0], isDemo = this.store.health?.['agents']?.demo;
    const sentences = [number && `sort by ${number.name}, highest first`, place && `keep only ${place.name} is not empty`, number && `keep only ${number.name} above 500`, !isDemo && place && `add the language that is spoken there, from ${place.name}`];
    setText(this.status, '');
    this.body.replaceChildren(h('div', { class: 'suggestions-list', role: 'group', 'aria-label': 'For example' },
      sentences.filter((s) => typeof s === 'string').map((sentence) => this.choice(sentence, () => void this.askFor(sentence)))));
    this.renderWho();
  }

  /** @param {string} text @param {() => void} run */
  choice(text, run) {
    return h('button', { type: 'button', class: 'choice', on: { click: run } }, text);
  }

  /** @param {string} sentence */
  askFor(sentence) {
    this.input.value = sentence;
    this.grow();
    return this.ask();
  }

  /** Takes a turn with the sentence in the box, and what was answered to questions about it. */
  async ask() {
    const sentence = this.input.value.trim(), { store } = this;
    if (!sentence || this.running) return;
    if (sentence !== this.sentence) this.answers = [];
    this.sentence = sentence;
    const running = (this.running = new AbortController()), began = performance.now();
    let told = '';
    const time = () => setText(this.status, `Reading the sentence\u2026 ${Math.round((performance.now() - began) / 1000)} s${told}`);
    const clock = setInterval(time, 1000);
    this.think(time);
    try {
      const view = { filter: store.view.filter, match: store.view.match, sort: store.view.sort, ...(store.find ? { find: store.find } : {}) };
      const reply = await takeTurn(store.grid?.id ?? '', store.sheetID, { sentence, view, answers: this.answers }, running.signal, ({ calls, pieces }) => {
        told = `${pieces ? ` \u00b7 ${counted(pieces, 'token')} so far` : ''}${calls > 1 ? ' \u00b7 second attempt' : ''}`;
        time();
      });
      this.running = null;
      if (reply.outcome === 'plan' && reply.plan) this.propose(reply, reply.plan);
      else this.question(reply);
    } catch (error) {
      this.running = null;
      if (this.dialog) this.failed(error);
    } finally {
      clearInterval(clock);
      this.send.disabled = false;
      this.dialog?.removeAttribute('aria-busy');
    }
  }

  /** @param {() => void} time */
  think(time) {
    this.dialog?.setAttribute('aria-busy', 'true');
    this.send.disabled = true;
    time();
    this.body.replaceChildren(h('div', { class: 'thinking', 'aria-hidden': 'true' }));
    const cancel = h('button', { type: 'button', on: { click: () => this.stop() } }, 'Cancel');
    this.footer.replaceChildren(h('p', { class: 'hint who' }, 'Nothing changes before you accept a plan.'), h('span', { class: 'grow' }), cancel);
    cancel.focus();
  }

  stop() {
    this.running?.abort();
  }

  /** @param {unknown} error */
  failed(error) {
    this.input.focus();
    this.suggest();
    if (error instanceof DOMException && error.name === 'AbortError') return setText(this.status, 'Stopped. The sentence is still there.');
    const text = error instanceof Error ? error.message : String(error);
    setText(this.status, '');
    this.body.replaceChildren(h('p', { class: 'reason', role: 'alert' }, text.charAt(0).toUpperCase() + text.slice(1)));
  }

  /** @param {Reply} reply */
  question(reply) {
    const { text, choices, said } = reply.question ?? { text: '', choices: [] };
    setText(this.status, '');
    const answer = (/** @type {string} */ given) => {
      this.answers.push({ question: text, answer: given, ...(said ? { said } : {}) });
      return this.ask();
    };
    // What the demo rules understand are whole sentences.
    const buttons = choices.map((choice) => this.choice(choice, () => void (reply.demo && !said ? this.askFor(choice) : answer(choice))));
    this.body.replaceChildren(h('div', { class: 'question', role: 'group', 'aria-label': text }, h('p', {}, text), h('div', { class: 'choices' }, buttons)));
    this.renderWho();
    (buttons[0] ?? this.input).focus();
    announce(text, true);
  }

  /** @param {Reply} reply @param {import('./turn.js').Plan} plan */
  propose(reply, plan) {
    const steps = new PlanSteps(this.store, plan, () => changed());
    const rows = h('p', { class: 'plan-rows', role: 'status' }), objection = h('p', { class: 'reason', role: 'alert' });
    objection.hidden = true;
    const accept = h('button', { type: 'button', class: 'primary', on: { click: () => void this.accept(plan, accept, objection) } }, icon('check'), 'Accept');
    const check = () => {
      const words = objectionTo(plan);
      accept.disabled = words !== '';
      accept.title = words;
    };
    const recount = debounced(() => void this.recount(plan, rows), 300);
    const changed = () => (check(), recount());
    const notes = (reply.notes ?? []).map((note) => h('p', { class: 'note' }, icon('warning'), note));
    setText(this.status, '');
    this.body.replaceChildren(steps.root, rows, ...notes, objection);
    this.footer.replaceChildren(h('p', { class: 'hint who' }, this.costOf(reply)), h('span', { class: 'grow' }),
      h('button', { type: 'button', on: { click: () => this.close() } }, 'Cancel'), h('button', { type: 'button', on: { click: () => steps.focus() } }, icon('pencil'), 'Edit'), accept);
    if (reply.rows) this.tellRows(rows, reply.rows.matching, reply.rows.all);
    check();
    accept.focus();
    announce(`A plan of ${counted(plan.steps.length, 'step')}. Enter accepts it.`, true);
  }

  /** @param {Reply} reply */
  costOf(reply) {
    if (reply.demo) return 'Demo rules, no model called';
    const cost = reply.cost ? ` \u00b7 ${money(reply.cost)} ${reply.currency ?? ''}` : '';
    return `${reply.model ?? reply.provider} \u00b7 ${count(reply.inputTokens + reply.outputTokens)} tokens${cost} \u00b7 ${reply.seconds} s`;
  }

  /** @param {HTMLElement} line @param {number} matching @param {number} all */
  tellRows(line, matching, all) {
    setText(line, matching === all ? `All ${counted(all, 'row')} stay.` : `${count(matching)} of ${counted(all, 'row')} will be shown.`);
    line.classList.toggle('none', matching === 0);
  }

  /** Rows of the plan as it was changed: an ordinary read, of one row. @param {import('./turn.js').Plan} plan @param {HTMLElement} line */
  async recount(plan, line) {
    const { store } = this, view = viewOf(plan), grid = store.grid?.id ?? '';
    if (!view || objectionTo(plan)) return setText(line, '');
    const about = JSON.stringify(view), read = (/** @type {import('../types.js').View | null} */ asked) => api.pages(grid, store.sheetID, { first: 1, last: 1, pageSize: 1, view: asked });
    try {
      const [some, all] = await Promise.all([read({ ...view, ...(store.find ? { find: store.find } : {}) }), read(null)]);
      if (about === JSON.stringify(viewOf(plan))) this.tellRows(line, some.totalRows, all.totalRows);
    } catch {
      setText(line, '');  // the plan can be accepted all the same, and the grid says what it cannot read
    }
  }

  /** @param {import('./turn.js').Plan} plan @param {HTMLButtonElement} button @param {HTMLElement} objection */
  async accept(plan, button, objection) {
    const { store } = this, before = store.view, summary = summaryOf(plan, store);
    let deeds = 0;
    button.disabled = true;
    objection.hidden = true;
    try {
      const filled = await applyPlan(plan, store, this.place.deeds, () => deeds++);
      this.sentence = '';
      this.answers = [];
      this.close();
      const view = store.view, last = this.place.lastDeed();
      const undo = async () => {
        if (store.view !== view || this.place.lastDeed() !== last) return toast('Something else was done since. Ctrl+Z takes changes back one by one.');
        store.openView(before);
        for (; deeds > 0; deeds--) await this.place.undo();
      };
      toast(`Done: ${summary}.`, { action: { label: 'Undo', run: () => void undo() } });
      announce(`Done: ${summary}`, true);
      if (filled[0]) this.place.offerRun(filled[0]);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      setText(objection, `${text.charAt(0).toUpperCase() + text.slice(1)}${deeds ? ' What came before it is done; Ctrl+Z takes it back.' : ''}`);
      objection.hidden = false;
      button.disabled = false;
    }
  }
}
