// OpenHands/OpenHands#16913: older messages of the conversation that was left are put into the one that is open.
import { ask, element, guarded } from './common.js';

document.querySelector('main').innerHTML = '<button id="older">Older</button> <button id="leave">Conversation B</button> <ul id="messages"></ul>';
let open = 'a';
function add(messages) {
  for (const message of messages) element('messages').appendChild(document.createElement('li')).textContent = message;
}
element('older').addEventListener('click', () => {
  const of = open;
  ask(`/api/messages?conversation=${of}&older=1`, {}, (reply) => {
    if (guarded && of !== open) return;
    add(reply.messages);
  });
});
element('leave').addEventListener('click', () => {
  open = 'b';
  element('messages').replaceChildren();
  ask(`/api/messages?conversation=${open}`, {}, (reply) => add(reply.messages));
});
