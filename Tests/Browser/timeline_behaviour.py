"""What the timeline does for a person, in a real Chromium: opening, keyboard, causes and effects, both orders, search, hostile text, narrow
screens, the one-file form from disk, and how long its tasks take with 100,000 events (judged with --long only: on a busy machine a time says
nothing of the page). Each check is one sentence.

    python Tests/Browser/timeline_behaviour.py                 needs playwright and a Chromium (CHROMIUM, default /usr/bin/chromium)
    python Tests/Browser/timeline_behaviour.py --trueline PATH     also lets this `trueline open` make one file, and checks that
    python Tests/Browser/timeline_behaviour.py --shots DIR         also keeps screenshots
    python Tests/Browser/timeline_behaviour.py --long              also judges the time
"""

import argparse
import functools
import http.server
import json
import os
import random
import subprocess
import sys
import tempfile
import threading

from playwright.sync_api import sync_playwright

from patience import chromium, comes, page_of, painted, until

WEB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Web")
FAULTY = os.path.join(WEB, "..", "Fixtures", "traces", "checkout-faulty.trace.jsonl")
HOSTILE = "</script><img src=x onerror=alert(1)><script>alert(2)</script>"
HEADER = {"type": "trace", "version": 1, "recorder": "check"}
# What the server sends with its pages.
POLICY = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'"


def race():
    """Two intents of one slot; the first one's response is written last. Names and values try to be HTML."""
    return [
        HEADER,
        {"type": "slot", "slot": "price", "policy": "latest"},
        {"type": "intent", "id": "i1", "intent": "a", "slot": "price", "label": HOSTILE, "time": 1000000, "task": "t1"},
        {"type": "start", "id": "s1", "request": "r1", "intent": "a", "url": "/price?v=1", "time": 1000000, "task": "t1"},
        {"type": "intent", "id": "i2", "intent": "b", "slot": "price", "label": "+1", "time": 9000000, "task": "t2"},
        {"type": "start", "id": "s2", "request": "r2", "intent": "b", "url": "/price?v=2", "time": 9000000, "task": "t2"},
        {"type": "arrive", "id": "a2", "request": "r2", "status": 200, "time": 40000000},
        {"type": "deliver", "id": "d2", "request": "r2", "time": 40000000, "task": "t3"},
        {"type": "write", "id": "w2", "request": "r2", "key": "price", "value": 2, "time": 40000000, "task": "t3"},
        {"type": "arrive", "id": "a1", "request": "r1", "status": 200, "time": 60000000},
        {"type": "deliver", "id": "d1", "request": "r1", "time": 60000000, "task": "t4"},
        {"type": "write", "id": "w1", "request": "r1", "key": "price", "value": 1, "time": 60000000, "task": "t4"},
        {"type": "write", "id": "x1", "request": "r1", "key": HOSTILE, "value": HOSTILE, "time": 60000000, "task": "t4"},
        {"type": "render", "id": "f1", "frame": 1, "time": 61000000},
    ]


def long_trace(events, seed=1):
    """About `events` events of eight browsers and a store."""
    chance = random.Random(seed)
    records, flying, time, number = [HEADER], [[] for _ in range(8)], 0, 0
    while len(records) < events:
        time += chance.randrange(1, 400) * 1000
        tab = chance.randrange(8)
        where = {"process": f"tab{tab + 1}", "time": time}
        if not flying[tab] or (len(flying[tab]) < 20 and chance.random() < 0.4):
            number += 1
            slot = f"slot {chance.randrange(40)}"
            flying[tab].append((number, slot))
            records.append({"type": "intent", "intent": f"i{number}", "slot": slot, "task": f"t{len(records)}", **where})
            records.append({"type": "start", "request": f"r{number}", "intent": f"i{number}", "url": f"/{slot}", **where})
            records.append({"type": "read", "process": "database", "time": time, "request": f"r{number}", "key": slot})
        else:
            late, slot = flying[tab].pop(chance.randrange(len(flying[tab])) if chance.random() < 0.02 else 0)
            task = f"t{len(records)}"
            records.append({"type": "arrive", "request": f"r{late}", "status": 200, **where})
            records.append({"type": "deliver", "request": f"r{late}", "task": task, **where})
            for key in range(chance.randrange(1, 4)):
                records.append({"type": "write", "request": f"r{late}", "key": f"{slot}/{key}", "value": chance.randrange(999), "task": task, **where})
            records.append({"type": "render", "frame": len(records), **where})
    return records


def lines(records):
    return "\n".join(json.dumps(record) for record in records) + "\n"


class Handler(http.server.SimpleHTTPRequestHandler):
    """The files under Web/ with the server's policy, and two routes of its API."""

    def log_message(self, *_):
        pass

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def do_GET(self):
        replies = {
            "/api/v1/traces": {"traces": [{"id": "t-1", "bytes": 1234, "parts": 1}]},
            "/api/v1/traces/t-1": lines(race()),
            "/api/v1/traces/t-1/diagnosis": {"findings": [], "divergence": {
                "event": "w1", "request": "r1", "key": "price", "before": "r2", "order": ["r2", "r1"], "sentence": "Proved: " + HOSTILE}},
        }
        path = self.path.split("?")[0]
        if not path.startswith("/api/"):
            return super().do_GET()
        reply = replies.get(path)
        body = b"" if reply is None else (reply if isinstance(reply, str) else json.dumps(reply)).encode()
        self.send_response(404 if reply is None else 200)
        self.end_headers()
        self.wfile.write(body)


class Checks:
    def __init__(self, browser, url, shots):
        self.browser, self.url, self.shots, self.failed, self.problems = browser, url, shots, 0, []

    def check(self, sentence, ok, found="", page=None):
        """With a page `ok` is asked until it is true."""
        ok = until(ok, page) if page else ok
        self.failed += not ok
        print("ok  " if ok else "FAIL", sentence, "" if ok else repr(found), flush=True)

    def page(self, path="traces/", width=1280, height=800, scheme="light"):
        page = page_of(self.browser, viewport={"width": width, "height": height}, color_scheme=scheme)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("dialog", lambda dialog: (self.problems.append("dialog: " + dialog.message), dialog.dismiss()))
        page.on("console", lambda message: message.type == "error" and "404" not in message.text and self.problems.append(message.text))
        page.goto(path if "://" in path else self.url + path)
        return page

    def opened(self, records, **how):
        page = self.page(**how)
        page.set_input_files("#file", {"name": "race.jsonl", "mimeType": "text/plain", "buffer": lines(records).encode()})
        comes(page, "window.timeline.shown")
        painted(page)
        return page

    def shot(self, page, name):
        if self.shots:
            painted(page)
            page.screenshot(path=os.path.join(self.shots, name + ".png"))


def selected(page):
    return page.evaluate("timeline.shown.model.selected < 0 ? '' : timeline.shown.model.trace.name(timeline.shown.model.selected)")


def opening(c):
    page = c.page()
    c.check("an empty page says how to open a trace", lambda: page.is_visible("#choose"), page=page)
    page.wait_for_selector("#listed a")
    c.check("the server's traces are offered", page.inner_text("#listed a").startswith("t-1"))
    page.set_input_files("#file", {"name": "x.har", "mimeType": "text/plain", "buffer": b'{"log":{"entries":[]}}'})
    comes(page, "document.getElementById('problem').textContent !== ''")
    c.check("a file that is no trace is refused with its line", "line 1" in page.inner_text("#problem"), page.inner_text("#problem"))
    page.evaluate("""text => { const data = new DataTransfer(); data.items.add(new File([text], 'dropped.jsonl'));
        window.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })) }""", lines(race()))
    comes(page, "window.timeline.shown")
    c.check("a dropped file is opened", lambda: page.inner_text("#trace-name") == "dropped.jsonl", page=page)
    page = c.page("traces/?id=t-1")
    comes(page, "window.timeline.shown")
    c.check("a trace of the server opens by its id, with its diagnosis", lambda: "Proved: </script>" in page.inner_text("#panel-diagnosis"), page=page)
    page = c.page("traces/?id=gone")
    comes(page, "document.getElementById('problem').textContent !== ''")
    c.check("an id that is not there says so", "gone" in page.inner_text("#problem"))


def divergence(c):
    page = c.opened(race())
    c.check("the first divergence is named", page.inner_text("#verdict") == "First divergence: w1, price", page.inner_text("#verdict"))
    c.check("and selected, and in view", selected(page) == "w1" and page.evaluate("(s => s.x(s.model.at(s.model.selected)) < s.width)(timeline.shown.scene)"))
    c.shot(page, "race")
    page.click("#tab-state")
    painted(page)
    rows = page.eval_on_selector_all("table.state tbody tr", "rows => rows.map(r => [...r.children].map(cell => cell.innerText))")
    c.check("at that instant the state differs between the orders", rows[0] == ["price", "1", "\u2260 2"], rows)
    page.keyboard.press(",")
    page.keyboard.press(",")
    painted(page)
    c.check("a step back, both orders agree", "hold what was asked for" in page.inner_text("#panel-state"), page.inner_text("#panel-state"))
    box = page.evaluate("(s => ({ x: s.x(s.model.at(s.model.trace.find('s2'))), y: 12 }))(timeline.shown.scene)")
    place = page.locator("#lanes").bounding_box()
    page.mouse.click(place["x"] + box["x"] + 1, place["y"] + box["y"])
    painted(page)
    c.check("a click on the ruler moves the instant there", "Nothing has been written yet" in page.inner_text("#panel-state"), page.inner_text("#panel-state"))


def moving(c):
    page = c.opened(race())
    page.keyboard.press("d")
    seen = []
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
        seen.append(selected(page))
    c.check("left goes from the late write to its response, its request, its intent", seen == ["d1", "a1", "s1", "i1"], seen)
    page.keyboard.press("ArrowRight")
    c.check("right goes to an effect", selected(page) == "s1", selected(page))
    page.keyboard.press("End")
    c.check("End is the last event, Up the one before", selected(page) == "f1")
    page.keyboard.press("ArrowUp")
    painted(page)
    c.check("and the list says which it is", selected(page) == "x1" and page.get_attribute("#list", "aria-activedescendant") == "event-11", selected(page))
    option = page.locator("#list [aria-selected=true]")
    c.check("its line knows its place", option.get_attribute("aria-posinset") == "12" and option.get_attribute("aria-setsize") == "13")
    page.click("#tab-event")
    painted(page)
    page.click("section[aria-label=Causes] button.event >> nth=0")
    c.check("a cause in the panel can be followed", selected(page) in ("d1", "w1"), selected(page))
    spot = page.evaluate("(s => [s.x(s.model.at(s.model.trace.find('w2'))), s.y(s.model.trace.find('w2'))])(timeline.shown.scene)")
    place = page.locator("#lanes").bounding_box()
    page.mouse.click(place["x"] + spot[0], place["y"] + spot[1])
    c.check("a click on a mark selects it", selected(page) == "w2", selected(page))
    page.select_option("#axis", "order")
    c.check("the causal order is an axis too", page.evaluate("timeline.shown.model.axis.kind") == "order")
    before = page.evaluate("timeline.shown.viewport.scale")
    page.keyboard.press("+")
    page.focus("#lanes")
    page.keyboard.press("+")
    c.check("plus zooms in", lambda: page.evaluate("timeline.shown.viewport.scale") > before * 1.4, page=page)
    page.keyboard.press("0")
    page.keyboard.press("?")
    c.check("the keys are explained", page.is_visible("#keys") and "first divergence" in page.inner_text("#keys"))
    page.click("#keys button")
    c.check("and the explanation closes", not page.is_visible("#keys"))


def searching(c):
    page = c.opened(race())
    page.focus("#lanes")
    page.keyboard.press("/")
    page.keyboard.type("type:write key:price")
    comes(page, "document.getElementById('found').textContent === '2 found'")
    c.check("search lists what it found", lambda: page.locator("#list [role=option]").count() == 2, page=page)
    page.keyboard.press("Enter")
    first = selected(page)
    page.keyboard.press("Enter")
    c.check("Enter goes through the matches", sorted([first, selected(page)]) == ["w1", "w2"], [first, selected(page)])
    page.keyboard.press("Escape")
    comes(page, "document.querySelectorAll('#list [role=option]').length > 2")
    c.check("Escape lists everything again", lambda: page.evaluate("document.activeElement.id") == "lanes", page=page)


def hostile(c):
    page = c.opened(race())
    page.evaluate("timeline.select(timeline.shown.model.trace.find('x1'))")
    page.click("#tab-event")
    painted(page)
    c.check("hostile text is shown as it is", HOSTILE in page.inner_text("#panel-event"))
    page.click("#tab-state")
    painted(page)
    c.check("in the state too", HOSTILE in page.inner_text("#panel-state"))
    c.check("and becomes no element", page.locator("img").count() == 0 and page.locator("#side script").count() == 0)


def narrow(c):
    page = c.opened(race(), width=360, height=740, scheme="dark")
    c.check("at 360 px nothing is wider than the screen", page.evaluate("document.documentElement.scrollWidth") <= 360, page.evaluate("document.documentElement.scrollWidth"))
    c.shot(page, "race-360-dark")
    page = c.page(width=360, height=640)
    c.check("the empty page too", page.evaluate("document.documentElement.scrollWidth") <= 360)


def smooth(c, events, judges):
    page = c.opened(long_trace(events), width=1440, height=900)
    page.keyboard.press("0")
    painted(page)
    c.browser.start_tracing(page=page, categories=["toplevel", "devtools.timeline"])
    page.mouse.move(600, 400)
    for _ in range(50):
        page.mouse.wheel(0, -120)
        painted(page)
    for start, step in ((700, -7), (300, 12)):
        page.mouse.move(start, 400)
        page.mouse.down()
        for i in range(50):
            page.mouse.move(start + i * step, 400 + i % 4)
            painted(page)
        page.mouse.up()
        for _ in range(50 if start == 700 else 0):
            page.mouse.wheel(0, 120)
            painted(page)
    trace = json.loads(c.browser.stop_tracing())["traceEvents"]
    main = {(e["pid"], e["tid"]) for e in trace if e.get("name") == "thread_name" and e["args"]["name"] == "CrRendererMain"}
    # CPU time of each task: what the page itself costs, whatever else runs on the machine.
    tasks = sorted(e.get("tdur", 0) / 1000 for e in trace if e.get("ph") == "X" and e["name"].endswith("RunTask") and (e["pid"], e["tid"]) in main)
    draws = sorted(page.evaluate("timeline.frames"))
    print(f"     {events} events: {len(draws)} frames, drawing p50 {draws[len(draws) // 2]:.1f} ms, p95 {draws[int(len(draws) * 0.95)]:.1f} ms; "
          f"{len(tasks)} tasks, CPU p99 {tasks[int(len(tasks) * 0.99)]:.1f} ms, longest {tasks[-1]:.1f} ms")
    c.check(f"panning and zooming {events:,} events draws a frame for what was done", len(draws) > 60, len(draws))
    if judges:
        c.check("and no task takes more than 50 ms", tasks[-1] <= 50, tasks[-5:])
    c.shot(page, "long")


def one_file(c, path):
    page = c.page("file://" + os.path.abspath(path))
    comes(page, "window.timeline && window.timeline.shown")
    c.check("the one file opens from disk", lambda: page.is_visible("#lanes") and "events" in page.inner_text("#summary"), page=page)
    page.keyboard.press("d")
    painted(page)
    c.check("and finds its way to the divergence", selected(page) != "")
    c.check("with the diagnosis in it", "Guards" in page.inner_text("#panel-diagnosis") and "advised" in page.inner_text("#panel-diagnosis"))
    page.keyboard.press("?")
    page.click("#keys button")
    c.check("its policy allows what the page needs", not page.is_visible("#keys"))
    c.shot(page, "one-file")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--trueline")
    arguments.add_argument("--shots")
    arguments.add_argument("--long", action="store_true")
    arguments.add_argument("--events", type=int, default=100_000)
    options = arguments.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=WEB))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        checks = Checks(browser, f"http://127.0.0.1:{server.server_port}/", options.shots)
        for part in (opening, divergence, moving, searching, hostile, narrow):
            part(checks)
        smooth(checks, options.events, options.long)
        if options.trueline:
            with tempfile.TemporaryDirectory() as folder:
                page = os.path.join(folder, "timeline.html")
                subprocess.run([options.trueline, "open", FAULTY, "--output", page, "--no-browser", "--web", WEB], check=True, stdout=subprocess.DEVNULL)
                one_file(checks, page)
        checks.check("no script failed and nothing was refused by the policy", not checks.problems, checks.problems)
        browser.close()
    server.shutdown()
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
