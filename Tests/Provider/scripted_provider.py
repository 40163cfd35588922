#!/usr/bin/env python3
"""A chat server that fails in every documented way, for tests of whatever calls one. It speaks the OpenAI chat API
(/v1/chat/completions), Anthropic's (/v1/messages) and Ollama's (/api/chat), with the same answers and the same faults. Only the
standard library.

    python3 Tests/Provider/scripted_provider.py --port 8099 --seed 1 --limit-rate 0.2 --retry-after 1 --cut-rate 0.1

A request that asks for JSON to a schema (`response_format`, `format`, or a tool that has to be used) is answered in the same form: with the answer
from the file of --documents whose key is in the request's messages. --no-schemas answers 400 instead, as a server does that knows none.

Answers are deterministic: a function of the last user message, unless --answer says otherwise. So a table filled under faults
must equal one filled without. Which call fails how is decided by the seed, the message and how often it was asked before, not by
the order of arrival: two runs with the same seed see the same faults, whatever the concurrency.

A connection is kept, as HTTP/1.1 has it. With --stale-rate some are closed after a reply that did not say so: at once, or as the next request arrives,
which is not read. The fault "lose" closes the connection when the request was read, by FIN or RST, and books it as paid: as bad as a server can be.

GET /stats answers with counts (and, under "tokensByCall", tokens by the X-Client-Request-Id of each call): calls, answers, each fault, calls in flight at most, closed by the client, tokens, and under
"askedTwice" the messages that were answered in full more than once (each of them was paid for twice).
POST /reset sets them to zero. GET /v1/models lists one model.

--hold TEXT holds the answers to messages that have TEXT in them ('' is in all), so that whoever tests decides when they come instead of a clock: POST /let
with {"calls": N} lets N of them through, those that came first before others; {"message": TEXT} lets through whatever has TEXT in it, from now on;
{"all": true} everything. "held" in the counts is what waits. A held stream stays alive by comments, which also tell when the client has gone.
"""

import argparse
import hashlib
import json
import os
import random
import select
import socket
import struct
import sys
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAULTS = ("limit", "server", "timeout", "garbage", "cut", "length", "error", "wrong", "endless", "drip", "lose")


class Gate:
    """Which answers may go out."""

    def __init__(self, held: str | None) -> None:
        self.held, self.changed = held, threading.Condition()
        self.calls, self.messages, self.waiting = 0, [], []

    def let(self, calls: int = 0, message: str | None = None, all: bool = False) -> None:
        with self.changed:
            self.calls += calls
            self.messages += ([""] if all else []) + ([] if message is None else [message])
            self.changed.notify_all()

    def enter(self, message: str, alive) -> None:
        """Waits until the message may be answered. `alive` is called now and then, and throws when nobody waits for the answer any more."""
        if self.held is None or self.held not in message:
            return
        ticket = [message]
        with self.changed:
            self.waiting.append(ticket)
        try:
            while not self.passes(ticket):
                alive()
        finally:
            with self.changed:
                self.waiting = [other for other in self.waiting if other is not ticket]
                self.changed.notify_all()

    def passes(self, ticket: list[str]) -> bool:
        """Whether the ticket's turn has come, within a second."""
        with self.changed:
            return self.changed.wait_for(lambda: self.is_let(ticket), timeout=1)

    def is_let(self, ticket: list[str]) -> bool:
        if any(text in ticket[0] for text in self.messages):
            return True
        if self.calls > 0 and self.waiting[0] is ticket:
            self.calls -= 1
            return True
        return False


class Script:
    """What is answered, and what is counted."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.lock = threading.RLock()
        self.gate = Gate(options.hold)
        self.reset()

    def reset(self) -> None:
        with self.lock:
            self.counts = {name: 0 for name in ("calls", "answers", "badKey", "closedByClient", "inFlight", "mostInFlight", "schemas", "corrections", "stale", "connections")}
            self.counts.update({fault: 0 for fault in FAULTS})
            self.tokens = {"input": 0, "output": 0}
            self.asked: dict[str, int] = {}
            self.answered: dict[str, int] = {}
            # Tokens of each call whose usage was sent, by the name that the client gave the call.
            self.calls: dict[str, int] = {}

    def count(self, name: str, by: int = 1) -> None:
        with self.lock:
            self.counts[name] += by
            self.counts["mostInFlight"] = max(self.counts["mostInFlight"], self.counts["inFlight"])

    def number(self, message: str) -> int:
        """How often this message was asked before."""
        with self.lock:
            before = self.asked.get(message, 0)
            self.asked[message] = before + 1
            return before

    def fault(self, message: str, before: int) -> str | None:
        chance = random.Random(f"{self.options.seed}/{message}/{before}").random()
        for fault in FAULTS:
            chance -= getattr(self.options, f"{fault}_rate")
            if chance < 0:
                return fault
        return None

    def ends(self, message: str, before: int) -> bool:
        """Whether the connection ends after this reply."""
        return random.Random(f"stale/{self.options.seed}/{message}/{before}").random() < self.options.stale_rate

    def answer(self, message: str, fault: str | None = None, schema: dict | None = None) -> str:
        if fault == "wrong":
            return "I am not sure about that"
        value = ((schema or {}).get("properties") or {}).get("value")
        if self.options.numbers:
            number = random.Random(f"{self.options.seed}/{message}").randrange(1, 1_000_000)
            return json.dumps({"value": number}) if value is not None else str(number)
        if value is not None and self.options.answer is None:
            return json.dumps({"value": self.value(message, value)})
        if self.options.answer is not None:
            return self.options.answer.replace("{message}", message)
        digest = hashlib.sha256(f"{self.options.seed}/{message}".encode()).hexdigest()
        return f"answer {digest[:8]}"

    def value(self, message: str, schema: dict):
        """What fits the schema of a cell: a function of the message."""
        number = int(hashlib.sha256(f"{self.options.seed}/{message}".encode()).hexdigest()[:8], 16)
        if "enum" in schema:
            return schema["enum"][number % len(schema["enum"])]
        kind = schema.get("type")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object":
            return {name: self.value(f"{message}/{name}", part) for name, part in (schema.get("properties") or {}).items()}
        if kind == "array":
            return [self.value(message, schema.get("items") or {})] * max(1, schema.get("minItems", 1))
        if kind in ("number", "integer"):
            return max(schema.get("minimum", 0), min(number % 1000, schema.get("maximum", 1000)))
        if kind == "boolean":
            return number % 2 == 0
        return f"2026-11-{number % 28 + 1:02}"

    def document(self, words: str, asked: int) -> str:
        """The document for a request, by the first key that its messages hold; of a list the one for this attempt, or the last."""
        for key, value in self.options.documents.items():
            if key in words:
                value = value[min(asked, len(value) - 1)] if isinstance(value, list) else value
                return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return "{}"

    def stats(self) -> dict:
        with self.lock:
            twice = sorted(m for m, times in self.answered.items() if times > 1)
            return {**self.counts, "tokens": dict(self.tokens), "messages": len(self.asked), "askedTwice": twice[:100], "askedTwiceCount": len(twice),
                    "tokensByCall": dict(self.calls), "held": [ticket[0] for ticket in self.gate.waiting]}


class OpenAI:
    """Chunks of a choice, the usage in one of its own, [DONE]."""

    content_type = "text/event-stream; charset=utf-8"

    def __init__(self, model: str, request: dict, usage: tuple[int, int]) -> None:
        self.chunk = {"id": "chatcmpl-scripted", "object": "chat.completion.chunk", "created": 0, "model": model}
        self.wants_usage = (request.get("stream_options") or {}).get("include_usage")
        self.usage = usage

    @staticmethod
    def schema(request: dict) -> dict | None:
        return ((request.get("response_format") or {}).get("json_schema") or {}).get("schema")

    @staticmethod
    def key(headers) -> str:
        return (headers.get("authorization") or "").removeprefix("Bearer ")

    @staticmethod
    def refusal(fault: str, message: str) -> dict:
        codes = {"limit": "rate_limit_exceeded", "key": "invalid_api_key", "quota": "insufficient_quota", "error": "server_error",
                 "request": "invalid_request_error", "model": "model_not_found"}
        code = codes.get(fault)
        return {"error": {"message": message, "type": code, "param": None, "code": code}}

    def event(self, value: dict) -> bytes:
        return b"data: " + json.dumps({**self.chunk, **value}).encode() + b"\n\n"

    def choice(self, delta: dict, reason: str | None = None) -> bytes:
        return self.event({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})

    def begin(self) -> bytes:
        return self.choice({"role": "assistant", "content": ""})

    def document(self, answer: str, is_whole: bool) -> dict:
        """The reply to a request that does not ask for a stream."""
        read, written = self.usage
        message = {"role": "assistant", "content": answer, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop" if is_whole else "length"}
        return {**self.chunk, "object": "chat.completion", "choices": [choice],
                "usage": {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}}

    def piece(self, text: str) -> bytes:
        return self.choice({"content": text})

    def garbage(self) -> bytes:
        return b'data: {"choices": [this is not json\n\n'

    def error(self) -> bytes:
        return self.event(self.refusal("error", "The model crashed"))

    def end(self, is_whole: bool) -> bytes:
        end = self.choice({}, "stop" if is_whole else "length")
        if self.wants_usage:
            read, written = self.usage
            usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
            end += self.event({"choices": [], "usage": usage})
        return end + b"data: [DONE]\n\n"


class Anthropic:
    """message_start with the tokens read, a block in pieces, message_delta with the reason and the tokens written, message_stop."""

    content_type = "text/event-stream; charset=utf-8"

    def __init__(self, model: str, request: dict, usage: tuple[int, int]) -> None:
        self.model = model
        self.usage = usage
        self.tool = (request.get("tool_choice") or {}).get("name")

    @staticmethod
    def schema(request: dict) -> dict | None:
        return next((tool.get("input_schema") for tool in request.get("tools") or []), None)

    @staticmethod
    def key(headers) -> str:
        # A call without a version is refused by the real one as well.
        return headers.get("x-api-key") or "" if headers.get("anthropic-version") else ""

    @staticmethod
    def refusal(fault: str, message: str) -> dict:
        kinds = {"limit": "rate_limit_error", "key": "authentication_error", "quota": "billing_error", "server": "overloaded_error",
                 "request": "invalid_request_error", "model": "not_found_error"}
        return {"type": "error", "error": {"type": kinds.get(fault, "api_error"), "message": message}}

    def event(self, kind: str, **value) -> bytes:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **value})}\n\n".encode()

    def begin(self) -> bytes:
        message = {"id": "msg_scripted", "type": "message", "role": "assistant", "model": self.model, "content": [],
                   "stop_reason": None, "usage": {"input_tokens": self.usage[0], "output_tokens": 1}}
        block = {"type": "tool_use", "id": "tool_scripted", "name": self.tool, "input": {}} if self.tool else {"type": "text", "text": ""}
        return (self.event("message_start", message=message) + self.event("content_block_start", index=0, content_block=block)
                + self.event("ping"))

    def piece(self, text: str) -> bytes:
        delta = {"type": "input_json_delta", "partial_json": text} if self.tool else {"type": "text_delta", "text": text}
        return self.event("content_block_delta", index=0, delta=delta)

    def garbage(self) -> bytes:
        return b'event: content_block_delta\ndata: {"delta": {this is not json\n\n'

    def error(self) -> bytes:
        return b"event: error\ndata: " + json.dumps(self.refusal("error", "The model crashed")).encode() + b"\n\n"

    def end(self, is_whole: bool) -> bytes:
        good = "tool_use" if self.tool else "end_turn"
        delta = {"stop_reason": good if is_whole else "max_tokens", "stop_sequence": None}
        return (self.event("content_block_stop", index=0)
                + self.event("message_delta", delta=delta, usage={"output_tokens": self.usage[1]}) + self.event("message_stop"))


class Ollama:
    """Lines of JSON; the last one is done, with the reason and the tokens. There is no key."""

    content_type = "application/x-ndjson"
    key = None

    @staticmethod
    def schema(request: dict) -> dict | None:
        form = request.get("format")
        return form if isinstance(form, dict) else None

    def __init__(self, model: str, request: dict, usage: tuple[int, int]) -> None:
        self.model = model
        self.usage = usage

    @staticmethod
    def refusal(fault: str, message: str) -> dict:
        return {"error": message}

    def line(self, text: str, **more) -> bytes:
        line = {"model": self.model, "message": {"role": "assistant", "content": text}, "done": False, **more}
        return json.dumps(line).encode() + b"\n"

    def begin(self) -> bytes:
        return b""

    def piece(self, text: str) -> bytes:
        return self.line(text)

    def garbage(self) -> bytes:
        return b'{"message": {this is not json\n'

    def error(self) -> bytes:
        return json.dumps(self.refusal("error", "The model crashed")).encode() + b"\n"

    def end(self, is_whole: bool) -> bytes:
        reason = "stop" if is_whole else "length"
        return self.line("", done=True, done_reason=reason, prompt_eval_count=self.usage[0], eval_count=self.usage[1])


APIS = {"/v1/chat/completions": OpenAI, "/v1/messages": Anthropic, "/api/chat": Ollama}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Script
    api = OpenAI

    def log_message(self, *_) -> None:
        pass

    def setup(self) -> None:
        super().setup()
        self.script.count("connections")

    def do_GET(self) -> None:
        if self.path == "/stats":
            self.document(200, self.script.stats())
        elif self.path == "/v1/models":
            self.document(200, {"object": "list", "data": [{"id": self.script.options.model, "object": "model"}]})
        else:
            self.refuse(404, "request", "not found")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path == "/reset":
            self.script.reset()
            return self.document(200, {})
        if self.path == "/let":
            self.script.gate.let(**json.loads(body))
            return self.document(200, {})
        # A kept connection may ask in another API the next time.
        self.api = APIS.get(self.path, OpenAI)
        if self.path not in APIS:
            return self.refuse(404, "request", "not found")
        self.script.count("calls")
        self.script.count("inFlight")
        try:
            self.chat(body)
        except (BrokenPipeError, ConnectionResetError):
            self.script.count("closedByClient")
            self.close_connection = True
        finally:
            self.script.count("inFlight", -1)

    def chat(self, body: bytes) -> None:
        options = self.script.options
        if options.key and self.api.key and self.api.key(self.headers) != options.key:
            self.script.count("badKey")
            return self.refuse(401, "key", "Incorrect API key provided")
        if options.quota is not None and self.script.stats()["answers"] >= options.quota:
            return self.refuse(429 if self.api is OpenAI else 402, "quota", "You exceeded your current quota")
        try:
            request = json.loads(body)
            said = [m["content"] for m in request["messages"] if m["role"] == "user"]
            # A correction is about the question before it.
            corrections = [m for m in said if m.startswith("That cannot be taken: ")]
            message = [m for m in said if m not in corrections][-1]
        except (ValueError, KeyError, IndexError, TypeError):
            return self.refuse(400, "request", "this is not a chat request")
        if options.model and request.get("model") != options.model:
            return self.refuse(404, "model", f"The model `{request.get('model')}` does not exist")
        self.script.count("corrections", len(corrections) > 0)
        schema = self.api.schema(request)
        if schema:
            self.script.count("schemas")
            if options.no_schemas:
                return self.refuse(400, "request", "Unknown parameter: response_format")
        before = self.script.number(message)
        fault = self.script.fault(message, before)
        if fault:
            self.script.count(fault)
        self.pause(options.latency)
        if fault == "limit":
            return self.refuse(429, fault, "Rate limit reached", {"Retry-After": str(options.retry_after)})
        if fault == "server":
            return self.refuse(529 if self.api is Anthropic else 503, fault, "The server is overloaded")
        if fault == "timeout":
            return self.hang()
        if fault == "lose":
            self.book(message, (len(message.split()) + 20, 1), fault)
            return self.end_connection(reset=zlib.crc32(message.encode()) % 2 == 1)
        self.stream(request, message, fault, schema)
        if not self.close_connection and self.script.ends(message, before):
            self.script.count("stale")
            if zlib.crc32(message.encode()) % 2:
                # A reset at once could take the reply with it. What has arrived and is not read makes the end a reset.
                select.select([self.connection], [], [], options.hang_seconds)
            self.end_connection(reset=False)

    def end_connection(self, reset: bool) -> None:
        """Ends the connection without a word."""
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The server shuts a connection down before it closes it, which would be a FIN: this closes it first.
        os.close(self.connection.detach())

    def stream(self, request: dict, message: str, fault: str | None, schema: dict | None) -> None:
        words = [m["content"] for m in request["messages"] if m["role"] == "user"]
        # Where schemas are refused, the same document is asked for in words alone; every answer before is one attempt.
        if self.script.options.documents and (schema or self.script.options.no_schemas):
            answer = self.script.document("\n".join(words), len(words) - 1)
        else:
            answer = self.script.answer(message, fault, schema)
        usage = (len(message.split()) + 20, len(answer.split()))
        writer = self.api(self.script.options.model, request, usage)
        if self.api is OpenAI and not request.get("stream"):
            return self.reply_whole(writer, message, answer, usage, fault)
        self.send_response(200)
        self.send_header("Content-Type", writer.content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.chunk(writer.begin())
        # A comment is nothing to a reader of an event stream, and a line of nothing to one of lines.
        self.script.gate.enter(message, lambda: self.chunk(b": held\n\n" if self.api is not Ollama else b"\n"))
        if fault in ("endless", "drip"):
            return self.go_on_for_ever(writer, fault)
        pieces = [answer[i : i + 4] for i in range(0, len(answer), 4)]
        if fault == "cut":
            pieces = pieces[: len(pieces) // 2]
        for index, piece in enumerate(pieces):
            self.pause(self.script.options.token_latency)
            if fault == "garbage" and index == len(pieces) // 2:
                self.chunk(writer.garbage())
            if fault == "error" and index == len(pieces) // 2:
                self.chunk(writer.error())
                return self.end_of_stream()
            self.chunk(writer.piece(piece))
        if fault == "cut":
            # No finish reason and no last chunk: the connection is simply gone.
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        # Whoever has read the end finds it in the counts: nobody reads those in between.
        with self.script.lock:
            self.chunk(writer.end(is_whole=fault != "length"))
            self.end_of_stream()
            self.book(message, usage, fault)

    def reply_whole(self, writer, message: str, answer: str, usage: tuple[int, int], fault: str | None) -> None:
        if fault in ("error", "server"):
            return self.refuse(500, "error", "The model crashed")
        body = json.dumps(writer.document(answer, fault != "length")).encode()
        if fault == "garbage":
            body = body.replace(b'"choices"', b'"choices', 1)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault in ("cut", "endless", "drip"):
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        with self.script.lock:
            self.wfile.write(body)
            self.book(message, usage, fault)

    def book(self, message: str, usage: tuple[int, int], fault: str | None) -> None:
        """Counts what was answered, once all of it was written."""
        with self.script.lock:
            # After garbage a client may have gone before the usage came.
            if fault in (None, "length", "wrong", "lose"):
                self.script.tokens["input"] += usage[0]
                self.script.tokens["output"] += usage[1]
                name = self.headers.get("x-client-request-id")
                if name:
                    self.script.calls[name] = self.script.calls.get(name, 0) + sum(usage)
            if fault is None:
                self.script.counts["answers"] += 1
                # A plan that is refused is asked for again in the same words by every turn: those are no rows.
                if not (self.headers.get("x-client-request-id") or "").startswith("words-"):
                    self.script.answered[message] = self.script.answered.get(message, 0) + 1

    def go_on_for_ever(self, writer, fault: str) -> None:
        """Kilobytes without an end, or a piece now and then: until the client has had enough, which is counted as closed by it."""
        end = time.monotonic() + self.script.options.hang_seconds
        while time.monotonic() < end:
            self.chunk(writer.piece("and so on " * 200 if fault == "endless" else "."))
            self.pause(0 if fault == "endless" else 0.2)
        self.close_connection = True

    def hang(self) -> None:
        """Says nothing until the client gives up."""
        self.connection.settimeout(0.2)
        end = time.monotonic() + self.script.options.hang_seconds
        while time.monotonic() < end:
            try:
                if not self.connection.recv(1):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        else:
            self.close_connection = True
            return
        self.script.count("closedByClient")
        self.close_connection = True

    # Writing

    def pause(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)

    def chunk(self, data: bytes) -> None:
        if not data:
            return  # an empty chunk is the end
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def end_of_stream(self) -> None:
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def refuse(self, status: int, fault: str, message: str, headers: dict | None = None) -> None:
        self.document(status, self.api.refusal(fault, message), headers)

    def document(self, status: int, value: dict, headers: dict | None = None) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def read_json(path: str) -> dict:
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A chat server that fails in every documented way.")
    parser.add_argument("--port", type=int, default=8099, help="0 picks a free one; it is printed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--key", default="sk-scripted", help="the key that is accepted, where the API has one; empty for any")
    parser.add_argument("--model", default="scripted", help="the model that is served; empty for any")
    parser.add_argument("--answer", help="the answer to everything; {message} stands for the question")
    parser.add_argument("--numbers", action="store_true", help="answer with numbers, for a typed column")
    parser.add_argument("--no-schemas", action="store_true", help="answer 400 to a request that names a schema")
    parser.add_argument("--documents", type=read_json, default={}, help="a file with one JSON object: a text that a request holds, and the document (or texts, or a list by attempt) it is answered with")
    parser.add_argument("--quota", type=int, help="answers before the account has no quota left")
    parser.add_argument("--latency", type=float, default=0, help="seconds before each reply")
    parser.add_argument("--token-latency", type=float, default=0, help="seconds before each piece of a stream")
    parser.add_argument("--hold", metavar="TEXT", help="messages that hold this text are answered when POST /let says so")
    parser.add_argument("--retry-after", type=int, default=1)
    parser.add_argument("--hang-seconds", type=float, default=600)
    parser.add_argument("--stale-rate", type=float, default=0, help="share of replies after which the connection is closed, unannounced")
    for fault in FAULTS:
        parser.add_argument(f"--{fault}-rate", type=float, default=0, help=f"share of calls that meet the fault \"{fault}\"")
    return parser.parse_args()


def main() -> None:
    Handler.script = Script(options())
    server = Server(("127.0.0.1", Handler.script.options.port), Handler)
    print(f"ready http://127.0.0.1:{server.server_address[1]}/v1", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
