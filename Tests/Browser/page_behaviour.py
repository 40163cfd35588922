"""What the page does for a person, in a real Chromium against the mock server: keyboard, editing, drafts, conflicts, undo, the
clipboard, sorting, filtering, paging, a flood, a cut network, an agent, several tabs. Each check is one sentence.

    python Tests/Browser/page_behaviour.py            needs playwright, a Chromium (CHROMIUM, default /usr/bin/chromium) and node
    python Tests/Browser/page_behaviour.py --shots DIR    also keeps screenshots
"""

import argparse
import json
import os
import subprocess
import sys
import urllib.request

from playwright.sync_api import sync_playwright

import behaviour_faults
import behaviour_structure

HERE = os.path.dirname(os.path.abspath(__file__))
FIRST = "[role=gridcell][data-state=committed]"
#: Milliseconds after which a page that shows nothing has failed, on the slowest machine.
PATIENCE = 120_000
#: Milliseconds that have to be quiet before a read, the least between two reads of a flood: `quietMilliseconds` of the ordering core.
DEBOUNCE = 100


class Mock:
    """The mock server on a free port."""

    def __init__(self, *flags):
        self.process = subprocess.Popen(["node", os.path.join(HERE, "mock-server.mjs"), "--port", "0", *flags], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()

    def switch(self, **switches):
        request = urllib.request.Request(self.url + "mock", data=json.dumps(switches).encode(), method="POST")
        return json.loads(urllib.request.urlopen(request).read())

    def get(self, path):
        return json.loads(urllib.request.urlopen(self.url + "api/v1" + path).read())

    def post(self, path, document, method="POST"):
        request = urllib.request.Request(self.url + "api/v1" + path, data=json.dumps(document).encode(), method=method)
        return json.loads(urllib.request.urlopen(request).read())


class Checks:
    def __init__(self, page, mock, shots):
        self.page, self.mock, self.keyboard, self.shots, self.failed = page, mock, page.keyboard, shots, 0

    def check(self, sentence, ok, found=""):
        self.failed += not ok
        print("ok  " if ok else "FAIL", sentence, "" if ok else repr(found))

    def cell(self, row, column):
        return self.page.evaluate(
            """([row, column]) => { const c = document.querySelector(`.row[data-rank="${row}"] [aria-colindex="${column + 2}"]`);
            return c && { text: c.querySelector('.value').textContent, state: c.dataset.state, revision: +c.dataset.revision } }""", [row, column])

    def focus(self):
        return self.page.evaluate("""() => { const a = document.activeElement;
            return a.getAttribute('role') === 'gridcell' ? [+a.closest('.row').dataset.rank, +a.getAttribute('aria-colindex') - 2] : a.tagName }""")

    def counter(self, name):
        return self.page.evaluate(f"trueline.{name}")

    def settles(self, condition):
        """Looks until it holds. Nothing here is a matter of time: the end only stops a check that has failed."""
        for _ in range(1200):
            if condition():
                return True
            self.page.wait_for_timeout(50)  # between two looks: a page tells nobody that it has changed
        return False

    def quiet(self):
        """No page read is under way, and no timer runs that may lead to one."""
        return self.settles(lambda: self.counter("pending") == 0)

    def rests(self):
        """As quiet, and all that is committed has come and is drawn."""
        newest = self.mock.switch()["revision"]
        found = self.settles(lambda: self.page.evaluate("(newest) => trueline.revision >= newest && trueline.pending === 0", newest))
        self.drawn()
        return found

    def drawn(self):
        """Until what was done so far is on the screen."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def press(self, *keys):
        for key in keys:
            self.keyboard.press(key)

    def shot(self, name):
        if self.shots:
            self.page.screenshot(path=os.path.join(self.shots, name + ".png"))


def moving(c):
    c.check("the grid holds the focus at first", c.focus() == [0, 0], c.focus())
    c.press("ArrowDown", "ArrowRight")
    c.check("arrows move", c.focus() == [1, 1], c.focus())
    c.press("End")
    c.check("End goes to the last column", c.focus() == [1, 10], c.focus())
    c.press("Control+End")
    c.check("Ctrl+End goes to the last cell, and its page is read", c.settles(lambda: (c.cell(28297, 10) or {}).get("state") in ("committed", "empty")))
    c.press("Control+Home")
    c.check("Ctrl+Home goes back", c.settles(lambda: c.focus() == [0, 0]))
    c.check("the grid is one tab stop", c.page.evaluate("document.querySelectorAll('[role=grid] [tabindex=\"0\"]').length") == 1)
    c.check("C7: settled is silent: nothing is being read, and no timer runs", c.rests(), c.counter("pending"))


def editing(c):
    c.press("ArrowRight", "ArrowRight")
    before, revision = c.cell(0, 2)["text"], c.counter("revision")
    c.mock.switch(hold=["changes"])
    c.keyboard.type("Hello")
    c.press("Enter")
    found = c.cell(0, 2)
    c.check("C3: while a draft is saved the value slot keeps the saved value", found["text"] == before and found["state"] == "draft", found)
    c.check("the draft is drawn over the cell", c.page.locator(".draft-text").inner_text() == "Hello")
    c.check("Enter moves down", c.focus() == [1, 2], c.focus())
    c.mock.switch(hold=[])
    c.check("C9: the draft is released by a page that has it", c.settles(lambda: c.page.locator(".draft").count() == 0 and c.cell(0, 2)["text"] == "Hello"))
    c.check("the cell is painted at a later revision", c.cell(0, 2)["revision"] > revision)
    c.press("Control+z")
    c.check("Ctrl+Z takes it back", c.settles(lambda: c.cell(0, 2)["text"] == before))
    c.press("Control+Shift+Z")
    c.check("Ctrl+Shift+Z does it again", c.settles(lambda: c.cell(0, 2)["text"] == "Hello"))
    c.mock.switch(hold=["changes"])
    c.press("ArrowUp")
    c.keyboard.type("One")
    c.press("Enter", "ArrowUp", "F2")
    c.check("an editor opens with what the cell shows, also when that is a draft", c.page.locator("textarea.editor").input_value() == "One")
    c.press("Control+a")
    c.keyboard.type("Two")
    c.press("Enter")
    c.mock.switch(hold=[])
    c.check("C9: a cell edited again before it was saved ends as it was edited last",
            c.settles(lambda: c.page.locator(".draft").count() == 0 and c.cell(0, 2)["text"] == "Two"), c.cell(0, 2))
    c.press("Control+z")
    c.check("Ctrl+Z takes back the second edit first", c.settles(lambda: c.cell(0, 2)["text"] == "One"), c.cell(0, 2))
    c.press("Control+z")
    c.check("and then the first one", c.settles(lambda: c.cell(0, 2)["text"] == "Hello"), c.cell(0, 2))
    c.press("Control+z", "Control+Home", *["ArrowRight"] * 6)
    c.keyboard.type("1.10")
    c.press("Enter")
    c.keyboard.type("12345678901234567890")
    c.press("Tab")
    c.check("a number keeps its digits", c.settles(lambda: c.cell(0, 6)["text"] == "1.10" and c.cell(1, 6)["text"] == "12345678901234567890"))
    c.check("Tab moves right", c.focus() == [1, 7], c.focus())
    c.mock.switch(conflict=True)
    c.keyboard.type("9")
    c.press("Enter")
    c.check("a refused draft stays with its problem", c.settles(lambda: c.page.locator(".draft.refused").count() == 1))
    c.shot("refused")
    c.mock.switch(conflict=False)
    c.page.get_by_text("Discard").click()
    c.check("and is discarded when asked", c.settles(lambda: c.page.locator(".draft").count() == 0))


def clipboard(c):
    c.page.locator('.row[data-rank="0"] .cell').first.click()
    c.press("Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown", "Control+c")
    copied = lambda: c.page.evaluate("navigator.clipboard.readText()")
    c.check("a copy is tab-separated text", c.settles(lambda: copied().split("\n")[0] == "00AA\t\tAero B Ranch Airport"), copied())
    c.page.locator('.row[data-rank="5"] .cell').first.click()
    before, sent = c.cell(5, 0)["text"], c.counter("changesSent")
    c.press("Control+v")
    c.check("a paste fills the cells", c.settles(lambda: c.cell(5, 0)["text"] == "00AA" and c.cell(6, 2)["text"] == "Lowell Field"))
    c.check("one paste is one intent", c.counter("changesSent") == sent + 1)
    c.press("Control+z")
    c.check("one paste is one undo", c.settles(lambda: c.cell(5, 0)["text"] == before))


def viewing(c):
    header = c.page.locator(".column-header[data-header=c7]")
    header.hover()
    header.locator(".column-menu").click()
    c.page.get_by_role("menuitem", name="Sort descending").click()
    c.check("a sorted column says so", c.settles(lambda: header.get_attribute("aria-sort") == "descending" and c.cell(0, 6)["text"] == "12345678901234567890"))
    c.page.locator(".chip-close").click()
    c.settles(lambda: c.cell(0, 0)["text"] == "00AA")
    c.page.get_by_role("button", name="Filter", exact=True).click()
    form = c.page.locator(".filter-form")
    form.locator("select").first.select_option(label="country")
    form.locator("select").nth(1).select_option("equals")
    form.locator("input").fill("JP")
    c.press("Enter")
    c.check("a filter leaves what matches", c.settles(lambda: 0 < c.counter("totalRows") < 1000), c.counter("totalRows"))
    c.page.locator(".search input").fill("zzzqqq")
    c.check("an empty view says what to do", c.settles(lambda: c.page.get_by_text("No row matches").is_visible()))
    c.page.get_by_text("Clear the filter").click()
    c.check("and does it", c.settles(lambda: c.counter("totalRows") == 28298))
    c.page.locator(".page-input").fill("150")
    c.press("Enter")
    c.check("a page is reached by number", c.settles(lambda: (c.cell(14900, 3) or {}).get("state") == "committed"))


def passing(c):
    """A commit that touches nothing in sight."""
    c.page.locator(".row .cell").first.click()
    c.press("Control+Home")
    c.rests()
    looks = """() => ({ grid: +document.querySelector('[role=grid]').dataset.revision, refreshes: trueline.refreshes, requests: trueline.requests,
        cells: [...new Set([...document.querySelectorAll('.cell[data-row]')].map((cell) => +cell.dataset.revision))] })"""
    before = c.page.evaluate(looks)
    revision = c.mock.post("/grids/g1/changes", {"intent": "far away", "changes": [{"op": "setCell", "row": "r20000", "column": "c1", "value": "far away"}]})["revision"]
    c.check("C4: the grid's revision rises to a commit that touches nothing in sight", revision > before["grid"] and c.settles(lambda: c.page.evaluate(looks)["grid"] == revision), before)
    after = c.page.evaluate(looks)
    c.check("C7: that costs no request", after["requests"] == before["requests"], after)
    c.check("and the cells stay of the frame that painted them", after["cells"] == before["cells"] and len(after["cells"]) == 1 and after["cells"][0] <= revision, after)


def flooding(c):
    c.page.locator(".row .cell").first.click()
    c.press("Control+Home")
    c.rests()
    before, revision = c.counter("refreshes"), c.counter("revision")
    c.mock.switch(burst=100)
    c.settles(lambda: c.counter("revision") == revision + 100)
    c.rests()
    c.check("C6: a burst of a hundred commits costs one read", c.counter("refreshes") - before == 1, c.counter("refreshes") - before)
    c.mock.switch(flood=400)
    c.page.locator(".row .cell").first.click()
    c.press("Control+Home")
    counted = lambda: c.page.evaluate("({ reads: trueline.refreshes, at: performance.now() })")
    before = counted()
    torn = 0
    for _ in range(20):
        reads = c.counter("refreshes")
        torn += c.page.evaluate("new Set([...document.querySelectorAll('.cell[data-row]')].map((c) => c.dataset.revision)).size") > 1
        c.settles(lambda: c.counter("refreshes") > reads)
    after = counted()
    most = (after["at"] - before["at"]) / DEBOUNCE + 1
    c.check("C4: every look sees one snapshot", torn == 0, torn)
    c.check("C6: a flood costs no more than a read a debounce window", after["reads"] - before["reads"] <= most, (before, after))
    c.mock.switch(flood=0)


def cutting(c):
    c.mock.switch(cut=True)
    c.check("a cut is told", c.settles(lambda: "live" != c.page.locator("[role=grid]").get_attribute("data-connection")))
    sent = c.counter("changesSent")
    c.page.locator('.row[data-rank="3"] .cell').nth(3).click()
    c.keyboard.type("typed while away")
    c.press("Enter")
    c.check("it is sent again and again, and the draft is kept", c.settles(lambda: c.counter("changesSent") > sent + 2) and c.page.locator(".draft").count() == 1)
    c.shot("away")
    c.mock.switch(cut=False)
    c.check("it is live again, and the draft is saved", c.settles(lambda: c.counter("connection") == "live" and c.cell(3, 3)["text"] == "typed while away" and c.page.locator(".draft").count() == 0))


def standing(c):
    """C10: nothing moves under the hand."""
    c.page.locator('.row[data-rank="12"] .cell').first.click()
    c.settles(lambda: c.focus() == [12, 0])
    focused = c.page.locator(".cell.focused")
    top, text = focused.bounding_box()["y"], focused.inner_text()
    c.mock.post("/grids/g1/changes", {"intent": "insert", "changes": [{"op": "insertRows", "sheet": "s1", "at": "start", "rows": [{}, {}, {}]}]})
    c.check("rows inserted above do not move the focused row", c.settles(lambda: c.focus() == [15, 0]) and abs(focused.bounding_box()["y"] - top) < 1 and focused.inner_text() == text)


def enriching(c):
    c.page.get_by_role("button", name="Agent", exact=True).click()
    c.page.locator("#agent-panel .field select").first.select_option(label="iata")
    c.page.locator(".prompt").fill("uppercase {{na")
    c.press("Enter")
    c.check("a column's name is completed", c.page.locator(".prompt").input_value() == "uppercase {{name}}")
    c.page.locator("#agent-panel").get_by_label("Rows", exact=True).select_option("all")
    c.page.locator("#agent-panel .actions .primary").first.click()
    c.check("a run's counts are seen", c.settles(lambda: c.page.locator(".run .done dd").count() > 0 and int(c.page.locator(".run .done dd").first.inner_text().replace(",", "") or 0) > 20))
    c.shot("run")
    doubts = c.page.locator(".doubts").first
    doubts.locator("summary").click()
    c.check("calls in doubt are listed when asked for: the row, and what they may have cost",
            c.settles(lambda: doubts.locator("li").count() == 1) and doubts.locator("li").inner_text() == "<b>Row 3</b>: call 1, at most 338 tokens, 0.00017" and "1 call in doubt" in doubts.inner_text(), doubts.inner_text())
    c.page.get_by_role("button", name="Cancel").click()
    c.page.locator("#agent-panel header button").click()


def sharing(c, browser_context):
    streams = c.mock.switch()["counts"]["events"]
    other = browser_context.new_page()
    other.goto(c.mock.url)
    other.wait_for_selector(FIRST)
    c.page.close()
    counted = lambda: c.mock.switch()["counts"]["events"]
    c.check("a second tab opens no stream of its own before the first goes, and then takes over", Checks(other, c.mock, None).settles(lambda: counted() > streams) and counted() == streams + 1, counted())
    c.mock.switch(flood=40)
    before = other.evaluate("trueline.revision")
    other.wait_for_function("(before) => trueline.revision > before", arg=before)
    c.mock.switch(flood=0)
    c.check("and hears of what is committed", True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--shots")
    arguments.add_argument("--only", help="the parts to run, by name and comma")
    options = arguments.parse_args()
    if options.shots:
        os.makedirs(options.shots, exist_ok=True)
    mock = Mock()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            context.set_default_timeout(PATIENCE)
            context.grant_permissions(["clipboard-read", "clipboard-write"])
            page = context.new_page()
            errors = []
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.goto(mock.url)
            page.wait_for_selector(FIRST)
            checks = Checks(page, mock, options.shots)
            parts = (moving, editing, clipboard, viewing, *behaviour_structure.PARTS, passing, flooding, cutting, standing, enriching)
            for part in parts:
                if not options.only or part.__name__ in options.only.split(","):
                    part(checks)
            checks.check("no error was thrown", not errors, errors)
            if not options.only or "sharing" in options.only.split(","):
                sharing(checks, context)
            for part in behaviour_faults.PARTS:
                if not options.only or part.__name__ in options.only.split(","):
                    checks.failed += part(browser, Mock, Checks)
            browser.close()
    finally:
        mock.process.terminate()
    print(f"{checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
