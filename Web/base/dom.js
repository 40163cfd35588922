// @ts-check
// Making elements. Text only ever becomes a text node: there is no way from here to markup.

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * Makes an element. Properties: `class`, `on` (listeners by event), `data` (data attributes), a known DOM property, or an attribute.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name === 'class') element.className = value;
    else if (name === 'on') for (const [event, listener] of Object.entries(value)) element.addEventListener(event, /** @type {EventListener} */ (listener));
    else if (name === 'data') Object.assign(element.dataset, value);
    else if (name.includes('-') || name === 'role' || name === 'for' || name === 'list' || name === 'popover') element.setAttribute(name, String(value));
    else /** @type {any} */ (element)[name] = value;
  }
  element.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false).map((c) => (typeof c === 'number' ? String(c) : /** @type {Node | string} */ (c))));
  return element;
}

/** The element with this id of the page's own markup.
 * @template {HTMLElement} [E=HTMLElement]
 * @param {string} id
 * @returns {E} */
export function byID(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no element "${id}"`);
  return /** @type {E} */ (element);
}

/** Writes an attribute only when it changes.
 * @param {Element} element @param {string} name @param {string | null} value */
export function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Replaces text only when it changes.
 * @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Calls `work` once, `wait` ms after the last call.
 * @template {any[]} A
 * @param {(...a: A) => void} work @param {number} wait
 * @returns {(...a: A) => void} */
export function debounced(work, wait) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return (...a) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...a), wait);
  };
}
