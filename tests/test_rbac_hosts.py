"""A change of rights holds at once on the host that made it, and within a second on the other one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from harness.api import Api
from harness.host import Host, unused_name
from harness.planted import Planted
from harness.postgres import Postgres
from harness.seaweed import Seaweed
from harness.service import new_service_user
from harness.world import Lake, User, new_lake, new_tenant

SHARED = ("PANGOLIN_ENCRYPTION_KEY", "PANGOLIN_JWT_SECRET", "PANGOLIN_ROOT_PASSWORD")
TENANT = {"type": "tenant"}


@pytest.fixture(scope="module")
def pair(make_host: Callable[..., Host], seaweed: Seaweed, postgres: Postgres) -> tuple[Host, Host]:
    first = make_host(seaweed, postgres).start()
    shared = {name: first.settings[name] for name in SHARED} | {"DATABASE_URL": first.database_url}
    return first, make_host(seaweed, settings=shared).start()


@pytest.fixture(scope="module")
def lake(pair: tuple[Host, Host], seaweed: Seaweed, planted: Planted) -> Lake:
    lake = new_lake(new_tenant(pair[0], planted), seaweed)
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    return lake


@dataclass
class Case:
    """Somebody, a change at the first host, and what it is to come to."""

    asks: Callable[[Api], int]
    change: Callable[[], object]
    before: int
    after: int


def credentials(lake: Lake, token: str | None, headers: dict[str, str] | None = None) -> Callable[[Api], int]:
    def ask(api: Api) -> int:
        there = Api(api.url, token)
        path = there.table_path(lake.catalog, "sales", "orders") + "/credentials"
        return there.request("POST", path, headers=headers or {}).status_code

    return ask


def of_user(lake: Lake, user: User, change: Callable[[], object], before: int, after: int) -> Case:
    return Case(credentials(lake, user.api.token), change, before, after)


def own_role(lake: Lake, user: User) -> str:
    admin = lake.tenant.admin.api
    body = {"name": unused_name("role"), "tenant-id": lake.tenant.id, "permissions": [{"scope": TENANT, "actions": ["read"]}]}
    role = admin.post("/api/v1/roles", body, status=201)["id"]
    admin.post(f"/api/v1/users/{user.id}/roles", {"role-id": role}, status=201)
    return role


def grant_given(lake: Lake) -> Case:
    user = lake.tenant.user()
    return of_user(lake, user, lambda: lake.tenant.grant(user, TENANT, ["read"]), 404, 200)


def grant_taken(lake: Lake) -> Case:
    user = lake.tenant.user()
    grant = lake.tenant.grant(user, TENANT, ["read"])
    return of_user(lake, user, lambda: lake.tenant.admin.api.delete(f"/api/v1/permissions/{grant}"), 200, 404)


def role_given(lake: Lake) -> Case:
    user, role = lake.tenant.user(), lake.tenant.role_id("Reader")
    give = lambda: lake.tenant.admin.api.post(f"/api/v1/users/{user.id}/roles", {"role-id": role})  # noqa: E731
    return of_user(lake, user, give, 404, 200)


def role_taken(lake: Lake) -> Case:
    user, role = lake.tenant.user("Reader"), lake.tenant.role_id("Reader")
    take = lambda: lake.tenant.admin.api.delete(f"/api/v1/users/{user.id}/roles/{role}")  # noqa: E731
    return of_user(lake, user, take, 200, 404)


def role_changed(lake: Lake) -> Case:
    user = lake.tenant.user()
    role = own_role(lake, user)
    less = {"permissions": [{"scope": TENANT, "actions": ["list"]}]}
    return of_user(lake, user, lambda: lake.tenant.admin.api.put(f"/api/v1/roles/{role}", less), 200, 403)


def role_deleted(lake: Lake) -> Case:
    user = lake.tenant.user()
    role = own_role(lake, user)
    return of_user(lake, user, lambda: lake.tenant.admin.api.delete(f"/api/v1/roles/{role}"), 200, 404)


def user_deactivated(lake: Lake) -> Case:
    user = lake.tenant.user("Reader")
    return of_user(lake, user, lambda: lake.tenant.admin.api.put(f"/api/v1/users/{user.id}", {"active": False}), 200, 401)


def user_deleted(lake: Lake) -> Case:
    user = lake.tenant.user("Reader")
    return of_user(lake, user, lambda: lake.tenant.admin.api.delete(f"/api/v1/users/{user.id}"), 200, 401)


def password_set(lake: Lake) -> Case:
    user = lake.tenant.user("Reader")
    new = {"password": lake.tenant.planted.password("password that an administrator set")}
    return of_user(lake, user, lambda: lake.tenant.admin.api.put(f"/api/v1/users/{user.id}", new), 200, 401)


def own_password_changed(lake: Lake) -> Case:
    user = lake.tenant.user("Reader")
    other = lake.tenant.host.api().login(user.name, user.password, lake.tenant.id)
    new = lake.tenant.planted.password("password of one's own")
    body = {"current_password": user.password, "new_password": new}
    return of_user(lake, user, lambda: other.put("/api/v1/users/me/password", body, status=204), 200, 401)


def token_revoked(lake: Lake) -> Case:
    user = lake.tenant.user("Reader")
    return of_user(lake, user, lambda: user.api.post("/api/v1/auth/revoke", {}), 200, 401)


def logged_out(lake: Lake) -> Case:
    user = lake.tenant.user("Reader")
    return of_user(lake, user, lambda: user.api.post("/api/v1/users/logout", status=204), 200, 401)


def key_rotated(lake: Lake) -> Case:
    service = new_service_user(lake.tenant, "Reader")

    def rotate() -> None:
        made = lake.tenant.admin.api.post(f"/api/v1/service-users/{service.id}/rotate", {})
        lake.tenant.planted.note("rotated key", made["api_key"])

    return Case(credentials(lake, None, {"X-API-Key": service.key}), rotate, 200, 401)


def service_user_deactivated(lake: Lake) -> Case:
    service = new_service_user(lake.tenant, "Reader")
    off = lambda: lake.tenant.admin.api.put(f"/api/v1/service-users/{service.id}", {"active": False})  # noqa: E731
    return Case(credentials(lake, None, {"X-API-Key": service.key}), off, 200, 401)


def warehouse_changed(lake: Lake) -> Case:
    admin, user = lake.tenant.admin.api, lake.tenant.user("Reader")
    body = admin.get(f"/api/v1/warehouses/{lake.warehouse}")
    other = lake.tenant.warehouse({"vending_strategy": body["vending_strategy"], "storage_config": body["storage_config"]})
    catalog = lake.tenant.catalog(other["name"], f"s3://{lake.bucket}/{unused_name('base')}")["name"]
    admin.create_namespace(catalog, "sales")
    admin.create_table(catalog, "sales", "orders")
    there = Lake(lake.tenant, lake.bucket, other["name"], catalog, "")
    stop = lambda: admin.put(f"/api/v1/warehouses/{other['name']}", {"vending_strategy": "None"})  # noqa: E731
    return Case(credentials(there, user.api.token), stop, 200, 400)


CASES = [
    grant_given,
    grant_taken,
    role_given,
    role_taken,
    role_changed,
    role_deleted,
    user_deactivated,
    user_deleted,
    password_set,
    own_password_changed,
    token_revoked,
    logged_out,
    key_rotated,
    service_user_deactivated,
    warehouse_changed,
]


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_a_change_holds_here_at_once_and_there_within_a_second(
    pair: tuple[Host, Host], lake: Lake, make: Callable[[Lake], Case]
) -> None:
    case = make(lake)
    here, there = (host.api() for host in pair)
    # Both know how it was: what they remember is what must go.
    assert case.asks(here) == case.before
    deadline = time.monotonic() + 5
    while (found := case.asks(there)) != case.before:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    case.change()
    changed = time.monotonic()
    assert case.asks(here) == case.after, "at once"
    while True:
        asked = time.monotonic()
        if (found := case.asks(there)) == case.after:
            break
        assert asked - changed < 1.0, f"{found} still, {asked - changed:.2f} s later"
        time.sleep(0.02)
    # And it stays so.
    assert (case.asks(here), case.asks(there)) == (case.after, case.after)
