// @ts-check
// Icons drawn for this page on a 16 x 16 grid, stroked in the current colour.

const paths = {
  check: 'M3 8.5l3.2 3L13 4.5',
  chevronDown: 'M4 6l4 4 4-4',
  chevronLeft: 'M10 3.5L5.5 8l4.5 4.5',
  chevronRight: 'M6 3.5L10.5 8 6 12.5',
  close: 'M4 4l8 8M12 4l-8 8',
  plus: 'M8 3v10M3 8h10',
  filter: 'M2 4h12M4.5 8h7M6.5 12h3',
  sort: 'M5 3v10M5 13l-2.5-2.5M5 13l2.5-2.5M11 13V3M11 3L8.5 5.5M11 3l2.5 2.5',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.6 10.6L14 14',
  upload: 'M8 10.5V2.5M8 2.5L5 5.5M8 2.5l3 3M2.5 10.5v3h11v-3',
  download: 'M8 2.5v8M8 10.5l-3-3M8 10.5l3-3M2.5 10.5v3h11v-3',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1',
  moon: 'M13.5 9.6A6 6 0 0 1 6.4 2.5a6 6 0 1 0 7.1 7.1z',
  spark: 'M8 1.5l1.5 5 5 1.5-5 1.5L8 14.5l-1.5-5-5-1.5 5-1.5z',
  row: 'M2 3.5h12v3.500h-12zM2 7v5.500h12V7',
  addRow: 'M2 2.500h12v4h-12zM8 9.500v5M5.5 12h5',
  column: 'M2.5 2h4v12h-4zM9.5 8h5M12 5.500v5',
  goTo: 'M2.5 3h11M2.5 6.500h5M2.5 10h3.500M9.5 5.500v7.500M9.5 13l-2.3-2.300M9.5 13l2.3-2.3',
  goOn: 'M8 13V3.500M8 3.500L4 7.500M8 3.500l4 4',
  speech: 'M2.5 3h11v8H7l-3 2.500V11H2.5zM5.5 6h5M5.5 8.300h3',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  warning: 'M8 2L1.5 13.5h13zM8 6.5v3.2M8 11.6h.01',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.6',
  trash: 'M2.5 4.5h11M6 4.5v-2h4v2M4 4.5l.6 9h6.8l.6-9M6.7 7v4M9.3 7v4',
  text: 'M3 4V3h10v1M8 3v10M6 13h4',
  number: 'M5.8 2.5L4.5 13.5M11.5 2.5l-1.3 11M2.5 5.8h11.5M2 10.2h11.5',
  boolean: 'M2.5 4a1.5 1.5 0 0 1 1.5-1.5h8A1.5 1.5 0 0 1 13.5 4v8a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 12zM5 8.2l2.2 2L11 6',
  date: 'M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2.2v3M10.5 2.2v3',
  json: 'M6 2.5H5A1.5 1.5 0 0 0 3.5 4v2.5L2 8l1.5 1.5V12A1.5 1.5 0 0 0 5 13.5h1M10 2.5h1A1.5 1.5 0 0 1 12.5 4v2.5L14 8l-1.5 1.5V12a1.5 1.5 0 0 1-1.5 1.5h-1',
  play: 'M4.5 2.5l8.5 5.5-8.5 5.5z',
  pause: 'M5 3v10M11 3v10',
  stop: 'M3.5 3.5h9v9h-9z',
  up: 'M8 13V3M8 3L4 7M8 3l4 4',
  down: 'M8 3v10M8 13l-4-4M8 13l4-4',
  pencil: 'M2.5 13.5l.7-3L10.5 3.2l2.3 2.3-7.3 7.3zM9 4.7L11.3 7',
  offline: 'M2 2l12 12M4.2 7.4A6.8 6.8 0 0 1 6 6.2M1.8 4.9A10 10 0 0 1 4 3.5M8 3c2.4 0 4.6.9 6.2 2.400M10.3 6.300a6.5 6.5 0 0 1 1.5 1.100M6.3 9.600a3 3 0 0 1 3.2 0M8 12.500h.01',
  views: 'M2.5 3h11M4.5 8h9M7 13h6.5M2.5 8h.01M2.5 13h2.5',
  undo: 'M3 6h6.500a3.5 3.5 0 0 1 0 7H6M3 6l3-3M3 6l3 3',
  table: 'M2 3h12v10H2zM2 6.500h12M6.5 3v10',
  copy: 'M5.5 5.500h8v8h-8zM3 10.500h-.5v-8h8V3',
};

/** @typedef {keyof typeof paths} IconName */

const svg = 'http://www.w3.org/2000/svg';

/** A decorative icon; the control that holds it carries the name.
 * @param {IconName} name @returns {SVGElement} */
export function icon(name) {
  const element = document.createElementNS(svg, 'svg');
  element.setAttribute('viewBox', '0 0 16 16');
  element.setAttribute('class', 'icon');
  element.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(svg, 'path');
  path.setAttribute('d', paths[name]);
  element.append(path);
  return element;
}

/** @type {Record<string, IconName>} */
export const typeIcons = { text: 'text', number: 'number', boolean: 'boolean', date: 'date', json: 'json' };
