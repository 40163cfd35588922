// What the pages share: what is under way, for whoever waits until a page is quiet.

export const guarded = new URLSearchParams(location.search).has('guard');
export const element = (id) => document.getElementById(id);

let pending = 0;
let done = 0;
function count(more) {
  pending += more;
  if (more < 0) done += 1;
  document.body.dataset.pending = String(pending);
  document.body.dataset.done = String(done);
}
count(0);

/** A request whose answer is handled before the page counts as quiet. */
export async function ask(address, options, handle) {
  count(1);
  try {
    const response = await fetch(address, options);
    handle(await response.json());
  } finally {
    count(-1);
  }
}
