// reduxjs/redux-toolkit#1512: the answer to a poll that began before an edit takes the edit back.
import { ask, element, guarded } from './common.js';

document.querySelector('main').innerHTML = '<button id="poll">Poll</button> <label>Limit <input id="limit" value="10"></label>';
let edits = 0;
element('poll').addEventListener('click', () => {
  const before = edits;
  ask('/api/settings', {}, (reply) => {
    if (guarded && before !== edits) return;
    element('limit').value = reply.limit;
  });
});
element('limit').addEventListener('change', () => {
  edits += 1;
  ask('/api/limit', { method: 'PUT', body: JSON.stringify({ limit: element('limit').value }) }, () => {});
});
