// node --test Tests/Web: replies about grids and runs that come in another order than they were asked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Runs } from '../../Web/grid/runs.js';
import { GridDocuments } from '../../Web/wire/grid-documents.js';

/** A store and an api whose replies are given by hand, in any order. */
function page() {
  /** @type {Array<(reply: any) => void>} */
  const sent = [];
  const ask = () => new Promise((answer) => sent.push(answer));
  const store = { grid: { id: 'g1', revision: 5 }, grids: null, gridRead(grid) { this.grid = grid; }, gridsListed(grids) { this.grids = grids; } };
  return { store, sent, documents: new GridDocuments(/** @type {any} */ (store), { grid: ask, grids: ask }) };
}

test('A1: an older document of a grid does not take the place of a newer one', async () => {
  const { store, sent, documents } = page();
  const both = [documents.reread(), documents.reread()];
  sent[1]({ id: 'g1', revision: 7, name: 'new' });
  sent[0]({ id: 'g1', revision: 6, name: 'old' });
  await Promise.all(both);
  assert.equal(store.grid.name, 'new');
});

test('A1: the reply to the first question may be the newer one: revisions decide', async () => {
  const { store, sent, documents } = page();
  const both = [documents.reread(), documents.reread()];
  sent[1]({ id: 'g1', revision: 6, name: 'old' });
  sent[0]({ id: 'g1', revision: 7, name: 'new' });
  await Promise.all(both);
  assert.equal(store.grid.name, 'new');
});

test('a document of a grid that was left is not shown', async () => {
  const { store, sent, documents } = page();
  const reading = documents.reread();
  store.grid = { id: 'g2', revision: 1 };
  sent[0]({ id: 'g1', revision: 9 });
  await reading;
  assert.equal(store.grid.id, 'g2');
});

test('after a server was restored, its lower revisions are believed, and what was on its way from before is not', async () => {
  const { store, sent, documents } = page();
  const before = documents.reread();
  documents.restored();
  const after = documents.reread();
  sent[1]({ id: 'g1', revision: 3, name: 'restored' });
  sent[0]({ id: 'g1', revision: 6, name: 'lost' });
  await Promise.all([before, after]);
  assert.equal(store.grid.name, 'restored');
});

test('A1: the list of grids is that of the last question answered so far', async () => {
  const { store, sent, documents } = page();
  const all = [documents.relist(), documents.relist(), documents.relist()];
  sent[1](['second']);
  sent[0](['first']);
  await Promise.all(all.slice(0, 2));
  assert.deepEqual(store.grids, ['second']);
  sent[2](['third']);
  await all[2];
  assert.deepEqual(store.grids, ['third']);
});

test('A1: a reply about a run that the stream has ended since does not begin it again, and still adds what only it tells', () => {
  const runs = new Runs();
  const asked = runs.ask();
  runs.hear({ run: 'run1', state: 'finished', done: 10 });
  runs.answer({ run: 'run1', state: 'running', done: 0, total: 10 }, asked);
  assert.deepEqual(runs.get('run1'), { run: 'run1', state: 'finished', done: 10, total: 10 });
});

test('A1: of two replies about a run the one asked for later stands', () => {
  for (const order of [[0, 1], [1, 0]]) {
    const runs = new Runs(), asked = [runs.ask(), runs.ask()], states = ['paused', 'running'];
    for (const at of order) runs.answer({ run: 'run1', state: states[at], done: at }, asked[at]);
    assert.equal(runs.get('run1').state, 'running');
  }
});

test('a reply is newer than what was heard before it was asked for', () => {
  const runs = new Runs();
  runs.hear({ run: 'run1', state: 'running', done: 1 });
  runs.answer({ run: 'run1', state: 'paused', done: 2 }, runs.ask());
  assert.equal(runs.get('run1').state, 'paused');
});

test('a reply about the runs of a grid that was left is not shown', () => {
  const runs = new Runs(), asked = runs.ask();
  runs.clear();
  runs.answer({ run: 'run1', state: 'running', done: 0 }, asked);
  assert.equal(runs.size, 0);
});
