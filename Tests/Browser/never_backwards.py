"""Never backwards: a real Chromium turns pages while a flood arrives and replies are delayed and reordered.

Everything painted is noted frame by frame and joined with the log of what was committed. Three questions:

* was a value painted that is not in the log for that cell?            (C3, S1)
* did a cell go back to an older revision or an older value?          (C2)
* was there a frame whose cells never held together at any revision?  (C4)

The answer must be 0, 0, 0 for Trueline, and more than 0 for each in the control (`--unsafe-control`), which shows that the
check can see what it looks for. The same is asked of the server: of the screens that the pages attest meanwhile, none differs from what
was committed, and of the control's some do.

Times are chance here, and decide nothing: pages are turned until there was enough to see, and the control goes on with other seeds until it
has shown each fault.

    python Tests/Browser/never_backwards.py --turns 20 --seed 1
    python Tests/Browser/never_backwards.py --turns 200 --seconds 300 --seed 7 --only trueline     (long form)
"""

import argparse
import asyncio
import json
import os
import random
import re
import sys
import threading
import time
import urllib.request

from playwright.async_api import async_playwright

from patience import CEILING, chromium, until
from trueline_process import ROOT, Client, Problem, Server, airports

COLUMNS = ("city", "name", "subd")
# So many seeds the control may need until it has shown each fault; on a quiet machine it is one.
CONTROL_SEEDS = 20


class Flood(threading.Thread):
    """Writes `rate` single-cell changes a second, in batches, and notes what was acknowledged."""

    def __init__(self, server, grid, under, cells, rate, seed):
        super().__init__(daemon=True)
        self.client, self.grid, self.under, self.cells, self.rate = server.client(), grid, under, cells, rate
        self.random = random.Random(seed)
        self.acknowledged = {}  # (row, column) -> [(revision, text), ...]
        self.stopping = threading.Event()
        self.changes = 0
        self.error = None

    def run(self):
        batch, began, sent = 100, time.monotonic(), 0
        while not self.stopping.is_set():
            changes, cells = [], self.random.sample(self.cells, batch)
            for row, column in cells:
                sent += 1
                changes.append({"op": "setCell", "row": row, "column": column, "value": f"flood {sent}"})
            try:
                revision = self.client.change(self.grid, changes, under=self.under)["revision"]
            except (OSError, Problem) as error:
                self.error = error
                return
            for change in changes:
                self.acknowledged.setdefault((change["row"], change["column"]), []).append((revision, change["value"]))
            self.changes = sent
            ahead = began + sent / self.rate - time.monotonic()
            if ahead > 0:
                self.stopping.wait(ahead)


def attested(server):
    """What the server said of the screens that pages attested."""
    text = urllib.request.urlopen(server.url + "/metrics").read().decode()
    return {result: int(n) for result, n in re.findall(r'trueline_attested_screens_total{result="(\w+)"} (\d+)', text)}


def read_rows(client, grid, sheet, last):
    """The rows of the first pages, as (row id, {column id: text})."""
    rows = []
    for first in range(1, last + 1, 10):
        for page in client.pages(grid, sheet, first, min(last, first + 9))["pages"]:
            rows += [(row["id"], row["cells"]) for row in page["rows"]]
    return rows


def committed(client, grid, sheet, cell, first):
    """What was committed to a cell, oldest first, as (revision, text): the server's own log."""
    row, column = cell
    entries = client.request("GET", f"/grids/{grid}/sheets/{sheet}/rows/{row}/cells/{column}/history?limit=1000")["entries"]
    log = [(1, first)]
    for entry in reversed(entries):
        if entry["kind"] in ("set", "answer"):
            log.append((entry["revision"], str(entry["new"] if entry["new"] is not None else "")))
    return log


async def comes(holds):
    """Whether something holds in the end; the page's requests are served meanwhile."""
    end = time.monotonic() + CEILING
    while not await holds():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.1)  # between two looks: what is looked for is in a page and tells nobody; the loop serves its requests meanwhile
    return True


async def watch(server, url, arguments, seed, flood, turn_pages, wanted):
    """Opens the page, turns pages until a screen was attested as `wanted`, and answers everything that was painted."""
    rng, late = random.Random(seed), set()
    async with async_playwright() as play:
        browser = await chromium(play)
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(CEILING * 1000)
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        await page.add_init_script(path=os.path.join(ROOT, "Tests", "Browser", "recorder.js"))

        async def slow(route):
            # The reply is fetched at once and delivered late: later requests overtake earlier ones.
            late.add(route)
            try:
                reply = await route.fetch(timeout=CEILING * 1000)
                await asyncio.sleep(rng.random() * arguments.delay)
                await route.fulfill(response=reply)
            except Exception:  # the page cancelled the request or is gone
                pass
            late.discard(route)

        async def is_attested():
            return attested(server).get(wanted, 0) > 0

        async def frames_seen():
            return await page.evaluate("window.__frames.length")

        async def is_further():
            return await frames_seen() > seen

        async def is_delivered():
            return not late

        await page.goto(url)
        await page.wait_for_selector("[role=gridcell][data-row]")
        await page.route("**/pages?*", slow)
        ended = time.monotonic() + arguments.seconds
        turns = 0
        while turns < arguments.turns or time.monotonic() < ended:
            await turn_pages(page, rng)
            turns += 1
            await asyncio.sleep(rng.random() * rng.choice((0.3, 1, 5)))  # hurried turns, and pages that are read
        while (seen := await frames_seen()) < arguments.turns / 3 and await comes(is_further):
            await turn_pages(page, rng)
            turns += 1
        # A page that rests is attested, whatever the flood left no time for. The control's is wrong under the flood.
        if wanted == "equal":
            flood.stopping.set()
        await comes(is_attested)
        flood.stopping.set()
        await comes(is_delivered)
        await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        frames = await page.evaluate("window.__frames")
        long_tasks = await page.evaluate("window.__longTasks")
        counters = await page.evaluate("JSON.parse(JSON.stringify(window.trueline ?? {}))")
        await browser.close()
    return frames, long_tasks, counters, problems, turns


def save(client, grid, sheet, under, cell):
    """Waits until the control, which saves late, has saved all that it was told: the second of two changes is saved after all that came before the first."""
    row, column = cell
    for text in ("saved", "all saved"):
        client.change(grid, [{"op": "setCell", "row": row, "column": column, "value": text}], under=under)
        until(lambda: committed(client, grid, sheet, cell, "")[-1][1] == text)


def judge(frames, log):
    """Joins what was painted with what was committed."""
    unsaved, backwards, torn = [], [], []
    painted, newest = {}, {}  # cell -> (text, revision), cell -> highest revision seen
    for number, frame in enumerate(frames):
        for row, column, revision, text in frame["changed"]:
            cell = (row, column)
            if cell not in log:
                continue
            at = next((r for r, value in reversed(log[cell]) if value == text), None)
            if at is None:
                unsaved.append((number, cell, text))
            before = newest.get(cell, (0, 0))
            if revision < before[0] or (at is not None and at < before[1]):
                backwards.append((number, cell, text, revision, before))
            newest[cell] = (max(revision, before[0]), max(at or 0, before[1]))
            painted[cell] = (text, at)
        since, until, culprit = 0, float("inf"), None
        for key in frame["key"].split(","):
            cell = tuple(key.split(" "))
            if cell not in log or cell not in painted or painted[cell][1] is None:
                continue
            at = painted[cell][1]
            after = next((r for r, _ in log[cell] if r > at), float("inf"))
            if at > since:
                since, culprit = at, cell
            until = min(until, after)
        if since >= until:
            torn.append((number, culprit, since, until))
    return unsaved, backwards, torn


def run(flags, arguments, under, path, turn_pages, seed):
    server = Server("--attest-every", "1", *flags)
    try:
        client = server.client()
        made = client.request("POST", "/grids", {"name": "Airports"})
        grid, sheet = made["id"], made["sheets"][0]["id"]
        client.import_file(grid, sheet, airports())
        columns = {c["name"]: c["id"] for c in client.request("GET", f"/grids/{grid}")["sheets"][0]["columns"]}
        ids = [columns[name] for name in COLUMNS]
        rows = read_rows(client, grid, sheet, arguments.pages)
        flood = Flood(server, grid, under, [(row, column) for row, _ in rows for column in ids], arguments.rate, seed)
        before = {(row, column): str(cells.get(column, "")) for row, cells in rows for column in ids}
        flood.start()
        frames, long_tasks, counters, problems, turns = asyncio.run(
            watch(server, server.url + path.format(grid=grid, sheet=sheet), arguments, seed, flood, turn_pages, "differs" if under else "equal")
        )
        flood.join()
        if flood.error:
            raise SystemExit(f"the flood failed: {flood.error}")
        if under:
            save(client, grid, sheet, under, (rows[0][0], ids[0]))
        seen = {(c[0], c[1]) for f in frames for c in f["changed"]} & before.keys()
        log = {cell: committed(client, grid, sheet, cell, before[cell]) for cell in sorted(seen)}
        lost = [
            (cell, note) for cell in log for note in flood.acknowledged.get(cell, []) if not under and note not in log[cell]
        ]
        unsaved, backwards, torn = judge(frames, log)
        return {
            "changes": flood.changes,
            "turns": turns,
            "frames": len(frames),
            "paints": sum(len(f["changed"]) for f in frames),
            "unsaved": unsaved,
            "backwards": backwards,
            "torn": torn,
            "lost": lost,
            "attested": attested(server),
            "longTasks": long_tasks,
            "counters": counters,
            "problems": problems,
        }
    finally:
        server.stop()


def report(name, result, seconds):
    print(
        f"{name}: {result['changes']} changes, {result['turns']} page turns, {result['frames']} frames, "
        f"{result['paints']} cells painted in {seconds:.0f} s: {len(result['unsaved'])} values not in the log, "
        f"{len(result['backwards'])} going backwards, {len(result['torn'])} torn viewports; "
        f"{len(result['lost'])} acknowledged values missing; screens attested: "
        + ", ".join(f"{n} {name}" for name, n in result["attested"].items())
        + "; "
        f"tasks over 50 ms: {sum(d > 50 for d in result['longTasks'])}"
        f" (longest {max(result['longTasks'], default=0):.0f} ms)"
    )
    for kind in ("unsaved", "backwards", "torn", "lost"):
        for example in result[kind][:2]:
            print(f"  {kind}: {example}")
    for problem in result["problems"][:5]:
        print(f"  error in the page: {problem}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=0, help="go on turning pages at least this long")
    parser.add_argument("--delay", type=float, default=3, help="each reply is delayed by 0 to this many seconds")
    parser.add_argument("--rate", type=int, default=2000, help="changes a second")
    parser.add_argument("--pages", type=int, default=12, help="pages (of 100 rows) that are flooded and visited")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=["trueline", "control"])
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()

    async def turn(page, rng):
        box = page.locator(".page-input, [data-page-number]").first
        await box.fill(str(rng.randint(1, arguments.pages)))
        await box.press("Enter")

    failed = False
    for name, flags, under, path in (
        ("trueline", (), "", "/#/{grid}/{sheet}"),
        ("control", ("--unsafe-control",), "/control", "/control/?grid={grid}&sheet={sheet}"),
    ):
        if arguments.only not in (None, name):
            continue
        found = [0, 0, 0]
        for seed in range(arguments.seed, arguments.seed + (1 if name == "trueline" else CONTROL_SEEDS)):
            began = time.monotonic()
            result = run(flags, arguments, under, path, turn, seed)
            report(name, result, time.monotonic() - began)
            if arguments.json:
                print(json.dumps({name: {k: v if not isinstance(v, list) else len(v) for k, v in result.items()}}))
            found = [sum(both) for both in zip(found, (len(result[kind]) for kind in ("unsaved", "backwards", "torn")))]
            if all(found):
                break
        if name == "trueline":
            # Too few frames would show nothing.
            failed |= result["frames"] < arguments.turns / 3
            failed |= any(found) or bool(result['lost']) or bool(result["problems"])
            failed |= result["attested"]["differs"] > 0 or result["attested"]["equal"] == 0
        else:
            failed |= not all(found)  # the check must be able to see each fault
            failed |= result["attested"]["differs"] == 0
    print("1 failed" if failed else "never backwards: passed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
