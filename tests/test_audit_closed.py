"""Where the audit trail cannot be written, nothing is done and nothing is handed out."""

from collections.abc import Callable
from typing import Any

import pytest
from requests import Response

from harness.api import VENDED
from harness.database import Database
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.world import Lake, new_lake, new_tenant


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    postgres = request.getfixturevalue("postgres") if request.param == "postgres" else None
    return Database(request.getfixturevalue(f"{request.param}_host"), postgres)


@pytest.fixture
def lake(database: Database, planted: Planted, seaweed: Seaweed) -> Lake:
    return new_lake(new_tenant(database.host, planted), seaweed)


def refused(reply: Response) -> str:
    assert reply.status_code == 503, reply.text
    assert "audit-unavailable" in reply.text, reply.text
    # Neither a credential, nor a URL, nor a token, nor what the database said.
    for secret in ("secret_access_key", "s3.secret", "session_token", "X-Amz-", "eyJ", "pgl_", "no space left", "trigger"):
        assert secret not in reply.text, reply.text
    return reply.text


def test_no_credential_leaves(database: Database, lake: Lake) -> None:
    admin = lake.tenant.admin.api
    admin.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    path = admin.table_path(lake.catalog, "sales", "orders")
    writer = lake.tenant.user("Writer").api
    # One that is in the cache already, and one that is not.
    admin.credentials(lake.catalog, "sales", "orders")
    sign = {"region": "us-east-1", "method": "GET", "uri": f"{lake.location('orders')}/data/a", "headers": {}}
    with database.broken_trail():
        for api in (admin, writer):
            refused(api.request("POST", path + "/credentials"))
            refused(api.request("GET", path + "/credentials"))
            refused(api.request("GET", path, headers=VENDED))
            refused(api.request("GET", path + "/presign", params={"location": f"{lake.location('orders')}/data/a"}))
            assert api.request("POST", path + "/sign", json=sign).status_code >= 400
        # Who may not is not told yes, and not let through.
        assert lake.tenant.host.api().request("GET", path).status_code == 401
    assert admin.credentials(lake.catalog, "sales", "orders")["secret_access_key"]


def test_nobody_logs_in(database: Database, lake: Lake) -> None:
    admin = lake.tenant.admin
    body = {"username": admin.name, "password": admin.password, "tenant-id": lake.tenant.id}
    anybody = lake.tenant.host.api()
    with database.broken_trail():
        refused(anybody.request("POST", "/api/v1/users/login", json=body))
        refused(anybody.request("POST", "/api/v1/tokens", json=body))
        refused(anybody.request("POST", "/api/v1/users/login", json=body | {"password": "another one"}))
        refused(admin.api.request("POST", "/api/v1/tokens", json={}))
        refused(admin.api.request("GET", "/api/v1/audit/export"))
    lake.tenant.host.api().login(admin.name, admin.password, lake.tenant.id)


def test_no_change_is_made(database: Database, lake: Lake) -> None:
    tenant = lake.tenant
    admin, root = tenant.admin.api, tenant.root
    reader = tenant.user("Reader")
    role = tenant.role_id("Writer")
    made = admin.post("/api/v1/roles", {"name": "auditors"})["id"]
    grant = tenant.grant(reader, {"type": "tenant"}, ["read"])
    paths = (
        "/api/v1/users",
        f"/api/v1/users/{reader.id}/roles",
        "/api/v1/roles",
        "/api/v1/permissions",
        "/api/v1/warehouses",
        "/api/v1/catalogs",
        "/api/v1/service-users",
    )

    def state() -> list[Any]:
        return [admin.get(path) for path in paths] + [root.get("/api/v1/tenants")]

    before = state()
    password = tenant.planted.password("password of nobody")
    scope = {"user-id": reader.id, "scope": {"type": "tenant"}, "actions": ["write"]}
    warehouse = {"name": "unmade", "vending_strategy": "None", "storage_config": {"type": "s3", "bucket": "unmade", "region": "eu-central-1"}}
    changes: list[tuple[str, str, Any]] = [
        ("POST", "/api/v1/users", {"username": "nobody", "password": password, "role": "tenant-user"}),
        ("PUT", f"/api/v1/users/{reader.id}", {"active": False}),
        ("DELETE", f"/api/v1/users/{reader.id}", None),
        ("POST", f"/api/v1/users/{reader.id}/roles", {"role-id": role}),
        ("DELETE", f"/api/v1/users/{reader.id}/roles/{tenant.role_id('Reader')}", None),
        ("POST", "/api/v1/roles", {"name": "unmade"}),
        ("PUT", f"/api/v1/roles/{made}", {"name": "renamed"}),
        ("DELETE", f"/api/v1/roles/{made}", None),
        ("POST", "/api/v1/permissions", scope),
        ("DELETE", f"/api/v1/permissions/{grant}", None),
        ("POST", "/api/v1/warehouses", warehouse),
        ("PUT", f"/api/v1/warehouses/{lake.warehouse}", {"allow_unscoped": True}),
        ("POST", "/api/v1/catalogs", {"name": "unmade", "warehouse_name": lake.warehouse}),
        ("PUT", f"/api/v1/catalogs/{lake.catalog}", {"properties": {"a": "b"}}),
        ("DELETE", f"/api/v1/catalogs/{lake.catalog}", None),
        ("POST", "/api/v1/service-users", {"name": "unmade"}),
    ]
    with database.broken_trail():
        for method, path, body in changes:
            arguments = {} if body is None else {"json": body}
            told = refused(admin.request(method, path, **arguments))
            assert "nothing was done" in told, f"{method} {path}: {told}"
        for method, path, body in (("POST", "/api/v1/tenants", {"name": "unmade"}), ("PUT", f"/api/v1/tenants/{tenant.id}", {"name": "renamed"})):
            assert "nothing was done" in refused(root.request(method, path, json=body))
    assert state() == before
    # Who is refused in any case is refused; without a row that is no 403.
    with database.broken_trail():
        refused(reader.api.request("GET", "/api/v1/users"))


def test_the_trail_goes_on_and_is_whole(database: Database, lake: Lake) -> None:
    admin = lake.tenant.admin.api
    create: Callable[[str], int] = lambda name: admin.request("POST", "/api/v1/roles", json={"name": name}).status_code
    with database.broken_trail():
        assert create("one") == 503
    database.run("ALTER TABLE audit_events RENAME TO taken_away")
    try:
        assert create("two") == 503
    finally:
        database.run("ALTER TABLE taken_away RENAME TO audit_events")
    assert create("three") == 201
    done = database.host.command("audit", "verify")
    assert done.returncode == 0, done.stdout + done.stderr
