"""The List Builder recording itself: the server and its agents (`serve --record`) and the page (`?record=1&check=1`), linked, and diagnosed.

    python Tests/Browser/self_record.py [--keep DIRECTORY]

The real page must come out clean, by its own live checks too; the control (`--unsafe-control`) must not: there A1, A4 and A5 are looked for.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

from playwright.sync_api import Error, sync_playwright

from trueline_process import BINARY, Server, airports

# Another build may diagnose: the format is what binds them.
DIAGNOSE = os.environ.get("TRUELINE_DIAGNOSE", BINARY)
failed = 0


def check(sentence, ok, found=""):
    global failed
    failed += not ok
    print("ok  " if ok else "FAIL", sentence, "" if ok else repr(found)[:2000])


def flood(server, grid, rows, column, under, stop):
    client, number = server.client(), 0
    while not stop.is_set():
        number += 1
        client.change(grid, [{"op": "setCell", "row": rows[number % len(rows)], "column": column, "value": f"flood {number}"}], under=under)
        stop.wait(0.15)


def turn_pages(page, turn):
    """Turns to page 2 and at once back to 1, while the replies for page 2 are held back until the others have come."""
    late = []
    page.route("**/pages?*", lambda route: late.append(route) if "first=2" in route.request.url else route.continue_())
    for number in (2, 1, 2, 1):
        turn(number)
        page.wait_for_timeout(30)
    page.wait_for_timeout(700)
    page.unroute("**/pages?*")
    for route in late:
        try:
            route.continue_()
        except Error:
            pass  # the page gave the request up meanwhile
    page.wait_for_timeout(1500)


def run_agent(page, server, grid, sheet):
    """Begins a run from the page, as its button does, and waits for its end."""
    name = server.client().request("GET", f"/grids/{grid}")["sheets"][0]["columns"][0]["name"]
    made = server.client().request("POST", f"/grids/{grid}/sheets/{sheet}/columns", {"name": "Code", "agent": {"prompt": "uppercase {{%s}}" % name}})
    begun = page.evaluate(
        "([grid, body]) => fetch(`/api/v1/grids/${grid}/runs`, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).then((reply) => reply.json())",
        [grid, json.dumps({"sheet": sheet, "column": made["id"], "scope": {"first": 10}})])
    while server.client().request("GET", f"/grids/{grid}/runs/{begun['run']}")["state"] not in ("finished", "cancelled", "refused"):
        page.wait_for_timeout(100)


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


def record(browser, server, grid, sheet, control, where):
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    if control:
        page.goto(f"{server.url}/control/?grid={grid}&sheet={sheet}&record=1")
        page.wait_for_selector("[role=gridcell]")
        box = "[data-page-number]"
        turn_pages(page, lambda number: page.evaluate(f"(() => {{ const b = document.querySelector('{box}'); b.value = {number}; b.dispatchEvent(new Event('change')); }})()"))
    else:
        page.goto(f"{server.url}/?record=1&check=1#grid={grid}")
        page.wait_for_selector("[role=gridcell][data-state=committed]")
        turn_pages(page, lambda number: page.evaluate(f"document.querySelector('[role=grid]').scrollTop = {(number - 1) * 3600}"))
        page.locator("[role=gridcell][data-state=committed]").nth(1).click()
        page.keyboard.type("mine")
        page.keyboard.press("Enter")
        page.wait_for_timeout(800)
        run_agent(page, server, grid, sheet)
        page.wait_for_timeout(800)
        check("the page's own checks are clean", page.evaluate("document.documentElement.dataset.check") == "clean", page.evaluate("truelineCheck.violations"))
    with open(where, "w", encoding="utf-8") as file:
        file.write(page.evaluate("truelineRecorder.lines()"))
    check("the recorder failed at nothing", page.evaluate("truelineRecorder.state.failures") == 0 and not errors, errors)
    page.close()


def run(control, directory):
    name = "control" if control else "real"
    recorded, page_trace = os.path.join(directory, f"{name}-server.trace.jsonl"), os.path.join(directory, f"{name}-page.trace.jsonl")
    server = Server("--record", recorded, *(["--unsafe-control"] if control else []))
    try:
        client = server.client()
        grid = client.request("POST", "/grids", {"name": "Airports"})
        sheet = grid["sheets"][0]["id"]
        client.import_file(grid["id"], sheet, airports())
        reply = client.pages(grid["id"], sheet)
        rows, column = [row["id"] for row in reply["pages"][0]["rows"]][:20], reply["columns"][0]["id"]
        stop = threading.Event()
        flooding = threading.Thread(target=flood, args=(server, grid["id"], rows, column, "/control" if control else "", stop), daemon=True)
        with sync_playwright() as tools:
            browser = tools.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
            flooding.start()
            record(browser, server, grid["id"], sheet, control, page_trace)
            stop.set()
            flooding.join()
            browser.close()
        time.sleep(0.7)  # the server writes what it recorded twice a second
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
