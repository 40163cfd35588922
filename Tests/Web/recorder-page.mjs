// A page of fakes in which trueline-recorder.js runs: every callback that a browser would make is made by hand.
import { readFileSync } from 'node:fs';
import vm from 'node:vm';

const SOURCE = readFileSync(new URL('../../Web/trueline-recorder.js', import.meta.url), 'utf8');

/** Lets all microtasks run, and nothing else of the page. */
export const microtasks = () => new Promise((done) => setImmediate(done));

class FakeRequest extends EventTarget {
  readyState = 0; status = 0; sent = {};
  open(method, url) { this.url = url; this.readyState = 1; }
  setRequestHeader(name, value) { this.sent[name] = value; }
  getResponseHeader(name) { return this.answers?.[name] ?? null; }
  send() { FakeRequest.last = this; }
  abort() { this.dispatchEvent(new Event('abort')); }
  /** The response comes. */
  answer(status) { this.status = status; this.readyState = 4; this.dispatchEvent(new Event('readystatechange')); this.dispatchEvent(new Event('load')); }
}

class FakeSource extends EventTarget {
  constructor(url) { super(); this.url = url; FakeSource.last = this; }
  emit(type, id) { this.dispatchEvent(Object.assign(new Event(type), { lastEventId: id })); }
}

/** A page with the recorder in it. `requests` are the fetches under way: answer them in any order. */
export function pageWithRecorder(options = {}, { cookie = '' } = {}) {
  const requests = [], timers = [], posts = [], messages = [];
  const window = new EventTarget();
  let clock = 0;
  class Port { set onmessage(deed) { this.deed = deed; } get onmessage() { return this.deed; } postMessage(data) { messages.push(() => this.other.deed?.call(this.other, { data })); } }
  const page = {
    truelineRecorderOptions: { values: 'keep', process: 'p', trace: 't', ...options },
    performance: { now: () => (clock += 0.5), timeOrigin: 1_000 },
    crypto: { getRandomValues: (array) => { for (let i = 0; i < array.length; i += 1) array[i] = (i * 37 + requests.length * 11 + 5) & 0xff; return array; } },
    location: { origin: 'https://shop.example', host: 'shop.example', pathname: '/cart' },
    document: { baseURI: 'https://shop.example/cart', cookie, addEventListener() {}, visibilityState: 'visible' },
    MessageChannel: class { constructor() { this.port1 = new Port(); this.port2 = new Port(); this.port1.other = this.port2; this.port2.other = this.port1; } },
    MessagePort: Port, XMLHttpRequest: FakeRequest, EventSource: FakeSource, Headers, Response: class extends Response {}, URL, TextEncoder, Blob, URLSearchParams,
    navigator: { sendBeacon: (url, blob) => { posts.push({ url, blob }); return true; } },
    structuredClone, queueMicrotask, AbortController,
    setTimeout: (deed) => timers.push(deed),
    requestAnimationFrame: (deed) => timers.push(deed),
    addEventListener: window.addEventListener.bind(window),
    fetch: (url, init) => new Promise((resolve, reject) => {
      if (/^\/(traces|__trueline\/taken)/.test(String(url))) { posts.push({ url, body: init.body }); resolve({ ok: page.accepts ?? true, status: 400 }); return; }
      init?.signal?.addEventListener('abort', () => reject(Object.assign(new Error(), { name: 'AbortError' })));
      requests.push({ url, init, answer: (body, status = 200, headers = {}) => resolve(new page.Response(JSON.stringify(body), { status, headers })), fail: reject });
    }),
  };
  page.globalThis = page;
  vm.runInContext(SOURCE, vm.createContext(page));
  const recorder = page[options.name ?? 'trueline'];
  return {
    page, recorder, requests, timers, posts, FakeRequest, FakeSource,
    /** A person does something: the browser calls every listener, then the rest of the turn. */
    async input(type, deed, target = { localName: 'button', id: 'add', closest() { return this; } }) {
      const event = new Event(type);
      Object.defineProperties(event, { isTrusted: { value: true }, target: { value: target } });
      // The page's own listener stands between the recorder's first and last.
      page.addEventListener(type, deed, { once: true });
      window.dispatchEvent(event);
      await microtasks();
      page.endTurn();
    },
    /** The messages that were posted come in. */
    endTurn: page.endTurn = () => { for (const deliver of messages.splice(0)) deliver(); },
    events: () => recorder.lines().trim().split('\n').map((line) => JSON.parse(line)),
    of: (type) => recorder.lines().trim().split('\n').map((line) => JSON.parse(line)).filter((event) => event.type === type),
  };
}
