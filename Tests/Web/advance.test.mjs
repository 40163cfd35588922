// The number that the grid says it shows, when commits touch nothing that is drawn.
import assert from 'node:assert/strict';
import test from 'node:test';
import { PlaceKeeper } from '../../Web/grid/place-keeper.js';
import { Store } from '../../Web/grid/store.js';

const painted = () => {
  const store = new Store();
  store.painted(5, 2, new Map([[1, { revision: 5, rows: [{ id: 'r1', cells: {} }] }]]));
  return store;
};
const advance = (keeper, revision) => PlaceKeeper.prototype.advance.call(keeper, revision);

test('C4: what is drawn counts as of the later snapshot at once, and its cells stay of the frame that painted them', () => {
  const store = painted(), heard = [];
  store.on(['advance'], () => heard.push(store.revision));
  advance({ waiting: null, store }, 8);
  assert.deepEqual([store.revision, store.revisionAt(0), heard], [8, 5, [8]]);
});

test('C10: while a snapshot waits for the hand, it is that one which equals the later one, and not what is seen', () => {
  const store = painted(), keeper = { waiting: { revision: 7, totalRows: 2, pages: new Map() }, store };
  advance(keeper, 8);
  assert.deepEqual([store.revision, keeper.waiting.revision], [5, 8]);
});
