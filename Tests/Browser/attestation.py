"""Screen attestation in a real Chromium: a page whose painted value was tampered with is told that it differs, reads its page again and
is healed; a page that nobody tampered with is never told so, whatever is edited, sorted or scrolled.

    python Tests/Browser/attestation.py
"""

import asyncio
import json
import os
import re
import sys
import urllib.request

from playwright.async_api import async_playwright

from trueline_process import Server, airports

STUBBORN = """() => {
    const spoil = () => {
        const slot = document.querySelector('[role=row][data-rank="3"] [role=gridcell] .value');
        if (slot && slot.textContent !== 'sesame') slot.textContent = 'sesame';
    };
    new MutationObserver(spoil).observe(document.querySelector('[role=grid]'), { subtree: true, childList: true, characterData: true });
    spoil();
}"""
TAMPER = """() => {
  const slot = document.querySelector('[role=row][data-rank="3"] [role=gridcell] .value');
  const was = slot.textContent;
  slot.textContent = 'sesame';
  return was;
}"""
TEXT = """() => document.querySelector('[role=row][data-rank="3"] [role=gridcell] .value').textContent"""


def metrics(server):
    """The results counted by the server."""
    text = urllib.request.urlopen(server.url + "/metrics").read().decode()
    return {r: int(n) for r, n in re.findall(r'trueline_attested_screens_total\{result="(\w+)"\} (\d+)', text)}


def check(holds, what):
    print(("ok  " if holds else "FAILED  ") + what)
    if not holds:
        check.failed = True


check.failed = False


async def attested(page, since, name="equal", timeout=120_000):
    """Waits until the page was told `name` once more than at `since`."""
    await page.wait_for_function(f"n => (window.trueline?.attested.{name} ?? 0) > n", arg=since.get(name, 0), timeout=timeout)
    return await page.evaluate("({...trueline.attested})")


async def watch(server, client, grid, sheet):
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        posted = []
        page.on("request", lambda r: posted.append(r) if r.url.endswith("/attestations") else None)
        await page.goto(f"{server.url}/?record=1#/{grid}/{sheet}")
        await page.wait_for_selector("[role=gridcell][data-row]", timeout=120_000)
        now = await attested(page, {})
        check(now["differs"] == 0, "a page that just opened equals what is committed")

        await page.get_by_role("grid").click(position={"x": 300, "y": 200})
        await page.keyboard.type("edited by hand")
        await page.keyboard.press("Enter")
        now = await attested(page, await page.evaluate("({...trueline.attested})"))
        await page.locator("[role=grid]").evaluate("grid => (grid.scrollTop = 40_000)")
        now = await attested(page, now)
        await page.locator("[role=grid]").evaluate("grid => (grid.scrollTop = 0)")
        columns = {c["name"]: c["id"] for c in client.request("GET", f"/grids/{grid}")["sheets"][0]["columns"]}
        client.request(
            "POST",
            f"/grids/{grid}/sheets/{sheet}/views",
            {"name": "By city", "sort": [{"column": columns["city"], "direction": "descending"}]},
        )
        await page.evaluate(f"location.hash = '#/{grid}/{sheet}/v1'")
        await page.wait_for_function("() => document.querySelector('[role=columnheader][aria-sort=descending]')")
        now = await attested(page, await page.evaluate("({...trueline.attested})"))
        check(now["differs"] == 0 and now["unknown"] == 0, "edits, scrolling and a sorted view are equal too")

        before = await page.evaluate("({...trueline.attested, reads: trueline.refreshes})")
        was = await page.evaluate(TAMPER)
        now = await attested(page, before, "differs")
        check(True, "a tampered value slot differs")
        now = await attested(page, before, "healed")
        reads = await page.evaluate("trueline.refreshes")
        check(await page.evaluate(TEXT) == was, "the value slot shows what is committed again")
        check(reads > before["reads"] and now["repairs"] == 1, "the page was read again, once")
        count = metrics(server)
        check(count["differs"] == 1 and count["equal"] >= 4, f"/metrics counts it: {count}")

        lines = [json.loads(line) for line in (await page.evaluate("truelineRecorder.lines()")).splitlines()]
        expected = [e["holds"] for e in lines if e["type"] == "expect"]
        check(False in expected and expected[-1] is True, f"the recording has the symptom: {expected}")
        sizes = [len(r.post_data or "") for r in posted]
        print(f"    {len(sizes)} attestations, bodies of {min(sizes)} to {max(sizes)} B")

        # A fault that repair cannot reach: something writes the slot anew as soon as anything else has.
        before = await page.evaluate("({...trueline.attested})")
        await page.evaluate(STUBBORN)
        now = await attested(page, before, "differs")
        now = await attested(page, {"sampled": now["sampled"] + 2}, "sampled")
        asked, repairs = now["sampled"] - before["sampled"], now["repairs"] - before["repairs"]
        check(repairs <= (asked + 1) // 2 and now["healed"] == before["healed"], f"a repair that does not help is not repeated before the screen is attested afresh: {repairs} after {asked}")
        await browser.close()


def main():
    server = Server("--attest-every", "1")
    try:
        client = server.client()
        made = client.request("POST", "/grids", {"name": "Airports"})
        grid, sheet = made["id"], made["sheets"][0]["id"]
        client.import_file(grid, sheet, airports())
        asyncio.run(watch(server, client, grid, sheet))
        log = open(os.path.join(server.data, "server.log"), encoding="utf-8").read()
        line = next((l for l in log.splitlines() if "a screen differs" in l), "")
        check("revision=" in line and "sesame" not in log, f"the log says which screen, and no value: {line[-220:]}")
        check("attestScreen" not in log, "attestations are not logged one by one")
    finally:
        server.stop()
    print("1 failed" if check.failed else "attestation: passed")
    sys.exit(1 if check.failed else 0)


if __name__ == "__main__":
    main()
