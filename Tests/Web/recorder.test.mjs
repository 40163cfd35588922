import test from 'node:test';
import assert from 'node:assert/strict';
import { microtasks, pageWithRecorder } from './recorder-page.mjs';

/** A search box that shows whatever comes. */
function search(p, query) {
  return p.input('click', async () => {
    p.recorder.intent('results', `search ${query}`, { policy: 'latest', arguments: { query } });
    const response = await p.page.fetch(`/search?q=${query}`);
    const found = await response.json();
    p.recorder.write('results', 'results', found);
  });
}

test('a write behind two native awaits belongs to the request whose response set it going, whatever came first', async () => {
  const p = pageWithRecorder();
  await search(p, 'a');
  await search(p, 'b');
  p.requests[1].answer('found b');
  await microtasks();
  p.requests[0].answer('found a');
  await microtasks();
  const starts = p.of('start'), writes = p.of('write');
  assert.deepEqual(starts.map((e) => e.url), ['/search?q=a', '/search?q=b']);
  assert.deepEqual(writes.map((e) => [e.value, e.request]), [['found b', starts[1].request], ['found a', starts[0].request]]);
  assert.deepEqual(writes.map((e) => e.intent), p.of('intent').map((e) => e.id).reverse());
  const delivers = p.of('deliver');
  for (const [i, write] of writes.entries()) {
    assert.equal(write.task, delivers[i].task);
    assert.deepEqual(write.after, [{ event: delivers[i].id, kind: 'await', confidence: 'structural' }]);
    assert.deepEqual([delivers[i].phase, write.phase], ['macrotask', 'microtask']);
  }
  assert.notEqual(writes[0].task, writes[1].task);
});

test('the events of a request stand in order, and its intent before it', async () => {
  const p = pageWithRecorder();
  await search(p, 'a');
  p.requests[0].answer('x');
  await microtasks();
  const request = p.of('start')[0].request;
  assert.deepEqual(p.events().filter((e) => e.request === request).map((e) => e.type), ['start', 'arrive', 'deliver', 'write']);
  assert.deepEqual(p.events().slice(0, 5).map((e) => e.type), ['trace', 'process', 'slot', 'intent', 'start']);
  const times = p.events().slice(3).map((e) => e.time);
  assert.deepEqual(times, [...times].sort((a, b) => a - b));
  assert.equal(p.recorder.state.failures, 0);
});

test('a handle names the intent where the turn cannot: behind a queue', async () => {
  const p = pageWithRecorder();
  let open;
  const gate = new Promise((done) => { open = done; });
  await p.input('click', async () => {
    const intent = p.recorder.intent('total', 'first');
    await gate;
    const response = await p.page.fetch('/price', { trueline: intent });
    const value = await response.json();
    p.recorder.write('total', 'total', value, { intent });
  });
  await p.input('click', () => { p.recorder.intent('total', 'second'); open(); });
  p.requests[0].answer(5);
  await microtasks();
  const [first] = p.of('intent');
  assert.equal(p.of('start')[0].intent, first.id);
  assert.deepEqual([p.of('write')[0].intent, p.of('write')[0].request, p.of('write')[0].after], [first.id, p.of('start')[0].request, undefined]);
});

test('a response that serves a later intent keeps its request and names that intent', async () => {
  const p = pageWithRecorder();
  let later;
  await p.input('click', async () => {
    p.recorder.intent('pages', 'first');
    const response = await p.page.fetch('/pages');
    p.recorder.write('pages', 'pages', await response.json(), { serves: later });
  });
  await p.input('click', () => { later = p.recorder.intent('pages', 'scrolled on'); });
  p.requests[0].answer([1]);
  await microtasks();
  const [write] = p.of('write');
  assert.deepEqual([write.intent, write.request], [p.of('intent')[1].id, p.of('start')[0].request]);
});

test('a write of the person in the turn of a request under way is not the response\'s', async () => {
  const p = pageWithRecorder();
  await p.input('click', () => {
    const intent = p.recorder.intent('name', 'rename');
    p.page.fetch('/rename', { trueline: intent });
    p.recorder.write('name', 'name', 'new', { intent, optimistic: true });
  });
  const [write] = p.of('write');
  assert.deepEqual([write.request, write.intent, write.optimistic], [undefined, p.of('intent')[0].id, true]);
});

test('input that nobody named is an intent without a slot, and says nothing of what was typed', async () => {
  const p = pageWithRecorder();
  await p.input('keydown', () => { p.page.fetch('/save'); }, { localName: 'input', id: 'card', closest() { return this; }, value: '4111' });
  const [intent] = p.of('intent');
  assert.deepEqual([intent.label, intent.slot], ['keydown input#card', undefined]);
  assert.equal(p.of('start')[0].intent, intent.id);
  assert.ok(!p.recorder.lines().includes('4111'));
});

test('what a timer does belongs to the turn that set it: a debounced search to its input, a poll to nobody', async () => {
  const p = pageWithRecorder();
  await p.input('click', () => { p.recorder.intent('results', 'search'); p.page.setTimeout(() => p.page.fetch('/search')); });
  p.timers.shift()();
  const [search] = p.of('start');
  assert.equal(search.intent, p.of('intent')[0].id);
  assert.deepEqual(search.after, [{ event: search.intent, kind: 'fork', confidence: 'declared' }]);
  p.requests[0].answer({});
  await microtasks();
  p.endTurn();
  p.requests.length = 0;
  // The response of the search is read, and sets a timer that polls.
  await p.input('click', async () => {
    p.recorder.intent('results', 'watch');
    await (await p.page.fetch('/watch')).json();
    p.page.setTimeout(() => p.page.fetch('/poll'));
  });
  p.requests[0].answer({});
  await microtasks();
  p.timers.shift()();
  assert.equal(p.of('start').at(-1).url, '/poll');
  assert.equal(p.of('start').at(-1).intent, undefined);
});

test('a timer that tries again after a failure is the same intent\'s next attempt', async () => {
  const p = pageWithRecorder();
  await p.input('click', async () => {
    p.recorder.intent('results', 'search');
    await (await p.page.fetch('/search')).json();
    p.page.setTimeout(() => p.page.fetch('/search'));
  });
  p.requests[0].answer({}, 503);
  await microtasks();
  p.timers.shift()();
  assert.deepEqual(p.of('start').map((e) => [e.intent, e.attempt]), [['p.1', 1], ['p.1', 2]]);
});

test('a turn ends: what nobody set going is not the response\'s', async () => {
  const p = pageWithRecorder();
  await search(p, 'a');
  p.requests[0].answer('x');
  await microtasks();
  p.endTurn();
  p.recorder.write('clock', 'clock', 1);
  const [, late] = p.of('write');
  assert.deepEqual([late.request, late.intent], [undefined, undefined]);
  assert.notEqual(late.task, p.of('write')[0].task);
});

test('an aborted fetch is a cancel, a failed one an arrival with its error, and the page sees its own error', async () => {
  const p = pageWithRecorder();
  const controller = new AbortController();
  const aborted = p.page.fetch('/a', { signal: controller.signal });
  controller.abort();
  await assert.rejects(aborted, { name: 'AbortError' });
  const failing = p.page.fetch('/b');
  p.requests[1].fail(new TypeError('no network'));
  await assert.rejects(failing, { message: 'no network' });
  assert.deepEqual(p.of('cancel').map((e) => e.request), [p.of('start')[0].request]);
  assert.deepEqual(p.of('arrive').map((e) => [e.request, e.error]), [[p.of('start')[1].request, 'TypeError']]);
});

test('traceparent goes to this origin and to named ones, keeps the page\'s headers, and is recorded', async () => {
  const p = pageWithRecorder({ propagate: 'https://api.example' });
  p.page.fetch('/here', { headers: { accept: 'text/plain' } });
  p.page.fetch('https://api.example/there');
  p.page.fetch('https://elsewhere.example/');
  const sent = p.requests.map((r) => (r.init?.headers instanceof Headers ? r.init.headers.get('traceparent') : null));
  assert.match(sent[0], /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  assert.equal(p.requests[0].init.headers.get('accept'), 'text/plain');
  assert.match(sent[1], /^00-/);
  assert.equal(sent[2], null);
  assert.deepEqual(p.of('start').map((e) => e.traceparent ?? null), sent);
  assert.equal(sent[0].split('-')[2], p.of('start')[0].request);
});

test('XMLHttpRequest: the response begins a turn before any handler of the page', async () => {
  const p = pageWithRecorder();
  await p.input('click', () => {
    p.recorder.intent('total', 'price');
    const request = new p.page.XMLHttpRequest();
    request.addEventListener('readystatechange', () => { if (request.readyState === 4) p.recorder.write('total', 'total', 7); });
    request.open('GET', '/price');
    request.setRequestHeader('Authorization', 'Bearer hunter2hunter2');
    request.send();
  });
  p.FakeRequest.last.answer(200);
  const [write] = p.of('write'), [deliver] = p.of('deliver');
  assert.deepEqual([write.task, write.request, write.phase], [deliver.task, p.of('start')[0].request, 'stack']);
  assert.match(p.FakeRequest.last.sent.traceparent, /^00-/);
});

test('a stream\'s messages are signals with their position, each a turn of its own, under whatever name they come', () => {
  const p = pageWithRecorder();
  const source = new p.page.EventSource('/events?token=abcdefgh');
  source.addEventListener('commit', () => p.recorder.write('list', 'list', 1));
  source.emit('commit', '41');
  source.emit('message', '');
  const signals = p.of('signal');
  assert.deepEqual(signals.map((e) => [e.label, e.position, e.stream]), [['commit', 41, '/events?token=redacted'], ['message', undefined, '/events?token=redacted']]);
  assert.equal(p.of('write')[0].task, signals[0].task);
});

test('credentials stand nowhere: not in addresses, values, labels or names, not those of headers and cookies either', async () => {
  const p = pageWithRecorder({}, { cookie: 'id=cookie-value-1; theme=x' });
  p.page.fetch('https://user:pass-word@shop.example/a?api_key=key-in-query&page=2', { headers: { Authorization: 'Bearer bearer-value', 'X-Plain': 'plain' } });
  p.recorder.write('s', 'k', { password: 'in-a-member', 'bearer-value': 1, text: 'has bearer-value and cookie-value-1 and key-in-query', n: 1 });
  p.recorder.intent('s', 'label with bearer-value');
  const text = p.recorder.lines();
  for (const secret of ['cookie-value-1', 'pass-word', 'key-in-query', 'bearer-value', 'in-a-member']) assert.ok(!text.includes(secret), secret);
  assert.equal(p.of('start')[0].url, '/a?api_key=redacted&page=2');
  assert.equal(p.of('write')[0].value.n, 1);
});

test('values are digests unless the tag says otherwise: equal for equal values, whatever the order of members', () => {
  const p = pageWithRecorder({ values: undefined });
  p.page.fetch('/search?q=private');
  for (const value of [{ a: 1, b: 2 }, { b: 2, a: 1 }, { a: 1, b: 3 }]) p.recorder.write('s', 'k', value);
  const [first, second, third] = p.of('write').map((e) => e.value.digest);
  assert.match(first, /^[0-9a-f]{16}$/);
  assert.equal(first, second);
  assert.notEqual(first, third);
  assert.ok(!p.recorder.lines().includes('private'));
});

test('a kept value is what it was when it was written, and a long one its digest', () => {
  const p = pageWithRecorder();
  const value = { n: 1 };
  p.recorder.write('s', 'k', value);
  value.n = 2;
  p.recorder.write('s', 'k', 'x'.repeat(5_000));
  const cycle = {};
  cycle.self = cycle;
  p.recorder.write('s', 'k', cycle);
  assert.deepEqual(p.of('write')[0].value, { n: 1 });
  assert.match(p.of('write')[1].value.digest, /^[0-9a-f]{16}$/);
  assert.equal(p.of('write').length, 3);
});

test('S8: the buffer is bounded; the oldest go, and a note says how many', () => {
  const p = pageWithRecorder({ limit: '200' });
  p.recorder.slot('s', 'latest');
  for (let i = 0; i < 1_000; i += 1) p.recorder.write('s', 'k', i);
  const events = p.events(), note = events.find((e) => e.type === 'note');
  assert.deepEqual(events.slice(0, 4).map((e) => e.type), ['trace', 'process', 'slot', 'note']);
  assert.equal(note.dropped + p.of('write').length, 1_000);
  assert.ok(p.of('write').length <= 200);
  assert.equal(p.of('write').at(-1).value, 999);
});

test('an expectation is counted each time and recorded when it changes', () => {
  const p = pageWithRecorder();
  for (const holds of [true, true, false, false, true]) p.recorder.expect('cart not empty', () => holds);
  assert.deepEqual(p.of('expect').map((e) => [e.holds, e.checked, e.failed]), [[true, 1, 0], [false, 3, 1], [true, 5, 2]]);
  assert.deepEqual({ ...p.recorder.symptoms['cart not empty'] }, { checked: 5, held: 3, failed: 2, holds: true });
});

test('every check reaches the counts once, also those that changed nothing, and one that throws does not hold', async () => {
  const p = pageWithRecorder({ endpoint: '/traces' });
  for (let i = 0; i < 3; i += 1) p.recorder.expect('cart not empty', true);
  await p.recorder.flush();
  p.recorder.expect('cart not empty', true);
  p.recorder.expect('sum', () => { throw new Error('the page\'s own'); });
  await p.recorder.flush();
  const counts = p.posts.flatMap((post) => post.body.trim().split('\n').map((line) => JSON.parse(line))).filter((e) => e.expectations).map((e) => e.expectations);
  assert.deepEqual(counts, [[{ name: 'cart not empty', held: 3, failed: 0 }], [{ name: 'cart not empty', held: 1, failed: 0 }, { name: 'sum', held: 0, failed: 1 }]]);
});

test('names of expectations are bounded in number and length', () => {
  const p = pageWithRecorder();
  for (let i = 0; i < 500; i += 1) p.recorder.expect(`row ${i} ${'x'.repeat(200)}`, false);
  p.recorder.expect('__proto__', false);
  const names = Object.keys(p.recorder.symptoms);
  assert.deepEqual([names.length, Math.max(...names.map((name) => name.length))], [101, 100]);
  assert.equal(p.recorder.symptoms['other expectations'].failed, 401);
});

test('a guard that throws a response away says so on its delivery', async () => {
  const p = pageWithRecorder();
  await p.input('click', async () => {
    await (await p.page.fetch('/a')).json();
    p.recorder.drop('G2');
  });
  p.requests[0].answer(1);
  await microtasks();
  assert.deepEqual(p.of('deliver').map((e) => e.dropped), ['G2']);
});

test('Redux: what an action replaced is written, and a thunk\'s result belongs to the intent of its beginning', () => {
  const p = pageWithRecorder();
  let state = { cart: 1, user: 2 };
  const dispatch = p.recorder.redux({ getState: () => state })((action) => { if (action.next) state = { ...state, ...action.next }; return action; });
  dispatch({ type: 'cart/price/pending', meta: { requestId: 'r1', arg: { quantity: 1 } } });
  dispatch({ type: 'cart/price/pending', meta: { requestId: 'r2', arg: { quantity: 2 } } });
  dispatch({ type: 'cart/price/fulfilled', meta: { requestId: 'r2' }, next: { cart: 20 } });
  dispatch({ type: 'cart/price/fulfilled', meta: { requestId: 'r1' }, next: { cart: 10 } });
  const intents = p.of('intent');
  assert.deepEqual(intents.map((e) => [e.slot, e.arguments]), [['cart/price', { quantity: 1 }], ['cart/price', { quantity: 2 }]]);
  assert.deepEqual(p.of('write').map((e) => [e.key, e.value, e.intent]), [['cart', 20, intents[1].id], ['cart', 10, intents[0].id]]);
  assert.deepEqual([p.of('pending').length, p.of('settled').length], [2, 2]);
});

test('a wrapped setter sets, and reports, also by a function of the old value', () => {
  const p = pageWithRecorder();
  let state = 1;
  const set = p.recorder.wrapSetState('s', 'k', (value) => { state = typeof value === 'function' ? value(state) : value; });
  set(5);
  set((old) => old + 1);
  assert.equal(state, 6);
  assert.deepEqual(p.of('write').map((e) => e.value), [5, 6]);
});

test('parts are numbered, hold each event once, and a refusal ends the sending', async () => {
  const p = pageWithRecorder({ endpoint: '/traces' });
  for (let i = 0; i < 600; i += 1) p.recorder.write('s', 'k', `${i} ${'x'.repeat(100)}`);
  await p.recorder.flush();
  const parts = p.posts.map((post) => post.body.trim().split('\n').map((line) => JSON.parse(line)));
  assert.ok(parts.length > 1);
  assert.deepEqual(parts.map(([header]) => [header.type, header.id, header.part]), parts.map((_, i) => ['trace', 't', i + 1]));
  assert.equal(parts.flat().filter((e) => e.type === 'write').length, 600);
  assert.equal(parts.flat().filter((e) => e.type === 'process').length, 1);
  assert.ok(p.posts.every((post) => post.body.length < 62_000));
  p.page.accepts = false;
  p.recorder.write('s', 'k', 1);
  await p.recorder.flush();
  assert.match(p.recorder.state.stopped, /400/);
});

test('the recorder\'s own failure is never the page\'s', async () => {
  const p = pageWithRecorder();
  const answer = p.page.fetch('http://[not an address');
  p.requests[0].answer('fine');
  assert.equal(await (await answer).json(), 'fine');
  assert.equal(p.recorder.state.failures, 1);
});

// --- what trueline proxy waits for ---------------------------------------------------------------------------------------------------

const CONFIRM = '/__trueline/taken';
/** What the page said to the proxy, after every timer that is due has run. */
function confirmed(p) {
  while (p.timers.length > 0) p.timers.shift()();
  return p.posts.filter((post) => post.url.startsWith(CONFIRM)).map((post) => post.url.slice(CONFIRM.length + 1));
}
const spanOf = (header) => header.split('-')[2];

test('a response that the proxy waits for is confirmed when its handler has run, and no other is', async () => {
  const p = pageWithRecorder({ confirm: CONFIRM });
  const seen = [];
  const ask = async (url) => { seen.push(await (await p.page.fetch(url)).json()); };
  ask('/a'); ask('/b');
  const [a, b] = p.requests;
  assert.equal(a.init.headers.get('trueline-confirm'), '1');
  b.answer('b');
  a.answer('a', 200, { 'trueline-confirm': '1' });
  assert.deepEqual(confirmed(p), []);
  await microtasks();
  assert.deepEqual(seen, ['b', 'a']);
  assert.deepEqual(confirmed(p), [`span=${spanOf(a.init.headers.get('traceparent'))}`]);
});

test('a body that is still read is not confirmed yet, and one that is never read is', async () => {
  const p = pageWithRecorder({ confirm: CONFIRM });
  let read;
  p.page.fetch('/a').then((response) => { read = response.json(); });
  p.page.fetch('/b').then(() => {});
  for (const request of p.requests) request.answer('x', 200, { 'trueline-confirm': '1' });
  // The response is here, its body is not.
  await Promise.resolve();
  await microtasks();
  await read;
  assert.deepEqual(confirmed(p).sort(), p.requests.map((r) => `span=${spanOf(r.init.headers.get('traceparent'))}`).sort());
});

test('a canceled request is confirmed: its response will not be seen', () => {
  const p = pageWithRecorder({ confirm: CONFIRM });
  const stop = new p.page.AbortController();
  p.page.fetch('/a', { signal: stop.signal }).catch(() => {});
  stop.abort();
  assert.equal(confirmed(p).length, 1);
});

test('an XMLHttpRequest is confirmed after its load', () => {
  const p = pageWithRecorder({ confirm: CONFIRM });
  const request = new p.page.XMLHttpRequest();
  request.open('GET', '/a');
  request.send();
  assert.equal(request.sent['trueline-confirm'], '1');
  request.answers = { 'trueline-confirm': '1' };
  request.answer(200);
  assert.deepEqual(confirmed(p), [`span=${spanOf(request.sent.traceparent)}`]);
});

test('messages of a stream are confirmed by their number among those of their type, anew with every connection', () => {
  const p = pageWithRecorder({ confirm: CONFIRM });
  const source = new p.page.EventSource('https://shop.example/events?of=1');
  source.addEventListener('price', () => {});
  source.emit('message', '1'); source.emit('price', '2'); source.emit('message', '3');
  source.emit('open'); source.emit('message', '4');
  const word = (type, count) => new URLSearchParams({ stream: '/events?of=1', type, count }).toString();
  assert.deepEqual(confirmed(p), [word('message', 1), word('price', 1), word('message', 2), word('message', 1)]);
});

test('without a proxy nothing is added to a request and nothing is confirmed', async () => {
  const p = pageWithRecorder();
  p.page.fetch('/a').then((response) => response.json());
  assert.equal(p.requests[0].init.headers.has('trueline-confirm'), false);
  p.requests[0].answer('a', 200, { 'trueline-confirm': '1' });
  await microtasks();
  assert.deepEqual(confirmed(p), []);
});
