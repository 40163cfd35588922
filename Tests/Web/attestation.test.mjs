import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { AttestationLoop, chance } from '../../Web/attestation/attestation-loop.js';
import { numberOf, runs } from '../../Web/attestation/painted-screen.js';
import { ScreenHash } from '../../Web/attestation/screen-hash.js';
import { displayText } from '../../Web/wire/cell-value.js';

test('the hash is the server\'s: every vector', () => {
  const vectors = JSON.parse(readFileSync(new URL('../../Fixtures/attestation/vectors.json', import.meta.url), 'utf8'));
  assert.equal(vectors.length, 16);
  for (const { name, rows, hash } of vectors) {
    const screen = new ScreenHash();
    for (const { id, cells } of rows) {
      for (const [column, json] of Object.entries(cells)) screen.cell(numberOf(column), displayText(json));
      screen.row(numberOf(id));
    }
    assert.equal(screen.text, hash, name);
  }
});

test('one unit, one cell or one row otherwise is another hash', () => {
  const random = chance(7), seen = new Set();
  for (let n = 0; n < 50_000; n++) {
    const hash = new ScreenHash();
    hash.cell(1 + (n & 7), String(n >> 3));
    hash.cell(20, 'the same');
    hash.row(1 + Math.floor(random() * 2));
    hash.row(n);
    seen.add(hash.text);
  }
  assert.equal(seen.size, 50_000);
});

test('ids are written as runs in the order painted', () => {
  assert.equal(runs([121, 122, 123, 9, 4, 5], 'r'), 'r121-r123,r9,r4-r5');
  assert.equal(runs([], 'r'), '');
  assert.deepEqual(['r9', 'r', '', 'rx', 'r4294967295'].map(numberOf), [9, NaN, NaN, NaN, 4294967295]);
});

const loop = (random = () => 0.5) => new AttestationLoop({ every: 30_000, random, now: 0 });

test('a whole screen is attested once an interval; one that is not whole is looked at again', () => {
  const machine = loop();
  assert.equal(machine.next, 30_000);
  assert.equal(machine.look(29_999, true), false);
  assert.equal(machine.look(30_000, false), false);
  assert.equal(machine.next, 30_500);
  assert.equal(machine.look(30_500, true), true);
  machine.sent(120);
  assert.equal(machine.look(99_000, true), false, 'one at a time');
  assert.equal(machine.answered('equal', 31_000), false);
  assert.equal(machine.next, 61_000);
  assert.deepEqual([machine.state, machine.counts.sampled, machine.counts.equal, machine.counts.bytes], ['waiting', 1, 1, 120]);
});

test('a screen that differs is repaired once and attested again; equal then is healed', () => {
  const machine = loop();
  machine.look(30_000, true);
  assert.equal(machine.answered('differs', 30_100), true);
  assert.equal(machine.state, 'repairing');
  assert.equal(machine.look(30_200, true), false);
  assert.equal(machine.look(30_600, false), false);
  assert.equal(machine.look(31_200, true), true);
  assert.equal(machine.answered('equal', 31_300), false);
  assert.deepEqual([machine.counts.differs, machine.counts.repairs, machine.counts.healed, machine.state], [1, 1, 1, 'waiting']);
});

test('a repair that did not help is not tried again before the next interval', () => {
  const machine = loop();
  machine.look(30_000, true);
  machine.answered('differs', 30_100);
  machine.look(30_600, true);
  assert.equal(machine.answered('differs', 30_700), false);
  assert.deepEqual([machine.counts.differs, machine.counts.repairs, machine.counts.healed], [2, 1, 0]);
  assert.equal(machine.next, 60_700);
});

test('a repair that is never painted ends', () => {
  const machine = loop();
  machine.look(30_000, true);
  machine.answered('differs', 30_100);
  for (let now = 30_600; now < 40_100; now += 500) assert.equal(machine.look(now, false), false);
  assert.equal(machine.look(40_600, false), false);
  assert.deepEqual([machine.state, machine.counts.healed], ['waiting', 0]);
});

test('the server says how long the next pauses are', () => {
  const machine = loop();
  machine.look(30_000, true);
  machine.answered('equal', 30_000, 100);
  assert.equal(machine.next, 130_000);
});

test('unknown is no reason to repair, and no answer is a longer pause', () => {
  const machine = loop();
  machine.look(30_000, true);
  assert.equal(machine.answered('unknown', 30_000), false);
  assert.equal(machine.next, 60_000);
  machine.look(60_000, true);
  machine.failed(60_000);
  assert.deepEqual([machine.next, machine.counts.failed, machine.state], [180_000, 1, 'waiting']);
});

test('pauses are jittered around the interval, by seed, and longer after a longer body', () => {
  const random = chance(1), pauses = Array.from({ length: 1_000 }, () => loop(random).next);
  assert.ok(Math.min(...pauses) >= 22_500 && Math.max(...pauses) <= 37_500);
  assert.ok(Math.abs(pauses.reduce((a, b) => a + b) / pauses.length - 30_000) < 500);
  assert.deepEqual(Array.from({ length: 3 }, chance(5)), Array.from({ length: 3 }, chance(5)));
  const machine = loop();
  machine.look(30_000, true);
  machine.sent(800);
  machine.answered('equal', 30_000);
  assert.equal(machine.next, 90_000, 'twice the usual bytes, twice the pause');
});
