// What the live checks of `?check=1` cost a frame of 2,000 cells (20 rows of 100 columns, on pages of 100 rows), and one of 20 pages that all changed.
//
//     node Benchmarks/recorder/check.mjs
import { FrameCheck } from '../../Web/check.js';

const rows = (page) => Array.from({ length: 100 }, (_, i) => ({ id: `r${page * 100 + i}` }));

/** @param {number} count pages in the frame @param {number} edits own edits that wait for their page */
function measure(name, count, edits, changing) {
  const check = new FrameCheck(), held = Array.from({ length: count }, (_, i) => rows(i)), times = [];
  for (let frame = 1; frame <= 20_000; frame += 1) {
    const revision = changing ? frame : 1;
    check.committed(revision);
    if (edits && frame % 10 === 0) for (let i = 0; i < edits; i += 1) check.edited(`r${i}`, revision);
    const pages = new Map(held.map((page, i) => [i + 1, { revision, rows: changing ? [...page] : page }]));
    const began = process.hrtime.bigint();
    check.frame(pages);
    times.push(Number(process.hrtime.bigint() - began) / 1_000);
  }
  const sorted = times.slice(1_000).sort((a, b) => a - b);
  const at = (share) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);
  console.log(`${name}: median ${at(0.5)} us, p99 ${at(0.99)} us`);
}

measure('2 pages, nothing new', 2, 0, false);
measure('2 pages, all new', 2, 0, true);
measure('2 pages, all new, 50 own edits', 2, 50, true);
measure('20 pages (2,000 rows), all new, 50 own edits', 20, 50, true);
