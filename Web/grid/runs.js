// @ts-check
// How the open grid's runs stand. Two tell of them, the stream and the replies to questions, and neither waits for the other.

/** @typedef {import('../types.js').RunEvent} RunEvent */

/** The runs by name. A run never goes back: what was asked for before the newest word came does not take its place.
 * @extends {Map<string, RunEvent>} */
export class Runs extends Map {
  /** Rises with each question and each word. */
  moment = 0;
  /** When these runs began to be those of the open grid. */
  begun = 0;
  /** The moment of the newest word on each run; a reply is of the moment it was asked for. @type {Map<string, number>} */
  newest = new Map();

  /** Another grid, or the same grid of an older copy: replies that are still on their way are not of it. @override */
  clear() {
    super.clear();
    this.newest.clear();
    this.begun = ++this.moment;
  }

  /** What the stream says. Its words come in their order. @param {RunEvent} event */
  hear(event) {
    this.newest.set(event.run, ++this.moment);
    this.set(event.run, { ...this.get(event.run), ...event });
  }

  /** Before a question: the moment to give with its reply. */
  ask() {
    return ++this.moment;
  }

  /** A reply. Where something newer is known it only adds what that does not tell. @param {RunEvent} document @param {number} asked */
  answer(document, asked) {
    if (asked < this.begun) return;
    const held = this.get(document.run), isNewest = asked > (this.newest.get(document.run) ?? 0);
    if (isNewest) this.newest.set(document.run, asked);
    this.set(document.run, isNewest ? { ...held, ...document } : { ...document, ...held });
  }
}
