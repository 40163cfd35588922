"""`trueline proxy` under load: every byte arrives, a thousand held responses go in order, a gigabyte passes in little memory, and TLS is checked.

    python3 Tests/Faults/proxy.py --trueline PROGRAM [--responses 10000] [--connections 1000] [--megabytes 1024] [--seed 1]

The short form (no flags) is 500 responses, 100 connections and 64 MB. Nothing but the standard library and openssl.
"""

import argparse
import asyncio
import hashlib
import json
import os
import random
import ssl
import subprocess
import sys
import tempfile
import time
import zlib

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
# What the process may grow by while a long body passes: its buffers, not the body.
GROWTH_MB = 64
failed = 0


def check(sentence, ok, found=""):
    global failed
    failed += not ok
    print("ok  " if ok else "FAIL", sentence, "" if ok else repr(found)[:600], flush=True)


class Upstream:
    """A server whose answers follow from the seed and the number in the path alone."""

    def __init__(self, seed, megabytes):
        self.seed, self.megabytes = seed, megabytes
        # Heads of requests, as they came.
        self.heads = []

    async def start(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0, limit=1 << 20, backlog=1024)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    def body(self, number):
        draw = random.Random(f"{self.seed} {number}")
        size = int(draw.choice([0, 1, 10, 1_000, 65_536, 300_000, draw.randrange(100_000)]))
        return draw.randbytes(size), draw.choice(["length", "chunks", "close", "gzip"])

    async def serve(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                self.heads.append(head)
                path = head.split(" ")[1]
                body = await self.read_body(reader, head)
                if not await self.answer(writer, path, body):
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client is gone, or the test is over
        writer.close()

    @staticmethod
    async def read_body(reader, head):
        for line in head.split("\r\n"):
            if line.lower().startswith("content-length:"):
                return await reader.readexactly(int(line.split(":")[1]))
            if line.lower() == "transfer-encoding: chunked":
                return await chunks(reader)
        return b""

    async def answer(self, writer, path, sent):
        if path == "/long":
            return await self.long(writer)
        if path == "/echo":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(sent), sent))
            await writer.drain()
            return True
        body, how = self.body(int(path.rsplit("/", 1)[1]))
        if how == "close":
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)
        elif how == "chunks":
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            step = max(1, len(body) // 7)
            for start in range(0, len(body), step):
                part = body[start:start + step]
                writer.write(b"%x;n=1\r\n%s\r\n" % (len(part), part))
            writer.write(b"0\r\nX-Trailer: t\r\n\r\n")
        else:
            if how == "gzip":
                body = zlib.compress(body, wbits=31)
            field = b"Content-Encoding: gzip\r\n" if how == "gzip" else b""
            writer.write(b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (field, len(body), body))
        await writer.drain()
        return how != "close"

    async def long(self, writer):
        block = bytes(range(256)) * 4096
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (self.megabytes << 20))
        for _ in range(self.megabytes):
            writer.write(block)
            await writer.drain()
        return True


class Proxy:
    """A running `trueline proxy`."""

    def __init__(self, program, upstream, *words):
        self.process = subprocess.Popen(
            [program, "proxy", "--upstream", upstream, "--port", "0", *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = int(self.process.stdout.readline().strip().rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=20)

    def memory(self):
        """Resident megabytes."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024

    async def connect(self):
        return await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)


async def ask(connection, path, method="GET", body=b""):
    reader, writer = connection
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    writer.write(b"%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n%s" % (method.encode(), path.encode(), length, body))
    return await answer(reader)


async def answer(reader):
    """The body, and whether the connection ends with it."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    closes = "connection: close" in head
    if "transfer-encoding: chunked" in head:
        return await chunks(reader), closes
    length = next((int(line.split(":")[1]) for line in head.split("\r\n") if line.startswith("content-length:")), None)
    return (await reader.read(-1) if length is None else await reader.readexactly(length)), closes


async def chunks(reader):
    """A body in chunks, and what stands behind it."""
    body = bytearray()
    while size := int((await reader.readuntil(b"\r\n")), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass
    return bytes(body)


async def mixed(program, upstream, count, plan):
    """Bodies of all kinds, by eight clients at once, over connections that are kept where they may be."""
    wrong, left = [], list(range(count))
    with Proxy(program, upstream.url, *plan) as proxy:

        async def client():
            connection = await proxy.connect()
            while left:
                number = left.pop()
                got, closes = await ask(connection, f"/{number}")
                body, how = upstream.body(number)
                if (zlib.decompress(got, wbits=31) if how == "gzip" else got) != body:
                    wrong.append((number, how, len(body), len(got)))
                if closes:
                    connection[1].close()
                    connection = await proxy.connect()
            connection[1].close()

        await asyncio.gather(*(client() for _ in range(8)))
    check(f"P12: {count} mixed responses arrive byte by byte as they were sent ({' '.join(plan)})", not wrong, wrong[:5])


def backwards(folder, count):
    """A plan that releases `/crowd/0` and so on in the opposite order."""
    plan = os.path.join(folder, "plan.json")
    steps = [{"path": f"/crowd/{number}"} for number in reversed(range(count))]
    with open(plan, "w", encoding="utf-8") as file:
        json.dump({"type": "plan", "version": 1, "release": steps}, file)
    return plan


def long_digest(megabytes):
    """That of the body of `/long`."""
    whole = hashlib.blake2b()
    for _ in range(megabytes):
        whole.update(bytes(range(256)) * 4096)
    return whole.digest()


async def crowd(program, upstream, count):
    """So many held at once, all released in the opposite order of their requests."""
    order = []
    with tempfile.TemporaryDirectory() as folder:
        with Proxy(program, upstream.url, "--plan", backwards(folder, count), "--patience", "60") as proxy:
            begun = time.monotonic()

            async def client(number):
                connection = await proxy.connect()
                got, _ = await ask(connection, f"/crowd/{number}")
                order.append((number, got == expected(upstream, number)))
                connection[1].close()

            await asyncio.gather(*(client(number) for number in range(count)))
            seconds, memory = time.monotonic() - begun, proxy.memory()
    numbers = [number for number, _ in order]
    check(f"P1: {count} connections are held and released in order ({seconds:.1f} s, {memory:.0f} MB)", numbers == list(reversed(range(count))), numbers[:10])
    check("P12: and none of them lost a byte", all(same for _, same in order), [number for number, same in order if not same][:10])


def expected(upstream, number):
    body, how = upstream.body(number)
    return zlib.compress(body, wbits=31) if how == "gzip" else body


async def long(program, upstream, megabytes):
    """A long body, through and held; and one sent up."""
    with Proxy(program, upstream.url) as proxy:
        await ask(await proxy.connect(), "/1")
        before, peak, begun = proxy.memory(), 0.0, time.monotonic()
        reader, writer = await proxy.connect()
        writer.write(b"GET /long HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        digest, count = hashlib.blake2b(), 0
        while count < megabytes << 20:
            part = await reader.read(1 << 20)
            if not part:
                break
            count += len(part)
            digest.update(part)
            peak = max(peak, proxy.memory())
        seconds = time.monotonic() - begun
        check(f"P6: {megabytes} MB pass in {peak - before:.0f} MB more memory ({megabytes / seconds:.0f} MB/s)",
              peak - before < GROWTH_MB and digest.digest() == long_digest(megabytes), (before, peak, count))
        sent = random.Random(1).randbytes(3_000_000)
        got, _ = await ask(await proxy.connect(), "/echo", "POST", sent)
        check("P12: a body sent up comes back the same", got == sent, len(got))
    with Proxy(program, upstream.url, "--plan", "hand") as proxy:
        before = proxy.memory()
        held = [await proxy.connect() for _ in range(20)]
        for _, writer in held:
            writer.write(b"GET /long HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        while (json.loads((await ask(await proxy.connect(), "/__trueline/state"))[0]))["heldCount"] < 20:
            pass
        growth = proxy.memory() - before
        check(f"P6: 20 long bodies are held in {growth:.0f} MB: the rest waits at the server", growth < GROWTH_MB, growth)


async def tls(program, seed):
    """The upstream's certificate is checked, by chain and by name."""
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "certificate.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        upstream = Upstream(seed, 1)
        server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]

        async def asked(name, *words):
            with Proxy(program, f"https://{name}:{port}", *words) as proxy:
                return (await ask(await proxy.connect(), "/7"))[0]

        check("P14: over TLS to a server that is trusted, the body arrives", await asked("localhost", "--trust", certificate) == expected(upstream, 7))
        unknown, misnamed = await asked("localhost"), await asked("127.0.0.1", "--trust", certificate)
        check("P14: a certificate of nobody's, or for another name, is refused", unknown.startswith(b"trueline proxy:") and misnamed.startswith(b"trueline proxy:"), (unknown[:200], misnamed[:200]))
        server.close()


async def main(options):
    upstream = Upstream(options.seed, options.megabytes)
    await upstream.start()
    await mixed(options.trueline, upstream, options.responses, ["--plan", "pass"])
    await mixed(options.trueline, upstream, options.responses // 4, ["--plan", "intent"])
    await crowd(options.trueline, upstream, options.connections)
    await long(options.trueline, upstream, options.megabytes)
    await tls(options.trueline, options.seed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--trueline", default=os.path.join(ROOT, ".build", "debug", "trueline"))
    parser.add_argument("--responses", type=int, default=500)
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--megabytes", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    asyncio.run(main(parser.parse_args()))
    sys.exit(failed > 0)
