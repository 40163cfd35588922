// A chat server that answers every question at once, in one write: what is measured beside it is the client's own cost.
//     node Benchmarks/http/instant_provider.mjs [PORT]
import { createServer } from 'node:http';

const chunk = (/** @type {object} */ value) => `data: ${JSON.stringify({ id: 'chatcmpl-instant', object: 'chat.completion.chunk', created: 0, model: 'instant', ...value })}\n\n`;
const reply = Buffer.from(
  chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: 'Answer' }, finish_reason: null }] }) +
  chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }) +
  chunk({ choices: [], usage: { prompt_tokens: 20, completion_tokens: 2, total_tokens: 22 } }) + 'data: [DONE]\n\n');
const head = { 'content-type': 'text/event-stream', 'content-length': reply.length };

const server = createServer({ keepAlive: true }, (request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(200, head).end(reply));
});
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => console.log(`ready http://127.0.0.1:${server.address().port}/v1`));
