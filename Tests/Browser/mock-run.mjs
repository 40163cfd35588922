// An agent's run for the mock: rows go from queued to running to a value, a few fail or are skipped.

export class MockRun {
  constructor(grid, asked, id) {
    const sheet = grid.sheet(asked.sheet), column = sheet.columns.find((c) => c.id === asked.column);
    if (asked.prompt) column.agent = { prompt: asked.prompt };
    const named = asked.scope ?? 'all', scope = typeof named === 'string' ? { kind: named } : named.first ? { kind: 'first', count: named.first } : named;
    const rows = scope.rows ? scope.rows.map((r) => sheet.rowOf.get(r)).filter(Boolean)
      : scope.kind === 'empty' ? sheet.rows.filter((r) => !r.cells[column.id])
      : scope.kind === 'first' ? sheet.rows.slice(0, scope.count ?? 10) : sheet.rows;
    Object.assign(this, { id, grid, sheet, column, state: 'running', done: 0, running: 0, failed: 0, skipped: 0, tokens: 0, started: Date.now() });
    this.waiting = rows.slice(0, 5000);
    for (const row of this.waiting) (row.states[column.id] = 'queued'), (row.changed = grid.revision + 1);
    this.announce('many');
    this.timer = setInterval(() => this.step(), 200);
  }

  document() {
    const rate = this.done / Math.max(1, (Date.now() - this.started) / 1000), queued = this.waiting.length;
    return { run: this.id, id: this.id, sheet: this.sheet.id, column: this.column.id, state: this.state, done: this.done, running: this.running, queued, failed: this.failed, skipped: this.skipped, tokens: this.tokens, rate, eta: Math.round(queued / Math.max(rate, 0.1)), provider: 'demo rules, no model called', inDoubt: 1, doubts: [{ row: this.sheet.rows[2].id, label: '<b>Row 3</b>', call: 1, tokensAtMost: 338, costAtMost: 0.00017 }] };
  }

  announce(rows) {
    this.grid.commit({ [this.sheet.id]: { rows, columns: [this.column.id], structure: false, order: false } });
    for (const listener of this.grid.listeners) listener(this.document());
  }

  step() {
    if (this.state !== 'running') return;
    const touched = [];
    for (const row of this.active ?? []) {
      touched.push(row.id);
      const n = Number(row.id.slice(1));
      this.running--;
      if (n % 17 === 0) (row.states[this.column.id] = { state: 'failed', reason: 'The model answered "n/a", expected text.' }), this.failed++;
      else if (n % 23 === 0) (row.states[this.column.id] = { state: 'skipped', reason: 'condition not met' }), this.skipped++;
      else this.grid.setCell(this.sheet, row, this.column.id, JSON.stringify(`Answer for ${row.id}`), { kind: 'agent', run: this.id, detail: { model: 'demo rules', tokens: 31, attempts: 1 } }), this.done++, (this.tokens += 31);
      row.changed = this.grid.revision + 1;
    }
    this.active = this.waiting.splice(0, 12);
    for (const row of this.active) (row.states[this.column.id] = 'running'), (row.changed = this.grid.revision + 1), this.running++, touched.push(row.id);
    if (!this.active.length) (this.state = 'done'), clearInterval(this.timer);
    this.announce(touched.length > 30 ? 'many' : touched.join() || '');
  }

  act(what) {
    if (what === 'pause') this.state = 'paused';
    if (what === 'resume') this.state = 'running';
    if (what === 'cancel') {
      this.state = 'cancelled';
      for (const row of [...this.waiting, ...(this.active ?? [])]) delete row.states[this.column.id], (row.changed = this.grid.revision + 1);
      this.waiting = [];
      this.running = 0;
      clearInterval(this.timer);
    }
    this.announce('many');
    return this.document();
  }
}

/** What a run would ask and cost: every row its own question. */
export function estimate(grid, asked) {
  const rows = asked.scope?.first ?? grid.sheet(asked.sheet).rows.length;
  return { rows, calls: rows, inputTokens: [rows * 20, rows * 30], outputTokens: [rows, rows * 8], cost: null, seconds: null, currency: 'USD', example: '' };
}
