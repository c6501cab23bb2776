"""An issuer of tokens (OpenID Connect): keys of each kind, rotation, and what a hostile or a broken one does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from harness.listener import Listener, Reply, Request, reply_json
from harness.planted import Planted

DISCOVERY = "/.well-known/openid-configuration"
_SIGNERS = jwt.algorithms.get_default_algorithms()


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(header: dict[str, Any], claims: dict[str, Any], signer: Any) -> str:
    """A token as `signer(message)` signs it, whatever header and claims say."""
    message = ".".join(b64(json.dumps(part).encode()) for part in (header, claims))
    return f"{message}.{b64(signer(message.encode()))}"


def hs256(secret: bytes) -> Any:
    return lambda message: hmac.new(secret, message, hashlib.sha256).digest()


@dataclass
class Key:
    """A private key under a name; `alg` is what it signs by."""

    kid: str | None
    alg: str
    private: Any = field(repr=False)

    @classmethod
    def make(cls, alg: str = "RS256", kid: str | None = "") -> Key:
        """`kid` empty: a name of its own; None: none."""
        if alg.startswith(("RS", "PS")):
            private: Any = rsa.generate_private_key(65537, 2048)
        elif alg.startswith("ES"):
            private = ec.generate_private_key({"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1()}[alg])
        else:
            private = ed25519.Ed25519PrivateKey.generate()
        return cls(secrets.token_hex(4) if kid == "" else kid, alg, private)

    def jwk(self, **more: Any) -> dict[str, Any]:
        family = {"R": RSAAlgorithm, "P": RSAAlgorithm, "E": ECAlgorithm}[self.alg[0]] if self.alg != "EdDSA" else OKPAlgorithm
        found = family.to_jwk(self.private.public_key(), as_dict=True)
        found.pop("key_ops", None)
        found |= {"use": "sig", "alg": self.alg} | ({"kid": self.kid} if self.kid is not None else {}) | more
        return {name: value for name, value in found.items() if value is not None}

    def sign(self, message: bytes) -> bytes:
        return _SIGNERS[self.alg].sign(message, self.private)


class Issuer:
    """Serves exactly its two documents, to requests that carry nothing; the rest is a complaint."""

    def __init__(self, planted: Planted, tls: ssl.SSLContext | None = None, path: str = "/realms/lake", alg: str = "RS256"):
        # In each token, so that one search finds any of them.
        self._mark = planted.hex("token of an issuer")
        self.listener = Listener(self._answer, tls)
        self.url = self.listener.url + path
        self.keys = [Key.make(alg)]
        self.discovery: dict[str, Any] = {"issuer": self.url, "jwks_uri": f"{self.listener.url}/keys"}
        self.jwks: list[dict[str, Any]] | None = None
        self.complaints: list[str] = []

    def start(self) -> Issuer:
        self.listener.start()
        return self

    def stop(self) -> None:
        self.listener.stop()
        assert not self.complaints, self.complaints

    @property
    def key(self) -> Key:
        return self.keys[-1]

    def rotate(self, alg: str = "RS256") -> Key:
        """A new key signs from now on; the one before is still published."""
        self.keys = [self.key, Key.make(alg)]
        return self.key

    def fetches(self) -> int:
        """How often somebody asked for the discovery document."""
        return sum(request.path.endswith(DISCOVERY) for request in self.listener.seen)

    def claims(self, subject: str, **more: Any) -> dict[str, Any]:
        """A None removes a claim."""
        now = int(time.time())
        found = {"iss": self.url, "sub": subject, "aud": "pangolin", "iat": now, "nbf": now, "exp": now + 600}
        found |= {"jti": f"{self._mark}{secrets.token_hex(8)}"} | more
        return {name: value for name, value in found.items() if value is not None}

    def token(self, subject: str, key: Key | None = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        key = key or self.key
        fields = {"alg": key.alg, "typ": "JWT"} | ({"kid": key.kid} if key.kid is not None else {}) | (header or {})
        fields = {name: value for name, value in fields.items() if value is not None}
        return compact(fields, self.claims(subject, **claims), key.sign)

    def _answer(self, request: Request) -> Reply:
        carried = [name for name in ("Authorization", "Cookie", "Referer") if request.headers.get(name)]
        if request.method != "GET" or request.query or request.body or carried:
            self.complaints.append(f"{request.method} {request.target} {carried}")
        if request.target == self.url.removeprefix(self.listener.url).rstrip("/") + DISCOVERY:
            return reply_json(200, self.discovery)
        if request.target == "/keys":
            return reply_json(200, {"keys": self.jwks if self.jwks is not None else [key.jwk() for key in self.keys]})
        self.complaints.append(f"{request.method} {request.target}")
        return Reply(404)


def settings_of(*issuers: dict[str, Any]) -> str:
    """The text of the settings' file: each issuer's fields; tables come last."""
    lines: list[str] = []
    for fields in issuers:
        lines.append("[[issuers]]")
        tables = {name: value for name, value in fields.items() if isinstance(value, dict)}
        lines += [f"{name} = {json.dumps(value)}" for name, value in fields.items() if name not in tables]
        for name, table in tables.items():
            lines.append(f"[issuers.{name}]")
            lines += [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def write_settings(directory: Path, *issuers: dict[str, Any]) -> str:
    path = directory / "issuers.toml"
    path.write_text(settings_of(*issuers))
    return str(path)
