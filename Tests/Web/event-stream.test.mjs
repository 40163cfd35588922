// How long the event stream may be silent, by its timers: no time passes here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventStream } from '../../Web/wire/event-stream.js';

/** Hands over chunks of one stream, and notes what each timer waits for. */
async function timersOf(chunks) {
  const waits = [], seen = [];
  const kept = { setTimeout: globalThis.setTimeout, fetch: globalThis.fetch };
  globalThis.addEventListener = globalThis.removeEventListener = () => {};
  const body = new ReadableStream({ start: (controller) => chunks.forEach((chunk) => controller.enqueue(new TextEncoder().encode(chunk))) });
  globalThis.fetch = async () => new Response(body);
  globalThis.setTimeout = (_, wait) => (waits.push(wait), 0);
  const stream = new EventStream('/events', (event) => seen.push(event.kind), null);
  while (seen.length < chunks.length) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  stream.close();
  Object.assign(globalThis, kept);
  return { waits, seen };
}

test('a stream is late after one and a half of the heartbeats that its hello named, from the first bytes on', async () => {
  const { waits, seen } = await timersOf([
    'event: hello\ndata: {"revision":3,"heartbeat":800}\n\n', 'event: beat\ndata: {"revision":3}\n\n',
  ]);
  assert.deepEqual(seen, ['hello', 'heartbeat']);
  assert.deepEqual(waits, [4000, 1200, 1200]);
});

test('a server that names no heartbeat is given the usual one, never none at all', async () => {
  const { waits } = await timersOf(['event: hello\ndata: {"revision":3}\n\n']);
  assert.deepEqual(waits, [4000, 3000]);
});
