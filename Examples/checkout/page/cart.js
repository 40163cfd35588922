// The cart: what the person asked for, and the total that the shop's services answered. Without a guard it is written as most such pages
// are: whatever response comes is shown. Each guard is the few lines that name it; `?guard=` selects one.

/** What a person must never see broken, and no line of an error log tells. */
export const EXPECTATION = 'once it is quiet, the total is that of the cart';

export class Cart {
  quantity = 0;
  code = '';
  /** Counts the changes of the cart: the identity of what is asked about. */
  version = 0;
  /** @type {number | null} */
  total = null;
  /** The version of the cart whose total is shown. */
  shown = 0;
  pending = 0;
  #controller = new AbortController();
  #previous = Promise.resolve();

  /**
   * @param {(service: string, asked: { quantity: number, code: string, cart: number }, options: any) => Promise<any>} ask
   * @param {() => void} changed paints
   * @param {string} guard none, G1, G2, G3, G4, G5, G9 or latest
   * @param {any} recorder `window.trueline`, where the page is recorded
   * @param {import('../../../Web/trueline-guards.js').Guards} [guards] for latest
   */
  constructor(ask, changed, guard, recorder, guards) {
    this.ask = ask;
    this.changed = changed;
    this.guard = guard;
    this.recorder = recorder;
    this.guards = guards;
  }

  addItem() { return this.#change('Add item', 'price', () => { this.quantity += 1; }); }

  /** @param {number} quantity */
  changeQuantity(quantity) { return this.#change('Change quantity', 'price', () => { this.quantity = quantity; }); }

  /** @param {string} code */
  applyCode(code) { return this.#change('Apply code', 'discount', () => { this.code = code; }); }

  /** Changes the cart and asks what it costs now. Answers false when the change was not taken. */
  async #change(label, service, change) {
    if (this.guard === 'G5' && this.pending > 0) return false;
    change();
    this.version += 1;
    const asked = { quantity: this.quantity, code: this.code, cart: this.version };
    const intent = this.recorder?.intent('total', label, { arguments: asked, policy: 'latest' });
    this.recorder?.write('cart', 'cart', asked, { user: true });
    this.#waits(1);
    const previous = this.#previous;
    const done = this.#price(service, asked, intent, previous).finally(() => this.#waits(-1));
    this.#previous = done.catch(() => {});
    await done;
    return true;
  }

  async #price(service, asked, intent, previous) {
    if (this.guard === 'latest') {
      await this.guards.latest('total', (signal) => this.ask(service, asked, { signal, trueline: intent }), (reply) => this.#show(reply, intent));
      return;
    }
    if (this.guard === 'G1') {
      this.#controller.abort();
      this.#controller = new AbortController();
    }
    if (this.guard === 'G4') await previous;
    let reply;
    try {
      reply = await this.ask(service, asked, { signal: this.#controller.signal, trueline: intent });
    } catch (error) {
      if (error.name === 'AbortError') return;
      throw error;
    }
    if (this.guard === 'G9') await previous;
    if (this.guard === 'G2' && !(reply.about.quantity === this.quantity && reply.about.code === this.code)) {
      this.recorder?.drop('G2');
      return;
    }
    if (this.guard === 'G3' && reply.cart <= this.shown) {
      this.recorder?.drop('G3');
      return;
    }
    this.#show(reply, intent);
  }

  #show(reply, intent) {
    this.total = reply.total;
    this.shown = reply.cart;
    const guard = this.guard === 'none' ? undefined : this.guard === 'latest' ? 'G2' : this.guard;
    this.recorder?.write('total', 'total', reply.total, { intent, version: reply.cart, guard });
  }

  #waits(more) {
    this.pending += more;
    if (this.pending === 1 && more === 1) this.recorder?.pending('total');
    if (this.pending === 0) {
      this.recorder?.settled('total');
      this.recorder?.expect(EXPECTATION, this.shown === this.version);
    }
    this.changed();
  }
}
