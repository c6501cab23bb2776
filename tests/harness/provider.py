"""A real OpenID provider (npm `oidc-provider`): clients with a secret, keys that can be changed, a server that can be down."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from harness.issuer import DISCOVERY, Key
from harness.planted import Planted
from harness.process import Child
from harness.tools import free_ports, openid_provider

SCRIPT = Path(__file__).with_name("provider.mjs")
# What tokens are for: the indicator is the client's word, the audience is the provider's.
LAKE = "urn:lake"


def private_jwk(key: Key) -> dict[str, Any]:
    family = {"R": RSAAlgorithm, "P": RSAAlgorithm, "E": ECAlgorithm}[key.alg[0]] if key.alg != "EdDSA" else OKPAlgorithm
    found = family.to_jwk(key.private, as_dict=True) | {"use": "sig"}
    # Of the private key: the provider would publish it with the public one.
    found.pop("key_ops", None)
    return found


@dataclass
class Client:
    """Somebody who gets tokens for an id and a secret."""

    provider: Provider
    id: str
    secret: str = field(repr=False)
    by: str

    @property
    def credential(self) -> str:
        return f"{self.id}:{self.secret}"

    def asked(self, **form: str) -> requests.Response:
        form = {"grant_type": "client_credentials"} | form
        basic = (self.id, self.secret) if self.by == "client_secret_basic" else None
        body = form if basic else form | {"client_id": self.id, "client_secret": self.secret}
        return requests.post(self.provider.token_endpoint, data=body, auth=basic, timeout=10)

    def token(self, resource: str | None = None) -> str:
        reply = self.asked(**({"resource": resource} if resource else {}))
        assert reply.status_code == 200, reply.text
        token = reply.json()["access_token"]
        self.provider.planted.note(f"token of {self.id}", token.rsplit(".", 1)[-1])
        return token


class Provider:
    """Clients and resources first, then `start`; changes count after a restart."""

    def __init__(self, planted: Planted):
        self.planted = planted
        # In each token with claims, so that one search finds any of them.
        self._mark = planted.hex("token of a provider")
        self._dir = Path(tempfile.mkdtemp(prefix="provider-"))
        self._child: Child | None = None
        self.port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.keys: dict[str, list[dict[str, Any]]] = {}
        self.resources: dict[str, dict[str, Any]] = {}
        self._clients: dict[str, dict[str, Any]] = {}
        self.resource(LAKE)
        self.rotate("RS256")

    def resource(self, indicator: str, audience: str = "pangolin", seconds: int = 600, alg: str = "RS256") -> str:
        self.resources[indicator] = {"audience": audience, "seconds": seconds, "alg": alg}
        return indicator

    def client(self, id: str, by: str = "client_secret_post", resource: str | None = LAKE, **claims: Any) -> Client:
        secret = self.planted.hex(f"secret of {id}", 48)
        # A resource of null would be one that the client named.
        named = {"resource": resource} if resource else {}
        self._clients[id] = {"secret": secret, "by": by, "claims": {"mark": self._mark} | claims} | named
        return self.known(id)

    def known(self, id: str) -> Client:
        return Client(self, id, self._clients[id]["secret"], self._clients[id]["by"])

    def rotate(self, *algorithms: str, kept: bool = False) -> None:
        """New keys for these algorithms; those of before stay published where they are `kept`."""
        for alg in algorithms:
            before = self.keys.get(alg, []) if kept else []
            self.keys[alg] = [private_jwk(Key.make(alg, None)), *before]

    @property
    def token_endpoint(self) -> str:
        return self.discovery()["token_endpoint"]

    def discovery(self) -> dict[str, Any]:
        return requests.get(self.url + DISCOVERY, timeout=10).json()

    def published(self) -> requests.Response:
        return requests.get(self.discovery()["jwks_uri"], timeout=10)

    def start(self) -> Provider:
        settings = self._dir / "settings.json"
        settings.touch(mode=0o600)
        keys = [key for keys in self.keys.values() for key in keys]
        found = {"issuer": self.url, "port": self.port, "keys": keys}
        settings.write_text(json.dumps(found | {"clients": self._clients, "resources": self.resources}))
        # A server of tests needs no more.
        command = ["node", "--max-old-space-size=128", str(SCRIPT), str(openid_provider()), str(settings)]
        env = {"PATH": os.environ["PATH"], "HOME": str(self._dir)}
        self._child = Child(command, self._dir / "provider.log", env=env, cwd=self._dir)
        self._child.wait_ready(self._ready, 30)
        return self

    def _ready(self) -> bool:
        try:
            return requests.get(self.url + DISCOVERY, timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def stop(self) -> None:
        if self._child is not None:
            self._child.kill()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._dir, ignore_errors=True)
