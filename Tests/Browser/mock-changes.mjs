// POST /changes for the mock: all or nothing, one commit, the same intent answers the same.

export class Refusal extends Error {
  constructor(status, document) {
    super(document.detail);
    Object.assign(this, { status, document });
  }
}

const refuse = (status, title, detail, errors = []) => new Refusal(status, { type: 'about:blank', title, status, detail, errors });

/** JSON text of a value read with its numbers kept as text. */
const jsonOf = (value) => (value === null || value === undefined ? undefined : value?.number !== undefined ? value.number : JSON.stringify(value));

export function applyChanges(grid, { intent, changes }, switches) {
  const known = grid.intents.get(intent);
  if (known) return known;
  const sheetOf = (row) => grid.sheets.find((s) => s.rowOf.has(row));
  for (const [index, change] of changes.entries()) {
    if (change.op !== 'setCell') continue;
    const sheet = sheetOf(change.row);
    if (!sheet) throw refuse(404, 'No such row', `There is no row ${change.row}.`, [{ change: index, row: change.row }]);
    const row = sheet.rowOf.get(change.row), last = grid.history.get(`${change.row} ${change.column}`)?.[0]?.revision ?? 0;
    if (switches.conflict || (change.ifRevision !== undefined && last > change.ifRevision)) {
      throw refuse(409, 'The cell changed meanwhile', `Cell ${change.row} ${change.column} changed at revision ${last}, after revision ${change.ifRevision}.`,
        [{ change: index, row: change.row, column: change.column, revision: last, value: row.cells[change.column] === undefined ? null : JSON.parse(row.cells[change.column]) }]);
    }
  }
  const touched = {}, results = [];
  const touch = (sheet, rows, order = false, column) => {
    const entry = (touched[sheet.id] ??= { rows: [], columns: [], structure: false, order: false });
    entry.rows.push(...rows);
    if (column && !entry.columns.includes(column)) entry.columns.push(column);
    entry.order ||= order;
  };
  for (const change of changes) results.push(applyOne(grid, change, sheetOf, touch));
  for (const entry of Object.values(touched)) entry.rows = entry.rows.length > 200 ? 'many' : entry.rows.join();
  const answer = { revision: grid.commit(touched, changes.length), results };
  grid.intents.set(intent, answer);
  return answer;
}

function applyOne(grid, change, sheetOf, touch) {
  switch (change.op) {
    case 'setCell': {
      const sheet = sheetOf(change.row);
      grid.setCell(sheet, sheet.rowOf.get(change.row), change.column, jsonOf(change.value));
      touch(sheet, [change.row], false, change.column);
      return {};
    }
    case 'insertRows': {
      const sheet = grid.sheet(change.sheet), at = place(sheet, change);
      const rows = change.rows ?? Array.from({ length: change.count ?? 1 }, () => ({}));
      const made = rows.map((cells, i) => grid.addRow(sheet, Object.fromEntries(Object.entries(cells.cells ?? cells).map(([k, v]) => [k, jsonOf(v)]).filter(([, v]) => v !== undefined)), at + i));
      touch(sheet, made.map((r) => r.id), true);
      return { rows: made.map((r) => r.id) };
    }
    case 'deleteRows': {
      const ids = new Set(change.rows), sheet = grid.sheet(change.sheet) ?? sheetOf(change.rows[0]);
      sheet.rows = sheet.rows.filter((r) => !ids.has(r.id));
      for (const id of ids) sheet.rowOf.delete(id);
      touch(sheet, change.rows, true);
      return {};
    }
    case 'moveRows': {
      const ids = new Set(change.rows), sheet = sheetOf(change.rows[0]), moved = sheet.rows.filter((r) => ids.has(r.id));
      sheet.rows = sheet.rows.filter((r) => !ids.has(r.id));
      sheet.rows.splice(place(sheet, change), 0, ...moved);
      touch(sheet, change.rows, true);
      return {};
    }
    default: throw refuse(400, 'Unknown change', `There is no change "${change.op}".`);
  }
}

function place(sheet, position) {
  if (position.at === 'start' || position.after === null) return 0;
  if (!position.before && !position.after) return sheet.rows.length;
  const at = sheet.rows.findIndex((r) => r.id === (position.before ?? position.after));
  return at < 0 ? sheet.rows.length : at + (position.after ? 1 : 0);
}
