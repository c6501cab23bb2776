"""Service users, and the token endpoint as their programs use it."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import requests

from harness.api import Api
from harness.host import Host, unused_name
from harness.world import Tenant

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
TOKENS = "/v1/oauth/tokens"


class KeyApi(Api):
    """A caller that shows a key."""

    def __init__(self, host: Host, key: str, planted: Any):
        super().__init__(host.url, None, planted)
        self.key = key

    def request(self, method: str, path: str, **arguments: Any) -> requests.Response:
        headers = {"X-API-Key": self.key} | arguments.pop("headers", {})
        return super().request(method, path, headers=headers, **arguments)


@dataclass
class ServiceUser:
    """A service user with its key."""

    tenant: Tenant
    id: str
    name: str
    key: str = field(repr=False)

    @property
    def api(self) -> Api:
        return KeyApi(self.tenant.host, self.key, self.tenant.planted)

    @property
    def basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.id}:{self.key}".encode()).decode()

    def fetch(self, scope: str = "catalog") -> requests.Response:
        """What every client with `credential=` sends."""
        form = {"grant_type": "client_credentials", "client_id": self.id, "client_secret": self.key, "scope": scope}
        return self.tenant.host.api().request("POST", TOKENS, data=form)

    def token(self, scope: str = "catalog") -> Api:
        """The service user by a token."""
        return granted(self.tenant, self.fetch(scope))


def new_service_user(tenant: Tenant, role: str | None = None, rank: str = "tenant-user", **more: Any) -> ServiceUser:
    """A service user; with the built-in role of that name, or with nothing."""
    name = unused_name("svc")
    made = tenant.admin.api.post("/api/v1/service-users", {"name": name, "role": rank} | more, status=201)
    key = tenant.planted.note(f"key of {name}", made["api_key"])
    if role is not None:
        give(tenant, made["id"], role)
    return ServiceUser(tenant, made["id"], name, key)


def give(tenant: Tenant, user: str, role: str) -> None:
    tenant.admin.api.post(f"/api/v1/users/{user}/roles", {"role-id": tenant.role_id(role)}, status=201)


def granted(tenant: Tenant, reply: requests.Response) -> Api:
    """The caller by the token of a reply; the token is searched for afterwards."""
    assert reply.status_code == 200, reply.text
    token = reply.json()["access_token"]
    tenant.planted.note("access token", token.rsplit(".", 1)[1])
    return tenant.host.api(token)


def exchange(host: Host, authorization: str | None, subject: str, scope: str = "catalog", **more: str) -> requests.Response:
    """As `OAuth2Util.refreshToken` of Iceberg's Java client."""
    form = {"grant_type": EXCHANGE, "scope": scope, "subject_token": subject, "subject_token_type": ACCESS_TOKEN} | more
    headers = {"Authorization": authorization} if authorization else {}
    return host.api().request("POST", TOKENS, data=form, headers=headers)
