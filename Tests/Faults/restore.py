"""An older copy of the data is put back under a server that people are looking at: an open page and `trueline watch` begin anew on it, and what
is committed afterwards is seen by both.

    python Tests/Faults/restore.py          (TRUELINE: the program, default .build/debug/trueline)
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading

from playwright.sync_api import sync_playwright

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Browser"))
from patience import chromium, page_of, until  # noqa: E402
from trueline_process import BINARY, Server  # noqa: E402


class Watch:
    """`trueline watch --json`, and the frames that it printed."""

    def __init__(self, url, grid):
        self.process = subprocess.Popen([BINARY, "watch", "--server", url, "--grid", grid, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.frames = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.frames.append(json.loads(line))

    def shows(self, revision, text):
        return bool(self.frames) and self.frames[-1]["revision"] == revision and text in json.dumps(self.frames[-1])

    def end(self):
        self.process.terminate()
        self.process.wait()


class Check:
    def __init__(self):
        self.failed = 0

    def __call__(self, sentence, holds, found=""):
        self.failed += not holds
        print("ok  " if holds else "FAILED  ", sentence, "" if holds else repr(found))


def again(server):
    """The same server on the same port, as people's pages know it."""
    server.start()
    return server.client()


def main():
    check, data = Check(), tempfile.mkdtemp(prefix="trueline-restore-")
    os.mkdir(os.path.join(data, "now"))
    server = Server(data=os.path.join(data, "now"))
    watch = None
    try:
        client = server.client()
        made = client.request("POST", "/grids", {"name": "Stock"})
        grid, sheet = made["id"], made["sheets"][0]["id"]
        column = client.request("POST", f"/grids/{grid}/sheets/{sheet}/columns", {"name": "item", "type": "text"})["id"]
        client.change(grid, [{"op": "insertRows", "sheet": sheet, "rows": [{column: f"row {n}"} for n in range(20)]}])
        row = client.pages(grid, sheet)["pages"][0]["rows"][0]["id"]
        put = lambda value: client.change(grid, [{"op": "setCell", "row": row, "column": column, "value": value}])["revision"]
        with sync_playwright() as tools:
            browser = chromium(tools)
            page = page_of(browser)
            page.goto(f"{server.url}/#/{grid}/{sheet}")
            watch = Watch(server.url, grid)
            cell = page.locator(f'[role=gridcell][data-row="{row}"][data-column="{column}"]')
            value = lambda: cell.locator(".value").text_content() if cell.count() else ""
            both = lambda revision, text: until(lambda: watch.shows(revision, text) and page.evaluate("trueline.revision") == revision and value() == text, page)
            kept = put("in the copy")
            check("a page and a watcher show what is committed", both(kept, "in the copy"), (value(), watch.frames[-1:]))

            server.stop()
            shutil.copytree(os.path.join(data, "now"), os.path.join(data, "copy"))
            client = again(server)
            for number in range(5):
                last = put(f"after the copy {number}")
            check("they go on when the server comes back", both(last, "after the copy 4"), (value(), watch.frames[-1:]))

            server.stop()
            shutil.rmtree(os.path.join(data, "now"))
            shutil.move(os.path.join(data, "copy"), os.path.join(data, "now"))
            client = again(server)
            check("on an older copy both show that copy", both(kept, "in the copy"), (value(), watch.frames[-1:]))
            check("and the page says what happened", page.locator("#toasts").get_by_text("restored to an older copy").count() == 1)
            new = put("on the copy")
            check("what is committed on it is seen by both, though its revisions were used before", new <= last and both(new, "on the copy"), (new, last, value(), watch.frames[-1:]))
            check("and no frame of the lost ones came after", all("after the copy" not in json.dumps(frame) for frame in watch.frames[-2:]), watch.frames[-2:])
            browser.close()
    finally:
        if watch:
            watch.end()
        server.stop()
        shutil.rmtree(data, ignore_errors=True)
    print(f"{check.failed} failed")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
