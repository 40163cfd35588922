// magento/magento2#40529: shipping methods of the postcode before.
import { ask, element, guarded } from './common.js';

document.querySelector('main').innerHTML = '<label>Postcode <input id="postcode"></label> <p id="methods">-</p>';
element('postcode').addEventListener('change', () => {
  const postcode = element('postcode').value;
  ask(`/api/methods?postcode=${encodeURIComponent(postcode)}`, {}, (reply) => {
    if (guarded && element('postcode').value !== reply.postcode) return;
    element('methods').textContent = reply.methods;
  });
});
