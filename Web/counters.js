// @ts-check
// `window.trueline`: what has been asked, applied and dropped so far, to be read from outside and changed by nobody.

/** @param {Record<string, number>} counts */
const sum = (counts) => Object.values(counts).reduce((all, count) => all + count, 0);

/** @param {import('./grid/store.js').Store} store @param {import('./grid/reader.js').GridReader} reader @param {import('./grid/painter.js').Painter} painter @param {import('./grid/changes.js').Changes} changes @param {{ current: import('./attestation/attest.js').Attestation | null }} attestation */
export function publishCounters(store, reader, painter, changes, attestation) {
  const counters = Object.freeze({
    /** Page reads sent. */
    get requests() { return sum(reader.reads); },
    /** Page reads sent because something changed, not because a page was missing. */
    get refreshes() { return sum(reader.reads) - reader.reads.load - reader.reads.margin; },
    /** Page reads sent, by purpose: a page missed, what changed, recovery and its rest, the margin, a poll without a stream. */
    get reads() { return Object.freeze({ ...reader.reads }); },
    /** Pages of replies that were applied. */
    get applied() { return reader.counts.applied; },
    /** Replies, or pages of them, that were dropped, by reason. */
    get dropped() { return Object.freeze({ ...reader.dropped }); },
    /** Page reads under way, and timers that may lead to one. */
    get pending() { return reader.pending; },
    get aborted() { return reader.counts.aborted; },
    /** Times the ordering core failed and began anew. */
    get restarts() { return reader.counts.restarts; },
    get failed() { return reader.counts.failed; },
    /** The ordering core's own counts. */
    get core() { return Object.freeze({ ...reader.core?.counters() }); },
    get paints() { return painter.paints; },
    /** The longest paint so far, in ms. */
    get longestPaint() { return painter.longestPaint; },
    /** All paints so far, in ms. */
    get paintTime() { return painter.paintTime; },
    get changesSent() { return changes.requests; },
    /** Screens attested, what the server said of them, and what was repaired. */
    get attested() { return Object.freeze({ ...attestation.current?.counts }); },
    get revision() { return store.revision; },
    get connection() { return store.connection; },
    get totalRows() { return store.totalRows; },
  });
  Object.defineProperty(globalThis, 'trueline', { value: counters, writable: false, configurable: false, enumerable: true });
}
