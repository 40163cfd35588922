"""The example shop in a real Chromium, recorded: wrong without a guard and with no error anywhere, right with one.

    python Tests/Browser/checkout.py [--all] [--trueline PROGRAM]      without --all: faulty, G1 and G4

With the program, calm recordings too: diagnose finds nothing in them, and predict names the race of the page without a guard and no other.
"""

import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Examples", "checkout"))
import record as recording  # noqa: E402
import server as shop  # noqa: E402

failed = 0


def check(sentence, ok, found=""):
    global failed
    failed += not ok
    print("ok  " if ok else "FAIL", sentence, "" if ok else repr(found))


def shopping(guard):
    text, summary = recording.record(guard, "production", 51, 2, shop.ModelClock())
    events = [json.loads(line) for line in text.splitlines()]
    writes = [e for e in events if e["type"] == "write" and e["slot"] == "total"]
    tasks = {e["request"]: e["task"] for e in events if e["type"] == "deliver"}
    check(f"{guard}: nothing failed, neither in the page nor in the recorder", not summary["errors"] and summary["failures"] == 0, summary)
    check(f"{guard}: six intents, each with its request linked by traceparent",
          [len([e for e in events if e["type"] == kind]) for kind in ("intent", "start")] == [6, 6]
          and all(e["traceparent"].split("-")[2] == e["request"] for e in events if e["type"] == "start"))
    check(f"{guard}: every total is written by a response" + ("" if guard == "G9" else ", in the task that delivered it"),
          writes and all(e["request"] in tasks and (guard == "G9" or e["task"] == tasks[e["request"]]) for e in writes), writes)
    versions = [e["version"] for e in writes]
    if guard == "none":
        check("none: the total is written in completion order, and a round ends with the wrong one",
              versions != sorted(versions) and summary["wrong"] == 1, (versions, summary))
        check("none: the only symptom is what the person sees", any(e["type"] == "expect" and not e["holds"] for e in events))
    else:
        check(f"{guard}: the total is written in the order of asking and is right", versions == sorted(versions) and summary["wrong"] == 0, (versions, summary))
    if guard == "G1":
        check("G1: what was superseded is cancelled", any(e["type"] == "cancel" for e in events))


def calm(guard, program):
    text, summary = recording.record(guard, "calm", 51, 2, shop.ModelClock())
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "calm.trace.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

        def run(*words):
            return subprocess.run([program, *words], capture_output=True, text=True)

        check(f"{guard}, calm: nothing goes wrong, and diagnose says so", summary["wrong"] == 0 and run("diagnose", path).returncode == 0, summary)
        found = run("predict", path, "--format", "json", "--fail-on", "visible", "--witness", folder)
        if guard != "none":
            return check(f"{guard}, calm: no order ends otherwise", found.returncode == 0, found.stdout)
        first = (json.loads(found.stdout)["predictions"] or [{}])[0]
        check("none, calm: predict names the race, the key and the guard",
              found.returncode == 1 and first.get("rule") == "A1" and first["ends"][0]["key"] == "total" and first["guard"] == "G2", found.stdout)
        end = [end["predicted"] for end in first.get("ends", [])]
        order = os.path.join(folder, "1.json")
        bare, guarded = run("replay", path, "--order", order, "--json"), run("replay", path, "--order", order, "--guard", "G2")
        check("none, calm: the witness replays to the end it promises, and with the guard to the recorded one",
              bare.returncode == 1 and [row["replayed"] for row in json.loads(bare.stdout)["rows"]] == end and guarded.returncode == 0, bare.stdout)


guards = ["none", "G1", "G2", "G3", "G4", "G5", "G9", "latest"] if "--all" in sys.argv else ["none", "G1", "G4", "latest"]
for guard in guards:
    shopping(guard)
if "--trueline" in sys.argv:
    for guard in guards:
        calm(guard, sys.argv[sys.argv.index("--trueline") + 1])
sys.exit(failed > 0)
