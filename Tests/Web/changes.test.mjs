// @ts-check
// What is taken back is what was done last, whether or not it is saved yet.

import assert from 'node:assert/strict';
import { test } from 'node:test';

// The announcements of the module are not looked at here.
globalThis.document ??= /** @type {any} */ ({ getElementById: () => null, createElement: () => ({ append() {}, setAttribute() {} }), querySelector: () => null });
globalThis.addEventListener ??= /** @type {any} */ (() => {});
const { Changes } = await import('../../Web/grid/changes.js');
const drafts = await import('../../Web/grid/drafts.js');
const settled = () => new Promise((done) => setImmediate(done));

function changes() {
  const made = new Changes(/** @type {any} */ ({ on() {}, grid: { id: 'g' }, sheetID: 's1' }), /** @type {any} */ ({}));
  /** @type {Array<(reply: any) => void>} */
  const sent = [];
  made.send = () => new Promise((answer) => sent.push(answer));
  /** @type {string[]} */
  const undone = [];
  made.turn = async (/** @type {any[]} */ from) => { undone.push(from.pop()?.label ?? 'nothing'); };
  const edit = (/** @type {string} */ label) => made.make(label, [{ op: 'setCell', row: 'r1', column: 'c1', value: '1' }], []);
  return { made, sent, undone, edit };
}

test('an edit that is on its way is what is taken back, once it is saved', async () => {
  const { made, sent, undone, edit } = changes();
  const first = edit('first');
  sent[0]?.({ revision: 1, results: [] });
  await first;
  const second = edit('second'), back = made.undo();
  sent[1]?.({ revision: 2, results: [] });
  await Promise.all([second, back]);
  assert.deepEqual(undone, ['second']);
});

test('edits are taken back in the order they were asked for, whichever was acknowledged first, and a refused one not at all', async () => {
  const { made, sent, undone, edit } = changes();
  const all = ['first', 'second', 'refused'].map(edit);
  sent[2]?.(null);
  sent[1]?.({ revision: 1, results: [] });
  sent[0]?.({ revision: 2, results: [] });
  await Promise.all(all);
  await made.undo();
  await made.undo();
  assert.deepEqual(undone, ['second', 'first']);
});

/** A page whose server answers when it is told to. */
function page() {
  const { Drafts } = drafts;
  const store = /** @type {any} */ ({ on() {}, changed() {}, emit() {}, notify() {}, grid: { id: 'g' }, sheetID: 's1' });
  const kept = new Drafts(store);
  const made = new Changes(store, kept);
  // How a refusal is told is not looked at here.
  made.refused = () => {};
  /** @type {Array<{ changes: any[], answer: (reply: any) => void, refuse: (error: any) => void }>} */
  const posts = [];
  made.untilAnswered = (/** @type {string} */ _, /** @type {any[]} */ changes) => new Promise((answer, refuse) => posts.push({ changes, answer, refuse }));
  const edit = (/** @type {string} */ value, column = 'c1') => made.make(value, [{ op: 'setCell', row: 'r1', column, value, ifRevision: 7 }], []);
  return { posts, edit, kept };
}

test('two edits of a cell are sent one after the other, and the second one is of what the first one saved', async () => {
  const { posts, edit } = page();
  const first = edit('"one"'), second = edit('"two"'), third = edit('"three"'), elsewhere = edit('"else"', 'c2');
  await settled();
  assert.deepEqual(posts.map((p) => p.changes[0].value), ['"one"', '"else"']);
  posts[0]?.answer({ revision: 9, results: [] });
  await first;
  await settled();
  assert.deepEqual(posts.slice(2).map((p) => [p.changes[0].value, p.changes[0].ifRevision]), [['"two"', 9]]);
  posts[2]?.answer({ revision: 12, results: [] });
  await second;
  await settled();
  assert.deepEqual(posts.slice(3).map((p) => [p.changes[0].value, p.changes[0].ifRevision]), [['"three"', 12]]);
  posts[1]?.answer({ revision: 10, results: [] });
  posts[3]?.answer({ revision: 13, results: [] });
  await Promise.all([third, elsewhere]);
});

test('an edit of a cell that shows what was saved and not read yet is of that', async () => {
  const { posts, edit } = page();
  const first = edit('"one"');
  await settled();
  posts[0]?.answer({ revision: 9, results: [] });
  await first;
  void edit('"two"');
  await settled();
  assert.equal(posts[1]?.changes[0].ifRevision, 9);
});

test('after an own edit that was refused the next one is of what was on the screen', async () => {
  const { posts, edit, kept } = page();
  const first = edit('"one"');
  const second = edit('"two"');
  await settled();
  posts[0]?.refuse(new Error('cell-changed'));
  await first;
  await settled();
  assert.equal(posts[1]?.changes[0].ifRevision, 7);
  assert.equal(kept.seen('r1', 'c1', '"old"'), '"two"');
  posts[1]?.answer({ revision: 9, results: [] });
  await second;
});
