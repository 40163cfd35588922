"""Accessibility of the page in a real Chromium against the mock server: axe-core's rules over every state a person meets, light and dark,
wide and narrow; and what no rule engine knows: the grid's counts and indexes, one tab stop, the order of the focus, the live region.

    python Tests/Browser/accessibility.py

axe-core (MPL-2.0) comes from PyPI in axe-playwright-python, which Scripts/setup.sh installs. Without it only the own checks are made.
"""

import importlib.util
import json
import os
import sys

from playwright.sync_api import sync_playwright

from page_behaviour import PATIENCE, Checks, Mock

FIRST = "[role=gridcell][data-state=committed]"
WIDTHS = ((1440, 900), (1024, 768), (768, 1024), (360, 740))


def axe_source():
    """axe-core's text, or None where it is not installed."""
    found = importlib.util.find_spec("axe_playwright_python")
    if not found or not found.submodule_search_locations:
        return None
    with open(os.path.join(found.submodule_search_locations[0], "axe.min.js"), encoding="utf-8") as file:
        return file.read()


def still(page):
    """Until nothing fades or slides any more: half a fade has half its contrast."""
    page.evaluate("() => Promise.allSettled(document.getAnimations().filter((a) => a.effect?.getComputedTiming().endTime !== Infinity).map((a) => a.finished)).then(() => true)")


def violations(page, axe, name):
    still(page)
    page.evaluate(axe)
    # The open editor is a text box over its cell, in the layer that scrolls with the cells, so it lies in the grid but in none of its rows.
    allowed = "{ 'aria-required-children': { enabled: false } }" if name == "an open editor" else "{}"
    found = page.evaluate(f"axe.run(document, {{ rules: {allowed}, resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }})")
    return [(v["id"], v["impact"], [" ".join(node["target"][-1:]) + " " + (node.get("failureSummary") or "").replace("\n", " ")[:160] for node in v["nodes"][:3]]) for v in found["violations"]]


def states(page):
    """Each state a person meets, by name; each is left as it was found."""
    yield "the grid"
    page.locator('.row[data-rank="1"] .cell').nth(2).click()
    page.keyboard.type("typed")
    yield "an open editor"
    page.keyboard.press("Escape")
    page.locator(".views").click()
    yield "the menu of views"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Filter", exact=True).click()
    yield "the form of a filter"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Column", exact=True).click()
    yield "the form of a column"
    page.keyboard.press("Escape")
    page.locator('.row[data-rank="1"] .cell').first.click(button="right")
    yield "the menu of a cell"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Agent", exact=True).click()
    page.locator("#agent-panel .prompt").wait_for()
    yield "the agent's panel"
    page.locator("#agent-panel header button").last.click()


def own(c):
    page = c.page
    facts = page.evaluate("""() => { const g = document.querySelector('[role=grid]'), cells = [...g.querySelectorAll('[role=gridcell]')];
        return { rows: +g.getAttribute('aria-rowcount'), columns: +g.getAttribute('aria-colcount'), stops: g.querySelectorAll('[tabindex="0"]').length,
            indexed: [...g.querySelectorAll('[role=row]')].every((r) => +r.getAttribute('aria-rowindex') > 0) && cells.every((e) => +e.getAttribute('aria-colindex') > 1),
            headers: [...g.querySelectorAll('[role=row] > [role=rowheader]')].every((e) => e.textContent.trim() !== ''),
            live: document.querySelectorAll('[aria-live=polite]').length,
            nameless: [...document.querySelectorAll('button, input, select, textarea')].filter((e) => e.offsetParent && !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length || e.title)).map((e) => e.outerHTML.slice(0, 80)) }; }""")
    c.check("the grid tells the counts of the whole list, header and number column among them", facts["rows"] == 28299 and facts["columns"] == 12, facts)
    c.check("every row and cell has its absolute index, every row its header", facts["indexed"] and facts["headers"])
    c.check("the grid is one tab stop", facts["stops"] == 1, facts["stops"])
    c.check("there is one polite live region", facts["live"] == 1, facts["live"])
    c.check("every control has a name", not facts["nameless"], facts["nameless"])
    page.locator('.row[data-rank="0"] .cell').first.click()
    order = []
    for _ in range(24):
        page.keyboard.press("Shift+Tab")
        where = page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim()")
        if where in order:
            break
        order.append(where)
    c.check("going back from the grid, the focus passes the toolbar from its end to its beginning, then the top bar",
            order and order[0] == "Agent" and any(o.startswith("View: ") for o in order) and order.index("Agent") < [o.startswith("View: ") for o in order].index(True), order)
    page.locator(".views").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    c.check("a closed menu gives the focus back", page.evaluate("document.activeElement.className").startswith("views"))


def zoomed(c, browser):
    """400 % zoom of a 1,280 px window is a window of 320 px."""
    page = browser.new_context(viewport={"width": 320, "height": 256}).new_page()
    page.goto(c.mock.url)
    page.wait_for_selector(FIRST)
    still(page)
    c.check("at 400 % zoom nothing but the grid scrolls sideways", page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.evaluate("document.documentElement.scrollWidth"))
    page.context.close()


def main():
    axe = axe_source()
    mock = Mock()
    failed = 0
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
            for width, height in WIDTHS:
                for scheme in ("light", "dark"):
                    page = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme).new_page()
                    page.set_default_timeout(PATIENCE)
                    page.goto(mock.url)
                    page.wait_for_selector(FIRST)
                    c = Checks(page, mock, None)
                    if axe:
                        for name in states(page) if width in (1440, 360) else ("the grid",):
                            found = violations(page, axe, name)
                            c.check(f"axe finds nothing: {name}, {width} px, {scheme}", not found, json.dumps(found)[:700])
                    if width == 1440 and scheme == "light":
                        own(c)
                        zoomed(c, browser)
                    failed += c.failed
                    page.context.close()
            browser.close()
    finally:
        mock.process.terminate()
    print(f"{failed} failed" + ("" if axe else "; axe-core is not installed, so its rules were not asked"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
