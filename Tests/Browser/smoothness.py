"""How smooth the page is: long tasks, frame times and the time from a key to its paint, in a real Chromium on a real server.

    python Tests/Browser/smoothness.py                    all parts
    python Tests/Browser/smoothness.py --part flood --runs 3 --json

Parts: `rows` scrolls through 28,298 rows; `flood` types into a cell and moves about while 2,000 changes a second arrive;
`wide` scrolls a sheet of 5,000 x 1,000 both ways; `run` looks on, with the agent's panel open, while a run fills 50,000 rows; `refreshes` counts what
a burst of a hundred and a flood cost a page.
Each figure is the median of the runs; the machine's load is printed beside it, for it decides much here, and the CPU time of tasks beside
their time on the clock: a task that is kept waiting by other programs is long without doing much. Not a test: it fails never.
"""

import argparse
import json
import os
import statistics
import threading
import time

from playwright.sync_api import sync_playwright

from trueline_process import Server, airports

MEASURE = """
window.__long = []; window.__frames = []; window.__keys = []; window.__work = [];
new PerformanceObserver((list) => { for (const e of list.getEntries()) __long.push(e.duration); }).observe({ type: 'longtask', buffered: true });
// From the key to the end of the frame that shows it: a message posted in a frame is handled after it was drawn. At 60 frames a second
// up to 16.7 ms of that is waiting for the frame to begin, so the frame's own work is told too.
addEventListener('keydown', () => {
  const at = performance.now();
  requestAnimationFrame(() => {
    const began = performance.now(), { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { const now = performance.now(); __keys.push(now - at); __work.push(now - began); };
    port2.postMessage(0);
  });
}, true);
{ let last = performance.now(); const frame = (now) => { __frames.push(now - last); last = now; requestAnimationFrame(frame); }; requestAnimationFrame(frame); }
"""


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * q))] if values else 0


class Measured:
    """A page with its observers, begun anew for each part."""

    def __init__(self, browser, url):
        self.page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        self.page.add_init_script(MEASURE)
        self.page.goto(url)
        self.page.wait_for_selector("[role=gridcell][data-state=committed]", timeout=60_000)
        self.page.wait_for_timeout(800)

    def begin(self):
        self.tasks, self.isTraced = [], False
        self.cdp = self.page.context.new_cdp_session(self.page)
        self.cdp.on("Tracing.dataCollected", lambda event: self.tasks.extend(e for e in event["value"] if e["name"].endswith("RunTask") or e["name"] == "thread_name"))
        self.cdp.on("Tracing.tracingComplete", lambda _: setattr(self, "isTraced", True))
        self.cdp.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": {"includedCategories": ["toplevel", "devtools.timeline"]}})
        self.page.evaluate("__long.length = __frames.length = __keys.length = __work.length = 0; window.__before = { paints: trueline.paints, time: trueline.paintTime, requests: trueline.requests, refreshes: trueline.refreshes }")

    def busiest(self):
        """CPU time of the page's tasks in ms: what they would have taken had nothing else run on the machine."""
        self.cdp.send("Tracing.end")
        while not self.isTraced:
            self.page.wait_for_timeout(50)
        main = {(e["pid"], e["tid"]) for e in self.tasks if e["name"] == "thread_name" and e["args"]["name"] == "CrRendererMain"}
        return [e.get("tdur", 0) / 1000 for e in self.tasks if e["name"] != "thread_name" and (e["pid"], e["tid"]) in main]

    def figures(self):
        found = self.page.evaluate("""({ long: __long, frames: __frames.slice(1), keys: __keys, work: __work, paints: trueline.paints - __before.paints,
            paintTime: trueline.paintTime - __before.time, requests: trueline.requests - __before.requests, refreshes: trueline.refreshes - __before.refreshes, longest: trueline.longestPaint })""")
        frames, keys, tasks = found["frames"], found["keys"], self.busiest()
        return {
            "tasks over 50 ms": len(found["long"]), "longest task ms": max(found["long"], default=0),
            "tasks over 50 ms of CPU": sum(task > 50 for task in tasks), "longest task ms of CPU": max(tasks, default=0),
            "frame p50 ms": quantile(frames, .5), "frame p95 ms": quantile(frames, .95), "frame p99 ms": quantile(frames, .99), "longest frame ms": max(frames, default=0),
            "paints": found["paints"], "ms a paint": found["paintTime"] / max(found["paints"], 1), "longest paint ms": found["longest"],
            **({"key to paint p50 ms": quantile(keys, .5), "key to paint p95 ms": quantile(keys, .95),
                "its frame p50 ms": quantile(found["work"], .5), "its frame p95 ms": quantile(found["work"], .95), "keys": len(keys)} if keys else {}),
            "requests": found["requests"], "refreshes": found["refreshes"],
        }


def scroll(measured, dx, dy, seconds):
    """Wheels on for a while, a little every frame, as a hand does."""
    measured.page.mouse.move(700, 450)
    ended = time.monotonic() + seconds
    while time.monotonic() < ended:
        measured.page.mouse.wheel(dx, dy)
        time.sleep(0.012)  # a wheel's own rate: it is scrolling that is measured


class Flood(threading.Thread):
    """Single-cell changes in the first page's rows, in batches."""

    def __init__(self, server, grid, cells, rate, total=None):
        super().__init__(daemon=True)
        self.client, self.grid, self.cells, self.rate, self.total = server.client(), grid, cells, rate, total
        self.stopping, self.sent = threading.Event(), 0

    def run(self):
        began, batch = time.monotonic(), 50
        while not self.stopping.is_set() and (self.total is None or self.sent < self.total):
            changes = []
            for _ in range(batch):
                row, column = self.cells[self.sent % len(self.cells)]
                self.sent += 1
                changes.append({"op": "setCell", "row": row, "column": column, "value": f"flood {self.sent}"})
            self.client.change(self.grid, changes)
            ahead = began + self.sent / self.rate - time.monotonic()
            if ahead > 0:
                self.stopping.wait(ahead)


def airports_server(options):
    server = Server("--sample", *options.flags)
    client = server.client()
    grid = client.request("GET", "/grids")["grids"][0]["id"]
    return server, client, grid


def rows(browser, server, grid, options):
    measured = Measured(browser, f"{server.url}/#/{grid}")
    measured.begin()
    scroll(measured, 0, 240, options.seconds / 2)
    scroll(measured, 0, 2400, options.seconds / 2)
    return measured


def flood(browser, server, grid, options):
    client = server.client()
    columns = {c["name"]: c["id"] for c in client.request("GET", f"/grids/{grid}")["sheets"][0]["columns"]}
    page = client.pages(grid, "s1", 1, 2)
    ids = [row["id"] for part in page["pages"] for row in part["rows"]]
    writer = Flood(server, grid, [(row, columns[name]) for row in ids for name in ("city", "name", "subd")], options.rate)
    measured = Measured(browser, f"{server.url}/#/{grid}")
    writer.start()
    measured.page.wait_for_timeout(1000)
    measured.page.locator('.row[data-rank="3"] .cell').first.click()
    measured.begin()
    keyboard, ended = measured.page.keyboard, time.monotonic() + options.seconds
    while time.monotonic() < ended:
        for key in ("ArrowDown", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"):
            keyboard.press(key)
            time.sleep(0.05)
        keyboard.type("typing", delay=50)
        keyboard.press("Escape")
        keyboard.press("Control+Home")
    writer.stopping.set()
    writer.join()
    return measured


def wide_server(options):
    """5,000 rows of 1,000 columns, imported from a file made for it."""
    server = Server(*options.flags)
    client = server.client()
    made = client.request("POST", "/grids", {"name": "Wide"})
    path = os.path.join(server.data, "wide.csv")
    with open(path, "w", encoding="utf-8") as file:
        file.write(",".join(f"Column {i}" for i in range(1000)) + "\n")
        for row in range(5000):
            file.write(",".join(f"{row}.{i}" for i in range(1000)) + "\n")
    client.import_file(made["id"], "s1", path)
    os.remove(path)
    return server, client, made["id"]


def wide(browser, server, grid, options):
    measured = Measured(browser, f"{server.url}/#/{grid}")
    measured.begin()
    for dx, dy in ((0, 240), (240, 0), (0, 240), (-240, 0)):
        scroll(measured, dx, dy, options.seconds / 4)
    return measured


def run_server(options):
    """50,000 rows, and a column that the demo rules fill: no model's time is measured."""
    server = Server(*options.flags)
    client = server.client()
    made = client.request("POST", "/grids", {"name": "Cities"})
    path = os.path.join(server.data, "cities.csv")
    with open(path, "w", encoding="utf-8") as file:
        file.write("City\n" + "".join(f"City {row}\n" for row in range(50_000)))
    client.import_file(made["id"], "s1", path)
    os.remove(path)
    client.request("POST", f"/grids/{made['id']}/sheets/s1/columns", {"name": "Answer", "type": "text", "agent": {"prompt": "uppercase {{City}}"}})
    return server, client, made["id"]


def run(browser, server, grid, options):
    client = server.client()
    measured = Measured(browser, f"{server.url}/#/{grid}")
    measured.page.get_by_title("Fill a column by an agent").click()
    measured.page.wait_for_timeout(1000)
    column = client.request("GET", f"/grids/{grid}")["sheets"][0]["columns"][-1]["id"]
    measured.begin()
    began = time.monotonic()
    name = client.request("POST", f"/grids/{grid}/runs", {"sheet": "s1", "column": column, "scope": "all", "concurrency": 64})["run"]
    while (state := client.request("GET", f"/grids/{grid}/runs/{name}"))["state"] == "running":
        time.sleep(0.2)  # between two looks at what is measured: asking without a pause would be measured too
    seconds = time.monotonic() - began
    measured.page.wait_for_timeout(1000)
    counts = measured.page.evaluate("({ refreshes: trueline.refreshes - __before.refreshes, requests: trueline.requests - __before.requests, shown: document.querySelector('.run .counts .done dd')?.textContent })")
    print(f"run: {state['done']:,} rows answered in {seconds:.1f} s ({state['done'] / seconds:,.0f}/s) cost {counts['refreshes']} refreshes "
          f"({counts['refreshes'] / seconds:.1f}/s), and {counts['requests'] - counts['refreshes']} page reads beside; the card shows {counts['shown']} done")
    return measured


def refreshes(browser, server, grid, options):
    """What a burst of a hundred commits costs a page, and what a flood of `--changes` does."""
    client = server.client()
    page = client.pages(grid, "s1", 1, 1)
    column = client.request("GET", f"/grids/{grid}")["sheets"][0]["columns"][3]["id"]
    cells = [(row["id"], column) for row in page["pages"][0]["rows"]]
    measured = Measured(browser, f"{server.url}/#/{grid}")
    measured.page.wait_for_timeout(1000)
    measured.begin()
    # A hundred commits without a pause between them, over a few connections that are open already.
    clients = [server.client() for _ in range(10)]
    for each in clients:
        each.request("GET", "/health")
    burst = lambda n: [clients[n].change(grid, [{"op": "setCell", "row": cells[10 * n + i][0], "column": column, "value": f"burst {n} {i}"}]) for i in range(10)]
    threads = [threading.Thread(target=burst, args=(n,)) for n in range(10)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    measured.page.wait_for_timeout(1500)
    of_burst = measured.figures()["refreshes"]
    measured.begin()
    writer, began = Flood(server, grid, cells, options.rate, options.changes), time.monotonic()
    writer.start()
    writer.join()
    seconds = time.monotonic() - began
    measured.page.wait_for_timeout(1000)
    flooded = measured.figures()["refreshes"]
    # A burst lasts at most the maximum wait (250 ms), so a steady flood is at most one refresh in each.
    print(f"refreshes: a burst of 100 commits within {took * 1000:.0f} ms, {int(took / .25) + 1} windows of 250 ms, cost {of_burst}; {writer.sent:,} changes in {seconds:.1f} s "
          f"({writer.sent / seconds:,.0f}/s) cost {flooded}, {flooded / (seconds / .25):.2f} a window; load {os.getloadavg()[0]:.1f}")
    measured.page.context.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=["rows", "flood", "wide", "run", "refreshes"])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rate", type=int, default=2000, help="changes a second")
    parser.add_argument("--changes", type=int, default=100_000, help="of the part `refreshes`")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--web", help="the page's files, to compare with those of another version")
    options = parser.parse_args()
    options.flags = ["--web", options.web] if options.web else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
        for name, serve, part in (("rows", airports_server, rows), ("flood", airports_server, flood), ("wide", wide_server, wide), ("run", run_server, run), ("refreshes", airports_server, refreshes)):
            if options.part not in (None, name):
                continue
            server, _, grid = serve(options)
            try:
                if part is refreshes:
                    part(browser, server, grid, options)
                    continue
                runs = []
                for _ in range(options.runs):
                    measured = part(browser, server, grid, options)
                    runs.append(measured.figures())
                    measured.page.context.close()
                median = {key: round(statistics.median(run.get(key, 0) for run in runs), 1) for key in runs[0]}
                if options.json:
                    print(json.dumps({name: median, "load": os.getloadavg()[0]}))
                else:
                    print(f"{name} (median of {len(runs)}, load {os.getloadavg()[0]:.1f}): " + ", ".join(f"{key} {value}" for key, value in median.items()))
            finally:
                server.stop()
        browser.close()


if __name__ == "__main__":
    main()
