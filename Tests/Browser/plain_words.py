"""Plain words in a real Chromium, with a real server and a scripted model: the plan is read, changed and accepted; before that nothing
happens, afterwards the page refreshes once; questions back, cancelling, failures, the demo rules, hostile answers, accessibility.

    python Tests/Browser/plain_words.py [--shots DIRECTORY]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import urllib.request

from playwright.sync_api import sync_playwright

from accessibility import axe_source, violations
from patience import caught_up, chromium, comes, page_of, until
from trueline_process import ROOT, Server, airports

FIRST = "[role=gridcell][data-state=committed]"
# The last thing that a plan with a new column does.
OFFERED = "document.activeElement.textContent.trim() === 'Run the first 10'"
ATTACK = "<img src=x onerror=\"window.broken=1\"><script>window.broken=1</script>"
DOCUMENTS = {
    "in Japan above 500": {"steps": [{"step": "filter", "column": "Country", "op": "equals", "value": "JP"}, {"step": "filter", "column": "elevation", "op": ">", "value": 500}], "match": "all"},
    "in Portuguese": {"steps": [{"step": "addColumn", "name": "País", "type": "text", "prompt": "Name of the country {{country}} in Portuguese?"}], "match": "all"},
    "and also name them": {"steps": [{"step": "filter", "column": "country", "op": "equals", "value": "IS"}, {"step": "addColumn", "name": "Land", "type": "text", "prompt": "Name of {{country}} in German?"}], "match": "all"},
    "highest first": {"steps": [{"step": "sort", "column": "elevation", "direction": "descending"}], "match": "all"},
    "by height": {"steps": [{"step": "sort", "column": "height", "direction": "descending"}], "match": "all"},
    "second thoughts": ["I would love to help!", {"steps": [{"step": "filter", "column": "country", "op": "equals", "value": "PT"}], "match": "all"}],
    "take your time": {"steps": [{"step": "sort", "column": "name", "direction": "ascending"}], "match": "all"},
    "attack": {"steps": [{"step": "ask", "question": ATTACK, "choices": [ATTACK, "city"]}], "match": "all"},
    "new column": {"steps": [{"step": "addColumn", "name": ATTACK, "type": "text", "prompt": "{{city}} " + ATTACK}], "match": "all"},
}


class Provider:
    """The scripted provider on a free port."""

    def __init__(self, *flags):
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
            json.dump(DOCUMENTS, file)
        self.file = file.name
        script = os.path.join(ROOT, "Tests", "Provider", "scripted_provider.py")
        self.process = subprocess.Popen([sys.executable, script, "--port", "0", "--documents", self.file, *flags], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[1]

    def stats(self):
        return json.loads(urllib.request.urlopen(self.url.removesuffix("/v1") + "/stats").read())

    def stop(self):
        self.process.kill()
        self.process.wait()
        os.unlink(self.file)


class Checks:
    failed = 0

    def __init__(self, page, client, grid, sheet, shots):
        self.page, self.client, self.grid, self.sheet, self.shots = page, client, grid, sheet, shots

    def check(self, sentence, ok, found=""):
        Checks.failed += not ok
        print("ok  " if ok else "FAIL", sentence, "" if ok else repr(found)[:1500], flush=True)

    def counters(self):
        """What was read because it was missing or had changed. Margins, polls and what follows a reconnect are read when there is time for it."""
        return self.page.evaluate("({ load: trueline.reads.load, refresh: trueline.reads.refresh, again: trueline.aborted + trueline.failed, rows: trueline.totalRows, revision: trueline.revision })")

    def revision(self):
        return self.client.request("GET", f"/grids/{self.grid}")["revision"]

    def document(self):
        """The grid's document, but for the revision."""
        return {**self.client.request("GET", f"/grids/{self.grid}"), "revision": 0}

    def columns(self):
        return {c["name"]: c for c in self.client.request("GET", f"/grids/{self.grid}")["sheets"][0]["columns"]}

    def say(self, sentence):
        self.page.keyboard.press("Control+k")
        self.page.keyboard.type(sentence)
        self.page.keyboard.press("Enter")

    def leave(self):
        """Esc, and the box is gone: the browser closes a dialog a moment after the key."""
        self.page.keyboard.press("Escape")
        self.page.wait_for_selector(".words", state="detached")

    def plan(self):
        self.page.wait_for_selector(".words .plan")

    def settled(self, shown):
        """Counters once an accepted plan is shown, the page has caught up with the server and sends nothing more."""
        comes(self.page, shown)
        last = None
        while last != self.counters():
            last = self.counters()
            caught_up(self.page, self.revision())
            # Nothing tells of a read that is not needed: one that comes within a second is found, and a machine on which it comes later passes.
            self.page.wait_for_timeout(1_000)
        return last

    def reads(self, before, now, most):
        """Whether that many reads were sent at most. One that was given up or failed is sent again."""
        return now["load"] + now["refresh"] - before["load"] - before["refresh"] <= most + now["again"] - before["again"]

    def comes(self, holds):
        """Whether something holds in the end."""
        return until(holds, self.page)

    def chips(self, count):
        return self.comes(lambda: self.page.locator(".chips .chip").count() == count)

    def clear(self):
        if self.page.get_by_role("button", name="Clear", exact=True).count():
            self.page.get_by_role("button", name="Clear", exact=True).click()
        else:
            for close in self.page.locator(".chip-close").all()[::-1]:
                close.click()
        comes(self.page, "trueline.totalRows > 20000")
        caught_up(self.page, self.revision())

    def shot(self, name):
        if self.shots:
            self.page.screenshot(path=os.path.join(self.shots, f"{name}.png"))


def filtering(c):
    page = c.page
    before, revision, document = c.counters(), c.revision(), c.document()
    page.keyboard.press("Control+k")
    c.check("Ctrl+K opens the box with the cursor in it", page.evaluate("document.activeElement.getAttribute('aria-label')") == "What do you want?")
    c.check("it says who reads and what is sent", c.comes(lambda: "scripted" in page.locator(".words .who").inner_text()) and "three values" in page.locator(".words .who").inner_text())
    page.keyboard.type("keep only airports in Japan above 500 m")
    page.keyboard.press("Enter")
    c.plan()
    c.shot("plan")
    labels = page.locator(".words .step .step-label").all_inner_texts()
    c.check("a plan comes as readable steps", labels == ["Rows have to meet", "Keep rows where", "Keep rows where"], labels)
    c.check("a column is found though its name was written otherwise", page.locator(".step-filter select").first.evaluate("s => s.selectedOptions[0].text") == "country")
    rows = page.locator(".plan-rows").inner_text()
    c.check("it says how many rows are left", "of 28,298 rows will be shown." in rows, rows)
    c.check("a unit that the sheet does not know is noted", "500 m" in page.locator(".words .note").inner_text())
    c.check("focus stands on Accept", page.evaluate("document.activeElement.textContent") == "Accept")
    page.locator(".step-filter input").nth(1).fill("1000")
    comes(page, "text => (now => now !== text && now.includes('will be shown'))(document.querySelector('.plan-rows').textContent)", rows)
    changed = page.locator(".plan-rows").inner_text()
    same = c.counters()
    # The calls of the model are in the log: that is all that a turn writes.
    told = c.client.request("GET", f"/grids/{c.grid}/runs")["words"]
    c.check("nothing happened before accepting", {**same, "revision": 0} == {**before, "revision": 0} and c.document() == document, (same, before))
    c.check("the ledger has the turn's calls", told["calls"] > 0 and told["inputTokens"] > 0 and c.revision() == revision + 2 * told["calls"], told)
    page.get_by_role("button", name="Accept").press("Enter")
    now = c.settled("document.querySelectorAll('.chips .chip').length === 2 && trueline.totalRows < 20000")
    c.check("the rows are those that were announced", changed.startswith(f"{now['rows']:,} of"), (now, changed))
    c.check("one read shows an accepted plan", now["load"] > before["load"] and now["refresh"] == before["refresh"] and c.reads(before, now, 1), (before, now))
    c.check("its conditions are those of an ordinary view", [t.replace("\n", " ") for t in page.locator(".chips .chip").all_inner_texts()] == ["country is JP", "elevation is more than 1000"], page.locator(".chips .chip").all_inner_texts())
    c.check("the view can be saved", page.get_by_role("button", name="Save view").is_visible())
    c.check("the grid has the focus again", page.evaluate("document.activeElement.closest('[role=grid]') !== null || document.activeElement.textContent === 'Ask' || document.activeElement === document.body"))
    c.say("highest first")
    c.plan()
    kept = page.locator(".step:has(.tag)").count()
    c.check("what is there already is part of the plan, and marked", kept == 2, kept)
    # A notice goes away after a while, unless the keyboard is on it.
    page.evaluate("""() => new MutationObserver((changes, looking) => {
        const undo = changes.flatMap((change) => [...change.addedNodes]).map((note) => note.querySelector('.link')).find((link) => link);
        if (undo) undo.focus(), looking.disconnect();
    }).observe(document.getElementById('toasts'), { childList: true })""")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=columnheader][aria-sort=descending]")
    c.check("conditions stay when a plan only sorts", c.chips(3))
    page.locator("#toasts .link:focus").click()
    page.wait_for_selector("[role=columnheader][aria-sort=descending]", state="detached")
    c.check("Undo gives the view before", c.chips(2))
    c.clear()


def filling(c):
    page = c.page
    page.locator(FIRST).first.click()
    before = c.counters()
    c.say("add the country's name in Portuguese")
    c.plan()
    c.check("a new column is nowhere before accepting", "País" not in c.columns())
    page.get_by_role("button", name="Edit").click()
    c.check("Edit goes to the first control", page.evaluate("document.activeElement.getAttribute('aria-label')") == "Name of the new column")
    page.keyboard.press("Control+a")
    page.keyboard.type("País (pt)")
    c.shot("column")
    page.get_by_role("button", name="Accept").click()
    now = c.settled(OFFERED)
    made = c.columns().get("País (pt)", {})
    c.check("the column is there with its prompt", made.get("agent", {}).get("prompt") == "Name of the country {{country}} in Portuguese?", made)
    c.check("one refresh shows an added column", c.reads(before, now, 1), (before, now))
    c.check("nothing runs by itself", c.client.request("GET", f"/grids/{c.grid}/runs")["runs"] == [])
    panel = page.locator("#agent-panel")
    c.check("the agent's panel offers the first 10", c.comes(lambda: panel.is_visible() and page.evaluate("document.activeElement.textContent").strip() == "Run the first 10"), page.evaluate("document.activeElement.textContent"))
    comes(page, "document.querySelector('#agent-panel .hint[role=status]').textContent.includes('tokens')")
    c.shot("offer")
    page.keyboard.press("Enter")
    comes(page, "/finished/i.test(document.querySelector('#agent-panel .run-state')?.textContent ?? '')")
    ledger = c.client.request("GET", f"/grids/{c.grid}/runs")["runs"]
    c.check("a person's Enter runs the first 10, as any run", len(ledger) == 1 and ledger[0]["total"] == 10, ledger)
    page.keyboard.press("Escape")
    page.locator(FIRST).first.click()
    page.keyboard.press("Control+z")
    c.check("Ctrl+Z takes the column back", c.comes(lambda: "País (pt)" not in c.columns()))
    caught_up(page, c.revision())
    before = c.counters()
    c.say("only Iceland, and also name them")
    c.plan()
    page.keyboard.press("Enter")
    now = c.settled(f"{OFFERED} && trueline.totalRows < 200")
    c.check("a column and a view together are one refresh and one read at most", c.reads(before, now, 2) and now["rows"] < 200, (before, now))
    page.keyboard.press("Escape")
    c.clear()


def asking(c):
    page = c.page
    c.say("sort by height")
    page.wait_for_selector(".words .question")
    c.shot("question")
    question = page.locator(".words .question p").inner_text()
    c.check("a column that is not there is asked about", question == "Which column do you mean by “height”?", question)
    page.locator(".choice", has_text="elevation").click()
    c.plan()
    c.check("the answer settles it", page.locator(".step-sort select").first.evaluate("s => s.selectedOptions[0].text") == "elevation")
    c.leave()
    c.check("Esc leaves everything as it was", page.locator(".words").count() == 0 and page.locator(".chips .chip").count() == 0)
    c.say("airports on second thoughts")
    c.plan()
    c.check("an answer that is no plan is asked again by itself", "PT" in page.locator(".step-filter input").input_value())
    c.leave()
    c.say("attack")
    page.wait_for_selector(".words .question")
    c.check("what a model writes is text", page.locator(".words img, .words script").count() == 0 and "<img" in page.locator(".words .question p").inner_text())
    c.leave()
    c.say("new column please")
    c.plan()
    c.check("in a plan too", page.locator(".words img").count() == 0 and page.locator(".words .step-addColumn input").input_value() == ATTACK)
    c.leave()
    c.check("no script ran", page.evaluate("window.broken === undefined"))


def waiting(c, provider):
    page = c.page
    gone = provider.stats()["closedByClient"]
    c.say("take your time")
    comes(page, "/[1-9] s/.test(document.querySelector('.words-status').textContent)")
    c.shot("thinking")
    c.check("the time is told while a model thinks", page.locator(".words[aria-busy=true]").count() == 1)
    page.keyboard.press("Escape")
    comes(page, "document.querySelector('.words-status').textContent.includes('Stopped')")
    c.check("Esc stops it and keeps the sentence", page.get_by_label("What do you want?").input_value() == "take your time")
    # The provider finds out when it writes.
    c.check("the call to the model is closed", c.comes(lambda: provider.stats()["closedByClient"] > gone))
    c.leave()


def failing(c, provider):
    page = c.page
    provider.stop()
    c.say("highest first")
    page.wait_for_selector(".words .reason")
    c.shot("failed")
    words = page.locator(".words .reason").inner_text()
    c.check("a model that is away is told with its address", "127.0.0.1" in words, words)
    c.check("and the sentence is still there", page.get_by_label("What do you want?").input_value() == "highest first")
    c.leave()


def ruled(c):
    page = c.page
    page.keyboard.press("Control+k")
    c.check("the demo rules are labelled", c.comes(lambda: "no model called" in page.locator(".words .who").inner_text()))
    page.keyboard.type("add the country's name in Portuguese")
    page.keyboard.press("Enter")
    page.wait_for_selector(".words .question")
    c.shot("demo")
    c.check("they say what they understand", "simple sentences" in page.locator(".words .question p").inner_text())
    page.locator(".choice").first.click()
    c.plan()
    c.check("a sentence of theirs becomes a plan", page.locator(".step").count() == 1 and "Demo rules" in page.locator(".words .who").inner_text())
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=columnheader][aria-sort=descending]")
    page.wait_for_selector(".words", state="detached")
    page.get_by_role("button", name="Ask").click()
    c.check("the toolbar's button opens the box", page.get_by_label("What do you want?").is_visible())
    c.leave()
    c.clear()


def accessible(c, axe, name):
    """axe's rules over the box's states."""
    page = c.page
    c.say("keep only airports in Japan above 500 m")
    c.plan()
    for state in ("plan", "empty"):
        if state == "empty":
            c.leave()
            page.keyboard.press("Control+k")
        found = violations(page, axe, state) if axe else []
        wide = page.evaluate("document.querySelector('.words').getBoundingClientRect().right <= innerWidth && document.querySelector('.words').scrollWidth <= document.querySelector('.words').clientWidth + 1")
        c.check(f"{name}: the box with {state} breaks no rule and fits", not found and wide, (found, wide))
        c.shot(f"{name}-{state}")
    c.leave()


def session(server, act, shots, **context):
    client = server.client()
    made = client.request("POST", "/grids", {"name": "Airports"})
    grid, sheet = made["id"], made["sheets"][0]["id"]
    client.import_file(grid, sheet, airports())
    with sync_playwright() as play:
        browser = chromium(play)
        page = page_of(browser, **{"viewport": {"width": 1280, "height": 800}, **context})
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" and "policy" in message.text.lower() else None)
        page.goto(f"{server.url}/#/{grid}/{sheet}")
        page.wait_for_selector(FIRST)
        c = Checks(page, client, grid, sheet, shots)
        act(c)
        c.check("no error and no violation of the page's policy", not errors, errors)
        browser.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shots", help="keep screenshots in this directory")
    shots = parser.parse_args().shots
    axe = axe_source()
    provider = Provider("--hold", "take your time", "--token-latency", "0.02")
    model = {"OPENAI_BASE_URL": provider.url, "OPENAI_API_KEY": "sk-scripted", "OPENAI_MODEL": "scripted"}
    os.environ.update(model)
    # One answer is held for as long as it takes.
    server = Server("--attest-every", "0", "--call-seconds", "3600")
    try:
        def all_of_it(c):
            for part in (filtering, filling, asking):
                part(c)
            waiting(c, provider)
            for scheme in ("light", "dark"):
                for width in (1280, 768, 360):
                    c.page.emulate_media(color_scheme=scheme)
                    c.page.set_viewport_size({"width": width, "height": 800})
                    accessible(c, axe, f"{scheme}-{width}")
            c.page.set_viewport_size({"width": 1280, "height": 800})
            failing(c, provider)

        session(server, all_of_it, shots)
    finally:
        server.stop()
        if provider.process.poll() is None:
            provider.stop()
    for name in model:
        del os.environ[name]
    server = Server("--attest-every", "0")
    try:
        session(server, ruled, shots)
    finally:
        server.stop()
    print(f"{Checks.failed} failed" if Checks.failed else "plain words: passed")
    sys.exit(1 if Checks.failed else 0)


if __name__ == "__main__":
    main()
