// @ts-check
// Cells are JSON text end to end. A number's text is what is shown, so 1.10 and 12345678901234567890 keep their digits.

const numberPattern = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** What a person is shown of a cell: a text's characters, anything else's JSON.
 * @param {string | undefined} json @returns {string} */
export function displayText(json) {
  if (json === undefined) return '';
  if (json.charCodeAt(0) !== 34) return json;
  return json.includes('\\') ? /** @type {string} */ (JSON.parse(json)) : json.slice(1, -1);
}

/** @param {string | undefined} json */
export function isNumber(json) {
  const first = json?.charCodeAt(0) ?? 0;
  return first === 45 || (first >= 48 && first <= 57);
}

/** The JSON text a typed text becomes in a column, or null for the empty cell. Nothing is coerced: what is not plainly of the
 * column's type stays the text that was typed, and a number keeps its digits.
 * @param {string} typed @param {import('../types.js').ColumnType} type @returns {string | null} */
export function jsonFromTyped(typed, type) {
  if (typed === '') return null;
  const trimmed = typed.trim();
  switch (type) {
    case 'number':
      return numberPattern.test(trimmed) ? trimmed : JSON.stringify(typed);
    case 'boolean': {
      const word = trimmed.toLowerCase();
      return word === 'true' || word === 'yes' ? 'true' : word === 'false' || word === 'no' ? 'false' : JSON.stringify(typed);
    }
    case 'json':
      try {
        JSON.parse(trimmed);
        return trimmed === 'null' || trimmed === '""' ? null : trimmed;
      } catch {
        return JSON.stringify(typed);
      }
    case 'text':
    case 'date':
      return JSON.stringify(typed);
  }
}

/** A changes body with cell values spliced in as the JSON text they are.
 * @param {string} intent @param {import('../types.js').Change[]} changes @returns {string} */
export function changesBody(intent, changes) {
  return `{"intent":${JSON.stringify(intent)},"changes":[${changes.map(changeJSON).join(',')}]}`;
}

/** @param {import('../types.js').Change} change */
function changeJSON(change) {
  if (change.op === 'setCell') {
    const guard = change.ifRevision === undefined ? '' : `,"ifRevision":${change.ifRevision}`;
    return `{"op":"setCell","row":${JSON.stringify(change.row)},"column":${JSON.stringify(change.column)},"value":${change.value ?? 'null'}${guard}}`;
  }
  if (change.op === 'insertRows') {
    const rows = change.rows.map((cells) => `{${Object.entries(cells).map(([column, json]) => `${JSON.stringify(column)}:${json}`).join(',')}}`);
    return `{"op":"insertRows","sheet":${JSON.stringify(change.sheet)},${JSON.stringify(change.position).slice(1, -1)},"rows":[${rows.join(',')}]}`;
  }
  return JSON.stringify(change.op === 'moveRows' ? { op: change.op, sheet: change.sheet, rows: change.rows, ...change.position } : change);
}
