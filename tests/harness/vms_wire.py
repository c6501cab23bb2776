"""HTTPS for the VMS double: one request in, one reply out, or a connection that is cut."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_LONGEST_BODY = 1 << 20


class Cut(Exception):
    """The connection is reset without a reply."""


@dataclass(frozen=True)
class Request:
    """A request as it arrived. `path` is what stood in the request line, still encoded."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes = field(repr=False)

    def header(self, name: str) -> str | None:
        return self.headers.get(name.lower())


@dataclass(frozen=True)
class Reply:
    """`body`: bytes go out as they are, `None` is no body, everything else is JSON."""

    status: int
    body: Any = field(default=None, repr=False)
    headers: dict[str, str] = field(default_factory=dict)
    # Seconds between the bytes of the body.
    drip: float = 0.0

    def encoded(self) -> tuple[bytes, str]:
        if isinstance(self.body, bytes):
            return self.body, "text/html; charset=utf-8"
        return (b"" if self.body is None else json.dumps(self.body).encode()), "application/json"


class Wire(ThreadingHTTPServer):
    """One thread per connection; the handshake runs in it, so that a client that refuses holds nobody up."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, tls: ssl.SSLContext, serve: Callable[[Request], Reply]):
        self._tls = tls
        self.serve = serve
        self.stopping = threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.settimeout(90)
        try:
            secured = self._tls.wrap_socket(request, server_side=True)
        except OSError:
            # A client that does not trust the certificate.
            return
        try:
            super().finish_request(secured, client_address)
        except Cut:
            secured.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except (OSError, ValueError):
            # The client went away: what tests do to hosts.
            pass
        finally:
            secured.close()

    def close(self) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()
        self._thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Wire

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if self.headers.get("Transfer-Encoding") or length > _LONGEST_BODY:
            self.close_connection = True
            self._send(Reply(411 if length == 0 else 413))
            return
        raw = self.rfile.read(length)
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._send(self.server.serve(Request(self.command, parts.path, query, headers, raw)))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _answer

    def _send(self, reply: Reply) -> None:
        body, kind = reply.encoded()
        self.send_response(reply.status)
        for name, value in ({"Content-Type": kind} | reply.headers).items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD" or reply.status == 204:
            return
        if not reply.drip:
            self.wfile.write(body)
            return
        for at in range(len(body)):
            if self.server.stopping.wait(reply.drip):
                raise Cut
            self.wfile.write(body[at : at + 1])
            self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """The double keeps its own record of requests."""
