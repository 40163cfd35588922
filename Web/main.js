// @ts-check
// The composition root of the page: makes the parts, joins them, opens a grid.

import { api } from './wire/api.js';
import { GridDocuments } from './wire/grid-documents.js';
import { SharedStream } from './wire/shared-stream.js';
import { byID, debounced, h } from './base/dom.js';
import { count, counted } from './base/format.js';
import { icon } from './base/icons.js';
import { toast } from './base/menu.js';
import { isWhole, Store } from './grid/store.js';
import { Selection } from './grid/selection.js';
import { Painter } from './grid/painter.js';
import { Drafts } from './grid/drafts.js';
import { Changes } from './grid/changes.js';
import { Editor } from './grid/editor.js';
import { Clipboard } from './grid/clipboard.js';
import { Keyboard } from './grid/keyboard.js';
import { Pointer } from './grid/pointer.js';
import { PlaceKeeper } from './grid/place-keeper.js';
import { GridReader } from './grid/reader.js';
import { Reorder } from './grid/reorder.js';
import { RowDeeds } from './grid/row-deeds.js';
import { cellMenu } from './grid/cell-menu.js';
import { ViewSwitcher } from './view/saved-views.js';
import { Toolbar, sortBy } from './view/toolbar.js';
import { ColumnDeeds } from './columns/column-deeds.js';
import { ColumnMenu, askText } from './columns/column-menu.js';
import { AgentPanel } from './agents/agent-panel.js';
import { WordsBox } from './words/words-box.js';
import { WhyPanel } from './history/why-panel.js';
import { ImportDialog } from './import/import-dialog.js';
import { openExport } from './import/export-menu.js';
import { dropTarget } from './import/drop-target.js';
import { TrustLine, connectionBanner } from './status/trust-line.js';
import { PageNavigator } from './status/page-navigator.js';
import { emptyStates } from './status/empty-states.js';
import { sheetTabs } from './status/sheet-tabs.js';
import { gridSwitcher, themeToggle } from './status/grid-switcher.js';
import { publishCounters } from './counters.js';
import { attested, isRecording, record } from './record.js';
import { checkFrames, isChecking } from './check.js';
import { Attestation } from './attestation/attest.js';
import { paintedScreen } from './attestation/painted-screen.js';

const store = new Store();
const selection = new Selection(store);
const drafts = new Drafts(store);
const painter = new Painter(store, selection, drafts, byID('grid-area'));
const changes = new Changes(store, drafts);
const editor = new Editor(store, selection, painter, changes);
const clipboard = new Clipboard(store, selection, painter, changes);
const places = new PlaceKeeper(store, selection, painter, drafts, byID('grid-area'));
const reader = new GridReader(store, painter, drafts, places);
const deeds = new RowDeeds(store, selection, painter, changes);
const documents = new GridDocuments(store, api);
const reread = () => documents.reread();
/** @type {SharedStream | null} */
let stream = null;
/** Rises each time somebody wants to see a grid: the one wanted last is shown, whichever document comes last. */
let wish = 0;
/** The wish that came true: while it is not the last one, another grid is on its way. */
let opened = 0;

painter.onPaint = () => {
  drafts.draw(painter);
  editor.place();
};

const rereadSoon = debounced(() => void reread().catch(() => {}), 60);

/** Opens a grid, or the first one there is. @param {string} wanted @param {string} [sheet] @param {string} [view] a saved view's id */
async function openGrid(wanted, sheet = '', view = '') {
  const own = ++wish;
  stream?.close();
  stream = null;
  reader.close();
  try {
    if (store.grids === null || !wanted) await documents.relist();
    if (own !== wish) return;
    const id = wanted || store.grids?.[0]?.id || '';
    if (!id) {
      opened = own;
      store.gridRead(null);
      return;
    }
    const grid = await api.grid(id);
    if (own !== wish) return;
    opened = own;
    const isThere = grid.sheets.some((s) => s.id === sheet);
    store.sheetID = isThere ? sheet : (grid.sheets[0]?.id ?? '');
    store.readingFailed(null);
    store.gridRead(grid);
    if (sheet && !isThere) missing('sheet', sheet);
    else if (store.views.some((v) => v.id === view)) store.openSaved(view);
    else if (view) missing('view', view);
    remember();
    stream = new SharedStream(id, streamed);
  } catch (error) {
    if (own === wish) store.readingFailed(error instanceof Error ? error : new Error(String(error)));
  }
}

/** @param {import('./wire/event-stream.js').StreamEvent} event */
function streamed(event) {
  if (event.kind === 'commit' && (/** @type {any} */ (event).structure || Object.values(event.sheets).some((s) => s.structure))) rereadSoon();
  if ((event.kind === 'gap' || event.kind === 'hello') && event.revision > (store.grid?.revision ?? 0)) rereadSoon();
  reader.streamed(event);
}

/** The address names the grid, the sheet and the saved view, so that it can be shared and reloaded. */
function remember() {
  const hash = store.grid ? `#/${store.grid.id}/${store.sheetID}${store.viewID ? `/${store.viewID}` : ''}` : '#/';
  if (location.hash !== hash) history.replaceState(null, '', hash);
}
const addressed = () => {
  const [, grid = '', sheet = '', view = ''] = location.hash.split('/');
  return { grid, sheet, view };
};

/** @param {'sheet' | 'view'} kind @param {string} id as the address had it */
const missing = (kind, id) => toast(`The address names a ${kind} that is not here any more: ${id.slice(0, 40)}.`, { problem: true });

/** Goes where the address says. It may name what this page has not heard of yet: the grid is read again before that is said to be missing. */
async function follow() {
  const address = location.hash, { grid, sheet, view } = addressed();
  if (grid && (grid !== store.grid?.id || wish !== opened)) return openGrid(grid, sheet, view);
  const found = () => {
    const of = store.grid?.sheets.find((s) => s.id === (sheet || store.sheetID));
    return { of, saved: of?.views?.find((v) => v.id === view) };
  };
  if (!found().of || (view && !found().saved)) await reread().catch(() => {});
  if (location.hash !== address) return;
  const { of, saved } = found();
  if (!of) missing('sheet', sheet);
  else if (view && !saved) missing('view', view);
  else {
    store.openSheet(of.id);
    if ((saved?.id ?? '') !== store.viewID) store.openSaved(saved?.id ?? '');
  }
  remember();
}

const reopen = () => openGrid(addressed().grid, addressed().sheet, addressed().view);

/** @param {string} name */
async function createGrid(name) {
  const own = ++wish;
  try {
    const grid = await api.createGrid(name);
    await documents.relist();
    if (own === wish) await openGrid(grid.id);
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error), { problem: true });
  }
}

/** A place to import into: a new grid when none is open, a new sheet when the open one has columns. @param {string} name */
async function prepareImport(name) {
  if (!store.grid) return createGrid(name);
  if (!store.columns.length) return;
  const taken = new Set(store.grid.sheets.map((s) => s.name));
  let title = name.slice(0, 190);
  for (let n = 2; taken.has(title); n++) title = `${name.slice(0, 190)} (${n})`;
  await api.addSheet(store.grid.id, title);
  await reread();
  const made = store.grid.sheets.find((s) => s.name === title);
  if (made) store.openSheet(made.id);
}

async function openSample() {
  const own = ++wish;
  try {
    const grid = await api.openSample();
    await documents.relist();
    if (own === wish) await openGrid(grid.id);
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error), { problem: true });
  }
}

const agents = new AgentPanel(store, selection, painter, byID('agent-panel'), reread);
const columnDeeds = new ColumnDeeds(store, changes, reread);
const columns = new ColumnMenu(store, (id) => agents.show(id), columnDeeds);
const reorder = new Reorder(store, selection, painter, changes, columnDeeds, places);
const why = new WhyPanel(store, selection, painter, byID('why-panel'), (column) => {
  agents.show(column);
  void agents.start('selected');
}, (forward, back) => changes.make('edit', forward, back));
const words = new WordsBox(store, { deeds: columnDeeds, undo: () => changes.undo(), lastDeed: () => changes.done.at(-1), offerRun: (column) => {
  columns.onAdded(column);
  agents.show(column);
  agents.scope.value = 'first';
  agents.renderEstimate();
  agents.run.focus();
} });
const imports = new ImportDialog(store, {
  prepare: prepareImport, reread,
  begin: async (name) => void (store.grid || (await createGrid(name))),
  abandon: async () => {
    if (store.grid) await api.deleteGrid(store.grid.id).catch(() => {});
    await openGrid('');
  },
});
const pages = new PageNavigator(store, selection, painter, byID('pages'), byID('counts'));
const toolbar = new Toolbar(store, byID('toolbar'), new ViewSwitcher(store, reread), {
  addColumn: (anchor) => columns.add(anchor), addRow: () => void deeds.add(), agents: () => agents.toggle(), words: () => words.open(), goToRow: (anchor) => pages.goToRow(anchor),
});
/** @type {import('./grid/keyboard.js').Commands} */
const commands = {
  goToRow: () => pages.goToRow(byID('pages')),
  find: () => toolbar.focusFind(),
  runSelection: () => agents.runSelection(),
  showReason: () => void why.show(),
  columnMenu: (anchor, column) => columns.open(anchor, column),
  cellMenu: (at) => cellMenu(at, { store, selection, editor, clipboard, deeds, agents, why, reorder }),
  sortBy: (column, extend) => sortBy(store, column, extend),
  move: (rows, by) => reorder.step(rows, by),
};
new Keyboard(store, selection, painter, editor, changes, clipboard, commands);
new Pointer(store, selection, painter, editor, reorder, commands);
new TrustLine(store, drafts, byID('trust'));
connectionBanner(store, byID('banner'), () => {
  if (!store.grid) return void reopen();
  stream?.retryNow();
  reader.handle({ type: 'refresh' });
});
gridSwitcher(store, byID('switcher'), {
  open: (id) => void openGrid(id), relist: () => documents.relist().catch(() => {}), reread,
  create: () => askText(byID('switcher'), 'Grid name', 'Untitled', 'Create', (name) => void createGrid(name)),
});
sheetTabs(store, byID('sheets'), reread);
emptyStates(store, byID('empty'), {
  createGrid: () => void createGrid('Untitled'), importFile: () => imports.choose(), sample: () => void openSample(),
  hasSample: () => api.has('/sample'),
  addColumn: (anchor) => columns.add(anchor), addRow: () => void deeds.add(), retry: () => void reopen(),
});
painter.addColumn.addEventListener('click', () => columns.add(painter.addColumn));
painter.addRow.addEventListener('click', () => void deeds.add());
columns.onAdded = (/** @type {string} */ id) => {
  const at = store.columns.findIndex((c) => c.id === id);
  if (at >= 0) painter.reveal(selection.row, at);
};

const importButton = h('button', { type: 'button', title: 'Import a file', 'aria-label': 'Import', on: { click: () => imports.choose() } }, icon('upload'), h('span', { class: 'label' }, 'Import'));
const exportButton = h('button', { type: 'button', title: 'Export', 'aria-label': 'Export', 'aria-haspopup': 'menu', on: { click: () => openExport(store, exportButton) } }, icon('download'), h('span', { class: 'label' }, 'Export'));
byID('topbar-actions').append(importButton, exportButton);
themeToggle(byID('topbar-actions'));
dropTarget(byID('drop'), (file) => void imports.open(file));
store.on(['grid'], () => (exportButton.disabled = !store.grid));
store.on(['sheet', 'view'], remember);
store.on(['viewport', 'snapshot'], () => (byID('reading').dataset['on'] = store.isReading ? 'yes' : 'no'));
changes.onRows = () => places.letGo();
reader.onReached = () => stream?.retryNow();
reader.onRestored = (/** @type {number} */ revision, /** @type {number} */ heard) => {
  drafts.lost();
  changes.forget();
  editor.forgetRevision();
  reader.restart();
  store.runs.clear();
  documents.restored();
  stream?.restart();
  void reread().catch(() => void reopen());
  const kept = drafts.drafts.size;
  toast(`The server was restored to an older copy of this grid: it is at revision ${count(revision)}, this page had seen ${count(heard)}. The grid was read anew.${kept ? ` ${counted(kept, 'change')} of yours ${kept === 1 ? 'is' : 'are'} kept.` : ''}`, { problem: true });
};
/** @type {{ current: Attestation | null }} */
const attestation = { current: null };
publishCounters(store, reader, painter, changes, attestation);

/** Attests what is painted from now on. @param {number | undefined} every seconds; nothing is attested without */
function attestScreens(every) {
  if (!every) return;
  const current = (attestation.current = new Attestation({
    look: () => {
      if (!store.grid || store.revision === 0 || reader.awaitsView || !painter.isStill) return null;
      const screen = paintedScreen(painter.grid, painter.seen), view = store.effectiveView, saved = store.savedView;
      return screen && { grid: store.grid.id, view: isWhole(view) ? null : saved && !store.isViewChanged && !store.find ? saved.id : view, screen };
    },
    repair: () => {
      painter.doubt();
      reader.refetch();
    },
    ask: api.attest,
  }, every));
  if (recorder) current.onAnswer = (result, { screen }) => attested(recorder, result, screen);
}

addEventListener('keydown', (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.key.toLowerCase() !== 'k') return;
  event.preventDefault();
  words.open();
});
addEventListener('hashchange', () => void follow());
addEventListener('pagehide', () => stream?.close());
addEventListener('pageshow', (event) => event.persisted && void reopen());

const recorder = isRecording ? await record(reader, store) : null;
if (isChecking) checkFrames(reader, store, drafts);
try {
  await reader.load();
  const { grid, sheet, view } = addressed();
  await openGrid(grid, sheet, view);
  if (store.problem && grid) await openGrid('');
  store.health = await api.health().catch(() => null);
  words.heard();
  agents.render();
  attestScreens(store.health?.['attestation']?.every);
  painter.focus();
} catch (error) {
  store.readingFailed(error instanceof Error ? error : new Error(String(error)));
}
