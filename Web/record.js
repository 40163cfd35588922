// @ts-check
// `?record=1`: the page records itself as a trace, to be saved with `truelineRecorder.download()`; `?record=send` posts it to /traces.
// The slot is the viewport with policy `latest`; the key is the grid and the version its revision. A cell has no version of its own here: a page is painted from one snapshot.

/** Loads the recorder. @returns {Promise<any>} */
async function load() {
  const globals = /** @type {any} */ (globalThis);
  globals.truelineRecorderOptions = {
    name: 'truelineRecorder', ...(new URLSearchParams(location.search).get('record') === 'send' ? { endpoint: '/traces' } : {}),
  };
  // A classic script, which has no exports: its name is no constant, so that the type check does not look for any.
  const script = './trueline-recorder.js';
  await import(script);
  return globals.truelineRecorder;
}

/** Whether the page was asked to record itself. */
export const isRecording = ['1', 'send'].includes(new URLSearchParams(location.search).get('record') ?? '');

/** What the whole grid's state is called in a trace. @param {string} grid */
export const gridKey = (grid) => `grid ${grid}`;

/** The edge from a commit in a server's trace, by its name there: a reply of revision r comes after the commit of r (S3). @param {string} grid @param {number} revision */
export const afterCommit = (grid, revision) => [{ event: `commit ${grid} ${revision}`, kind: 'message', confidence: 'declared' }];

/**
 * Records what the reader is told, what it sends and what it shows.
 * @param {import('./grid/reader.js').GridReader} reader @param {import('./grid/store.js').Store} store
 */
export async function record(reader, store, recorder = load()) {
  const out = await recorder;
  out.slot('viewport', 'latest');
  const grid = () => store.grid?.id ?? '';
  /** @type {any} */
  let intent;
  /** The pages that are asked for now, and those that each live read is about: a read that the person scrolled on from still serves the pages that stayed in view. */
  let shown = { first: 0, last: -1 };
  /** @type {Map<string, { first: number, last: number }>} */
  const reads = new Map();
  /** @type {{ first: number, last: number } | undefined} */
  let answered;
  const handle = reader.handle.bind(reader);
  reader.handle = (/** @type {any} */ event) => {
    if (event.type === 'open') reads.clear();
    if (event.type === 'open' || event.type === 'viewport') {
      intent = out.intent('viewport', event.type === 'open' ? 'open' : 'show pages', { arguments: [store.sheetID, event.first, event.last] });
      shown = event;
    }
    if (event.type === 'editAcknowledged') out.ack('edits', gridKey(grid()), event.revision);
    answered = event.type === 'replyArrived' ? reads.get(event.request) : undefined;
    reads.delete(event.request);
    try {
      return handle(event);
    } finally {
      answered = undefined;
    }
  };
  wrap(reader, 'streamed', (/** @type {any} */ event) => {
    if (event.kind !== 'commit') return;
    out.record('signal', { stream: grid(), position: event.revision, key: gridKey(grid()), version: event.revision, ...(event.from < event.revision ? { merge: true } : {}) });
  });
  const perform = reader.perform.bind(reader);
  reader.perform = (effect) => {
    if (effect.type === 'drop') out.drop(effect.reason === 'older' ? 'G3' : 'G2');
    if (effect.type === 'send') reads.set(effect.request, effect);
    if (effect.type === 'send' && intent) intent.run(() => perform(effect));
    else perform(effect);
  };
  wrap(store, 'painted', (/** @type {number} */ revision) => {
    const key = gridKey(grid());
    const serves = answered && answered.first <= shown.last && answered.last >= shown.first;
    out.write('viewport', key, [...store.pages.keys()], { version: revision, guard: 'G2', after: afterCommit(grid(), revision), ...(serves ? { serves: intent } : {}) });
    // Until the paint that has it, an edit that was acknowledged is shown as a draft, beside the value: the frame says so.
    requestAnimationFrame(() => out.render(undefined, { [key]: revision }, { view: 'viewport', ...(reader.drafts.drafts.size > 0 ? { marked: [key] } : {}) }));
  });
  return out;
}

/**
 * Records what the server said of the screen: a difference is a symptom. It is recorded when it changes.
 * @param {any} recorder @param {import('./attestation/attestation-loop.js').AttestationResult} result @param {import('./attestation/painted-screen.js').PaintedScreen} screen
 */
export function attested(recorder, result, screen) {
  if (result === 'unknown') return;
  recorder.expect('the screen equals what is committed', result === 'equal');
  if (result === 'differs') recorder.record('note', { label: `the screen of revision ${screen.revision} differs: rows ${screen.rows}, columns ${screen.columns}` });
}

/** Has `before` see every call of a method first. @param {any} object @param {string} name @param {(...all: any[]) => void} before */
function wrap(object, name, before) {
  const original = object[name].bind(object);
  object[name] = (/** @type {any[]} */ ...all) => {
    before(...all);
    return original(...all);
  };
}
