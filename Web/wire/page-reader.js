// @ts-check
// Reads the reply of a page read. Cells are taken as slices of the reply's text: JSON.parse would turn 1.10 into 1.1 and
// 12345678901234567890 into 12345678901234567000. Everything else goes through JSON.parse.

/** A reader over one JSON text; it trusts nothing and throws on what is not JSON. */
class Scanner {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  peek() {
    let code = this.text.charCodeAt(this.at);
    while (code === 32 || code === 10 || code === 13 || code === 9) code = this.text.charCodeAt(++this.at);
    return code;
  }

  /** @param {number} code */
  take(code) {
    if (this.peek() !== code) return false;
    this.at++;
    return true;
  }

  /** @param {number} code */
  expect(code) {
    if (!this.take(code)) throw new SyntaxError(`expected "${String.fromCharCode(code)}" at ${this.at} of the reply`);
  }

  /** The raw text of the value that comes next. @returns {string} */
  raw() {
    const code = this.peek(), start = this.at;
    if (code === 34) this.skipString();
    else if (code === 123 || code === 91) this.skipNested();
    else while (!Number.isNaN(this.text.charCodeAt(this.at)) && !',]} \n\r\t'.includes(this.text.charAt(this.at))) this.at++;
    if (this.at === start) throw new SyntaxError(`expected a value at ${start} of the reply`);
    return this.text.slice(start, this.at);
  }

  skipString() {
    let end = this.at;
    for (;;) {
      end = this.text.indexOf('"', end + 1);
      if (end < 0) throw new SyntaxError(`the string at ${this.at} of the reply does not end`);
      let slashes = 0;
      while (this.text.charCodeAt(end - 1 - slashes) === 92) slashes++;
      if (slashes % 2 === 0) break;
    }
    this.at = end + 1;
  }

  skipNested() {
    let depth = 0;
    do {
      const code = this.peek();
      if (code === 34) {
        this.skipString();
        continue;
      }
      if (code === 123 || code === 91) depth++;
      else if (code === 125 || code === 93) depth--;
      else if (Number.isNaN(code)) throw new SyntaxError('the reply ends within a value');
      this.at++;
    } while (depth > 0);
  }

  /** @returns {string} */
  string() {
    const raw = this.raw();
    return raw.includes('\\') ? JSON.parse(raw) : raw.slice(1, -1);
  }

  value() {
    return JSON.parse(this.raw());
  }

  /** @param {(name: string) => void} member reads exactly the member's value */
  object(member) {
    this.expect(123);
    if (this.take(125)) return;
    do {
      this.peek();
      const name = this.string();
      this.expect(58);
      member(name);
    } while (this.take(44));
    this.expect(125);
  }

  /** @param {() => void} element reads exactly one element */
  array(element) {
    this.expect(91);
    if (this.take(93)) return;
    do element();
    while (this.take(44));
    this.expect(93);
  }
}

/** @param {Scanner} scanner @returns {import('../types.js').Row} */
function readRow(scanner) {
  /** @type {import('../types.js').Row} */
  const row = { id: '', cells: Object.create(null), states: Object.create(null) };
  scanner.object((name) => {
    if (name === 'id') row.id = scanner.string();
    else if (name === 'cells') scanner.object((column) => void (row.cells[column] = scanner.raw()));
    else if (name === 'states') {
      scanner.object((column) => {
        const state = scanner.value();
        row.states[column] = typeof state === 'string' ? { state: /** @type {any} */ (state) } : state;
      });
    } else scanner.raw();
  });
  return row;
}

/** @param {Scanner} scanner @returns {import('../types.js').Page} */
function readPage(scanner) {
  /** @type {import('../types.js').Page} */
  const page = { page: 0, tag: '', unchanged: false, rows: [] };
  scanner.object((name) => {
    if (name === 'page') page.page = scanner.value();
    else if (name === 'tag') page.tag = scanner.string();
    else if (name === 'unchanged') page.unchanged = scanner.value();
    else if (name === 'rows') scanner.array(() => page.rows.push(readRow(scanner)));
    else scanner.raw();
  });
  return page;
}

/** @param {string} text @returns {import('../types.js').PagesReply} */
export function readPages(text) {
  const scanner = new Scanner(text);
  /** @type {import('../types.js').PagesReply} */
  const reply = { revision: 0, pageSize: 0, totalRows: 0, totalColumns: 0, columns: [], pages: [] };
  scanner.object((name) => {
    if (name === 'pages') scanner.array(() => reply.pages.push(readPage(scanner)));
    else if (name === 'columns') reply.columns = scanner.value();
    else if (name === 'revision' || name === 'pageSize' || name === 'totalRows' || name === 'totalColumns') reply[name] = scanner.value();
    else scanner.raw();
  });
  if (!Number.isNaN(scanner.peek())) throw new SyntaxError(`something follows the reply at ${scanner.at}`);
  reply.totalColumns ||= reply.columns.length;
  return reply;
}
