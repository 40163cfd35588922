"""The page in an ordinary Firefox against the mock server: the main job, and never backwards under a flood with replies out of order.

    python Tests/Browser/firefox.py --turns 20        needs firefox-esr (apt-get install firefox-esr) and node

Where no Firefox is installed it says so and passes: `make test` installs none."""

import argparse
import json
import os
import random
import sys
import time

from marionette import CONTROL, ENTER, ESCAPE, Firefox, firefox
from page_behaviour import HERE, Mock

CELL = """document.querySelector('.row[data-rank="%d"] [aria-colindex="%d"] .value')?.textContent"""
NAMES = """[...document.querySelectorAll('.column-header')].sort((a, b) => a.getAttribute('aria-colindex') - b.getAttribute('aria-colindex'))
    .map((e) => e.querySelector('.name').textContent)"""


class Report:
    failed = 0

    def check(self, sentence, ok, found=""):
        self.failed += not ok
        print("ok  " if ok else "FAIL", sentence, "" if ok else repr(found))


def box(page, selector):
    return page.evaluate(f"(() => {{ const r = document.querySelector({json.dumps(selector)}).getBoundingClientRect(); return [r.x, r.y, r.width, r.height]; }})()")


def working(page, mock, report):
    report.check("the grid is read and live", page.settles("trueline.connection === 'live' && document.querySelector('[role=gridcell][data-state=committed]') !== null"))
    x, y, _, _ = box(page, '.row[data-rank="0"] [aria-colindex="4"]')
    page.drag((x + 20, y + 10))
    page.press(*"Hello, longer than the cell is wide by a good deal", ENTER)
    report.check("an edit is saved", page.settles(CELL % (0, 4) + ".startsWith('Hello')"), page.evaluate(CELL % (0, 4)))
    page.chord(CONTROL, "z")
    report.check("and taken back", page.settles("!" + CELL % (0, 4) + ".startsWith('Hello')"))
    before = page.evaluate(NAMES)
    x, y, _, _ = box(page, ".column-header:nth-of-type(3)")
    first, third = (box(page, f'.column-header[aria-colindex="{n}"]') for n in (3, 5))
    page.drag((first[0] + 24, y + 12), (third[0] + 20, y + 12), (third[0] + third[2] - 10, y + 12))
    report.check("a header is dragged", page.settles(f"{NAMES}[3] === {json.dumps(before[1])}"), page.evaluate(NAMES))
    page.evaluate("document.querySelector('.views').click()")
    report.check("a menu opens", page.settles("document.querySelector('[role=menu]') !== null"))
    page.press(ESCAPE)
    page.evaluate("(document.querySelector('.grid').scrollTop = 300000)")
    report.check("far rows are read", page.settles("""document.querySelector('.row[data-rank="8830"] .cell[data-state=committed]') !== null"""))


def never_backwards(page, mock, report, turns, seed):
    rng = random.Random(seed)
    with open(os.path.join(HERE, "recorder.js"), encoding="utf-8") as file:
        recorder = file.read().replace(".observe({ type: 'longtask', buffered: true })", ".observe({ entryTypes: ['resource'] })")
    page.run(recorder)
    mock.switch(flood=2000, jitter=1500)

    def turn():
        page.evaluate(f"(() => {{ const box = document.querySelector('.page-input'); box.value = {rng.randint(1, 6)}; box.dispatchEvent(new Event('change')); }})()")

    for _ in range(turns):
        turn()
        # A person's pauses, hurried and not, drawn from the seed: no check depends on how long they are.
        time.sleep(rng.random() * rng.choice((0.3, 1, 4)))
    # Too few cells would show nothing.
    cells = "window.__frames.reduce((all, frame) => all + frame.changed.length, 0)"
    while (seen := page.evaluate(cells)) <= 100 and page.settles(f"{cells} > {seen}"):
        turn()
    mock.switch(flood=0, jitter=0)
    last = mock.get("/grids")["grids"][0]["revision"]
    page.settles(f"trueline.revision >= {last} && trueline.pending === 0")
    page.painted()
    frames = page.evaluate("window.__frames")
    newest, backwards, torn, painted = {}, 0, [], 0
    for frame in frames:
        for row, column, revision, _ in frame["changed"]:
            painted += 1
            backwards += revision < newest.get((row, column), 0)
            newest[row, column] = max(revision, newest.get((row, column), 0))
        # The cells of a frame are of one revision. The grid's may be above it: a commit that touched nothing in sight painted no cell again.
        shown = {newest.get(tuple(key.split(" "))) for key in frame["key"].split(",") if key}
        if len(shown) > 1 or any(revision > int(frame["revision"]) for revision in shown):
            torn.append((frame["revision"], sorted(shown)))
    report.check(f"C2: {painted} cells painted in {len(frames)} frames, none at a lower revision than before", painted > 100 and backwards == 0, (painted, backwards))
    report.check("C4: the cells of every frame are of one revision, not above the grid's", not torn, torn[:3])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--turns", type=int, default=20)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--shot")
    options = arguments.parse_args()
    if not firefox():
        print("Firefox is not installed, so nothing was checked in it: apt-get install firefox-esr")
        return 0
    mock, page, report = Mock(), Firefox(), Report()
    try:
        print("Firefox", page.version)
        page.open(mock.url)
        page.run("window.__errors = []; for (const kind of ['error', 'securitypolicyviolation']) addEventListener(kind, (e) => __errors.push(e.message ?? e.violatedDirective));")
        working(page, mock, report)
        never_backwards(page, mock, report, options.turns, options.seed)
        errors = page.evaluate("window.__errors")
        report.check("no error was thrown", not errors, errors)
        if options.shot:
            page.shot(options.shot)
    finally:
        page.close()
        mock.process.terminate()
    print(f"{report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
