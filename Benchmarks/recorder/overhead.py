"""What trueline-recorder.js costs a real page: the same work with and without it, in the same Chromium, by turns.

    python Benchmarks/recorder/overhead.py [--pairs 10] [--profile shop|burst]

`shop` is the example shop used by a quick person: three clicks a round, ten rounds, two clicks a second. The share is of the main thread's time
per second of use, and of its time alone. `burst` is the worst case: 2,000 requests, 50 under way at a time, each writing once; the page does nothing else.
Times are the renderer's own (CDP Performance.getMetrics: TaskDuration in thread time, everything the main thread did).
"""

import argparse
import os
import statistics
import sys
import time

from playwright.sync_api import sync_playwright

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Examples", "checkout"))
import server as shop  # noqa: E402

BURST = """async () => {
  const one = async (n) => {
    const reply = await (await fetch(`/style.css?n=${n}`)).text();
    globalThis.trueline?.write('burst', `k${n % 100}`, reply.length);
  };
  for (let n = 0; n < 2000; n += 50) await Promise.all(Array.from({ length: 50 }, (_, i) => one(n + i)));
}"""


def metrics(session):
    return {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}


def measure(browser, url, profile, recorded):
    """Answers the main thread's seconds, and all seconds, of the work."""
    page = browser.new_page()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})  # what the thread computed, not what it waited for
    page.goto(f"{url}?guard=G2&record={int(recorded)}")
    page.wait_for_timeout(300)
    session.send("HeapProfiler.collectGarbage")
    before, began = metrics(session), time.monotonic()
    if profile == "burst":
        page.evaluate(BURST)
    else:
        for number in range(10):
            for name in ("#add", "#change", "#apply"):
                page.click(name)
                page.wait_for_timeout(500)
    after, seconds = metrics(session), time.monotonic() - began
    page.close()
    return after["TaskDuration"] - before["TaskDuration"], seconds


def run(profile, pairs):
    server = shop.serve(0, "calm", 1)
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
        measure(browser, server.url, profile, True)  # warms caches
        plain, recorded = [], []
        for number in range(pairs):
            # Turn about, so that what the machine does besides falls on both.
            for on in (False, True) if number % 2 else (True, False):
                (recorded if on else plain).append(measure(browser, server.url, profile, on))
        browser.close()
    a, b = statistics.median(t for t, _ in plain), statistics.median(t for t, _ in recorded)
    seconds = statistics.median(s for _, s in plain)
    print(f"{profile}: main thread without {a * 1000:.1f} ms, with {b * 1000:.1f} ms, in {seconds:.1f} s of use; "
          f"{(b - a) / seconds * 100:+.2f} % of the time, {(b / a - 1) * 100:+.1f} % of the page's own work; "
          f"medians of {pairs}; load {os.getloadavg()[0]:.1f}")
    if profile == "burst":
        print(f"burst: {(b - a) / 2000 * 1e6:.0f} us a request (start, arrive, deliver, write)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--profile", choices=["shop", "burst"])
    options = parser.parse_args()
    for name in [options.profile] if options.profile else ["shop", "burst"]:
        run(name, options.pairs)
