// node --test Tests/Wasm: Web/ordering.js against the real module.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { commitSignal, decodeEffects, idNumber, Ordering, Writer } from '../../Web/ordering.js';
import { wireVersion } from '../../Web/ordering/codec.js';

const module = new WebAssembly.Module(readFileSync(new URL('../../Web/ordering.wasm', import.meta.url)));
const open = { type: 'open', sheet: 1, view: 0, pageSize: 100, sensitive: [] };
const only = (effects, type) => effects.filter((effect) => effect.type === type);

test('a page is asked for, applied, painted, and asked for again when a signal touches it', () => {
  const core = new Ordering(module).reconciler({ margin: 0 });
  const [send] = only(core.handle(open, 0), 'send');
  assert.deepEqual(send, { type: 'send', request: '1.1', first: 1, last: 1, minRevision: 0, purpose: 'load', have: [] });
  core.handle({ type: 'hello', revision: 7 }, 1);
  const reply = { type: 'replyArrived', request: send.request, revision: 7, totalRows: 2, totalPages: 1, pages: [{ page: 1, rows: [4, 9] }] };
  const effects = core.handle(reply, 2);
  assert.deepEqual(only(effects, 'apply'), [{ type: 'apply', request: '1.1', page: 1 }]);
  assert.deepEqual(only(effects, 'paint'), [{ type: 'paint', revision: 7, totalRows: 2, totalPages: 1, pages: [1] }]);
  assert.deepEqual(only(core.handle(reply, 3), 'drop'), [{ type: 'drop', request: '1.1', page: null, reason: 'superseded' }]);
  const [timer] = only(core.handle({ type: 'signal', from: 8, revision: 8, rows: [[9, 9]], columns: [1] }, 10), 'setTimer');
  assert.equal(timer.at, 110);
  assert.deepEqual(only(core.handle({ type: 'timer' }, 110), 'send')[0], {
    type: 'send', request: '1.2', first: 1, last: 1, minRevision: 8, purpose: 'refresh', have: [1],
  });
  assert.equal(core.condition(1), 'refreshing');
  assert.equal(core.counters().superseded, 1);
});

test('C4: a commit that touches nothing drawn is told of, and nothing is read', () => {
  const core = new Ordering(module).reconciler({ margin: 0 });
  core.handle(open, 0);
  core.handle({ type: 'hello', revision: 7 }, 1);
  core.handle({ type: 'replyArrived', request: '1.1', revision: 7, totalRows: 2, totalPages: 1, pages: [{ page: 1, rows: [4, 9] }] }, 2);
  const effects = core.handle({ type: 'signal', from: 8, revision: 8, rows: [[5, 8]], columns: [1] }, 3);
  assert.deepEqual(only(effects, 'advance'), [{ type: 'advance', revision: 8 }]);
  assert.deepEqual(effects.map((effect) => effect.type), ['advance', 'status']);
});

test('revisions are exact up to 2^53', () => {
  const core = new Ordering(module).reconciler();
  const revision = Number.MAX_SAFE_INTEGER;
  assert.equal(only(core.handle({ type: 'hello', revision }, 0), 'status')[0].known, revision);
});

test('a number that is none is a RangeError, and nothing happened', () => {
  const core = new Ordering(module).reconciler();
  for (const page of [-1, 1.5, NaN, 2 ** 32]) {
    assert.throws(() => core.handle({ type: 'viewport', first: page, last: 1 }, 0), RangeError);
  }
  assert.throws(() => core.handle({ type: 'nonsense' }, 0), RangeError);
  assert.equal(only(core.handle(open, 0), 'send').length, 1);
});

test('damaged bytes are an error, not a trap', () => {
  const core = new Ordering(module).reconciler();
  for (const bytes of [[], [3], [1, 0, 0, 0, 0, 0, 0, 0, 0, 19], [3, 0, 0, 0, 0, 0, 0, 0, 0, 99], [3, 0, 0, 0, 0, 0, 0, 0, 0, 19, 0]]) {
    assert.throws(() => core.send(new Uint8Array(bytes)), /^Error: ordering: /);
  }
  assert.throws(() => core.send(new Uint8Array(2 << 20)), RangeError);
});

test('C1: after a trap the core begins anew, says so, and never uses a request of before again', () => {
  const core = new Ordering(module).reconciler();
  const [first] = only(core.handle(open, 0), 'send');
  core.send = () => {
    delete core.send;
    throw new WebAssembly.RuntimeError('unreachable');
  };
  assert.deepEqual(core.handle({ type: 'timer' }, 1), [{ type: 'restarted', reason: 'unreachable' }]);
  const effects = core.handle(open, 2);
  assert.equal(only(effects, 'reset')[0].generation, 2);
  assert.notEqual(only(effects, 'send')[0].request, first.request);
  const late = { type: 'replyArrived', request: first.request, revision: 1, totalRows: 0, totalPages: 0, pages: [] };
  assert.deepEqual(only(core.handle(late, 3), 'drop'), [{ type: 'drop', request: '1.1', page: null, reason: 'intentChanged' }]);
});

test('a commit event becomes a signal; what cannot be read counts as many', () => {
  const commit = { revision: 9, from: 7, sheets: { s1: { rows: 'r5-r9,r12', columns: ['c3'], order: false, structure: true } } };
  assert.deepEqual(commitSignal(commit, 's1'), {
    type: 'signal', from: 7, revision: 9, rows: [[5, 9], [12, 12]], columns: [3], order: false, structure: true,
  });
  assert.deepEqual(commitSignal(commit, 's2'), { type: 'signal', from: 7, revision: 9, rows: [] });
  assert.equal(commitSignal({ revision: 9, sheets: { s1: { rows: 'many' } } }, 's1').rows, 'many');
  for (const rows of ['5', 'r5-r', 'r1-r2-r3', 'r-1', 'r99999999999', 'r5,,r6']) {
    assert.equal(commitSignal({ revision: 9, sheets: { s1: { rows } } }, 's1').rows, 'many', rows);
  }
  assert.equal(idNumber('r12'), 12);
  assert.ok(Number.isNaN(idNumber('12')));
});

test('each event type encodes', () => {
  const events = [
    open, { ...open, sensitive: 'all', first: 2, last: 4 }, { ...open, shown: [1, 2] }, { type: 'viewport', first: 1, last: 2 }, { type: 'hello', revision: 1, resumedAfter: 1 },
    { type: 'signal', from: 1, revision: 2, rows: 'many', columns: 'many' }, { type: 'gap', revision: 3 }, { type: 'heartbeat' },
    { type: 'heartbeatLate' }, { type: 'streamLost' }, { type: 'replyFailed', request: '1.1', kind: 'behind', retryAfter: 5.5 },
    { type: 'editSubmitted', draft: 1, row: 2 }, { type: 'editAcknowledged', draft: 1, revision: 4 }, { type: 'editRefused', draft: 1 },
    { type: 'editDiscarded', draft: 1 }, { type: 'runEnded' }, { type: 'refresh' }, { type: 'hidden' }, { type: 'shown' }, { type: 'timer' },
  ];
  const core = new Ordering(module).reconciler();
  events.forEach((event, index) => {
    const writer = new Writer();
    writer.u8(wireVersion);
    writer.u64(index);
    writer.event(event);
    decodeEffects(core.send(writer.bytes));
  });
});
