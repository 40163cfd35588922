"""Writes real files for the importers: record_samples.py DIRECTORY [har|chrome|otlp ...]

HAR files and Chrome traces come from a headless Chromium that loads a small page from a local server, with requests that overtake
each other, a redirect, an aborted request, a POST and a cookie. OTLP files come from the OpenTelemetry SDK for Python, which is
installed from PyPI into a virtual environment of its own; one as its exporter encodes it, one as plain protobuf JSON.
"""

import base64
import http.server
import json
import pathlib
import subprocess
import sys
import threading
import time
import venv

PAGE = """<!doctype html><title>Shop</title><input id=q><button id=go>Go</button><p id=out></p>
<script>
const out = document.getElementById("out");
const search = q => fetch("/api/search?q=" + q + "&token=tok-0123456789").then(r => r.json()).then(j => { out.textContent = j.q; });
document.getElementById("go").onclick = () => { search("slow"); search("fast"); };
document.getElementById("q").oninput = event => search(event.target.value);
const x = new XMLHttpRequest(); x.open("POST", "/api/login"); x.onload = () => {}; x.send("password=hunter2hunter2");
fetch("/old").catch(() => {});
const aborting = new AbortController();
fetch("/api/search?q=never", { signal: aborting.signal }).catch(() => {});
setTimeout(() => aborting.abort(), 50);
requestAnimationFrame(() => { document.title = "Shop 2"; });
</script>"""


class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, kind, text, **headers):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path.startswith("/api/search"):
            query = self.path.split("q=")[1].split("&")[0]
            if query in ("slow", "never"):
                time.sleep(0.4)
            self.answer(200, "application/json", json.dumps({"q": query}))
        elif self.path == "/old":
            self.answer(302, "text/plain", "", Location="/api/search?q=moved")
        elif self.path == "/":
            self.answer(200, "text/html", PAGE, Set_Cookie="sid=cookie-0123456789; Path=/")
        else:
            self.answer(404, "text/plain", "")

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(200, "application/json", "{}")

    def log_message(self, *_):
        pass


def serve():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}/"


def use(page, url):
    page.goto(url)
    page.click("#go")
    page.type("#q", "shoe", delay=30)
    page.wait_for_timeout(900)


def browser(playwright):
    return playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])


def har(folder, url, playwright):
    chromium = browser(playwright)
    context = chromium.new_context(record_har_path=str(folder / "playwright.har"), record_har_content="embed")
    use(context.new_page(), url)
    context.close()
    chromium.close()


def panel_har(folder, url, playwright):
    """The network panel's own export, through the panel's code: a page of DevTools is opened on the page under inspection."""
    port = 9400 + int(time.time()) % 500
    chromium = playwright.chromium.launch(
        executable_path="/usr/bin/chromium",
        args=["--no-sandbox", f"--remote-debugging-port={port}", "--remote-allow-origins=*"])
    page = chromium.new_context().new_page()
    page.goto("about:blank")
    import urllib.request
    targets = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list"))
    target = next(t for t in targets if t["type"] == "page" and t["url"] == "about:blank")
    panel = chromium.new_context().new_page()
    panel.goto(f"devtools://devtools/bundled/devtools_app.html?ws=127.0.0.1:{port}/devtools/page/{target['id']}&panel=network")
    panel.wait_for_timeout(3000)
    use(page, url)
    text = panel.evaluate("""async () => {
      const { HAR } = { HAR: await import("./models/har/har.js") };
      const Logs = await import("./models/logs/logs.js");
      const log = await HAR.Log.Log.build(Logs.NetworkLog.NetworkLog.instance().requests(), { sanitize: false });
      return JSON.stringify({ log }, null, 2);
    }""")
    (folder / "panel.har").write_text(text)
    chromium.close()


def chrome(folder, url, playwright):
    chromium = browser(playwright)
    page = chromium.new_page()
    chromium.start_tracing(page=page, path=str(folder / "chrome-trace.json"), categories=[
        "-*", "devtools.timeline", "disabled-by-default-devtools.timeline", "disabled-by-default-devtools.timeline.stack",
        "toplevel", "blink.user_timing", "v8.execute", "disabled-by-default-devtools.timeline.frame", "latencyInfo", "loading"])
    use(page, url)
    chromium.stop_tracing()
    chromium.close()


SPANS = """
import json, sys, time
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from google.protobuf.json_format import MessageToDict
requests = []
class Keep(SpanExporter):
    def export(self, spans):
        requests.append(MessageToDict(encode_spans(spans)))
        return SpanExportResult.SUCCESS
def tracer(name):
    provider = TracerProvider(resource=Resource.create({"service.name": name, "host.name": "h1"}))
    provider.add_span_processor(SimpleSpanProcessor(Keep()))
    return provider.get_tracer("shop")
web, shop = tracer("web"), tracer("shop")
for number, query in enumerate(["slow", "fast"]):
    with web.start_as_current_span("search", attributes={"trueline.intent": f"i{number}", "trueline.rank": number, "trueline.slot": "results"}) as root:
        with web.start_as_current_span("GET", kind=trace.SpanKind.CLIENT, attributes={"http.request.method": "GET",
                "url.full": f"http://shop/api?q={query}&access_token=tok-0123456789", "http.response.status_code": 200}):
            with shop.start_as_current_span("GET /api", kind=trace.SpanKind.SERVER, attributes={"http.request.header.authorization": ["Bearer abcdefgh12345"]}) as server:
                server.set_status(trace.StatusCode.ERROR if query == "slow" else trace.StatusCode.OK, "late" if query == "slow" else None)
                server.add_event("trueline.commit", {"trueline.key": "stock", "trueline.version": number + 1})
        root.add_event("trueline.write", {"trueline.key": "items", "trueline.version": 2 - number, "trueline.value": query})
with open(sys.argv[1], "w") as f:
    json.dump(requests, f)
"""


def otlp(folder):
    environment = folder / "venv"
    if not (environment / "bin/python").exists():
        venv.create(environment, with_pip=True)
        subprocess.run([environment / "bin/pip", "install", "-q", "opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-common"], check=True)
    raw = folder / "requests.json"
    subprocess.run([environment / "bin/python", "-c", SPANS, raw], check=True)
    requests = json.loads(raw.read_text())
    raw.unlink()
    # Plain protobuf JSON writes ids in base64; OTLP wants them in hex.
    (folder / "otlp-protobuf.jsonl").write_text("".join(json.dumps(r) + "\n" for r in requests))
    def hexadecimal(value):
        if isinstance(value, list):
            return [hexadecimal(v) for v in value]
        if isinstance(value, dict):
            return {k: base64.b64decode(v).hex() if k in ("traceId", "spanId", "parentSpanId") else hexadecimal(v) for k, v in value.items()}
        return value
    requests = hexadecimal(requests)
    (folder / "otlp.jsonl").write_text("".join(json.dumps(r) + "\n" for r in requests))
    spans = [s for r in requests for s in r["resourceSpans"]]
    (folder / "otlp.json").write_text(json.dumps({"resourceSpans": spans}, indent=2))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[2:] or ["har", "panel", "chrome", "otlp"]
    if "otlp" in wanted:
        otlp(folder)
    if set(wanted) & {"har", "panel", "chrome"}:
        from playwright.sync_api import sync_playwright
        server, url = serve()
        with sync_playwright() as playwright:
            for name, make in (("har", har), ("panel", panel_har), ("chrome", chrome)):
                if name in wanted:
                    make(folder, url, playwright)
        server.shutdown()
    print("\n".join(f"{path.stat().st_size:>10} {path.name}" for path in sorted(folder.iterdir()) if path.is_file()))


main()
