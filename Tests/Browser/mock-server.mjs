// A small server that speaks the wire of the page in memory, for developing and testing Web/ without the real one.
//   node Tests/Browser/mock-server.mjs [--port 8123] [--web Web] [--csv FILE] [--rows N] [--wide COLUMNS] [--empty]
// Delays and failures are switched while it runs: POST /mock with any of
//   {"delay": ms, "jitter": ms, "reorder": true, "failPages": 0..1, "failChanges": 0..1, "cut": true, "buffered": true,
//    "hold": ["changes", "/grids/g2"] (kinds or paths whose requests wait until another "hold" no longer names them),
//    "flood": changes a second, "conflict": true, "log": true,
//    "burst": commits at once, "floodColumn": position, "instance": name of the server's, "opened": revision, "restore": true (an older copy of the first grid)}. GET /mock answers the switches and the requests counted.
import { createServer } from 'node:http';
import { readFileSync, createReadStream, statSync } from 'node:fs';
import { extname, join, normalize, resolve } from 'node:path';
import { MockGrid, parseCSV } from './mock-grid.mjs';
import { applyChanges, Refusal } from './mock-changes.mjs';
import { MockRun, estimate } from './mock-run.mjs';

const options = Object.fromEntries(process.argv.slice(2).flatMap((a, i, all) => (a.startsWith('--') ? [[a.slice(2), all[i + 1]?.startsWith('--') ? 'yes' : (all[i + 1] ?? 'yes')]] : [])));
const here = new URL('.', import.meta.url).pathname;
const webRoot = resolve(options.web ?? join(here, '../../Web'));
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm', '.svg': 'image/svg+xml', '.csv': 'text/csv', '.json': 'application/json' };
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'; report-uri /csp";
/** What the browser says was against the policy. */
const reports = [];

const switches = { delay: 0, jitter: 0, reorder: false, failPages: 0, failChanges: 0, cut: false, buffered: false, flood: 0, conflict: false, log: false, hold: [], floodColumn: 6, instance: 'a', opened: 0 };
/** What goes on when the switches change. @type {Set<() => void>} */
const held = new Set();
/** The first grid as it was when "keep" was switched on. */
let kept = null;
const counts = {};
/** @type {Map<string, MockGrid>} */
const grids = new Map();
const streams = new Set();
let nextGrid = 1;

function addGrid(name) {
  const grid = new MockGrid(`g${nextGrid++}`, name);
  grid.runs = [];
  grids.set(grid.id, grid);
  return grid;
}

if (!options.empty) {
  const grid = addGrid('Airports of the world');
  const sheet = grid.sheets[0];
  const csv = options.csv ?? join(here, '../../Examples/data/airports.csv');
  let text = '';
  try { text = readFileSync(csv, 'utf8'); } catch { text = 'name,city,elevation\n' + Array.from({ length: 5000 }, (_, i) => `Airport ${i},City ${i % 97},${i * 3}`).join('\n'); }
  if (options.rows) text = text.split('\n').slice(0, Number(options.rows) + 1).join('\n');
  grid.importCSV(sheet, text);
  for (let i = 0; i < Number(options.wide ?? 0); i++) {
    const column = grid.addColumn(sheet, `Column ${i + 1}`, 'number');
    sheet.rows.forEach((row, n) => (row.cells[column.id] = String(n * 1000 + i)));
  }
  sheet.name = 'Airports';
  const notes = grid.addSheet('Notes');
  grid.addColumn(notes, 'Note');
  grid.revision = 4711;
}

const problem = (status, title, detail, more = {}) => new Refusal(status, { type: 'about:blank', title, status, detail, ...more });

function pages(grid, sheet, query) {
  const view = query.get('view') ? JSON.parse(query.get('view')) : undefined;
  const size = Number(query.get('pageSize') ?? 100);
  const rows = grid.rows(sheet, view);
  const first = Number(query.get('first') ?? 1), last = Number(query.get('last') ?? first);
  const asked = query.get('columns') ?? '', window = /^(\d+)-(\d+)$/.exec(asked);
  const columns = window ? sheet.columns.slice(Number(window[1]), Number(window[2]) + 1) : asked ? sheet.columns.filter((c) => asked.split(',').includes(c.id)) : sheet.columns;
  const held = new Map((query.get('have') ?? '').split(',').filter(Boolean).map((s) => s.split(':')));
  const out = [];
  for (let page = first; page <= last; page++) {
    const slice = rows.slice((page - 1) * size, page * size);
    const tag = hash(columns.map((c) => c.id).join() + slice.map((r) => `${r.id}@${r.changed}`).join());
    if (held.get(String(page)) === tag) {
      out.push(`{"page":${page},"tag":"${tag}","unchanged":true}`);
      continue;
    }
    const body = slice.map((r) => {
      const cells = columns.filter((c) => r.cells[c.id] !== undefined).map((c) => `"${c.id}":${r.cells[c.id]}`).join();
      const states = Object.keys(r.states).length ? `,"states":${JSON.stringify(r.states)}` : '';
      return `{"id":"${r.id}","cells":{${cells}}${states}}`;
    });
    out.push(`{"page":${page},"tag":"${tag}","rows":[${body.join()}]}`);
  }
  return `{"revision":${grid.revision},"sheet":"${sheet.id}","pageSize":${size},"totalRows":${rows.length},"totalPages":${Math.ceil(rows.length / size)},"totalColumns":${sheet.columns.length},"columns":${JSON.stringify(columns)},"pages":[${out.join()}]}`;
}

/** What a backup holds: rows and revision. */
const copyOf = (grid) => structuredClone({ revision: grid.revision, sheets: grid.sheets.map((s) => ({ id: s.id, rows: s.rows })) });

/** The server comes back with what was kept, as another instance. */
function restore() {
  const grid = grids.values().next().value;
  grid.revision = kept.revision;
  grid.intents.clear();
  grid.history.clear();
  for (const { id, rows } of structuredClone(kept).sheets) {
    const sheet = grid.sheet(id);
    Object.assign(sheet, { rows, rowOf: new Map(rows.map((r) => [r.id, r])) });
    sheet.viewCache.clear();
  }
  Object.assign(switches, { instance: `${switches.instance}+`, opened: kept.revision });
  for (const s of streams) s.destroy();
}

function hash(text) {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return (h >>> 0).toString(16);
}

function events(grid, request, response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
  response.flushHeaders();
  const write = (event, data, id) => switches.buffered || response.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  write('hello', { revision: grid.revision, server: switches.instance, opened: switches.opened }, grid.revision);
  const onCommit = (event) => (event.run ? write('run', event) : write('commit', event, event.revision));
  grid.listeners.add(onCommit);
  const beat = setInterval(() => write('beat', { revision: grid.revision }), 2000);
  streams.add(response);
  response.on('close', () => (grid.listeners.delete(onCommit), streams.delete(response), clearInterval(beat)));
}

async function importFile(grid, sheet, query, request) {
  const text = (await body(request)).toString('utf8').replace(/^\uFEFF/, '');
  const line = text.slice(0, text.indexOf('\n'));
  const separator = query.get('separator') ?? [',', ';', '\t', '|'].sort((a, b) => line.split(b).length - line.split(a).length)[0];
  if (query.get('preview')) {
    const [header = [], ...records] = parseCSV(text, separator);
    const rows = records.slice(0, Number(query.get('preview')));
    return { separator, encoding: 'utf-8', header: true, columns: header.map((name, i) => ({ name, type: rows.every((r) => !r[i] || /^-?\d+(\.\d+)?$/.test(r[i])) ? 'number' : 'text' })), rows };
  }
  const result = grid.importCSV(sheet, text, separator);
  return { revision: grid.commit({ [sheet.id]: { rows: 'many', columns: [], structure: true, order: true } }, result.rows), ...result };
}

function exported(grid, sheet, query) {
  const separator = query.get('format') === 'tsv' ? '\t' : ',';
  const text = (json) => (json === undefined ? '' : json[0] === '"' ? JSON.parse(json) : json);
  const quote = (s) => (/[",\n\r\t]/.test(s) ? `"${s.replaceAll('"', '""')}"` : s);
  return [sheet.columns.map((c) => quote(c.name)).join(separator), ...sheet.rows.map((r) => sheet.columns.map((c) => quote(text(r.cells[c.id]))).join(separator))].join('\r\n');
}

async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const json = async (request) => JSON.parse((await body(request)).toString() || '{}');

/** Answers one API request: `{status, text}` or an object to send as JSON. */
async function api(method, path, query, request, response) {
  if (path[0] === 'health') return { status: 'ok', version: '0.0.0-mock', storage: 'memory', durability: 'none', agents: { provider: 'demo rules, no model called' } };
  if (path[0] === 'sample') {
    const grid = addGrid('Airports');
    grid.importCSV(grid.sheets[0], readFileSync(join(here, '../../Examples/data/airports.csv'), 'utf8'));
    grid.commit({});
    return { ...grid.document(), status: 201 };
  }
  if (path[0] !== 'grids') throw problem(404, 'Not found', `There is no route /${path.join('/')}.`);
  if (path.length === 1) {
    if (method === 'POST') return { ...addGrid((await json(request)).name).document(), status: 201 };
    return { grids: [...grids.values()].map((g) => ({ id: g.id, name: g.name, revision: g.revision, rows: g.sheets.reduce((n, s) => n + s.rows.length, 0) })) };
  }
  const grid = grids.get(path[1]);
  if (!grid) throw problem(404, 'No such grid', `There is no grid "${path[1]}".`);
  const rest = path.slice(2), sheet = grid.sheet(rest[1]);
  const structure = (id) => grid.commit({ [id]: { rows: '', columns: [], structure: true, order: false } });
  switch (`${method} ${rest.map((p, i) => (i % 2 ? '*' : p)).join('/')}`) {
    case 'GET ': return grid.document();
    case 'PATCH ': grid.name = (await json(request)).name; structure(grid.sheets[0].id); return grid.document();
    case 'DELETE ': grids.delete(grid.id); return { status: 204 };
    case 'GET events': return events(grid, request, response);
    case 'POST changes': return applyChanges(grid, await changesOf(request), switches);
    case 'POST sheets': { const s = grid.addSheet((await json(request)).name); structure(s.id); return { status: 201, id: s.id, name: s.name, columns: [], revision: grid.revision }; }
    case 'PATCH sheets/*': sheet.name = (await json(request)).name; return { revision: structure(sheet.id) };
    case 'DELETE sheets/*': grid.sheets = grid.sheets.filter((s) => s !== sheet); return { revision: structure(grid.sheets[0].id) };
  }
  if (rest[0] === 'sheets' && !sheet) throw problem(404, 'No such sheet', `There is no sheet "${rest[1]}".`);
  return below(method, grid, sheet, rest, query, request, structure);
}

/** The routes below a sheet, and the runs. */
async function below(method, grid, sheet, rest, query, request, structure) {
  const route = `${method} ${rest[0]}/${rest[2] ?? ''}`;
  if (route === 'GET sheets/pages') return { text: pages(grid, sheet, query) };
  if (route === 'GET sheets/export') return { text: exported(grid, sheet, query), type: 'text/csv', headers: { 'trueline-revision': String(grid.revision) } };
  if (route === 'POST sheets/import') return importFile(grid, sheet, query, request);
  if (route === 'POST sheets/columns') {
    const { at, before, after, ...fields } = await json(request), column = Object.assign(grid.addColumn(sheet, fields.name, fields.type), fields);
    moveColumn(sheet, column, { at, before, after });
    return { ...column, revision: structure(sheet.id), status: 201 };
  }
  if (route === 'PATCH sheets/columns') {
    const column = sheet.columns.find((c) => c.id === rest[3]), { at, before, after, ...fields } = await json(request);
    Object.assign(column, fields);
    moveColumn(sheet, column, { at, before, after });
    return { ...column, revision: structure(sheet.id) };
  }
  if (route === 'DELETE sheets/columns') {
    sheet.columns = sheet.columns.filter((c) => c.id !== rest[3]);
    for (const view of sheet.views) for (const part of ['filter', 'sort']) view[part] = view[part].filter((c) => c.column !== rest[3]);
    for (const row of sheet.rows) if (row.cells[rest[3]] !== undefined) delete row.cells[rest[3]], (row.changed = grid.revision + 1);
    return { revision: structure(sheet.id) };
  }
  if (route === 'POST sheets/views') { const view = { id: `v${grid.nextView++}`, filter: [], match: 'all', sort: [], ...(await json(request)) }; sheet.views.push(view); structure(sheet.id); return { ...view, status: 201 }; }
  if (route === 'PATCH sheets/views') { const view = sheet.views.find((v) => v.id === rest[3]); Object.assign(view, await json(request)); structure(sheet.id); return view; }
  if (route === 'DELETE sheets/views') { sheet.views = sheet.views.filter((v) => v.id !== rest[3]); structure(sheet.id); return { status: 204 }; }
  if (route === 'GET sheets/rows') return { row: rest[3], column: rest[5], entries: grid.history.get(`${rest[3]} ${rest[5]}`) ?? [] };
  if (method === 'POST' && rest.join('/') === 'runs/estimate') return estimate(grid, await json(request));
  if (route === 'POST runs/') { const run = new MockRun(grid, await json(request), `run${grid.runs.length + 1}`); grid.runs.push(run); return { ...run.document(), status: 201 }; }
  if (route === 'GET runs/') return rest[1] ? grid.runs.find((r) => r.id === rest[1]).document() : { runs: grid.runs.map((r) => r.document()) };
  if (rest[0] === 'runs' && method === 'POST') return grid.runs.find((r) => r.id === rest[1]).act(rest[2]);
  throw problem(404, 'Not found', `There is no route ${method} /${rest.join('/')}.`);
}

function moveColumn(sheet, column, { at, before, after }) {
  if (!at && !before && !after) return;
  sheet.columns = sheet.columns.filter((c) => c !== column);
  const index = at === 'start' ? 0 : at === 'end' ? sheet.columns.length : sheet.columns.findIndex((c) => c.id === (before ?? after)) + (after ? 1 : 0);
  sheet.columns.splice(index, 0, column);
}

/** A changes body keeps the text of its numbers: values are read as JSON text. */
async function changesOf(request) {
  return JSON.parse((await body(request)).toString().replace(/"value":(-?\d[\d.eE+-]*)/g, '"value":{"number":"$1"}'));
}

setInterval(() => switches.flood && write(Math.max(1, Math.round(switches.flood / 20))), 50);

/** Commits one after the other, without a pause: their signals leave in one piece. */
function burst(commits) {
  for (const s of streams) s.cork();
  for (let i = 0; i < commits; i++) write(1);
  for (const s of streams) s.uncork();
}

function write(n) {
  const grid = grids.values().next().value, sheet = grid.sheets[0];
  const column = sheet.columns[switches.floodColumn] ?? sheet.columns[0];
  const touched = [];
  for (let i = 0; i < n; i++) {
    const row = sheet.rows[Math.floor(Math.random() * Math.min(sheet.rows.length, 400))];
    grid.setCell(sheet, row, column.id, String(Math.floor(Math.random() * 9000)), { kind: 'program' });
    touched.push(row.id);
  }
  grid.commit({ [sheet.id]: { rows: touched.length > 20 ? 'many' : touched.join(), columns: [column.id], structure: false, order: false } }, n);
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://x');
  if (url.pathname === '/mock') {
    const { hold } = switches;
    if (request.method === 'POST') Object.assign(switches, await json(request));
    const asked = switches;
    if (asked.keep) (kept = copyOf(grids.values().next().value)), delete asked.keep;
    if (asked.burst) burst(asked.burst), delete asked.burst;
    if (asked.restore) restore(), delete asked.restore;
    if (switches.cut) for (const s of streams) s.destroy();
    if (switches.hold !== hold) {
      for (const goOn of held) goOn();
      held.clear();
    }
    return response.end(JSON.stringify({ ...switches, counts, reports, waiting: held.size, revision: grids.values().next().value?.revision }));
  }
  if (url.pathname === '/openapi.json') return response.end('{"paths":{"/api/v1/sample":{}}}');
  if (url.pathname === '/csp') { reports.push((await body(request)).toString()); return response.writeHead(204).end(); }
  if (!url.pathname.startsWith('/api/v1/')) return file(url.pathname, response);
  if (switches.cut) return request.socket.destroy();
  const path = url.pathname.slice(8).split('/').map(decodeURIComponent);
  const kind = path[4] ?? path[2] ?? path[0] ?? '';
  counts[kind] = (counts[kind] ?? 0) + 1;
  if (switches.log) console.log(request.method, decodeURIComponent(request.url));
  try {
    if (kind !== 'events') {
      while (switches.hold.includes(kind) || switches.hold.includes(url.pathname.slice(7))) await new Promise((goOn) => held.add(() => goOn(undefined)));
      const wait = switches.delay + Math.random() * switches.jitter;
      if (wait) await new Promise((ok) => setTimeout(ok, wait));
      if (kind === 'pages' && Math.random() < switches.failPages || kind === 'changes' && Math.random() < switches.failChanges) throw problem(503, 'Unavailable', 'The server is busy (switched on by the test).');
    }
    const answer = await api(request.method, path, url.searchParams, request, response);
    if (!answer || response.headersSent) return;
    const status = typeof answer.status === 'number' ? answer.status : 200;
    response.writeHead(status, { 'content-type': answer.type ?? 'application/json', 'cache-control': 'no-store', ...answer.headers });
    response.end(status === 204 ? undefined : answer.text ?? JSON.stringify(answer));
  } catch (error) {
    const known = error instanceof Refusal ? error : problem(500, 'Failed', String(error?.stack ?? error));
    if (!response.headersSent) response.writeHead(known.status, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify(known.document));
  }
});

function file(pathname, response) {
  const path = normalize(join(webRoot, pathname.endsWith('/') ? `${pathname}index.html` : pathname));
  try {
    if (!path.startsWith(webRoot) || !statSync(path).isFile()) throw 0;
    response.writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream', 'content-security-policy': policy, 'cache-control': 'no-store' });
    createReadStream(path).pipe(response);
  } catch {
    response.writeHead(404).end();
  }
}

server.listen(Number(options.port ?? 8123), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
