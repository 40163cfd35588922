// @ts-check
// Finds events. Words must all occur; `type:`, `key:`, `slot:`, `request:`, `intent:`, `process:` and `session:` look at one member.

import { textOf } from './trace.js';

/** @typedef {import('./model.js').Model} Model */

const MEMBERS = new Set(['type', 'key', 'slot', 'request', 'intent', 'process', 'session', 'id', 'task', 'label']);

/** @param {string} query @returns {{ member: string, text: string }[]} */
export function parseQuery(query) {
  const words = query.toLowerCase().match(/[a-z]+:"[^"]*"|"[^"]*"|\S+/g) ?? [];
  return words.map((word) => {
    const colon = word.indexOf(':');
    const member = colon > 0 ? word.slice(0, colon) : '';
    const isMember = MEMBERS.has(member);
    return { member: isMember ? member : '', text: (isMember ? word.slice(colon + 1) : word).replaceAll('"', '') };
  }).filter((word) => word.text !== '' || word.member !== '');
}

/** @param {Model} model @param {number} event @param {{ member: string, text: string }[]} words */
export function matches(model, event, words) {
  const { trace } = model;
  let all = '';
  return words.every(({ member, text }) => {
    if (!member) return (all ||= model.searchText(event)).includes(text);
    const own = member === 'request' ? model.relations.requestOf[event] ?? ''
      : member === 'process' ? trace.process(event).name
        : member === 'id' ? trace.name(event)
          : textOf(trace.records[event]?.[member]);
    return own.toLowerCase().includes(text);
  });
}

/** Finds in pieces, so that typing stays smooth. Gives up when `isCurrent` says so.
 * @param {Model} model @param {string} query @param {() => Promise<void>} pause @param {() => boolean} isCurrent
 * @returns {Promise<Set<number> | null>} */
export async function search(model, query, pause, isCurrent) {
  const words = parseQuery(query);
  /** @type {Set<number>} */
  const found = new Set();
  if (!words.length) return found;
  let until = performance.now() + 10;
  for (let position = 0; position < model.trace.count; position += 1) {
    const event = model.order[position] ?? 0;
    if (matches(model, event, words)) found.add(event);
    if ((position & 255) === 0 && performance.now() > until) {
      await pause();
      if (!isCurrent()) return null;
      until = performance.now() + 10;
    }
  }
  return found;
}
