"""Waiting for what has to come. No check is decided by a time: a machine that is ten times as slow takes longer and says the same.
What is waited for is the thing itself; `CEILING` only ends a run that hangs, and says nothing about how long anything may take
(TRUELINE_CEILING: another one, for who writes a check and waits for something wrong)."""

import os
import time

CEILING = float(os.environ.get("TRUELINE_CEILING", 600))  # seconds


def until(holds, page=None):
    """What `holds` answers as soon as it is true; what it answered last when it never is. With a page its events are served meanwhile."""
    end = time.monotonic() + CEILING
    while True:
        found = holds()
        if found or time.monotonic() > end:
            return found
        if page:
            page.wait_for_timeout(30)  # between two looks, serving the page's events: nothing tells of a state that another process is in
        else:
            time.sleep(0.03)  # between two looks, as above


def chromium(tools, *arguments):
    """A headless Chromium (CHROMIUM, default /usr/bin/chromium)."""
    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    return tools.chromium.launch(executable_path=path, args=["--no-sandbox", *arguments], timeout=CEILING * 1000)


def page_of(browser, **how):
    """A page in a context of its own, whose every step may take as long as it needs."""
    context = browser.new_context(**how)
    context.set_default_timeout(CEILING * 1000)
    return context.new_page()


def comes(page, condition, given=None):
    """Waits until the page answers something true. Not `wait_for_function`, whose looks from within a page's policy may refuse."""
    found = until(lambda: page.evaluate(condition, given), page)
    if not found:
        raise TimeoutError(f"the page never got there: {condition}")
    return found


def painted(page):
    """Waits until what was asked for so far has had its frame, and that frame is over."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def caught_up(page, revision):
    """Waits until the page of a list shows a revision or a newer one, and reads nothing more."""
    comes(page, "(r) => trueline.revision >= r && trueline.pending === 0", revision)
    painted(page)
