"""A run over HTTP, whole: a release build of `trueline serve`, its SQLite store, and a provider that answers at once.

    .venv-tools/bin/python Benchmarks/http/run_bench.py --trueline .build-release/release/trueline

Beside it `RunBenchmark` asks an instant provider in its own process: the difference is the transport and the provider, which share the cores.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "Tests", "Browser"))


def cpu(pid):
    """Seconds of processor time so far."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trueline", default=os.path.join(ROOT, ".build-release", "release", "trueline"))
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--workers", type=int, nargs="*", default=[4, 16, 64])
    parser.add_argument("--demo", action="store_true", help="the demo rules instead of a provider: no HTTP")
    options = parser.parse_args()
    os.environ["TRUELINE"] = options.trueline
    from trueline_process import Server

    for name in [name for name in os.environ if name.startswith(("ANTHROPIC_", "OLLAMA_", "OPENAI_"))]:
        del os.environ[name]
    provider = None
    if not options.demo:
        provider = subprocess.Popen(["node", os.path.join(ROOT, "Benchmarks", "http", "instant_provider.mjs")], stdout=subprocess.PIPE, text=True)
        url = re.search(r"http://\S+", provider.stdout.readline()).group(0)
        os.environ.update(OPENAI_BASE_URL=url, OPENAI_MODEL="instant")
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}")
    server = Server("--log-level", "warning")
    try:
        client = server.client()
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.write("City\n" + "".join(f"City {n}\n" for n in range(options.rows)))
            file.flush()
            for workers in options.workers:
                grid = client.request("POST", "/grids", {"name": f"Cities {workers}"})["id"]
                client.import_file(grid, "s1", file.name)
                prompt = "uppercase {{City}}" if options.demo else "In which country is the city {{City}}? Answer with its English name."
                client.request("POST", f"/grids/{grid}/sheets/s1/columns", {"name": "Answer", "type": "text", "agent": {"prompt": prompt}})
                column = client.request("GET", f"/grids/{grid}")["sheets"][0]["columns"][-1]["id"]
                before = cpu(server.process.pid), provider and cpu(provider.pid)
                began = time.monotonic()
                run = client.request("POST", f"/grids/{grid}/runs", {"sheet": "s1", "column": column, "scope": "all", "concurrency": workers})["run"]
                while (state := client.request("GET", f"/grids/{grid}/runs/{run}"))["state"] == "running":
                    time.sleep(0.05)  # between two looks at what is measured: asking without a pause would be measured too
                seconds = time.monotonic() - began
                own = cpu(server.process.pid) - before[0]
                others = f", the provider {(cpu(provider.pid) - before[1]) / options.rows * 1e6:.0f} us" if provider else ""
                print(f"{state['done']} rows, {workers} in flight: {state['done'] / seconds:,.0f} a second; processor time a row: trueline {own / options.rows * 1e6:.0f} us{others}")
    finally:
        server.stop()
        if provider:
            provider.kill()
            provider.wait()


if __name__ == "__main__":
    main()
