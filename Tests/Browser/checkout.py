"""The example shop in a real Chromium, recorded: wrong without a guard and with no error anywhere, right with one.

    python Tests/Browser/checkout.py [--all]      without --all: faulty, G1 and G4
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Examples", "checkout"))
import record as recording  # noqa: E402

failed = 0


def check(sentence, ok, found=""):
    global failed
    failed += not ok
    print("ok  " if ok else "FAIL", sentence, "" if ok else repr(found))


def shopping(guard):
    text, summary = recording.record(guard, "production", 51, 2)
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


for guard in ["none", "G1", "G2", "G3", "G4", "G5", "G9", "latest"] if "--all" in sys.argv else ["none", "G1", "G4", "latest"]:
    shopping(guard)
sys.exit(failed > 0)
