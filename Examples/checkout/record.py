"""Records a person shopping, in a headless Chromium, as a trace.

    python Examples/checkout/record.py --guard none --latency production --seed 7 --out faulty.trace.jsonl

Each round adds an item, changes the quantity and applies a code (or takes it away), with pauses drawn from `latency.json` by the seed.
Prints what the person saw: after how many rounds, once all was quiet, the total was not that of the cart. Needs playwright.
"""

import argparse
import json
import os
import random
import sys

from playwright.sync_api import sync_playwright

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import server as shop  # noqa: E402


def pause(page, draw, think):
    page.wait_for_timeout(draw.lognormvariate(0, think["sigma"]) * think["median"])


def click(page, name, guard):
    if guard == "G5":  # a click is ignored while the shop waits: the person waits too
        quiet(page)
    page.click(name)


def until(page, condition):
    """Waits for a condition of the page, without `wait_for_function`: the page's CSP forbids what that evaluates."""
    for _ in range(2000):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(15)
    raise SystemExit(f"the page never got there: {condition}")


def quiet(page):
    """Waits until the page waits for nothing."""
    until(page, "document.body.dataset.pending === '0'")


def round_trip(page, draw, think, guard, number):
    click(page, "#add", guard)
    pause(page, draw, think)
    page.fill("#wanted", str(2 + number % 5))
    click(page, "#change", guard)
    pause(page, draw, think)
    page.fill("#coupon", "SPRING10" if number % 2 == 0 else "")
    click(page, "#apply", guard)
    until(page, f"document.body.dataset.cart === '{3 * (number + 1)}'")
    quiet(page)
    cost = shop.total(2 + number % 5, "SPRING10" if number % 2 == 0 else "")
    return page.evaluate("Number(document.body.dataset.total)") == cost


def record(guard, latency, seed, rounds):
    """Answers the trace's text and the number of rounds that ended with a wrong total."""
    server, draw, think = shop.serve(0, latency, seed), random.Random(f"person {seed}"), shop.latency_model()["think"]
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and errors.append(message.text))
        page.goto(f"{server.url}?guard={guard}")
        quiet(page)
        wrong = sum(not round_trip(page, draw, think, guard, number) for number in range(rounds))
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
