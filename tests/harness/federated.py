"""A host that takes the tokens of issuers: tenants first, then their issuers, then a restart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests

from harness.api import Api
from harness.host import Host
from harness.issuer import Issuer, write_settings
from harness.world import Tenant

ME = "/api/v1/users/me"


def federate(host: Host, *issuers: dict[str, Any], **settings: str) -> Host:
    """Restarts the host with these issuers."""
    host.stop()
    host.settings |= {"PANGOLIN_OIDC_CONFIG": write_settings(host.dir, *issuers)} | settings
    return host.start()


def fields_of(issuer: Issuer, of: Tenant, /, **more: Any) -> dict[str, Any]:
    """Settings of one issuer of one tenant; a None removes a field."""
    fields = {"issuer": issuer.url, "audience": ["pangolin"], "tenant": of.id} | more
    return {name: value for name, value in fields.items() if value is not None}


class Caller:
    """Somebody with tokens of an issuer."""

    def __init__(self, host: Host, issuer: Issuer, subject: str, **claims: Any):
        self.host, self.issuer, self.subject, self.claims = host, issuer, subject, claims

    def api(self, **more: Any) -> Api:
        return self.host.api(self.issuer.token(self.subject, **(self.claims | more)))

    def me(self, **more: Any) -> dict[str, Any]:
        return self.api(**more).get(ME)

    def status(self, **more: Any) -> int:
        return self.api(**more).request("GET", ME).status_code

    def reply(self, **more: Any) -> requests.Response:
        return self.api(**more).request("GET", ME)


def told(reply: requests.Response) -> tuple[int, str]:
    """What a reply tells: nothing else of it depends on the request."""
    return reply.status_code, reply.text


MakeHost = Callable[..., Host]
