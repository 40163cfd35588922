"""Writes files to measure with: generate.py FORMAT MEGABYTES FILE [SEED]; FORMAT is trueline, otlp, har, redux or chrome.

Shapes and names are those of real files (Tests/Trace/record_samples.py makes such); the content is random, by a seed.
"""

import json
import random
import sys

kind, size, path = sys.argv[1], int(sys.argv[2]) * 1_000_000, sys.argv[3]
dice = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 7)
text = lambda value: json.dumps(value, separators=(",", ":"))
word = lambda: "".join(dice.choice("abcdefghijklmnop") for _ in range(6))
digits = lambda count: "%0*x" % (count, dice.getrandbits(4 * count))


def trueline():
    yield text({"type": "trace", "version": 1, "recorder": "generate.py"}) + "\n"
    time = number = event = 0
    while True:
        number += 1
        time += dice.randrange(1, 2_000_000)
        slot, query, page = dice.choice(["results", "cart", "price", "list page"]), word(), number % 9
        base = {"process": f"tab-{number % 4}"}
        turn, later = {"task": f"t{2 * number}", "phase": "stack"}, {"task": f"t{2 * number + 1}", "phase": "microtask"}
        bound = {"request": f"r{number}", "intent": f"i{number}", "slot": slot}
        for kind, at, members in (
            ("intent", 0, {**turn, "intent": f"i{number}", "slot": slot, "rank": number, "label": "button#go click",
                           "arguments": {"query": query, "page": page}}),
            ("start", 300, {**turn, **bound, "method": "GET", "url": f"https://shop.example/api/search?q={query}&page={page}",
                            "arguments": {"query": query, "page": page}}),
            ("arrive", 50_000_000, {**bound, "status": 200, "version": number}),
            ("deliver", 50_000_400, {**later, **bound}),
            ("write", 50_000_500, {**later, **bound, "key": slot + ".items", "version": number, "value": {
                "items": [{"id": number, "name": "Thing " + query, "price": dice.randrange(1, 99999) / 100},
                          {"id": number + 1, "name": "Other", "price": 5}], "total": dice.randrange(1, 900)}}),
            ("render", 50_002_000, {"frame": number, "view": "main", "shows": {slot + ".items": number, "cart.count": number}}),
        ):
            event += 1
            yield text({"type": kind, "id": f"e{event}", **base, "time": time + at, **members}) + "\n"


def attribute(key, value):
    return {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}


def otlp():
    time = 1_700_000_000_000_000_000
    while True:
        trace, spans, parent = digits(32), [], ""
        for _ in range(40):
            span = digits(16)
            time += dice.randrange(1, 900_000)
            spans.append({
                "traceId": trace, "spanId": span, "parentSpanId": parent, "flags": 257, "name": "GET /api/" + word(),
                "kind": dice.randrange(1, 4), "startTimeUnixNano": str(time), "endTimeUnixNano": str(time + dice.randrange(9_000_000)),
                "attributes": [
                    attribute("http.request.method", "GET"), attribute("url.full", f"https://shop.example/api/{word()}?q={word()}"),
                    attribute("http.response.status_code", 200), attribute("server.address", "shop.example"),
                    attribute("server.port", 443), attribute("network.protocol.version", "1.1"),
                    attribute("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)"), attribute("thread.id", dice.randrange(99))],
                "events": [{"timeUnixNano": str(time), "name": "exception", "attributes": [attribute("exception.message", word())]}]
                if dice.random() < 0.1 else [], "status": {}})
            parent = dice.choice([parent, span])
            if len(spans) % 20 == 0:
                trace = digits(32)
        yield text({"resourceSpans": [{
            "resource": {"attributes": [attribute("service.name", dice.choice(["web", "shop", "stock"])), attribute("host.name", "h1")]},
            "scopeSpans": [{"scope": {"name": "http", "version": "1"}, "spans": spans}]}]}) + "\n"


def har():
    header = lambda name: {"name": name, "value": word() * dice.randrange(1, 6)}
    yield '{\n  "log": {\n    "version": "1.2",\n    "creator": {"name": "WebInspector", "version": "537.36"},\n    "pages": [],\n    "entries": [\n'
    number = 0
    while True:
        number += 1
        seconds, milliseconds = divmod(number * 37, 60_000)
        yield (",\n" if number > 1 else "") + json.dumps({
            "_initiator": {"type": "script", "stack": {"callFrames": [
                {"functionName": word(), "scriptId": "12", "url": "https://shop.example/app.js", "lineNumber": 1, "columnNumber": 9}]}},
            "_priority": "High", "_resourceType": "fetch", "cache": {}, "connection": "12345", "pageref": "page_1",
            "request": {"method": "GET", "url": f"https://shop.example/api/{dice.choice(['a', 'b', 'c'])}?q={word()}",
                        "httpVersion": "http/2.0", "headers": [header(n) for n in ("accept", "user-agent", "referer", "sec-fetch-mode")],
                        "queryString": [{"name": "q", "value": word()}], "cookies": [], "headersSize": -1, "bodySize": 0},
            "response": {"status": 200, "statusText": "", "httpVersion": "http/2.0",
                         "headers": [header(n) for n in ("content-type", "date", "etag", "server", "vary")], "cookies": [],
                         "content": {"size": 99, "mimeType": "application/json",
                                     "text": text({"items": [{"id": n, "name": word()} for n in range(dice.randrange(30))]})},
                         "redirectURL": "", "headersSize": -1, "bodySize": -1, "_transferSize": 99, "_error": None},
            "serverIPAddress": "127.0.0.1",
            "startedDateTime": "2026-01-01T%02d:%02d:%02d.%03dZ" % (
                seconds // 60 % 24, seconds % 60, milliseconds // 1000, milliseconds % 1000),
            "time": dice.random() * 900,
            "timings": {"blocked": dice.random(), "dns": -1, "ssl": -1, "connect": -1, "send": 0.1, "wait": dice.random() * 99,
                        "receive": dice.random(), "_blocked_queueing": 0.7}}, indent=2)


def har_end():
    return "\n]}}\n"


def redux():
    state = {"items": {str(n): {"id": n, "name": word(), "price": n} for n in range(200)}, "query": "", "busy": False}
    actions, states, total, number = {}, [], 0, 0
    while total < size:
        number += 1
        request, status = digits(20), dice.choice(["pending", "fulfilled"])
        actions[str(number)] = {"type": "PERFORM_ACTION", "timestamp": 1_700_000_000_000 + number, "action": {
            "type": "search/fetch/" + status, "meta": {"requestId": request, "requestStatus": status, "arg": {"q": word()}}}}
        state["query"], state["busy"] = word(), status == "pending"
        state["items"][str(dice.randrange(200))]["price"] = number
        states.append(text({"state": state}))
        total += len(states[-1]) + 200
    yield '{"monitor":{},"nextActionId":%d,"actionsById":%s,"stagedActionIds":%s,"computedStates":[%s]}' % (
        number + 1, text(actions), text(list(range(1, number + 1))), ",".join(states))


def chrome():
    yield '{"metadata":{"source":"DevTools"},"traceEvents":[\n'
    yield text({"args": {"name": "CrRendererMain"}, "cat": "__metadata", "name": "thread_name", "ph": "M", "pid": 7, "tid": 1, "ts": 0})
    time = number = 0
    quiet = ["RunTask", "UpdateLayerTree", "ParseHTML", "MajorGC", "Layout", "UpdateLayoutTree", "PrePaint", "Commit", "HitTest"]
    while True:
        number += 1
        time += dice.randrange(1, 300)
        event = {"args": {}, "cat": "disabled-by-default-devtools.timeline", "dur": dice.randrange(200), "name": dice.choice(quiet),
                 "ph": "X", "pid": 7, "tid": 1, "tdur": dice.randrange(200), "ts": time, "tts": time}
        if number % 8 == 0:
            event.update(name="FunctionCall", args={"data": {"columnNumber": 9, "frame": digits(32), "functionName": word(),
                                                             "lineNumber": 3, "scriptId": "12", "url": "https://shop.example/app.js"}})
        elif number % 50 == 1:
            event.update(name="ResourceSendRequest", ph="I", args={"data": {
                "frame": digits(32), "priority": "High", "requestId": f"7.{number}", "requestMethod": "GET",
                "url": f"https://shop.example/api?q={word()}"}})
        elif number % 50 == 2:
            event.update(name="ResourceFinish", ph="I", args={"data": {
                "didFail": False, "encodedDataLength": 9, "finishTime": 1.5, "requestId": f"7.{number - 1}"}})
        yield ",\n" + text(event)


ends = {"har": har_end(), "chrome": "]}\n"}
written = 0
with open(path, "w") as file:
    for piece in {"trueline": trueline, "otlp": otlp, "har": har, "redux": redux, "chrome": chrome}[kind]():
        file.write(piece)
        written += len(piece)
        if written >= size:
            break
    file.write(ends.get(kind, ""))
