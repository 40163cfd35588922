// @ts-check
// Every event as a line of text, in causal order: what the canvas shows, for the keyboard and for screen readers. Only the lines in view exist.

import { element } from './dom.js';
import { num } from './trace.js';
import { formatTime } from './viewport.js';
import { MARKS } from './theme.js';

/** @typedef {import('./model.js').Model} Model */

const LINE = 28;
/** Browsers limit an element's height; a longer list scrolls in proportion. */
const MAXIMUM_CANVAS = 8_000_000;

export class EventList {
  /** @param {HTMLElement} box @param {Model} model @param {(event: number) => void} chosen */
  constructor(box, model, chosen) {
    this.box = box;
    this.model = model;
    this.chosen = chosen;
    /** Only matches are listed, while a search is on. @type {number[] | null} */
    this.filtered = null;
    this.sheet = element('div', { class: 'sheet', role: 'presentation' });
    box.replaceChildren(this.sheet);
    box.onscroll = () => this.render();
    box.onclick = (event) => {
      const line = /** @type {Element} */ (event.target).closest('[data-event]');
      if (line instanceof HTMLElement) { this.chosen(Number(line.dataset.event)); this.box.focus({ preventScroll: true }); }
    };
    this.render();
  }

  get length() { return this.filtered?.length ?? this.model.trace.count; }

  /** @param {number} place */
  eventAt(place) { return this.filtered ? this.filtered[place] ?? -1 : num(this.model.order, place); }

  /** @param {number} event */
  placeOf(event) { return this.filtered ? this.filtered.indexOf(event) : event < 0 ? -1 : num(this.model.position, event); }

  /** @param {number[] | null} events in causal order */
  filter(events) { this.filtered = events; this.box.scrollTop = 0; this.render(); }

  get #scale() { return Math.max(1, (this.length * LINE - this.box.clientHeight) / Math.max(1, Math.min(this.length * LINE, MAXIMUM_CANVAS) - this.box.clientHeight)); }

  reveal() {
    const place = this.placeOf(this.model.selected);
    if (place < 0) { this.render(); return; }
    const top = this.box.scrollTop * this.#scale;
    const height = this.box.clientHeight;
    const isFar = (place + 2) * LINE < top || (place - 1) * LINE > top + height;
    if (isFar) this.box.scrollTop = (place * LINE - height / 2 + LINE / 2) / this.#scale;
    else if (place * LINE < top) this.box.scrollTop = (place * LINE) / this.#scale;
    else if ((place + 1) * LINE > top + height) this.box.scrollTop = ((place + 1) * LINE - height) / this.#scale;
    this.render();
  }

  render() {
    const { model, box } = this;
    const top = box.scrollTop * this.#scale;
    const first = Math.max(0, Math.floor(top / LINE) - 2);
    const last = Math.min(this.length, Math.ceil((top + box.clientHeight) / LINE) + 2);
    this.sheet.style.height = `${Math.min(this.length * LINE, MAXIMUM_CANVAS)}px`;
    const lines = [];
    for (let place = first; place < last; place += 1) {
      const line = this.#line(this.eventAt(place), place);
      line.style.transform = `translateY(${place * LINE - top + box.scrollTop}px)`;
      lines.push(line);
    }
    this.sheet.replaceChildren(...lines);
    if (this.placeOf(model.selected) >= first && this.placeOf(model.selected) < last) box.setAttribute('aria-activedescendant', `event-${model.selected}`);
    else box.removeAttribute('aria-activedescendant');
  }

  /** @param {number} event @param {number} place */
  #line(event, place) {
    const { model } = this;
    const kind = model.trace.kind(event);
    const time = model.axis.kind === 'order' ? '' : formatTime(model.axis.timeOf(model.at(event)), 0.01);
    const line = element('div', {
      class: `line${model.divergenceAt.has(event) ? ' wrong' : ''}`, role: 'option', id: `event-${event}`, 'data-event': String(event),
      'aria-selected': String(event === model.selected), 'aria-setsize': String(this.length), 'aria-posinset': String(place + 1),
    },
    element('span', { class: `dot ${MARKS[kind]?.colour ?? 'faint'}`, 'aria-hidden': 'true' }),
    element('span', { class: 'name' }, tail(model.trace.name(event))), element('span', { class: 'kind' }, kind), element('span', { class: 'title' }, model.title(event)),
    model.trace.processes.length > 1 ? element('span', { class: 'process' }, model.trace.process(event).name) : null,
    element('span', { class: 'time' }, time));
    return line;
  }
}

/** The end of a long name, where names of one recording differ. @param {string} name */
function tail(name) { return name.length > 11 ? `\u2026${name.slice(-9)}` : name; }
