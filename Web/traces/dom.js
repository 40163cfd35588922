// @ts-check
// Elements from values. Text is only ever a text node: nothing of a trace is read as HTML.

/** @param {string} tag @param {{ [name: string]: string | boolean | (() => void) | undefined }} [attributes] @param {...(Node | string | null | undefined)} children
 * @returns {HTMLElement} */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, '');
    else if (typeof value === 'string') made.setAttribute(name, value);
  }
  for (const child of children) if (child !== null && child !== undefined) made.append(child);
  return made;
}

/** @template {HTMLElement} [T=HTMLElement] @param {string} id @returns {T} */
export function byID(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element #${id}`);
  return /** @type {T} */ (found);
}

/** Lets the browser paint and react. @returns {Promise<void>} */
export function pause() {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => { channel.port1.close(); resolve(); };
    channel.port2.postMessage(0);
  });
}
