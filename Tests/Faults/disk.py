"""A disk that fails under a flood: syncs that fail, and no room. Each in a real SQLite, through `disk_shim.c`.

A sync that fails, again and again with what was not synced thrown away:
* nothing is acknowledged any more, and the process exits, not with 0 (S1);
* after a start on a sound disk every acknowledged change is there, and none that was refused or in doubt by half;
* every intent in doubt is sent again under its own id and has one effect (S5); revisions have no gaps, SQLite finds the file sound.

No room:
* writers are told 507, reads go on, the process stays;
* as soon as there is room writing resumes by itself; what was refused had no effect, what was acknowledged is there after a restart.

    python Tests/Faults/disk.py --rounds 2 --seed 1          (the short form, in `make test`)
    python Tests/Faults/disk.py --rounds 100 --seed 7        (the long form)
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kill import Writer, everything, sound  # noqa: E402
import patience  # noqa: E402
from trueline_process import Client, Problem, Server  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
WRITERS = 3


class Disk:
    """The shim, and the switch that says how the disk behaves."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="trueline-disk-")
        self.switch = os.path.join(self.directory, "switch")
        self.shim = os.path.join(self.directory, "shim.so")
        compiler = shutil.which("clang") or shutil.which("cc")
        if not compiler:
            raise SystemExit("no C compiler: clang comes with Swift")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", self.shim, os.path.join(HERE, "disk_shim.c"), "-ldl"], check=True)

    def turn(self, word):
        """All at once: the shim never reads half a word."""
        with open(self.switch + ".new", "w") as file:
            file.write(word)
        os.replace(self.switch + ".new", self.switch)

    def under(self, start):
        """Calls `start` so that the processes it makes get this disk."""
        os.environ["LD_PRELOAD"], os.environ["TRUELINE_DISK"] = self.shim, self.switch
        try:
            return start()
        finally:
            del os.environ["LD_PRELOAD"], os.environ["TRUELINE_DISK"]


class Flood:
    """A grid, writers on it, and what they were promised."""

    def __init__(self, client):
        made = client.request("POST", "/grids", {"name": "Disk"})
        self.grid, self.sheet = made["id"], made["sheets"][0]["id"]
        path = f"/grids/{self.grid}/sheets/{self.sheet}/columns"
        self.columns = [client.request("POST", path, {"name": n, "type": "text"})["id"] for n in "ABCD"]
        rows = [{self.columns[0]: f"row {i}"} for i in range(300)]
        client.change(self.grid, [{"op": "insertRows", "sheet": self.sheet, "rows": rows}])
        self.rows = list(everything(client, self.grid, self.sheet)[1])
        self.expected, self.keys, self.doubtful, self.acknowledged = {}, set(), [], 0

    def writers(self, port, seed, kind):
        made = [
            kind(port, self.grid, self.sheet, self.columns, self.rows[n::WRITERS], seed, n) for n in range(WRITERS)
        ]
        for writer in made:
            writer.start()
        return made

    def promised(self, changes, name):
        self.acknowledged += 1
        for change in changes:
            if change["op"] == "setCell":
                self.expected[(change["row"], change["column"])] = change["value"]
            else:
                self.keys.add(f"once {name}")

    def faults(self, client):
        """What differs from what was promised."""
        faults = []
        _, rows = everything(client, self.grid, self.sheet)
        for (row, column), value in self.expected.items():
            if rows.get(row, {}).get(column) != value:
                faults.append(f"{row} {column} is {rows.get(row, {}).get(column)!r}, acknowledged was {value!r}")
        inserted = [c.get(self.columns[0], "") for c in rows.values() if c.get(self.columns[0], "").startswith("once ")]
        if len(inserted) != len(set(inserted)):
            faults.append("a row is there twice")
        if set(inserted) != self.keys:
            faults.append(f"rows lost {len(self.keys - set(inserted))}, rows from nowhere {len(set(inserted) - self.keys)}")
        return faults


class StoppedWriter(Writer):
    """Goes on until it is refused or the connection ends; then its last intent is in doubt."""

    def run(self):
        super().run()
        if isinstance(self.error, Problem) and self.error.status >= 500:
            self.error = None


class PatientWriter(Writer):
    """Notes what is refused for want of room, and goes on with something else, until told to stop."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.refused, self.stopping = 0, threading.Event()

    def run(self):
        client = Client(self.port)
        while not self.stopping.is_set():
            name, changes = self.intent()
            try:
                self.acknowledged.append((name, changes, client.change(self.grid, changes, name)["revision"]))
            except Problem as problem:
                if problem.status != 507:
                    self.error = problem
                    return
                self.refused += 1
            except Exception as error:
                self.error = error
                return


def until(condition, what):
    """Waits for something that another process does."""
    if not patience.until(condition):
        raise SystemExit(f"waited in vain: {what}")


def failing_sync(disk, flood, server, seed, rng):
    """The syncs fail in the middle of a flood."""
    writers = flood.writers(server.port, seed, StoppedWriter)
    time.sleep(0.05 + rng.random() * 0.4)
    disk.turn("sync")
    try:
        status = server.process.wait(timeout=patience.CEILING)
    except subprocess.TimeoutExpired:
        server.kill()
        return ["the process went on after a sync had failed"]
    for writer in writers:
        writer.join()
    server.process.stdout.close()
    server.log.close()
    faults = [] if status not in (0, None) else [f"the process exited with {status}"]
    faults += sound(server.data)
    disk.turn("")
    disk.under(server.start)
    client = server.client()
    for writer in writers:
        if writer.error:
            faults.append(f"a writer failed: {writer.error!r}")
        for name, changes, _ in writer.acknowledged:
            flood.promised(changes, name)
        if writer.doubtful:
            name, changes = writer.doubtful
            first = client.change(flood.grid, changes, name)["revision"]
            if client.change(flood.grid, changes, name)["revision"] != first:
                faults.append(f"intent {name} had two effects")
            flood.promised(changes, name)
    return faults + flood.faults(client)


def full_disk(disk, flood, server, seed, rng):
    """There is no room for a while in the middle of a flood. Answers the faults, and how many intents were refused."""
    writers = flood.writers(server.port, seed, PatientWriter)
    time.sleep(0.05 + rng.random() * 0.2)
    disk.turn("full")
    until(lambda: all(w.refused > 2 or w.error for w in writers), "an answer 507")
    faults = []
    try:
        everything(server.client(), flood.grid, flood.sheet)
    except Exception as error:
        faults.append(f"no reads on a full disk: {error!r}")
    disk.turn("")
    before = [len(w.acknowledged) for w in writers]
    until(lambda: all(len(w.acknowledged) > b + 2 or w.error for w, b in zip(writers, before)), "writing to resume")
    for writer in writers:
        writer.stopping.set()
    for writer in writers:
        writer.join()
        if writer.error:
            faults.append(f"a writer failed: {writer.error!r}")
        for name, changes, _ in writer.acknowledged:
            flood.promised(changes, name)
    if server.process.poll() is not None:
        return faults + [f"the process exited with {server.process.returncode} on a full disk"], 0
    faults += flood.faults(server.client())
    server.kill()
    faults += sound(server.data)
    disk.under(server.start)
    return faults + flood.faults(server.client()), sum(w.refused for w in writers)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    disk = Disk()
    server = disk.under(Server)
    flood = Flood(server.client())
    faults, refused = [], 0
    for number in range(arguments.rounds):
        seed = f"{arguments.seed} {number}"
        faults += [f"round {number}, sync: {fault}" for fault in failing_sync(disk, flood, server, seed + " sync", rng)]
        found, count = full_disk(disk, flood, server, seed + " full", rng)
        faults += [f"round {number}, full: {fault}" for fault in found]
        refused += count
        if len(faults) > 20:
            break
    server.stop()
    shutil.rmtree(disk.directory)
    print(f"{arguments.rounds} rounds, {flood.acknowledged} acknowledged intents, {refused} refused for want of room")
    for fault in faults[:20]:
        print("  " + fault)
    print(f"{len(faults)} failed" if faults else "disk: passed")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
