"""`trueline proxy` in a real Chromium: a race that a healthy recording predicts is forced, every time, and a guard takes it away.

    python Tests/Browser/proxy.py --trueline PROGRAM [--long] [--repetitions N] [--only NAME] [--shots DIRECTORY]

The example shop is recorded while nothing goes wrong; `trueline predict` names an order with another end; the proxy forces that order and the
total on the screen is wrong, N of N times (5; with --long 100), and 0 of N with a guard. The same for the small pages of Examples/races.
Prints the wall time beside that of the same page behind the same proxy undisturbed, taken in turns.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from playwright.sync_api import sync_playwright

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path[:0] = [os.path.join(ROOT, "Examples", "checkout"), os.path.join(ROOT, "Examples", "races")]
import hurry  # noqa: E402
import races  # noqa: E402
import record as recording  # noqa: E402
import server as shop  # noqa: E402
from patience import CEILING, chromium, comes, page_of  # noqa: E402

# Forcing an order may cost so much of the undisturbed time. Judged over this many visits and more: the median of five half seconds on a
# machine that does other work says nothing; the short form prints it.
WALL = 1.3
JUDGED = 20
failed = 0


def check(sentence, ok, found=""):
    global failed
    failed += not ok
    print("ok  " if ok else "FAIL", sentence, "" if ok else repr(found), flush=True)


@contextlib.contextmanager
def proxy(program, upstream, *words):
    """A running proxy; gives its address. It never takes a page for stuck that is only slow."""
    process = subprocess.Popen([program, "proxy", "--upstream", upstream, "--port", "0", "--inject", "--patience", "300", *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=CEILING)


def state(address, after=None):
    """What the proxy holds and delivered; with `after`, once that is another version."""
    with urllib.request.urlopen(f"{address}/__trueline/state" + (f"?after={after}" if after else "")) as reply:
        return json.load(reply)


class Proxy:
    """What a script says to the proxy while it lives through a race."""

    def __init__(self, address):
        self.address = address

    def reach(self, barrier):
        urllib.request.urlopen(urllib.request.Request(f"{self.address}/__trueline/barrier?name={barrier}", method="POST")).close()

    def answered(self, path):
        """Waits until the upstream has answered a request: it is held, or delivered."""
        known = state(self.address)
        while not any(f" {path}" in item["request"] for item in known["held"] + known["delivered"]):
            known = state(self.address, known["version"])


def visit(browser, address, guard, rounds, shot=None):
    """One visit to the shop: whether the total is right, and the seconds that it took."""
    page = page_of(browser)
    page.goto(f"{address}/?guard={guard}&record=0")
    recording.quiet(page)
    begun = time.monotonic()
    shown, cost = hurry.buy(page, rounds)
    took = time.monotonic() - begun
    if shot:
        page.screenshot(path=shot)
    page.context.close()
    return shown == cost, took


def predicted(program, folder):
    """Records the shop while nothing goes wrong, and answers the file of the order that ends otherwise."""
    text, summary = recording.record("none", "calm", 51, 2, shop.ModelClock())
    path = os.path.join(folder, "calm.trace.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    found = subprocess.run([program, "predict", path, "--format", "json", "--witness", folder], capture_output=True, text=True)
    check("the recording is healthy, and predict names an order with another end", summary["wrong"] == 0 and found.returncode == 1, found.stderr)
    return os.path.join(folder, "1.json")


def forced(browser, program, upstream, plan, guard, repetitions, shots):
    """How often the total was right, how long it took, and what went otherwise than planned."""
    right, times, inexact = 0, [], []
    for number in range(repetitions):
        with proxy(program, upstream, *plan) as address:
            shot = os.path.join(shots, f"checkout-{guard}.png") if shots and number == 0 else None
            ok, took = visit(browser, address, guard, 2, shot)
            right += ok
            times.append(took)
            # A page with a guard gives requests up: that is no failure of the plan.
            if state(address)["inexact"]:
                inexact.append(state(address)["reports"])
    return right, times, inexact


def checkout(browser, program, witness, repetitions, shots):
    server = shop.serve(0, "calm", 7)
    plan = ["--witness", witness]
    right, times, inexact = forced(browser, program, server.url, plan, "none", repetitions, shots)
    check(f"checkout: the predicted order leaves a wrong total, {repetitions} of {repetitions}", right == 0 and not inexact, (right, inexact))
    guarded, _, _ = forced(browser, program, server.url, plan, "latest", repetitions, shots)
    check(f"checkout with ?guard=latest: the same plan leaves the right one, {repetitions} of {repetitions}", guarded == repetitions, guarded)
    _, calm, _ = forced(browser, program, server.url, ["--plan", "pass"], "none", min(repetitions, 20), None)
    ratio = statistics.median(times) / statistics.median(calm)
    check(f"checkout: forcing takes {ratio:.2f} times the undisturbed time (at most {WALL})", ratio <= WALL or repetitions < JUDGED, (times[:5], calm[:5]))
    server.shutdown()


def live_through(browser, program, upstream, race, guard, plan, shot=None):
    """One visit to a page of a race: what is seen in the end, the seconds that it took, and whether the plan was kept."""
    with proxy(program, upstream, "--plan", plan) as address:
        page = page_of(browser)
        begun = time.monotonic()
        page.goto(f"{address}/{race.name}{'?guard' if guard else ''}")
        race.act(page, Proxy(address))
        comes(page, f"document.body.dataset.pending === '0' && document.body.dataset.done === '{race.requests}'")
        seen, took = page.evaluate(race.seen), time.monotonic() - begun
        if shot:
            page.screenshot(path=shot)
        page.context.close()
        return seen, took, not state(address)["inexact"]


def force_race(browser, program, upstream, race, repetitions, shots, folder):
    plan = os.path.join(folder, f"{race.name}.json")
    with open(plan, "w", encoding="utf-8") as file:
        json.dump(race.plan(), file)
    shot = os.path.join(shots, f"{race.name}.png") if shots else None
    wrong, guarded, times, calm, exact = 0, 0, [], [], 0
    for number in range(repetitions):
        seen, took, kept = live_through(browser, program, upstream, race, False, plan, None if number else shot)
        wrong += seen != race.right
        times.append(took)
        exact += kept
        _, took, _ = live_through(browser, program, upstream, race, False, "pass")
        calm.append(took)
        guarded += live_through(browser, program, upstream, race, True, plan)[0] != race.right
    ratio = statistics.median(times) / statistics.median(calm)
    check(f"{race.name} ({race.source}): wrong {wrong} of {repetitions} times, and with the guard {guarded}, at {ratio:.2f} times the undisturbed time",
          (wrong, guarded, exact) == (repetitions, 0, repetitions) and (ratio <= WALL or repetitions < JUDGED), (exact, times[:3], calm[:3]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--trueline", default=os.path.join(ROOT, ".build", "debug", "trueline"))
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--repetitions", type=int)
    parser.add_argument("--only")
    parser.add_argument("--shots")
    options = parser.parse_args()
    count = options.repetitions or (100 if options.long else 5)
    with tempfile.TemporaryDirectory() as folder:
        # The recording opens a browser of its own.
        order = predicted(options.trueline, folder) if options.only in (None, "checkout") else None
        with sync_playwright() as tools:
            browser = chromium(tools)
            if order:
                checkout(browser, options.trueline, order, count, options.shots)
            server = races.serve(0)
            for race in races.RACES:
                if options.only in (None, "races", race.name):
                    force_race(browser, options.trueline, server.url, race, count, options.shots, folder)
            browser.close()
    sys.exit(failed > 0)
