// @ts-check
// The classic faulty design, kept as the control for every ordering check. What it does wrong, on purpose:
//
// * it paints values from the stream, before anyone has saved them (breaks S1 and C3);
// * whichever response comes last wins, whatever was asked for last (breaks C1 and C2);
// * cells come from pages and from the stream at different revisions (breaks C4).

import { Attestation } from '../attestation/attest.js';
import { paintedScreen } from '../attestation/painted-screen.js';
import { api } from '../wire/api.js';

const parameters = new URLSearchParams(location.search);
const grid = parameters.get('grid') ?? '';
const sheet = parameters.get('sheet') ?? '';
const element = /** @type {HTMLElement} */ (document.querySelector('[role=grid]'));
const box = /** @type {HTMLInputElement} */ (document.querySelector('[data-page-number]'));
element.dataset.grid = grid;
element.dataset.sheet = sheet;
element.dataset.connection = 'live';

// Recorded when asked, so that the debugger has something to find.
/** @type {any} */
let recorder;
if (parameters.get('record')) {
  /** @type {any} */ (globalThis).truelineRecorderOptions = { name: 'truelineRecorder' };
  const script = '../trueline-recorder.js';
  await import(script);
  recorder = /** @type {any} */ (globalThis).truelineRecorder;
  recorder.slot('viewport', 'latest');
}

/** @param {number} revision @param {number} page */
function recordPaint(revision, page) {
  recorder?.write('viewport', `grid ${grid}`, page, { version: revision });
  if (recorder) requestAnimationFrame(() => recorder.render(undefined, { [`grid ${grid}`]: Number(element.dataset.revision) }, { view: 'viewport' }));
}

/** @param {number} page */
async function show(page) {
  recorder?.intent('viewport', 'show a page', { arguments: page });
  const response = await fetch(`/api/v1/grids/${grid}/sheets/${sheet}/pages?first=${page}&last=${page}&columns=0-15`);
  paint(await response.json()); // no look at what is asked for now
  recordPaint(Number(element.dataset.revision), page);
}

/** @param {any} reply */
function paint(reply) {
  element.dataset.revision = String(reply.revision);
  element.replaceChildren(
    ...reply.pages[0].rows.map((/** @type {any} */ row) => {
      const line = document.createElement('div');
      line.setAttribute('role', 'row');
      for (const column of reply.columns) {
        const cell = document.createElement('div');
        cell.setAttribute('role', 'gridcell');
        Object.assign(cell.dataset, { row: row.id, column: column.id, revision: String(reply.revision), state: 'committed' });
        const value = document.createElement('span');
        value.className = 'value';
        value.textContent = String(row.cells[column.id] ?? '');
        cell.append(value);
        line.append(cell);
      }
      return line;
    }),
  );
}

new EventSource(`/api/v1/control/grids/${grid}/events`).addEventListener('values', (event) => {
  for (const change of JSON.parse(event.data)) {
    const cell = element.querySelector(`[data-row="${CSS.escape(change.row)}"][data-column="${CSS.escape(change.column)}"]`);
    if (!(cell instanceof HTMLElement)) continue;
    cell.dataset.revision = String(change.revision);
    const value = cell.querySelector('.value');
    if (value) value.textContent = String(change.value ?? '');
    if (recorder) {
      element.dataset.revision = String(change.revision);
      recordPaint(change.revision, Number(box.value));
    }
  }
});

// Attested as the real page is, which has to find it wrong. Its repair is the only one it knows: it asks again.
const { every } = (await (await fetch('/api/v1/health')).json()).attestation ?? {};
if (every) {
  new Attestation({
    look: () => {
      const first = (Number(box.value) - 1) * 100, screen = paintedScreen(element, { first, last: first + element.children.length - 1 });
      return screen && { grid, view: null, screen };
    },
    repair: () => void show(Number(box.value)),
    ask: api.attest,
  }, every);
}

box.addEventListener('change', () => void show(Number(box.value)));
document.querySelector('form')?.addEventListener('submit', (event) => event.preventDefault());
void show(1);
