// @ts-check
// The timeline: loads a trace, wires the views together, and answers the keyboard.

import { byID, element, pause } from './dom.js';
import { EventList } from './event-list.js';
import { KEYS, keyAction } from './keys.js';
import { Model } from './model.js';
import { Overview } from './overview.js';
import { showDiagnosis, showEvent, showState } from './panels.js';
import { listenToPointer } from './pointer.js';
import { drawMark, MARKS, readTheme } from './theme.js';
import { Scene } from './scene.js';
import { search } from './search.js';
import { embedded, fromCell, fromFiles, fromServer, listed, requestedCell, requestedID } from './sources.js';
import { num, paced, readTrace } from './trace.js';
import { Viewport } from './viewport.js';

/** @typedef {{ model: Model, viewport: Viewport, scene: Scene, overview: Overview, list: EventList }} Shown */

/** @type {Shown | null} */
let shown = null;
let frameWanted = false;
let panelsWanted = false;
let searchTurn = 0;
/** Rises with each trace that is asked for: the one asked for last is shown, however long another takes to read. */
let loadTurn = 0;
/** Matches in causal order. @type {number[]} */
let found = [];
const frames = /** @type {number[]} */ ([]);

const lanes = /** @type {HTMLCanvasElement} */ (byID('lanes'));

function wantFrame() {
  if (frameWanted) return;
  frameWanted = true;
  requestAnimationFrame(() => {
    frameWanted = false;
    if (!shown) return;
    const began = performance.now();
    shown.scene.draw();
    shown.overview.draw();
    if (panelsWanted) { panelsWanted = false; showPanels(); }
    frames.push(performance.now() - began);
    if (frames.length > 2_000) frames.splice(0, 1_000);
  });
}

function showPanels() {
  if (!shown) return;
  const current = document.querySelector('[role=tab][aria-selected=true]')?.id ?? 'tab-diagnosis';
  if (current === 'tab-event') showEvent(byID('panel-event'), shown.model, select);
  else if (current === 'tab-state') showState(byID('panel-state'), shown.model, select);
  else showDiagnosis(byID('panel-diagnosis'), shown.model, select);
}

/** @param {string} name */
function chooseTab(name) {
  for (const tab of ['diagnosis', 'event', 'state']) {
    byID(`tab-${tab}`).setAttribute('aria-selected', String(tab === name));
    byID(`tab-${tab}`).tabIndex = tab === name ? 0 : -1;
    byID(`panel-${tab}`).hidden = tab !== name;
  }
  showPanels();
}

/** @param {number} event @param {{ keepsTab?: boolean }} [how] */
function select(event, how = {}) {
  if (!shown) return;
  const { model, viewport, scene, list } = shown;
  model.select(event);
  if (event >= 0) {
    model.playhead = num(model.position, event);
    viewport.reveal(model.at(event));
    const top = scene.y(event) + viewport.top - 40;
    viewport.revealRows(top, top + 60);
    byID('spoken').textContent = `${model.trace.name(event)}, ${model.trace.kind(event)}, ${model.title(event)}`;
  }
  list.reveal();
  if (!how.keepsTab && event >= 0 && byID('tab-diagnosis').getAttribute('aria-selected') === 'true') chooseTab('event');
  panelsWanted = true;
  wantFrame();
}

/** @param {number} position in the causal order */
function movePlayhead(position) {
  if (!shown) return;
  shown.model.playhead = Math.max(0, Math.min(shown.model.trace.count - 1, position));
  if (byID('tab-state').getAttribute('aria-selected') !== 'true') chooseTab('state');
  panelsWanted = true;
  wantFrame();
}

/** To the first divergence; from one of them to the next, or to the one before. @param {1 | -1} [step] */
function stepDivergence(step = 1) {
  if (!shown) return;
  const points = shown.model.divergencePoints, at = points.findIndex((point) => point.write === shown?.model.selected);
  goToDivergence(at < 0 ? shown.model.firstDivergence : points[(at + step + points.length) % points.length]);
}

/** @param {import('./model.js').Divergence | null} [first] */
function goToDivergence(first = shown?.model.firstDivergence) {
  if (!shown || !first) return;
  const { model, viewport } = shown;
  const places = [first.write, first.overtaken, first.lateIntent, first.overtakenIntent].filter((event) => event >= 0).map((event) => model.at(event));
  viewport.show(Math.min(...places), Math.max(...places), 0.3);
  select(first.write, { keepsTab: true });
}

/** @param {number} step */
function goToMatch(step) {
  if (!shown || !found.length) return;
  const { model } = shown;
  const here = model.selected < 0 ? -1 : num(model.position, model.selected);
  const places = found.map((event) => num(model.position, event));
  let next = step > 0 ? places.findIndex((place) => place > here) : places.findLastIndex((place) => place < here);
  if (next < 0) next = step > 0 ? 0 : found.length - 1;
  select(num(found, next));
}

async function runSearch() {
  if (!shown) return;
  const turn = ++searchTurn;
  const { model, list } = shown;
  const query = /** @type {HTMLInputElement} */ (byID('query')).value.trim();
  const matches = await search(model, query, pause, () => turn === searchTurn);
  if (!matches) return;
  model.matches = matches;
  found = [...matches];
  byID('found').textContent = query ? `${found.length.toLocaleString('en')} found` : '';
  list.filter(query ? found : null);
  wantFrame();
}

/** @param {number} step along the causal order, or along the matches that are listed */
function selectStep(step) {
  if (!shown) return;
  const { list, model } = shown;
  const place = list.placeOf(model.selected);
  const next = Math.max(0, Math.min(list.length - 1, (place < 0 && step > 0 ? -1 : place < 0 ? list.length : place) + step));
  if (list.length) select(list.eventAt(next));
}

/** @param {'causes' | 'effects'} side */
function follow(side) {
  if (!shown || shown.model.selected < 0) return;
  const { edges, selected, position } = shown.model;
  const own = [...(side === 'causes' ? edges.into(selected) : edges.outOf(selected))].map((edge) => num(side === 'causes' ? edges.from : edges.to, edge));
  // The nearest in the order; a task's next event before a far one.
  own.sort((a, b) => Math.abs(num(position, a) - num(position, selected)) - Math.abs(num(position, b) - num(position, selected)));
  if (own.length) select(num(own, 0));
  else byID('spoken').textContent = side === 'causes' ? 'No cause recorded' : 'No effect recorded';
}

/** @type {{ [action: string]: () => void }} */
const ACTIONS = {
  next: () => selectStep(1), previous: () => selectStep(-1), pageDown: () => selectStep(20), pageUp: () => selectStep(-20),
  first: () => selectStep(-Infinity), last: () => selectStep(Infinity), cause: () => follow('causes'), effect: () => follow('effects'),
  zoomIn: () => zoom(1.5), zoomOut: () => zoom(1 / 1.5), fit: () => { shown?.viewport.fit(); wantFrame(); },
  frame: () => { if (shown && shown.model.selected >= 0) { frameSelection(); } },
  panLeft: () => { shown?.viewport.pan(-80); wantFrame(); }, panRight: () => { shown?.viewport.pan(80); wantFrame(); },
  panUp: () => { shown?.viewport.scroll(-40); wantFrame(); }, panDown: () => { shown?.viewport.scroll(40); wantFrame(); },
  divergence: stepDivergence, previousDivergence: () => stepDivergence(-1), search: () => byID('query').focus(), nextMatch: () => goToMatch(1), previousMatch: () => goToMatch(-1),
  scrubBack: () => movePlayhead((shown?.model.playhead ?? 0) - 1), scrubOn: () => movePlayhead((shown?.model.playhead ?? 0) + 1),
  axis: () => { const select = /** @type {HTMLSelectElement} */ (byID('axis')); select.selectedIndex = (select.selectedIndex + 1) % 3; changeAxis(); },
  help: () => /** @type {HTMLDialogElement} */ (byID('keys')).showModal(), clear: () => select(-1),
};

/** @param {number} factor */
function zoom(factor) {
  if (!shown) return;
  const { viewport, model } = shown;
  const x = model.selected >= 0 ? viewport.x(model.at(model.selected)) : viewport.width / 2;
  viewport.zoom(factor, x >= 0 && x <= viewport.width ? x : viewport.width / 2);
  wantFrame();
}

/** The selected event with its direct causes and effects. */
function frameSelection() {
  if (!shown) return;
  const { model, viewport } = shown;
  const { edges, selected } = model;
  const near = [selected, ...[...edges.into(selected)].map((edge) => num(edges.from, edge)), ...[...edges.outOf(selected)].map((edge) => num(edges.to, edge))];
  const places = near.map((event) => model.at(event));
  viewport.show(Math.min(...places), Math.max(...places), 0.3);
  wantFrame();
}

async function changeAxis() {
  if (!shown) return;
  const { model, scene, overview, list } = shown;
  await paced(model.layOut(/** @type {any} */ (/** @type {HTMLSelectElement} */ (byID('axis')).value)), pause);
  if (shown?.model !== model) return;
  shown.viewport = scene.viewport = overview.viewport = newViewport(model);
  resize();
  if (model.selected >= 0) shown.viewport.reveal(model.at(model.selected));
  list.render();
  panelsWanted = true;
  wantFrame();
}

/** @param {Model} model */
function newViewport(model) {
  return new Viewport(model.axis.end, model.axis.kind === 'order' ? 4 : Math.max(model.axis.end / 1e6, 0.002));
}

function resize() {
  if (!shown) return;
  shown.scene.resize();
  shown.overview.resize();
  shown.list.render();
  wantFrame();
}

/** @param {import('./sources.js').Source} source @param {number} [turn] */
async function show(source, turn = ++loadTurn) {
  const progress = /** @type {HTMLProgressElement} */ (byID('progress'));
  progress.hidden = false;
  byID('problem').textContent = '';
  await pause();
  const trace = await readTrace(source.trace, (share) => { if (turn === loadTurn) progress.value = share; }, pause);
  if (turn !== loadTurn) return;
  if (!trace.count) {
    progress.hidden = true;
    const first = trace.rejections[0];
    throw new Error(first ? `This is not a trace: line ${first.line}, ${first.reason}.` : 'The trace has no events.');
  }
  const model = new Model(trace, source.diagnosis, true);
  await paced(model.build(), pause);
  if (turn !== loadTurn) return;
  progress.hidden = true;
  byID('start').hidden = true;
  byID('stage').hidden = byID('side').hidden = false;
  for (const name of ['query', 'axis', 'zoom-in', 'zoom-out', 'fit']) /** @type {HTMLInputElement} */ (byID(name)).disabled = false;
  const viewport = newViewport(model);
  const scene = new Scene(lanes, model, viewport);
  const overview = new Overview(/** @type {HTMLCanvasElement} */ (byID('overview')), model, viewport, wantFrame);
  const list = new EventList(byID('list'), model, select);
  shown = { model, viewport, scene, overview, list };
  found = [];
  /** @type {HTMLSelectElement} */ (byID('axis')).value = model.axisChoice;
  describe(source.name, model);
  resize();
  chooseTab('diagnosis');
  if (model.firstDivergence) goToDivergence();
  lanes.focus({ preventScroll: true });
}

/** @param {string} name @param {Model} model */
function describe(name, model) {
  const { trace } = model;
  byID('trace-name').textContent = name;
  document.title = `${name} - Timeline - Trueline`;
  const processes = trace.processes.length;
  byID('summary').textContent = `${trace.count.toLocaleString('en')} events, ${model.relations.requests.size.toLocaleString('en')} requests, ${processes} ${processes === 1 ? 'process' : 'processes'}`;
  const verdict = byID('verdict');
  verdict.hidden = false;
  verdict.className = model.verdict.tone;
  verdict.textContent = model.verdict.text;
  lanes.setAttribute('aria-label', `Timeline of ${name}: ${byID('summary').textContent}. ${verdict.textContent}.`);
}

/** @param {() => Promise<import('./sources.js').Source>} source */
async function load(source) {
  const turn = ++loadTurn;
  try {
    const trace = await source();
    if (turn === loadTurn) await show(trace, turn);
  } catch (error) {
    if (turn !== loadTurn) return;
    byID('progress').hidden = true;
    if (shown) byID('summary').textContent = error instanceof Error ? error.message : String(error);
    else byID('problem').textContent = error instanceof Error ? error.message : String(error);
  }
}

function listenToFiles() {
  const file = /** @type {HTMLInputElement} */ (byID('file'));
  for (const name of ['choose', 'open']) byID(name).onclick = () => file.click();
  file.onchange = () => { if (file.files?.length) load(() => fromFiles(/** @type {FileList} */ (file.files))); };
  addEventListener('dragover', (event) => { event.preventDefault(); document.body.classList.add('dropping'); });
  addEventListener('dragleave', (event) => { if (!event.relatedTarget) document.body.classList.remove('dropping'); });
  addEventListener('drop', (event) => {
    event.preventDefault();
    document.body.classList.remove('dropping');
    const files = event.dataTransfer?.files;
    if (files?.length) load(() => fromFiles(files));
  });
}

function listenToKeys() {
  addEventListener('keydown', (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (document.querySelector('dialog[open]')) return;
    if (target.id === 'query') {
      if (event.key === 'Enter') { event.preventDefault(); goToMatch(event.shiftKey ? -1 : 1); }
      if (event.key === 'Escape') { /** @type {HTMLInputElement} */ (target).value = ''; runSearch(); lanes.focus(); }
      return;
    }
    if (target.closest('select, input')) return;
    if (target.getAttribute('role') === 'tab' && (event.key === 'ArrowLeft' || event.key === 'ArrowRight')) {
      const tabs = ['diagnosis', 'event', 'state'];
      const next = (tabs.indexOf(target.id.slice(4)) + (event.key === 'ArrowRight' ? 1 : 2)) % 3;
      chooseTab(tabs[next] ?? 'event');
      byID(`tab-${tabs[next]}`).focus();
      event.preventDefault();
      return;
    }
    const isPanel = target.getAttribute('role') === 'tabpanel' || target.closest('[role=tabpanel]') !== null;
    const action = keyAction(event);
    if (!action || !shown || (isPanel && /^(Arrow|Page|Home|End)/.test(event.key))) return;
    event.preventDefault();
    ACTIONS[action]?.();
  });
}

function listen() {
  listenToFiles();
  listenToKeys();
  byID('zoom-in').onclick = () => zoom(1.5);
  byID('zoom-out').onclick = () => zoom(1 / 1.5);
  byID('fit').onclick = () => ACTIONS.fit?.();
  byID('help').onclick = () => ACTIONS.help?.();
  byID('verdict').onclick = () => { chooseTab('diagnosis'); goToDivergence(); };
  byID('axis').onchange = changeAxis;
  byID('query').oninput = () => { runSearch(); };
  byID('search').onsubmit = (event) => event.preventDefault();
  for (const name of ['diagnosis', 'event', 'state']) byID(`tab-${name}`).onclick = () => chooseTab(name);
  listenToPointer(lanes, () => shown?.scene ?? null, {
    chosen: (event) => { lanes.focus({ preventScroll: true }); select(event); },
    scrubbed: (at) => movePlayhead(shown?.model.positionAt(at) ?? 0),
    moved: wantFrame,
    hovered: showTip,
  });
  const overview = byID('overview');
  const drag = (/** @type {PointerEvent} */ event) => shown?.overview.moveTo(event.clientX - overview.getBoundingClientRect().left);
  overview.onpointerdown = (event) => { overview.setPointerCapture(event.pointerId); drag(event); };
  overview.onpointermove = (event) => { if (event.buttons) drag(event); };
  new ResizeObserver(resize).observe(lanes);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { shown?.scene.themeChanged(); resize(); });
}

/** @param {number} event @param {number} x @param {number} y */
function showTip(event, x, y) {
  if (!shown || event === shown.scene.hovered) return;
  shown.scene.hovered = event;
  lanes.style.cursor = event >= 0 ? 'pointer' : 'default';
  const tip = byID('tip');
  tip.hidden = event < 0;
  if (event >= 0) {
    const { model } = shown;
    tip.replaceChildren(element('div', {}, `${model.trace.name(event)} ${model.trace.kind(event)}`), element('div', { class: 'what' }, model.title(event).slice(0, 200)));
    tip.style.left = `${Math.max(4, Math.min(x + 14, lanes.clientWidth - tip.offsetWidth - 6))}px`;
    tip.style.top = `${lanes.offsetTop + Math.min(y + 16, lanes.clientHeight - tip.offsetHeight - 4)}px`;
  }
  wantFrame();
}

function fillHelp() {
  for (const [keys, meaning] of KEYS) {
    byID('key-table').append(element('tr', {}, element('th', { scope: 'row' }, ...keys.flatMap((key) => [element('kbd', {}, key), ' '])), element('td', {}, meaning)));
  }
  const theme = readTheme(document.documentElement);
  for (const kind of ['intent', 'start', 'arrive', 'deliver', 'cancel', 'write', 'read', 'commit', 'ack', 'render', 'signal', 'error']) {
    const mark = MARKS[kind];
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 36;
    canvas.style.width = canvas.style.height = '18px';
    const c = canvas.getContext('2d');
    if (!mark || !c) continue;
    c.scale(2, 2);
    c.fillStyle = c.strokeStyle = theme[mark.colour];
    drawMark(c, mark.shape, 9, 9, 5);
    byID('mark-table').append(element('tr', {}, element('th', { scope: 'row' }, canvas), element('td', {}, mark.name)));
  }
}

async function start() {
  listen();
  fillHelp();
  const own = embedded();
  if (own) { await load(async () => own); return; }
  const id = requestedID();
  if (id) { await load(() => fromServer(id)); return; }
  const cell = requestedCell();
  if (cell) { await load(() => fromCell(cell)); return; }
  const traces = await listed();
  if (!traces.length) return;
  byID('listed').hidden = false;
  for (const trace of traces) byID('listed').querySelector('ul')?.append(element('li', {}, element('a', { href: `?id=${encodeURIComponent(trace.id)}` }, trace.id, element('span', {}, trace.label))));
}

/** For checks: how long each frame took to draw, and what is shown. */
Object.assign(window, { timeline: { frames, get shown() { return shown; }, select, show } });

start();
