"""The List Builder recording itself: the server (`serve --record`) and the page (`?record=1&check=1`), the two linked, and diagnosed.

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
        check("real: no violation is found", found == [], (found, done.stdout[:1500]))


parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
parser.add_argument("--keep", help="where the traces stay")
options = parser.parse_args()
directory = options.keep or tempfile.mkdtemp(prefix="trueline-self-record-")
os.makedirs(directory, exist_ok=True)
run(False, directory)
run(True, directory)
sys.exit(failed > 0)
