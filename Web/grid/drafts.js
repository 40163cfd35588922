// @ts-check
// What was typed and is not yet seen in a snapshot. Drafts are drawn over their cells, never in a value slot (C3), and each is released
// only when the ordering core says so: by a page painted at or past the revision its change was acknowledged at (C9).

import { h } from '../base/dom.js';
import { icon } from '../base/icons.js';
import { displayText, isNumber } from '../wire/cell-value.js';

/** `id` is the draft's number in the ordering core. @typedef {{ id: number, row: string, column: string, json: string | null, intent: string, state: 'saving' | 'saved' | 'refused', revision: number, problem: string, element: HTMLElement | null, since: number }} Draft */

/** The ordering core follows the drafts of smaller intents one by one; those of larger ones are released, by the same rule, by the
 * first snapshot at or past their revision. */
const followedMost = 400;
/** More drafts than this are marked on their cells but not drawn over them. */
const drawnMost = 400;

export class Drafts {
  /** @param {import('./store.js').Store} store */
  constructor(store) {
    this.store = store;
    /** @type {Map<string, Draft>} */
    this.drafts = new Map();
    this.lastID = 0;
    /** Drafts that the core follows, by number. @type {Map<number, string>} */
    this.keys = new Map();
    this.isTelling = false;
    store.on(['snapshot'], () => this.releaseUnfollowed());
    /** Tells the ordering core. @type {(what: 'submitted' | 'acknowledged' | 'refused' | 'discarded', draft: Draft) => void} */
    this.tell = () => {};
    /** What a person chose for a refused draft. @type {(choice: 'retry' | 'copy' | 'discard', intent: string) => void} */
    this.onChoice = () => {};
    addEventListener('beforeunload', (event) => {
      if ([...this.drafts.values()].some((d) => d.state !== 'saved')) event.preventDefault();
    });
  }

  /** @param {string} row @param {string} column */
  has(row, column) {
    return this.drafts.size > 0 && this.drafts.has(`${row} ${column}`);
  }

  /** What the person sees in the cell instead of its saved value. @param {string} row @param {string} column */
  at(row, column) {
    return this.drafts.get(`${row} ${column}`);
  }

  /** What the cell holds as the person sees it; undefined when it is empty. @param {string} row @param {string} column @param {string | undefined} saved */
  seen(row, column, saved) {
    const draft = this.at(row, column);
    return draft ? draft.json ?? undefined : saved;
  }

  get unsaved() {
    let n = 0;
    for (const draft of this.drafts.values()) if (draft.state !== 'saved') n++;
    return n;
  }

  get refused() {
    return [...this.drafts.values()].filter((d) => d.state === 'refused').length;
  }

  /** @param {string} intent @param {import('../types.js').Change[]} changes */
  begin(intent, changes) {
    const isFollowed = changes.length <= followedMost;
    for (const change of changes) {
      if (change.op !== 'setCell') continue;
      const key = `${change.row} ${change.column}`;
      const before = this.drafts.get(key);
      if (before) this.drop(key, before);
      /** @type {Draft} */
      const draft = { id: isFollowed ? ++this.lastID : 0, row: change.row, column: change.column, json: change.value, intent, state: 'saving', revision: 0, problem: '', element: null, since: performance.now() };
      this.drafts.set(key, draft);
      if (!isFollowed) continue;
      this.keys.set(draft.id, key);
      this.tell('submitted', draft);
    }
    this.changed();
  }

  /** @param {string} intent @param {number} revision */
  acknowledged(intent, revision) {
    for (const draft of this.of(intent)) {
      draft.state = 'saved';
      draft.revision = revision;
      if (draft.id) this.tell('acknowledged', draft);
    }
    this.releaseUnfollowed();
    this.changed();
  }

  /** @param {string} intent @param {string} problem */
  refuse(intent, problem) {
    for (const draft of this.of(intent)) {
      draft.state = 'refused';
      draft.problem = problem;
      if (draft.id) this.tell('refused', draft);
    }
    this.changed();
  }

  /** @param {string} intent */
  discard(intent) {
    for (const [key, draft] of this.drafts) if (draft.intent === intent) this.drop(key, draft);
    this.changed();
  }

  /** @param {string} key @param {Draft} draft */
  drop(key, draft) {
    draft.element?.remove();
    this.drafts.delete(key);
    this.keys.delete(draft.id);
    if (draft.id) this.tell('discarded', draft);
  }

  /** The drafts that the ordering core follows, oldest first. */
  get followed() {
    return [...this.keys.values()].flatMap((key) => this.drafts.get(key) ?? []);
  }

  /** The server went back to before these were saved: they are the person's again. */
  lost() {
    for (const draft of this.drafts.values()) {
      if (draft.state !== 'saved') continue;
      draft.state = 'refused';
      draft.problem = 'The server went back to a state from before this was saved.';
    }
    this.changed();
  }

  /** @param {string} intent */
  of(intent) {
    return [...this.drafts.values()].filter((d) => d.intent === intent);
  }

  /** Lets go of a draft: the ordering core says that its duty is done. A refused one stays with the person. @param {number} id */
  release(id) {
    const key = this.keys.get(id), draft = key === undefined ? undefined : this.drafts.get(key);
    if (key === undefined || !draft || draft.id !== id || draft.state === 'refused') return;
    draft.element?.remove();
    this.drafts.delete(key);
    this.keys.delete(id);
    this.changed();
  }

  releaseUnfollowed() {
    if (this.drafts.size <= this.keys.size) return;
    for (const [key, draft] of this.drafts) {
      if (draft.id !== 0 || draft.state !== 'saved' || draft.revision > this.store.revision) continue;
      draft.element?.remove();
      this.drafts.delete(key);
      this.changed();
    }
  }

  /** Says once that drafts changed, however many did. */
  changed() {
    if (this.isTelling) return;
    this.isTelling = true;
    queueMicrotask(() => {
      this.isTelling = false;
      this.store.emit('drafts');
    });
  }

  /** Draws the drafts whose cells are on the screen. @param {import('./painter.js').Painter} painter */
  draw(painter) {
    if (this.drafts.size === 0) return;
    /** @type {Map<string, number>} */
    const ranks = new Map();
    for (const rank of painter.rows.keys()) {
      const id = this.store.rowAt(rank)?.id;
      if (id) ranks.set(id, rank);
    }
    let drawn = 0;
    for (const draft of this.drafts.values()) {
      const rank = ranks.get(draft.row), column = this.store.columns.findIndex((c) => c.id === draft.column);
      if (rank === undefined || column < 0 || ++drawn > drawnMost) {
        draft.element?.remove();
        draft.element = null;
        continue;
      }
      this.drawOne(draft, painter, painter.boxOf(rank, column));
    }
  }

  /** @param {Draft} draft @param {import('./painter.js').Painter} painter @param {{ top: number, left: number, width: number, height: number }} box */
  drawOne(draft, painter, box) {
    const shown = draft.element?.dataset['draft'];
    if (!draft.element || shown !== draft.state) {
      draft.element?.remove();
      draft.element = this.make(draft);
      painter.editorLayer.append(draft.element);
    }
    const style = draft.element.style;
    style.transform = `translate(${box.left}px, ${box.top}px)`;
    style.width = `${box.width}px`;
    style.height = `${box.height}px`;
    if (draft.state === 'refused') draft.element.classList.toggle('leftwards', box.left + 350 > painter.scrollLeft + painter.width);
  }

  /** @param {Draft} draft */
  make(draft) {
    const text = h('span', { class: isNumber(draft.json ?? undefined) ? 'draft-text number' : 'draft-text' }, displayText(draft.json ?? undefined));
    if (draft.state !== 'refused') return h('div', { class: 'draft', data: { draft: draft.state } }, text, h('span', { class: 'draft-note' }, 'saving\u2026'));
    /** @param {'retry' | 'copy' | 'discard'} choice @param {string} label */
    const button = (choice, label) => h('button', { type: 'button', class: 'link', on: { click: () => this.onChoice(choice, draft.intent) } }, label);
    return h('div', { class: 'draft refused', data: { draft: 'refused' } }, text,
      h('div', { class: 'draft-problem', role: 'alert' }, icon('warning'), h('span', { class: 'grow' }, `Not saved. ${draft.problem}`), h('span', { class: 'choices' }, button('retry', 'Save anyway'), button('copy', 'Copy'), button('discard', 'Discard'))));
  }
}
