// @ts-check
// The hash of a painted screen, written twice: here and in Sources/Wire/ScreenHash.swift, compared by Fixtures/attestation/vectors.json.
// Docs/specifications/attestation.md defines it. Two lanes of 32 bits: no BigInt, nothing is made for a cell.

/** The FNV prime of 32 bits. */
const prime = 0x01000193;

/** The finalizer of MurmurHash3 (Appleby 2011). @param {number} x */
function mixed(x) {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/** A hash that rolls over the rows in the order painted; within a row the cells' hashes are added. */
export class ScreenHash {
  constructor() {
    this.a = 0x243f6a88;
    this.b = 0x85a308d3 | 0;
    this.rowA = 0;
    this.rowB = 0;
  }

  /** Adds a cell of the row that comes next; an empty one adds nothing. @param {number} column @param {string} text */
  cell(column, text) {
    const length = text.length;
    if (length === 0) return;
    let a = mixed((column + 0x9e3779b9) | 0), b = mixed(column ^ 0x7f4a7c15);
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      a = Math.imul(a ^ unit, prime);
      b = Math.imul(((b << 5) | (b >>> 27)) ^ unit, 0x27220a95);
    }
    this.rowA = (this.rowA + mixed(a ^ length)) | 0;
    this.rowB = (this.rowB + mixed((b + length) | 0)) | 0;
  }

  /** Ends a row, with the cells added since the row before it. @param {number} row */
  row(row) {
    this.a = mixed((Math.imul(this.a, prime) + (this.rowA ^ mixed(row | 0))) | 0);
    this.b = mixed(Math.imul(this.b, prime) ^ ((this.rowB + mixed(row ^ 0x5bd1e995)) | 0));
    this.rowA = 0;
    this.rowB = 0;
  }

  /** Sixteen hexadecimal digits. */
  get text() {
    return hex(this.a) + hex(this.b);
  }
}

/** @param {number} lane */
const hex = (lane) => (lane >>> 0).toString(16).padStart(8, '0');
