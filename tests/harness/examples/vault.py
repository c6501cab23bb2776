"""Vault as far as its AWS secrets engine makes sessions: tokens, namespaces, roles, seals, and its words for errors."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from typing import Any

from harness.authority import Authority
from harness.examples.sessions import Sessions
from harness.listener import Listener, Reply, Request, reply_json
from harness.planted import Planted

_PATH = re.compile(r"/v1/(?P<mount>[^?]+)/sts/(?P<role>[\w.@-]+)")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)


class Refused(Exception):
    """Carries Vault's envelope."""

    def __init__(self, status: int, *errors: str):
        self.reply = reply_json(status, {"errors": list(errors)})
        super().__init__(*errors)


@dataclass
class Role:
    """A role of the mount. `policy` decides what its sessions open."""

    policy: dict[str, Any]
    credential_type: str = "assumed_role"
    max_sts_ttl: int = 43200
    # Releases before 1.14 know one name of the token only.
    old: bool = False


class Vault:
    """One server with one mount; `sealed` may be changed while it runs."""

    def __init__(self, sessions: Sessions, planted: Planted, authority: Authority):
        self.token = planted.note("Vault token", "hvs." + secrets.token_urlsafe(24))
        self.ca = authority.ca.read_text()
        self.mount = "aws/lake"
        self.namespace: str | None = None
        self.sealed = False
        self.roles: dict[str, Role] = {}
        # Role, life and session name of each that was made.
        self.minted: list[tuple[str, int, str]] = []
        self._sessions = sessions
        self.wire = Listener(self._answer, authority.server()).start()

    def _answer(self, request: Request) -> Reply:
        try:
            return reply_json(200, self._mint(request))
        except Refused as refused:
            return refused.reply

    def _mint(self, request: Request) -> dict[str, Any]:
        if self.sealed:
            raise Refused(503, "Vault is sealed")
        if request.headers.get("X-Vault-Request") != "true":
            raise Refused(412, "missing 'X-Vault-Request' header")
        match = _PATH.fullmatch(request.target)
        if request.headers.get("X-Vault-Token") != self.token or "Authorization" in request.headers:
            raise Refused(403, "permission denied")
        if match is None or match["mount"] != self.mount or request.headers.get("X-Vault-Namespace") != self.namespace:
            raise Refused(404, f'no handler for route "{request.target}". route entry not found.')
        if request.method not in ("POST", "PUT"):
            raise Refused(405, "unsupported operation")
        role = self.roles.get(match["role"])
        if role is None:
            raise Refused(400, f'Role "{match["role"]}" not found')
        return self._session(match["role"], role, json.loads(request.body))

    def _session(self, name: str, role: Role, asked: dict[str, Any]) -> dict[str, Any]:
        ttl = re.fullmatch(r"([0-9]+)s", asked.get("ttl", ""))
        if set(asked) - {"ttl", "role_session_name", "role_arn"} or ttl is None:
            raise Refused(400, "error converting input for field \"ttl\"")
        if not _SESSION_NAME.fullmatch(asked.get("role_session_name", "")):
            raise Refused(400, "Error assuming role: ValidationError")
        seconds = min(int(ttl[1]), role.max_sts_ttl)
        if seconds < 900:
            raise Refused(400, "Error assuming role: ValidationError: durationSeconds failed to satisfy constraint: at least 900")
        self.minted.append((name, seconds, asked["role_session_name"]))
        keys = self._sessions.mint(role.policy, seconds)
        token = None if role.credential_type == "iam_user" else keys.session_token
        data = {"access_key": keys.access_key_id, "secret_key": keys.secret_access_key, "security_token": token}
        data |= {} if role.old else {"session_token": token, "arn": "arn:aws:sts::123456789012:assumed-role/r/s"}
        lease = f"{self.mount}/sts/{name}/{secrets.token_hex(12)}"
        return {"request_id": secrets.token_hex(16), "lease_id": lease, "renewable": False, "lease_duration": seconds, "data": data}
