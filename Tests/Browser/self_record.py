"""The List Builder recording itself: the server and its agents (`serve --record`) and the page (`?record=1&check=1`), linked, and diagnosed.

    python Tests/Browser/self_record.py [--keep DIRECTORY]

The real page must come out clean, by its own live checks too; the control (`--unsafe-control`) must not: there A1, A4 and A5 are looked for.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading

from playwright.sync_api import Error, sync_playwright

from patience import chromium, comes, page_of, painted, until
from trueline_process import BINARY, Server, airports

# Another build may diagnose: the format is what binds them.
DIAGNOSE = os.environ.get("TRUELINE_DIAGNOSE", BINARY)
failed = 0


def check(sentence, ok, found=""):
    global failed
    failed += not ok
    print("ok  " if ok else "FAIL", sentence, "" if ok else repr(found)[:2000])


# The control's page is what its box says; a change of the box is a person's turn.
TURN = "(n) => { const box = document.querySelector('[data-page-number]'); box.value = n; box.dispatchEvent(new Event('change')); }"
SCROLL = "(n) => { document.querySelector('[role=grid]').scrollTop = (n - 1) * 3600; }"


class Place:
    """The list that is recorded, and who else writes to it."""

    def __init__(self, server):
        self.client, self.server = server.client(), server
        made = self.client.request("POST", "/grids", {"name": "Airports"})
        self.grid, self.sheet = made["id"], made["sheets"][0]["id"]
        self.client.import_file(self.grid, self.sheet, airports())
        reply = self.client.pages(self.grid, self.sheet)
        self.rows, self.columns = [row["id"] for row in reply["pages"][0]["rows"]][:20], [column["id"] for column in reply["columns"]]
        self.stop, self.flooding = threading.Event(), threading.Thread(target=self.flood, daemon=True)

    def revision(self):
        return self.client.request("GET", f"/grids/{self.grid}")["revision"]

    def write(self, client, number, under=""):
        change = {"op": "setCell", "row": self.rows[number % len(self.rows)], "column": self.columns[0], "value": f"flood {number}"}
        return client.change(self.grid, [change], under=under)["revision"]

    def flood(self):
        client, number = self.server.client(), 0
        while not self.stop.is_set():
            number += 1
            self.write(client, number)
            self.stop.wait(0.15)  # chance: what it falls between is not looked at

    def run_ahead(self):
        """Writes to the control until it has told of revisions that are well beyond what it saved; answers the last one."""
        number = told = 0
        while told < self.revision() + 5:
            number += 1
            told = self.write(self.client, number, "/control")
        return told

    def quiet(self, recorded):
        """Waits until all was saved and the server has written that down."""
        self.stop.set()
        if self.flooding.is_alive():
            self.flooding.join()
        last = self.revision()

        def is_written():
            with open(recorded, encoding="utf-8") as file:
                return any(int(revision) >= last for revision in re.findall(rf"commit {self.grid} (\d+)", file.read()))
        check("the server recorded its last commit", until(is_written))


def turn_pages(page, script):
    """Turns to page 2 and at once back to 1, twice, while the replies for page 2 are held back until the others have come."""
    late, over = [], []
    page.route("**/pages?*", lambda route: late.append(route) if "first=2" in route.request.url else route.continue_())
    for event in ("requestfinished", "requestfailed"):
        page.on(event, lambda request: over.append(request))
    for number in (2, 1, 2, 1):
        page.evaluate(script, number)
        painted(page)
    if script == TURN:
        until(lambda: len(late) == 2 and sum("first=1" in request.url for request in over) == 2, page)
    else:
        page.wait_for_selector(".row[data-rank='0'] [role=gridcell][data-state=committed]")
    painted(page)
    page.unroute("**/pages?*")
    for route in late:
        try:
            route.continue_()
        except Error:
            pass  # the page gave the request up meanwhile
    until(lambda: all(route.request in over for route in late), page)
    painted(page)


def run_agent(page, place):
    """Begins a run from the page, as its button does, and waits for its end."""
    name = place.client.request("GET", f"/grids/{place.grid}")["sheets"][0]["columns"][0]["name"]
    made = place.client.request("POST", f"/grids/{place.grid}/sheets/{place.sheet}/columns", {"name": "Code", "agent": {"prompt": "uppercase {{%s}}" % name}})
    begun = page.evaluate(
        "([grid, body]) => fetch(`/api/v1/grids/${grid}/runs`, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).then((reply) => reply.json())",
        [place.grid, json.dumps({"sheet": place.sheet, "column": made["id"], "scope": {"first": 10}})])
    until(lambda: place.client.request("GET", f"/grids/{place.grid}/runs/{begun['run']}")["state"] in ("finished", "cancelled", "refused"), page)


def check_agents(recorded, page_trace):
    """The page's request, the run that it began, and its calls are one chain over three processes."""
    events = [json.loads(line) for file in (recorded, page_trace) for line in open(file, encoding="utf-8")]
    agents = [event for event in events if event.get("process", "").startswith("agents of ")]
    run = [event for event in agents if event["type"] == "intent"]
    starts = {event.get("id") for event in events if event["type"] == "start" and event.get("process") != agents[0]["process"]}
    asked = [edge["event"] for edge in run[0].get("after", []) if edge["event"].startswith("s-")] if run else []
    check("the run is an intent of the agents' process, asked for by the page's request", len(run) == 1 and len(asked) == 1 and asked[0] in starts, (run, asked))
    commits = {event.get("id") for event in events if event["type"] == "commit"}
    ends = [event for event in agents if event["type"] == "deliver"]
    # Somebody edits meanwhile: a row whose input changed under its call is asked about once more.
    asked_about = {event["request"].split("-")[1] for event in ends}
    unnamed = [event for event in ends if not any(edge["event"] in commits for edge in event["after"])]
    check("each answer about its ten rows names its commit", len(asked_about) == 10 and not unnamed, (len(ends), asked_about, unnamed))


def use_control(page, place):
    page.goto(f"{place.server.url}/control/?grid={place.grid}&sheet={place.sheet}&record=1")
    page.wait_for_selector("[role=gridcell]")
    told, saved = place.run_ahead(), place.revision()
    comes(page, "(told) => Number(document.querySelector('[role=grid]').dataset.revision) >= told", told)
    painted(page)
    turn_pages(page, TURN)
    check("the control saved late", until(lambda: place.revision() > saved, page))


def use(page, place):
    place.flooding.start()
    page.goto(f"{place.server.url}/?record=1&check=1#grid={place.grid}")
    page.wait_for_selector("[role=gridcell][data-state=committed]")
    turn_pages(page, SCROLL)
    page.locator(f".row[data-rank='1'] [role=gridcell][data-column='{place.columns[1]}']").click()
    page.keyboard.type("mine")
    page.keyboard.press("Enter")
    check("an edit is saved and shown", comes(page, "trueline.changesSent > 0 && document.querySelector('.draft') === null"))
    run_agent(page, place)
    comes(page, "(r) => trueline.revision >= r", place.revision())
    painted(page)
    check("the page's own checks are clean", page.evaluate("document.documentElement.dataset.check") == "clean", page.evaluate("truelineCheck.violations"))


def record(browser, place, control, where):
    page = page_of(browser)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    (use_control if control else use)(page, place)
    with open(where, "w", encoding="utf-8") as file:
        file.write(page.evaluate("truelineRecorder.lines()"))
    check("the recorder failed at nothing", page.evaluate("truelineRecorder.state.failures") == 0 and not errors, errors)
    page.context.close()


def run(control, directory):
    name = "control" if control else "real"
    recorded, page_trace = os.path.join(directory, f"{name}-server.trace.jsonl"), os.path.join(directory, f"{name}-page.trace.jsonl")
    server = Server("--record", recorded, *(["--unsafe-control"] if control else []))
    try:
        place = Place(server)
        with sync_playwright() as tools:
            browser = chromium(tools)
            record(browser, place, control, page_trace)
            browser.close()
        place.quiet(recorded)
    finally:
        server.stop()
    done = subprocess.run([DIAGNOSE, "diagnose", "--format", "json", recorded, page_trace], capture_output=True, text=True)
    check(f"{name}: diagnose reads both files", done.returncode in (0, 1), done.stderr)
    found = sorted({finding["rule"] for finding in json.loads(done.stdout)["findings"] if finding["violation"]}) if done.returncode in (0, 1) else []
    if control:
        check("control: A1, A4 and A5 are found", {"A1", "A4", "A5"} <= set(found), found)
    else:
        check_agents(recorded, page_trace)
        check("real: no violation is found", found == [], (found, done.stdout[:1500]))


parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
parser.add_argument("--keep", help="where the traces stay")
options = parser.parse_args()
directory = options.keep or tempfile.mkdtemp(prefix="trueline-self-record-")
os.makedirs(directory, exist_ok=True)
run(False, directory)
run(True, directory)
sys.exit(failed > 0)
