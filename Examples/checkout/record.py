"""Records a person shopping, in a headless Chromium, as a trace.

    python Examples/checkout/record.py --guard none --latency production --seed 7 --out faulty.trace.jsonl

Each round adds an item, changes the quantity and applies a code (or takes it away), with pauses drawn from `latency.json` by the seed.
Prints what the person saw: after how many rounds, once all was quiet, the total was not that of the cart. Needs playwright.
"""

import argparse
import json
import math
import os
import random
import sys
import time

from playwright.sync_api import sync_playwright

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import server as shop  # noqa: E402


def patient(browser):
    """A page whose steps take what they take: the limit only ends a run that hangs."""
    page = browser.new_page()
    page.set_default_timeout(600_000)
    return page


def until(page, condition):
    """Waits for a condition of the page, without `wait_for_function`: the page's CSP forbids what that evaluates."""
    end = time.monotonic() + 600
    while not page.evaluate(condition):
        if time.monotonic() > end:
            raise SystemExit(f"the page never got there: {condition}")
        page.wait_for_timeout(15)


def quiet(page):
    """Waits until the page waits for nothing."""
    until(page, "document.body.dataset.pending === '0'")


class Person:
    """Clicks, and pauses in between. With a clock of the model a pause is over when the page has taken what is due in it, however long that takes."""

    def __init__(self, page, guard, clock):
        self.page, self.guard, self.clock, self.clicks, self.answers = page, guard, clock, 0, 0

    def click(self, name):
        if self.guard == "G5":  # a click is ignored while the shop waits: the person waits too
            self.quiet()
        self.page.click(name)
        self.clicks += 1

    def pause(self, milliseconds):
        if not self.clock:
            return self.page.wait_for_timeout(milliseconds)
        self.take(self.clock.now + milliseconds)

    def quiet(self):
        if self.clock:
            self.take(math.inf)
        quiet(self.page)

    def take(self, end):
        """Lets the answers go that are due until then, each when the page has handled the one before."""
        while True:
            # A queue asks when the answer before is there; else each click asks at once.
            self.clock.await_requests(min(self.clicks, self.answers + 1) if self.guard == "G4" else self.clicks)
            cart = self.clock.let(end)
            if cart is None:
                return
            self.answers += 1
            until(self.page, HANDLED % cart)


# Whether the page has handled the answer about a cart, or given it up: its recorder says so.
HANDLED = """(() => { const events = trueline.lines().split('\\n').filter((line) => line).map((line) => JSON.parse(line));
    const request = events.find((e) => e.type === 'start' && new URL(e.url, location.href).searchParams.get('cart') === '%s')?.request;
    return request !== undefined && events.some((e) => e.request === request && (e.type === 'deliver' || e.type === 'cancel')); })()"""


def round_trip(person, draw, think, number):
    pause = lambda: person.pause(draw.lognormvariate(0, think["sigma"]) * think["median"])  # noqa: E731
    page = person.page
    person.click("#add")
    pause()
    page.fill("#wanted", str(2 + number % 5))
    person.click("#change")
    pause()
    page.fill("#coupon", "SPRING10" if number % 2 == 0 else "")
    person.click("#apply")
    until(page, f"document.body.dataset.cart === '{3 * (number + 1)}'")
    person.quiet()
    cost = shop.total(2 + number % 5, "SPRING10" if number % 2 == 0 else "")
    return page.evaluate("Number(document.body.dataset.total)") == cost


def record(guard, latency, seed, rounds, clock=None):
    """Answers the trace's text and the number of rounds that ended with a wrong total. With `shop.ModelClock()` the answers come in the
    order that the model says on any machine."""
    server, draw, think = shop.serve(0, latency, seed, clock), random.Random(f"person {seed}"), shop.latency_model()["think"]
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"], timeout=600_000)
        page = patient(browser)
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and errors.append(message.text))
        page.goto(f"{server.url}?guard={guard}")
        quiet(page)
        person = Person(page, guard, clock)
        wrong = sum(not round_trip(person, draw, think, number) for number in range(rounds))
        text = page.evaluate("trueline.lines()")
        state = page.evaluate("({ ...trueline.state, symptoms: trueline.symptoms })")
        browser.close()
    server.shutdown()
    return text, {"guard": guard, "latency": latency, "seed": seed, "rounds": rounds, "wrong": wrong, "errors": errors, **state}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--guard", choices=["none", "G1", "G2", "G3", "G4", "G5", "G9", "latest"], default="none")
    parser.add_argument("--latency", choices=["calm", "production"], default="production")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    text, summary = record(options.guard, options.latency, options.seed, options.rounds)
    with open(options.out, "w", encoding="utf-8") as file:
        file.write(text)
    print(json.dumps(summary))
