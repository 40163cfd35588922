// @ts-check
// The wire's routes. Every failure becomes a `Problem` that says what happened and what can be done.

import { changesBody } from './cell-value.js';
import { readPages } from './page-reader.js';

const base = '/api/v1';

/** Something the server refused or could not do (RFC 9457), or that never reached it (`status` 0). */
export class Problem extends Error {
  /** @param {number} status @param {string} title @param {string} detail @param {any[]} [errors] @param {number} [retryAfter] seconds @param {string} [code] the last part of `type` */
  constructor(status, title, detail, errors = [], retryAfter = undefined, code = '') {
    super(detail || title);
    this.name = 'Problem';
    this.status = status;
    this.title = title;
    this.errors = errors;
    this.retryAfter = retryAfter;
    this.code = code;
  }

  /** True when the same request may succeed later without a person's doing. */
  get isTransient() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

/** @param {string} path @param {RequestInit} [init] @returns {Promise<Response>} */
async function send(path, init = {}) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(base + path, { cache: 'no-store', ...init });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new Problem(0, 'The server cannot be reached', 'The server cannot be reached. Check that "trueline serve" is running and the network is up.');
  }
  if (response.ok) return response;
  const document = await response.json().catch(() => ({}));
  const retryAfter = Number(response.headers.get('retry-after')) || undefined;
  throw new Problem(response.status, document.title ?? `HTTP ${response.status}`, document.detail ?? `The server answered ${response.status}.`, document.errors, retryAfter, String(document.type ?? '').split(/[:/]/).at(-1));
}

/** @param {string} path @param {string} method @param {unknown} [body] @returns {Promise<any>} */
async function json(path, method = 'GET', body = undefined) {
  const response = await send(path, body === undefined ? { method } : { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  return response.status === 204 ? null : response.json();
}

const e = encodeURIComponent;

/** @type {Promise<string> | undefined} */
let routes;

export const api = {
  /** Whether this server has a route, by its own list. @param {string} path as in the OpenAPI document @returns {Promise<boolean>} */
  has: async (path) => {
    routes ??= fetch('/openapi.json').then((response) => (response.ok ? response.text() : ''), () => '');
    return (await routes).includes(`"${base}${path}"`);
  },
  health: () => json('/health'),
  /** @returns {Promise<import('../types.js').GridSummary[]>} */
  grids: async () => {
    const reply = await json('/grids');
    return Array.isArray(reply) ? reply : reply.grids;
  },
  /** @param {string} grid @returns {Promise<import('../types.js').Grid>} */
  grid: (grid) => json(`/grids/${e(grid)}`),
  /** @param {string} name @returns {Promise<import('../types.js').Grid>} */
  createGrid: (name) => json('/grids', 'POST', { name }),
  /** @param {string} grid @param {string} name */
  renameGrid: (grid, name) => json(`/grids/${e(grid)}`, 'PATCH', { name }),
  /** @param {string} grid */
  deleteGrid: (grid) => json(`/grids/${e(grid)}`, 'DELETE'),
  /** @param {string} grid @param {string} name */
  addSheet: (grid, name) => json(`/grids/${e(grid)}/sheets`, 'POST', { name }),
  /** @param {string} grid @param {string} sheet @param {string} name */
  renameSheet: (grid, sheet, name) => json(`/grids/${e(grid)}/sheets/${e(sheet)}`, 'PATCH', { name }),
  /** @param {string} grid @param {string} sheet */
  deleteSheet: (grid, sheet) => json(`/grids/${e(grid)}/sheets/${e(sheet)}`, 'DELETE'),
  /** @param {string} grid @param {string} sheet @param {Record<string, unknown>} column */
  addColumn: (grid, sheet, column) => json(`/grids/${e(grid)}/sheets/${e(sheet)}/columns`, 'POST', column),
  /** @param {string} grid @param {string} sheet @param {string} column @param {Record<string, unknown>} fields */
  changeColumn: (grid, sheet, column, fields) => json(`/grids/${e(grid)}/sheets/${e(sheet)}/columns/${e(column)}`, 'PATCH', fields),
  /** @param {string} grid @param {string} sheet @param {string} column */
  deleteColumn: (grid, sheet, column) => json(`/grids/${e(grid)}/sheets/${e(sheet)}/columns/${e(column)}`, 'DELETE'),

  /** @param {string} grid @param {string} sheet @param {Omit<import('../types.js').SavedView, 'id'>} view @returns {Promise<import('../types.js').SavedView>} */
  addView: (grid, sheet, view) => json(`/grids/${e(grid)}/sheets/${e(sheet)}/views`, 'POST', view),
  /** @param {string} grid @param {string} sheet @param {string} view @param {Partial<Omit<import('../types.js').SavedView, 'id'>>} fields @returns {Promise<import('../types.js').SavedView>} */
  changeView: (grid, sheet, view, fields) => json(`/grids/${e(grid)}/sheets/${e(sheet)}/views/${e(view)}`, 'PATCH', fields),
  /** @param {string} grid @param {string} sheet @param {string} view */
  deleteView: (grid, sheet, view) => json(`/grids/${e(grid)}/sheets/${e(sheet)}/views/${e(view)}`, 'DELETE'),

  /** Makes a grid of the sample that comes with the program. @returns {Promise<import('../types.js').Grid>} */
  openSample: () => json('/sample', 'POST'),

  /** Path one: committed pages of a range, all at one revision.
   * @param {string} grid @param {string} sheet
   * @param {{ first: number, last: number, pageSize: number, columns?: string, view?: import('../types.js').View | null, minRevision?: number | bigint, have?: string }} query
   * @param {AbortSignal} [signal] */
  pages: async (grid, sheet, query, signal) => {
    const parts = [`first=${query.first}`, `last=${query.last}`, `pageSize=${query.pageSize}`];
    if (query.columns) parts.push(`columns=${query.columns}`);
    if (query.view) parts.push(`view=${e(JSON.stringify(query.view))}`);
    if (query.minRevision) parts.push(`minRevision=${query.minRevision}`);
    if (query.have) parts.push(`have=${e(query.have)}`);
    const response = await send(`/grids/${e(grid)}/sheets/${e(sheet)}/pages?${parts.join('&')}`, signal ? { signal } : {});
    return readPages(await response.text());
  },

  /** Answers after the commit; the same intent again answers the same (S5).
   * @param {string} grid @param {string} intent @param {import('../types.js').Change[]} changes @returns {Promise<import('../types.js').ChangesReply>} */
  submit: async (grid, intent, changes) => {
    const response = await send(`/grids/${e(grid)}/changes`, { method: 'POST', body: changesBody(intent, changes), headers: { 'content-type': 'application/json' } });
    return response.json();
  },

  /** @param {string} grid @param {string} sheet @param {string} row @param {string} column */
  history: (grid, sheet, row, column) => json(`/grids/${e(grid)}/sheets/${e(sheet)}/rows/${e(row)}/cells/${e(column)}/history`),

  /** What the page shows, compared with what was committed. @param {string} grid @param {string} body
   * @returns {Promise<{ result: 'equal' | 'differs' | 'unknown', next?: number }>} */
  attest: async (grid, body) => {
    const response = await send(`/grids/${e(grid)}/attestations`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    return response.json();
  },

  /** A sentence, whose answer comes as events. @param {string} grid @param {string} sheet @param {object} asked @param {AbortSignal} signal */
  words: (grid, sheet, asked, signal) => send(`/grids/${e(grid)}/sheets/${e(sheet)}/words`, { method: 'POST', body: JSON.stringify(asked), signal, headers: { 'content-type': 'application/json', accept: 'text/event-stream' } }),

  /** @param {string} grid @param {Record<string, unknown>} run */
  startRun: (grid, run) => json(`/grids/${e(grid)}/runs`, 'POST', run),
  /** @param {string} grid */
  runs: async (grid) => {
    const reply = await json(`/grids/${e(grid)}/runs`);
    return /** @type {import('../types.js').RunEvent[]} */ (Array.isArray(reply) ? reply : (reply?.runs ?? []));
  },
  /** A run with the calls of which nobody knows what they cost.
   * @param {string} grid @param {string} run @returns {Promise<{ doubts?: import('../types.js').Doubt[] }>} */
  readRun: (grid, run) => json(`/grids/${e(grid)}/runs/${e(run)}`),
  /** What a run would ask and cost. @param {string} grid @param {object} run @returns {Promise<import('../types.js').RunEstimate>} */
  estimateRun: (grid, run) => json(`/grids/${e(grid)}/runs/estimate`, 'POST', run),
  /** @param {string} grid @param {string} run @param {'pause'|'resume'|'cancel'|'retry'|'undo'} what @param {object} [body] */
  actOnRun: (grid, run, what, body = {}) => json(`/grids/${e(grid)}/runs/${e(run)}/${what}`, 'POST', body),

  /** @param {string} grid @param {string} sheet @param {string} query */
  exportURL: (grid, sheet, query) => `${base}/grids/${e(grid)}/sheets/${e(sheet)}/export?${query}`,
  /** @param {string} grid @param {string} sheet @param {string} query */
  importURL: (grid, sheet, query) => `${base}/grids/${e(grid)}/sheets/${e(sheet)}/import?${query}`,
  /** @param {string} grid */
  eventsURL: (grid) => `${base}/grids/${e(grid)}/events`,
};
