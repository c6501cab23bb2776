"""A small HTTP server for doubles: whole requests in, whole replies out, a record, and faults on demand."""

from __future__ import annotations

import http.client
import json
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from harness.tools import free_ports

_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection", "expect"}


@dataclass
class Request:
    """One request as it came over the wire: nothing is decoded but on demand."""

    method: str
    target: str
    headers: http.client.HTTPMessage
    body: bytes = field(repr=False)
    secure: bool = False

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    def parameters(self) -> dict[str, str]:
        """The query decoded, `+` as a space, as clouds do; a name that comes twice is a ValueError."""
        return unique(
            [(unquote_plus(n), unquote_plus(v)) for n, _, v in (p.partition("=") for p in self.query.split("&") if p)]
        )

    def form(self) -> dict[str, str]:
        """The body as a form; a name that comes twice is a ValueError."""
        return unique(parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True))

    def bearer(self) -> str | None:
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        return value if scheme.lower() == "bearer" and value else None


@dataclass
class Reply:
    """What goes back. `length` stands for a body that is not sent (HEAD)."""

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)


Answer = Callable[[Request], Reply]
Fault = Callable[[Request, Answer], Reply]


class Dropped(Exception):
    """Raised by a fault: the connection is closed without a reply."""


def unique(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a parameter comes twice")
    return found


def reply_json(status: int, body: Any, **headers: str) -> Reply:
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Reply(status, json.dumps(body).encode(), [("Content-Type", "application/json; charset=utf-8"), *named])


def slow(seconds: float) -> Fault:
    def fault(request: Request, answer: Answer) -> Reply:
        time.sleep(seconds)
        return answer(request)

    return fault


def instead(status: int, body: bytes | str = b"", **headers: str) -> Fault:
    """Answers with this, whatever was asked."""
    data = body.encode() if isinstance(body, str) else body
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return lambda _request, _answer: Reply(status, data, named)


def dropped(_request: Request, _answer: Answer) -> Reply:
    raise Dropped


class Listener:
    """Serves one double on loopback. Each request that was seen is in `seen`; replies are dated by `clock`."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None, clock: Callable[[], float] = time.time):
        self.port = free_ports(1)[0]
        self.clock = clock
        self.seen: list[Request] = []
        self._scheme = "https" if tls else "http"
        self._faults: list[Fault] = []
        self._answer = answer
        self._server = _server(self, tls)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def start(self) -> Listener:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def failing(self, fault: Fault) -> Iterator[None]:
        """Every request meets this fault while the context lasts."""
        self._faults.append(fault)
        try:
            yield
        finally:
            self._faults.remove(fault)

    def respond(self, request: Request) -> Reply:
        self.seen.append(request)
        if self._faults:
            return self._faults[-1](request, self._answer)
        return self._answer(request)


def _server(listener: Listener, tls: ssl.SSLContext | None) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def setup(self) -> None:
            if tls is not None:
                # Here, in the connection's own thread: a client that never speaks blocks nobody else.
                self.request = tls.wrap_socket(self.request, server_side=True)
            super().setup()

        def _body(self) -> bytes:
            if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return body

        def _serve(self) -> None:
            request = Request(self.command, self.path, self.headers, self._body(), tls is not None)
            try:
                reply = listener.respond(request)
            except Dropped:
                self.close_connection = True
                return
            self.send_response_only(reply.status)
            names = {name.lower() for name, _ in reply.headers}
            for name, value in reply.headers:
                self.send_header(name, value)
            if "date" not in names:
                self.send_header("Date", self.date_time_string(listener.clock()))
            if "content-length" not in names and reply.status != 204:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        def handle(self) -> None:
            try:
                super().handle()
            except (ConnectionError, TimeoutError, ssl.SSLError):
                self.close_connection = True

        def log_message(self, *_arguments: Any) -> None:
            pass

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_PATCH = do_OPTIONS = _serve

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, request: Any, client_address: Any) -> None:
            if not isinstance(sys.exception(), ssl.SSLError | ConnectionError | TimeoutError):
                super().handle_error(request, client_address)

    return Server(("127.0.0.1", listener.port), Handler)


def forward(
    request: Request,
    port: int,
    tls: ssl.SSLContext | None = None,
    target: str | None = None,
    headers: dict[str, str | None] | None = None,
) -> Reply:
    """Passes a request on to a server behind, as it came but for `target` and `headers` (None removes one)."""
    changed = {name.lower(): value for name, value in (headers or {}).items()}
    connection = (
        http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=tls)
        if tls
        else http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    )
    try:
        connection.putrequest(request.method, target or request.target, skip_host=True, skip_accept_encoding=True)
        if "host" not in changed:
            connection.putheader("Host", f"127.0.0.1:{port}")
        for name, value in request.headers.items():
            if name.lower() not in _HOP | {"content-length", "host"} | changed.keys():
                connection.putheader(name, value)
        for name, value in changed.items():
            if value is not None:
                connection.putheader(name, value)
        if request.body or request.method in ("PUT", "POST", "PATCH"):
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body or None)
        reply = connection.getresponse()
        body = reply.read()
        kept = [(name, value) for name, value in reply.getheaders() if name.lower() not in _HOP]
        if request.method != "HEAD":
            kept = [(name, value) for name, value in kept if name.lower() != "content-length"]
        return Reply(reply.status, body, kept)
    finally:
        connection.close()
