#!/usr/bin/env python3
"""History checking beside Porcupine (github.com/anishathalye/porcupine), on the same histories in the same run.

    history_bench.py compare   10,000 operations of 16 clients: a hard workload and easy ones
    history_bench.py agree     200,000 small histories: the answers must be the same
    history_bench.py large     1,000,000 operations of 32 clients, reading included (no Porcupine)
    history_bench.py logs      the logs that come with Porcupine's tests, and what its tests expect
    history_bench.py all

--porcupine names a checkout of Porcupine, or a bare git directory of it; without it, it is cloned from GitHub. Needs Go and Swift.
Nothing is written into this repository: everything built or fetched goes to --work.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PACKAGE = HERE.parent

# What is compared. "hard": reads and writes of values all different; every client is always busy, so that a search has up to
# 16 operations to order at each step. "easy": few writes. "cas": five values and compare-and-set; here neither side has a
# polynomial test, both search.
WORKLOADS = {
    "hard: distinct values, 50 % reads": dict(operations=10000, clients=16, reads=500),
    "easy: distinct values, 90 % reads": dict(operations=10000, clients=16, reads=900),
    "easy: distinct values, 4 clients": dict(operations=10000, clients=4, reads=500),
    "invalid: distinct values, 1 answer of 1,000 made up": dict(operations=10000, clients=16, reads=500, lies=1),
    "cas: 5 values, 25 % cas": dict(operations=10000, clients=16, reads=500, values=5, swaps=250),
}


def run(*command, **options):
    return subprocess.run([str(part) for part in command], check=True, text=True, stdout=subprocess.PIPE, **options).stdout


def fields(line):
    return dict(part.split("=", 1) for part in line.split())


def build_ours(work):
    print("building HistoryBenchmark (release)", file=sys.stderr)
    scratch = work / "swift"
    subprocess.run(
        ["swift", "build", "-c", "release", "--package-path", str(PACKAGE), "--scratch-path", str(scratch), "--product", "HistoryBenchmark"],
        check=True, stdout=subprocess.DEVNULL)
    return scratch / "release" / "HistoryBenchmark"


def porcupine_checkout(given, work):
    if given is None:
        target = work / "porcupine"
        if not target.exists():
            run("git", "clone", "--depth", "1", "https://github.com/anishathalye/porcupine", target)
        return target
    given = pathlib.Path(given).resolve()
    if (given / "go.mod").exists():
        return given
    target = work / "porcupine"
    target.mkdir(exist_ok=True)
    archive = subprocess.run(["git", "-C", str(given), "archive", "HEAD"], check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "x", "-C", str(target)], input=archive, check=True)
    return target


def build_theirs(checkout, work):
    print("building the driver of Porcupine", file=sys.stderr)
    folder = work / "driver"
    folder.mkdir(exist_ok=True)
    (folder / "main.go").write_text((HERE / "porcupine" / "main.go").read_text())
    (folder / "go.mod").write_text(
        "module driver\n\ngo 1.16\n\nrequire github.com/anishathalye/porcupine v0.0.0\n\n"
        f"replace github.com/anishathalye/porcupine => {checkout}\n")
    run("go", "build", "-o", "driver", ".", cwd=folder, env=dict(os.environ, GOFLAGS="-mod=mod", GOPROXY="off"))
    return folder / "driver"


def compare(ours, theirs, work, seconds):
    print(f"compare: 10,000 operations, load {os.getloadavg()[0]:.1f}; the check alone, once both have the history in memory")
    history = work / "history.log"
    for name, shape in WORKLOADS.items():
        with open(history, "w") as file:
            subprocess.run([str(ours), "generate", *[f"{key}={value}" for key, value in shape.items()]], check=True, stdout=file)
        our = fields(run(ours, "check", history))
        their = fields(run(theirs, "check", history, seconds))
        answers = {"Ok": "valid", "Illegal": "invalid", "Unknown": "none"}
        mine, other = float(our["check"]), float(their["check"])
        bound = ">= " if their["answer"] == "Unknown" else ""
        print(f"  {name}: ours {our['answer']} {mine * 1000:.3f} ms (reading the file {float(our['read']) * 1000:.1f} ms), "
              f"Porcupine {answers[their['answer']]} {other:.3f} s: {bound}{other / mine:,.0f} x")
        if their["answer"] != "Unknown" and answers[their["answer"]] != our["answer"]:
            sys.exit("the answers differ")


def agree(ours, theirs, work, count, seed):
    histories, mine, other = work / "small.log", work / "ours.txt", work / "theirs.txt"
    run(ours, "batch", count, seed, histories, mine)
    other.write_text(run(theirs, "batch", histories))
    left, right = mine.read_text().split(), other.read_text().split()
    differing = [index for index, pair in enumerate(zip(left, right)) if pair[0] != pair[1]]
    print(f"agree: {len(left):,} histories from seed {seed}, {left.count('valid'):,} valid, {left.count('invalid'):,} invalid: "
          f"{len(differing)} differ")
    if differing or len(left) != count or len(right) != count:
        sys.exit(f"they differ in histories {differing[:10]}")


def large(ours, work):
    for form in ("log", "edn"):
        history = work / f"large.{form}"
        with open(history, "w") as file:
            subprocess.run([str(ours), "generate", "operations=1000000", "clients=32", f"format={form}"], check=True, stdout=file)
        found = fields(run(ours, "check", history))
        print(f"large, {form}, {history.stat().st_size / 1e6:.0f} MB: {found['answer']}, check {float(found['check']):.3f} s, "
              f"reading {float(found['read']):.3f} s, peak {found['peak_mb']} MB, load {os.getloadavg()[0]:.1f}")
        if form == "log":
            found = fields(run(ours, "levels", history).replace("\n", " "))
            print(f"  the levels of transactions on it: {found['levels']}, {found['check']} s, peak {found['peak_mb']} MB")
        history.unlink()


def logs(ours, checkout):
    source = (checkout / "porcupine_test.go").read_text()
    expected = re.findall(r"checkJepsen\(t, (\d+), (true|false)\)", source)
    wrong = []
    for number, is_valid in expected:
        found = fields(run(ours, "check", checkout / "test_data" / "jepsen" / f"etcd_{int(number):03}.log"))
        if (found["answer"] == "valid") != (is_valid == "true"):
            wrong.append(number)
    texts = sorted((checkout / "test_data" / "kv").glob("*.txt"))
    for path in texts:
        found = fields(run(ours, "check", path))
        if (found["answer"] == "valid") != path.name.endswith("-ok.txt"):
            wrong.append(path.name)
    print(f"logs: {len(expected)} of etcd and {len(texts)} of a key-value store, {len(wrong)} differ from what Porcupine's tests expect")
    if wrong:
        sys.exit(f"they differ: {wrong}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["compare", "agree", "large", "logs", "all"])
    parser.add_argument("--porcupine", help="a checkout of Porcupine, or a bare git directory")
    parser.add_argument("--work", help="where things are built; a new directory unless told")
    parser.add_argument("--histories", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=120, help="after which Porcupine is stopped")
    asked = parser.parse_args()
    work = pathlib.Path(asked.work or tempfile.mkdtemp(prefix="history-bench-")).resolve()
    work.mkdir(parents=True, exist_ok=True)
    ours = build_ours(work)
    every = asked.what == "all"
    if asked.what != "large":
        checkout = porcupine_checkout(asked.porcupine, work)
        if asked.what != "logs":
            theirs = build_theirs(checkout, work)
    if every or asked.what == "logs":
        logs(ours, checkout)
    if every or asked.what == "compare":
        compare(ours, theirs, work, asked.seconds)
    if every or asked.what == "agree":
        agree(ours, theirs, work, asked.histories, asked.seed)
    if every or asked.what == "large":
        large(ours, work)


if __name__ == "__main__":
    main()
