"""The token service of the Rust example: three lines in, four lines out."""

from __future__ import annotations

from harness.examples.sessions import Sessions, bucket_policy
from harness.listener import Listener, Reply, Request
from harness.planted import Planted

_RIGHTS = {"read", "read+write+delete"}


class TokenShop:
    """One shop with one customer. It sells rights to read, and all rights."""

    def __init__(self, sessions: Sessions, planted: Planted):
        self.key = planted.hex("key of the token service", 40)
        self.sold: list[tuple[str, str, int]] = []
        self._sessions = sessions
        self.wire = Listener(self._answer).start()

    @property
    def url(self) -> str:
        return f"{self.wire.url}/v1/keys"

    def _answer(self, request: Request) -> Reply:
        if request.bearer() != self.key:
            return Reply(401)
        location, rights, life, end = request.body.decode().split("\n")
        if (request.method, request.target, end) != ("POST", "/v1/keys", "") or rights not in _RIGHTS:
            return Reply(400)
        scheme, _, rest = location.partition("://")
        bucket, _, key = rest.partition("/")
        assert scheme == "s3"
        self.sold.append((location, rights, int(life)))
        keys = self._sessions.mint(bucket_policy(bucket, [key], rights != "read"), int(life))
        assert keys.expiration is not None
        ends = str(int(keys.expiration.timestamp() * 1000))
        return Reply(200, "\n".join([keys.access_key_id, keys.secret_access_key, keys.session_token or "", ends, ""]).encode())
