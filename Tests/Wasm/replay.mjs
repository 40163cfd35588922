// node replay.mjs ordering.wasm TRANSCRIPT [EVENTS] [SEED]
// Feeds random events, some damaged, to two instances with different hash seeds, which must answer the same bytes, and writes
// every message with its answer for the native build to repeat (Tests/OrderingTests/TranscriptTests.swift). Nothing may trap.
// A record: u8 kind (0 configure, 1 handle, 2 counters), u32 length, i32 answer (its length, or the error), both byte strings.
import { readFileSync, writeFileSync } from 'node:fs';
import { decodeEffects, Writer } from '../../Web/ordering.js';
import { wireVersion } from '../../Web/ordering/codec.js';

const [, , path, to, count = '120000', seed = '1'] = process.argv;
const module = new WebAssembly.Module(readFileSync(path));

/** SplitMix32: the same numbers everywhere. */
let state = Number(seed) >>> 0;
const random = () => {
  state = (state + 0x9e3779b9) >>> 0;
  let mixed = state;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
};
const below = (bound) => random() % bound;
const chance = (percent) => below(100) < percent;
const pick = (list) => list[below(list.length)];

class Session {
  constructor(hashSeed) {
    this.wasm = new WebAssembly.Instance(module, {}).exports;
    this.wasm.runtime_seed(hashSeed);
    this.handle = this.wasm.ordering_new();
  }
  call(name, bytes) {
    const at = this.wasm.ordering_input(this.handle, bytes.length) >>> 0;
    new Uint8Array(this.wasm.memory.buffer, at, bytes.length).set(bytes);
    const code = this.wasm[name](this.handle, bytes.length);
    if (code <= 0 || name === 'ordering_configure') return { code, answer: new Uint8Array() };
    return { code, answer: new Uint8Array(this.wasm.memory.buffer, this.wasm.ordering_output(this.handle) >>> 0, code).slice() };
  }
}

const names = ['ordering_configure', 'ordering_handle', 'ordering_counters'];
const sessions = [new Session(1n), new Session(0x123456789abcdefn)];
const records = [];
const tally = { events: 0, damaged: 0, refused: 0, effects: 0, advances: 0 };

function feed(kind, bytes) {
  const [one, two] = sessions.map((session) => session.call(names[kind], bytes));
  if (one.code !== two.code || Buffer.compare(one.answer, two.answer)) {
    throw new Error(`event ${tally.events}: the answer depends on the hash seed`);
  }
  const head = Buffer.alloc(9);
  head.writeUInt8(kind, 0);
  head.writeUInt32LE(bytes.length, 1);
  head.writeInt32LE(one.code, 5);
  records.push(head, bytes.slice(), one.answer);
  return one;
}

// What the random world knows of the core's requests and of its own commits.
let now, revision, signalled, requests, drafts;

function begin() {
  const writer = new Writer();
  writer.configuration({
    margin: below(3), cachedPages: 4 + below(20), pagesInView: 1 + below(6), readsInFlight: 1 + below(4), jitterSeed: random(),
    quiet: pick([0, 50, 100]), maximumWait: pick([0, 250]), replyTimeout: pick([1000, 15000]),
  }, below(4));
  feed(0, writer.bytes);
  [now, revision, signalled, requests, drafts] = [below(1e6), below(50), 0, [], 0];
}

const rows = (page) => Array.from({ length: below(12) }, (_, index) => (page % 1000) * 10 + index + (chance(5) ? below(1000) : 0));
const open = () => ({
  type: 'open', sheet: below(4), view: below(4), pageSize: 10,
  sensitive: chance(20) ? 'all' : Array.from({ length: below(3) }, () => below(6)),
  shown: chance(50) ? 'all' : Array.from({ length: below(5) }, () => below(6)), first: 1 + below(9), last: 1 + below(12),
});
const signal = () => {
  revision += 1;
  const from = chance(85) ? signalled + 1 : Math.max(0, revision - below(6));
  if (chance(90)) signalled = revision;
  return {
    type: 'signal', from, revision,
    rows: chance(10) ? 'many' : Array.from({ length: below(5) }, () => { const first = below(140); return [first, first + below(4)]; }),
    columns: chance(10) ? 'many' : [below(8)], order: chance(8), structure: chance(3),
  };
};
const reply = () => {
  if (!requests.length) return { type: 'timer' };
  const index = below(requests.length);
  const request = requests[index];
  if (chance(80)) requests.splice(index, 1);
  const pages = [];
  for (let page = request.first; page <= request.last && pages.length < 70; page++) {
    if (chance(2)) continue;
    const unchanged = request.have.includes(page) ? chance(50) : chance(2);
    pages.push(unchanged ? { page, unchanged } : { page, rows: rows(page) });
  }
  return {
    type: 'replyArrived', request: request.request, revision: chance(95) ? Math.min(Math.max(request.minRevision, revision), Number.MAX_SAFE_INTEGER) : below(60),
    totalRows: 120, totalPages: 12, pages,
  };
};
const failed = () => {
  const request = requests.length ? requests.splice(below(requests.length), 1)[0].request : '1.1';
  return { type: 'replyFailed', request, kind: pick(['temporary', 'temporary', 'permanent', 'behind']), retryAfter: chance(30) ? below(5000) : null };
};
const viewport = () => { const first = 1 + below(12); return { type: 'viewport', first, last: first + below(3) }; };
const hello = () => {
  const resumedAfter = chance(50) ? signalled : null;
  signalled = Math.max(signalled, resumedAfter ?? revision);
  return { type: 'hello', revision, resumedAfter };
};

/** Kinds of events with their weights. */
const kinds = [
  [20, signal], [24, reply], [12, viewport], [14, () => ({ type: 'timer' })], [2, open], [4, hello], [3, failed],
  [1, () => ({ type: 'gap', revision })], [1, () => ({ type: 'streamLost' })], [1, () => ({ type: 'heartbeat' })],
  [1, () => ({ type: 'heartbeatLate' })], [1, () => ({ type: 'refresh' })], [1, () => ({ type: 'hidden' })],
  [2, () => ({ type: 'shown' })], [1, () => ({ type: 'runEnded', revision: chance(50) ? revision : null })],
  [4, () => ({ type: 'editSubmitted', draft: ++drafts, row: below(140) })],
  [4, () => ({ type: 'editAcknowledged', draft: below(drafts + 2), revision: chance(50) ? ++revision : revision })],
  [1, () => ({ type: 'editRefused', draft: below(drafts + 2) })], [1, () => ({ type: 'editDiscarded', draft: below(drafts + 2) })],
];
const total = kinds.reduce((sum, [weight]) => sum + weight, 0);
function event() {
  let at = below(total);
  for (const [weight, make] of kinds) {
    if (at < weight) return make();
    at -= weight;
  }
  throw new Error('unreachable');
}

const writer = new Writer();
let memory = 0;
const started = performance.now();
for (let index = 0; index < Number(count); index++) {
  if (index % 400 === 0) {
    begin();
    writer.reset();
    writer.u8(wireVersion);
    writer.u64(now);
    writer.event(open());
    feed(1, writer.bytes);
  }
  now += pick([0, 1, 7, 40, 100, 300, 3000]);
  writer.reset();
  writer.u8(wireVersion);
  writer.u64(now);
  writer.event(event());
  let bytes = writer.bytes.slice();
  if (chance(4)) {
    tally.damaged += 1;
    for (let flips = 1 + below(3); flips > 0; flips--) bytes[below(bytes.length)] ^= 1 << below(8);
    if (chance(20)) bytes = bytes.slice(0, below(bytes.length));
  }
  const { code, answer } = feed(1, bytes);
  tally.events += 1;
  if (code < 0) tally.refused += 1;
  else {
    for (const effect of decodeEffects(answer)) {
      tally.effects += 1;
      if (effect.type === 'advance') tally.advances += 1;
      if (effect.type === 'reset') requests = [];
      if (effect.type === 'send') requests.push(effect);
    }
  }
  if (index % 1000 === 999) feed(2, new Uint8Array());
  if (index === Number(count) >> 1) memory = sessions[0].wasm.memory.buffer.byteLength;
}
const took = performance.now() - started;
const grown = sessions[0].wasm.memory.buffer.byteLength;
const bytes = Buffer.concat(records);
writeFileSync(to, bytes);
console.log(
  `${tally.events} events (${tally.damaged} damaged, ${tally.refused} refused), ${tally.effects} effects, two hash seeds agree; ` +
    `${bytes.length} bytes of transcript; memory ${memory / 1024} KiB half way, ${grown / 1024} KiB at the end; ${Math.round(took)} ms`,
);
// A transcript of refusals would agree too, and prove nothing.
if (tally.refused > tally.damaged || tally.effects < tally.events) throw new Error('the core refuses what is whole');
if (tally.advances === 0) throw new Error('no commit left what is drawn untouched');
if (grown > 4 * 1024 * 1024) throw new Error('the core grows');
