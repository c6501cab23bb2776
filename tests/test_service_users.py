"""Service users and their keys: made, used, rotated, ended, and kept apart by tenant."""

import sqlite3
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from harness.host import Host, unused_name
from harness.planted import Planted
from harness.service import new_service_user
from harness.world import Lake, Tenant, new_tenant


def shows(host: Host, key: str, **headers: str) -> int:
    reply = host.api().request("GET", "/api/v1/users/me", headers={"X-API-Key": key} | headers)
    return reply.status_code


def test_a_key_opens_what_its_service_user_may_do(any_lake: Lake) -> None:
    tenant = any_lake.tenant
    tenant.admin.api.create_table(any_lake.catalog, "sales", "orders")
    reader, nobody = new_service_user(tenant, "Reader"), new_service_user(tenant)
    assert reader.api.get("/api/v1/users/me")["username"] == reader.name
    assert reader.api.credentials(any_lake.catalog, "sales", "orders")["session_token"]
    path = reader.api.table_path(any_lake.catalog, "sales", "orders")
    reader.api.delete(path, status=403)
    nobody.api.get(path, status=404)
    row = tenant.admin.api.audit(action="vend_credentials")[0]
    assert (row["username"], row["user_id"]) == (reader.name, reader.id)


def test_a_key_is_shown_once_and_stored_nowhere(any_host: Host, planted: Planted) -> None:
    """The search for planted secrets at the end of the run looks for it in database, log and trail."""
    tenant = new_tenant(any_host, planted)
    made = new_service_user(tenant)
    admin = tenant.admin.api
    for path in (f"/api/v1/service-users/{made.id}", "/api/v1/service-users", "/api/v1/audit?limit=1000"):
        assert made.key not in admin.request("GET", path).text
    assert shows(any_host, made.key) == 200


def test_each_end_of_a_key_is_an_end(any_host: Host, planted: Planted) -> None:
    tenant = new_tenant(any_host, planted)
    admin = tenant.admin.api
    deactivated, deleted, rotated = (new_service_user(tenant) for _ in range(3))
    admin.put(f"/api/v1/service-users/{deactivated.id}", {"active": False})
    assert shows(any_host, deactivated.key) == 401
    admin.put(f"/api/v1/service-users/{deactivated.id}", {"active": True})
    assert shows(any_host, deactivated.key) == 200
    assert admin.delete(f"/api/v1/service-users/{deleted.id}", status=200) == {"status": "deleted"}
    assert shows(any_host, deleted.key) == 401
    fresh = planted.note("api key", admin.post(f"/api/v1/service-users/{rotated.id}/rotate", status=200)["api_key"])
    assert (shows(any_host, rotated.key), shows(any_host, fresh)) == (401, 200)


def test_an_ended_service_user_is_out_with_its_tokens(make_host: Callable[..., Host], planted: Planted) -> None:
    """The end is moved into the past behind the host's back; a restart forgets what was remembered."""
    host = make_host().start()
    tenant = new_tenant(host, planted)
    made = new_service_user(tenant, expires_in_days=1)
    token = made.token().token
    host.stop()
    with sqlite3.connect(next(host.data.glob("*.db"))) as database:
        database.execute("UPDATE service_users SET expires_at = ?", [int(time.time() * 1000) - 1])
    host.start()
    assert shows(host, made.key) == 401
    host.api(token).get("/api/v1/users/me", status=401)
    assert made.fetch().json()["error"] == "invalid_client"
    tenant.admin.api.put(f"/api/v1/service-users/{made.id}", {"expires_in_days": 1})
    assert shows(host, made.key) == 200


def test_a_time_of_grace_ends(host: Host, tenant: Tenant, planted: Planted) -> None:
    made = new_service_user(tenant)
    token = made.token()
    reply = tenant.admin.api.post(f"/api/v1/service-users/{made.id}/rotate", {"grace_seconds": 2}, status=200)
    fresh = planted.note("api key", reply["api_key"])
    late = made.token()
    assert shows(host, made.key) == 200
    deadline = time.time() + 10
    while shows(host, made.key) == 200 and time.time() < deadline:
        time.sleep(0.2)
    assert shows(host, made.key) == 401
    for ended in (token, late):
        ended.get("/api/v1/users/me", status=401)
    assert shows(host, fresh) == 200


def test_two_credentials_are_none(host: Host, tenant: Tenant) -> None:
    made = new_service_user(tenant)
    bearer = f"Bearer {tenant.admin.api.token}"
    assert shows(host, made.key, Authorization=bearer) == 401
    assert shows(host, "pgl_" + "0" * 64, Authorization=bearer) == 401
    assert shows(host, made.key) == 200


@pytest.mark.parametrize("wrong", ["", "pgl_", "pgl_" + "0" * 64, "pgl_" + "0" * 6400, "Bearer x", "pgl_" + "g" * 64])
def test_what_is_no_key_opens_nothing(host: Host, wrong: str) -> None:
    assert shows(host, wrong) == 401


def test_another_tenants_service_user_is_not_there(tenant: Tenant, planted: Planted) -> None:
    other = new_tenant(tenant.host, planted)
    mine, theirs = new_service_user(tenant), new_service_user(other)
    admin = tenant.admin.api

    def each(id: str) -> list[tuple[int, str]]:
        path = f"/api/v1/service-users/{id}"
        asked: list[tuple[str, str, Any]] = [
            ("GET", path, None),
            ("PUT", path, {"active": False}),
            ("POST", f"{path}/rotate", {}),
            ("DELETE", path, None),
            ("GET", f"/api/v1/users/{id}/roles", None),
            ("POST", f"/api/v1/users/{id}/roles", {"role-id": tenant.role_id("Reader")}),
            ("GET", f"/api/v1/users/{id}/tokens", None),
            ("POST", "/api/v1/permissions", {"user-id": id, "scope": {"type": "tenant"}, "actions": ["read"]}),
        ]
        replies = [admin.request(method, path, json=body) for method, path, body in asked]
        return [(reply.status_code, reply.text) for reply in replies]

    found = each(theirs.id)
    assert {status for status, _ in found} == {404}, found
    assert found == each(str(uuid.uuid4()))
    assert [row["id"] for row in admin.get("/api/v1/service-users")] == [mine.id]
    assert shows(tenant.host, theirs.key) == 200


def test_a_service_user_cannot_rise(tenant: Tenant) -> None:
    made = new_service_user(tenant, "Reader")
    own = {"user-id": made.id, "scope": {"type": "tenant"}, "actions": ["all"]}
    for method, path, body in [
        ("POST", "/api/v1/permissions", own),
        ("POST", f"/api/v1/users/{made.id}/roles", {"role-id": tenant.role_id("Writer")}),
        ("POST", "/api/v1/service-users", {"name": unused_name("svc"), "role": "tenant-admin"}),
        ("PUT", f"/api/v1/service-users/{made.id}", {"name": "x"}),
        ("POST", f"/api/v1/service-users/{made.id}/rotate", {}),
        ("POST", "/api/v1/tokens", {"roles": ["tenant-admin"]}),
        ("POST", "/api/v1/tokens", {"username": tenant.admin.name}),
        ("GET", "/api/v1/users", None),
    ]:
        for api in (made.api, made.token()):
            assert api.request(method, path, json=body).status_code == 403, (method, path)


def test_a_key_is_no_password(tenant: Tenant) -> None:
    made = new_service_user(tenant, rank="tenant-admin")
    for path in ("/api/v1/users/login", "/api/v1/tokens"):
        body = {"username": made.name, "password": made.key, "tenant_id": tenant.id}
        tenant.host.api().post(path, body, status=401)
    person = tenant.user()
    assert tenant.host.api().request(
        "POST", "/v1/oauth/tokens",
        data={"grant_type": "client_credentials", "client_id": person.id, "client_secret": person.password},
    ).status_code == 401


def test_what_was_done_is_in_the_trail_of_its_tenant(tenant: Tenant, planted: Planted) -> None:
    made = new_service_user(tenant)
    admin, path = tenant.admin.api, f"/api/v1/service-users/{made.id}"
    admin.put(path, {"description": "x"})
    planted.note("api key", admin.post(f"{path}/rotate", status=200)["api_key"])
    admin.delete(path, status=200)
    rows = [row for row in admin.audit() if row["resource_type"] == "service_user"]
    done = [row["action"] for row in rows if row["resource_id"] == made.id and row["result"] == "success"]
    assert done == ["delete_service_user", "rotate_api_key", "update_service_user", "create_service_user"]
    assert {row["username"] for row in rows} == {tenant.admin.name}


def test_the_use_of_a_key_is_kept(tenant: Tenant) -> None:
    made = new_service_user(tenant)
    path = f"/api/v1/service-users/{made.id}"
    assert tenant.admin.api.get(path)["last-used"] is None
    made.api.get("/api/v1/users/me")
    deadline = time.time() + 10
    while (used := tenant.admin.api.get(path)["last-used"]) is None and time.time() < deadline:
        time.sleep(0.1)
    assert used is not None
