"""Drives an ordinary Firefox, as Debian and others ship it, through the Marionette protocol that is built into it.

The protocol: `LENGTH:JSON`; a command is [0, number, name, parameters], its answer [1, number, error, result]."""

import base64
import json
import shutil
import socket
import subprocess
import tempfile
import time

from patience import CEILING, until

ENTER, ESCAPE, DELETE, CONTROL, SHIFT, ALT = "\ue007", "\ue00c", "\ue017", "\ue009", "\ue008", "\ue00a"


def firefox():
    """The browser's program, or None where none is installed."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


class Firefox:
    def __init__(self, width=1440, height=900):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.profile = tempfile.mkdtemp(prefix="trueline-firefox-")
        with open(f"{self.profile}/user.js", "w", encoding="utf-8") as file:
            file.write(f'user_pref("marionette.port", {port});\nuser_pref("datareporting.policy.dataSubmissionEnabled", false);\n')
        self.process = subprocess.Popen(
            [firefox(), "--headless", "--marionette", "--no-remote", "--profile", self.profile],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.number, self.rest = 0, b""
        end = time.monotonic() + CEILING
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port))
                break
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.2)  # between two tries: a browser that begins to listen tells nobody
        self.read()
        self.version = self.command("WebDriver:NewSession", capabilities={"alwaysMatch": {"timeouts": {"script": CEILING * 1000, "pageLoad": CEILING * 1000}}})["capabilities"]["browserVersion"]
        self.command("WebDriver:SetWindowRect", width=width, height=height)

    def read(self):
        while b":" not in self.rest:
            self.receive()
        length, self.rest = self.rest.split(b":", 1)
        while len(self.rest) < int(length):
            self.receive()
        message, self.rest = self.rest[:int(length)], self.rest[int(length):]
        return json.loads(message)

    def receive(self):
        bytes_ = self.socket.recv(1 << 16)
        if not bytes_:
            raise ConnectionError("Firefox went away")
        self.rest += bytes_

    def command(self, name, **parameters):
        self.number += 1
        text = json.dumps([0, self.number, name, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(text), text))
        _, _, error, result = self.read()
        if error:
            raise RuntimeError(f"{name}: {error['error']}: {error['message']}")
        return result

    def open(self, url):
        self.command("WebDriver:Navigate", url=url)

    def evaluate(self, expression):
        return self.run(f"return {expression}")

    def run(self, script):
        """In the page's own world: without a sandbox what a script leaves there stays."""
        return self.command("WebDriver:ExecuteScript", script=script, args=[], sandbox=None)["value"]

    def settles(self, expression):
        return until(lambda: self.evaluate(expression))

    def painted(self):
        """Waits until what was asked for so far has had its frame, and that frame is over."""
        script = "const done = arguments[arguments.length - 1]; requestAnimationFrame(() => requestAnimationFrame(() => done(null)));"
        self.command("WebDriver:ExecuteAsyncScript", script=script, args=[], sandbox=None)

    def press(self, *keys):
        """One key after the other."""
        self.keys([part for key in keys for part in ({"type": "keyDown", "value": key}, {"type": "keyUp", "value": key})])

    def chord(self, *keys):
        """All keys held together."""
        self.keys([{"type": "keyDown", "value": key} for key in keys] + [{"type": "keyUp", "value": key} for key in reversed(keys)])

    def keys(self, actions):
        self.command("WebDriver:PerformActions", actions=[{"type": "key", "id": "keys", "actions": actions}])

    def drag(self, *points):
        """Presses at the first point and lets go at the last; one point is a click."""
        moves = [{"type": "pointerMove", "x": int(x), "y": int(y), "duration": 0 if n == 0 else 100} for n, (x, y) in enumerate(points)]
        actions = [moves[0], {"type": "pointerDown", "button": 0}, *moves[1:], {"type": "pointerUp", "button": 0}]
        self.command("WebDriver:PerformActions", actions=[{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions}])

    def shot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.command("WebDriver:TakeScreenshot", full=False)["value"]))

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.socket.close()
        shutil.rmtree(self.profile, ignore_errors=True)
