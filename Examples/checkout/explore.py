"""What `trueline proxy explore` runs: shops once at TRUELINE_PROXY_URL, without waiting for any answer, and tells what stands there in the end.

    trueline proxy explore --upstream http://127.0.0.1:8790 --script ".venv-tools/bin/python Examples/checkout/explore.py [GUARD]"
"""

import os
import sys

from playwright.sync_api import sync_playwright

from record import quiet, until

if __name__ == "__main__":
    address, guard = os.environ["TRUELINE_PROXY_URL"], sys.argv[1] if len(sys.argv) > 1 else "none"
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
        # With --tls the certificate is of this run only.
        page = browser.new_page(ignore_https_errors=address.startswith("https:"))
        page.goto(f"{address}/?guard={guard}")
        quiet(page)
        page.click("#add")
        page.fill("#wanted", "3")
        page.click("#change")
        page.fill("#coupon", "SPRING10")
        page.click("#apply")
        until(page, "document.body.dataset.cart === '3'")
        quiet(page)
        page.request.post(f"{address}/__trueline/final?name=total", data=page.text_content("#total"))
        page.evaluate("trueline.flush()")
        browser.close()
