"""A person edits cells of a column while a run floods answers into it: a real Chromium, a real server, a scripted provider.

* every edit survives, whether the answer to its cell came before, during or after it (S6); losing answers are in the cells' history
* an IME composition, the caret and the selection are not disturbed by the flood
* what is painted in a value slot was committed, at a revision at most the one it is painted at: no draft, no part of an answer (C3)

The provider holds every answer until it is let go, so that each kind of race is there on any machine; for every fourth edit its delay decides.

    python Tests/Browser/edits_race_run.py --seed 1
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request

from playwright.sync_api import sync_playwright

from never_backwards import committed, judge
from patience import caught_up, chromium, comes, page_of, until
from trueline_process import ROOT, Server

ROWS = 400
EDITS = 40
# Rows from one edit to the next: a run is faster than a person types.
STRIDE = 3


def provider(seed):
    """Answers in pieces, slowly, and not before it is told to."""
    process = subprocess.Popen(
        [sys.executable, os.path.join(ROOT, "Tests", "Provider", "scripted_provider.py"), "--port", "0", "--seed", str(seed),
         "--latency", "0.5", "--token-latency", "0.1", "--hold", ""], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
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


def city(rank):
    return f"City {rank:03}"


class Trial:
    def __init__(self, page, client, grid, sheet, run, column, model):
        self.page, self.client, self.grid, self.sheet, self.run, self.column, self.model = page, client, grid, sheet, run, column, model
        self.ids = [row["id"] for row in client.pages(grid, sheet, pageSize=ROWS)["pages"][0]["rows"]]
        self.failed = self.rank = 0
        self.edits = {}  # row -> text

    def check(self, sentence, ok, found=""):
        self.failed += not ok
        print("ok  " if ok else "FAIL", sentence, "" if ok else repr(found)[:500])

    def state(self):
        return self.client.request("GET", f"/grids/{self.grid}/runs/{self.run}")

    # The provider

    def held(self):
        """The ranks of the rows whose answers are held."""
        with urllib.request.urlopen(f"{self.model}/stats") as reply:
            return sorted(int(re.search(r"City (\d+)", message).group(1)) for message in json.load(reply)["held"])

    def let(self, *ranks):
        for rank in ranks:
            body = json.dumps({"message": city(rank)} if rank is not None else {"all": True}).encode()
            urllib.request.urlopen(urllib.request.Request(f"{self.model}/let", body, method="POST")).close()

    def bring(self, rank):
        """Lets the answers before this row's go until this one is held: the run is asking about it."""
        def is_held():
            held = self.held()
            self.let(*(other for other in held if other < rank))
            return rank in held
        until(is_held, self.page)

    # The list

    def entries(self, row):
        return self.client.request("GET", f"/grids/{self.grid}/sheets/{self.sheet}/rows/{row}/cells/{self.column}/history?limit=100")["entries"]

    def answered(self, rank):
        """Waits until the run's answer to a row was committed."""
        until(lambda: any(entry["kind"] in ("answer", "suggestion") for entry in self.entries(self.ids[rank])), self.page)

    def saved(self, rank, text):
        until(lambda: any(entry["new"] == text for entry in self.entries(self.ids[rank])), self.page)

    def move(self, down):
        """Goes down some rows, and waits until the focus is on a row that was read."""
        for _ in range(down):
            self.page.keyboard.press("ArrowDown")
        self.rank += down
        comes(self.page, "([row, column]) => document.activeElement.dataset.row === row && document.activeElement.dataset.column === column", [self.ids[self.rank], self.column])
        return self.ids[self.rank]

    def enter(self, row, text):
        """Ends an edit, which goes to the row below."""
        self.page.keyboard.press("Enter")
        self.rank += 1
        self.edits[row] = text

    def type_down(self):
        """One cell after the other, where the run is asking: the answer comes before the edit, after it, while it is typed, or when it likes."""
        self.page.locator(f'.row[data-rank="0"] [data-column="{self.column}"]').click()
        for number in range(EDITS):
            kind, rank, text = number % 4, self.rank, f"edit {number}"
            row = self.move(0)
            self.bring(rank)
            if kind in (0, 3):
                self.let(rank)
            if kind == 0:
                self.answered(rank)
            self.page.keyboard.type(text)
            if kind == 2:
                self.let(rank)
                self.answered(rank)
            self.enter(row, text)
            if kind == 1:
                self.saved(rank, text)
                self.let(rank)
            self.move(STRIDE - 1)

    def flood(self, answers):
        """Lets answers go until so many more were committed."""
        done = self.state()["committed"]

        def is_over():
            self.let(*self.held())
            state = self.state()
            return state["committed"] >= done + answers or state["state"] != "running"
        until(is_over, self.page)
        return self.state()["committed"] - done

    def watched(self, answers):
        """What of the watched was disturbed while so many answers more were committed and painted."""
        self.page.evaluate(WATCH)
        came = self.flood(answers)
        caught_up(self.page, self.client.request("GET", f"/grids/{self.grid}")["revision"])
        comes(self.page, "window.__watched.frames >= 20")
        return self.page.evaluate("(window.__watched.stopped = true, window.__watched)"), came

    def open_cell(self, down, text):
        """Begins to edit a cell to which the run comes while it is edited."""
        row = self.move(down)
        self.page.keyboard.press("F2")
        comes(self.page, "document.activeElement.matches('textarea.editor')")
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)
        return row

    def compose(self):
        row = self.open_cell(12, "")
        session = self.page.context.new_cdp_session(self.page)
        session.send("Input.imeSetComposition", {"text": "とうきょ", "selectionStart": 2, "selectionEnd": 4})
        seen, answers = self.watched(40)
        self.answered(self.rank)
        self.check("an IME composition is not disturbed by a flood of answers", seen["ends"] == 0 and not seen["others"] and "とうきょ" in seen["first"], seen)
        self.check("and there was a flood", answers >= 30 and seen["frames"] >= 20, (answers, seen["frames"]))
        session.send("Input.insertText", {"text": "東京"})
        self.enter(row, "東京")

    def caret(self):
        row = self.open_cell(60, "abcdef")
        for _ in range(3):
            self.page.keyboard.press("ArrowLeft")
        self.page.keyboard.press("Shift+ArrowLeft")
        seen, answers = self.watched(30)
        self.check("caret and selection stay where they are in the editor", not seen["others"] and seen["first"].endswith("abcdef | 2 | 3") and answers >= 20, (seen, answers))
        self.page.keyboard.type("X")
        self.enter(row, "abXdef")

    def select(self):
        self.move(0)
        for key in ("Shift+ArrowDown", "Shift+ArrowDown", "Shift+ArrowLeft"):
            self.page.keyboard.press(key)
        look = "[...document.querySelectorAll('[role=gridcell][aria-selected=true]')].map((c) => c.dataset.row + c.dataset.column).sort().join() + '/' + document.activeElement.dataset.row"
        comes(self.page, "document.querySelectorAll('[role=gridcell][aria-selected=true]').length === 6")
        before = self.page.evaluate(look)
        self.watched(20)
        after = self.page.evaluate(look)
        self.check("a selection of cells stays", before == after and before.count(",") == 5, (before, after))

    def judge(self):
        self.check("C9: no draft is left, and none was refused because of an answer", until(lambda: self.page.locator(".draft").count() == 0, self.page))
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
            entries = self.entries(row)
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
    server = Server("--call-seconds", "3600")
    try:
        client = server.client()
        made = client.request("POST", "/grids", {"name": "Cities"})
        grid, sheet = made["id"], made["sheets"][0]["id"]
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.write("City\n" + "\n".join(city(n) for n in range(ROWS)) + "\n")
            file.flush()
            client.import_file(grid, sheet, file.name)
        client.request("POST", f"/grids/{grid}/sheets/{sheet}/columns", {"name": "Answer", "type": "text", "agent": {"prompt": "Tell of {{City}}"}})
        column = client.request("GET", f"/grids/{grid}")["sheets"][0]["columns"][-1]["id"]
        with sync_playwright() as play:
            browser = chromium(play)
            page = page_of(browser, viewport={"width": 1280, "height": 800})
            problems = []
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.add_init_script(path=os.path.join(ROOT, "Tests", "Browser", "recorder.js"))
            page.goto(f"{server.url}/#/{grid}/{sheet}")
            page.wait_for_selector("[role=gridcell][data-row]")
            run = client.request("POST", f"/grids/{grid}/runs", {"sheet": sheet, "column": column, "scope": "all", "concurrency": 20})["run"]
            trial = Trial(page, client, grid, sheet, run, column, address)
            trial.type_down()
            trial.compose()
            trial.caret()
            trial.select()
            trial.let(None)
            until(lambda: trial.state()["state"] != "running", page)
            caught_up(page, client.request("GET", f"/grids/{grid}")["revision"])
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
