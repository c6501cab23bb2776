"""A server that plugins talk to: it keeps every byte that it received, and answers as badly as the path says."""

from __future__ import annotations

import base64
import gzip
import json
import re
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from urllib.parse import parse_qs, quote, unquote

from harness.tools import free_ports

_FOR_EVER = 20.0
# What the hostile strategy changes every byte by, so that the host cannot read what it tells.
_MASK = bytes(byte ^ 0x5A for byte in range(256))


def unmasked(data: bytes) -> bytes:
    return data.translate(_MASK)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


# How a request is sent back: its head and its body, in a form that anybody can undo.
ECHOES: dict[str, Callable[[bytes], bytes]] = {
    "raw": bytes,
    "base64": base64.b64encode,
    "base64url": base64.urlsafe_b64encode,
    "hex": lambda data: data.hex().encode(),
    "hex-upper": lambda data: data.hex().upper().encode(),
    "percent": lambda data: quote(data, safe="").encode(),
    "percent-all": lambda data: "".join(f"%{byte:02x}" for byte in data).encode(),
    "json": lambda data: json.dumps({"request": data.decode("latin-1")}).encode(),
    "json-unicode": lambda data: ('"' + "".join(f"\\u{byte:04x}" for byte in data) + '"').encode(),
    "gzip": gzip.compress,
}


class Upstream:
    """One server. `received` has what each connection sent, byte for byte."""

    def __init__(self, addresses: tuple[str, ...] = ("127.0.0.1",), token: str = ""):
        self.port = free_ports(1)[0]
        # What it hands out as a token of its own.
        self.token = token
        self.received: list[bytes] = []
        self.connections = 0
        # The uses of secrets that are allowed here, as they stand in the request.
        self.allowed: list[bytes] = []
        self._lock = threading.Lock()
        self._servers = [self._server(address) for address in addresses]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Upstream:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def mark(self) -> int:
        """Where what comes from now on begins."""
        with self._lock:
            return len(self.received)

    def since(self, mark: int) -> list[bytes]:
        with self._lock:
            return self.received[mark:]

    def bodies(self, mark: int, path: str) -> list[bytes]:
        """Bodies of the requests to this path."""
        whole = (raw.partition(b"\r\n\r\n") for raw in self.since(mark))
        return [body for head, _, body in whole if head.split(b" ", 2)[1:2] == [path.encode()]]

    def unexpected(self, mark: int) -> bytes:
        """Everything since the mark, without the uses that are allowed, in the clear and unmasked."""
        out = b""
        for raw in self.since(mark):
            head, _, body = raw.partition(b"\r\n\r\n")
            for allowed in self.allowed:
                raw = re.sub(re.escape(allowed), b"", raw, flags=re.IGNORECASE)
            out += raw + b"\n" + unmasked(body) + b"\n"
        return out

    def keep(self, data: bytes) -> None:
        with self._lock:
            self.received.append(data)

    def _server(self, address: str) -> socketserver.ThreadingTCPServer:
        upstream = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                upstream.connections += 1
                self.request.settimeout(_FOR_EVER)
                raw = b""
                try:
                    raw = _read(self.request)
                finally:
                    upstream.keep(raw)
                if raw:
                    answer(self.request, raw, upstream.token)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 64
            address_family = socket.AF_INET6 if ":" in address else socket.AF_INET

            def handle_error(self, _request: object, _address: object) -> None:
                """A client that hangs up is what is tested."""

        return Server((address, self.port), Handler)


def _read(connection: socket.socket) -> bytes:
    """One request, as long as its head says."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        piece = connection.recv(65536)
        if not piece:
            return raw
        raw += piece
    head, _, body = raw.partition(b"\r\n\r\n")
    found = re.search(rb"(?im)^content-length: *(\d+)\r?$", head)
    missing = int(found[1]) - len(body) if found else 0
    while missing > 0:
        piece = connection.recv(min(missing, 1 << 20))
        if not piece:
            break
        raw += piece
        missing -= len(piece)
    return raw


def answer(connection: socket.socket, raw: bytes, token: str) -> None:
    target = raw.split(b" ", 2)[1].decode("latin-1")
    path, _, query = target.partition("?")
    words = path.strip("/").split("/")
    given = {name: values[0] for name, values in parse_qs(query).items()}
    match words:
        case ["echo", form]:
            more = b"Content-Encoding: gzip\r\n" if form == "gzip" else b""
            reply(connection, 200, ECHOES[form](raw), more)
        case ["echo-header", form]:
            line = ECHOES[form](raw.replace(b"\r\n", b" | "))[:6000]
            reply(connection, 200, b"see the header", b"X-Seen: " + line + b"\r\n")
        case ["redirect", status]:
            reply(connection, int(status), b"", f"Location: {given['to']}\r\n".encode())
        case ["json"]:
            reply(connection, 200, unquote(query).encode(), b"Content-Type: application/json\r\n")
        case ["token", kind]:
            body = {"access": token, "kind": "bearer"}
            body |= {"once": {}, "twice": {"again": token}, "named": {token: 1}, "base64": {"again": _base64(token)}}[kind]
            reply(connection, 200, json.dumps(body).encode(), b"Content-Type: application/json\r\n")
        case ["status", status]:
            reply(connection, int(status), b"{}", b"Retry-After: 7\r\n")
        case ["endless"]:
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        case ["gigabyte"]:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
            for _ in range(1024):
                connection.sendall(b"x" * (1 << 20))
        case ["slow"]:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            end = time.monotonic() + _FOR_EVER
            while time.monotonic() < end:
                connection.sendall(b"x")
                time.sleep(0.05)
        case ["silent"]:
            connection.recv(1)
        case ["malformed", kind]:
            connection.sendall(MALFORMED[kind])
        case _:
            reply(connection, 200, b"ok")


def reply(connection: socket.socket, status: int, body: bytes, more: bytes = b"") -> None:
    head = f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(body)}\r\nConnection: close\r\n".encode()
    connection.sendall(head + more + b"\r\n" + body)


_OK = b"HTTP/1.1 200 OK\r\n"
MALFORMED = {
    "garbage": b"\x16\x03\x01\x02\x00" + bytes(range(256)),
    "nothing": b"",
    "no-status": b"HTTP/1.1\r\n\r\n",
    "status-huge": b"HTTP/1.1 99999999 OK\r\n\r\n",
    "http-0.9": b"<html>hello</html>",
    "http-9": b"HTTP/9.9 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "length-negative": _OK + b"Content-Length: -1\r\n\r\nok",
    "length-twice": _OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nokk",
    "length-short": _OK + b"Content-Length: 200\r\n\r\nok",
    "length-overflow": _OK + b"Content-Length: 99999999999999999999999\r\n\r\nok",
    "chunk-bad": _OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n",
    "chunk-overflow": _OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nok\r\n",
    "header-nul": _OK + b"X-A: a\0b\r\nContent-Length: 2\r\n\r\nok",
    "header-fold": _OK + b"X-A: a\r\n b: c\r\nX B: c\r\nContent-Length: 2\r\n\r\nok",
    "headers-many": _OK + b"X-A: b\r\n" * 5000 + b"Content-Length: 2\r\n\r\nok",
    "header-huge": _OK + b"X-A: " + b"b" * (2 << 20) + b"\r\nContent-Length: 2\r\n\r\nok",
    "switch": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + b"PRI * HTTP/2.0",
}
