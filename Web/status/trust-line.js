// @ts-check
// The trust line: that all shown values are saved, at which revision, and live; or what is not so and since when.

import { announce } from '../base/announce.js';
import { h, setText } from '../base/dom.js';
import { count, counted, duration } from '../base/format.js';
import { icon } from '../base/icons.js';

export class TrustLine {
  /** @param {import('../grid/store.js').Store} store @param {import('../grid/drafts.js').Drafts} drafts @param {HTMLElement} root */
  constructor(store, drafts, root) {
    this.store = store;
    this.drafts = drafts;
    this.dot = h('span', { class: 'trust-dot', 'aria-hidden': 'true' });
    this.text = h('span', { class: 'trust-text' });
    root.append(this.dot, this.text);
    this.root = root;
    this.said = '';
    store.on(['grid', 'snapshot', 'connection', 'drafts', 'problem', 'sheet'], () => this.render());
    setInterval(() => this.store.connection !== 'live' && this.render(), 1000);
  }

  render() {
    const { kind, text, say } = this.state();
    this.root.dataset['trust'] = kind;
    setText(this.text, text);
    if (say !== this.said) {
      if (this.said) announce(say);
      this.said = say;
    }
  }

  /** @returns {{ kind: 'true' | 'saving' | 'behind' | 'lost' | 'wait', text: string, say: string }} */
  state() {
    const { store, drafts } = this, shown = `revision ${count(store.isWaiting ? store.revision : Math.max(store.revision, store.shown))}`;
    const ago = duration((performance.now() - (store.lostSince ?? store.connectionSince)) / 1000);
    if (!store.grid) return { kind: 'wait', text: 'No grid is open', say: '' };
    if (drafts.refused) return { kind: 'lost', text: `${counted(drafts.refused, 'change')} not saved: see the marked cells \u00b7 ${shown}`, say: 'A change was not saved' };
    if (store.connection === 'offline') return { kind: 'lost', text: `The server has not been reached for ${ago} \u00b7 showing ${shown}${drafts.unsaved ? ` \u00b7 ${counted(drafts.unsaved, 'change')} kept here to be sent` : ''}`, say: 'The server cannot be reached' };
    if (drafts.unsaved) return { kind: 'saving', text: `Saving ${counted(drafts.unsaved, 'change')}\u2026 \u00b7 the cells show what was saved before`, say: 'Saving' };
    if (store.revision === 0) return { kind: 'wait', text: store.problem ? `Nothing could be read: ${store.problem.error.message}` : 'Reading the grid\u2026', say: '' };
    switch (store.connection) {
      case 'reconnecting': return { kind: 'behind', text: `Live updates lost ${ago} ago \u00b7 reconnecting \u00b7 showing ${shown}`, say: 'Live updates lost, reconnecting' };
      case 'polling': return { kind: 'behind', text: `${store.connectionReason || 'Live updates do not come through'} \u00b7 asking every 3 s instead \u00b7 ${shown}`, say: 'Asking for changes every 3 seconds' };
      case 'live':
        if (store.problem) return { kind: 'behind', text: `Reading failed ${duration((performance.now() - store.problem.since) / 1000)} ago: ${store.problem.error.message} \u00b7 showing ${shown}`, say: 'Reading failed' };
        if (store.isWaiting) return { kind: 'behind', text: `All shown values are saved \u00b7 ${shown} \u00b7 newer values wait, because rows would move`, say: 'Rows moved; newer values wait' };
        if (store.isBehind) return { kind: 'true', text: `All shown values are saved \u00b7 ${shown} \u00b7 reading newer`, say: 'All shown values are saved' };
        return { kind: 'true', text: `All shown values are saved \u00b7 ${shown} \u00b7 live`, say: 'All shown values are saved' };
    }
  }
}

/** The banner over the grid when the connection is gone for longer than a moment, with what can be done.
 * @param {import('../grid/store.js').Store} store @param {HTMLElement} root @param {() => void} retry */
export function connectionBanner(store, root, retry) {
  const text = h('span', { class: 'grow' });
  root.append(icon('offline'), text, h('button', { type: 'button', class: 'small', on: { click: retry } }, 'Try now'));
  root.hidden = true;
  const render = () => {
    const away = performance.now() - store.connectionSince > 2500;
    const refused = store.problem && store.revision > 0 && store.connection === 'live';
    root.hidden = !(store.connection === 'offline' || (store.connection === 'reconnecting' && away && store.grid) || refused);
    if (root.hidden) return;
    setText(text, refused ? `Newer values could not be read: ${store.problem?.error.message}` : store.connection === 'offline'
      ? 'The server cannot be reached. What you see was saved; what you type is kept here and sent when it is back.'
      : 'Live updates are interrupted. Reconnecting\u2026');
  };
  store.on(['connection', 'problem', 'snapshot'], render);
  setInterval(() => store.connection !== 'live' && render(), 1000);
}
