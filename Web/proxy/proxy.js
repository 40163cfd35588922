// @ts-check
// The page of `trueline proxy`: what is held now, to be released by hand. One request waits at the proxy for the next change, so nothing is
// polled. Whatever the proxied server named is drawn as text.

/** @typedef {{ exchange: number, message: number, request: string, nth: number, status?: number }} Hold */
/**
 * @typedef {{ version: number, plan: string, upstream: string, inexact: boolean, step?: number, steps?: number, held: Hold[], heldCount: number,
 *   underWay: string[], delivered: Hold[], reports: string[] }} State
 */

/** @param {string} id */
const element = (id) => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element ${id}`);
  return found;
};
/** How long to wait before a proxy that does not answer is asked again. */
const RETRY = 1_000;

/** @param {Hold} hold */
const name = (hold) => `${hold.request}${hold.nth > 1 ? ` (${hold.nth})` : ''}${hold.message > 0 ? `, message ${hold.message}` : ''}`;

/** Rows by what they release, so that the focus stays where it is. @type {Map<string, HTMLTableRowElement>} */
const rows = new Map();

/** @param {string} query */
async function release(query) {
  const reply = await fetch(`release${query}`, { method: 'POST' });
  if (!reply.ok) say(`It could not be released: ${await reply.text()}`, 'bad');
}

/** @param {Hold} hold */
function makeRow(hold) {
  const row = document.createElement('tr');
  const [what, status, action] = [0, 1, 2].map(() => row.appendChild(document.createElement('td')));
  const button = document.createElement('button');
  if (!what || !status || !action) return row;
  what.textContent = name(hold);
  status.className = 'number';
  status.textContent = hold.status ? String(hold.status) : '';
  button.type = 'button';
  button.textContent = 'Release';
  button.setAttribute('aria-label', `Release ${name(hold)}`);
  button.addEventListener('click', () => release(`?exchange=${hold.exchange}&message=${hold.message}`));
  action.append(button);
  return row;
}

/** @param {State} state */
function paintHeld(state) {
  const body = element('held');
  const focused = [...rows].find(([, row]) => row.contains(document.activeElement));
  const wanted = new Set(state.held.map((hold) => `${hold.exchange}.${hold.message}`));
  for (const [key, row] of rows) {
    if (wanted.has(key)) continue;
    row.remove();
    rows.delete(key);
  }
  for (const hold of state.held) {
    const key = `${hold.exchange}.${hold.message}`;
    if (rows.has(key)) continue;
    const row = makeRow(hold);
    rows.set(key, row);
    body.append(row);
  }
  // Who released by the keyboard goes on with the next.
  if (focused && !rows.has(focused[0])) (body.querySelector('button') ?? element('held-title')).focus();
  element('nothing').hidden = state.heldCount > 0;
  const all = /** @type {HTMLButtonElement} */ (element('all'));
  all.disabled = state.heldCount === 0;
  element('asked').textContent = state.underWay.length > 0 ? `Asked for and not answered yet: ${state.underWay.join(', ')}` : '';
}

/** @param {string} id @param {string[]} texts */
function paintList(id, texts) {
  element(id).replaceChildren(...texts.map((text) => {
    const item = document.createElement('li');
    item.textContent = text;
    return item;
  }));
}

/** @param {string} sentence @param {string} [kind] */
function say(sentence, kind = '') {
  const status = element('status');
  if (status.textContent !== sentence) status.textContent = sentence;
  status.dataset.kind = kind;
}

/** @param {State} state */
function paint(state) {
  const step = state.steps === undefined ? '' : `, ${Math.min(state.step ?? 0, state.steps)} of ${state.steps} steps done`;
  element('plan').textContent = `${state.upstream}, plan: ${state.plan}${step}`;
  paintHeld(state);
  paintList('delivered', state.delivered.map(name));
  element('none-delivered').hidden = state.delivered.length > 0;
  paintList('reports', state.reports);
  element('reports-section').hidden = state.reports.length === 0;
  const held = state.heldCount === 1 ? '1 response is held' : `${state.heldCount} responses are held`;
  say(state.inexact ? `${held}; the plan could not be kept` : held, state.inexact ? 'warn' : '');
}

element('all').addEventListener('click', () => release(''));

let version = '';
for (;;) {
  try {
    const reply = await fetch(`state${version}`);
    if (!reply.ok) throw new Error(`${reply.status}`);
    const state = /** @type {State} */ (await reply.json());
    version = `?after=${state.version}`;
    paint(state);
  } catch {
    say('The proxy does not answer. Is it running?', 'bad');
    await new Promise((done) => setTimeout(done, RETRY));
    version = '';
  }
}
