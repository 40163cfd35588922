import test from 'node:test';
import assert from 'node:assert/strict';
import { changesBody, displayText, jsonFromTyped } from '../../Web/wire/cell-value.js';
import { readPages } from '../../Web/wire/page-reader.js';

const page = (cells, states = '') => `{"revision":7,"sheet":"s1","pageSize":100,"totalRows":1,"totalPages":1,"totalColumns":2,"columns":[{"id":"c1","name":"a","type":"text"}],"pages":[{"page":1,"tag":"t","rows":[{"id":"r1","cells":${cells}${states}}]}]}`;

test('a number keeps its digits from the reply to the screen', () => {
  for (const number of ['1.10', '12345678901234567890', '-0', '1e400', '0.1000', '1E+2']) {
    const [row] = readPages(page(`{"c1":${number},"c2":"x"}`)).pages[0].rows;
    assert.equal(displayText(row.cells.c1), number);
    assert.equal(displayText(row.cells.c2), 'x');
  }
});

test('text with quotes, backslashes, brackets and escapes is shown as it was written', () => {
  for (const text of ['say "hi"', 'C:\\', 'a\\"b', '{"x":[1]}', 'line\nbreak', '\u2028 \u{1F600}', '<b onclick=x>']) {
    const [row] = readPages(page(`{"c1":${JSON.stringify(text)}}`)).pages[0].rows;
    assert.equal(displayText(row.cells.c1), text);
  }
});

test('a structure is shown as its JSON text, spaces and digits included', () => {
  const [row] = readPages(page('{"c1":{"a": [1.10, "]}"]}}')).pages[0].rows;
  assert.equal(displayText(row.cells.c1), '{"a": [1.10, "]}"]}');
});

test('states come as a word or with a reason', () => {
  const [row] = readPages(page('{}', ',"states":{"c1":"queued","c2":{"state":"failed","reason":"429"}}')).pages[0].rows;
  assert.deepEqual({ ...row.states }, { c1: { state: 'queued' }, c2: { state: 'failed', reason: '429' } });
});

test('an unchanged page has no rows, and white space between tokens is read', () => {
  const reply = readPages(' { "revision" : 9 , "totalRows" : 0 , "pages" : [ { "page" : 2 , "tag" : "x" , "unchanged" : true } ] } ');
  assert.equal(reply.revision, 9);
  assert.deepEqual(reply.pages, [{ page: 2, tag: 'x', unchanged: true, rows: [] }]);
});

test('what is not JSON is refused, wherever it is cut', () => {
  const whole = page('{"c1":"x","c2":[1,{"y":"z"}]}');
  for (let end = 0; end < whole.length; end++) assert.throws(() => readPages(whole.slice(0, end)), SyntaxError, `cut at ${end}`);
  assert.throws(() => readPages(`${whole}x`), SyntaxError);
});

test('a column named __proto__ is only a name', () => {
  const [row] = readPages(page('{"__proto__":"x"}')).pages[0].rows;
  assert.equal(row.cells['__proto__'], '"x"');
});

test('typed text becomes what the column says only when it plainly is that', () => {
  assert.equal(jsonFromTyped('1.10', 'number'), '1.10');
  assert.equal(jsonFromTyped('007', 'number'), '"007"');
  assert.equal(jsonFromTyped('12 apples', 'number'), '"12 apples"');
  assert.equal(jsonFromTyped('12', 'text'), '"12"');
  assert.equal(jsonFromTyped('Yes', 'boolean'), 'true');
  assert.equal(jsonFromTyped('maybe', 'boolean'), '"maybe"');
  assert.equal(jsonFromTyped('{"a":1}', 'json'), '{"a":1}');
  assert.equal(jsonFromTyped('{', 'json'), '"{"');
  assert.equal(jsonFromTyped('', 'number'), null);
});

test('a changes body carries values as the JSON text they are', () => {
  const body = changesBody('i', [
    { op: 'setCell', row: 'r1', column: 'c1', value: '1.10', ifRevision: 3 }, { op: 'setCell', row: 'r2', column: 'c1', value: null },
    { op: 'insertRows', sheet: 's1', position: { after: 'r2' }, rows: [{ c1: '12345678901234567890' }, {}] },
    { op: 'deleteRows', sheet: 's1', rows: ['r1'] }, { op: 'moveRows', sheet: 's1', rows: ['r1'], position: { at: 'end' } },
  ]);
  assert.equal(body, '{"intent":"i","changes":[{"op":"setCell","row":"r1","column":"c1","value":1.10,"ifRevision":3},{"op":"setCell","row":"r2","column":"c1","value":null},' +
    '{"op":"insertRows","sheet":"s1","after":"r2","rows":[{"c1":12345678901234567890},{}]},{"op":"deleteRows","sheet":"s1","rows":["r1"]},{"op":"moveRows","sheet":"s1","rows":["r1"],"at":"end"}]}');
});
