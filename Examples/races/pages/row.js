// baserow/baserow#1601: what was typed into a new row is gone when the server's answer about the row comes.
import { ask, element, guarded } from './common.js';

document.querySelector('main').innerHTML = '<button id="add">Add a row</button> <label>Note <input id="note"></label>';
let typed = false;
element('note').addEventListener('input', () => { typed = true; });
element('add').addEventListener('click', () => ask('/api/rows', { method: 'POST' }, (reply) => {
  if (guarded && typed) return;
  element('note').value = reply.note;
}));
