// What attestation costs: 1,000 simulated pages attest their screens to a release server over loopback, with the page's own hash, loop and
// body, and the heads that Chromium sends. Prints the server's processor time as a share of one core, less what it takes idle, and the
// bytes on the connection, both ways, a page and a second.
//
//     node Benchmarks/attestation/attest.mjs [--clients 1000] [--seconds 60] [--every 30]
//
// Build first: swift build -c release --product trueline --scratch-path .build-release
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AttestationLoop, chance } from '../../Web/attestation/attestation-loop.js';
import { numberOf, runs } from '../../Web/attestation/painted-screen.js';
import { ScreenHash } from '../../Web/attestation/screen-hash.js';
import { displayText } from '../../Web/wire/cell-value.js';
import { readPages } from '../../Web/wire/page-reader.js';

const root = new URL('../../', import.meta.url).pathname;
const { values } = parseArgs({ options: { clients: { type: 'string', default: '1000' }, seconds: { type: 'string', default: '60' }, every: { type: 'string', default: '30' } } });
const clients = Number(values.clients), seconds = Number(values.seconds), every = Number(values.every);
/** In which the pages connect, in ms. */
const warming = 10_000;
/** Rows of a screen. */
const screenRows = 40;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const load = () => readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' ');

/** Processor time of a process so far, in seconds. */
function processorTime(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100; // USER_HZ is 100 on Linux
}

async function start(data) {
  const server = spawn(process.env.TRUELINE ?? join(root, '.build-release/release/trueline'), ['serve', '--data', data, '--port', '0', '--web', join(root, 'Web'), '--log-level', 'warning'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise((resolve, reject) => {
    server.stdout.once('data', (bytes) => resolve(String(bytes)));
    server.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return { server, port: Number(/:(\d+)\s*$/.exec(line.trim())?.[1]) };
}

/** A list of airports, and the screens that the clients show of it. */
async function screensOf(url) {
  const json = { 'content-type': 'application/json' };
  const grid = await (await fetch(`${url}/api/v1/grids`, { method: 'POST', headers: json, body: '{"name":"Airports"}' })).json();
  const sheet = `${url}/api/v1/grids/${grid.id}/sheets/s1`;
  await fetch(`${sheet}/import?format=csv`, { method: 'POST', headers: { 'content-type': 'text/csv' }, body: readFileSync(join(root, 'Examples/data/airports.csv')) });
  const made = [];
  for (let i = 0; i < 50; i++) {
    const first = 1 + i * 5, reply = readPages(await (await fetch(`${sheet}/pages?first=${first}`)).text());
    const columns = reply.columns.map((c) => numberOf(c.id)), from = (i * 13) % (100 - screenRows), rows = reply.pages[0].rows.slice(from, from + screenRows);
    const hash = new ScreenHash();
    for (const row of rows) {
      for (const [column, cell] of Object.entries(row.cells)) hash.cell(numberOf(column), displayText(cell));
      hash.row(numberOf(row.id));
    }
    made.push({ rows, body: JSON.stringify({ sheet: 's1', revision: reply.revision, first: (first - 1) * 100 + from, rows: runs(rows.map((r) => numberOf(r.id)), 'r'), columns: runs(columns, 'c'), hash: hash.text }) });
  }
  return { grid: grid.id, screens: made };
}

/** What Chromium sends with a page's POST. */
const head = (port, grid, length) =>
  `POST /api/v1/grids/${grid}/attestations HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: keep-alive\r\nContent-Length: ${length}\r\nsec-ch-ua-platform: "Linux"\r\n` +
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\nsec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"\r\n' +
  `content-type: application/json\r\nsec-ch-ua-mobile: ?0\r\nAccept: */*\r\nOrigin: http://127.0.0.1:${port}\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n` +
  `Referer: http://127.0.0.1:${port}/\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n\r\n`;

const results = {};
/** Bytes on the connections, both ways. */
let bytes = 0;

/** @returns {Promise<import('node:net').Socket>} */
function opened(port) {
  const socket = connect({ port, host: '127.0.0.1' }).on('end', () => socket.end());
  return new Promise((resolve, reject) => socket.once('connect', () => resolve(socket)).once('error', reject));
}

/** One page, on its own connection, until `end`. Its first attestation, which makes the connection, comes before `began` and is not measured. */
async function page(port, grid, screen, seed, began, end) {
  const random = chance(seed), loop = new AttestationLoop({ every: every * 1_000, random, now: began - every * 1_000 * (0.75 + random()) });
  loop.next = Math.min(loop.next, began - 1_000 - random() * (warming - 2_000));
  let socket = await opened(port);
  const request = head(port, grid, screen.body.length) + screen.body;
  for (;;) {
    await sleep(Math.max(0, Math.min(loop.next, end) - performance.now()));
    if (performance.now() >= end) break;
    if (!loop.look(performance.now(), true)) continue;
    loop.sent(screen.body.length);
    // The server closes a connection on which nothing was asked for a minute; a browser opens another.
    if (!socket.writable) socket = await opened(port);
    const answer = new Promise((resolve) => socket.once('data', (data) => resolve(String(data))));
    socket.write(request);
    const text = await answer;
    const result = /"result":"(\w+)"/.exec(text)?.[1] ?? text.slice(0, 80), next = Number(/"next":(\d+)/.exec(text)?.[1]);
    if (performance.now() < began) {
      // Where in its interval a page is when the measuring begins is chance.
      loop.answered('equal', performance.now(), next);
      loop.next = began + random() * loop.every;
      continue;
    }
    bytes += request.length + text.length;
    results[result] = (results[result] ?? 0) + 1;
    loop.answered(result, performance.now(), next);
  }
  socket.end();
}

/** All pages for a while. */
async function run(name, pid, port, grid, screens, idle) {
  for (const key of Object.keys(results)) delete results[key];
  bytes = 0;
  const began = performance.now() + warming, end = began + seconds * 1_000;
  const pages = Promise.all(Array.from({ length: clients }, (_, i) => page(port, grid, screens[i % screens.length], i + 1, began, end)));
  await sleep(began - performance.now());
  const before = processorTime(pid);
  await sleep(end - performance.now());
  const share = (processorTime(pid) - before) / seconds - idle, took = seconds;
  await pages;
  const sum = Object.values(results).reduce((a, b) => a + b, 0);
  console.log(`${name}: ${sum} attestations of ${clients} pages in ${took.toFixed(0)} s (${JSON.stringify(results)})`);
  console.log(`  server: ${(share * 100).toFixed(2)} % of one core, ${((share * took * 1e6) / sum).toFixed(0)} us each; ${(bytes / clients / took).toFixed(1)} B/s a page, ${(bytes / sum).toFixed(0)} B each; load ${load()}`);
}

const data = mkdtempSync(join(tmpdir(), 'trueline-attest-'));
const { server, port } = await start(data);
try {
  const url = `http://127.0.0.1:${port}`, { grid, screens } = await screensOf(url);
  // A page has its event stream too: the server asks less often of more pages.
  const streams = Array.from({ length: clients }, () => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.write(`GET /api/v1/grids/${grid}/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    return socket.resume();
  });
  await sleep(3_000);
  const began = processorTime(server.pid);
  await sleep(10_000);
  const idle = (processorTime(server.pid) - began) / 10;
  console.log(`idle: ${(idle * 100).toFixed(2)} % of one core; load ${load()}`);
  await run('screens of the present', server.pid, port, grid, screens, idle);
  // Every row that is shown changes after the screens' revision: each check walks history.
  const changes = screens.flatMap(({ rows }) => rows.map((row) => ({ op: 'setCell', row: row.id, column: 'c1', value: 'changed' })));
  for (let at = 0; at < changes.length; at += 1_000) {
    await fetch(`${url}/api/v1/grids/${grid}/changes`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ intent: crypto.randomUUID(), changes: changes.slice(at, at + 1_000) }) });
  }
  await run('screens of the past', server.pid, port, grid, screens, idle);
  for (const socket of streams) socket.destroy();
} finally {
  server.kill();
  rmSync(data, { recursive: true, force: true });
}
