import test from 'node:test';
import assert from 'node:assert/strict';
import { ColumnGeometry, ScrollMap } from '../../Web/grid/geometry.js';
import { formatTSV, parseTSV } from '../../Web/grid/tsv.js';
import { EventParser } from '../../Web/wire/event-stream.js';

test('a position finds its column, also outside of all', () => {
  const columns = new ColumnGeometry([100, 50, 200]);
  assert.deepEqual([-5, 0, 99, 100, 149, 150, 349, 900].map((x) => columns.at(x)), [0, 0, 0, 1, 1, 2, 2, 2]);
  assert.equal(columns.total, 350);
  assert.equal(new ColumnGeometry([]).at(10), 0);
});

test('up to the tallest canvas a scroll position is a place among the rows', () => {
  const map = new ScrollMap(10_000);
  map.resize(9_000, 500);
  map.scrolled(1234);
  assert.deepEqual([map.top, map.shift, map.canvas], [1234, 0, 9_000]);
});

test('beyond it small moves go pixel by pixel, large ones in proportion, and both ends meet', () => {
  const map = new ScrollMap(10_000);
  map.resize(1_000_000, 500);
  map.scrolled(40);
  assert.equal(map.top, 40);
  map.scrolled(4_750 + 40);
  assert.ok(Math.abs(map.top - 999_500 * (4_790 / 9_500)) < 1);
  map.scrolled(9_500);
  assert.equal(map.top, 999_500);
  map.scrolled(0);
  assert.equal(map.top, 0);
  map.scrollFor(34);
  map.scrolled(0);
  assert.equal(map.top, 0);
});

test('any row can be scrolled to exactly', () => {
  const map = new ScrollMap(10_000);
  map.resize(1_000_000, 500);
  for (const wanted of [0, 34, 333_336, 999_499, 2_000_000]) {
    const scroll = map.scrollFor(wanted);
    map.scrolled(scroll);
    assert.equal(map.top, Math.min(wanted, 999_500));
  }
});

test('what is copied is what is pasted, whatever the cells hold', () => {
  const rows = [['plain', 'with\ttab', 'two\nlines'], ['"quoted"', '', 'say "hi"'], ['', '', '']];
  assert.deepEqual(parseTSV(formatTSV(rows)), rows);
});

test('a paste from a spreadsheet ends with a line end that is no row', () => {
  assert.deepEqual(parseTSV('a\tb\r\nc\td\r\n'), [['a', 'b'], ['c', 'd']]);
  assert.deepEqual(parseTSV('x'), [['x']]);
  assert.deepEqual(parseTSV('5" pipe\t"open'), [['5" pipe', '"open']]);
  assert.deepEqual(parseTSV('"a\nb"\tc'), [['a\nb', 'c']]);
});

test('an event stream is read in whatever pieces it comes', () => {
  const text = 'retry: 700\n\n: beat\n\nid: 12\nevent: commit\ndata: {"revision":12}\n\nevent: run\r\ndata: a\r\ndata: b\r\n\r\n';
  for (let size = 1; size < 12; size++) {
    const parser = new EventParser(), events = [];
    for (let at = 0; at < text.length; at += size) events.push(...parser.push(text.slice(at, at + size)));
    assert.deepEqual(events.filter((e) => e.data), [{ event: 'commit', data: '{"revision":12}', id: '12' }, { event: 'run', data: 'a\nb', id: null }]);
    assert.equal(parser.retry, 700);
  }
});
