"""Hostile users of a tenant at the catalog: requests that linger, names that come again, places, bodies, headers."""

import json
import socket
import time
from typing import Any

import pytest

from harness.api import Api
from harness.federated import ME
from harness.host import Host, unused_name
from harness.planted import Planted
from harness.world import Tenant, User, new_tenant


class Lingering:
    """A request whose head is sent, and whose body comes when it is told to."""

    def __init__(self, api: Api, method: str, path: str, body: dict[str, Any]):
        self._body = json.dumps(body).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: pangolin\r\nAuthorization: Bearer {api.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(self._body)}\r\nConnection: close\r\n\r\n"
        )
        address, port = api.url.removeprefix("http://").split(":")
        self._socket = socket.create_connection((address, int(port)), timeout=30)
        self._socket.sendall(head.encode() + self._body[:1])

    def end(self) -> int:
        """Sends the rest; the status."""
        self._socket.sendall(self._body[1:])
        reply = b""
        while part := self._socket.recv(65536):
            reply += part
        self._socket.close()
        return int(reply.split(b" ", 2)[1])


def catalog_of(host: Host, tenant: Tenant, *namespaces: str) -> dict[str, Any]:
    place = host.dir / "local" / unused_name("wh")
    warehouse = tenant.warehouse({"storage_config": {"type": "local", "path": str(place)}})["name"]
    catalog = tenant.catalog(warehouse)
    for namespace in namespaces:
        tenant.admin.api.create_namespace(catalog["name"], namespace)
    return catalog


def lingers(api: Api, method: str, path: str, body: dict[str, Any]) -> Lingering:
    """The host has the head when it answered another request that came after it."""
    request = Lingering(api, method, path, body)
    time.sleep(0.3)
    api.get(ME)
    return request


def another_admin(tenant: Tenant, name: str) -> dict[str, Any]:
    return {"username": name, "password": tenant.planted.password(f"password of {name}"), "role": "tenant-admin"}


def test_a_body_that_comes_late_does_not_outlive_the_account(any_host: Host, planted: Planted) -> None:
    tenant = new_tenant(any_host, planted)
    mallory = tenant.user(rank="tenant-admin")
    name = unused_name("late")
    late = lingers(mallory.api, "POST", "/api/v1/users", another_admin(tenant, name))
    tenant.admin.api.put(f"/api/v1/users/{mallory.id}", {"active": False})
    assert late.end() == 401
    assert name not in [user["username"] for user in tenant.admin.api.get("/api/v1/users")]


@pytest.mark.parametrize("way", ["logout", "revoked", "password"])
def test_a_body_that_comes_late_does_not_outlive_its_token(host: Host, tenant: Tenant, way: str) -> None:
    mallory = tenant.user(rank="tenant-admin")
    stolen = host.api().login(mallory.name, mallory.password, tenant.id)
    name = unused_name("late")
    late = lingers(stolen, "POST", "/api/v1/users", another_admin(tenant, name))
    match way:
        case "logout":
            stolen.post("/api/v1/users/logout", status=204)
        case "revoked":
            mine = {token["id"] for token in mallory.api.get("/api/v1/users/me/tokens")}
            for token in mine:
                tenant.admin.api.delete(f"/api/v1/tokens/{token}")
        case _:
            body = {"current_password": mallory.password, "new_password": tenant.planted.password("another")}
            mallory.api.put("/api/v1/users/me/password", body, status=204)
    assert late.end() == 401
    assert name not in [user["username"] for user in tenant.admin.api.get("/api/v1/users")]


def test_a_body_that_comes_late_does_not_outlive_a_grant(host: Host, tenant: Tenant) -> None:
    catalog = catalog_of(host, tenant, "sales")
    mallory = tenant.user()
    scope = {"type": "catalog", "catalog_id": catalog["id"]}
    grant = tenant.grant(mallory, scope, ["write"])
    late = lingers(mallory.api, "POST", f"/v1/{catalog['name']}/namespaces", {"namespace": ["late"]})
    tenant.admin.api.delete(f"/api/v1/permissions/{grant}")
    assert late.end() in (403, 404)
    assert tenant.admin.api.get(f"/v1/{catalog['name']}/namespaces")["namespaces"] == [["default"], ["sales"]]


def test_nobody_inherits_the_grants_on_a_namespace_of_the_same_name(host: Host, tenant: Tenant) -> None:
    catalog = catalog_of(host, tenant, "fin")
    reader: User = tenant.user()
    scope = {"type": "namespace", "catalog_id": catalog["id"], "namespace": "fin"}
    tenant.grant(reader, scope, ["read"])
    role = tenant.admin.api.post(
        "/api/v1/roles", {"name": unused_name("role"), "permissions": [{"scope": scope, "actions": ["read"]}]}
    )
    member: User = tenant.user()
    tenant.admin.api.post(f"/api/v1/users/{member.id}/roles", {"role-id": role["id"]})
    for user in (reader, member):
        user.api.get(f"/v1/{catalog['name']}/namespaces/fin")
    tenant.admin.api.delete(f"/v1/{catalog['name']}/namespaces/fin")
    tenant.admin.api.create_namespace(catalog["name"], "fin")
    tenant.admin.api.create_table(catalog["name"], "fin", "secret")
    for user in (reader, member):
        user.api.get(user.api.table_path(catalog["name"], "fin", "secret"), status=404)


def test_a_small_body_is_not_work_for_minutes(host: Host, tenant: Tenant) -> None:
    """What a client defines is compared with all that is defined already, and a table is read for each change."""
    catalog = catalog_of(host, tenant, "sales")["name"]
    api = tenant.admin.api
    for name in ("t", "u"):
        api.create_table(catalog, "sales", name)
    field = {"id": 1, "name": "a", "required": False, "type": "long"}
    schema = {"action": "add-schema", "schema": {"type": "struct", "schema-id": 0, "fields": [field]}}
    api.post(api.table_path(catalog, "sales", "t"), {"requirements": [], "updates": [schema] * 2000}, status=400)
    change = lambda name: {"identifier": {"namespace": ["sales"], "name": name}, "requirements": [], "updates": []}
    together = f"/v1/{catalog}/transactions/commit"
    api.post(together, {"table-changes": [change("t"), change("u")]}, status=204)
    for changes in ([change("t"), change("t")], [change(f"t{number}") for number in range(501)]):
        before = api.get("/api/v1/audit/count")["count"]
        api.post(together, {"table-changes": changes}, status=400)
        assert api.get("/api/v1/audit/count")["count"] - before < 10
