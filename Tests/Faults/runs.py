#!/usr/bin/env python3
"""Kills the server again and again while an agent's run goes on, and then compares: cells, ledger and provider.

    python3 Tests/Faults/runs.py --rows 400 --kills 20 --seed 1

A scripted provider answers, refuses, cuts and garbles by its seed. After each SIGKILL the server is started again and nobody asks it
to go on. At the end: every cell is committed or failed with a reason; calls in doubt are listed, at most workers x kills; no answer
that the log had was asked for again; tokens in the ledger equal the provider's for every call that is not in doubt.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Browser"))
from trueline_process import BINARY, Server  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


def provider(options):
    """Starts the scripted provider; answers the process and its address."""
    process = subprocess.Popen(
        [sys.executable, os.path.join(HERE, "..", "Provider", "scripted_provider.py"), "--port", "0", "--seed", str(options.seed),
         "--limit-rate", "0.1", "--timeout-rate", "0", "--garbage-rate", "0.02", "--cut-rate", "0.03", "--length-rate", "0.02",
         "--retry-after", "0", "--latency", str(options.latency)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    found = re.search(r"http://[\d.]+:\d+", process.stdout.readline())
    if not found:
        raise SystemExit("the scripted provider did not start")
    return process, found.group(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--latency", type=float, default=0.02, help="seconds that the provider takes for each reply")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    model, address = provider(options)
    for name in [name for name in os.environ if name.startswith(("ANTHROPIC_", "OLLAMA_"))]:
        del os.environ[name]
    os.environ.update(OPENAI_BASE_URL=f"{address}/v1", OPENAI_API_KEY="sk-scripted", OPENAI_MODEL="scripted")
    data = tempfile.mkdtemp(prefix="trueline-runs-")
    server = Server(data=data)
    try:
        failures = run(options, chance, server, address)
    finally:
        server.kill() if server.process.poll() is None else None
        model.kill()
        model.wait()
    if failures:
        print("\n".join(f"FAILED: {line}" for line in failures))
        sys.exit(1)
    print("passed")


def run(options, chance, server, address):
    client = server.client()
    grid = client.request("POST", "/grids", {"name": "Cities"})["id"]
    sheet = client.request("GET", f"/grids/{grid}")["sheets"][0]["id"]
    # Three of ten rows ask what another row asks.
    names = [f"City {chance.randrange(options.rows * 7 // 10) if chance.random() < 0.3 else n}" for n in range(options.rows)]
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write("City\n" + "\n".join(names) + "\n")
        file.flush()
        client.import_file(grid, sheet, file.name)
    client.request("POST", f"/grids/{grid}/sheets/{sheet}/columns", {"name": "Answer", "type": "text", "agent": {"prompt": "Tell of {{City}}"}})
    columns = client.request("GET", f"/grids/{grid}")["sheets"][0]["columns"]
    column = columns[-1]["id"]
    began = client.request("POST", f"/grids/{grid}/runs", {"sheet": sheet, "column": column, "scope": "all", "concurrency": options.workers})
    path = f"/grids/{grid}/runs/{began['run']}"
    kills = 0
    ready = []
    while kills < options.kills:
        # The run's own time, between two kills.
        time.sleep(chance.uniform(0.05, 0.4))
        state = client.request("GET", path)
        if state["state"] in ("finished", "cancelled", "refused"):
            break
        server.kill()
        kills += 1
        started = time.monotonic()
        server.start()
        ready.append(time.monotonic() - started)
        client = server.client()
        if state["state"] == "paused":
            raise SystemExit(f"the run paused: {state.get('reason')}")

    # The command line watches it to its end; cells that failed make its exit code 1.
    watched = subprocess.run(
        [BINARY, "enrich", "--server", server.url, "--grid", grid, "--run", began["run"], "--json"],
        capture_output=True, text=True, timeout=600)
    if watched.returncode not in (0, 1) or json.loads(watched.stdout)["state"] != "finished":
        raise SystemExit(f"trueline enrich ended with {watched.returncode}: {watched.stdout}{watched.stderr}")
    end = client.request("GET", path)
    return compare(options, client, grid, sheet, column, end, kills, ready, address)


def compare(options, client, grid, sheet, column, end, kills, ready, address):
    failures = []
    with urllib.request.urlopen(f"{address}/stats") as reply:
        stats = json.load(reply)
    cells = {"committed": 0, "failed": 0, "neither": 0}
    page = 1
    while True:
        answer = client.pages(grid, sheet, first=page, pageSize=100)
        rows = answer["pages"][0]["rows"]
        if not rows:
            break
        for row in rows:
            value = row["cells"].get(column)
            state = row.get("states", {}).get(column)
            kind = "committed" if value is not None else "failed" if isinstance(state, dict) and state["state"] == "failed" and state.get("reason") else "neither"
            cells[kind] += 1
        page += 1
    if cells["neither"]:
        failures.append(f"{cells['neither']} cells are neither committed nor failed with a reason")
    if cells["committed"] + cells["failed"] != options.rows:
        failures.append(f"{cells} of {options.rows} rows")
    doubts = {f"{end['run']}-{doubt['row']}-{doubt['call']}" for doubt in end["doubts"]}
    if len(doubts) != end["inDoubt"] or end["inDoubt"] > options.workers * kills:
        failures.append(f"{end['inDoubt']} calls in doubt, {len(doubts)} listed, {kills} kills of {options.workers} workers")
    ledger = end["inputTokens"] + end["outputTokens"]
    paid = sum(tokens for name, tokens in stats["tokensByCall"].items() if name not in doubts)
    if ledger != paid:
        failures.append(f"the ledger has {ledger} tokens, the provider {paid} for calls not in doubt")
    doubtful = sum(1 for name in stats["tokensByCall"] if name in doubts)
    if len(stats["askedTwice"]) > doubtful:
        failures.append(f"{len(stats['askedTwice'])} questions were answered twice, {doubtful} of the calls in doubt had been answered")
    slowest = max(ready, default=0)
    print(
        f"{options.rows} rows, {kills} kills: {cells}; {stats['calls']} calls, {end['inDoubt']} in doubt ({doubtful} of them answered), "
        f"{len(stats['askedTwice'])} asked twice, ledger {ledger} tokens, provider {paid} beside {sum(stats['tokensByCall'].values()) - paid} in doubt; "
        f"ready again within {slowest:.2f} s")
    return failures


if __name__ == "__main__":
    main()
