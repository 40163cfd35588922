// @ts-check
// What is taken back is what was done last, whether or not it is saved yet.

import assert from 'node:assert/strict';
import { test } from 'node:test';

// The announcements of the module are not looked at here.
globalThis.document ??= /** @type {any} */ ({ getElementById: () => null, createElement: () => ({ append() {}, setAttribute() {} }), querySelector: () => null });
const { Changes } = await import('../../Web/grid/changes.js');

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
