import test from 'node:test';
import assert from 'node:assert/strict';
import { finish, readTrace, Trace } from '../../Web/traces/trace.js';
import { Relations } from '../../Web/traces/edges.js';
import { alignClocks, causalOrder, timeAxis } from '../../Web/traces/causal-order.js';
import { fillHeight, packRows } from '../../Web/traces/lanes.js';
import { canonical, lastAtMost } from '../../Web/traces/orders.js';
import { Model } from '../../Web/traces/model.js';
import { matches, parseQuery } from '../../Web/traces/search.js';
import { formatTime, rulerStep, Viewport } from '../../Web/traces/viewport.js';
import { keyAction, KEYS } from '../../Web/traces/keys.js';

const HEADER = { type: 'trace', version: 1, recorder: 'test' };

/** @param {...object} records */
function lines(...records) { return [HEADER, ...records].map((record) => JSON.stringify(record)).join('\n'); }

/** Two intents of one slot, the first one's response written last: `price` ends at the older value. */
function race(policy = 'latest') {
  return lines(
    { type: 'slot', slot: 'price', policy },
    { type: 'intent', id: 'i1', intent: 'a', slot: 'price', time: 1e6, task: 't1' },
    { type: 'start', id: 's1', request: 'r1', intent: 'a', time: 1e6, task: 't1', url: '/price?v=1' },
    { type: 'intent', id: 'i2', intent: 'b', slot: 'price', time: 5e6, task: 't2' },
    { type: 'start', id: 's2', request: 'r2', intent: 'b', time: 5e6, task: 't2', url: '/price?v=2' },
    { type: 'arrive', id: 'a2', request: 'r2', time: 20e6, status: 200 },
    { type: 'deliver', id: 'd2', request: 'r2', time: 20e6, task: 't3' },
    { type: 'write', id: 'w2', request: 'r2', key: 'price', value: 2, time: 20e6, task: 't3' },
    { type: 'write', id: 'x2', request: 'r2', key: 'total', value: 20, from: ['price'], time: 20e6, task: 't3' },
    { type: 'arrive', id: 'a1', request: 'r1', time: 30e6, status: 200 },
    { type: 'deliver', id: 'd1', request: 'r1', time: 30e6, task: 't4' },
    { type: 'write', id: 'w1', key: 'price', value: 1, time: 30e6, task: 't4' },
    { type: 'write', id: 'x1', key: 'total', value: 10, from: ['price'], time: 30e6, task: 't4' },
    { type: 'render', id: 'f1', frame: 1, time: 31e6 },
  );
}

/** What work in steps comes to. @template T @param {Generator<void, T, void>} steps @returns {T} */
function ended(steps) {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

const names = (/** @type {Model} */ model, /** @type {Iterable<number>} */ events) => [...events].map((event) => model.trace.name(event));

test('a trace is read by lines; what is not a record is rejected with its line', async () => {
  const trace = await readTrace(`\uFEFF${JSON.stringify(HEADER)}\r\n\r\n{"type":"note"}\nnonsense\n[1]\n{"type":"from the future","id":"n2"}\n`);
  assert.equal(trace.count, 2);
  assert.deepEqual(trace.rejections.map((rejection) => rejection.line), [4, 5]);
  assert.deepEqual([trace.name(0), trace.name(1), trace.kind(1)], ['L3', 'n2', 'note']);
});

test('a file that is no trace is not read on', async () => {
  const trace = await readTrace('{"type":"write"}\n{"type":"write"}');
  assert.equal(trace.count, 0);
  assert.equal(trace.rejections[0]?.line, 1);
  assert.equal((await readTrace('{"log":{}}')).count, 0);
});

test('causes and effects are the edges of the format, and two arrivals are none', async () => {
  const model = new Model(await readTrace(race()), null);
  const event = (/** @type {string} */ name) => model.trace.find(name) ?? -1;
  const causes = (/** @type {string} */ name) => names(model, [...model.edges.into(event(name))].map((edge) => model.edges.from[edge] ?? -1)).sort();
  assert.deepEqual(causes('i2'), ['i1']);
  assert.deepEqual(causes('s1'), ['i1', 'i1']);
  assert.deepEqual(causes('a1'), ['s1']);
  assert.deepEqual(causes('d1'), ['a1']);
  assert.deepEqual(causes('w1'), ['d1', 'd1']);
  const before = names(model, model.edges.closure(event('w1'), 'causes', 100).keys());
  assert.ok(before.includes('i1') && !before.includes('w2') && !before.includes('a2'));
});

test('a late response is an inversion of its pair, and the earliest violation is marked', async () => {
  const model = new Model(await readTrace(race()), null);
  assert.equal(model.divergences.length, 1);
  const [found] = model.divergences;
  assert.ok(found?.isFirst && found.isViolation);
  assert.deepEqual(names(model, [found.write, found.overtaken, found.lateIntent, found.overtakenIntent]), ['w1', 'w2', 'i1', 'i2']);
});

test('a trace without writes of responses is not called free of divergence', async () => {
  const without = await readTrace(race().split('\n').filter((line) => !line.includes('"write"')).join('\n'));
  assert.equal(new Model(without, null).verdict.tone, 'unknown');
  assert.equal(new Model(await readTrace(race('merge')), null).verdict.tone, 'good');
  assert.deepEqual(new Model(await readTrace(race()), null).verdict, { text: 'First divergence: w1, price', tone: 'bad' });
});

test('a merge slot has no inversion, an equal value is none, an unknown policy is no violation', async () => {
  assert.equal(new Model(await readTrace(race('merge')), null).divergences.length, 0);
  assert.equal(new Model(await readTrace(race().replace('"value":1,', '"value":2,')), null).divergences.length, 0);
  const unknown = new Model(await readTrace(race().replace(',"policy":"latest"', '')), null);
  assert.deepEqual(unknown.divergences.map((divergence) => [divergence.isFirst, divergence.isViolation]), [[false, false]]);
});

test('the state at an instant stands in both orders, and a derived value follows its sources', async () => {
  const model = new Model(await readTrace(race()), null);
  const at = (/** @type {string} */ name) => model.position[model.trace.find(name) ?? 0] ?? 0;
  assert.deepEqual(model.orders.stateAt(at('a2')), []);
  assert.deepEqual(model.orders.stateAt(at('x2')).map((row) => [row.key, row.recorded, row.isDifferent]), [['total', '20', false], ['price', '2', false]]);
  const rows = model.orders.stateAt(at('f1'));
  assert.deepEqual(rows.map((row) => [row.key, row.recorded, row.asked, row.isDifferent]), [['total', '10', 'computed from price', true], ['price', '1', '2', true]]);
});

test('the diagnosis decides what is first, and nonsense in it does no harm', async () => {
  const text = race();
  const trace = await readTrace(text);
  const model = new Model(trace, { findings: [{ rule: 'A1', event: 'w1' }, null, 7], advice: [{ rule: 'A1', event: 'w1', guards: 3 }, { event: 'nowhere' }, 'x'], divergence: { event: 'w1', request: 'r1', key: 'price', before: 'r2', order: ['r2', 'r1'], sentence: 'So.' } });
  assert.deepEqual([model.firstDivergence?.sentence, names(model, [model.firstDivergence?.overtaken ?? -1])[0]], ['So.', 'w2']);
  assert.equal(model.findingsAt.get(trace.find('w1') ?? -1)?.length, 1);
  assert.deepEqual([model.adviceAt.get(trace.find('w1') ?? -1)?.length, model.adviceAt.size], [1, 1]);
  const named = new Model(trace, { findings: [], divergence: { event: 'w1', request: 'r1', key: 'price', before: 'w2', order: ['r2', 'r1'] } });
  assert.deepEqual(names(named, [named.firstDivergence?.overtaken ?? -1, named.firstDivergence?.overtakenIntent ?? -1]), ['w2', 'i2']);
  assert.equal(new Model(trace, { findings: 3, divergence: { event: {} } }).firstDivergence, null);
  assert.equal(new Model(trace, { findings: [], divergence: null }).firstDivergence, null);
});

test('lines of two processes in the wrong order are put in a causal one, and each process keeps its own', async () => {
  const trace = await readTrace(lines(
    { type: 'note', id: 'server', process: 'api', request: 'r1' },
    { type: 'arrive', id: 'arrive', process: 'tab', request: 'r0' },
    { type: 'start', id: 'start', process: 'tab', request: 'r1' },
    { type: 'commit', id: 'commit', process: 'api', key: 'k', version: 3 },
    { type: 'ack', id: 'ack', process: 'tab', key: 'k', version: 3 },
  ));
  const { order, dropped } = causalOrder(trace, new Relations(trace).edges);
  assert.deepEqual([...order].map((event) => trace.name(event)), ['arrive', 'start', 'server', 'commit', 'ack']);
  assert.equal(dropped, 0);
});

test('edges that contradict each other are dropped and counted, and every event keeps a place', async () => {
  const trace = await readTrace(lines(
    { type: 'note', id: 'a', process: 'p', after: [{ event: 'd' }] }, { type: 'note', id: 'b', process: 'p' },
    { type: 'note', id: 'c', process: 'q', after: [{ event: 'b' }] }, { type: 'note', id: 'd', process: 'q' },
  ));
  const { order, dropped } = causalOrder(trace, new Relations(trace).edges);
  assert.deepEqual([...order].sort(), [0, 1, 2, 3]);
  assert.equal(dropped, 1);
});

test('clocks are shifted as a whole so that messages arrive after they were sent', async () => {
  const trace = await readTrace(lines(
    { type: 'process', process: 'tab', clock: 'laptop', time: 1_000e6 },
    { type: 'process', process: 'api', clock: 'host', role: 'server', time: 7e6 },
    { type: 'start', id: 's', process: 'tab', request: 'r', time: 1_010e6 },
    { type: 'note', id: 'n', process: 'api', request: 'r', time: 50e6 },
    { type: 'read', id: 'm', process: 'api', request: 'r', key: 'k', time: 60e6 },
    { type: 'arrive', id: 'e', process: 'tab', request: 'r', time: 1_030e6 },
    { type: 'note', id: 'lone', process: 'other', time: 5 },
  ));
  const { edges } = new Relations(trace);
  const { shift, isolated } = alignClocks(trace, edges);
  assert.deepEqual(isolated, ['other']);
  assert.equal((50e6 + (shift[1] ?? 0)) - (1_010e6 + (shift[0] ?? 0)), 5e6);
  const axis = ended(timeAxis(trace, edges, causalOrder(trace, edges).order, false));
  const at = (/** @type {string} */ name) => axis.at[trace.find(name) ?? 0] ?? -1;
  assert.ok(at('s') < at('n') && at('n') < at('m') && at('m') < at('e'));
  assert.equal(axis.moved, 0);
});

test('long pauses are cut, and a place on the axis still tells its time', async () => {
  const times = [0, 1, 2, 3, 10_000, 10_001, 10_002];
  const trace = await readTrace(lines(...times.map((ms) => ({ type: 'note', time: 1e9 + ms * 1e6 }))));
  const { edges } = new Relations(trace);
  const axis = ended(timeAxis(trace, edges, causalOrder(trace, edges).order, true));
  assert.equal(axis.cuts.length, 1);
  assert.ok(axis.end < 1_000);
  times.forEach((ms, event) => assert.ok(Math.abs(axis.timeOf(axis.at[event] ?? 0) - ms) < 1e-6));
  for (let event = 1; event < times.length; event += 1) assert.ok((axis.at[event] ?? 0) > (axis.at[event - 1] ?? 0));
});

test('bars take the first free row, and no more rows than the limit', () => {
  const bar = (/** @type {number} */ from, /** @type {number} */ to) => ({ request: '', start: 0, arrive: 0, deliver: 0, from, to, row: 0, isOpen: false, label: '' });
  const bars = [bar(0, 10), bar(2, 4), bar(5, 9), bar(6, 7), bar(11, 12)];
  assert.equal(packRows(bars, 0, 9), 3);
  assert.deepEqual(bars.map((one) => one.row), [0, 1, 1, 2, 0]);
  assert.equal(packRows([bar(0, 9), bar(0, 9), bar(0, 9)], 0, 2), 2);
});

test('every event but declarations stands in one lane; lanes do not overlap, also when they are stretched', async () => {
  const model = new Model(await readTrace(race()), null);
  const { lanes } = model.layout;
  assert.deepEqual(lanes.map((lane) => lane.kind), ['person', 'stack', 'macrotask', 'network']);
  assert.equal(lanes.reduce((sum, lane) => sum + lane.events.length, 0), model.trace.count - 1);
  fillHeight(model.layout, 900);
  for (let i = 1; i < lanes.length; i += 1) assert.ok((lanes[i]?.top ?? 0) >= (lanes[i - 1]?.top ?? 0) + (lanes[i - 1]?.height ?? 0));
  const before = model.layout.height;
  fillHeight(model.layout, 900);
  assert.equal(model.layout.height, before);
});

test('every divergence point of a diagnosis is marked, and stepped through', async () => {
  const trace = await readTrace(race());
  const model = new Model(trace, { divergence: { event: 'w1', request: 'r1' }, divergences: [{ event: 'w1', request: 'r1', key: 'price' }, { event: 'w2', request: 'r2', key: 'price' }, { event: 'gone' }] });
  assert.deepEqual(names(model, model.divergencePoints.map((point) => point.write)), ['w2', 'w1']);
  assert.deepEqual(model.divergencePoints.map((point) => point.isFirst), [false, true]);
  assert.ok(model.divergencePoints.every((point) => point.isProven && point.isViolation));
  const plain = new Model(await readTrace(race()), null);
  assert.deepEqual(plain.divergencePoints.map((point) => point.isFirst), [true]);
});

test('zoom keeps what is under the pointer, and the view stays near the trace', () => {
  const view = new Viewport(1_000, 0.01);
  view.resize(500, 300, 200);
  view.zoom(8, 100);
  const fixed = view.at(250);
  view.zoom(2, 250);
  assert.ok(Math.abs(view.at(250) - fixed) < 1e-6);
  view.pan(-1e9);
  assert.ok(view.from >= -view.end * 0.1);
  view.pan(1e9);
  assert.ok(view.to <= view.end * 1.1);
  for (let i = 0; i < 200; i += 1) view.zoom(2, 10);
  assert.ok(view.to - view.from >= 0.0099);
  for (let i = 0; i < 200; i += 1) view.zoom(0.5, 10);
  assert.ok(view.to - view.from <= 1_050);
});

test('scrubbing finds the last event at or before an instant', async () => {
  const model = new Model(await readTrace(race()), null);
  assert.equal(lastAtMost([1, 2, 2, 5], 2), 2);
  assert.equal(lastAtMost([1], 0), -1);
  finish(model.layOut('time'));
  assert.equal(model.trace.name(model.order[model.positionAt(25)] ?? 0), 'x2');
  finish(model.layOut('order'));
  assert.equal(model.positionAt(3.4), 3);
});

test('a search is words, which may name a member', async () => {
  const model = new Model(await readTrace(race()), null);
  const found = (/** @type {string} */ query) => names(model, [...Array(model.trace.count).keys()].filter((event) => matches(model, event, parseQuery(query))));
  assert.deepEqual(found('type:write key:price'), ['w2', 'w1']);
  assert.deepEqual(found('request:r1 type:write'), ['w1', 'x1']);
  assert.deepEqual(found('"/price?v=2" arrive'), ['a2']);
  assert.deepEqual(found('nothing:like this'), []);
});

test('values are compared by their canonical text', () => {
  assert.equal(canonical({ b: [1, { d: null, c: 'x' }], a: true }), '{"a":true,"b":[1,{"c":"x","d":null}]}');
  assert.equal(canonical(undefined), 'null');
});

test('the ruler counts in round steps, and every key of the help does something', () => {
  assert.deepEqual([rulerStep(1_000, 10), rulerStep(90, 10), rulerStep(0.3, 10)].map((step) => +step.toPrecision(3)), [100, 10, 0.05]);
  assert.deepEqual([formatTime(12_345, 1_000), formatTime(12.5, 0.5), formatTime(0.0123, 0.0001)], ['12 s', '12.5 ms', '12.3 \u00b5s']);
  const press = (/** @type {string} */ key, shiftKey = false) => keyAction({ key, shiftKey, ctrlKey: false, metaKey: false, altKey: false });
  for (const [keys] of KEYS) for (const key of keys) if (key.length === 1 && key < '\u007f') assert.notEqual(press(key), '', key);
  assert.equal(keyAction({ key: 'f', shiftKey: false, ctrlKey: true, metaKey: false, altKey: false }), '');
  assert.equal(press('ArrowLeft', true), 'panLeft');
});

test('a hundred thousand processes are refused one by one, not by failing', () => {
  const trace = new Trace();
  trace.header = HEADER;
  for (let i = 0; i < 65_540; i += 1) trace.append({ type: 'note', process: `p${i}` }, i + 2);
  assert.equal(trace.count, 65_535);
  assert.equal(trace.rejected, 5);
});
