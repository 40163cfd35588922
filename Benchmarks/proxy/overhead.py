"""What `trueline proxy --plan pass` adds to the loading of a page: the example shop in Chromium, with and without, in turns.

    .venv-tools/bin/python Benchmarks/proxy/overhead.py --trueline .build-release/release/trueline [--pairs 60]

Four ways: straight to the server, through the proxy, through the proxy that puts the recorder in (--inject), and through the proxy by HTTP/2 (--tls). Prints the
medians, and the median of the ratios of loads that stood beside each other. Each load is a new page of one browser, from `goto` to the `load` event,
of the shop without its own recorder.
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

WAYS = {"pass": [], "inject": ["--inject"], "tls": ["--tls"]}
# What is compared, and what it may be at most.
RATIOS = [("pass", "direct", 1.15), ("inject", "pass", 1.02), ("tls", "direct", None)]


def load(context, address):
    page = context.new_page()
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
    addresses, processes = {"direct": upstream.url}, []
    for way, words in WAYS.items():
        command = [options.trueline, "proxy", "--upstream", upstream.url, "--port", "0", *words]
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True))
        addresses[way] = processes[-1].stdout.readline().strip()
    ways = list(addresses)
    rounds = []
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
        context = browser.new_context(ignore_https_errors=True)
        for way in ways * 3:
            load(context, addresses[way] + "/?record=0")  # the first loads start the browser's own processes
        for number in range(options.pairs):
            # Who comes first changes, so that nobody has the warmer machine.
            turn = ways[number % len(ways):] + ways[:number % len(ways)]
            rounds.append({way: load(context, addresses[way] + "/?record=0") for way in turn})
        browser.close()
    for process in processes:
        process.terminate()
        process.wait()
    print("page load: " + ", ".join(f"{way} {statistics.median(one[way] for one in rounds):.1f} ms" for way in ways)
          + f" ({options.pairs} rounds, load {os.getloadavg()[0]:.1f})")
    for over, under, most in RATIOS:
        ratio = statistics.median(one[over] / one[under] for one in rounds)
        print(f"{over} / {under}: {ratio:.3f}" + (f" (goal: at most {most})" if most else ""))
