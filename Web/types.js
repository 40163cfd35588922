// @ts-check
// The page's words as types. Cells are kept as the JSON text the server stored, so a number keeps its digits.

/** @typedef {'text'|'number'|'boolean'|'date'|'json'} ColumnType */
/** @typedef {{ type: 'text'|'number'|'boolean'|'date'|'oneOf'|'json', choices?: string[], schema?: any }} AgentOutput */
/** @typedef {{ prompt: string, model?: string | null, output?: AgentOutput | null, examples?: boolean, version?: number }} AgentSettings */
/** @typedef {{ id: string, name: string, type: ColumnType, width?: number | null, agent?: AgentSettings | null }} Column */
/** @typedef {{ id: string, name: string, columns: Column[], views?: SavedView[], rows?: number }} Sheet */
/** @typedef {{ id: string, name: string, revision: number, sheets: Sheet[] }} Grid */
/** @typedef {{ id: string, name: string, revision?: number, rows?: number }} GridSummary */

/** @typedef {'equals'|'contains'|'startsWith'|'isEmpty'|'isNotEmpty'|'isFailed'|'isStale'|'<'|'<='|'>'|'>='|'oneOf'|'notEquals'} FilterOperation */
/** @typedef {{ column: string, op: FilterOperation, value?: string | number | boolean | Array<string | number> }} Filter */
/** @typedef {{ column: string, direction: 'ascending' | 'descending' }} SortLevel */
/** `find` keeps the rows with a cell that contains it. @typedef {{ filter: Filter[], match: 'all' | 'any', sort: SortLevel[], find?: string }} View */
/** @typedef {{ id: string, name: string, filter: Filter[], match: 'all' | 'any', sort: SortLevel[] }} SavedView */

/** A state beside a value; `draft` is the page's own. @typedef {'empty'|'queued'|'running'|'committed'|'stale'|'failed'|'skipped'|'draft'|'loading'} CellStateName */
/** @typedef {{ state: CellStateName, reason?: string }} CellState */
/** `cells` holds JSON text by column id. @typedef {{ id: string, cells: Record<string, string>, states: Record<string, CellState> }} Row */
/** @typedef {{ page: number, tag: string, unchanged: boolean, rows: Row[] }} Page */
/**
 * @typedef {object} PagesReply
 * @property {number} revision
 * @property {number} pageSize
 * @property {number} totalRows
 * @property {number} totalColumns
 * @property {Column[]} columns
 * @property {Page[]} pages
 */

/** @typedef {{ rows: string, columns: string[], structure: boolean, order: boolean }} TouchedSheet */
/** @typedef {{ revision: number, from: number, sheets: Record<string, TouchedSheet>, changes: number }} CommitEvent */
/**
 * @typedef {object} RunEvent
 * @property {string} run
 * @property {string} [sheet]
 * @property {string} [column]
 * @property {string} state
 * @property {number} done
 * @property {number} running
 * @property {number} queued
 * @property {number} failed
 * @property {number} skipped
 * @property {number} [tokens]
 * @property {number} [cost]
 * @property {number} [eta]
 * @property {number} [rate]
 * @property {string} [reason]
 * @property {string | null} [model]
 * @property {string} [provider]
 * @property {number} [total]
 * @property {number} [inDoubt]
 * @property {string} [scope]
 * @property {{ calls?: number, tokens?: number, cost?: number }} [budget]
 * @property {number} [undone]
 * @property {Record<string, number>} [skipReasons]
 * @property {string[]} [examples]
 */

/** A call that was open when a server stopped: it may have cost so much.
 * @typedef {{ row: string, call: number, tokensAtMost: number, costAtMost?: number, label?: string }} Doubt */

/** What a run would ask and cost: ranges of two numbers.
 * @typedef {object} RunEstimate
 * @property {number} rows
 * @property {number} calls
 * @property {[number, number]} inputTokens
 * @property {[number, number]} outputTokens
 * @property {[number, number] | null} cost
 * @property {[number, number] | null} seconds
 * @property {string} currency
 * @property {string} example
 * @property {string[]} [examples]
 */

/** Where something is put among its like, as members of the request. @typedef {{ at: 'start' | 'end' } | { before: string } | { after: string }} Position */
/** `value` is JSON text, or null for the empty cell.
 * @typedef {{ op: 'setCell', row: string, column: string, value: string | null, ifRevision?: number }} SetCell */
/** `rows` holds JSON text by column id. @typedef {{ op: 'insertRows', sheet: string, position: Position, rows: Array<Record<string, string>> }} InsertRows */
/** @typedef {{ op: 'deleteRows', sheet: string, rows: string[] }} DeleteRows */
/** @typedef {{ op: 'moveRows', sheet: string, rows: string[], position: Position }} MoveRows */
/** @typedef {SetCell | InsertRows | DeleteRows | MoveRows} Change */
/** @typedef {{ revision: number, results: Array<Record<string, unknown>> }} ChangesReply */

/** @typedef {'live' | 'reconnecting' | 'polling' | 'offline'} Connection */

export {};
