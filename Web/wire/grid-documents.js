// @ts-check
// Reads the documents of grids. Replies come back in any order: an older document never takes the place of a newer one.

export class GridDocuments {
  /** @param {import('../grid/store.js').Store} store @param {Pick<typeof import('./api.js').api, 'grid' | 'grids'>} api */
  constructor(store, api) {
    this.store = store;
    this.api = api;
    /** Rises when the server turns out to serve an older copy: revisions of before and after have nothing to do with each other. */
    this.line = 0;
    /** Times the list of grids was asked for, and which of them is shown. */
    this.asked = 0;
    this.listed = 0;
  }

  /** Reads the open grid's document again, after its structure changed. */
  async reread() {
    const { store, line } = this, id = store.grid?.id;
    if (!id) return;
    const grid = await this.api.grid(id);
    if (store.grid?.id === id && line === this.line && grid.revision >= store.grid.revision) store.gridRead(grid);
  }

  /** Reads the list of grids. It has no revision: a reply to an earlier question than the one shown is not shown. */
  async relist() {
    const asked = ++this.asked, grids = await this.api.grids();
    if (asked < this.listed) return;
    this.listed = asked;
    this.store.gridsListed(grids);
  }

  /** The server serves an older copy of the open grid: its document, too, is of a lower revision now. */
  restored() {
    this.line++;
    if (this.store.grid) this.store.grid = { ...this.store.grid, revision: 0 };
  }
}
