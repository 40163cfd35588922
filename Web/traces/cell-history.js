// @ts-check
// What the log remembers of one cell, and of the cells that agents read for it, as a trace: who asked for what, from which revision it was
// answered, and what was committed when.

/** @typedef {{ kind: string, revision: number, time?: number, cause?: Record<string, any>, intent?: string, old?: unknown, new?: unknown }} Entry an entry of a cell's history */
/** @typedef {{ id: string, name: string, entries: Entry[] }} CellHistory a column's cell in the row, its entries the newest first */

/** Who writes, and what they are in a trace. @type {Record<string, [string, string]>} */
const PROCESSES = { person: ['people', 'browser'], agent: ['agents', 'agent'], importer: ['imports', 'service'], program: ['programs', 'service'] };
const GRID = 'grid';
const MILLISECOND = 1_000_000;

/** The other columns that agents' answers in a history were made from. @param {Entry[]} entries @returns {string[]} */
export function inputsOf(entries) {
  return [...new Set(entries.flatMap((entry) => (Array.isArray(entry.cause?.['detail']?.inputs) ? entry.cause['detail'].inputs : [])))].filter((id) => typeof id === 'string');
}

/** The trace, as JSON lines. @param {string} row @param {CellHistory} cell @param {CellHistory[]} inputs @returns {string} */
export function traceOfCell(row, cell, inputs) {
  const all = [...inputs, cell].flatMap((column) => column.entries.map((entry) => ({ column, entry, key: `${column.name}, ${row}` })));
  // Of one revision what was read comes before what was made of it.
  all.sort((a, b) => a.entry.revision - b.entry.revision);
  const first = Math.min(...all.map(({ entry }) => entry.time ?? Infinity));
  /** @param {number | undefined} time */
  const at = (time) => (time === undefined || !Number.isFinite(first) ? {} : { time: Math.max(0, Math.round((time - first) * MILLISECOND)) });
  /** @type {Record<string, unknown>[]} */
  const lines = [];
  for (const { column, entry, key } of all) lines.push(...linesOf(row, column, entry, key, inputs, at));
  const used = new Set(lines.map((line) => line['process']));
  const head = [
    { type: 'trace', version: 1, recorder: 'trueline history of a cell', id: `${row} ${cell.id}`, limits: [
      'This trace was made from what the log keeps of the cell: what a person saw, and when requests left, is not in it (missing: render).',
      'The beginning of a model\u2019s call is its end less how long it took.'] },
    ...[...Object.values(PROCESSES), [GRID, 'store']].filter(([name]) => used.has(name)).map(([name, role]) => ({ type: 'process', process: name, role, clock: 'log' })),
  ];
  // One clock, the writer's: lines stand in its order.
  const sorted = lines.map((line, place) => ({ line, place })).sort((a, b) => Number(a.line['time'] ?? 0) - Number(b.line['time'] ?? 0) || a.place - b.place);
  return [...head, ...sorted.map(({ line }) => line)].map((line) => JSON.stringify(line)).join('\n') + '\n';
}

/** @param {string} row @param {CellHistory} column @param {Entry} entry @param {string} key @param {CellHistory[]} inputs @param {(time: number | undefined) => Record<string, unknown>} at */
function linesOf(row, column, entry, key, inputs, at) {
  const cause = entry.cause ?? {}, detail = cause['detail'] ?? {};
  const [process] = PROCESSES[cause['kind']] ?? ['programs'];
  const name = `${column.id}@${entry.revision}`, asked = `asked ${name}`, committed = `committed ${name}`;
  /** @param {string} event */
  const after = (event) => [{ event, kind: 'message', confidence: 'declared' }];
  const isAnswer = cause['kind'] === 'agent' && (entry.kind === 'answer' || entry.kind === 'suggestion');
  const isValue = entry.kind !== 'mark' && entry.kind !== 'suggestion';
  const took = Number(detail.milliseconds) || 0;
  const begun = entry.time === undefined ? undefined : entry.time - took;
  /** @type {Record<string, unknown>[]} */
  const lines = [];
  const label = cause['run'] ? `${cause['run']} ${entry.kind}` : entry.kind;
  lines.push({ type: 'intent', process, id: asked, intent: name, slot: key, label, ...at(begun) });
  if (isAnswer) {
    for (const input of inputs) {
      const read = input.entries.find((one) => one.revision <= (detail.base ?? 0) && one.kind !== 'mark' && one.kind !== 'suggestion');
      if (!detail.inputs?.includes(input.id)) continue;
      lines.push({ type: 'read', process, key: `${input.name}, ${row}`, version: read?.revision ?? 0, ...(read ? { value: read.new ?? null, after: after(`committed ${input.id}@${read.revision}`) } : {}), intent: name, ...at(begun) });
    }
    const request = { request: `call ${name}`, intent: name, slot: key };
    lines.push({ type: 'start', process, ...request, method: 'POST', url: detail.host ?? 'demo rules', label: detail.model ?? detail.provider, ...at(begun) },
      { type: 'arrive', process, ...request, ...at(entry.time) },
      { type: 'deliver', process, id: `answered ${name}`, ...request, ...(isValue ? {} : { dropped: 'G3', label: 'kept as a suggestion: somebody had changed the cell' }), ...at(entry.time) });
  }
  if (entry.kind === 'mark') lines.push({ type: 'note', process, label: `${key}: ${detail.failure ?? 'marked'}`, intent: name, ...at(entry.time) });
  if (isValue) lines.push({ type: 'commit', process: GRID, id: committed, key, version: entry.revision, value: entry.new ?? null, intent: name, label, after: after(isAnswer ? `answered ${name}` : asked), ...at(entry.time) });
  return lines;
}
