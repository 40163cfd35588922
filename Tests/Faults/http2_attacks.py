"""What a client of HTTP/2 must not do (RFC 9113), each as a coroutine that writes it to a `Wire`. Stream 1 is under way; the bad one is stream 3."""

import struct

import hyperframe.frame as frames

RESET_CANCEL = 8


def GET(path="/7", method="GET", without=(), more=(), **change):
    """The fields of a request. `change` replaces pseudo-headers by name, `without` leaves them out."""
    head = {":method": method, ":scheme": "https", ":authority": "localhost", ":path": path}
    head.update({":" + name: value for name, value in change.items()})
    return [(name, value) for name, value in head.items() if name not in without] + list(more)


def raw(kind, flags, stream, payload):
    """A frame, whatever is in it."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def headed(fields, end=True, body=None):
    """A request of these fields; with a body, and without the end of the head's stream."""

    async def send(wire):
        await wire.send(wire.head(3, fields, end=end and body is None))
        if body is not None:
            await wire.send(frames.DataFrame(3, data=body, flags=["END_STREAM"]))

    return send


def frame_after(request, *parts):
    """A request, and then frames or bytes."""

    async def send(wire):
        await wire.send(wire.head(3, **request), *parts)

    return send


def field(name, value):
    return headed(GET(more=[(name, value)]))


def post(length, body):
    return headed(GET("/echo", "POST", more=[("content-length", length)]), body=body)


OPEN = {"fields": GET("/echo", "POST"), "end": False}
WAITS = {"fields": GET("/wait"), "end": True}

# Each ends its stream, by an answer or a reset, and no other.
STREAM = {
    "te: gzip": field("te", "gzip"),
    "transfer-encoding: chunked": field("transfer-encoding", "chunked"),
    "connection: close": field("connection", "close"),
    "connection: x, and x": headed(GET(more=[("connection", "x"), ("x", "1")])),
    "keep-alive": field("keep-alive", "timeout=5"),
    "proxy-connection": field("proxy-connection", "keep-alive"),
    "upgrade": field("upgrade", "websocket"),
    "http2-settings": field("http2-settings", "AAMAAABkAAQAAP__"),
    "a name with a capital": field("X-Upper", "1"),
    "a name with a line end": field("x\r\ny", "1"),
    "a name with a blank": field("x y", "1"),
    "a name with a colon": field("x:y", "1"),
    "a value with a line end and a request": field("x", "1\r\n\r\nGET /evil HTTP/1.1\r\nHost: inside\r\n\r\n"),
    "a value with a bare line feed": field("x", "1\nhost: evil"),
    "a value with a carriage return": field("x", "1\rhost: evil"),
    "a value with a NUL": field("x", "1\0"),
    "a value that begins with a blank": field("x", " 1"),
    "a value that ends with a tab": field("x", "1\t"),
    "another host than :authority": field("host", "evil.test"),
    "two hosts": headed(GET(more=[("host", "localhost"), ("host", "evil.test")])),
    "neither :authority nor host": headed(GET(without=[":authority"])),
    "an :authority that the proxy is not": headed(GET(authority="evil.test")),
    "an :authority with a person": headed(GET(authority="me@localhost")),
    "no :method": headed(GET(without=[":method"])),
    "no :path": headed(GET(without=[":path"])),
    "no :scheme": headed(GET(without=[":scheme"])),
    "an empty :path": headed(GET(path="")),
    "a :path with a request in it": headed(GET(path="/ HTTP/1.1\r\n\r\nGET /evil")),
    "a :path with a blank": headed(GET(path="/7 HTTP/1.1")),
    "a :path that is an address": headed(GET(path="https://inside.test/evil")),
    "a :path that begins with no slash": headed(GET(path="evil")),
    "a :path twice": headed(GET(more=[]) + [(":path", "/evil")]),
    "a :method with a request in it": headed(GET(method="GET /evil HTTP/1.1\r\nx: ")),
    "a :scheme of another protocol": headed(GET(scheme="ftp")),
    "a :status": headed([(":status", "200")] + GET()),
    "an unknown pseudo-header": headed([(":evil", "1")] + GET()),
    "a pseudo-header behind a field": headed([("x", "1")] + GET()),
    "CONNECT": headed([(":method", "CONNECT"), (":authority", "inside:443")]),
    "an extended CONNECT": headed(GET(method="CONNECT", protocol="websocket")),
    "TRACE": headed(GET(method="TRACE")),
    "a content-length without a body": field("content-length", "5"),
    "a content-length above the body": post("50", b"12345"),
    "a content-length below the body": post("3", b"123GET /evil HTTP/1.1\r\n\r\n"),
    "a content-length with a sign": post("+5", b"12345"),
    "a content-length as a list": post("5, 5", b"12345"),
    "a content-length of 2^64 + 5": post("18446744073709551621", b"12345"),
    "two content-lengths": headed(GET("/echo", "POST", more=[("content-length", "5"), ("content-length", "6")]), body=b"12345"),
    "300 fields": headed(GET(more=[(f"x-{number}", "1") for number in range(300)])),
    "a WINDOW_UPDATE of nothing": frame_after(WAITS, raw(8, 0, 3, struct.pack(">I", 0))),
    "a window above 2^31": frame_after(WAITS, raw(8, 0, 3, struct.pack(">I", 0x7FFF_FFFF))),
    "data behind the end": frame_after(WAITS, frames.DataFrame(3, data=b"more")),
}


def trailers(*fields):
    async def send(wire):
        await wire.send(wire.head(3, **OPEN), frames.DataFrame(3, data=b"12345"), wire.head(3, list(fields)))

    return send


async def endless_trailers(wire):
    await wire.send(wire.head(3, **OPEN), wire.head(3, [("x", "1")], end=False))


STREAM["trailers with a pseudo-header"] = trailers((":path", "/evil"))
STREAM["trailers with a line end"] = trailers(("x", "1\r\n\r\nGET /evil HTTP/1.1\r\n\r\n"))
STREAM["trailers with transfer-encoding"] = trailers(("transfer-encoding", "chunked"))
STREAM["trailers that do not end the stream"] = endless_trailers


def sent(*parts):
    async def send(wire):
        await wire.send(*parts)

    return send


def block(data, flags=5):
    """A HEADERS frame with these bytes of HPACK."""
    return sent(raw(1, flags, 1, data))


async def reused(wire):
    await wire.send(wire.head(3, GET()))
    await wire.until(lambda: wire.is_over(3))
    await wire.send(wire.head(1, GET(path="/evil")))


async def more_streams(wire):
    """A fault of a stream, but one that may be taken for one of the connection (RFC 9113, section 5.4.1)."""
    await wire.send(*[wire.head(2 * number + 1, GET("/wait")) for number in range(101)])


async def interleaved(wire):
    head = wire.head(1, GET(path="/evil"))
    head.flags.discard("END_HEADERS")
    await wire.send(head, frames.DataFrame(1, data=b"1"), frames.ContinuationFrame(1, data=b"", flags=["END_HEADERS"]))


# Each ends its connection.
CONNECTION = {
    "preface of something else": sent(b"GET /evil HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "more streams than were announced": more_streams,
    "an even stream": sent(raw(1, 5, 2, b"\x82\x87\x84")),
    "a stream of before": reused,
    "data of a stream that is not": sent(frames.DataFrame(5, data=b"1")),
    "a reset of a stream that is not": sent(frames.RstStreamFrame(5, error_code=8)),
    "data of stream 0": sent(raw(0, 0, 0, b"1")),
    "a head of stream 0": sent(raw(1, 5, 0, b"\x82")),
    "no update of the connection's window": sent(raw(8, 0, 0, struct.pack(">I", 0))),
    "a connection's window above 2^31": sent(raw(8, 0, 0, struct.pack(">I", 0x7FFF_FFFF))),
    "SETTINGS of five bytes": sent(raw(4, 0, 0, b"12345")),
    "SETTINGS of a stream": sent(raw(4, 0, 1, b"")),
    "an acknowledgement with settings": sent(raw(4, 1, 0, b"123456")),
    "ENABLE_PUSH of 2": sent(raw(4, 0, 0, struct.pack(">HI", 2, 2))),
    "a first window of 2^31": sent(raw(4, 0, 0, struct.pack(">HI", 4, 0x8000_0000))),
    "a largest frame of 1": sent(raw(4, 0, 0, struct.pack(">HI", 5, 1))),
    "PING of seven bytes": sent(raw(6, 0, 0, b"1234567")),
    "PING of a stream": sent(raw(6, 0, 1, b"12345678")),
    "RST_STREAM of three bytes": sent(raw(3, 0, 1, b"123")),
    "a frame above the largest": sent(raw(0, 0, 1, bytes(20_000))),
    "a CONTINUATION of nothing": sent(frames.ContinuationFrame(1, data=b"", flags=["END_HEADERS"])),
    "a frame within a head": interleaved,
    "a PUSH_PROMISE": sent(raw(5, 4, 1, struct.pack(">I", 2) + b"\x82")),
    "padding beyond the frame": sent(raw(1, 0x0D, 1, b"\xff\x82")),
    "HPACK: an index that is not": block(b"\xff\x80\x01"),
    "HPACK: index 0": block(b"\x80"),
    "HPACK: a number without end": block(b"\xff" + b"\xff" * 20),
    "HPACK: a text beyond the block": block(b"\x00\x7f\x80\x7fx"),
    "HPACK: Huffman with a wrong end": block(b"\x00\x81\x00\x81\x00"),
    "HPACK: an empty name": block(b"\x82\x87\x84\x00\x00\x011"),
    "HPACK: a table above the limit": block(b"\x3f\xe1\xff\x03\x82"),
    "HPACK: a table's size in the middle": block(b"\x82\x20"),
}


async def rapid_reset(wire):
    """CVE-2023-44487."""
    for stream in range(1, 4_000, 2):
        await wire.send(wire.head(stream, GET("/wait")), frames.RstStreamFrame(stream, error_code=RESET_CANCEL))


async def made_to_reset(wire):
    """CVE-2025-8671: the server is made to reset its own streams."""
    for stream in range(1, 2_000, 2):
        await wire.send(wire.head(stream, GET("/wait")), raw(8, 0, stream, struct.pack(">I", 0)))


async def continuations(wire):
    """CVE-2024-27316: a head without an end."""
    head = wire.head(1, GET())
    head.flags.discard("END_HEADERS")
    await wire.send(head, *[frames.ContinuationFrame(1, data=b"\x00\x01x\x011") for _ in range(10_000)])


async def hpack_bomb(wire):
    """A field of 4,000 bytes in the table, and then 16,000 times its index: 64 MB from 20 KB."""
    first = b"\x82\x87\x84\x41\x09localhost" + b"\x40\x01x\x7f\xa1\x1e" + b"a" * 4_000
    await wire.send(raw(1, 5, 1, first))
    await wire.send(raw(1, 1, 3, b"\x82\x87\x84\xbf" + b"\xbe" * 16_000), raw(9, 4, 3, b"\xbe" * 16_000))


async def large_head(wire):
    """A head of 80 KB, in five frames."""
    parts = [b"\x00\x01x\x7f\x81\x7c" + b"a" * 16_000 for _ in range(5)]
    await wire.send(raw(1, 1, 1, b"\x82\x87\x84\x41\x09localhost"))
    await wire.send(*[raw(9, 4 if number == 4 else 0, 1, part) for number, part in enumerate(parts)])


def many(part, count=40_000):
    async def send(wire):
        # In pieces, so that what the server says in between is read.
        for _ in range(count // 1_000):
            await wire.send(part * 1_000)

    return send


async def nothing_again(wire):
    await wire.send(wire.head(1, GET("/echo", "POST"), end=False), raw(0, 0, 1, b"") * 1_000)


async def bad_heads(wire):
    """A malformed request after another."""
    for stream in range(1, 2_000, 2):
        await wire.send(wire.head(stream, GET(more=[("connection", "close")])))


# Each ends its connection: it only takes the server's time.
FLOODS = {
    "rapid reset (CVE-2023-44487)": rapid_reset,
    "made you reset (CVE-2025-8671)": made_to_reset,
    "CONTINUATION without end (CVE-2024-27316)": continuations,
    "an HPACK bomb": hpack_bomb,
    "a head of 80 KB": large_head,
    "PING without end (CVE-2019-9512)": many(raw(6, 0, 0, b"12345678")),
    "SETTINGS without end (CVE-2019-9515)": many(raw(4, 0, 0, b"")),
    "PRIORITY without end (CVE-2019-9513)": many(raw(2, 0, 1, b"\0\0\0\0\x10")),
    "DATA of nothing without end (CVE-2019-9518)": nothing_again,
    "malformed requests without end": bad_heads,
}


async def zero_window(wire):
    """Asks for a hundred long bodies and takes none of them."""
    for number in range(100):
        await wire.send(wire.head(2 * number + 1, GET("/long")))
    await wire.until(lambda: len(wire.statuses) == 100)


async def slow_window(wire):
    """Takes the window that there is and gives no other (CVE-2019-9511)."""
    for number in range(100):
        await wire.send(wire.head(2 * number + 1, GET("/long")))
    await wire.until(lambda: sum(len(body) for body in wire.bodies.values()) == 65_535)


async def stuck_uploads(wire):
    """Sends all that the window lets through to a server that takes nothing."""
    await wire.send(wire.head(1, GET("/stuck", "POST"), end=False))
    for _ in range(3):
        await wire.send(frames.DataFrame(1, data=bytes(16_384)))
    # The rest of the connection's window, but for what the proxy takes off the stream.
    await wire.send(frames.DataFrame(1, data=bytes(16_383)))


# Each goes on for as long as it likes, and takes little.
BOUNDED = {
    "zero windows (CVE-2019-9517)": zero_window,
    "a window that is never opened again": slow_window,
    "bodies sent to a server that does not read": stuck_uploads,
}
