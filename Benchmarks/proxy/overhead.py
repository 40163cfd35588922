"""What `trueline proxy --plan pass` adds to the loading of a page: the example shop in Chromium, with and without, in turns.

    .venv-tools/bin/python Benchmarks/proxy/overhead.py --trueline .build-release/release/trueline [--pairs 60]

Prints the medians and the median of the pairs' ratios. Each load is a new page of one browser, from `goto` to the `load` event.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time

from playwright.sync_api import sync_playwright

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "Examples", "checkout"))
import server as shop  # noqa: E402


def load(browser, address):
    page = browser.new_page()
    begun = time.perf_counter()
    page.goto(address, wait_until="load")
    took = time.perf_counter() - begun
    page.close()
    return took * 1000


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--trueline", default=os.path.join(ROOT, ".build-release", "release", "trueline"))
    parser.add_argument("--pairs", type=int, default=60)
    options = parser.parse_args()
    upstream = shop.serve(0, "calm", 7)
    process = subprocess.Popen([options.trueline, "proxy", "--upstream", upstream.url, "--port", "0"], stdout=subprocess.PIPE, text=True)
    proxied = process.stdout.readline().strip() + "/"
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
        for address in (upstream.url, proxied) * 3:
            load(browser, address)  # the first loads start the browser's own processes
        pairs = []
        for number in range(options.pairs):
            # Who comes first alternates, so that neither has the warmer machine.
            first, second = (upstream.url, proxied) if number % 2 == 0 else (proxied, upstream.url)
            times = {first: load(browser, first), second: load(browser, second)}
            pairs.append((times[upstream.url], times[proxied]))
        browser.close()
    process.terminate()
    process.wait()
    bare, through = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    ratio = statistics.median(pair[1] / pair[0] for pair in pairs)
    print(f"page load {bare:.1f} ms, through the proxy {through:.1f} ms; median of the pairs' ratios {ratio:.3f} (load {os.getloadavg()[0]:.1f})")
