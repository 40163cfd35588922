"""A person edits cells of a column while a run floods answers into it: a real Chromium, a real server, a scripted provider.

* every edit survives, whether the answer to its cell came before, during or after it (S6); losing answers are in the cells' history
* an IME composition, the caret and the selection are not disturbed by the flood
* what is painted in a value slot was committed, at a revision at most the one it is painted at: no draft, no part of an answer (C3)

    python Tests/Browser/edits_race_run.py --seed 1
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

from playwright.sync_api import sync_playwright

from never_backwards import committed, judge
from trueline_process import ROOT, Server

ROWS = 400
EDITS = 40
# Rows from one edit to the next: a run is faster than a person types.
STRIDE = 3


def provider(seed):
    """Answers in pieces, slowly enough that a person is faster now and then."""
    process = subprocess.Popen(
        [sys.executable, os.path.join(ROOT, "Tests", "Provider", "scripted_provider.py"), "--port", "0", "--seed", str(seed),
         "--latency", "1.2", "--token-latency", "0.1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return process, re.search(r"http://[\d.]+:\d+", process.stdout.readline()).group(0)


# What a flood must not disturb, looked at in every frame.
WATCH = """() => {
  const box = document.activeElement, seen = { frames: 0, ends: 0, paints: 0, first: null, others: [] };
  window.__watched = seen;
  const look = () => { const a = document.activeElement; return [a === box, box.hidden, box.value, box.selectionStart, box.selectionEnd].join(' | '); };
  box.addEventListener('compositionend', () => seen.ends++);
  seen.first = look();
  const step = () => {
    if (seen.stopped) return;
    seen.frames++;
    const now = look();
    if (now !== seen.first) seen.others.push(now);
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}"""


class Trial:
    def __init__(self, page, client, grid, sheet, run, column):
        self.page, self.client, self.grid, self.sheet, self.run, self.column = page, client, grid, sheet, run, column
        self.failed = 0
        self.edits = {}  # row -> text

    def check(self, sentence, ok, found=""):
        self.failed += not ok
        print("ok  " if ok else "FAIL", sentence, "" if ok else repr(found)[:500])

    def state(self):
        return self.client.request("GET", f"/grids/{self.grid}/runs/{self.run}")

    def cell(self, rank):
        return self.page.locator(f'.row[data-rank="{rank}"] [data-column="{self.column}"]')

    def focused_row(self):
        return self.page.evaluate("document.activeElement.dataset.row")

    def type_down(self):
        """One cell after the other, where the run is asking."""
        self.cell(0).click()
        for number in range(EDITS):
            for _ in range(200):
                state = self.state()
                if state["done"] + state["skipped"] + state["failed"] >= number * STRIDE - 10:
                    break
                self.page.wait_for_timeout(10)
            row = self.focused_row()
            self.page.keyboard.type(f"edit {number}")
            self.page.keyboard.press("Enter")
            self.edits[row] = f"edit {number}"
            for _ in range(STRIDE - 1):
                self.page.keyboard.press("ArrowDown")

    def watched(self, answers):
        """Waits until so many answers more were committed; what of the watched was disturbed."""
        done = self.state()["committed"]
        self.page.evaluate(WATCH)
        for _ in range(400):
            self.page.wait_for_timeout(50)
            state = self.state()
            if state["committed"] >= done + answers or state["state"] != "running":
                break
        seen = self.page.evaluate("(window.__watched.stopped = true, window.__watched)")
        return seen, self.state()["committed"] - done

    def open_cell(self, down, text):
        """Begins to edit a cell to which the run comes while it is edited."""
        for _ in range(down):
            self.page.keyboard.press("ArrowDown")
        row = self.focused_row()
        self.page.keyboard.press("F2")
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)
        return row

    def compose(self):
        row = self.open_cell(12, "")
        session = self.page.context.new_cdp_session(self.page)
        session.send("Input.imeSetComposition", {"text": "とうきょ", "selectionStart": 2, "selectionEnd": 4})
        seen, answers = self.watched(40)
        self.check("an IME composition is not disturbed by a flood of answers", seen["ends"] == 0 and not seen["others"] and "とうきょ" in seen["first"], seen)
        self.check("and there was a flood", answers >= 30 and seen["frames"] >= 20, (answers, seen["frames"]))
        session.send("Input.insertText", {"text": "東京"})
        self.page.keyboard.press("Enter")
        self.edits[row] = "東京"

    def caret(self):
        row = self.open_cell(45, "abcdef")
        for _ in range(3):
            self.page.keyboard.press("ArrowLeft")
        self.page.keyboard.press("Shift+ArrowLeft")
        seen, answers = self.watched(30)
        self.check("caret and selection stay where they are in the editor", not seen["others"] and seen["first"].endswith("abcdef | 2 | 3") and answers >= 20, (seen, answers))
        self.page.keyboard.type("X")
        self.page.keyboard.press("Enter")
        self.edits[row] = "abXdef"

    def select(self):
        for key in ("Shift+ArrowDown", "Shift+ArrowDown", "Shift+ArrowLeft"):
            self.page.keyboard.press(key)
        look = "[...document.querySelectorAll('[role=gridcell][aria-selected=true]')].map((c) => c.dataset.row + c.dataset.column).sort().join() + '/' + document.activeElement.dataset.row"
        before = self.page.evaluate(look)
        self.page.wait_for_timeout(1500)  # a flood's time: there is nothing to wait for, because nothing may change
        after = self.page.evaluate(look)
        self.check("a selection of cells stays", before == after and before.count(",") == 5, (before, after))

    def judge(self):
        for _ in range(100):
            if self.page.locator(".draft").count() == 0:
                break
            self.page.wait_for_timeout(100)
        self.check("C9: no draft is left, and none was refused because of an answer", self.page.locator(".draft").count() == 0, self.page.locator(".draft").count())
        frames = self.page.evaluate("window.__frames")
        painted = [change for frame in frames for change in frame["changed"] if change[1] == self.column]
        cells = sorted({(row, column) for row, column, _, _ in painted} | {(row, self.column) for row in self.edits})
        log = {cell: committed(self.client, self.grid, self.sheet, cell, "") for cell in cells}
        unsaved, backwards, torn = judge(frames, log)
        self.check("C3: every value painted was committed", not unsaved, unsaved[:3])
        self.check("C2, C4: nothing went backwards, no frame was torn", not backwards and not torn, (backwards[:2], torn[:2]))
        early = [p for p in painted if min((r for r, text in log[(p[0], p[1])] if text == p[3]), default=0) > p[2]]
        self.check("C3: nothing is painted before the revision that has it", not early, early[:3])
        lost, losers, overtaken = [], 0, 0
        for row, text in self.edits.items():
            entries = self.client.request("GET", f"/grids/{self.grid}/sheets/{self.sheet}/rows/{row}/cells/{self.column}/history?limit=100")["entries"]
            if log[(row, self.column)][-1][1] != text:
                lost.append((row, text, log[(row, self.column)]))
            losers += any(entry["kind"] == "suggestion" for entry in entries)
            overtaken += any(entry["kind"] == "answer" for entry in entries)
        self.check(f"S6: {len(self.edits)} edits, none lost", not lost, lost[:3])
        self.check("S6: some answers lost, and are kept as suggestions", losers >= 10, losers)
        self.check("and some edits went past an answer that came while they were typed", overtaken >= 1, overtaken)
        state = self.state()
        self.check("the run finished, and counts the suggestions", state["state"] == "finished" and state["suggested"] == losers, state)
        print(f"     {len(painted)} paints in {len(frames)} frames; {losers} answers lost to an edit, {overtaken} edits went past an answer, {state['skipped']} rows left alone")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    model, address = provider(arguments.seed)
    for name in [name for name in os.environ if name.startswith(("ANTHROPIC_", "OLLAMA_"))]:
        del os.environ[name]
    os.environ.update(OPENAI_BASE_URL=f"{address}/v1", OPENAI_API_KEY="sk-scripted", OPENAI_MODEL="scripted")
    server = Server()
    try:
        client = server.client()
        made = client.request("POST", "/grids", {"name": "Cities"})
        grid, sheet = made["id"], made["sheets"][0]["id"]
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.write("City\n" + "\n".join(f"City {n}" for n in range(ROWS)) + "\n")
            file.flush()
            client.import_file(grid, sheet, file.name)
        client.request("POST", f"/grids/{grid}/sheets/{sheet}/columns", {"name": "Answer", "type": "text", "agent": {"prompt": "Tell of {{City}}"}})
        column = client.request("GET", f"/grids/{grid}")["sheets"][0]["columns"][-1]["id"]
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            problems = []
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.add_init_script(path=os.path.join(ROOT, "Tests", "Browser", "recorder.js"))
            page.goto(f"{server.url}/#/{grid}/{sheet}")
            page.wait_for_selector("[role=gridcell][data-row]")
            run = client.request("POST", f"/grids/{grid}/runs", {"sheet": sheet, "column": column, "scope": "all", "concurrency": 20})["run"]
            trial = Trial(page, client, grid, sheet, run, column)
            trial.type_down()
            trial.compose()
            trial.caret()
            trial.select()
            for _ in range(1_200):
                if trial.state()["state"] != "running":
                    break
                page.wait_for_timeout(50)
            page.wait_for_timeout(1_000)  # the last answers' refresh
            trial.judge()
            trial.check("the page reports no error", not problems, problems)
            browser.close()
    finally:
        server.stop()
        model.kill()
        model.wait()
    print(f"{trial.failed} failed" if trial.failed else "edits race run: passed")
    sys.exit(1 if trial.failed else 0)


if __name__ == "__main__":
    main()
