"""The shop's server: its page, and two services that answer what a cart costs. Nothing but the standard library.

    python3 Examples/checkout/server.py --port 8790 --latency production --seed 7

Both services are correct: each answers for exactly the cart that it was asked about. Latency is drawn from `latency.json`, by the seed
and the cart's version alone, so that the same seed gives the same latencies whatever came first.
"""

import argparse
import json
import math
import os
import random
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HERE = os.path.dirname(os.path.abspath(__file__))
WEB = os.path.join(HERE, "..", "..", "Web")
PRICE = 1200
CODES = {"SPRING10": 10}
FILES = {"/": "index.html", "/checkout.js": "checkout.js", "/cart.js": "cart.js", "/style.css": "style.css", "/trueline-recorder.js": None, "/trueline-guards.js": None}
KINDS = {"html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"


def latency_model():
    with open(os.path.join(HERE, "latency.json"), encoding="utf-8") as file:
        return json.load(file)


def total(quantity, code):
    """What a cart costs, in cents."""
    subtotal = PRICE * quantity
    return subtotal - subtotal * CODES.get(code, 0) // 100


class WallClock:
    """Takes the time that the model says."""

    def take(self, _, milliseconds):
        time.sleep(milliseconds / 1000)  # the latency that the example is about; checks use ModelClock, which waits for no time


class ModelClock:
    """Time as the model has it, whatever the machine takes: an answer is due so long after its request, and goes out when it is let, the earliest first."""

    def __init__(self):
        self.now, self.seen, self.due, self.changed = 0.0, 0, {}, threading.Condition()

    def take(self, cart, milliseconds):
        with self.changed:
            self.seen += 1
            self.due[cart] = self.now + milliseconds
            self.changed.notify_all()
            self.changed.wait_for(lambda: cart not in self.due)

    def await_requests(self, count):
        """Waits until so many requests have come."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.seen >= count, timeout=600):
                raise TimeoutError(f"{count} requests were asked for, {self.seen} came")

    def let(self, until):
        """Lets the earliest answer go that is due until then, and says which cart it is about; None when there is none, and it is that time."""
        with self.changed:
            cart = min(self.due, key=self.due.get, default=None)
            if cart is None or self.due[cart] > until:
                self.now = max(self.now, until) if until < math.inf else self.now
                return None
            self.now = self.due.pop(cart)
            self.changed.notify_all()
            return cart


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path in ("/api/price", "/api/discount"):
            return self.answer(path.removeprefix("/api/"), urllib.parse.parse_qs(query, keep_blank_values=True))
        if path not in FILES:
            return self.reply(404, "text/plain", b"no such page\n")
        name = os.path.join(HERE, "page", FILES[path]) if FILES[path] else os.path.join(WEB, path[1:])
        with open(name, "rb") as file:
            content = file.read()
        if path == "/" and "record=0" in query:
            content = b"\n".join(line for line in content.split(b"\n") if b"trueline-recorder" not in line)
        return self.reply(200, KINDS[name.rsplit(".", 1)[1]], content)

    def answer(self, service, asked):
        try:
            quantity, cart, code = int(asked["quantity"][0]), int(asked["cart"][0]), asked["code"][0]
        except (KeyError, ValueError):
            return self.reply(400, "text/plain", b"quantity, cart and code, please\n")
        model = self.server.model[service]
        draw = random.Random(f"{self.server.seed}:{service}:{cart}")
        # The service's own time: the latency that the model is about.
        self.server.clock.take(cart, draw.lognormvariate(0, model["sigma"]) * model["median"])
        document = {"about": {"quantity": quantity, "code": code}, "cart": cart, "total": total(quantity, code)}
        return self.reply(200, "application/json", json.dumps(document).encode())

    def reply(self, status, kind, content):
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the page gave the request up

    def log_message(self, *_):
        pass


def serve(port, latency, seed, clock=None):
    """A running server; `.url` says where."""
    server = ThreadingHTTPServer(("127.0.0.1", port), Shop)
    server.daemon_threads = True
    server.model, server.seed, server.clock = latency_model()[latency], seed, clock or WallClock()
    server.url = f"http://127.0.0.1:{server.server_address[1]}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--port", type=int, default=8790)
    parser.add_argument("--latency", choices=["calm", "production"], default="production")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    print(serve(options.port, options.latency, options.seed).url, flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        sys.exit(0)
