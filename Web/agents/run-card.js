// @ts-check
// One run as it goes: counts, rate, time left, tokens, and what can be done with it. All counts come from the server.

import { api } from '../wire/api.js';
import { announce } from '../base/announce.js';
import { h, setText } from '../base/dom.js';
import { count, duration, money } from '../base/format.js';
import { icon } from '../base/icons.js';
import { toast } from '../base/menu.js';
import { showFailed } from '../view/filter-form.js';

/** @param {import('../types.js').RunEvent} run */
export const isActive = (run) => run.state === 'running' || run.state === 'paused' || run.state === 'ending';

/** @type {Record<string, string>} */
const stateNames = { running: 'Running', paused: 'Paused', ending: 'Ending', finished: 'Finished', done: 'Finished', cancelled: 'Cancelled', refused: 'Stopped', failed: 'Stopped' };

/** @param {import('../types.js').RunEvent['budget']} budget */
const budgetText = (budget) =>
  [budget?.calls && `${count(budget.calls)} calls`, budget?.tokens && `${count(budget.tokens)} tokens`, budget?.cost && money(budget.cost)].filter(Boolean).join(', ');

export class RunCard {
  /** @param {import('../grid/store.js').Store} store @param {string} run */
  constructor(store, run) {
    this.store = store;
    this.run = run;
    this.name = h('b', {});
    this.stateText = h('span', { class: 'run-state' });
    this.parts = { done: h('i', { class: 'done' }), failed: h('i', { class: 'failed' }), skipped: h('i', { class: 'skipped' }), running: h('i', { class: 'running' }) };
    this.bar = h('div', { class: 'bar', role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': 100 }, Object.values(this.parts));
    this.counts = h('dl', { class: 'counts' });
    this.line = h('p', { class: 'hint' });
    this.reason = h('p', { class: 'reason' });
    this.doubts = h('details', { class: 'doubts', hidden: true, on: { toggle: () => void this.listDoubts() } }, h('summary', {}), h('p', { class: 'hint' }), h('ul', { tabIndex: 0, 'aria-label': 'Calls in doubt' }));
    this.listed = 0;
    this.buttons = h('div', { class: 'actions' });
    this.buttonState = '';
    this.wasActive = true;
    this.root = h('article', { class: 'card run' }, h('header', {}, this.name, this.stateText), this.bar, this.counts, this.line, this.reason, this.doubts, this.buttons);
  }

  /** @param {import('../types.js').RunEvent} event */
  render(event) {
    const total = event.total ?? event.done + event.running + event.queued + event.failed + event.skipped;
    const column = event.column ? this.store.column(event.column)?.name : '';
    setText(this.name, column || event.run);
    setText(this.stateText, stateNames[event.state] ?? event.state);
    this.root.dataset['state'] = event.state;
    /** @param {number} n */
    const share = (n) => `${total ? (n / total) * 100 : 0}%`;
    this.parts.done.style.width = share(event.done);
    this.parts.failed.style.width = share(event.failed);
    this.parts.skipped.style.width = share(event.skipped);
    this.parts.running.style.width = share(event.running);
    const percent = total ? Math.round(((event.done + event.failed + event.skipped) / total) * 100) : 0;
    this.bar.setAttribute('aria-valuenow', String(percent));
    this.bar.setAttribute('aria-label', `${column ?? ''} ${percent} %`);
    this.renderCounts(event);
    const facts = [];
    if (event.state === 'running' && event.rate) facts.push(`${event.rate.toFixed(event.rate < 10 ? 1 : 0)} rows/s`);
    if (event.state === 'running' && event.eta) facts.push(`${duration(event.eta)} left`);
    if (event.tokens) facts.push(`${count(event.tokens)} tokens`);
    if (event.cost) facts.push(`${money(event.cost)} spent`);
    const most = budgetText(event.budget);
    if (most) facts.push(`of ${most}`);
    for (const [reason, rows] of Object.entries(event.skipReasons ?? {})) facts.push(`${count(rows)} ${reason}`);
    if (event.examples?.length) facts.push(`${event.examples.length} ${event.examples.length === 1 ? 'example' : 'examples'}`);
    if (event.undone !== undefined) facts.push(`${count(event.undone)} cells given back`);
    if (event.provider ?? event.model) facts.push([event.model, event.provider].filter(Boolean).join(', '));
    setText(this.line, facts.join(' \u00b7 '));
    setText(this.reason, event.reason ?? '');
    this.reason.hidden = !event.reason;
    this.renderDoubts(event.inDoubt ?? 0);
    this.renderButtons(event);
    if (this.wasActive && !isActive(event)) announce(`${column || 'The run'}: ${stateNames[event.state] ?? event.state}, ${count(event.done)} done, ${count(event.failed)} failed`);
    this.wasActive = isActive(event);
  }

  /** Calls of which nobody knows what they cost; which ones is asked for when somebody opens the list. @param {number} inDoubt */
  renderDoubts(inDoubt) {
    this.doubts.hidden = inDoubt === 0;
    const summary = /** @type {HTMLElement} */ (this.doubts.firstElementChild);
    setText(summary, `${count(inDoubt)} ${inDoubt === 1 ? 'call' : 'calls'} in doubt`);
    if (this.listed !== inDoubt) void this.listDoubts();
  }

  async listDoubts() {
    const inDoubt = this.store.runs.get(this.run)?.inDoubt ?? 0;
    if (!this.doubts.open || this.listed === inDoubt) return;
    const [, hint, list] = /** @type {HTMLElement[]} */ ([...this.doubts.children]);
    if (!hint || !list) return;
    const asked = this.listed = inDoubt;
    try {
      const doubts = (await api.readRun(this.store.grid?.id ?? '', this.run)).doubts ?? [];
      if (asked !== this.listed) return;
      list.replaceChildren(...doubts.map((doubt) => h('li', {}, h('b', {}, doubt.label ?? doubt.row), `: call ${doubt.call}, at most ${count(doubt.tokensAtMost)} tokens${doubt.costAtMost ? `, ${money(doubt.costAtMost)}` : ''}`)));
      setText(hint, `They were open when Trueline stopped, or their connection ended before a reply. What they cost is not known; the budget counts the most they can have cost, and each question was asked again.${doubts.length < inDoubt ? ` The first ${count(doubts.length)}:` : ''}`);
    } catch (error) {
      this.listed = 0;
      setText(hint, error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {import('../types.js').RunEvent} event */
  renderCounts(event) {
    /** @type {Array<[string, number]>} */
    const counts = [['done', event.done], ['running', event.running], ['queued', event.queued], ['failed', event.failed], ['skipped', event.skipped]];
    if (this.counts.childElementCount === 0) for (const [name] of counts) this.counts.append(h('div', { class: name }, h('dt', {}, name), h('dd', {}, '')));
    counts.forEach(([, n], index) => {
      const value = this.counts.children[index]?.lastElementChild;
      if (value) setText(value, count(n));
    });
  }

  /** @param {import('../types.js').RunEvent} event */
  renderButtons(event) {
    const spent = event.state === 'paused' && /budget/.test(event.reason ?? '');
    const key = `${event.state} ${event.failed > 0} ${spent} ${event.undone}`;
    if (key === this.buttonState) return;
    this.buttonState = key;
    /** @param {string} label @param {import('../base/icons.js').IconName} name @param {'pause'|'resume'|'cancel'|'retry'|'undo'} what */
    const button = (label, name, what) => h('button', { type: 'button', class: 'small', on: { click: () => this.act(what) } }, icon(name), label);
    const buttons = [];
    if (event.state === 'running') buttons.push(button('Pause', 'pause', 'pause'));
    if (event.state === 'paused') buttons.push(button(spent ? 'Resume with twice the budget' : 'Resume', 'play', 'resume'));
    if (isActive(event)) buttons.push(button('Cancel', 'stop', 'cancel'));
    else {
      if (event.failed > 0) buttons.push(button('Retry failed', 'play', 'retry'));
      if (event.failed > 0 && event.column) buttons.push(h('button', { type: 'button', class: 'small', on: { click: () => showFailed(this.store, event.column ?? '') } }, icon('filter'), 'Show failed'));
      if (event.done > 0 && event.undone === undefined) {
        const undo = button('Undo run', 'undo', 'undo');
        undo.hidden = true;
        void api.has('/grids/{grid}/runs/{run}/undo').then((has) => (undo.hidden = !has));
        buttons.push(undo);
      }
    }
    this.buttons.replaceChildren(...buttons);
  }

  /** @param {'pause'|'resume'|'cancel'|'retry'|'undo'} what */
  async act(what) {
    try {
      const run = this.store.runs.get(this.run), spent = what === 'resume' && /budget/.test(run?.reason ?? '');
      const twice = Object.fromEntries(Object.entries(run?.budget ?? {}).map(([name, most]) => [name, most * 2]));
      await this.store.askRuns(() => api.actOnRun(this.store.grid?.id ?? '', this.run, what, spent ? { budget: twice } : {}));
      if (what === 'undo') toast('The run\u2019s answers were taken back; what people changed since stays.');
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error), { problem: true });
    }
  }
}
