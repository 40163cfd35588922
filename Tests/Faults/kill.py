"""kill -9 in the middle of a flood, again and again.

After every kill the server is started again on the same data, and then:

* every acknowledged change is there (S1), in the order it was acknowledged;
* every intent in doubt is sent again under its own id, and has one effect (S5): no row is there twice;
* revisions have no gaps (S2), and SQLite finds the file sound;
* a page that was open all along shows what was committed after the restart, by itself.

    python Tests/Faults/kill.py --kills 20 --seed 1          (the short form, in `make test`)
    python Tests/Faults/kill.py --kills 300 --seed 7         (the long form)
"""

import argparse
import glob
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Browser"))
from patience import chromium, comes, page_of  # noqa: E402
from trueline_process import Client, Problem, Server  # noqa: E402

WRITERS = 3


class Writer(threading.Thread):
    """Sends intents one after the other until the connection dies; remembers which one was in doubt."""

    def __init__(self, port, grid, sheet, columns, rows, seed, number):
        super().__init__(daemon=True)
        self.port, self.grid, self.sheet, self.columns, self.rows = port, grid, sheet, columns, rows
        self.random, self.number = random.Random(f"{seed} {number}"), number
        self.acknowledged, self.doubtful, self.error = [], None, None

    def intent(self):
        """A few cells of this writer's own rows, and at times a new row with a text nobody else has."""
        name = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        changes = [
            {"op": "setCell", "row": self.random.choice(self.rows), "column": self.random.choice(self.columns), "value": f"{name} {i}"}
            for i in range(self.random.randint(1, 40))
        ]
        if self.random.random() < 0.3:
            changes.append({"op": "insertRows", "sheet": self.sheet, "rows": [{self.columns[0]: f"once {name}"}]})
        return name, changes

    def run(self):
        try:
            client = Client(self.port)
            while True:
                self.doubtful = self.intent()
                answer = client.change(self.grid, self.doubtful[1], self.doubtful[0])
                self.acknowledged.append((*self.doubtful, answer["revision"]))
                self.doubtful = None
        except Problem as error:
            self.error = error
        except OSError:
            pass
        except Exception as error:  # http.client raises its own kinds when the server dies
            if "HTTP" not in type(error).__mro__[1].__name__ and "Disconnected" not in type(error).__name__:
                self.error = error


def everything(client, grid, sheet):
    """All rows, at one revision a reply."""
    first = client.pages(grid, sheet, 1, 1, pageSize=1000)
    rows = {}
    for page in range(1, first["totalPages"] + 1):
        for row in client.pages(grid, sheet, page, page, pageSize=1000)["pages"][0]["rows"]:
            rows[row["id"]] = row["cells"]
    return first["revision"], rows


def sound(data):
    """What SQLite says of each file, and whether revisions have gaps. Looks at a copy: opening the file itself would recover it."""
    faults = []
    copies = tempfile.mkdtemp(prefix="trueline-copy-")
    for path in glob.glob(os.path.join(data, "grids", "*.sqlite")):
        for part in (path, path + "-wal"):
            if os.path.exists(part):
                shutil.copy(part, copies)
        database = sqlite3.connect(os.path.join(copies, os.path.basename(path)))
        answer = database.execute("PRAGMA integrity_check").fetchone()[0]
        count, last = database.execute("SELECT count(*), coalesce(max(revision), 0) FROM log").fetchone()
        database.close()
        if answer != "ok":
            faults.append(f"integrity: {answer}")
        if count != last:
            faults.append(f"{count} records but the last revision is {last}")
    shutil.rmtree(copies)
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--page", action="store_true", help="keep a page open in Chromium and check that it recovers")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)

    server = Server()
    client = server.client()
    made = client.request("POST", "/grids", {"name": "Kill"})
    grid, sheet = made["id"], made["sheets"][0]["id"]
    columns = [client.request("POST", f"/grids/{grid}/sheets/{sheet}/columns", {"name": n, "type": "text"})["id"] for n in "ABCD"]
    client.change(grid, [{"op": "insertRows", "sheet": sheet, "rows": [{columns[0]: f"row {i}"} for i in range(600)]}])
    _, start = everything(client, grid, sheet)
    ids = list(start)
    expected, keys, faults, acknowledged, doubted, restarts = {}, set(), [], 0, 0, []
    browser = OpenPage(server.url, grid, sheet) if arguments.page else None

    for kill in range(arguments.kills):
        writers = [
            Writer(server.port, grid, sheet, columns, ids[n::WRITERS][:200], f"{arguments.seed} {kill}", n) for n in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        time.sleep(0.05 + rng.random() * 0.6)
        server.kill()
        for writer in writers:
            writer.join()
        faults += [f"kill {kill}: {fault}" for fault in sound(server.data)]
        began = time.monotonic()
        server.start()
        restarts.append(time.monotonic() - began)
        client = server.client()
        for writer in writers:
            if writer.error:
                faults.append(f"kill {kill}: a writer was refused: {writer.error}")
            acknowledged += len(writer.acknowledged)
            if writer.doubtful:
                doubted += 1
                name, changes = writer.doubtful
                first = client.change(grid, changes, name)["revision"]
                if client.change(grid, changes, name)["revision"] != first:
                    faults.append(f"kill {kill}: intent {name} had two effects")
                writer.acknowledged.append((name, changes, first))
            for name, changes, _ in writer.acknowledged:
                for change in changes:
                    if change["op"] == "setCell":
                        expected[(change["row"], change["column"])] = change["value"]
                    else:
                        keys.add(f"once {name}")
        _, rows = everything(client, grid, sheet)
        for (row, column), value in expected.items():
            if rows.get(row, {}).get(column) != value:
                faults.append(f"kill {kill}: {row} {column} is {rows.get(row, {}).get(column)!r}, acknowledged was {value!r}")
        inserted = [cells.get(columns[0], "") for cells in rows.values() if cells.get(columns[0], "").startswith("once ")]
        if len(inserted) != len(set(inserted)):
            faults.append(f"kill {kill}: a row is there twice")
        if set(inserted) != keys:
            faults.append(f"kill {kill}: rows lost {len(keys - set(inserted))}, rows from nowhere {len(set(inserted) - keys)}")
        if browser:
            # The page paints what touches its view: the last commit before the kill may not, this one does.
            text = f"after kill {kill}"
            expected[(ids[0], columns[0])] = text
            seen = client.change(grid, [{"op": "setCell", "row": ids[0], "column": columns[0], "value": text}])["revision"]
            fault = browser.wait_for(seen)
            if fault:
                faults.append(f"kill {kill}: {fault}")
        if len(faults) > 20:
            break

    if browser:
        browser.close()
    took = server.stop()
    restarts.sort()
    print(
        f"{arguments.kills} kills, {acknowledged} acknowledged intents, {doubted} in doubt and sent again, {len(keys)} rows inserted; "
        f"ready again after {restarts[len(restarts) // 2]:.2f} s (median), {restarts[-1]:.2f} s (longest); SIGTERM took {took:.2f} s"
    )
    for fault in faults[:20]:
        print("  " + fault)
    print(f"{len(faults)} failed" if faults else "kill: passed")
    sys.exit(1 if faults else 0)


class OpenPage:
    """A page that stays open over all the kills."""

    def __init__(self, url, grid, sheet):
        from playwright.sync_api import sync_playwright

        self.play = sync_playwright().start()
        self.browser = chromium(self.play)
        self.page = page_of(self.browser)
        self.page.goto(f"{url}/#/{grid}/{sheet}")
        self.page.wait_for_selector("[role=gridcell][data-row]")

    def wait_for(self, revision):
        try:
            comes(
                self.page,
                "(r) => { const g = document.querySelector('[role=grid]');"
                " return g.dataset.connection === 'live' && Number(g.dataset.revision) >= r; }",
                revision,
            )
        except TimeoutError:
            state = self.page.evaluate("({...document.querySelector('[role=grid]').dataset})")
            counters = self.page.evaluate("JSON.stringify(window.trueline)")
            return f"the open page did not recover to revision {revision}: {state}, counters {counters}"
        return None

    def close(self):
        self.browser.close()
        self.play.stop()


if __name__ == "__main__":
    main()
