"""Parts of page_behaviour.py: saved views, finding, moving rows and columns, and columns that are taken back."""


def names(c):
    """The columns' names, in their order on the screen."""
    return c.page.evaluate(
        """() => [...document.querySelectorAll('.column-header')].sort((a, b) => a.getAttribute('aria-colindex') - b.getAttribute('aria-colindex'))
            .map((e) => e.querySelector('.name').textContent)""")


def known(c):
    """The columns' names as the server has them: the last ones may be out of sight."""
    return [column["name"] for column in c.mock.get("/grids/g1")["sheets"][0]["columns"]]


def column(c, rank):
    """The texts of a column in the first rows."""
    return [(c.cell(row, rank) or {}).get("text") for row in range(6)]


def menu(c, opener, item):
    opener.click()
    c.page.get_by_role("menuitem", name=item).or_(c.page.get_by_role("menuitemradio", name=item)).first.click()


def answer(c, label, text):
    form = c.page.get_by_role("form", name=label)
    form.locator("input").first.fill(text)
    c.press("Enter")


def views(c):
    switcher = c.page.locator(".views")
    c.check("at first the view is all rows", switcher.inner_text() == "All rows", switcher.inner_text())
    c.page.get_by_role("button", name="Filter", exact=True).click()
    form = c.page.locator(".filter-form")
    form.locator("select").first.select_option(label="country")
    form.locator("select").nth(1).select_option("equals")
    form.locator("input").fill("JP")
    c.press("Enter")
    c.settles(lambda: 0 < c.counter("totalRows") < 1000)
    japan = c.counter("totalRows")
    menu(c, switcher, "Save as a view")
    answer(c, "View name", "Japan")
    c.check("a view is saved and named", c.settles(lambda: switcher.inner_text() == "Japan"), switcher.inner_text())
    c.check("its total is that of the view", c.counter("totalRows") == japan and str(japan) in c.page.locator("#counts").inner_text().replace(",", ""))
    c.check("the address names it", c.page.evaluate("location.hash").endswith("/v1"), c.page.evaluate("location.hash"))
    header = c.page.locator(".column-header[data-header=c1]")
    header.focus()
    c.press("Enter")
    c.check("a view that was changed says so", c.settles(lambda: "changed" in switcher.inner_text()), switcher.inner_text())
    c.shot("view-changed")
    menu(c, switcher, "Save the changes")
    c.check("until it is saved", c.settles(lambda: switcher.inner_text() == "Japan"))
    menu(c, switcher, "All rows")
    c.check("all rows are one choice away", c.settles(lambda: c.counter("totalRows") == 28298))
    menu(c, switcher, "Japan")
    c.check("a saved view comes back with its filter and sort", c.settles(lambda: c.counter("totalRows") == japan and header.get_attribute("aria-sort") == "ascending"))
    c.page.reload()
    c.page.wait_for_selector("[role=gridcell][data-state=committed]")
    c.check("a reload opens the same view", c.settles(lambda: c.counter("totalRows") == japan))
    menu(c, switcher, "Rename")
    answer(c, "View name", "Nippon")
    c.check("a view is renamed", c.settles(lambda: switcher.inner_text() == "Nippon"))
    menu(c, switcher, "Delete this view")
    c.check("a view is deleted; its rows stay in sight", c.settles(lambda: switcher.inner_text() == "All rows" and c.counter("totalRows") == japan))
    c.page.get_by_role("button", name="Clear", exact=True).click()
    c.settles(lambda: c.counter("totalRows") == 28298)


def addresses(c):
    """Where the address leads, before the page has heard that there is such a place; and when documents come in another order than asked for."""
    c.mock.switch(buffered=True)
    made = c.mock.post("/grids/g1/sheets/s1/views", {"name": "Elsewhere", "sort": [{"column": "c1", "direction": "descending"}]})["id"]
    c.page.evaluate("(view) => { location.hash = `#/g1/s1/${view}`; }", made)
    header = c.page.locator(".column-header[data-header=c1]")
    c.check("a view that the page has not heard of yet opens by its address", c.settles(lambda: header.get_attribute("aria-sort") == "descending"))
    c.page.evaluate("location.hash = '#/g1/s1/v999'")
    c.check("one that is not there is said to be missing", c.settles(lambda: c.page.locator("#toasts").get_by_text("v999").count() == 1))
    c.check("and the address tells again what is shown", c.page.evaluate("location.hash") == f"#/g1/s1/{made}", c.page.evaluate("location.hash"))
    c.mock.switch(buffered=False)
    others = [c.mock.post("/grids", {"name": name})["id"] for name in ("Slow", "Quick")]
    paths = [f"/grids/{other}" for other in others]
    c.mock.switch(hold=paths[:1])
    name = c.page.locator(".grid-name")
    with c.page.expect_response(lambda response: response.url.endswith(paths[0])) as slow:
        c.page.evaluate("(grid) => { location.hash = `#/${grid}`; }", others[0])
        c.settles(lambda: c.mock.switch()["waiting"] == 1)
        c.page.evaluate("(grid) => { location.hash = `#/${grid}`; }", others[1])
        c.check("the grid that was asked for last is shown", c.settles(lambda: name.inner_text() == "Quick"), name.inner_text())
        c.mock.switch(hold=[])
    slow.value.finished()
    c.drawn()
    c.check("A1: also when the document of the one before comes later", name.inner_text() == "Quick", name.inner_text())
    c.page.evaluate("location.hash = '#/g1/s1'")
    c.check("and the way back is open", c.settles(lambda: c.counter("totalRows") == 28298 and c.counter("connection") == "live"), c.counter("connection"))


def finding(c):
    c.mock.post("/grids/g1/changes", {"intent": "needle", "changes": [
        {"op": "setCell", "row": "r900", "column": "c11", "value": "qneedle one"}, {"op": "setCell", "row": "r901", "column": "c2", "value": "QNEEDLE two"}]})
    c.page.locator(".search input").fill("qneedle")
    c.check("find looks at every column", c.settles(lambda: c.counter("totalRows") == 2), c.counter("totalRows"))
    c.page.get_by_role("button", name="Filter", exact=True).click()
    form = c.page.locator(".filter-form")
    form.locator("select").first.select_option(value="c2")
    form.locator("select").nth(1).select_option("startsWith")
    form.locator("input").fill("qneedle")
    c.press("Enter")
    c.check("also where a filter is on", c.settles(lambda: c.counter("totalRows") == 1), c.counter("totalRows"))
    c.page.locator(".search input").press("Escape")
    c.page.locator(".chip-close").click()
    c.settles(lambda: c.counter("totalRows") == 28298)


def moving_rows(c):
    c.page.locator('.row[data-rank="0"] .cell').first.click()
    before = column(c, 0)
    c.press("Alt+Shift+ArrowDown")
    c.check("Alt+Shift+Down moves the row, and the focus with it", c.settles(lambda: column(c, 0)[:2] == before[1::-1]) and c.focus() == [1, 0], column(c, 0))
    c.press("Control+z")
    c.check("moving a row is taken back", c.settles(lambda: column(c, 0) == before), column(c, 0))
    c.page.locator('.row-mark[data-rank="1"]').hover()
    grip = c.page.locator('.row-mark[data-rank="1"] .grip').bounding_box()
    target = c.page.locator('.row[data-rank="4"]').bounding_box()
    mouse = c.page.mouse
    mouse.move(grip["x"] + 5, grip["y"] + grip["height"] / 2)
    mouse.down()
    mouse.move(grip["x"] + 40, target["y"] + 2, steps=4)
    applied = c.counter("applied")
    c.mock.post("/grids/g1/changes", {"intent": "under the hand", "changes": [{"op": "insertRows", "sheet": "s1", "at": "start", "rows": [{}]}]})
    c.settles(lambda: c.counter("applied") > applied)
    c.quiet()
    c.drawn()
    c.check("C10: while a row is held, rows that others insert wait", column(c, 0) == before, column(c, 0))
    c.shot("dragging")
    mouse.up()
    expected = [None, before[0], before[2], before[3], before[1]]
    c.check("a dragged row lies where it was let go, by its neighbour and not by number",
            c.settles(lambda: column(c, 0)[1:5] == expected[1:]), column(c, 0))
    c.press("Control+z")
    c.settles(lambda: column(c, 0)[1:5] == before[:4])
    c.mock.post("/grids/g1/changes", {"intent": "tidy", "changes": [{"op": "deleteRows", "sheet": "s1", "rows": [c.page.evaluate("document.querySelector('.row[data-rank=\"0\"] .cell').dataset.row")]}]})
    c.check("and is taken back", c.settles(lambda: column(c, 0) == before), column(c, 0))


def moving_columns(c):
    before = names(c)
    first = c.page.locator(".column-header").nth(1).bounding_box()
    third = c.page.locator(".column-header").nth(3).bounding_box()
    mouse = c.page.mouse
    mouse.move(first["x"] + 24, first["y"] + 12)
    mouse.down()
    mouse.move(third["x"] + third["width"] - 10, third["y"] + 12, steps=5)
    c.drawn()
    c.shot("dragging-column")
    mouse.up()
    moved = [before[0], before[2], before[3], before[1], *before[4:]]
    c.check("a dragged header moves its column", c.settles(lambda: names(c) == moved), names(c))
    c.page.locator('.row[data-rank="0"] .cell').first.click()
    c.press("Control+z")
    c.check("and is taken back", c.settles(lambda: names(c) == before), names(c))
    c.press("ArrowRight", "Alt+Shift+ArrowLeft")
    c.check("Alt+Shift+Left moves the column, and the focus with it", c.settles(lambda: names(c)[:2] == before[1::-1] and c.focus() == [0, 0]), (names(c)[:2], c.focus()))
    c.press("Control+z")
    c.settles(lambda: names(c) == before)


def columns(c):
    """Add, rename, retype and delete are taken back and done again, in one line with edits of cells."""
    before, values = known(c), column(c, 2)
    c.check("the screen and the server agree on the columns", int(c.page.locator("[role=grid]").get_attribute("aria-colcount")) == len(before) + 1)
    c.page.locator('.row[data-rank="0"] .cell').nth(2).click()
    c.keyboard.type("before the column went")
    c.press("Enter", "ArrowUp")
    c.settles(lambda: column(c, 2)[0] == "before the column went")
    c.page.get_by_role("button", name="Column", exact=True).click()
    answer(c, "Add a column", "Note")
    c.check("a column is added", c.settles(lambda: known(c) == [*before, "Note"]))
    right = lambda place: place.evaluate("(element) => element.getBoundingClientRect().right")
    note = c.page.locator(".column-header", has_text="Note")
    c.check("and all of it is in sight", c.settles(lambda: note.count() == 1 and right(note) <= right(c.page.locator("[role=grid]")) + 1), note.count() and right(note))
    header = c.page.locator(".column-header", has_text="name").first
    header.hover()
    menu(c, header.locator(".column-menu"), "Rename")
    answer(c, "Column name", "Airport")
    c.check("a column is renamed", c.settles(lambda: "Airport" in known(c)))
    header = c.page.locator(".column-header", has_text="Airport").first
    header.hover()
    menu(c, header.locator(".column-menu"), "Change type")
    c.page.get_by_role("menuitemradio", name="JSON").or_(c.page.get_by_role("menuitem", name="JSON")).first.click()
    c.check("a column is retyped", c.settles(lambda: header.get_attribute("data-type") == "json"))
    header.hover()
    menu(c, header.locator(".column-menu"), "Delete column")
    c.page.get_by_role("button", name="Delete", exact=True).click()
    c.check("a column is deleted", c.settles(lambda: "Airport" not in known(c)))
    c.page.locator('.row[data-rank="0"] .cell').first.click()
    c.press("Control+z")
    c.check("a deleted column comes back with its values", c.settles(lambda: "Airport" in known(c) and column(c, 2)[0] == "before the column went"), (known(c), column(c, 2)))
    c.press("Control+z")
    c.check("its type is taken back, though it has another id now", c.settles(lambda: c.page.locator(".column-header", has_text="Airport").first.get_attribute("data-type") == "text"))
    c.press("Control+z")
    c.check("its name too", c.settles(lambda: "Airport" not in known(c)))
    c.press("Control+z")
    c.check("an added column is taken back", c.settles(lambda: known(c) == before), known(c))
    c.press("Control+z")
    c.check("and the edit of before the column went", c.settles(lambda: column(c, 2) == values), column(c, 2))
    c.press(*["Control+Shift+Z"] * 2)
    c.check("all is done again in order", c.settles(lambda: column(c, 2)[0] == "before the column went" and "Note" in known(c)), known(c))
    c.press(*["Control+z"] * 2)
    c.settles(lambda: known(c) == before)


PARTS = (views, addresses, finding, moving_rows, moving_columns, columns)
