// ToolJet/ToolJet#16422: the run of a query that was started first fills the widget.
import { ask, element, guarded } from './common.js';

document.querySelector('main').innerHTML = '<button id="run">Run</button> <p id="rows">-</p>';
let latest = 0;
element('run').addEventListener('click', () => {
  const run = ++latest;
  ask('/api/run', { method: 'POST' }, (reply) => {
    if (guarded && run !== latest) return;
    element('rows').textContent = `run ${reply.run}`;
  });
});
