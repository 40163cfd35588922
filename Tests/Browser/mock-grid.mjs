// A grid in memory for developing and testing the page: rows, columns, views, commits. Cells are kept as JSON text, so that
// a number keeps its digits. It is a stand-in for the server, not a model of it: no durability, no limits.

/** @param {string} text one CSV record a line, RFC 4180 */
export function parseCSV(text, separator = ',') {
  const records = [];
  let record = [], field = '', quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c !== '"') field += c;
      else if (text[i + 1] === '"') (field += '"'), i++;
      else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === separator) (record.push(field), (field = ''));
    else if (c === '\n') (record.push(field), records.push(record), (record = []), (field = ''));
    else if (c !== '\r') field += c;
  }
  if (field || record.length) (record.push(field), records.push(record));
  return records;
}

const number = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** The text a person sees of a cell's JSON. */
export function shown(json) {
  return json === undefined ? '' : json[0] === '"' ? JSON.parse(json) : json;
}

export class MockGrid {
  constructor(id, name) {
    Object.assign(this, { id, name, revision: 0, sheets: [], nextColumn: 1, nextRow: 1, nextSheet: 1, nextView: 1, listeners: new Set() });
    this.intents = new Map();
    this.history = new Map();
    this.addSheet('Sheet 1');
  }

  addSheet(name) {
    const sheet = { id: `s${this.nextSheet++}`, name, columns: [], views: [], rows: [], rowOf: new Map(), viewCache: new Map() };
    this.sheets.push(sheet);
    return sheet;
  }

  sheet(id) {
    return this.sheets.find((s) => s.id === id);
  }

  addColumn(sheet, name, type = 'text', at = sheet.columns.length) {
    const column = { id: `c${this.nextColumn++}`, name, type };
    sheet.columns.splice(at, 0, column);
    return column;
  }

  addRow(sheet, cells = {}, at = sheet.rows.length) {
    const row = { id: `r${this.nextRow++}`, cells, states: {}, changed: this.revision + 1 };
    if (at === sheet.rows.length) sheet.rows.push(row);
    else sheet.rows.splice(at, 0, row);
    sheet.rowOf.set(row.id, row);
    return row;
  }

  /** Fills a sheet from CSV; a column whose values are all numbers (without leading zeros) is one of numbers. */
  importCSV(sheet, text, separator = ',') {
    const [header = [], ...records] = parseCSV(text, separator);
    const columns = header.map((name, i) =>
      this.addColumn(sheet, name, records.slice(0, 1000).every((r) => !r[i] || number.test(r[i])) ? 'number' : 'text'));
    const rejects = [];
    records.forEach((record, n) => {
      if (record.length > header.length) return void rejects.push({ line: n + 2, reason: `${record.length} fields, the header has ${header.length}` });
      const cells = {};
      record.forEach((value, i) => {
        if (value) cells[columns[i].id] = columns[i].type === 'number' && number.test(value) ? value : JSON.stringify(value);
      });
      this.addRow(sheet, cells);
    });
    return { rows: records.length - rejects.length, rejected: rejects.length, rejects };
  }

  /** One commit: a revision, and one signal to every stream. */
  commit(sheets, changes = 1) {
    const from = this.revision + 1;
    this.revision = from;
    for (const id of Object.keys(sheets)) this.sheet(id)?.viewCache.clear();
    const event = { revision: from, from, sheets, changes };
    for (const listener of this.listeners) listener(event);
    return from;
  }

  setCell(sheet, row, column, json, cause = { kind: 'person' }) {
    const key = `${row.id} ${column}`;
    const entries = this.history.get(key) ?? [];
    entries.unshift({ revision: this.revision + 1, time: Date.now(), cause, old: row.cells[column] ?? null, new: json ?? null, kind: cause.kind === 'agent' ? 'answer' : 'set' });
    this.history.set(key, entries.slice(0, 50));
    if (json === undefined || json === 'null' || json === '""') delete row.cells[column];
    else row.cells[column] = json;
    delete row.states[column];
    row.changed = this.revision + 1;
  }

  /** The rows of a view, cached until the sheet changes. */
  rows(sheet, view) {
    if (!view || (!view.filter?.length && !view.sort?.length && !view.find)) return sheet.rows;
    const key = JSON.stringify(view);
    const cached = sheet.viewCache.get(key);
    if (cached) return cached;
    const tests = (view.filter ?? []).map((f) => (row) => matches(row.cells[f.column], f, row.states[f.column]));
    let rows = tests.length ? sheet.rows.filter((r) => (view.match === 'any' ? tests.some((t) => t(r)) : tests.every((t) => t(r)))) : sheet.rows.slice();
    if (view.find) {
      const wanted = view.find.toLowerCase();
      rows = rows.filter((r) => Object.values(r.cells).some((json) => shown(json).toLowerCase().includes(wanted)));
    }
    for (const { column, direction } of [...(view.sort ?? [])].reverse()) {
      const sign = direction === 'descending' ? -1 : 1;
      rows = rows.map((r, i) => [r, i]).sort(([a, i], [b, j]) => sign * compare(a.cells[column], b.cells[column]) || i - j).map(([r]) => r);
    }
    sheet.viewCache.set(key, rows);
    return rows;
  }

  document() {
    return { id: this.id, name: this.name, revision: this.revision, sheets: this.sheets.map((s) => ({ id: s.id, name: s.name, columns: s.columns, views: s.views, rows: s.rows.length })) };
  }
}

function compare(a, b) {
  if (a === undefined || b === undefined) return (a === undefined ? 1 : 0) - (b === undefined ? 1 : 0);
  const x = shown(a), y = shown(b);
  return a[0] !== '"' && b[0] !== '"' ? Number(x) - Number(y) : x < y ? -1 : x > y ? 1 : 0;
}

function matches(json, { op, value }, state) {
  const text = shown(json).toLowerCase(), asked = Array.isArray(value) ? value : [value];
  const wanted = String(asked[0] ?? '').toLowerCase();
  const order = json !== undefined && json[0] !== '"' ? Number(text) - Number(wanted) : text < wanted ? -1 : text > wanted ? 1 : 0;
  switch (op) {
    case 'equals': return text === wanted;
    case 'contains': return text.includes(wanted);
    case 'startsWith': return text.startsWith(wanted);
    case 'isEmpty': return json === undefined;
    case 'isNotEmpty': return json !== undefined;
    case '<': return json !== undefined && order < 0;
    case '<=': return json !== undefined && order <= 0;
    case '>': return json !== undefined && order > 0;
    case '>=': return json !== undefined && order >= 0;
    case 'oneOf': return asked.some((v) => String(v).toLowerCase() === text);
    default: return false;
  }
}
