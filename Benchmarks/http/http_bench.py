"""HTTP benchmarks: a page and a 304 against nginx serving the same bytes as a file, and one signal to 10,000 subscribers
against nginx with nchan. Ratios are taken within one round, medians over rounds; raw figures are printed beside.

    python Benchmarks/http/http_bench.py page             needs nginx and wrk
    python Benchmarks/http/http_bench.py fanout           needs nginx, libnginx-mod-nchan and gcc; raises the limit of open files

Build first: swift build -c release --product trueline --scratch-path .build-release
"""

import argparse
import json
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
os.environ.setdefault("TRUELINE", os.path.join(ROOT, ".build-release", "release", "trueline"))
sys.path.insert(0, os.path.join(ROOT, "Tests", "Browser"))
from trueline_process import Server  # noqa: E402

ROWS, COLUMNS = 50_000, 30
MARK = "999999000000"  # fanout writes the round's number over the last six digits


def load():
    return " ".join(open("/proc/loadavg").read().split()[:3])


class Nginx:
    """nginx over a folder, on a port of its own, loopback only."""

    def __init__(self, folder, port, nchan=False):
        self.port, self.pid = port, os.path.join(folder, "nginx.pid")
        module = "load_module /usr/lib/nginx/modules/ngx_nchan_module.so;" if nchan else ""
        channel = (
            "location = /sub { nchan_subscriber eventsource; nchan_channel_id one; nchan_subscriber_first_message newest; }"
            "location = /pub { nchan_publisher; nchan_channel_id one; nchan_message_buffer_length 10; }"
            if nchan
            else ""
        )
        config = os.path.join(folder, "nginx.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(
                f"{module} worker_processes 2; worker_rlimit_nofile 40000; pid {self.pid}; error_log {folder}/error.log; daemon on;\n"
                "events { worker_connections 18000; }\n"
                "http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; default_type application/json;\n"
                f"  open_file_cache max=100 inactive=60s; server {{ listen 127.0.0.1:{port} backlog=4096; root {folder}; etag on; {channel} }} }}\n"
            )
        subprocess.run(["/usr/sbin/nginx", "-c", config], check=True)

    def workers(self):
        master = open(self.pid).read().strip()
        return [int(p) for p in subprocess.run(["pgrep", "-P", master], capture_output=True, text=True).stdout.split()]

    def stop(self):
        os.kill(int(open(self.pid).read()), 3)


def wrk(url, connections=16, header=None, seconds=4):
    """Requests a second."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", url] + (["-H", header] if header else [])
    text = subprocess.run(command, capture_output=True, text=True).stdout
    if "Non-2xx" in text and not header:
        raise SystemExit(text)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))


def make_list(server):
    """A list of 50,000 x 30, and its ids."""
    rng = random.Random(5)
    client = server.client()
    made = client.request("POST", "/grids", {"name": "Benchmark"})
    grid, sheet = made["id"], made["sheets"][0]["id"]
    lines = [",".join(f"Column {c}" for c in range(COLUMNS))]
    for _ in range(ROWS):
        lines.append(",".join(str(rng.randint(0, 10**9)) if c % 2 else f"text {rng.randint(0, 10**5)}" for c in range(COLUMNS)))
    client.request("POST", f"/grids/{grid}/sheets/{sheet}/import?format=csv", "\n".join(lines).encode(), "text/csv")
    return client, grid, sheet


def write_steadily(server, grid, rows, columns, stopping):
    """1,000 cells every 100 ms, in one request."""
    client, rng, number = server.client(), random.Random(9), 0
    while not stopping.is_set():
        began = time.monotonic()
        number += 1
        client.change(grid, [{"op": "setCell", "row": rng.choice(rows), "column": rng.choice(columns), "value": f"w{number}"} for _ in range(1000)])
        stopping.wait(max(0, 0.1 - (time.monotonic() - began)))


def page(rounds):
    server = Server()
    folder = tempfile.mkdtemp(prefix="trueline-bench-")
    os.chmod(folder, 0o755)
    stopping = threading.Event()
    try:
        client, grid, sheet = make_list(server)
        first = client.pages(grid, sheet, 1, 100)
        columns = [c["id"] for c in first["columns"]]
        rows = [row["id"] for p in first["pages"] for row in p["rows"]]
        path = f"/api/v1/grids/{grid}/sheets/{sheet}/pages?first=250&last=250"
        client.connection.request("GET", path)
        answer = client.connection.getresponse()
        body, tag = answer.read(), answer.getheader("ETag")
        open(os.path.join(folder, "page.json"), "wb").write(body)
        nginx = Nginx(folder, 18070)
        import urllib.request

        nginx_tag = urllib.request.urlopen("http://127.0.0.1:18070/page.json").headers["ETag"]
        writer = threading.Thread(target=write_steadily, args=(server, grid, rows, columns, stopping), daemon=True)
        writer.start()
        ratios, misses = [], []
        for number in range(rounds):
            ours, theirs = wrk(server.url + path), wrk("http://127.0.0.1:18070/page.json")
            ours304 = wrk(server.url + path, header=f"If-None-Match: {tag}")
            theirs304 = wrk("http://127.0.0.1:18070/page.json", header=f"If-None-Match: {nginx_tag}")
            ratios.append(ours / theirs)
            misses.append(ours304 / theirs304)
            print(
                f"round {number}: page of {len(body)} B: {ours:.0f}/s, nginx {theirs:.0f}/s = {ratios[-1]:.2f}; "
                f"304: {ours304:.0f}/s, nginx {theirs304:.0f}/s = {misses[-1]:.2f}; load {load()}"
            )
        print(f"page 100 x 30 over HTTP while 1,000 cells per 100 ms are written: {statistics.median(ratios):.2f} of nginx (goal 0.55)")
        print(f"304: {statistics.median(misses):.2f} of nginx (goal 0.5)")
        nginx.stop()
    finally:
        stopping.set()
        server.stop()


def fanout(rounds, subscribers):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most != resource.RLIM_INFINITY and subscribers > most - 500:
        raise SystemExit(f"{subscribers} streams need {subscribers + 500} open files; this machine allows {most} (ulimit -Hn)")
    folder = tempfile.mkdtemp(prefix="trueline-bench-")
    os.chmod(folder, 0o755)
    tool = os.path.join(folder, "fanout")
    subprocess.run(["gcc", "-O2", "-o", tool, os.path.join(HERE, "fanout.c")], check=True)
    times, sizes = [], []
    for number in range(3):
        one, two, second = fanout_run(tool, folder, rounds, subscribers)
        times.append(two["lastMedianMs"] / one["lastMedianMs"])
        sizes.append(two["kilobytesEach"] / one["kilobytesEach"])
        print(f"run {number}, load {load()}\n  nginx+nchan: {one}\n  trueline:    {two}\n  second wave: {second}")
    print(f"one signal to {subscribers} idle streams: {statistics.median(times):.2f} of nginx+nchan's time (goal 1.5)")
    print(f"memory a stream: {statistics.median(sizes):.2f} of nginx+nchan's (goal 1.5)")


def fanout_run(tool, folder, rounds, subscribers):
    """One run against fresh servers: what the tool says of nginx, and of ours."""
    server = Server()
    nginx = Nginx(folder, 18071, nchan=True)
    try:
        client = server.client()
        made = client.request("POST", "/grids", {"name": "Benchmark"})
        grid, sheet = made["id"], made["sheets"][0]["id"]
        column = client.request("POST", f"/grids/{grid}/sheets/{sheet}/columns", {"name": "A", "type": "text"})["id"]
        client.change(grid, [{"op": "insertRows", "sheet": sheet, "rows": [{column: "x"}]}])
        row = client.pages(grid, sheet)["pages"][0]["rows"][0]["id"]

        def measure(port, path, publish, body, pids, sign):
            text = f"POST {publish} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
            file = os.path.join(folder, f"request-{port}")
            open(file, "w", newline="").write(text)
            words = [tool, port, path, port, file, subscribers, rounds, ",".join(map(str, pids)), sign]
            done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"{path}: {done.stdout} {done.stderr}")
            return json.loads(done.stdout)

        change = '{"op":"setCell","row":"%s","column":"%s","value":"%s"}' % (row, column, MARK)
        changes = '{"intent":"00000000-0000-4000-8000-%s","changes":[%s]}' % (MARK, change)
        message = '{"revision":12345,"sheets":{"s1":{"rows":"r1","columns":["c1"]}},"mark":"%s"}' % MARK
        theirs = measure(18071, "/sub", "/pub", message, nginx.workers(), MARK[:6])
        api = f"/api/v1/grids/{grid}"
        ours = measure(server.port, f"{api}/events", f"{api}/changes", changes, [server.process.pid], "event: commit")
        # As many again, as soon as the first are gone: their places have to be free. The intents go on where the first ended.
        again = changes.replace("00000000-0000-4000", "00000000-0001-4000")
        second = measure(server.port, f"{api}/events", f"{api}/changes", again, [server.process.pid], "event: commit")
        return theirs, ours, second
    finally:
        nginx.stop()
        server.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["page", "fanout"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--subscribers", type=int, default=10_000)
    arguments = parser.parse_args()
    if arguments.what == "page":
        page(arguments.rounds)
    else:
        fanout(arguments.rounds, arguments.subscribers)
