"""A person in a hurry: shops without waiting for any answer, in a headless Chromium, and says whether the total on the screen is the cart's.

    python Examples/checkout/hurry.py http://127.0.0.1:8788 --rounds 2 --guard none

Without an address it takes TRUELINE_PROXY_URL, which `trueline proxy explore` sets. Exits with 1 when the total is wrong. Needs playwright.
"""

import argparse
import os
import sys

import record as recording
import server as shop
from playwright.sync_api import sync_playwright


def buy(page, rounds):
    """Shops without waiting, and then until the page waits for nothing; answers the total that is shown and the one that is right, in cents."""
    for number in range(rounds):
        page.click("#add")
        page.fill("#wanted", str(2 + number % 5))
        page.click("#change")
        page.fill("#coupon", "SPRING10" if number % 2 == 0 else "")
        page.click("#apply")
    recording.until(page, f"document.body.dataset.cart === '{3 * rounds}'")
    recording.quiet(page)
    last = rounds - 1
    return page.evaluate("Number(document.body.dataset.total)"), shop.total(2 + last % 5, "SPRING10" if last % 2 == 0 else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", nargs="?", default=os.environ.get("TRUELINE_PROXY_URL"))
    parser.add_argument("--guard", default="none")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--unrecorded", action="store_true", help="ask for the page without its own recorder: a proxy puts one in")
    parser.add_argument("--shot", help="a file for a picture of the page in the end")
    options = parser.parse_args()
    if not options.address:
        parser.error("give the shop's address, or set TRUELINE_PROXY_URL")
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"], timeout=600_000)
        page = recording.patient(browser)
        page.goto(f"{options.address.rstrip('/')}/?guard={options.guard}{'&record=0' if options.unrecorded else ''}")
        recording.quiet(page)
        shown, right = buy(page, options.rounds)
        if options.shot:
            page.screenshot(path=options.shot)
        # A recorder sends the rest when the page is left.
        page.close()
        browser.close()
    print(f"the total on the screen is {shown / 100:.2f}, the cart's is {right / 100:.2f}: {'right' if shown == right else 'WRONG'}")
    return 0 if shown == right else 1


if __name__ == "__main__":
    sys.exit(main())
