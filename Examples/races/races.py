"""Small pages, each with one race that a public report describes, and a guard that takes it away: `?guard`.

    python3 Examples/races/races.py --port 8791        then http://127.0.0.1:8791/postcode and /postcode?guard

`RACES` says for each what a person does, which order of responses shows the race, and what is seen then; Tests/Browser/proxy.py forces it.
A person is slower than a server: where the next thing is done after the one before was answered, `proxy.answered` waits for that. Else two
requests that are sent at once might reach the server the other way round.
A page models the rule that was missing, not the project's code. Nothing but the standard library.
"""

import argparse
import json
import os
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pages")
PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>{0}</title><link rel="icon" href="data:,"><main></main><script type="module" src="/{0}.js"></script>'


class Race:
    """One page: where it is from, what a person does, the order that shows the race, and what must be seen."""

    def __init__(self, name, source, act, requests, release, seen, right):
        self.name, self.source, self.act, self.requests, self.release, self.seen, self.right = name, source, act, requests, release, seen, right

    def plan(self):
        return {"type": "plan", "version": 1, "release": self.release}


def postcode(page, _):
    for code in ("10115", "80331"):
        page.fill("#postcode", code)
        page.dispatch_event("#postcode", "change")


def widget(page, proxy):
    page.click("#run")
    proxy.answered("/api/run")
    page.click("#run")


def switch(page, proxy):
    page.click("#flip")
    proxy.answered("/api/switch")
    page.click("#flip")


def poll(page, proxy):
    page.click("#poll")
    proxy.answered("/api/settings")
    page.fill("#limit", "25")
    page.dispatch_event("#limit", "change")


def row(page, proxy):
    page.click("#add")
    page.fill("#note", "call back")
    proxy.reach("typed")


def conversation(page, _):
    page.click("#older")
    page.click("#leave")


TEXT = "document.getElementById('{}').textContent"
VALUE = "document.getElementById('{}').value"

RACES = [
    Race("postcode", "magento/magento2#40529", postcode, 2,
         [{"path": "/api/methods", "arguments": {"postcode": code}} for code in ("80331", "10115")], TEXT.format("methods"), "methods for 80331"),
    Race("widget", "ToolJet/ToolJet#16422", widget, 2, [{"path": "/api/run", "nth": 2}, {"path": "/api/run", "nth": 1}], TEXT.format("rows"), "run 2"),
    Race("switch", "vercel/swr#425", switch, 2,
         [{"path": "/api/switch", "nth": 2}, {"path": "/api/switch", "nth": 1}], "document.getElementById('flip').getAttribute('aria-checked')", "false"),
    Race("poll", "reduxjs/redux-toolkit#1512", poll, 2, [{"method": "PUT", "path": "/api/limit"}, {"path": "/api/settings"}], VALUE.format("limit"), "25"),
    Race("row", "baserow/baserow#1601", row, 1, [{"method": "POST", "path": "/api/rows", "after": [{"barrier": "typed"}]}], VALUE.format("note"), "call back"),
    Race("conversation", "OpenHands/OpenHands#16913", conversation, 2,
         [{"path": "/api/messages", "arguments": {"conversation": "b"}}, {"path": "/api/messages", "arguments": {"conversation": "a"}}],
         "[...document.querySelectorAll('li')].map((item) => item.textContent).join()", "hello from b"),
]


class Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path, _, query = self.path.partition("?")
        name = path[1:].removesuffix(".js")
        if path == f"/{name}.js" and name in ["common"] + [race.name for race in RACES]:
            with open(os.path.join(PAGES, f"{name}.js"), "rb") as file:
                return self.reply(200, "text/javascript", file.read())
        if name in [race.name for race in RACES]:
            self.server.state = State()
            return self.reply(200, "text/html; charset=utf-8", PAGE.format(name).encode())
        return self.answer(path, dict(urllib.parse.parse_qsl(query)))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return self.answer(self.path, json.loads(body) if body else {})

    do_PUT = do_POST

    def answer(self, path, asked):
        state = self.server.state
        with state.lock:
            found = state.answer(path, asked)
        if found is None:
            return self.reply(404, "text/plain", b"no such race\n")
        return self.reply(200, "application/json", json.dumps(found).encode())

    def reply(self, status, kind, content):
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the page gave the request up

    def log_message(self, *_):
        pass


class State:
    """What the server knows: new with every page."""

    def __init__(self):
        self.lock, self.run, self.limit = threading.Lock(), 0, "10"

    def answer(self, path, asked):
        if path == "/api/methods":
            return {"postcode": asked["postcode"], "methods": f"methods for {asked['postcode']}"}
        if path == "/api/run":
            self.run += 1
            return {"run": self.run}
        if path == "/api/rows":
            return {"note": ""}
        if path == "/api/switch":
            return {"on": asked["on"]}
        if path in ("/api/limit", "/api/settings"):
            self.limit = asked.get("limit", self.limit)
            return {"limit": self.limit}
        if path == "/api/messages":
            of = asked["conversation"]
            return {"messages": [f"older of {of}" if "older" in asked else f"hello from {of}"]}
        return None


def serve(port):
    """A running server; `.url` says where."""
    server = ThreadingHTTPServer(("127.0.0.1", port), Server)
    server.daemon_threads = True
    server.state = State()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--port", type=int, default=8791)
    print(serve(parser.parse_args().port).url, flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        sys.exit(0)
