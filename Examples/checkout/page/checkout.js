import { Cart } from './cart.js';
import { Guards } from './trueline-guards.js';

const recorder = globalThis.trueline;
const element = (id) => document.getElementById(id);
const euros = (cents) => (cents === null ? '-' : `${(cents / 100).toFixed(2)} €`);

async function ask(service, asked, options) {
  const response = await fetch(`/api/${service}?${new URLSearchParams(asked)}`, options);
  return response.json();
}

let painting = false;
function paint() {
  if (painting) return;
  painting = true;
  requestAnimationFrame(() => {
    painting = false;
    element('quantity').textContent = String(cart.quantity);
    element('code').textContent = cart.code || '-';
    element('total').textContent = euros(cart.total);
    document.body.dataset.pending = String(cart.pending);
    document.body.dataset.cart = String(cart.version);
    document.body.dataset.total = String(cart.total);
    if (cart.total !== null) recorder?.render(undefined, { total: cart.shown }, { view: 'checkout', marked: cart.pending > 0 ? ['total'] : [] });
  });
}

const cart = new Cart(ask, paint, new URLSearchParams(location.search).get('guard') ?? 'none', recorder, new Guards());
recorder?.mount('total');
element('add').addEventListener('click', () => cart.addItem());
element('change').addEventListener('click', () => cart.changeQuantity(Number(element('wanted').value)));
element('apply').addEventListener('click', () => cart.applyCode(element('coupon').value));
paint();
