"""Cloudflare's API as far as temporary credentials of R2 go: what it checks, and how it refuses."""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

from harness.examples.sessions import Sessions, bucket_policy
from harness.listener import Listener, Reply, Request, reply_json
from harness.planted import Planted

_PATH = re.compile(r"/client/v4/accounts/([0-9a-f]{32})/r2/temp-access-credentials")
_LEVELS = {"object-read-only": False, "object-read-write": True, "admin-read-only": False, "admin-read-write": True}
_KNOWN = {"bucket", "parentAccessKeyId", "permission", "ttlSeconds", "prefixes", "objects"}


class Refused(Exception):
    """Carries the envelope of an error."""

    def __init__(self, status: int, code: int, message: str):
        body = {"success": False, "errors": [{"code": code, "message": message}], "messages": [], "result": None}
        self.reply = reply_json(status, body)
        super().__init__(message)


class R2:
    """One account with its buckets and one token."""

    def __init__(self, sessions: Sessions, planted: Planted):
        self.account = secrets.token_hex(16)
        self.key_id = secrets.token_hex(16)
        self.token = planted.hex("Cloudflare token", 40)
        # Bucket and jurisdiction.
        self.buckets: dict[str, str] = {}
        self.minted: list[dict[str, Any]] = []
        self._sessions = sessions
        self.wire = Listener(self._answer).start()

    @property
    def api_url(self) -> str:
        return f"{self.wire.url}/client/v4"

    def _answer(self, request: Request) -> Reply:
        try:
            return reply_json(200, {"success": True, "errors": [], "messages": [], "result": self._mint(request)})
        except Refused as refused:
            return refused.reply

    def _mint(self, request: Request) -> dict[str, str]:
        match = _PATH.fullmatch(request.target)
        if match is None or request.method != "POST":
            raise Refused(404, 7003, "Could not route to the path, perhaps your object identifier is invalid?")
        if request.bearer() != self.token:
            raise Refused(401, 10000, "Authentication error")
        if match[1] != self.account:
            raise Refused(403, 9109, "Unauthorized to access requested resource")
        asked = self._body(request)
        bucket, prefixes = asked["bucket"], asked.get("prefixes", [])
        jurisdiction = request.headers.get("cf-r2-jurisdiction", "default")
        if self.buckets.get(bucket) != jurisdiction:
            raise Refused(404, 10006, "The specified bucket does not exist.")
        self.minted.append(asked | {"jurisdiction": jurisdiction})
        # Without prefixes, or with none, it opens the bucket.
        keys = self._sessions.mint(bucket_policy(bucket, prefixes or [""], _LEVELS[asked["permission"]]), asked["ttlSeconds"])
        return {"accessKeyId": keys.access_key_id, "secretAccessKey": keys.secret_access_key, "sessionToken": keys.session_token or ""}

    def _body(self, request: Request) -> dict[str, Any]:
        if request.headers.get_content_type() != "application/json":
            raise Refused(415, 10000, "Unsupported media type")
        try:
            asked = json.loads(request.body)
        except ValueError:
            raise Refused(400, 10001, "Malformed JSON") from None
        ttl = asked.get("ttlSeconds")
        fine = set(asked) <= _KNOWN and all(isinstance(asked.get(name), str) for name in ("bucket", "parentAccessKeyId"))
        fine &= asked.get("permission") in _LEVELS and type(ttl) is int and 1 <= ttl <= 604800
        for name in ("prefixes", "objects"):
            listed = asked.get(name, [])
            fine &= isinstance(listed, list) and all(isinstance(one, str) and not one.startswith("/") for one in listed)
        if not fine:
            raise Refused(400, 10012, "The request body is invalid")
        if asked["parentAccessKeyId"] != self.key_id:
            raise Refused(400, 10018, "The parent access key is invalid")
        return asked
