#!/usr/bin/env python3
"""Kills the server again and again while an agent's run goes on, and then compares: cells, ledger and provider.

    python3 Tests/Faults/runs.py --rows 400 --kills 20 --seed 1
    python3 Tests/Faults/runs.py --long --seed 1        10,000 rows, 100 kills: some minutes

A scripted provider answers, refuses, hangs, cuts, garbles, goes on for ever and answers in the wrong type, by its seed; it reads questions, books them and
ends the connection, and it ends kept connections unannounced, by FIN and RST; three of ten rows ask what another row asks. Each SIGKILL comes at a
share of the work that the seed draws; then the server is started again, and nobody asks it to go on. The last rows are answered once all kills were
made: the run cannot be faster than who looks at it. The run's budget of tokens is a part of what it needs: when it is used up, it is compared with
the provider's own count and raised.

Sentences in plain words are asked of the same model: one after each start, and one that is under way when the kill comes.

At the end: every cell is committed or failed with a reason; calls in doubt are listed, at most workers x kills and one for each connection that ended; no answer that the log had was
asked for again; tokens in the ledgers of the run and of plain words equal the provider's for every call that is not in doubt; no budget was passed.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from http.client import HTTPException

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Browser"))
from patience import until  # noqa: E402
from trueline_process import BINARY, Problem, Server  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))

# A call that hangs is given up after this time, instead of two minutes. None hangs in the short form: there a call that is given up was only slow.
CALL_SECONDS = 2
# Rows whose answers wait for the last kill: fewer than workers, which have other rows to ask about.
HELD_ROWS = 4
HELD = "City at the end"


def provider(options):
    """Starts the scripted provider; answers the process and its address."""
    rates = {"limit": 0.1, "timeout": 0.05, "garbage": 0.02, "cut": 0.03, "length": 0.02, "wrong": 0.02, "endless": 0.005, "drip": 0.005, "server": 0.02, "lose": 0.02, "stale": 0.1}
    if not options.long:
        rates["timeout"] = rates["drip"] = 0  # each takes CALL_SECONDS
    flags = [text for fault, rate in rates.items() for text in (f"--{fault}-rate", str(rate))]
    process = subprocess.Popen(
        [sys.executable, os.path.join(HERE, "..", "Provider", "scripted_provider.py"), "--port", "0", "--seed", str(options.seed),
         "--numbers", "--retry-after", "0", "--hold", HELD, "--latency", str(options.latency), *flags],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    found = re.search(r"http://[\d.]+:\d+", process.stdout.readline())
    if not found:
        raise SystemExit("the scripted provider did not start")
    return process, found.group(0)


def stats(address):
    with urllib.request.urlopen(f"{address}/stats") as reply:
        return json.load(reply)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true", help="10,000 rows, 100 kills, timeouts")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--kills", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--latency", type=float, default=0.02, help="seconds that the provider takes for each reply")
    options = parser.parse_args()
    options.rows = options.rows or (10_000 if options.long else 400)
    options.kills = options.kills or (100 if options.long else 20)
    model, address = provider(options)
    for name in [name for name in os.environ if name.startswith(("ANTHROPIC_", "OLLAMA_"))]:
        del os.environ[name]
    os.environ.update(OPENAI_BASE_URL=f"{address}/v1", OPENAI_API_KEY="sk-scripted", OPENAI_MODEL="scripted")
    server = Server("--call-seconds", str(CALL_SECONDS if options.long else 3_600), data=tempfile.mkdtemp(prefix="trueline-runs-"))
    try:
        failures = Trial(options, server, address).run()
    finally:
        server.kill() if server.process.poll() is None else None
        model.kill()
        model.wait()
    if failures:
        print("\n".join(f"FAILED: {line}" for line in failures))
        sys.exit(1)
    print("passed")


class Trial:
    def __init__(self, options, server, address):
        self.options = options
        self.chance = random.Random(options.seed)
        self.server = server
        self.address = address
        self.client = server.client()
        self.failures = []
        self.kills = 0
        self.ready = []
        self.raises = 0
        self.sentences = 0
        # A reserve is the most an answer may have; after a kill those of the open calls count as spent.
        self.step = options.rows * 12 + 600 * options.workers
        self.budget = self.step

    def run(self):
        self.set_up()
        began = time.monotonic()
        thresholds = sorted(self.chance.random() * 0.97 * self.options.rows for _ in range(self.options.kills))
        while True:
            state = self.look()
            if state["state"] in ("finished", "cancelled", "refused"):
                break
            done = state["done"] + state["failed"] + state["skipped"]
            if self.kills < len(thresholds) and done >= thresholds[self.kills]:
                time.sleep(self.chance.uniform(0, 0.05))  # drawn from the seed: the kill has to fall anywhere within what happens between two looks
                self.kill()
                if self.kills == len(thresholds):
                    urllib.request.urlopen(urllib.request.Request(f"{self.address}/let", b'{"all": true}', method="POST")).close()
            else:
                time.sleep(0.01)  # between two looks at a run of a real server, which only the clock moves on
        self.took = time.monotonic() - began
        if state["state"] != "finished":
            raise SystemExit(f"the run ended: {state}")
        # The command line watches it to its end; cells that failed make its exit code 1.
        watched = subprocess.run(
            [BINARY, "enrich", "--server", self.server.url, "--grid", self.grid, "--run", self.name, "--json"],
            capture_output=True, text=True)
        if watched.returncode not in (0, 1) or json.loads(watched.stdout)["state"] != "finished":
            raise SystemExit(f"trueline enrich ended with {watched.returncode}: {watched.stdout}{watched.stderr}")
        self.compare(self.client.request("GET", self.path))
        return self.failures

    def set_up(self):
        rows = self.options.rows
        self.grid = self.client.request("POST", "/grids", {"name": "Cities"})["id"]
        self.sheet = self.client.request("GET", f"/grids/{self.grid}")["sheets"][0]["id"]
        # Three of ten rows ask what another row asks.
        names = [f"City {self.chance.randrange(rows * 7 // 10) if self.chance.random() < 0.3 else n}" for n in range(rows)]
        names[-HELD_ROWS:] = [f"{HELD} {n}" for n in range(HELD_ROWS)]
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.write("City\n" + "\n".join(names) + "\n")
            file.flush()
            self.client.import_file(self.grid, self.sheet, file.name)
        column = {"name": "Answer", "type": "number", "agent": {"prompt": "People of {{City}}?"}}
        self.client.request("POST", f"/grids/{self.grid}/sheets/{self.sheet}/columns", column)
        self.column = self.client.request("GET", f"/grids/{self.grid}")["sheets"][0]["columns"][-1]["id"]
        asked = {"sheet": self.sheet, "column": self.column, "scope": "all", "concurrency": self.options.workers, "budget": {"tokens": self.budget}}
        self.name = self.client.request("POST", f"/grids/{self.grid}/runs", asked)["run"]
        self.path = f"/grids/{self.grid}/runs/{self.name}"

    def look(self):
        state = self.client.request("GET", self.path)
        if state["state"] == "paused":
            if "budget" not in state.get("reason", ""):
                raise SystemExit(f"the run paused: {state.get('reason')}")
            self.raise_budget(state)
        return state

    def raise_budget(self, state):
        """The provider's own count must be within what was allowed."""
        if state["budget"]["tokens"] != self.budget:
            self.failures.append(f"the run keeps to {state['budget']}, and {self.budget} tokens were allowed")
        used = self.used(stats(self.address))
        if used > self.budget:
            self.failures.append(f"{used} tokens were used, {self.budget} allowed")
        self.budget += self.step
        self.raises += 1
        self.client.request("POST", f"{self.path}/resume", {"budget": {"tokens": self.budget}})

    def used(self, told):
        """What the run's calls cost, of all that the provider has counted."""
        return sum(tokens for name, tokens in told["tokensByCall"].items() if not name.startswith("words-"))

    def say(self, client):
        """A turn of plain words. The provider's faults, the kill and our patience end some of them; what the ledger says of those is what is looked at."""
        self.sentences += 1
        client.connection.timeout = 2 * CALL_SECONDS
        try:
            client.request("POST", f"/grids/{self.grid}/sheets/{self.sheet}/words", {"sentence": f"only cities with the number {self.sentences}"})
        except (Problem, OSError, HTTPException):
            pass
        finally:
            client.connection.close()

    def kill(self):
        saying = threading.Thread(target=self.say, args=(self.server.client(),))
        saying.start()
        time.sleep(self.chance.uniform(0, 0.05))  # as above: the kill has to fall anywhere within the turn
        self.server.kill()
        saying.join()
        self.kills += 1
        started = time.monotonic()
        self.server.start()
        self.ready.append(time.monotonic() - started)
        self.client = self.server.client()
        self.say(self.server.client())

    def cells(self):
        kinds = {"committed": 0, "failed": 0, "neither": 0}
        reasons = {}
        page = 1
        while rows := self.client.pages(self.grid, self.sheet, first=page, pageSize=100)["pages"][0]["rows"]:
            for row in rows:
                state = row.get("states", {}).get(self.column)
                failed = isinstance(state, dict) and state["state"] == "failed" and state.get("reason")
                kind = "committed" if row["cells"].get(self.column) is not None else "failed" if failed else "neither"
                kinds[kind] += 1
                if failed:
                    reason = re.sub(r"\d+|: .*", "", state["reason"])[:40]
                    reasons[reason] = reasons.get(reason, 0) + 1
            page += 1
        return kinds, reasons

    def compare(self, end):
        told, (cells, reasons), rows = stats(self.address), self.cells(), self.options.rows
        if cells["neither"]:
            self.failures.append(f"{cells['neither']} cells are neither committed nor failed with a reason")
        if cells["committed"] + cells["failed"] != rows:
            self.failures.append(f"{cells} of {rows} rows")
        if self.kills < self.options.kills:
            self.failures.append(f"only {self.kills} kills: the run was faster")
        doubts = {f"{end['run']}-{doubt['row']}-{doubt['call']}" for doubt in end["doubts"]}
        ended = told["lose"] + told["stale"]
        if len(doubts) != end["inDoubt"] or end["inDoubt"] > self.options.workers * self.kills + ended:
            self.failures.append(f"{end['inDoubt']} calls in doubt, {len(doubts)} listed, {self.kills} kills of {self.options.workers} workers, {ended} ends of connections")
        ledger = end["inputTokens"] + end["outputTokens"]
        paid = sum(tokens for name, tokens in told["tokensByCall"].items() if name not in doubts and not name.startswith("words-"))
        words = self.compare_words(told)
        if ledger != paid:
            self.failures.append(f"the ledger has {ledger} tokens, the provider {paid} for calls not in doubt")
        doubtful = sum(1 for name in told["tokensByCall"] if name in doubts)
        if told["askedTwiceCount"] > doubtful:
            self.failures.append(f"{told['askedTwiceCount']} questions were answered twice, {doubtful} of the calls in doubt had been answered")
        everything = self.used(told)
        if everything > self.budget:
            self.failures.append(f"{everything} tokens were used, {self.budget} allowed")
        faults = {name: told[name] for name in ("limit", "timeout", "garbage", "cut", "length", "wrong", "endless", "drip", "server", "lose", "stale")}
        print(
            f"{rows} rows, {self.kills} kills, {self.took:.0f} s: {cells}; {told['calls']} calls over {told['connections']} connections, faults {faults}; {end['inDoubt']} in doubt "
            f"({doubtful} of them answered), {told['askedTwiceCount']} asked twice, ledger {ledger} tokens, provider {paid} beside "
            f"{everything - paid} in doubt; {words}; budget raised {self.raises} times to {self.budget}; "
            f"ready again within {max(self.ready, default=0):.2f} s\nreasons of failed cells: {reasons}")

    def compare_words(self, told):
        """Each call of plain words is in the ledger or in doubt."""
        told_of_words = lambda: self.client.request("GET", f"/grids/{self.grid}/runs")["words"]
        # A turn that nobody waits for any more is stopped within some seconds; one that never is, is found by the comparison.
        until(lambda: not told_of_words()["open"])
        words = told_of_words()
        doubts = {f"words-{call['call']}" for call in words["doubts"] + words["open"]}
        counted = {name: tokens for name, tokens in told["tokensByCall"].items() if name.startswith("words-")}
        ledger, paid = words["inputTokens"] + words["outputTokens"], sum(tokens for name, tokens in counted.items() if name not in doubts)
        if ledger != paid:
            self.failures.append(f"the ledger has {ledger} tokens of plain words, the provider {paid} for calls not in doubt")
        if len(doubts) != words["inDoubt"]:
            self.failures.append(f"calls of plain words are not listed: {words}")
        if not words["calls"] or not ledger:
            self.failures.append(f"no call of plain words was counted: {words}")
        return f"plain words: {words['calls']} calls, {words['inDoubt']} in doubt, ledger {ledger} tokens, provider {paid} beside {sum(counted.values()) - paid} in doubt"


if __name__ == "__main__":
    main()
