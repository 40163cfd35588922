// @ts-check
// Text as spreadsheets put it on the clipboard: tabs between cells, line ends between rows, quotes around what holds either.

/** @param {string} text @returns {string[][]} */
export function parseTSV(text) {
  /** @type {string[][]} */
  const rows = [];
  /** @type {string[]} */
  let row = [];
  let at = 0;
  const end = text.length;
  while (at <= end) {
    let field = '';
    if (text[at] === '"') {
      const close = closingQuote(text, at);
      if (close > 0) {
        field = text.slice(at + 1, close).replaceAll('""', '"');
        at = close + 1;
      }
    }
    const stop = nextBreak(text, at);
    row.push(field + text.slice(at, stop));
    at = stop + 1;
    if (text[stop] === '\t') continue;
    if (text[stop] === '\r' && text[stop + 1] === '\n') at++;
    rows.push(row);
    row = [];
    if (at >= end) break;
  }
  return rows;
}

/** Where a quoted field ends, or -1 when the quote is only a character. @param {string} text @param {number} start */
function closingQuote(text, start) {
  for (let at = start + 1; ; at++) {
    at = text.indexOf('"', at);
    if (at < 0) return -1;
    if (text[at + 1] === '"') at++;
    else return at + 1 === text.length || '\t\n\r'.includes(text.charAt(at + 1)) ? at : -1;
  }
}

/** @param {string} text @param {number} at */
function nextBreak(text, at) {
  while (at < text.length && text[at] !== '\t' && text[at] !== '\n' && text[at] !== '\r') at++;
  return at;
}

/** @param {string[][]} rows */
export function formatTSV(rows) {
  return rows.map((row) => row.map((cell) => (/[\t\n\r"]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join('\t')).join('\n');
}
