// The incident at its scale: many people, each shopping once, over the page's own cart (page/cart.js) in virtual time.
//
//     node Examples/checkout/simulate.mjs [--sessions 100000] [--seed 7] [--guard none] [--latency production]
//
// Without --guard and --latency: every combination, as a table. The model is latency.json and README.md.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Guards } from '../../Web/trueline-guards.js';
import { Cart } from './page/cart.js';

const MODEL = JSON.parse(readFileSync(new URL('latency.json', import.meta.url), 'utf8'));
const GUARDS = ['none', 'G1', 'G2', 'G3', 'G4', 'G5', 'G9', 'latest'];

/** mulberry32: numbers in [0, 1) from a seed. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

const lognormal = (random, { median, sigma }) =>
  median * Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));

/** What happens when, without waiting for it. */
class VirtualTime {
  now = 0;
  #due = [];

  after(delay, deed) {
    this.#due.push({ at: this.now + delay, deed });
  }

  /** Runs everything that is due, in order of time; each with the microtasks that it queues. */
  async run() {
    while (this.#due.length > 0) {
      const first = this.#due.reduce((best, entry, index) => (entry.at < this.#due[best].at ? index : best), 0);
      const [{ at, deed }] = this.#due.splice(first, 1);
      this.now = at;
      deed();
      await new Promise((done) => setImmediate(done));
    }
  }
}

/** One service's answer: correct for the cart that was asked about, after a latency. */
function services(time, random, profile) {
  return (service, asked, { signal }) => new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')), { once: true });
    time.after(lognormal(random, profile[service]), () => resolve({ about: asked, cart: asked.cart, total: total(asked) }));
  });
}

const total = ({ quantity, code }) => 1_200 * quantity * (code ? 0.9 : 1);

/** One person: adds an item, changes the quantity, applies the code, and orders when it is quiet. */
async function session(random, profile, guard) {
  const time = new VirtualTime();
  const cart = new Cart(services(time, random, profile), () => {}, guard, undefined, new Guards());
  const leaves = random() < MODEL.leaves;
  const steps = [() => cart.addItem(), () => cart.changeQuantity(3), () => cart.applyCode('SPRING10')];
  const pauses = steps.map(() => lognormal(random, MODEL.think));
  let took = 0;
  const step = (index) => {
    if (index === steps.length) return;
    const next = () => time.after(pauses[index], () => step(index + 1));
    if (guard === 'G5' && cart.pending > 0) return time.after(100, () => step(index)); // the button is there again when it is quiet
    const asked = time.now;
    steps[index]().then(() => { if (index === steps.length - 1) took = time.now - asked; });
    next();
  };
  step(0);
  await time.run();
  return { succeeds: !leaves && cart.total === total({ quantity: 3, code: 'SPRING10' }), took };
}

/** The share of sessions that succeed, and how long the last total took. */
export async function simulate({ sessions, seed, guard, latency }) {
  const random = generator(seed);
  let succeeded = 0, errors = 0;
  const waits = [];
  for (let i = 0; i < sessions; i += 1) {
    try {
      const { succeeds, took } = await session(random, MODEL[latency], guard);
      if (succeeds) succeeded += 1;
      waits.push(took);
    } catch { errors += 1; }
  }
  waits.sort((a, b) => a - b);
  return { guard, latency, sessions, seed, success: succeeded / sessions, errors, medianWait: Math.round(waits[waits.length >> 1] ?? 0) };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { values } = parseArgs({ options: {
    sessions: { type: 'string', default: '20000' }, seed: { type: 'string', default: '7' }, guard: { type: 'string' }, latency: { type: 'string' },
  } });
  for (const latency of values.latency ? [values.latency] : ['calm', 'production']) {
    for (const guard of values.guard ? [values.guard] : GUARDS) {
      const found = await simulate({ sessions: Number(values.sessions), seed: Number(values.seed), guard, latency });
      console.log(`${latency.padEnd(10)} ${guard.padEnd(4)} success ${(found.success * 100).toFixed(1)} %  errors ${found.errors}  median wait for the total ${found.medianWait} ms`);
    }
  }
}
