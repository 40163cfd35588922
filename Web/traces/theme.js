// @ts-check
// The page's colours for the canvas, read from the style sheet, so that there is one place for them.

/** @typedef {{ page: string, surface: string, sunken: string, line: string, strong: string, text: string, muted: string, faint: string, accent: string, accentSoft: string,
 *    good: string, warn: string, bad: string, badSoft: string, violet: string, selected: string, font: string, mono: string }} Theme */

/** @param {Element} element @returns {Theme} */
export function readTheme(element) {
  const style = getComputedStyle(element);
  const value = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  return {
    page: value('page'), surface: value('surface'), sunken: value('sunken'), line: value('line'), strong: value('line-strong'), text: value('text'),
    muted: value('muted'), faint: value('faint'), accent: value('accent'), accentSoft: value('accent-soft'), good: value('good'), warn: value('warn'),
    bad: value('bad'), badSoft: value('bad-soft'), violet: value('violet'), selected: value('selected'), font: value('font'), mono: value('mono'),
  };
}

/** The colour and the shape of each kind of event. Never told by colour alone.
 * @type {{ [kind: string]: { colour: keyof Theme, shape: 'disc' | 'ring' | 'square' | 'diamond' | 'right' | 'left' | 'cross' | 'frame' | 'tick' | 'up', name: string } }} */
export const MARKS = {
  intent: { colour: 'violet', shape: 'disc', name: 'intent' },
  start: { colour: 'accent', shape: 'right', name: 'request starts' },
  cancel: { colour: 'warn', shape: 'cross', name: 'request given up' },
  arrive: { colour: 'accent', shape: 'left', name: 'response arrives' },
  deliver: { colour: 'accent', shape: 'diamond', name: 'response handled' },
  read: { colour: 'muted', shape: 'ring', name: 'read' },
  write: { colour: 'good', shape: 'square', name: 'write' },
  delete: { colour: 'good', shape: 'cross', name: 'delete' },
  ack: { colour: 'good', shape: 'ring', name: 'acknowledged' },
  commit: { colour: 'good', shape: 'up', name: 'commit' },
  abort: { colour: 'warn', shape: 'cross', name: 'abort' },
  emit: { colour: 'muted', shape: 'up', name: 'stream event sent' },
  signal: { colour: 'muted', shape: 'diamond', name: 'stream event received' },
  render: { colour: 'muted', shape: 'frame', name: 'frame painted' },
  mount: { colour: 'faint', shape: 'tick', name: 'appears' },
  unmount: { colour: 'faint', shape: 'tick', name: 'disappears' },
  pending: { colour: 'warn', shape: 'ring', name: 'waiting' },
  settled: { colour: 'faint', shape: 'ring', name: 'no longer waiting' },
  expect: { colour: 'warn', shape: 'diamond', name: 'expectation' },
  error: { colour: 'bad', shape: 'cross', name: 'error' },
  note: { colour: 'faint', shape: 'tick', name: 'note' },
  process: { colour: 'faint', shape: 'tick', name: 'process' },
  slot: { colour: 'faint', shape: 'tick', name: 'slot' },
};

/** Draws a mark. Paths of many marks of one colour can be filled at once by the caller.
 * @param {CanvasRenderingContext2D} c @param {string} shape @param {number} x @param {number} y @param {number} size half of it */
export function drawMark(c, shape, x, y, size) {
  c.beginPath();
  switch (shape) {
    case 'disc': c.arc(x, y, size, 0, 7); c.fill(); break;
    case 'ring': c.arc(x, y, size - 0.8, 0, 7); c.stroke(); break;
    case 'square': c.rect(x - size + 0.5, y - size + 0.5, size * 2 - 1, size * 2 - 1); c.fill(); break;
    case 'diamond': c.moveTo(x, y - size - 1); c.lineTo(x + size + 1, y); c.lineTo(x, y + size + 1); c.lineTo(x - size - 1, y); c.fill(); break;
    case 'right': c.moveTo(x - 1, y - size); c.lineTo(x + size, y); c.lineTo(x - 1, y + size); c.fill(); break;
    case 'left': c.moveTo(x + 1, y - size); c.lineTo(x - size, y); c.lineTo(x + 1, y + size); c.fill(); break;
    case 'up': c.moveTo(x - size, y + size - 1); c.lineTo(x, y - size); c.lineTo(x + size, y + size - 1); c.fill(); break;
    case 'cross': c.moveTo(x - size + 1, y - size + 1); c.lineTo(x + size - 1, y + size - 1); c.moveTo(x + size - 1, y - size + 1); c.lineTo(x - size + 1, y + size - 1); c.stroke(); break;
    case 'frame': c.rect(x - 1.5, y - size - 3, 3, size * 2 + 6); c.fill(); break;
    default: c.rect(x - 0.75, y - size, 1.5, size * 2); c.fill();
  }
}
