"""A stranger gets nothing: every route that exists is walked with a foreign token and with none."""

import json
import re
import uuid
from dataclasses import dataclass

import pytest
import requests

from harness.api import Api
from harness.host import Host
from harness.planted import Planted
from harness.routes import Route, routes
from harness.seaweed import Seaweed
from harness.world import Lake, Tenant, new_lake, new_tenant

# Answered to anybody: they say nothing about anybody.
PUBLIC = {
    ("GET", "/health"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
    ("GET", "/api/v1/app-config"),
    ("GET", "/api-docs/openapi.json"),
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/openapi.json"),
    ("POST", "/api/v1/users/login"),
    ("POST", "/api/v1/tokens"),
}
HIDDEN = (401, 403, 404)


@dataclass
class Victim:
    """Everything of tenant A that a route can name."""

    tenant: Tenant
    lake: Lake
    names: dict[str, str]

    def markers(self) -> set[str]:
        """Texts that no stranger may see in any reply."""
        own = {self.tenant.id, self.tenant.name, self.lake.bucket, self.lake.warehouse, self.lake.catalog, self.tenant.admin.name}
        return own | {value for value in self.names.values() if len(value) >= 12}


@pytest.fixture(scope="module")
def victim(host: Host, planted: Planted, seaweed: Seaweed) -> Victim:
    tenant = new_tenant(host, planted)
    lake = new_lake(tenant, seaweed, namespace="hidden-namespace")
    admin = tenant.admin.api
    admin.create_table(lake.catalog, "hidden-namespace", "hidden-table-x")
    reader = tenant.user("Reader")
    grant = tenant.grant(reader, {"type": "tenant"}, ["read"])
    role = admin.post("/api/v1/roles", {"name": "hidden-role-xx", "tenant-id": tenant.id})["id"]
    token = admin.get("/api/v1/users/me/tokens")[0]["id"]
    row = next(row["id"] for row in tenant.admin.api.audit() if row["tenant_id"] == tenant.id)
    service = admin.post("/api/v1/service-users", {"name": "hidden-service-x"})
    planted.note("API key of the hidden service user", service["api_key"])
    out = tenant.user()
    revocation = admin.post("/api/v1/revocations", {"principal": out.id})["id"]
    names = {
        "service-users": service["id"],
        "revocations": revocation,
        "v1": lake.catalog,
        "namespaces": "hidden-namespace",
        "tables": "hidden-table-x",
        "views": "hidden-view-xxx",
        "warehouses": lake.warehouse,
        "catalogs": lake.catalog,
        "tenants": tenant.id,
        "users": reader.id,
        "roles": role,
        "permissions": grant,
        "tokens": token,
        "revoke": token,
        "audit": row,
        "plugins": "AwsSts",
        # A lease of the other tenant is tried in test_vast_leases.py, where there are any.
        "leases": str(uuid.uuid4()),
    }
    return Victim(tenant, lake, names)


@pytest.fixture(scope="module")
def table(host: Host) -> list[Route]:
    done = host.command("openapi")
    assert done.returncode == 0, done.stderr
    found = routes(json.loads(done.stdout))
    assert len(found) > 30
    served = {route.path for route in found}
    for path in ("/v1/{prefix}/namespaces", "/api/v1/warehouses", "/api/v1/users/login"):
        assert any(re.sub(r"\{[^}]*\}", "{}", path) == re.sub(r"\{[^}]*\}", "{}", other) for other in served), path
    return found


def send(api: Api, route: Route, path: str) -> requests.Response:
    body = {} if route.method in ("POST", "PUT", "PATCH") else None
    headers = {"X-Iceberg-Access-Delegation": "vended-credentials"}
    return api.request(route.method, path, json=body, headers=headers)


def test_without_a_token_every_route_is_closed(victim: Victim, table: list[Route], host: Host) -> None:
    wrong = []
    for route in table:
        reply = send(host.api(), route, route.filled(victim.names))
        public = (route.method, route.path) in PUBLIC or route.path.endswith(("/oauth/tokens", "/config"))
        if reply.status_code >= 500 or (reply.status_code != 401 and not public):
            wrong.append(f"{route.method} {route.path}: {reply.status_code} {reply.text[:200]}")
        wrong += [f"{route.method} {route.path} tells {marker}" for marker in victim.markers() if marker in reply.text]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("rank", ["tenant-user", "tenant-admin"])
def test_a_stranger_gets_nothing_on_any_route(
    victim: Victim, table: list[Route], host: Host, planted: Planted, rank: str
) -> None:
    stranger = new_tenant(host, planted).user("Writer" if rank == "tenant-user" else None, rank=rank)
    wrong = []
    for route in sorted(table, key=lambda route: route.method == "DELETE"):
        if route.path.endswith(("/logout", "/auth/revoke", "/tokens/rotate")):
            continue  # They end the stranger's own token; covered where tokens are.
        path = route.filled(victim.names)
        reply = send(stranger.api, route, path)
        said = f"{route.method} {route.path}: {reply.status_code} {reply.text[:200]}"
        if reply.status_code >= 500:
            wrong.append(said)
        # Plugins are everybody's, and a token endpoint asks for credentials in its body.
        told = "/plugins/" in route.path or route.path.endswith("/oauth/tokens")
        if route.named and not told and reply.status_code not in HIDDEN:
            wrong.append(said)
        # A name that the stranger sent may come back in the text; nothing else of the victim may.
        shown = victim.markers() - {part for part in path.split("/") if part}
        wrong += [f"{said} tells {marker}" for marker in shown if marker in reply.text]
    assert not wrong, "\n".join(wrong)
    # Nothing of it had an effect.
    admin, lake = victim.tenant.admin.api, victim.lake
    admin.load_table(lake.catalog, "hidden-namespace", "hidden-table-x")
    assert admin.get(f"/api/v1/roles/{victim.names['roles']}")["name"] == "hidden-role-xx"
    assert admin.get(f"/api/v1/users/{victim.names['users']}")["id"] == victim.names["users"]


def test_what_exists_elsewhere_answers_like_what_does_not_exist(
    victim: Victim, table: list[Route], host: Host, planted: Planted
) -> None:
    stranger = new_tenant(host, planted).user(rank="tenant-admin")
    absent = {key: str(uuid.uuid4()) if _is_uuid(value) else f"absent-{key}" for key, value in victim.names.items()}
    absent["plugins"] = victim.names["plugins"]
    wrong = []
    for route in table:
        if not route.named:
            continue
        foreign, nothing = (send(stranger.api, route, route.filled(names)) for names in (victim.names, absent))
        one, two = _shape(foreign, victim.names), _shape(nothing, absent)
        if one != two:
            wrong.append(f"{route.method} {route.path}:\n  {one}\n  {two}")
    assert not wrong, "\n".join(wrong)


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _shape(reply: requests.Response, names: dict[str, str]) -> tuple[int, str]:
    """A reply without the names in it and without the identifiers of the request."""
    text = reply.text
    for value in sorted(names.values(), key=len, reverse=True):
        text = text.replace(value, "NAME")
    return reply.status_code, re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,32}", "ID", text)


def test_a_tenant_header_that_disagrees_with_the_token_is_refused(tenant: Tenant, victim: Victim) -> None:
    for path in ("/api/v1/warehouses", "/api/v1/users/me"):
        tenant.admin.api.get(path, status=403, headers={"X-Pangolin-Tenant": victim.tenant.id})
        tenant.admin.api.get(path, status=200, headers={"X-Pangolin-Tenant": tenant.id})
