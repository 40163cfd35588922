"""`trueline proxy` in a real Chromium over HTTP/2, and holding messages of streams.

    python Tests/Browser/proxy_streams.py --trueline PROGRAM [--long] [--repetitions N] [--only tls|race|events|socket] [--shots DIRECTORY]

With --tls a page comes over h2, with the certificate verified as the proxy printed it; a race of Examples/races is forced there, N of N times
(5; with --long 100), and a guard takes it away. Message 2 of an EventSource, and of a WebSocket, is held until a barrier that the script reaches,
and until another request's response was taken: the screen shows the order asked for, over http and over https. More responses are held at once
than a browser has connections.
"""

import argparse
import base64
import contextlib
import hashlib
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import sync_playwright

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "Examples", "races"))
import races  # noqa: E402
from patience import CEILING, chromium, comes, page_of  # noqa: E402

PAGE = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>messages</title><link rel="icon" href="data:,">
<button id="save">Save</button><button id="note">Note</button><ol></ol><script type="module">
const show = (text) => document.querySelector('ol').append(Object.assign(document.createElement('li'), { textContent: text }));
const kind = new URLSearchParams(location.search).get('kind');
const sources = { events: () => new EventSource('/events'), socket: () => new WebSocket(location.origin.replace('http', 'ws') + '/socket') };
if (kind in sources) sources[kind]().onmessage = (message) => show(`message ${message.data}`);
document.getElementById('save').onclick = async () => show(await (await fetch('/api/save', { method: 'POST' })).text());
document.getElementById('note').onclick = () => show('note');
</script></html>"""
# RFC 6455, section 1.3
SOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
failed = 0


def check(sentence, ok, found=""):
    global failed
    failed += not ok
    print("ok  " if ok else "FAIL", sentence, "" if ok else repr(found), flush=True)


class Server(BaseHTTPRequestHandler):
    """Sends three messages at once to whoever listens, and answers everything else."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/events":
            # Held open: an EventSource that ends comes back.
            self.stream(200, {"Content-Type": "text/event-stream"}, b"".join(b"data: %d\n\n" % number for number in (1, 2, 3)))
        elif path == "/socket":
            accept = base64.b64encode(hashlib.sha1((self.headers["Sec-WebSocket-Key"] + SOCKET_GUID).encode()).digest()).decode()
            fields = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept}
            self.stream(101, fields, b"".join(b"\x81\x01%d" % number for number in (1, 2, 3)))
        elif path == "/":
            self.reply("text/html; charset=utf-8", PAGE)
        else:
            self.reply("text/plain", self.path.encode())

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.reply("text/plain", b"saved")

    def stream(self, status, fields, messages):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(messages)
        self.wfile.flush()
        self.close_connection = True
        with contextlib.suppress(ConnectionError):
            self.rfile.read()  # until the other side goes, which the server's own loop shall not read again

    def reply(self, kind, content):
        with contextlib.suppress(ConnectionError):
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, *_):
        pass


class Listening(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A page that goes resets its connections: that is no error here."""


def serve():
    server = Listening(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


class Proxy:
    """A running proxy."""

    def __init__(self, program, upstream, plan, words, folder):
        self.authority = os.path.join(folder, "authority.pem") if "--tls" in words else None
        name = plan
        if isinstance(plan, list):
            name = os.path.join(folder, "plan.json")
            with open(name, "w", encoding="utf-8") as file:
                json.dump({"type": "plan", "version": 1, "release": plan}, file)
        command = [program, "proxy", "--upstream", upstream, "--port", "0", "--plan", name, "--patience", "300", *words]
        if self.authority:
            command += ["--tls-authority", self.authority]
        with open(os.path.join(folder, "proxy.log"), "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        self.url = self.process.stdout.readline().strip()
        # Whoever verifies the certificate by the authority alone sees whether chain and names are right.
        self.trust = ssl.create_default_context(cafile=self.authority) if self.authority else None
        with open(os.path.join(folder, "proxy.log"), encoding="utf-8") as log:
            self.pin = log.read().partition("--ignore-certificate-errors-spki-list=")[2].strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=CEILING)

    def ask(self, path, method="GET"):
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/__trueline/{path}", method=method), context=self.trust) as reply:
            return json.load(reply)

    def reach(self, barrier):
        self.ask(f"barrier?name={barrier}", "POST")

    def until(self, fits):
        """Waits for a state of the proxy, which tells when it is another."""
        known = self.ask("state")
        while not fits(known):
            known = self.ask(f"state?after={known['version']}")
        return known

    def answered(self, path):
        self.until(lambda known: any(f" {path}" in item["request"] for item in known["held"] + known["delivered"]))


@contextlib.contextmanager
def visitor(browser):
    """A page that takes certificates as they come: that they are right is checked elsewhere."""
    page = page_of(browser, ignore_https_errors=True)
    try:
        yield page
    finally:
        page.context.close()


LINES = "[...document.querySelectorAll('li')].map((item) => item.textContent)"
PROTOCOLS = "Object.fromEntries(performance.getEntriesByType('resource').map((entry) => [new URL(entry.name).pathname, entry.nextHopProtocol]))"


def verified(tools, program, folder, upstream):
    """A browser that trusts nothing but the hash which the proxy printed, and more responses than it would open connections for."""
    with Proxy(program, upstream, "hand", ["--tls"], folder) as proxy:
        state = proxy.ask("state")
        check("a program that trusts the authority which --tls-authority wrote is answered", state["plan"] == "hand", state)
        browser = chromium(tools, f"--ignore-certificate-errors-spki-list={proxy.pin}")
        page = page_of(browser)
        page.goto(f"{proxy.url}/?kind=none")
        page.evaluate("window.answers = []; for (let n = 0; n < 20; n++) fetch(`/api/read?n=${n}`).then((r) => r.text()).then((text) => answers.push(text)); 0")
        known = proxy.until(lambda known: known["heldCount"] >= 20)
        check("with the hash that the proxy prints Chromium opens the page, and 20 responses are held at once", known["heldCount"] == 20, known)
        proxy.ask("release", "POST")
        comes(page, "window.answers.length === 20")
        protocols = page.evaluate(PROTOCOLS)
        check("they came over h2", protocols.get("/api/read") == "h2", protocols)
        browser.close()


def force(browser, program, folder, race, repetitions):
    upstream = races.serve(0).url
    wrong, guarded, other = 0, 0, []
    for number in range(2 * repetitions):
        guard = number % 2 == 1
        with Proxy(program, upstream, race.release, ["--tls", "--inject"], folder) as proxy, visitor(browser) as page:
            page.goto(f"{proxy.url}/{race.name}{'?guard' if guard else ''}")
            race.act(page, proxy)
            comes(page, f"document.body.dataset.pending === '0' && document.body.dataset.done === '{race.requests}'")
            seen, protocols = page.evaluate(race.seen), page.evaluate(PROTOCOLS)
            wrong += not guard and seen != race.right
            guarded += guard and seen != race.right
            known = proxy.ask("state")
            if set(protocols.values()) != {"h2"} or (known["inexact"] and not guard):
                other.append((protocols, known["reports"]))
    check(f"{race.name} over h2: wrong {wrong} of {repetitions} times, and with the guard {guarded}", (wrong, guarded, other) == (repetitions, 0, []), other[:2])


def messages(browser, program, folder, kind, words, repetitions, shots):
    """Message 2 of three that came together is held: for a barrier, and for another response."""
    path = {"events": "/events", "socket": "/socket"}[kind]
    upstream = serve()
    scheme = "https" if "--tls" in words else "http"
    plans = [
        ("a barrier", "note", [{"path": path, "message": 2, "after": [{"barrier": "noted"}]}]),
        ("the response of another request", "saved", [{"path": "/api/save"}, {"path": path, "message": 2}]),
    ]
    for what, line, plan in plans:
        right, other = 0, []
        for number in range(repetitions):
            with Proxy(program, upstream, plan, ["--inject", *words], folder) as proxy, visitor(browser) as page:
                page.goto(f"{proxy.url}/?kind={kind}")
                comes(page, f"{LINES}.length === 1")
                proxy.until(lambda known: known["heldCount"] == 1)
                page.click("#note" if line == "note" else "#save")
                if line == "note":
                    proxy.reach("noted")
                comes(page, f"{LINES}.length === 4")
                seen, known = page.evaluate(LINES), proxy.ask("state")
                if seen == ["message 1", line, "message 2", "message 3"] and not known["inexact"]:
                    right += 1
                else:
                    other.append((seen, known["reports"]))
                if shots and number == 0:
                    page.screenshot(path=os.path.join(shots, f"{kind}-{line}-{scheme}.png"))
        check(f"{kind} over {scheme}: message 2 came behind {what}, {right} of {repetitions} times", right == repetitions, other[:2])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--trueline", default=os.path.join(ROOT, ".build", "debug", "trueline"))
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--repetitions", type=int)
    parser.add_argument("--only", choices=["tls", "race", "events", "socket"])
    parser.add_argument("--shots")
    options = parser.parse_args()
    count = options.repetitions or (100 if options.long else 5)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as tools:
        if options.only in (None, "tls"):
            verified(tools, options.trueline, folder, serve())
        browser = chromium(tools)
        if options.only in (None, "race"):
            force(browser, options.trueline, folder, next(race for race in races.RACES if race.name == "postcode"), count)
        for kind in ("events", "socket"):
            for words in ([], ["--tls"]):
                if options.only in (None, kind):
                    messages(browser, options.trueline, folder, kind, words, count, options.shots)
        browser.close()
    sys.exit(failed > 0)
