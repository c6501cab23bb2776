"""An identity provider of workloads: it signs the tokens that clouds exchange, as a Kubernetes cluster does."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from harness.planted import Planted


class Federation:
    """One issuer with its key."""

    def __init__(self, planted: Planted, issuer: str = "https://cluster.example"):
        self.issuer = issuer
        # In each token, so that one search finds any of them.
        self._mark = planted.hex("federated token")
        self._key = rsa.generate_private_key(65537, 2048)

    @property
    def public_key(self) -> rsa.RSAPublicKey:
        return self._key.public_key()

    def token(self, subject: str, audience: str, seconds: int = 600, **claims: Any) -> str:
        now = int(time.time())
        body = {"iss": self.issuer, "sub": subject, "aud": [audience], "iat": now, "nbf": now, "exp": now + seconds}
        body |= {"jti": f"{self._mark}{secrets.token_hex(8)}"} | claims
        return jwt.encode(body, self._key, algorithm="RS256")

    def write(self, path: Path, subject: str, audience: str, seconds: int = 600, **claims: Any) -> Path:
        """A token in a file, swapped in at once as the kubelet does."""
        fresh = path.with_name(path.name + ".new")
        fresh.touch(mode=0o600)
        fresh.write_text(self.token(subject, audience, seconds, **claims))
        fresh.rename(path)
        return path

    def claims(self, token: str, audiences: list[str], now: float, leeway: float = 0) -> dict[str, Any]:
        """The claims if the signature is ours; time is compared with `now`. jwt's own errors otherwise."""
        options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["iss", "sub", "aud", "exp"]}
        # Who issued it is told apart from who signed it.
        if jwt.decode(token, options={"verify_signature": False}).get("iss") != self.issuer:
            raise jwt.InvalidIssuerError
        found = jwt.decode(token, self.public_key, algorithms=["RS256"], audience=audiences, options=options)
        if found["exp"] + leeway < now:
            raise jwt.ExpiredSignatureError
        if found.get("nbf", 0) - leeway > now:
            raise jwt.ImmatureSignatureError
        return found
