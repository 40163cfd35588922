// @ts-check
// Where a trace comes from: embedded in this very file, the server, or a file that somebody drops or chooses.

import { inputsOf, traceOfCell } from './cell-history.js';
import { textOf } from './trace.js';

/** @typedef {{ name: string, trace: string, diagnosis: import('./model.js').Diagnosis | null }} Source */

/** What `trueline open` put into this file. @returns {Source | null} */
export function embedded() {
  const trace = document.getElementById('embedded-trace');
  if (!trace) return null;
  const diagnosis = document.getElementById('embedded-diagnosis')?.textContent ?? '';
  return { name: trace.dataset.name ?? 'trace', trace: trace.textContent ?? '', diagnosis: parse(diagnosis) };
}

/** @param {string} text */
function parse(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch { return null; }
}

/** The trace that the address names: `?id=` or `/traces/ID`. */
export function requestedID() {
  return new URLSearchParams(location.search).get('id') ?? '';
}

/** @param {string} id @returns {Promise<Source>} */
export async function fromServer(id) {
  const path = `/api/v1/traces/${encodeURIComponent(id)}`;
  const [trace, diagnosis] = await Promise.all([fetch(path), fetch(`${path}/diagnosis`).catch(() => null)]);
  if (!trace.ok) throw new Error(trace.status === 404 ? `There is no trace \u201c${id}\u201d on this server.` : `The server answered ${trace.status}.`);
  return { name: id, trace: await trace.text(), diagnosis: diagnosis?.ok ? parse(await diagnosis.text()) : null };
}

/** The cell that the address names: `?cell=GRID/SHEET/ROW/COLUMN`. */
export function requestedCell() {
  return new URLSearchParams(location.search).get('cell') ?? '';
}

/** Inputs whose histories are read for a cell. */
const MAXIMUM_INPUTS = 12;

/** @param {string} cell @returns {Promise<Source>} */
export async function fromCell(cell) {
  const [grid = '', sheet = '', row = '', column = ''] = cell.split('/').map(encodeURIComponent);
  /** @param {string} path */
  const read = async (path) => {
    const reply = await fetch(`/api/v1/grids/${grid}${path}`);
    if (!reply.ok) throw new Error(reply.status === 404 ? 'There is no such cell any more.' : `The server answered ${reply.status}.`);
    return reply.json();
  };
  const columns = /** @type {any[]} */ ((await read('')).sheets ?? []).flatMap((one) => one.columns ?? []);
  /** @param {string} id */
  const history = async (id) => ({
    id, name: textOf(columns.find((one) => one.id === id)?.name) || id, entries: (await read(`/sheets/${sheet}/rows/${row}/cells/${encodeURIComponent(id)}/history`)).entries ?? [],
  });
  const own = await history(column);
  if (!own.entries.length) throw new Error('The log has nothing of this cell: it came with its row and was never changed since.');
  const inputs = await Promise.all(inputsOf(own.entries).slice(0, MAXIMUM_INPUTS).filter((id) => id !== column).map((id) => history(id).catch(() => null)));
  return { name: `${own.name}, ${row}`, trace: traceOfCell(row, own, inputs.filter((one) => one !== null)), diagnosis: null };
}

/** The traces that the server keeps; none when there is no server. @returns {Promise<{ id: string, label: string }[]>} */
export async function listed() {
  if (!location.protocol.startsWith('http')) return [];
  try {
    const reply = await fetch('/api/v1/traces');
    if (!reply.ok) return [];
    const document = await reply.json();
    const traces = Array.isArray(document) ? document : Array.isArray(document?.traces) ? document.traces : [];
    return traces.slice(0, 50).map((/** @type {any} */ trace) => ({
      id: textOf(trace?.id ?? trace), label: [textOf(trace?.name), trace?.events ? `${textOf(trace.events)} events` : '', trace?.bytes ? `${textOf(trace.bytes)} bytes` : ''].filter(Boolean).join(', '),
    })).filter((/** @type {{ id: string }} */ trace) => trace.id);
  } catch { return []; }
}

/** A trace, and beside it, perhaps, its diagnosis as JSON. @param {FileList | File[]} files @returns {Promise<Source>} */
export async function fromFiles(files) {
  let name = '';
  let trace = '';
  let diagnosis = null;
  for (const file of Array.from(files).slice(0, 4)) {
    const text = await file.text();
    const found = text.length < 64 << 20 ? parse(text) : null;
    if (found && Array.isArray(found.findings)) diagnosis = found;
    else { name = file.name; trace = text; }
  }
  if (!trace) throw new Error('Choose a trace file (JSON lines); its diagnosis may come with it.');
  return { name, trace, diagnosis };
}
