"""Service accounts, workload pools, and every token that was minted."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from harness.federation import Federation
from harness.google.boundary import ALL, Boundary, Need
from harness.planted import Planted

CLOUD = "https://www.googleapis.com/auth/cloud-platform"
_STORAGE = "https://www.googleapis.com/auth/devstorage."
SCOPES = {CLOUD, *(_STORAGE + name for name in ("read_only", "read_write", "full_control"))}


@dataclass
class Account:
    """A service account with one key, and what it may do with objects of any bucket."""

    email: str
    project: str
    key_id: str
    key: rsa.RSAPrivateKey = field(repr=False)
    permissions: frozenset[str] = ALL
    disabled: bool = False

    def pem(self) -> str:
        form = serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()

    def key_file(self, token_uri: str) -> str:
        """The JSON that Google's console gives out."""
        body = {
            "type": "service_account", "project_id": self.project, "private_key_id": self.key_id, "private_key": self.pem(),
            "client_email": self.email, "client_id": "100000000000000000001", "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": token_uri, "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
            "client_x509_cert_url": f"https://www.googleapis.com/robot/v1/metadata/x509/{self.email}",
            "universe_domain": "googleapis.com",
        }  # fmt: skip
        return json.dumps(body, indent=2)


@dataclass(frozen=True)
class Pool:
    """A provider of a workload identity pool; `impersonates` is the account that its subject may become."""

    audience: str
    federation: Federation
    subject: str
    impersonates: Account | None
    # What it may do as that account.
    may: frozenset[str] = frozenset({"generateAccessToken", "signBlob"})
    permissions: frozenset[str] = ALL


@dataclass(frozen=True)
class Token:
    """An opaque access token and what stands behind it."""

    value: str = field(repr=False)
    principal: Account | Pool
    scopes: frozenset[str]
    expires_at: float
    boundary: Boundary | None = None

    def permits(self, need: Need) -> bool:
        """Both the boundary and the principal's own roles."""
        return need.permission in self.principal.permissions and self.boundary is not None and self.boundary.permits(need)


class Iam:
    """The registry that all servers of this cloud share. `ahead` sets their clock off."""

    def __init__(self, planted: Planted):
        self._planted = planted
        # In each token, so that one search finds any of them.
        self._mark = planted.hex("google access token")
        self.accounts: list[Account] = []
        self.pools: list[Pool] = []
        self.tokens: dict[str, Token] = {}
        self.life = 3599.0
        self.ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead

    def account(self, email: str | None = None, project: str = "my-gcp-project", permissions: frozenset[str] = ALL) -> Account:
        email = email or f"sa-{secrets.token_hex(4)}@{project}.iam.gserviceaccount.com"
        made = Account(email, project, secrets.token_hex(20), rsa.generate_private_key(65537, 2048), permissions)
        # A line from the middle: the frame is no secret, and the lines are apart in some forms.
        self._planted.note("google private key", made.pem().splitlines()[8])
        self.accounts.append(made)
        return made

    def pool(self, federation: Federation, subject: str, impersonates: Account | None = None, **more: Any) -> Pool:
        name = f"projects/123456/locations/global/workloadIdentityPools/pool-{secrets.token_hex(4)}/providers/cluster"
        made = Pool(f"//iam.googleapis.com/{name}", federation, subject, impersonates, **more)
        self.pools.append(made)
        return made

    def mint(
        self, principal: Account | Pool, scopes: frozenset[str], life: float | None = None, boundary: Boundary | None = None
    ) -> Token:
        value = f"ya29.{'d' if boundary else 'c'}.{self._mark}{secrets.token_urlsafe(100)}"
        made = Token(value, principal, scopes, self.now() + (self.life if life is None else life), boundary)
        self.tokens[value] = made
        return made

    def live(self, value: str | None) -> Token | None:
        token = self.tokens.get(value or "")
        return token if token and token.expires_at > self.now() else None
