// @ts-check
// `?check=1`: A4, A5, A6 and A8 on every painted frame. Pages are painted as units, each from one snapshot, so a frame is checked by its pages: a page
// that is the same object at the same revision as in the frame before costs one comparison. What is painted cell by cell (the control) is
// checked cell by cell.

/** Violations kept, the first ones: what follows is mostly their echo. */
const keptViolations = 100;

/** @typedef {{ rule: 'A4' | 'A5' | 'A6' | 'A8', frame: number, key: string, shown: number, wanted: number }} Violation */
/** @typedef {{ revision: number, rows: { id: string }[] }} CheckedPage */

export class FrameCheck {
  constructor() {
    this.frames = 0;
    /** How often each rule was broken. */
    this.counts = { A4: 0, A5: 0, A6: 0, A8: 0 };
    /** @type {Violation[]} */
    this.violations = [];
    /** The highest revision known to be committed. */
    this.durable = 0;
    /** Own edits that are acknowledged, by row, until a page shows them. @type {Map<string, number>} */
    this.acknowledged = new Map();
    /** What the frame before showed. @type {Map<number, CheckedPage>} */
    this.pages = new Map();
    /** The highest revision each page was shown at, under this view. @type {Map<number, number>} */
    this.highest = new Map();
    /** @type {Map<string, number>} */
    this.cells = new Map();
    /** Told of each violation. @type {(violation: Violation) => void} */
    this.onViolation = () => {};
  }

  /** A signal, a reply or an acknowledgment said that this revision is committed. @param {number} revision */
  committed(revision) {
    if (revision > this.durable) this.durable = revision;
  }

  /** An edit of the person is saved. @param {string} row @param {number} revision */
  edited(row, revision) {
    this.committed(revision);
    this.acknowledged.set(row, Math.max(revision, this.acknowledged.get(row) ?? 0));
  }

  /** Other rows, another order or another grid: pages have no past. @param {boolean} isOtherGrid */
  began(isOtherGrid = false) {
    this.pages = new Map();
    this.highest = new Map();
    this.cells = new Map();
    if (!isOtherGrid) return;
    this.durable = 0;
    this.acknowledged = new Map();
  }

  /** A frame shows these pages. @param {Map<number, CheckedPage>} pages */
  frame(pages) {
    this.frames += 1;
    let first = -1;
    for (const [number, page] of pages) {
      if (first < 0) first = page.revision;
      else if (page.revision !== first) this.found('A8', `page ${number}`, page.revision, first);
      const before = this.pages.get(number);
      if (before !== undefined && before.rows === page.rows && before.revision === page.revision) continue;
      this.changed(number, page);
    }
    this.pages = pages;
  }

  /** @param {number} number @param {CheckedPage} page */
  changed(number, page) {
    if (page.revision > this.durable) this.found('A4', `page ${number}`, page.revision, this.durable);
    const highest = this.highest.get(number) ?? 0;
    if (page.revision < highest) this.found('A5', `page ${number}`, page.revision, highest);
    else this.highest.set(number, page.revision);
    if (this.acknowledged.size === 0) return;
    for (const row of page.rows) {
      const wanted = this.acknowledged.get(row.id);
      if (wanted === undefined) continue;
      if (page.revision < wanted) this.found('A6', row.id, page.revision, wanted);
      else this.acknowledged.delete(row.id);
    }
  }

  /** A cell is painted by itself. @param {string} row @param {string} column @param {number} revision */
  cell(row, column, revision) {
    const key = `${row}/${column}`, highest = this.cells.get(key) ?? 0;
    if (revision > this.durable) this.found('A4', key, revision, this.durable);
    if (revision < highest) this.found('A5', key, revision, highest);
    else this.cells.set(key, revision);
    const wanted = this.acknowledged.get(row) ?? 0;
    if (revision < wanted) this.found('A6', key, revision, wanted);
  }

  /** @param {Violation['rule']} rule @param {string} key @param {number} shown @param {number} wanted */
  found(rule, key, shown, wanted) {
    this.counts[rule] += 1;
    const violation = { rule, frame: this.frames, key, shown, wanted };
    if (this.violations.length < keptViolations) this.violations.push(violation);
    this.onViolation(violation);
  }
}

/** Whether the page was asked to check itself. */
export const isChecking = globalThis.location !== undefined && new URLSearchParams(location.search).get('check') === '1';

/**
 * Checks every frame of the page from now on. `<html data-check>` says "clean" or the rules that were broken; `truelineCheck` says more.
 * @param {import('./grid/reader.js').GridReader} reader @param {import('./grid/store.js').Store} store @param {import('./grid/drafts.js').Drafts} drafts
 */
export function checkFrames(reader, store, drafts) {
  const check = new FrameCheck(), { handle, streamed } = reader, { painted } = store;
  let grid = '';
  reader.handle = (event) => {
    if (event.type === 'open') {
      check.began(grid !== (store.grid?.id ?? ''));
      grid = store.grid?.id ?? '';
    }
    // A reply is made from a snapshot, which is durable (S1, S3).
    if (event.type === 'replyArrived' || event.type === 'hello') check.committed(event.revision);
    if (event.type === 'editAcknowledged') {
      const draft = [...drafts.followed].find((d) => d.id === event.draft);
      if (draft) check.edited(draft.row, event.revision);
    }
    handle.call(reader, event);
  };
  reader.streamed = (event) => {
    if (event.kind === 'commit') check.committed(event.revision);
    streamed.call(reader, event);
  };
  const root = document.documentElement;
  root.dataset['check'] = 'clean';
  check.onViolation = (violation) => {
    root.dataset['check'] = Object.entries(check.counts).filter(([, count]) => count > 0).map(([rule]) => rule).join(' ');
    console.error('this frame breaks', violation);
  };
  store.painted = (revision, totalRows, pages) => {
    check.frame(pages);
    painted.call(store, revision, totalRows, pages);
  };
  /** @type {any} */ (globalThis).truelineCheck = check;
}
