"""The object store as clients see it: an emulator that checks nothing, behind one that checks everything.

A bearer token must come from the double of STS and is held to its boundary; without one a V4 signature must fit.
"""

from __future__ import annotations

import json
from http.client import HTTPMessage
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

from harness.authority import Authority
from harness.google.boundary import Need
from harness.google.emulator import Emulator
from harness.google.iam import Iam
from harness.google.operation import Operation, Unclear, understand
from harness.google.signed_url import Refused, is_signed, verify
from harness.listener import Listener, Reply, Request, forward, reply_json


class Gate:
    """On http and on https, on two ports: not every client can be told whom to trust."""

    def __init__(self, emulator: Emulator, iam: Iam, authority: Authority):
        self._emulator, self._iam = emulator, iam
        self._sessions: dict[str, Operation] = {}
        self.plain = Listener(self._answer, clock=iam.now)
        self.secure = Listener(self._answer, authority.server(), iam.now)

    def start(self) -> Gate:
        self.plain.start()
        self.secure.start()
        return self

    def stop(self) -> None:
        self.plain.stop()
        self.secure.stop()

    def _answer(self, request: Request) -> Reply:
        listener = self.secure if request.secure else self.plain
        operation: Operation | None = None
        try:
            operation = understand(request)
            if operation.kind == "session":
                operation = self._session(operation)
                reply = forward(request, self._emulator.port)
            else:
                self._authorise(request, operation, f"127.0.0.1:{listener.port}")
                self._hold_to_condition(request, operation)
                reply = self._by_xml(request, operation) if operation.xml else forward(request, self._emulator.port)
        except (Unclear, ValueError, KeyError) as error:
            return _error(request, Refused(400, "InvalidRequest", str(error)), False)
        except Refused as refused:
            return _error(request, refused, operation is not None and operation.xml)
        if reply.status >= 400 and operation.xml:
            return _error(
                request, Refused(reply.status, "NoSuchKey" if reply.status == 404 else "PreconditionFailed", ""), True
            )
        return self._seen_from_outside(reply, operation, listener.url)

    # Who may.

    def _authorise(self, request: Request, operation: Operation, host: str) -> None:
        needs = list(operation.needs)
        # A precondition that refuses to replace anything needs no right to delete what is there.
        if operation.kind == "write" and _condition(request) != "0" and self._generation(operation) != "0":
            needs.append(Need("storage.objects.delete", operation.bucket, operation.key))
        if operation.xml and "Authorization" not in request.headers and is_signed(request):
            account = verify(request, self._iam, host)
            self._demand(all(need.permission in account.permissions for need in needs), account.email, needs)
            return
        token = self._iam.live(request.bearer())
        if token is None:
            raise Refused(401, "AuthenticationRequired", "Invalid Credentials")
        if token.boundary is None:
            raise Refused(403, "AccessDenied", "only downscoped tokens are let in here")
        self._demand(all(token.permits(need) for need in needs), "The caller", needs)

    @staticmethod
    def _demand(permitted: bool, who: str, needs: list[Need]) -> None:
        if not permitted:
            wanted = ", ".join(sorted({need.permission for need in needs}))
            raise Refused(403, "AccessDenied", f"{who} does not have {wanted} access to the Google Cloud Storage object.")

    def _generation(self, operation: Operation) -> str:
        """Of the object that is there; `0` is none."""
        target = f"/storage/v1/b/{quote(operation.bucket, safe='')}/o/{quote(operation.key, safe='')}"
        reply = forward(Request("GET", target, HTTPMessage(), b""), self._emulator.port)
        return str(json.loads(reply.body)["generation"]) if reply.status == 200 else "0"

    def _hold_to_condition(self, request: Request, operation: Operation) -> None:
        """The emulator forgets about it for some kinds of upload."""
        wanted = _condition(request)
        if operation.kind == "write" and wanted is not None and wanted != self._generation(operation):
            raise Refused(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")

    def _session(self, operation: Operation) -> Operation:
        """Who opened a session may use it; its name is the secret."""
        if operation.key not in self._sessions:
            raise Refused(404, "NoSuchUpload", "no such session")
        return self._sessions[operation.key]

    # The way on to the emulator, which knows no PUT and no DELETE of the XML form.

    def _by_xml(self, request: Request, operation: Operation) -> Reply:
        clean: dict[str, str | None] = {"authorization": None}
        if operation.kind == "object" and request.method == "DELETE":
            target = f"/storage/v1/b/{quote(operation.bucket, safe='')}/o/{quote(operation.key, safe='')}"
            reply = forward(request, self._emulator.port, None, target, clean)
            return Reply(204) if reply.status == 200 else reply
        if operation.kind != "write":
            kept = "&".join(part for part in request.query.split("&") if part and not part.startswith("X-Goog-"))
            target = f"{request.path}?{kept}" if kept else request.path
            return forward(request, self._emulator.port, None, target, clean)
        if "x-goog-copy-source" in request.headers:
            raise Unclear("a copy in the XML form")
        fields = {"uploadType": "media", "name": operation.key}
        target = f"/upload/storage/v1/b/{quote(operation.bucket, safe='')}/o?{urlencode(fields, quote_via=quote)}"
        posted = Request("POST", target, request.headers, request.body)
        reply = forward(posted, self._emulator.port, None, None, clean)
        if reply.status != 200:
            return reply
        made = json.loads(reply.body)
        return Reply(200, b"", [("ETag", f'"{made["etag"]}"'), ("x-goog-generation", made["generation"])])

    def _seen_from_outside(self, reply: Reply, operation: Operation, url: str) -> Reply:
        """The emulator's own address is replaced, and an upload that was opened is remembered."""
        headers: list[tuple[str, str]] = []
        for name, value in reply.headers:
            if name.lower() == "location":
                self._sessions[value.rpartition("upload_id=")[2]] = operation
                value = value.replace(self._emulator.url, url)
            headers.append((name, value))
        if dict(headers).get("Content-Type", "").startswith("application/json"):
            reply.body = reply.body.replace(self._emulator.url.encode(), url.encode())
        return Reply(reply.status, reply.body, headers)


def _condition(request: Request) -> str | None:
    """The generation that a write is bound to."""
    return request.headers.get("x-goog-if-generation-match") or request.parameters().get("ifGenerationMatch")


def _error(request: Request, refused: Refused, xml: bool) -> Reply:
    headers = [("WWW-Authenticate", 'Bearer realm="https://accounts.google.com/"')] if refused.status == 401 else []
    if xml:
        text = f"<Message>{escape(refused.code)}</Message><Details>{escape(refused.text)}</Details>"
        body = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{refused.code}</Code>{text}</Error>"
        return Reply(refused.status, body.encode(), [("Content-Type", "application/xml; charset=UTF-8"), *headers])
    reason = {401: "authError", 403: "forbidden", 404: "notFound"}.get(refused.status, "invalid")
    inner = {"message": refused.text, "domain": "global", "reason": reason}
    reply = reply_json(refused.status, {"error": {"code": refused.status, "message": refused.text, "errors": [inner]}})
    reply.headers += headers
    return reply
