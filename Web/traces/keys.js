// @ts-check
// The keyboard, in one table: what a key does, and what the help says.

/** @type {[string[], string][]} */
export const KEYS = [
  [['\u2191', '\u2193'], 'event before, event after (causal order)'],
  [['\u2190', '\u2192'], 'to a cause, to an effect'],
  [['PgUp', 'PgDn', 'Home', 'End'], 'twenty back, twenty on, first, last'],
  [['d', 'D'], 'to the first divergence, then to the next one; to the one before'],
  [['/'], 'search; Enter and Shift+Enter go through what was found'],
  [['n', 'N'], 'next match, match before'],
  [[',', '.'], 'move the instant whose state is shown'],
  [['+', '-', '0'], 'zoom in, zoom out, everything'],
  [['f'], 'show the selected event with its causes and effects'],
  [['Shift+arrows'], 'move the view'],
  [['a'], 'change the axis'],
  [['Esc'], 'select nothing'],
];

/** @type {{ [key: string]: string }} */
const PLAIN = {
  ArrowDown: 'next', ArrowUp: 'previous', ArrowLeft: 'cause', ArrowRight: 'effect', PageDown: 'pageDown', PageUp: 'pageUp', Home: 'first', End: 'last',
  '+': 'zoomIn', '=': 'zoomIn', '-': 'zoomOut', '0': 'fit', f: 'frame', d: 'divergence', D: 'previousDivergence', '/': 'search', n: 'nextMatch', N: 'previousMatch', ',': 'scrubBack', '.': 'scrubOn',
  a: 'axis', '?': 'help', Escape: 'clear',
};

/** @type {{ [key: string]: string }} */
const SHIFTED = { ArrowLeft: 'panLeft', ArrowRight: 'panRight', ArrowUp: 'panUp', ArrowDown: 'panDown' };

/** @param {{ key: string, shiftKey: boolean, ctrlKey: boolean, metaKey: boolean, altKey: boolean }} event @returns {string} the action, or '' */
export function keyAction(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return '';
  return (event.shiftKey ? SHIFTED[event.key] : undefined) ?? PLAIN[event.key] ?? '';
}
