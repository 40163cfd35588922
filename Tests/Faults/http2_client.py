"""Two clients of HTTP/2 for trials of the proxy: one that keeps the rules, and one that writes what it is told."""

import asyncio
import ssl

import h2.config
import h2.connection
import h2.events
import h2.settings
import hpack
import hyperframe.frame as frames

WINDOW = 1 << 20


def context(authority):
    """TLS that trusts the proxy's authority, and asks for HTTP/2."""
    made = ssl.create_default_context(cafile=authority)
    made.set_alpn_protocols(["h2"])
    return made


async def open_wire(port, tls):
    return await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname="localhost")


class Answer:
    """What comes back on a stream."""

    def __init__(self, take=None):
        self.status, self.fields, self.trailers, self.body, self.take = None, [], [], bytearray(), take
        self.reset, self.done = None, asyncio.get_running_loop().create_future()
        self.headed = asyncio.get_running_loop().create_future()

    def end(self):
        for future in (self.headed, self.done):
            if not future.done():
                future.set_result(self)


class Client:
    """A client that keeps the rules, on one connection."""

    @classmethod
    async def connect(cls, port, tls, window=WINDOW):
        self = cls()
        self.reader, self.writer = await open_wire(port, tls)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="latin-1"))
        self.h2.local_settings = h2.settings.Settings(client=True, initial_values={
            h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window, h2.settings.SettingCodes.ENABLE_PUSH: 0})
        self.h2.initiate_connection()
        self.h2.increment_flow_control_window(1 << 24)
        self.answers, self.ended, self.room, self.slots = {}, False, asyncio.Event(), asyncio.Event()
        self.ready = asyncio.get_running_loop().create_future()
        self.flush()
        self.pump = asyncio.create_task(self.run())
        await self.ready
        return self

    def flush(self):
        if data := self.h2.data_to_send():
            self.writer.write(data)

    async def run(self):
        try:
            while data := await self.reader.read(1 << 18):
                for event in self.h2.receive_data(data):
                    self.handle(event)
                self.flush()
        except (OSError, h2.exceptions.ProtocolError):
            pass  # the connection is over, as below
        finally:
            self.ended = True
            for answer in self.answers.values():
                answer.end()
            self.room.set()
            self.slots.set()
            if not self.ready.done():
                self.ready.set_result(None)

    def handle(self, event):
        answer = self.answers.get(getattr(event, "stream_id", 0))
        if isinstance(event, h2.events.RemoteSettingsChanged):
            if not self.ready.done():
                self.ready.set_result(None)
            self.room.set()
        elif isinstance(event, h2.events.WindowUpdated):
            self.room.set()
        elif answer is None:
            return
        elif isinstance(event, h2.events.ResponseReceived):
            answer.fields = event.headers
            answer.status = int(dict(event.headers)[":status"])
            answer.headed.set_result(answer)
        elif isinstance(event, h2.events.DataReceived):
            # Who takes nothing leaves the stream's window as it is.
            if answer.take and answer.take(event.data) is False:
                return
            if not answer.take:
                answer.body.extend(event.data)
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            answer.trailers = event.headers
        elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
            answer.reset = getattr(event, "error_code", None)
            answer.end()
            self.slots.set()
            self.room.set()

    async def begin(self, path, method="GET", fields=(), body=None, take=None, trailers=None):
        """Sends a request as soon as the server's limit of streams lets it."""
        while self.h2.open_outbound_streams >= self.h2.remote_settings.max_concurrent_streams and not self.ended:
            self.slots.clear()
            await self.slots.wait()
        answer = Answer(take)
        if self.ended:
            answer.end()
            return answer
        stream = self.h2.get_next_available_stream_id()
        answer.stream = stream
        self.answers[stream] = answer
        self.h2.send_headers(stream, [(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path), *fields], end_stream=body is None)
        self.flush()
        if body is not None:
            await self.send(stream, answer, body, trailers)
        return answer

    async def send(self, stream, answer, body, trailers):
        rest = memoryview(body)
        while rest and not answer.done.done():
            count = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(rest))
            if count <= 0:
                self.room.clear()
                await self.room.wait()
                continue
            self.h2.send_data(stream, bytes(rest[:count]))
            rest = rest[count:]
            self.flush()
        if not answer.done.done():
            self.h2.send_headers(stream, trailers, end_stream=True) if trailers else self.h2.end_stream(stream)
            self.flush()

    async def ask(self, path, **more):
        return await (await self.begin(path, **more)).done

    async def close(self):
        self.writer.close()
        await self.pump


class Wire:
    """Frames as they are told, and what comes back. Answers SETTINGS and PING, and nothing else."""

    @classmethod
    async def connect(cls, port, tls, preface=b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", settings=None):
        self = cls()
        self.reader, self.writer = await open_wire(port, tls)
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.statuses, self.resets, self.ends, self.bodies = {}, {}, set(), {}
        self.goaway, self.ended, self.changed = None, False, asyncio.Condition()
        self.writer.write(preface + (frames.SettingsFrame(0, settings=settings or {}).serialize() if preface else b""))
        self.pump = asyncio.create_task(self.run())
        return self

    async def run(self):
        try:
            while True:
                head = await self.reader.readexactly(9)
                frame, length = frames.Frame.parse_frame_header(memoryview(head))
                frame.parse_body(memoryview(await self.reader.readexactly(length)))
                self.handle(frame)
                async with self.changed:
                    self.changed.notify_all()
        except (asyncio.IncompleteReadError, OSError):
            pass  # the connection is over, as below
        finally:
            self.ended = True
            async with self.changed:
                self.changed.notify_all()

    def handle(self, frame):
        stream = frame.stream_id
        if isinstance(frame, frames.HeadersFrame):
            fields = dict(self.decoder.decode(frame.data))
            self.statuses.setdefault(stream, int(fields.get(":status", 0)))
        elif isinstance(frame, frames.DataFrame):
            self.bodies[stream] = self.bodies.get(stream, b"") + frame.data
        elif isinstance(frame, frames.RstStreamFrame):
            self.resets[stream] = frame.error_code
        elif isinstance(frame, frames.GoAwayFrame):
            self.goaway = frame.error_code
        elif isinstance(frame, frames.SettingsFrame) and "ACK" not in frame.flags:
            self.writer.write(frames.SettingsFrame(0, flags=["ACK"]).serialize())
        elif isinstance(frame, frames.PingFrame) and "ACK" not in frame.flags:
            self.writer.write(frames.PingFrame(0, opaque_data=frame.opaque_data, flags=["ACK"]).serialize())
        if "END_STREAM" in getattr(frame, "flags", ()):
            self.ends.add(stream)

    async def send(self, *parts):
        """Frames, or bytes. A server that has had enough closes in the middle, which is no failure of the client."""
        try:
            for part in parts:
                if self.ended:
                    return
                self.writer.write(part if isinstance(part, bytes) else part.serialize())
                await self.writer.drain()
        except OSError:
            pass

    def head(self, stream, fields, end=True):
        """A HEADERS frame, of which nothing goes into the table for later heads."""
        block = self.encoder.encode([hpack.NeverIndexedHeaderTuple(*field) for field in fields])
        return frames.HeadersFrame(stream, data=block, flags=["END_HEADERS"] + (["END_STREAM"] if end else []))

    def is_over(self, stream):
        return stream in self.ends or stream in self.resets

    async def until(self, condition):
        """Waits for it, or for the connection's end."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.ended or condition())

    async def close(self):
        self.writer.close()
        await self.pump
