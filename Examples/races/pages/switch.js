// vercel/swr#425: a switch that is flipped twice shows the first flip last.
import { ask, element, guarded } from './common.js';

document.querySelector('main').innerHTML = '<button id="flip" role="switch" aria-checked="false">Notify me</button>';
let latest = 0;
let wanted = false;
element('flip').addEventListener('click', () => {
  wanted = !wanted;
  const flip = ++latest;
  element('flip').setAttribute('aria-checked', String(wanted));
  ask('/api/switch', { method: 'POST', body: JSON.stringify({ on: wanted }) }, (reply) => {
    if (guarded && flip !== latest) return;
    element('flip').setAttribute('aria-checked', String(reply.on));
  });
});
