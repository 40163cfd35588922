"""Starts and stops a real `trueline serve`, and speaks its HTTP API with nothing but the standard library."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse
import uuid

from patience import CEILING

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("TRUELINE", os.path.join(ROOT, ".build", "debug", "trueline"))


class Problem(Exception):
    """An answer that was not 2xx."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body[:500]}")
        self.status = status


class Server:
    """One `trueline serve` process over a data directory of its own."""

    def __init__(self, *flags, data=None, port=0):
        self.flags = flags
        self.owns_data = data is None
        self.data = data or tempfile.mkdtemp(prefix="trueline-test-")
        self.port = port
        self.process = None
        self.start()

    def start(self):
        """Starts the process and waits for the line that says where it is ready."""
        self.log = open(os.path.join(self.data, "server.log"), "ab")
        self.process = subprocess.Popen(
            [BINARY, "serve", "--data", self.data, "--port", str(self.port), "--web", os.path.join(ROOT, "Web"), *self.flags],
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        line = self.process.stdout.readline()
        found = re.search(r"http://([^\s:/]+|\[::1\]):(\d+)", line)
        if not found:
            raise SystemExit(f"trueline serve did not start: {line!r}; its log: {self.data}/server.log")
        self.port = int(found.group(2))
        self.url = f"http://127.0.0.1:{self.port}"

    def kill(self):
        """SIGKILL: the process gets no chance to tidy up."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def stop(self):
        """SIGTERM; answers the seconds until the process was gone."""
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(timeout=CEILING)
        self.process.stdout.close()
        self.log.close()
        took = time.monotonic() - began
        if self.owns_data:
            shutil.rmtree(self.data, ignore_errors=True)
        return took

    def client(self):
        return Client(self.port)


class Client:
    """A keep-alive connection to the API."""

    # The server closes a connection that nothing was asked on for a minute, perhaps while a request is on its way: after less a new one is opened.
    KEPT = 15  # seconds

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CEILING)
        self.used = time.monotonic()

    def request(self, method, path, body=None, kind="application/json", headers=None):
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        sent = {"Content-Type": kind} if data is not None else {}
        if time.monotonic() - self.used > self.KEPT:
            self.connection.close()
        try:
            self.connection.request(method, "/api/v1" + path, data, {**sent, **(headers or {})})
            answer = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # Reading twice does no harm.
            if method != "GET":
                raise
            self.connection.close()
            self.connection.request(method, "/api/v1" + path, data, {**sent, **(headers or {})})
            answer = self.connection.getresponse()
        text = answer.read()
        self.used = time.monotonic()
        if answer.status >= 300:
            raise Problem(answer.status, text.decode("utf-8", "replace"))
        return json.loads(text) if text else None

    def change(self, grid, changes, intent=None, under=""):
        """Submits changes under one intent and answers the document that came back."""
        return self.request("POST", f"{under}/grids/{grid}/changes", {"intent": intent or str(uuid.uuid4()), "changes": changes})

    def pages(self, grid, sheet, first=1, last=None, **query):
        query = {"first": first, "last": last or first, **query}
        return self.request("GET", f"/grids/{grid}/sheets/{sheet}/pages?{urllib.parse.urlencode(query)}")

    def import_file(self, grid, sheet, path, form="csv"):
        with open(path, "rb") as file:
            return self.request("POST", f"/grids/{grid}/sheets/{sheet}/import?format={form}", file.read(), "text/csv")


def airports():
    """The real list that comes with the project."""
    return os.path.join(ROOT, "Examples", "data", "airports.csv")
