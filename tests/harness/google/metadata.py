"""The metadata server of a virtual machine: a token for whoever asks with the right header."""

from __future__ import annotations

from harness.google.iam import CLOUD, Account, Iam
from harness.listener import Listener, Reply, Request, reply_json

_ROOT = "/computeMetadata/v1/"


class Metadata:
    """On http, as the real one; a test sets which account the machine runs as."""

    def __init__(self, iam: Iam, account: Account):
        self._iam = iam
        self.account = account
        self.listener = Listener(self._answer, clock=iam.now)

    @property
    def host(self) -> str:
        """The value of `GCE_METADATA_HOST`."""
        return f"127.0.0.1:{self.listener.port}"

    def _answer(self, request: Request) -> Reply:
        reply = self._reply(request)
        reply.headers.append(("Metadata-Flavor", "Google"))
        return reply

    def _reply(self, request: Request) -> Reply:
        if request.method == "GET" and request.path == "/":
            return self._text(200, "computeMetadata/\n")
        # A request that somebody else's proxy forwarded, or a browser's, is refused.
        if request.headers.get("Metadata-Flavor") != "Google" or "X-Forwarded-For" in request.headers:
            return self._text(403, "Missing Metadata-Flavor:Google header.")
        found = self._found(request) if request.method == "GET" else None
        return found or self._text(404, "not found")

    def _found(self, request: Request) -> Reply | None:
        path = request.path.removeprefix(_ROOT)
        for name in ("default", self.account.email):
            lead = f"instance/service-accounts/{name}/"
            if path == lead + "token":
                token = self._iam.mint(self.account, frozenset({CLOUD}))
                return reply_json(200, {"access_token": token.value, "expires_in": int(self._iam.life), "token_type": "Bearer"})
            if path == lead + "email":
                return self._text(200, self.account.email)
            if path == lead + "scopes":
                return self._text(200, CLOUD + "\n")
            if path == lead and "recursive=true" in request.query.lower():
                return reply_json(200, {"aliases": ["default"], "email": self.account.email, "scopes": [CLOUD]})
        if path == "project/project-id":
            return self._text(200, self.account.project)
        return self._text(200, "googleapis.com") if path == "universe/universe-domain" else None

    @staticmethod
    def _text(status: int, text: str) -> Reply:
        return Reply(status, text.encode(), [("Content-Type", "application/text")])
