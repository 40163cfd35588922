import test from 'node:test';
import assert from 'node:assert/strict';
import { FrameCheck } from '../../Web/check.js';

const rows = (page) => Array.from({ length: 100 }, (_, i) => ({ id: `r${page * 100 + i}` }));
const pages = (...list) => new Map(list.map(([number, revision, of = rows(number)]) => [number, { revision, rows: of }]));
const rules = (check) => check.violations.map((v) => v.rule);

test('a screen that follows commits is clean', () => {
  const check = new FrameCheck();
  for (let revision = 1; revision <= 50; revision += 1) {
    check.committed(revision);
    check.frame(pages([1, revision], [2, revision]));
  }
  assert.deepEqual([check.violations, check.frames], [[], 50]);
});

test('A4: a page at a revision that nobody said is committed', () => {
  const check = new FrameCheck();
  check.committed(4);
  check.frame(pages([1, 5]));
  assert.deepEqual(check.violations, [{ rule: 'A4', frame: 1, key: 'page 1', shown: 5, wanted: 4 }]);
});

test('A5: a page older than it was, also when it was away in between; a new view has no past', () => {
  const check = new FrameCheck();
  check.committed(9);
  check.frame(pages([1, 5]));
  check.frame(pages([2, 5]));
  check.frame(pages([1, 4]));
  assert.deepEqual(rules(check), ['A5']);
  check.began();
  check.frame(pages([1, 3]));
  assert.deepEqual(rules(check), ['A5']);
});

test('A6: a page with a row of one\'s own below its acknowledgment, until a page shows it', () => {
  const check = new FrameCheck();
  check.committed(7);
  check.frame(pages([1, 7]));
  check.edited('r150', 9);
  check.committed(8);
  check.frame(pages([1, 8]));
  check.frame(pages([1, 9]));
  check.frame(pages([1, 9]));
  assert.deepEqual(rules(check), ['A6']);
  assert.equal(check.acknowledged.size, 0);
});

test('A8: two pages of two snapshots in one frame, every time such a frame is painted', () => {
  const check = new FrameCheck(), of = rows(2);
  check.committed(9);
  check.frame(pages([1, 9], [2, 8, of]));
  check.frame(pages([1, 9], [2, 8, of]));
  assert.deepEqual(rules(check), ['A8', 'A8']);
});

test('what is painted cell by cell is checked cell by cell', () => {
  const check = new FrameCheck();
  check.committed(5);
  check.cell('r1', 'c1', 5);
  check.cell('r1', 'c1', 6);
  check.cell('r1', 'c2', 4);
  check.committed(6);
  check.cell('r1', 'c1', 5);
  assert.deepEqual(rules(check), ['A4', 'A5']);
});

test('violations are counted without end and kept up to a bound', () => {
  const check = new FrameCheck();
  for (let i = 0; i < 1_000; i += 1) check.cell('r1', 'c1', i + 1);
  assert.deepEqual([check.counts.A4, check.violations.length], [1_000, 100]);
});
