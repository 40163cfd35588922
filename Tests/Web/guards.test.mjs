// @ts-check
// The guards for pages: whatever order answers come in, what is shown is what was asked for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Guards, VersionGate, firstWins, latest, leave, queue } from '../../Web/trueline-guards.js';

const turns = () => new Promise((done) => setImmediate(done));

/** All orders of a few things. @param {number[]} of @returns {number[][]} */
const orders = (of) => (of.length < 2 ? [of] : of.flatMap((one) => orders(of.filter((other) => other !== one)).map((rest) => [one, ...rest])));

/** Three requests that are answered in an order of the test's choosing. */
function requests() {
  /** @type {Array<{ answer: (value: number) => void, fail: (error: Error) => void, signal: AbortSignal }>} */
  const made = [];
  const work = (/** @type {AbortSignal} */ signal) => new Promise((answer, fail) => made.push({ answer, fail, signal }));
  return { made, work };
}

test('latest: in every order of three answers the screen ends with the last intent, and never shows an older one after it', async () => {
  for (const order of orders([0, 1, 2])) {
    const guards = new Guards(), { made, work } = requests();
    /** @type {number[]} */
    const shown = [];
    const done = [0, 1, 2].map(() => guards.latest('s', work, (value) => shown.push(value)));
    for (const one of order) { made[one]?.answer(one); await turns(); }
    assert.deepEqual(shown, [2]);
    assert.deepEqual((await Promise.all(done)).map((outcome) => outcome.isApplied), [false, false, true]);
    assert.deepEqual(made.map((request) => request.signal.aborted), [true, true, false]);
  }
});

test('latest: cancelling alone fails where the work takes no notice, and identity does not', async () => {
  const { made, work } = requests();
  /** @type {number[]} */
  const cancelled = [], identified = [];
  const controllers = [new AbortController(), new AbortController()];
  // The handler waits for the body after the cancel came too late: the classic way.
  const classic = async (/** @type {number} */ index) => { const value = await work(/** @type {AbortController} */ (controllers[index]).signal); cancelled.push(/** @type {number} */ (value)); };
  void classic(0);
  controllers[0]?.abort();
  void classic(1);
  const guards = new Guards();
  for (const _ of [2, 3]) void guards.latest('s', work, (value) => identified.push(value));
  for (const one of [1, 0, 3, 2]) { made[one]?.answer(one); await turns(); }
  assert.deepEqual([cancelled, identified], [[1, 0], [3]]);
});

test('latest: an older intent that fails says nothing, the newest throws', async () => {
  const guards = new Guards(), { made, work } = requests();
  const first = guards.latest('s', work, () => {}), second = guards.latest('s', work, () => {});
  made[0]?.fail(new Error('old'));
  assert.deepEqual(await first, { isApplied: false, reason: 'superseded' });
  made[1]?.fail(new Error('new'));
  await assert.rejects(second, /new/);
});

test('leave: what is under way comes to nothing; slots do not know of each other, and an object is a slot', async () => {
  const { made, work } = requests(), owner = {};
  const left = latest('left', work, () => assert.fail('was left')), other = latest(owner, work, () => {});
  leave('left');
  made[0]?.answer(0);
  made[1]?.answer(1);
  assert.deepEqual([await left, await other], [{ isApplied: false, reason: 'superseded' }, { isApplied: true, value: 1 }]);
});

test('leave: queues and what was first come to nothing too, and the slot begins anew', async () => {
  const guards = new Guards(), { made, work } = requests(), nothing = { isApplied: false, reason: 'superseded' };
  const queued = [0, 1].map(() => guards.queue('s', work, () => assert.fail('was left'))), paying = guards.firstWins('s', work, () => assert.fail('was left'));
  await turns();
  guards.leave('s');
  const again = guards.firstWins('s', work, () => {});
  for (const request of made) request.answer(1);
  await turns();
  for (const request of made) request.answer(1);
  assert.deepEqual(await Promise.all([...queued, paying]), [nothing, nothing, nothing]);
  assert.equal((await again).isApplied, true);
});

test('queue: everything is applied in the order of asking, one after the other or side by side, and a failure holds up nobody', async () => {
  for (const overlaps of [false, true]) {
    for (const order of orders([0, 1, 2])) {
      const guards = new Guards(), { made, work } = requests();
      /** @type {number[]} */
      const shown = [];
      const done = Promise.allSettled([0, 1, 2].map(() => guards.queue('s', work, (value) => shown.push(value), { overlaps })));
      await turns();
      assert.equal(made.length, overlaps ? 3 : 1);
      for (const one of overlaps ? order : [0, 1, 2]) {
        if (one === 1) made[one]?.fail(new Error('no')); else made[one]?.answer(one);
        await turns();
      }
      assert.deepEqual((await done).map((outcome) => outcome.status), ['fulfilled', 'rejected', 'fulfilled']);
      assert.deepEqual(shown, [0, 2]);
    }
  }
  assert.equal((await queue('x', () => 7, () => {})).value, 7);
});

test('firstWins: a second click is nothing while the first is under way, and something after', async () => {
  const { made, work } = requests();
  let applied = 0;
  const first = firstWins('pay', work, () => applied++);
  assert.deepEqual(await firstWins('pay', work, () => applied++), { isApplied: false, reason: 'busy' });
  made[0]?.fail(new Error('declined'));
  await assert.rejects(first, /declined/);
  const again = firstWins('pay', work, () => applied++);
  made[1]?.answer(1);
  await again;
  assert.equal(applied, 1);
});

test('VersionGate: never back, the same again is taken, keys do not know of each other', () => {
  const gate = new VersionGate();
  /** @type {number[]} */
  const shown = [];
  for (const version of [2, 1, 2, 3]) gate.admit('k', version, () => shown.push(version));
  gate.admit('other', 1, () => shown.push(-1));
  gate.forget('k');
  gate.admit('k', 1, () => shown.push(1));
  assert.deepEqual(shown, [2, 2, 3, -1, 1]);
  assert.throws(() => gate.admit('k', NaN, () => {}), TypeError);
});
