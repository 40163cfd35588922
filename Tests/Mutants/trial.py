"""Runs the tests of the generated copy with a mutant on, until one notices."""

import json
import math
import os
import re
import resource
import select
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

# A mutant has to be noticed within this time of one core, all killers together.
MOST_SECONDS = 60
# A killer that takes so many times its sound time does not end.
MOST_TIMES = 8
# No killer is given up sooner.
LEAST_SECONDS = 10
# Nor by the clock, which counts what others take of a loaded machine: only one that waits without working ends so.
LEAST_CLOCK_SECONDS = 60
# Address space of a trial: a bound that is missing must not take the machine's memory.
MOST_BYTES = 4 << 30
# How often the tests' events are looked at. The test binary writes them into a file: nothing else tells of them.
POLL_SECONDS = 0.02


@dataclass
class Verdict:
    """What one killer came to."""

    killer: str
    """Why it failed: an issue, a trap, or that it does not end; empty when everything passed."""
    kind: str = ""
    test: str = ""
    message: str = ""
    """How many schedules it took, where the test explores."""
    schedules: int = 0
    seconds: float = 0.0
    core_seconds: float = 0.0
    """All failing tests, when it was asked to go on."""
    tests: list = field(default_factory=list)

    @property
    def killed(self):
        return self.kind != ""


class Events:
    """Follows the file that the test binary writes its events into."""

    def __init__(self, path):
        self.path = path
        self.offset = 0
        self.names = {}
        self.running = {}
        self.failed = []
        self.first = None

    def read(self):
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self.offset)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self.offset += len(whole)
        for line in whole.splitlines():
            self.take(json.loads(line))

    def take(self, record):
        payload = record["payload"]
        if record["kind"] == "test":
            if payload["kind"] == "function":
                self.names[payload["id"]] = payload.get("displayName") or payload["name"]
            return
        test = payload.get("testID", "")
        if payload["kind"] == "testStarted" and test in self.names:
            self.running[test] = True
        elif payload["kind"] == "testEnded":
            self.running.pop(test, None)
        elif payload["kind"] == "issueRecorded" and not payload.get("issue", {}).get("isKnown"):
            texts = [message["text"] for message in payload.get("messages", [])]
            name = self.named(test)
            if name not in self.failed:
                self.failed.append(name)
            if self.first is None:
                self.first = (name, " ".join(texts))

    def named(self, test):
        return self.names.get(test, test or "outside any test")

    @property
    def current(self):
        return self.named(next(reversed(self.running), ""))


def on_one_core(seconds):
    """In the child: one core for so long, bounded memory, and no core file of a trap, which is an expected end here."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds) + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))


def run(binary, killer, mutant, seconds, clock_seconds, goes_on=False):
    """Runs one killer with one mutant on (or none), for so many seconds of a core, and of the clock, at most."""
    with tempfile.TemporaryDirectory(prefix="trueline-mutant-") as folder:
        events = Events(Path(folder) / "events.json")
        # Swift's backtracer would take seconds to describe a trap that only has to be noticed.
        environment = dict(os.environ, TRUELINE_MUTANT=mutant, SWIFT_BACKTRACE="enable=no", TMPDIR=folder, **killer.get("environment", {}))
        command = [
            str(binary), "--testing-library", "swift-testing", "--no-parallel", "--event-stream-version", "0",
            "--event-stream-output-path", str(events.path), "--filter", killer["filter"],
        ]
        errors = Path(folder) / "errors"
        began = time.monotonic()
        with errors.open("wb") as output:
            process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=output, preexec_fn=lambda: on_one_core(seconds))
        ended = os.pidfd_open(process.pid)
        verdict = Verdict(killer["name"])
        status = None
        while status is None:
            done, code, usage = os.wait4(process.pid, os.WNOHANG)
            events.read()
            if done:
                status = code
            elif (events.first and not goes_on) or time.monotonic() - began > clock_seconds:
                os.kill(process.pid, signal.SIGKILL)  # not process.kill, which would reap it and lose its times
                _, status, usage = os.wait4(process.pid, 0)
                if not events.first:
                    verdict.kind, verdict.test = "does not end", events.current
            else:
                select.select([ended], [], [], POLL_SECONDS)  # its end wakes at once; what it writes into a file tells nobody, so that is looked at now and then
        os.close(ended)
        process.returncode = os.waitstatus_to_exitcode(status)
        events.read()
        verdict.seconds = time.monotonic() - began
        verdict.core_seconds = usage.ru_utime + usage.ru_stime
        verdict.tests = events.failed
        if events.first:
            verdict.kind, (verdict.test, verdict.message) = "issue", events.first
            verdict.schedules = schedules(verdict.message)
        elif process.returncode == -signal.SIGXCPU:
            verdict.kind, verdict.test = "does not end", events.current
        elif not verdict.kind and process.returncode != 0:
            verdict.kind, verdict.test = "trap", events.current
            verdict.message = trap(errors.read_text(errors="replace"), process.returncode)
            verdict.tests = [events.current]
        return verdict


def schedules(message):
    """Explorers begin at seed 1, so the seed of the first failure is the number of schedules."""
    found = re.search(r"seed (\d+)", message)
    return int(found.group(1)) if found else 0


def trap(errors, code):
    for line in errors.splitlines():
        if "Fatal error" in line or "Precondition failed" in line:
            return line.split("Fatal error: ")[-1].strip()
    name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return f"ended by {name}"


def patience(killer, sound):
    """After how long a killer is taken as not ending: seconds of a core, and of the clock."""
    clock, core = sound[killer["name"]]
    return max(LEAST_SECONDS, MOST_TIMES * core), max(LEAST_CLOCK_SECONDS, MOST_TIMES * clock)


def trial(binary, killers, mutant, sound, goes_on=False):
    """The verdicts of the killers, in the order given, until one notices; of all of them when `goes_on`."""
    verdicts = []
    left = float(MOST_SECONDS)
    for killer in killers:
        core, clock = patience(killer, sound)
        allowed = core if goes_on else min(left, core)
        verdict = run(binary, killer, mutant, allowed, clock, goes_on)
        if verdict.kind == "does not end" and allowed < core:
            # It was given less time than it may need: that is no kill.
            verdict.kind, verdict.test = "", ""
        verdicts.append(verdict)
        left -= verdict.core_seconds
        if not goes_on and (verdict.killed or left <= 0):
            break
    return verdicts
