"""Parts of page_behaviour.py that open pages of their own: hostile text, a core that fails, a restored server, a flood out of sight, and a
server without any grid.

Each takes the browser, a function that starts a mock server, and the checks' class."""

import os

WEB = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "Web")
FIRST = "[role=gridcell][data-state=committed]"
HOSTILE = '<img src=x onerror="window.__ran=1"><script>window.__ran=1</script>\'"</span><svg onload=window.__ran=1>{{constructor}}'


def opened(browser, mock, replace=None, is_empty=False):
    """A page of its own; `replace` is a file of Web/, a text in it and what to serve in its stead."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(120_000)
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("dialog", lambda dialog: dialog.accept())
    page.add_init_script("window.__violations = []; addEventListener('securitypolicyviolation', (e) => __violations.push(e.violatedDirective), true)")
    if replace:
        path, old, new = replace
        with open(os.path.join(WEB, path), encoding="utf-8") as file:
            source = file.read()
        assert old in source, f"{path} changed: {old}"
        page.route(f"**/{path}", lambda route: route.fulfill(body=source.replace(old, new), content_type="text/javascript", headers={"content-security-policy": "default-src 'none'"}))
    page.goto(mock.url)
    if is_empty:
        return page
    # A page whose painting is broken shows nothing.
    page.wait_for_selector("[role=grid]" if replace and "innerHTML" in replace[2] else FIRST)
    return page


def poisoned(mock):
    """Every name and some cells are hostile."""
    for path, method in (("/grids/g1", "PATCH"), ("/grids/g1/sheets/s1", "PATCH"), ("/grids/g1/sheets/s1/columns/c1", "PATCH")):
        mock.post(path, {"name": HOSTILE}, method)
    mock.post("/grids/g1/sheets/s1/views", {"name": HOSTILE, "filter": [{"column": "c1", "op": "contains", "value": HOSTILE}]})
    mock.post("/grids/g1/changes", {"intent": "hostile", "changes": [{"op": "setCell", "row": "r1", "column": "c1", "value": HOSTILE}]})


def hostile(browser, start, checks):
    mock = start("--rows", "300")
    try:
        poisoned(mock)
        page = opened(browser, mock)
        c = checks(page, mock, None)
        c.check("a hostile value is the text of its cell", c.settles(lambda: c.cell(0, 0)["text"] == HOSTILE), c.cell(0, 0))
        page.locator('.row[data-rank="0"] .cell').first.click()
        for opener in (".switcher", ".views"):
            page.locator(opener).click()
            c.check(f"a hostile name is text in the menu of {opener}", c.settles(lambda: page.get_by_role("menu").get_by_text(HOSTILE, exact=True).count() >= 1))
            c.press("Escape")
        page.locator(".tab").first.dblclick()
        c.press("Escape")
        page.locator(".column-header").first.hover()
        page.locator(".column-header .column-menu").first.click()
        page.get_by_role("menuitem", name="Delete column").click()
        c.check("in a question", c.settles(lambda: page.get_by_text(f"Delete \u201c{HOSTILE}\u201d", exact=False).count() == 1))
        c.press("Escape")
        page.locator('.row[data-rank="0"] .cell').first.click(button="right")
        page.get_by_role("menuitem", name="Show only").click()
        c.check("in a filter", c.settles(lambda: HOSTILE in page.locator(".chips").inner_text() and c.counter("totalRows") == 1))
        page.locator(".views").click()
        page.get_by_role("menuitemradio").nth(1).click()
        c.settles(lambda: page.evaluate("location.hash").endswith("/v1"))
        page.locator('.row[data-rank="0"] .cell').first.click(button="right")
        page.get_by_role("menuitem", name="Why this value").click()
        c.check("in a cell's history", c.settles(lambda: HOSTILE in page.locator("#why-panel").inner_text()))
        page.locator("#why-panel header button").last.click()
        page.get_by_role("button", name="Agent", exact=True).click()
        page.locator(".prompt").fill("{{" + HOSTILE[:4])
        mock.switch(conflict=True)
        page.locator('.row[data-rank="0"] .cell').first.click()
        page.keyboard.type("x")
        c.press("Enter")
        c.check("in the reason of a refusal", c.settles(lambda: HOSTILE in (page.locator(".draft-problem").inner_text() if page.locator(".draft-problem").count() else "")))
        page.get_by_text("Discard").click()
        c.settles(lambda: page.locator(".draft-problem").count() == 0)
        c.drawn()
        made = page.evaluate("document.querySelectorAll('body img, body script, [onerror], [onload], body iframe').length")
        c.check("nothing of it ran, and no element was made of it", page.evaluate("window.__ran === undefined") and made == 0, made)
        found = (page.evaluate("__violations"), mock.switch()["reports"], page.problems)
        c.check("the policy had nothing to stop", not any(found), found)
        page.context.close()

        page = opened(browser, mock, ("grid/row-view.js", "this.value.textContent = displayText(json)", "this.value.innerHTML = displayText(json)"))
        c2 = checks(page, mock, None)
        c2.check("were markup made of a value, this check would see it", c2.settles(lambda: len(mock.switch()["reports"]) > 0 and page.problems))
        page.context.close()
        return c.failed + c2.failed
    finally:
        mock.process.terminate()


def restarted(browser, start, checks):
    """The ordering core traps while an edit is on its way: the new core is told of the draft."""
    mock = start("--rows", "1000")
    try:
        page = opened(browser, mock, ("ordering.js", "return this.#guarded(() => this.#effects(this.send(writer.bytes)));",
                                      "return this.#guarded(() => { if (globalThis.__trap) { globalThis.__trap = false; throw new WebAssembly.RuntimeError('a test'); } return this.#effects(this.send(writer.bytes)); });"))
        c = checks(page, mock, None)
        mock.switch(hold=["changes"])
        page.locator('.row[data-rank="0"] .cell').nth(2).click()
        # A size observer is told after the frame's scripts and before it is drawn: it sees what a person sees.
        page.evaluate("""() => { window.__bare = 0; const cell = () => document.querySelector('.row[data-rank="0"] [aria-colindex="4"] .value');
            const old = cell().textContent, probe = document.createElement('div'); let began = false, width = 1; document.body.append(probe); probe.style.position = 'absolute';
            new ResizeObserver(() => { const draft = document.querySelector('.draft'); began ||= draft !== null;
                if (began && !draft && cell()?.textContent === old) window.__bare++; }).observe(probe);
            const next = () => { probe.style.width = `${width = 3 - width}px`; requestAnimationFrame(next); }; next(); }""")
        page.keyboard.type("survives")
        c.press("Enter")
        page.evaluate("window.__trap = true")
        mock.switch(burst=1)
        c.check("a core that fails is begun anew", c.settles(lambda: c.counter("restarts") == 1), c.counter("restarts"))
        mock.switch(hold=[])
        c.check("C9: the new core knows of the draft and releases it by a page that has it",
                c.settles(lambda: page.locator(".draft").count() == 0 and c.cell(0, 2)["text"] == "survives"), page.locator(".draft").count())
        c.check("C9: the value of before was never bare in between", page.evaluate("__bare") == 0, page.evaluate("__bare"))
        c.check("no error was thrown", not page.problems, page.problems)
        page.context.close()
        return c.failed
    finally:
        mock.process.terminate()


def restored(browser, start, checks):
    """The server's data are replaced by an older copy."""
    mock = start("--rows", "1000")
    try:
        page = opened(browser, mock)
        c = checks(page, mock, None)
        mock.switch(keep=True)
        for number in range(5):
            mock.post("/grids/g1/changes", {"intent": f"lost {number}", "changes": [{"op": "setCell", "row": "r1", "column": "c3", "value": f"lost {number}"}]})
        c.settles(lambda: c.cell(0, 2)["text"] == "lost 4")
        seen = c.counter("revision")
        mock.switch(failChanges=1)
        page.locator('.row[data-rank="2"] .cell').nth(2).click()
        page.keyboard.type("typed before")
        c.press("Enter")
        mock.switch(restore=True)
        c.check("a server that went back is noticed and read anew", c.settles(lambda: c.counter("revision") == seen - 5 and c.cell(0, 2)["text"] != "lost 4"), c.counter("revision"))
        c.check("the page says so", page.locator("#toasts").get_by_text("restored to an older copy").count() == 1)
        c.check("the draft is kept", page.locator(".draft").count() == 1)
        mock.switch(failChanges=0)
        c.check("and saved", c.settles(lambda: page.locator(".draft").count() == 0 and c.cell(2, 2)["text"] == "typed before"))
        mock.switch(keep=True)
        mock.post("/grids/g1/changes", {"intent": "gone", "changes": [{"op": "setCell", "row": "r1", "column": "c3", "value": "gone"}]})
        c.settles(lambda: c.cell(0, 2)["text"] == "gone")
        mock.switch(cut=True)
        mock.switch(restore=True)
        mock.switch(flood=400)
        c.settles(lambda: mock.switch()["revision"] > seen + 20)
        mock.switch(flood=0)
        mock.switch(cut=False)
        c.check("also when its revisions have passed the old ones since", c.settles(lambda: c.counter("connection") == "live" and c.cell(0, 2)["text"] != "gone"), c.cell(0, 2))
        c.check("and it is not behind", c.settles(lambda: "live" in page.locator("#trust").inner_text() and "saved" in page.locator("#trust").inner_text()), page.locator("#trust").inner_text())
        c.check("no error was thrown", not page.problems, page.problems)
        page.context.close()
        return c.failed
    finally:
        mock.process.terminate()


def unseen(browser, start, checks):
    """A flood in a column that the pages do not hold."""
    mock = start("--rows", "1000", "--wide", "140")
    try:
        page = opened(browser, mock)
        c = checks(page, mock, None)
        c.rests()
        before, revision = c.counter("requests"), c.counter("revision")
        mock.switch(floodColumn=130, flood=400)
        shown = lambda: int(page.locator("#trust").inner_text().split("revision ")[1].split(" ")[0].replace(",", ""))
        c.check("what is shown is known to be true of the newest revisions", c.settles(lambda: shown() > revision + 200), (shown(), revision))
        c.check("C7: a flood in columns that pages do not hold costs no read", c.counter("requests") == before, c.counter("requests") - before)
        page.evaluate("document.querySelector('.grid').scrollLeft = 1e6")
        c.check("scrolled to, they are read and followed", c.settles(lambda: c.counter("refreshes") > 2))
        mock.switch(flood=0)
        c.check("no error was thrown", not page.problems, page.problems)
        page.context.close()
        return c.failed
    finally:
        mock.process.terminate()


def first_run(browser, start, checks):
    """Nothing is there yet: the sample is one click away, without a flag of the server's."""
    mock = start("--empty")
    try:
        page = opened(browser, mock, is_empty=True)
        c = checks(page, mock, None)
        c.check("a server without grids says how to begin", c.settles(lambda: page.get_by_text("Start a list").is_visible()))
        c.check("nothing is offered that cannot be done", page.locator("#toolbar button:not(:disabled)").count() == 0 and not page.locator("#pages").is_visible())
        page.get_by_role("button", name="Open the sample").click()
        c.check("the sample opens", c.settles(lambda: c.counter("totalRows") == 28298), c.counter("totalRows"))
        c.check("no error was thrown", not page.problems, page.problems)
        page.context.close()
        return c.failed
    finally:
        mock.process.terminate()


PARTS = (first_run, hostile, restarted, restored, unseen)
