// @ts-check
// Whether the server still has what this page knows. Revisions alone cannot tell: a server that was started from an older copy of its data
// counts on from there, and may have passed the old revisions when the page comes back.

export class Lineage {
  constructor() {
    /** The instance of the server that the stream was last open to. */
    this.server = '';
    /** The newest revision heard of, from whomever. */
    this.heard = 0;
    /** What it was when the stream was lost: all of it was durable, on an instance of before. */
    this.heardBefore = 0;
    this.isOpen = false;
  }

  /** @param {number} revision */
  hear(revision) {
    this.heard = Math.max(this.heard, revision);
  }

  lost() {
    if (this.isOpen) this.heardBefore = this.heard;
    this.isOpen = false;
  }

  /** The stream is open again. The server has lost what was heard when it stands below it, or when this instance of it began below it.
   * @param {{ revision: number, server?: string, opened?: number }} hello @returns {boolean} whether it has all that */
  hello({ revision, server = '', opened = 0 }) {
    const isOther = this.server !== '' && server !== '' && server !== this.server;
    if (revision < this.heardBefore || (isOther && opened < this.heardBefore)) return false;
    this.server = server;
    this.isOpen = true;
    this.hear(revision);
    return true;
  }
}
