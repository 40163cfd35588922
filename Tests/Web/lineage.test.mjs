// node --test Tests/Web: noticing a server that was started from an older copy of its data.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lineage } from '../../Web/wire/lineage.js';

const known = (revision) => {
  const lineage = new Lineage();
  assert.equal(lineage.hello({ revision: 10, server: 'a', opened: 4 }), true);
  lineage.hear(revision);
  return lineage;
};

test('the same instance of the server, and a later one that lost nothing, are believed', () => {
  const lineage = known(30);
  lineage.lost();
  assert.equal(lineage.hello({ revision: 30, server: 'a', opened: 4 }), true);
  lineage.lost();
  assert.equal(lineage.hello({ revision: 45, server: 'b', opened: 30 }), true);
});

test('a server that stands below what was heard has lost it', () => {
  const lineage = known(30);
  lineage.lost();
  assert.equal(lineage.hello({ revision: 29 }), false);
});

test('an instance that began below what was heard has lost it, also when it is past it by now', () => {
  const lineage = known(30);
  lineage.lost();
  assert.equal(lineage.hello({ revision: 500, server: 'b', opened: 29 }), false);
});

test('what is heard of a new instance before its hello proves nothing', () => {
  const lineage = known(30);
  lineage.lost();
  lineage.lost();
  lineage.hear(33);
  assert.equal(lineage.hello({ revision: 31, server: 'b', opened: 30 }), true);
});
