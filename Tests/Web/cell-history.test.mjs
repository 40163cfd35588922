// @ts-check
// A cell's history as a trace: readable, in causal order, and honest about what it does not know.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inputsOf, traceOfCell } from '../../Web/traces/cell-history.js';
import { Model } from '../../Web/traces/model.js';
import { readTrace } from '../../Web/traces/trace.js';

const agent = { kind: 'agent', run: 'run7', detail: { inputs: ['c1'], base: 3, host: 'models.example', model: 'm', milliseconds: 40 } };
const name = { id: 'c1', name: 'Name', entries: [{ kind: 'set', revision: 5, time: 5_000, cause: { kind: 'person' }, old: 'Kyoto', new: 'Tokyo' }, { kind: 'set', revision: 3, time: 3_000, cause: { kind: 'person' }, new: 'Kyoto' }] };
const country = { id: 'c2', name: 'Country', entries: [
  { kind: 'suggestion', revision: 9, time: 9_000, cause: { ...agent, detail: { ...agent.detail, base: 5 } }, new: 'JP' },
  { kind: 'set', revision: 8, time: 8_000, cause: { kind: 'person' }, old: 'Nihon', new: 'Japan' },
  { kind: 'answer', revision: 4, time: 4_000, cause: agent, new: 'Nihon' },
] };

test('an answer reads its inputs as of its base, and is committed after its call; one that came too late is dropped', async () => {
  const text = traceOfCell('r1', country, [name]);
  const trace = await readTrace(text);
  assert.equal(trace.rejected, 0);
  const events = text.trimEnd().split('\n').map((line) => JSON.parse(line));
  const of = (type) => events.filter((event) => event.type === type);
  assert.deepEqual(of('process').map((event) => [event.process, event.role]), [['people', 'browser'], ['agents', 'agent'], ['grid', 'store']]);
  assert.deepEqual(of('read').map((event) => [event.version, event.value, event.after[0].event]), [[3, 'Kyoto', 'committed c1@3'], [5, 'Tokyo', 'committed c1@5']]);
  assert.deepEqual(of('commit').map((event) => [event.key, event.version, event.value]), [['Name, r1', 3, 'Kyoto'], ['Country, r1', 4, 'Nihon'], ['Name, r1', 5, 'Tokyo'], ['Country, r1', 8, 'Japan']]);
  assert.deepEqual(of('deliver').map((event) => event.dropped), [undefined, 'G3']);
  assert.equal(of('start')[0].time, (4_000 - 40 - 3_000) * 1e6);
  const model = new Model(trace, null);
  for (const _ of model.build()) { /* to its end */ }
  assert.equal(model.droppedEdges, 0);
});

test('inputs are those that any answer names', () => {
  assert.deepEqual(inputsOf(country.entries), ['c1']);
  assert.deepEqual(inputsOf([{ kind: 'set', revision: 1 }, { kind: 'answer', revision: 2, cause: { detail: { inputs: 'x' } } }]), []);
});

test('a history without times or causes is a trace too', async () => {
  const trace = await readTrace(traceOfCell('r1', { id: 'c1', name: 'Name', entries: [{ kind: 'insert', revision: 2, new: 1 }] }, []));
  assert.deepEqual([trace.rejected, trace.count > 0], [0, true]);
  // Without times, lines stand in the order of the revisions.
  const timeless = (column) => ({ ...column, entries: column.entries.map(({ time, ...entry }) => entry) });
  const commits = traceOfCell('r1', timeless(country), [timeless(name)]).trimEnd().split('\n').map((line) => JSON.parse(line)).filter((event) => event.type === 'commit');
  assert.deepEqual(commits.map((event) => event.version), [3, 4, 5, 8]);
});
