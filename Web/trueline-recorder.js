// @ts-check
// Records what a page asks for, when its responses come, and what they write, as a trace (Docs/specifications/trace-format.md).
//
//     <script src="trueline-recorder.js" data-endpoint="/traces"></script>      first in <head>; the guide: Docs/guides/record-a-page.md
//
// One file, because one tag without a build step is the point: a classic script without a dependency, that makes no markup and evaluates
// no text, so it runs under a strict CSP with trusted types.
//
// Turns. A task is one turn of the event loop: what a callback does on its stack, and the microtasks after it. The recorder stands first
// in every callback it can (responses, timers, frames, input, messages), so it knows when a turn begins. It ends when the next begins,
// or at the latest when a message that the recorder posted to itself at the turn's beginning comes in. A fetch's promises are derived
// from the native ones, and the recorder's continuation is the first: whatever runs from there to the end of the turn, also behind a
// native `await`, was set going by that response. That is what `request` on a write says; when it is known by the turn and not by name,
// the write also has an `await` edge that is `structural`. A timer hands its cause on, so `await sleep(10)` keeps it.
(() => {
  'use strict';
  /** @type {any} */
  const page = globalThis;
  const options = { ...page.truelineRecorderOptions, ...page.document?.currentScript?.dataset };
  const NAME = options.name ?? 'trueline';
  if (page[NAME]?.recorder) return;

  const RECORDER = 'trueline-recorder.js 1.0';
  const EVENT_LIMIT = Math.max(100, Number(options.limit) || 20_000);
  /** What the buffer may hold, roughly; an event without a value counts EVENT_SIZE. */
  const BYTE_LIMIT = 8 << 20;
  const EVENT_SIZE = 256;
  /** The format's limit for a kept value, in bytes of UTF-8. */
  const VALUE_LIMIT = 4_096;
  /** Browsers take at most 64 KiB of requests that outlive their page. */
  const PART_LIMIT = 60_000;
  const SEND_EVERY = 2_000;
  /** Names of expectations that are counted apart, and their length: the server keeps no more. */
  const EXPECTATION_LIMIT = 100, EXPECTATION_LENGTH = 100;
  const RETRIES = 5;
  const SECRET_LIMIT = 64;
  /** Shorter values stand in too many places that are no secret. */
  const SECRET_LENGTH = 6;
  const SECRET_NAME = /auth(?!or(?!i))|token|secret|passw|credential|cookie|session|api[-_]?key|csrf|xsrf|signature/i;
  const REDACTED = '[redacted]';

  const native = {
    fetch: page.fetch, setTimeout: page.setTimeout?.bind(page), Headers: page.Headers, performance: page.performance,
    MessageChannel: page.MessageChannel, now: page.performance.now.bind(page.performance),
  };
  /** @param {number} bytes */
  const hex = (bytes) => Array.from(page.crypto.getRandomValues(new Uint8Array(bytes)), (b) => b.toString(16).padStart(2, '0')).join('');
  const process = options.process ?? `page-${hex(4)}`;
  const trace = options.trace ?? `t-${hex(8)}`;
  const keepsValues = options.values === 'keep';
  const endpoint = options.endpoint ?? '';
  const here = page.location?.origin ?? '';
  /** Where `trueline proxy` wants to hear that this page has handled what it released; it put the recorder in. */
  const confirm = options.confirm ?? '';
  const propagates = new Set([here, ...(options.propagate ?? '').split(/\s+/).filter(Boolean)]);

  /** The recorder must never be the page's failure. @param {() => any} deed */
  function safely(deed) {
    try { return deed(); } catch { failures += 1; return undefined; }
  }
  let failures = 0;

  // --- what is kept of values -------------------------------------------------------------------------------------------------------

  /** Values that must stand nowhere in the trace. @type {Set<string>} */
  const secrets = new Set();

  /** @param {unknown} value */
  function learn(value) {
    const text = String(value);
    const word = text.slice(text.lastIndexOf(' ') + 1);
    for (const secret of [text, word, encodeURIComponent(word)]) {
      if (secret.length >= SECRET_LENGTH && secrets.size < SECRET_LIMIT) secrets.add(secret);
    }
  }

  function learnCookies() {
    for (const cookie of String(safely(() => page.document?.cookie) ?? '').split('; ')) learn(cookie.slice(cookie.indexOf('=') + 1));
  }

  /** @param {string} text */
  function scrubText(text) {
    for (const secret of secrets) if (text.includes(secret)) text = text.replaceAll(secret, REDACTED);
    return text;
  }

  /** `JSON.stringify`'s replacer that takes secrets out of texts, names and numbers. @param {string} name @param {any} value */
  function scrub(name, value) {
    if (typeof value === 'string') return scrubText(value);
    if (typeof value === 'number' && name !== 'time') return secrets.has(String(value)) ? REDACTED : value;
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [scrubText(key), member]));
  }

  /** Members in one order, those that name a credential without their value. @param {string} name @param {any} value */
  function canonicalMember(name, value) {
    if (SECRET_NAME.test(name) && value !== null && typeof value !== 'object') return REDACTED;
    if (typeof value === 'bigint') return String(value);
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.keys(value).sort().map((key) => [key, value[key]]));
  }

  /** A value's JSON as it was at that moment. */
  class Kept {
    /** @param {string} text */
    constructor(text) { this.text = text; }
    toJSON() { return JSON.parse(this.text); }
  }

  const key0 = page.crypto.getRandomValues(new Uint32Array(2));
  /** One round of HalfSipHash. @param {Int32Array} v */
  function sipRound(v) {
    let [a = 0, b = 0, c = 0, d = 0] = v;
    a += b; b = (b << 5 | b >>> 27) ^ a; a = a << 16 | a >>> 16;
    c += d; d = (d << 8 | d >>> 24) ^ c;
    a += d; d = (d << 7 | d >>> 25) ^ a;
    c += b; b = (b << 13 | b >>> 19) ^ c; c = c << 16 | c >>> 16;
    v[0] = a; v[1] = b; v[2] = c; v[3] = d;
  }

  /**
   * HalfSipHash-2-4 of the text's code units, 64 bits, under a key that never leaves the page: equal values are seen to be equal, and a
   * short one (a price, a name) cannot be found again by trying all of them. https://github.com/veorq/SipHash
   * @param {string} text
   */
  function digest(text) {
    const [k0 = 0, k1 = 0] = key0;
    const v = new Int32Array([k0, k1 ^ 0xee, 0x6c796765 ^ k0, 0x74656462 ^ k1]);
    const mix = (/** @type {number} */ word) => {
      v[3] = (v[3] ?? 0) ^ word; sipRound(v); sipRound(v); v[0] = (v[0] ?? 0) ^ word;
    };
    for (let i = 0; i + 1 < text.length; i += 2) mix(text.charCodeAt(i) | text.charCodeAt(i + 1) << 16);
    mix(text.length << 16 | (text.length & 1 ? text.charCodeAt(text.length - 1) : 0));
    const half = (/** @type {number} */ index, /** @type {number} */ tweak) => {
      v[index] = (v[index] ?? 0) ^ tweak;
      for (let i = 0; i < 4; i += 1) sipRound(v);
      return (((v[1] ?? 0) ^ (v[3] ?? 0)) >>> 0).toString(16).padStart(8, '0');
    };
    return half(2, 0xee) + half(1, 0xdd);
  }

  /** What of a value goes into the trace: itself where the page asked for that, else its digest. @param {any} value */
  function kept(value) {
    if (value === undefined) return undefined;
    const text = safely(() => JSON.stringify(value, canonicalMember)) ?? 'null';
    if (!keepsValues) return value === null || typeof value === 'boolean' ? value : { digest: digest(text) };
    const fits = text.length * 3 <= VALUE_LIMIT || new TextEncoder().encode(text).length <= VALUE_LIMIT;
    return fits ? new Kept(text) : { digest: digest(text) };
  }

  /** A request's address without credentials, and without what was asked about where values are not kept. @param {any} address */
  function scrubbedURL(address) {
    const url = new URL(String(address), page.document?.baseURI ?? 'http://localhost/');
    if (url.password) learn(url.password);
    const query = [...url.searchParams].map(([name, value]) => {
      if (SECRET_NAME.test(name)) { learn(value); return `${encodeURIComponent(name)}=redacted`; }
      return `${encodeURIComponent(name)}=${keepsValues ? encodeURIComponent(value) : `~${digest(value).slice(0, 8)}`}`;
    }).join('&');
    return { text: (url.origin === here ? '' : `${url.protocol}//${url.host}`) + url.pathname + (query && `?${query}`), origin: url.origin };
  }

  // --- turns ------------------------------------------------------------------------------------------------------------------------

  /**
   * What a turn is about. `after` is the event that set it going and is named by the turn's first event; `again` says that a request
   * begun here belongs to the same intent.
   * @typedef {{ flight?: any, intent?: any, input?: string, delivered?: any, after?: any, again?: boolean }} Cause
   */
  /** @type {(Cause & { number: number, task: string, phase: string }) | null} */
  let turn = null;
  let turns = 0;
  /** Set by `handle.run`: everything on this stack is part of that intent. @type {any} */
  let explicit = null;

  const channel = new native.MessageChannel();
  channel.port1.onmessage = (/** @type {any} */ event) => { if (turn?.number === event.data) turn = null; };
  channel.port1.unref?.();
  const sameMicrotasks = Promise.resolve();

  /** Begins a turn. A cause of nothing only ends the last: the turn gets a number with its first event. @param {Cause | null} cause */
  function enter(cause, phase = 'stack') {
    turn = null;
    if (cause) open(cause, phase);
  }

  /** @param {Cause} cause @param {string} phase */
  function open(cause, phase) {
    turns += 1;
    const mine = { ...cause, number: turns, task: `${process}/${turns}`, phase };
    turn = mine;
    if (phase === 'stack' && !cause.input) sameMicrotasks.then(() => { mine.phase = 'microtask'; });
    channel.port2.postMessage(turns);
    return mine;
  }

  /**
   * What a callback inherits that is registered now. A request that a timer begins after a response came belongs to the same intent only
   * if that response had failed: that is a retry. Otherwise it is a poll, and nobody asked for it again.
   * @returns {Cause | null}
   */
  function inherited() {
    if (!turn || !(turn.flight || turn.intent || turn.input)) return null;
    const from = turn.delivered?.id ?? turn.intent?.id;
    return {
      flight: turn.flight, intent: turn.intent, input: turn.input, delivered: turn.delivered, again: turn.flight ? turn.flight.failed : true,
      after: from && { event: from, kind: 'fork', confidence: 'declared' },
    };
  }

  // --- the buffer -------------------------------------------------------------------------------------------------------------------

  /** @type {any[]} */
  let buffer = [];
  let bytes = 0;
  let dropped = 0;
  let serial = 0;
  /** Declarations stand at the head of every file, whatever was dropped. @type {any[]} */
  const declarations = [];
  let declared = 0;

  /** @param {any} event */
  const sizeOf = (event) => EVENT_SIZE + (event.value?.text?.length ?? 0);
  const identifier = () => `${process}.${++serial}`;

  /** Adds an event of the current turn. @param {string} type @param {any} members */
  function record(type, members, phase = '') {
    const current = turn ?? open({}, 'stack');
    const event = { type, process, time: Math.round(native.now() * 1e6), task: current.task, phase: phase || current.phase, ...members };
    if (current.after) {
      event.after = [current.after, ...(event.after ?? [])];
      current.after = undefined;
    }
    buffer.push(event);
    bytes += sizeOf(event);
    if (buffer.length > EVENT_LIMIT || bytes > BYTE_LIMIT) dropOldest();
    if (endpoint && !timer && !sending) timer = native.setTimeout(send, SEND_EVERY);
    return event;
  }

  /** Makes room for a while, so that not every event moves all others. */
  function dropOldest() {
    const count = Math.max(1, buffer.length >> 4);
    for (const event of buffer.splice(0, count)) bytes -= sizeOf(event);
    dropped += count;
  }

  /** @param {any} event */
  const line = (event) => `${secrets.size > 0 ? JSON.stringify(event, scrub) : JSON.stringify(event)}\n`;

  /** @param {number} [part] */
  function header(part) {
    return line({ type: 'trace', version: 1, recorder: RECORDER, id: trace, part });
  }

  function dropNote() {
    return dropped ? line({ type: 'note', process, label: `${dropped} older events were dropped: the buffer was full`, dropped }) : '';
  }

  declarations.push({
    type: 'process', process, role: 'browser', clock: process, session: options.session,
    epoch: native.performance.timeOrigin, name: `${page.location?.pathname ?? ''}`, values: keepsValues ? 'kept' : 'digests',
  });

  // --- requests ---------------------------------------------------------------------------------------------------------------------

  /** Whose intent a request begun now fulfils. @param {any} [named] */
  function intentNow(named) {
    if (named ?? explicit) return named ?? explicit;
    const current = turn;
    if (!current || current.again === false) return undefined;
    // Input that nobody named is still an intent: the person did it in this order. It gets no slot, since which is not known.
    if (!current.intent && current.input) current.intent = intent(undefined, current.input);
    return current.intent;
  }

  /**
   * A request begins.
   * @param {string} method @param {any} address @param {any} headers @param {any} [named]
   */
  function began(method, address, headers, named) {
    const { text, origin } = scrubbedURL(address);
    for (const [name, value] of headers ?? []) if (SECRET_NAME.test(name)) learn(value);
    const given = /^00-([0-9a-f]{32})-([0-9a-f]{16})-/.exec(headers?.get?.('traceparent') ?? '');
    const asked = intentNow(named);
    const flight = {
      id: given?.[2] ?? hex(8), intent: asked, failed: false, canceled: false, arrived: false, promises: false, confirms: false, isRead: false,
      traceparent: propagates.has(origin) || given ? '' : undefined,
    };
    if (flight.traceparent === '') {
      if (asked) asked.trace ||= given?.[1] ?? hex(16);
      flight.traceparent = given ? given.input : `00-${asked?.trace ?? hex(16)}-${flight.id}-01`;
    }
    const target = `${method} ${text.split('?', 1)[0]}`;
    if (asked) { asked.flight = flight; asked.attempts[target] = (asked.attempts[target] ?? 0) + 1; }
    record('start', {
      // A name that the server can make, too.
      id: `s-${flight.id}`, request: flight.id, intent: asked?.id, slot: asked?.slot, method, url: text, attempt: asked?.attempts[target],
      arguments: asked?.arguments, traceparent: flight.traceparent,
    });
    /** @type {[string, string][]} */
    const added = given || !flight.traceparent ? [] : [['traceparent', flight.traceparent]];
    if (confirm && origin === here) { added.push([CONFIRM, '1']); flight.promises = true; }
    return { flight, added };
  }

  // --- what the proxy waits for -----------------------------------------------------------------------------------------------------

  /** On a request: this page confirms. On a response: it shall. */
  const CONFIRM = 'trueline-confirm';

  /**
   * Tells the proxy that something was handled, in a task of its own: whatever its handler does in its turn has been done by then.
   * @param {Record<string, string>} what
   */
  function confirmTaken(what) {
    native.setTimeout(() => {
      native.fetch.call(page, `${confirm}?${new URLSearchParams(what)}`, { method: 'POST', keepalive: true, credentials: 'omit' }).catch(() => {});
    }, 0);
  }

  /** @param {any} flight */
  function handled(flight) {
    if (!flight.confirms) return;
    flight.promises = flight.confirms = false;
    confirmTaken({ span: flight.id });
  }

  /** A response that is never read is handled where its head is. @param {any} flight */
  function handledUnlessRead(flight) {
    if (flight.confirms) native.setTimeout(() => { if (!flight.isRead) handled(flight); }, 0);
  }

  /**
   * Confirms a stream's message by its number among those of its type, as the proxy counts them.
   * @param {any} url @param {Map<string, number>} counts @param {string} type
   */
  function handledMessage(url, counts, type) {
    const count = (counts.get(type) ?? 0) + 1;
    counts.set(type, count);
    const { host, pathname, search } = new URL(url);
    if (confirm && host === page.location.host) confirmTaken({ stream: pathname + search, type, count: String(count) });
  }

  /** @param {any} flight */
  const about = (flight) => ({ request: flight.id, intent: flight.intent?.id, slot: flight.intent?.slot });
  /** @param {any} flight */
  const causeOf = (flight) => ({ flight, intent: flight.intent });

  /** @param {any} flight @param {number} status */
  function arrived(flight, status) {
    flight.failed = status >= 500 || status === 429;
    flight.arrived = true;
    record('arrive', { ...about(flight), status }, 'macrotask');
  }

  /** The application's handler begins. @param {any} flight */
  function delivered(flight) {
    if (turn) turn.delivered = record('deliver', { id: identifier(), ...about(flight) }, 'macrotask');
  }

  /** @param {any} flight @param {any} error */
  function failed(flight, error) {
    flight.failed = true;
    if (flight.canceled || error?.name === 'AbortError') return;
    enter(causeOf(flight), 'microtask');
    record('arrive', { ...about(flight), error: String(error?.name ?? 'Error') }, 'macrotask');
    delivered(flight);
    handled(flight);
  }

  /** @param {any} flight */
  function canceled(flight) {
    if (flight.canceled) return;
    flight.canceled = true;
    // Its response may be with the browser already, and will not be seen.
    flight.confirms = flight.promises;
    handled(flight);
    record('cancel', about(flight));
  }

  // --- what the application says ----------------------------------------------------------------------------------------------------

  /** @param {any} slot @param {any} policy @param {any} [keys] */
  function declareSlot(slot, policy, keys) {
    if (slot === undefined || declarations.some((known) => known.slot === slot && (known.policy || !policy))) return;
    declarations.push({ type: 'slot', process, slot, policy, keys });
  }

  /** @param {string | undefined} slot @param {string} [label] @param {any} [more] */
  function intent(slot, label, more = {}) {
    if (more.policy) declareSlot(slot, more.policy);
    /** @type {any} */
    const handle = {
      id: identifier(), slot, arguments: kept(more.arguments), trace: '', flight: undefined, attempts: {},
      /** Everything that is begun on `deed`'s stack is part of this intent. @param {() => any} deed */
      run(deed) {
        const before = explicit;
        explicit = handle;
        try { return deed(); } finally { explicit = before; }
      },
    };
    record('intent', { id: handle.id, slot, label, rank: more.rank, arguments: handle.arguments });
    if (turn) { turn.intent = handle; turn.again = true; }
    return handle;
  }

  /** Why something is written now: by name, or by the turn. @param {any} given */
  function reason(given) {
    const named = given.intent ?? explicit;
    const request = given.request ?? (named?.flight?.arrived ? named.flight.id : undefined);
    if (request) return { request, intent: named?.id };
    const flight = named ? undefined : turn?.flight;
    if (!flight) return { intent: (named ?? intentNow())?.id };
    if (turn && !turn.delivered && flight.arrived) delivered(flight);
    const from = turn?.delivered?.id;
    return { ...about(flight), slot: undefined, after: from && [{ event: from, kind: 'await', confidence: 'structural' }] };
  }

  const FLAGS = ['version', 'base', 'from', 'optimistic', 'rollback', 'user', 'merge', 'guard', 'refetch', 'label'];

  /** @param {string} type @param {any} slot @param {any} key @param {any} value @param {any} given */
  function access(type, slot, key, value, given) {
    /** @type {any} */
    const members = { ...reason(given), slot, key, value: kept(value) };
    // A later intent that the response serves now.
    if (given.serves) members.intent = given.serves.id;
    for (const flag of FLAGS) if (given[flag] !== undefined) members[flag] = given[flag];
    if (given.after) members.after = [...(members.after ?? []), ...given.after];
    record(type, members);
    return value;
  }

  /** What was expected, by name. @type {Record<string, { checked: number, held: number, failed: number, holds: boolean | null }>} */
  const expectations = Object.create(null);
  /** What of it the counts that were recorded do not have yet. @type {Map<string, { held: number, failed: number }>} */
  const uncounted = new Map();

  /** Counts a check; recorded when it changes. A condition that throws does not hold. @param {string} given @param {any} condition */
  function expect(given, condition) {
    let holds = false;
    try { holds = Boolean(typeof condition === 'function' ? condition() : condition); } catch { /* it does not hold */ }
    let name = String(given).slice(0, EXPECTATION_LENGTH);
    if (!(name in expectations) && Object.keys(expectations).length >= EXPECTATION_LIMIT) name = 'other expectations';
    const known = expectations[name] ??= { checked: 0, held: 0, failed: 0, holds: null };
    const counts = uncounted.get(name) ?? { held: 0, failed: 0 };
    uncounted.set(name, counts);
    known.checked += 1;
    known[holds ? 'held' : 'failed'] += 1;
    counts[holds ? 'held' : 'failed'] += 1;
    if (holds !== known.holds) record('expect', { name, holds, checked: known.checked, failed: known.failed, intent: turn?.intent?.id });
    known.holds = holds;
    if (endpoint && !timer && !sending) timer = native.setTimeout(send, SEND_EVERY);
    return holds;
  }

  /** The guard threw the response of this turn away. @param {string} guard @param {any} [given] */
  function drop(guard, given = {}) {
    if (turn?.delivered && !given.request) turn.delivered.dropped = guard;
    else record('deliver', { ...reason(given), dropped: guard });
  }

  /** Reports each part of the state that an action replaced. @param {any} store */
  const redux = (store) => (/** @type {any} */ next) => (/** @type {any} */ action) => {
    const [slot, stage] = /^(.*)\/(pending|fulfilled|rejected)$/.exec(String(action?.type ?? ''))?.slice(1) ?? [];
    const id = action?.meta?.requestId;
    safely(() => {
      if (stage === 'pending' && id) thunks.set(id, intent(slot, action.type, { arguments: action.meta.arg }));
      if (stage && id) record(stage === 'pending' ? 'pending' : 'settled', { slot, intent: thunks.get(id)?.id });
    });
    const before = store.getState();
    const result = next(action);
    const after = store.getState();
    safely(() => {
      if (before === after || typeof after !== 'object') return;
      for (const key of Object.keys(after)) {
        if (before?.[key] === after[key]) continue;
        access('write', slot ?? key, key, after[key], { label: action?.type, intent: stage === 'fulfilled' ? thunks.get(id) : undefined });
      }
      if (stage !== 'pending') thunks.delete(id);
    });
    return result;
  };
  /** Intents of Redux thunks by `meta.requestId`. @type {Map<any, any>} */
  const thunks = new Map();

  /** Reports what a React-like setter sets. @param {any} slot @param {any} key @param {(value: any) => any} setState */
  const wrapSetState = (slot, key, setState) => (/** @type {any} */ value) => setState(typeof value === 'function'
    ? (/** @type {any} */ old) => access('write', slot, key, value(old), {})
    : access('write', slot, key, value, {}));

  let frames = 0;
  /** @param {string} type */
  const state = (type) => (/** @type {any} */ slot) => { safely(() => record(type, { slot, intent: turn?.intent?.id })); };
  const api = {
    recorder: RECORDER, process, trace, redux, wrapSetState,
    intent,
    slot: declareSlot,
    write: /** @param {any} value @returns {any} */ (/** @type {any} */ slot, /** @type {any} */ key, value, given = {}) => { safely(() => access('write', slot, key, value, given)); return value; },
    remove: /** @param {any} slot @param {any} key */ (slot, key, given = {}) => { safely(() => access('delete', slot, key, undefined, given)); },
    read: /** @param {any} slot @param {any} key @param {any} value */ (slot, key, value, given = {}) => { safely(() => access('read', slot, key, value, given)); return value; },
    ack: /** @param {any} slot @param {any} key @param {any} version */ (slot, key, version) => { safely(() => access('ack', slot, key, undefined, { version })); },
    /** @param {number | undefined} frame @param {Record<string, any>} shows @param {{ view?: string, marked?: string[] }} [more] */
    render: (frame, shows, more = {}) => { safely(() => record('render', { frame: frame ?? ++frames, shows: { ...shows }, view: more.view, marked: more.marked })); },
    pending: state('pending'), settled: state('settled'), mount: state('mount'), unmount: state('unmount'),
    expect, drop: /** @param {any} guard @param {any} given */ (guard, given) => { safely(() => drop(guard, given)); },
    /** Any event of the format, in this turn. @param {string} type @param {any} members */
    record: (type, members) => { safely(() => record(type, members)); },
    get symptoms() { return structuredClone(expectations); },
    /** What the recorder itself could not do. */
    get state() { return { buffered: buffer.length, dropped, failures, stopped }; },
    lines, download, flush: () => send(),
  };

  // --- standing first in every callback ---------------------------------------------------------------------------------------------

  /** Replaces a function of an object, if it is there. @param {any} object @param {string} name @param {(native: any) => any} wrap */
  function wrap(object, name, wrap) {
    const original = object?.[name];
    if (typeof original !== 'function') return;
    const wrapped = wrap(original);
    Object.defineProperty(wrapped, 'name', { value: name });
    object[name] = wrapped;
  }

  /** The request that a response answers. @type {WeakMap<any, any>} */
  const flights = new WeakMap();

  /** The headers of a call, where it has or needs any. @param {any} input @param {any} init */
  const headersOf = (input, init) => new native.Headers(init?.headers ?? (typeof input === 'object' ? input?.headers : undefined) ?? {});

  wrap(page, 'fetch', (original) => function fetch(/** @type {any} */ input, /** @type {any} */ init) {
    const request = typeof input === 'object' && input !== null && 'url' in input ? input : undefined;
    const begun = safely(() => {
      const headers = headersOf(request, init);
      const { flight, added } = began(String(init?.method ?? request?.method ?? 'GET').toUpperCase(), request?.url ?? input, headers, init?.trueline);
      const adds = added.length > 0 && request?.mode !== 'no-cors' && init?.mode !== 'no-cors';
      if (adds) for (const [name, value] of added) headers.set(name, value);
      const signal = init?.signal ?? request?.signal;
      signal?.addEventListener?.('abort', () => safely(() => canceled(flight)), { once: true });
      return { flight, init: adds ? Object.assign(Object.create(init ?? null), { headers }) : init };
    });
    if (!begun) return original.call(page, input, init);
    const { flight } = begun;
    return original.call(page, input, begun.init).then(
      (/** @type {any} */ response) => {
        safely(() => {
          flights.set(response, flight);
          enter(causeOf(flight), 'microtask');
          arrived(flight, response.status);
          flight.confirms = confirm !== '' && response.headers.has(CONFIRM);
          handledUnlessRead(flight);
        });
        return response;
      },
      (/** @type {any} */ error) => { safely(() => failed(flight, error)); throw error; });
  });

  for (const name of ['json', 'text', 'arrayBuffer', 'blob', 'formData', 'bytes']) {
    wrap(page.Response?.prototype, name, (original) => function (/** @type {any[]} */ ...all) {
      // @ts-ignore the response
      const flight = flights.get(this), promise = original.apply(this, all);
      if (!flight) return promise;
      flight.isRead = true;
      return promise.then(
        (/** @type {any} */ value) => { safely(() => { enter(causeOf(flight), 'microtask'); delivered(flight); handled(flight); }); return value; },
        (/** @type {any} */ error) => { safely(() => failed(flight, error)); throw error; });
    });
  }
  wrap(page.Response?.prototype, 'clone', (original) => function () {
    // @ts-ignore the response
    const copy = original.call(this), flight = flights.get(this);
    if (flight) flights.set(copy, flight);
    return copy;
  });

  for (const [name, inherits] of /** @type {[string, boolean][]} */ ([['setTimeout', true], ['setInterval', false], ['requestAnimationFrame', true], ['requestIdleCallback', true]])) {
    wrap(page, name, (original) => function (/** @type {any} */ callback, /** @type {any[]} */ ...rest) {
      if (typeof callback !== 'function') return original.call(page, callback, ...rest);
      const cause = inherits ? inherited() : null;
      return original.call(page, function (/** @type {any[]} */ ...all) {
        enter(cause);
        // @ts-ignore whatever the timer's callback is called on
        return callback.apply(this, all);
      }, ...rest);
    });
  }

  /** Lets something be the first to see every object of a class. @param {string} name @param {(made: any, args: any[]) => void} see */
  function wrapClass(name, see) {
    const original = page[name];
    if (typeof original !== 'function') return;
    page[name] = new Proxy(original, {
      construct(target, args, newTarget) {
        const made = Reflect.construct(target, args, newTarget === page[name] ? target : newTarget);
        safely(() => see(made, args));
        return made;
      },
    });
  }

  /** What is known of an XMLHttpRequest before it is sent. @type {WeakMap<any, any>} */
  const opened = new WeakMap();
  wrapClass('XMLHttpRequest', (request) => {
    const flight = () => opened.get(request)?.flight;
    request.addEventListener('readystatechange', () => safely(() => {
      if (request.readyState !== 4 || request.status === 0 || !flight()) return;
      if (opened.get(request).isAsync) enter(causeOf(flight()));
      arrived(flight(), request.status);
      delivered(flight());
      flight().confirms = confirm !== '' && request.getResponseHeader(CONFIRM) !== null;
      handled(flight());
    }));
    request.addEventListener('abort', () => safely(() => flight() && canceled(flight())));
    for (const type of ['error', 'timeout']) {
      request.addEventListener(type, () => safely(() => flight() && failed(flight(), { name: type === 'error' ? 'NetworkError' : 'TimeoutError' })));
    }
  });
  const requests = page.XMLHttpRequest?.prototype;
  wrap(requests, 'open', (original) => function (/** @type {any} */ method, /** @type {any} */ url, /** @type {any} */ isAsync = true, /** @type {any[]} */ ...rest) {
    // @ts-ignore the request
    opened.set(this, { method: String(method).toUpperCase(), url, isAsync, headers: safely(() => new native.Headers()) });
    // @ts-ignore the request
    return original.call(this, method, url, isAsync, ...rest);
  });
  wrap(requests, 'setRequestHeader', (original) => function (/** @type {any} */ name, /** @type {any} */ value) {
    // @ts-ignore the request
    const self = this;
    safely(() => opened.get(self)?.headers.append(name, value));
    return original.call(self, name, value);
  });
  wrap(requests, 'send', (original) => function (/** @type {any} */ body) {
    // @ts-ignore the request
    const self = this, known = opened.get(self);
    safely(() => {
      const begun = began(known.method, known.url, known.headers);
      known.flight = begun.flight;
      for (const [name, value] of begun.added) self.setRequestHeader(name, value);
    });
    return original.call(self, body);
  });

  /** A message of a stream begins a turn of its own. @param {string} stream @param {any} event */
  function signaled(stream, event) {
    enter({});
    const position = /^\d{1,15}$/.test(event.lastEventId ?? '') ? Number(event.lastEventId) : undefined;
    record('signal', { stream, position, label: event.type, id: identifier() }, 'macrotask');
  }
  wrapClass('EventSource', (source, [address]) => {
    const stream = scrubbedURL(address).text, seen = new Set(), counts = new Map(), listen = source.addEventListener;
    const hear = (/** @type {string} */ type) => {
      if (seen.has(type) || type === 'open' || type === 'error') return;
      seen.add(type);
      listen.call(source, type, (/** @type {any} */ event) => safely(() => { signaled(stream, event); handledMessage(source.url, counts, type); }));
    };
    hear('message');
    // A new connection counts anew.
    listen.call(source, 'open', () => counts.clear());
    source.addEventListener = (/** @type {any} */ type, /** @type {any[]} */ ...rest) => { hear(String(type)); return listen.call(source, type, ...rest); };
  });
  wrapClass('WebSocket', (socket, [address]) => {
    const stream = scrubbedURL(address).text, counts = new Map();
    socket.addEventListener('message', (/** @type {any} */ event) => safely(() => { signaled(stream, event); handledMessage(socket.url, counts, 'message'); }));
    wrap(socket, 'send', (original) => function (/** @type {any} */ data) {
      safely(() => record('note', { label: `sent on ${stream}`, intent: intentNow()?.id }));
      return original.call(socket, data);
    });
  });

  // A framework's scheduler runs in messages of its own, which are turns of nobody's response.
  const ports = page.MessagePort?.prototype, handler = ports && Object.getOwnPropertyDescriptor(ports, 'onmessage');
  if (handler?.set) {
    const assign = handler.set;
    Object.defineProperty(ports, 'onmessage', {
      ...handler,
      /** @param {any} callback */
      set(callback) {
        assign.call(this, typeof callback !== 'function' ? callback : function (/** @type {any} */ event) {
          enter(null);
          // @ts-ignore the port
          return callback.call(this, event);
        });
      },
    });
  }

  /** Names what a person touched, never what they typed. @param {any} event */
  function describe(event) {
    const target = event.target?.closest?.('button, a, input, select, textarea, form, [role], [id]') ?? event.target;
    const name = target?.id ? `#${target.id}` : target?.getAttribute?.('name') ?? target?.getAttribute?.('aria-label') ?? '';
    const key = event.key?.length > 1 ? ` ${event.key}` : '';
    return `${event.type}${key} ${target?.localName ?? ''}${name.startsWith('#') ? name : name && ` ${name.slice(0, 60)}`}`;
  }

  /** What follows from a click in the same turn. */
  const FOLLOWS = new Set(['submit', 'change', 'input']);
  for (const type of ['click', 'keydown', 'pointerdown', 'paste', 'drop', ...FOLLOWS]) {
    page.addEventListener?.(type, (/** @type {any} */ event) => {
      if (!event.isTrusted || (turn && FOLLOWS.has(type) && (turn.input || turn.phase === 'stack'))) return;
      safely(() => enter({ input: describe(event) }));
    }, { capture: true, passive: true });
    // The browser empties the microtasks after every listener; the turn counts as on its stack until the last has been called.
    page.addEventListener?.(type, () => { if (turn?.input) turn.phase = 'microtask'; }, { passive: true });
  }

  // --- handing the trace over -------------------------------------------------------------------------------------------------------

  /** Every check is counted, only changes are recorded: the counts since the last of these notes. */
  function countExpectations() {
    if (uncounted.size === 0) return;
    safely(() => record('note', { label: 'expectations checked', expectations: [...uncounted].map(([name, counts]) => ({ name, ...counts })) }));
    uncounted.clear();
  }

  /** All that is buffered, as a file. */
  function lines() {
    learnCookies();
    countExpectations();
    return header() + declarations.map(line).join('') + dropNote() + buffer.map(line).join('');
  }

  /** Saves the trace as a file. */
  function download(name = `${trace}.trace.jsonl`) {
    const link = page.document.createElement('a');
    link.href = page.URL.createObjectURL(new page.Blob([lines()], { type: 'application/x-ndjson' }));
    link.download = name;
    link.click();
    native.setTimeout(() => page.URL.revokeObjectURL(link.href), 60_000);
  }

  /** @type {any} */
  let timer = 0;
  let sending = false;
  let part = 0;
  /** Why nothing is sent any more. */
  let stopped = '';

  /** The next part of the trace, taken from the buffer; parts are put together by their number. */
  function takePart() {
    learnCookies();
    countExpectations();
    part += 1;
    let text = header(part);
    while (declared < declarations.length) text += line(declarations[declared++]);
    text += dropNote();
    dropped = 0;
    let count = 0;
    while (count < buffer.length) {
      const next = line(buffer[count]);
      if (count > 0 && text.length + next.length > PART_LIMIT) break;
      text += next;
      bytes -= sizeOf(buffer[count]);
      count += 1;
    }
    buffer.splice(0, count);
    return { text, count };
  }

  async function send() {
    timer = 0;
    while (endpoint && !sending && !stopped && (buffer.length > 0 || uncounted.size > 0)) {
      sending = true;
      const { text, count } = takePart();
      if (!await post(text)) dropped += count;
      sending = false;
    }
  }

  /** Sends one part, again if that fails: its number says that it is the same. @param {string} text @returns {Promise<boolean>} */
  async function post(text) {
    for (let attempt = 0; attempt < RETRIES; attempt += 1) {
      if (attempt > 0) await new Promise((done) => native.setTimeout(done, 500 * 2 ** attempt));
      try {
        // `text/plain`, because other kinds would ask the server's permission first on every part.
        const reply = await native.fetch.call(page, endpoint, {
          method: 'POST', body: text, headers: { 'content-type': 'text/plain;charset=utf-8' }, keepalive: attempt === 0 && text.length < PART_LIMIT / 2, credentials: 'omit',
        });
        if (reply.ok) return true;
        if (reply.status < 500 && reply.status !== 429) { stopped = `the server answered ${reply.status}`; return false; }
      } catch { /* the network: again */ }
    }
    return false;
  }

  /** The page goes away: what is left leaves with it. */
  function leave() {
    while (endpoint && !stopped && (buffer.length > 0 || uncounted.size > 0)) {
      const { text, count } = takePart();
      if (page.navigator?.sendBeacon?.(endpoint, new page.Blob([text], { type: 'text/plain;charset=utf-8' }))) continue;
      dropped += count;
      return;
    }
  }
  page.addEventListener?.('pagehide', leave);
  page.document?.addEventListener?.('visibilitychange', () => { if (page.document.visibilityState === 'hidden') leave(); });

  safely(() => Object.defineProperty(page, NAME, { value: Object.freeze(api), configurable: true, enumerable: true }));
})();
