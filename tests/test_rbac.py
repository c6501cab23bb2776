"""What each role may do, over every operation of the catalog, and what its credential does in the storage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.api import SCHEMA, VENDED, Api
from harness.host import unused_name
from harness.s3 import Keys, Store
from harness.seaweed import Seaweed
from harness.world import Lake, User

TENANT = {"type": "tenant"}
# A writer that takes nothing away.
APPEND = ["list", "read", "create", "update", "write"]


class Scene:
    """A lake with a table, and what can be tried on it: each returns a status."""

    def __init__(self, lake: Lake):
        self.lake = lake
        self.admin = lake.tenant.admin.api
        self.admin.create_table(lake.catalog, "sales", "orders", lake.location("orders"))

    def table(self, api: Api, name: str = "orders") -> str:
        return api.table_path(self.lake.catalog, "sales", name)

    def new(self) -> str:
        """A table to lose."""
        name = unused_name("t")
        self.admin.create_table(self.lake.catalog, "sales", name)
        return name

    def operations(self) -> dict[str, Callable[[Api], int]]:
        lake = self.lake
        root = f"/v1/{lake.catalog}/namespaces"
        set_property = {"requirements": [], "updates": [{"action": "set-properties", "updates": {"k": "v"}}]}
        file = self.admin.load_table(lake.catalog, "sales", "orders")["metadata-location"]

        def ask(method: str, path: str, **arguments: Any) -> Callable[[Api], int]:
            return lambda api: api.request(method, path, **arguments).status_code

        def on_new(method: str, suffix: str = "", **arguments: Any) -> Callable[[Api], int]:
            return lambda api: api.request(method, self.table(api, self.new()) + suffix, **arguments).status_code

        def rename(api: Api) -> int:
            name = self.new()
            body = {"source": {"namespace": ["sales"], "name": name}, "destination": {"namespace": ["sales"], "name": name + "x"}}
            return api.request("POST", f"/v1/{lake.catalog}/tables/rename", json=body).status_code

        def drop_namespace(api: Api) -> int:
            name = unused_name("ns").replace("-", "_")
            self.admin.create_namespace(lake.catalog, name)
            return api.request("DELETE", f"{root}/{name}").status_code

        def presign(method: str) -> Callable[[Api], int]:
            return ask("GET", self.table(self.admin) + "/presign", params={"location": file, "method": method})

        def make_table(api: Api) -> int:
            return api.request("POST", f"{root}/sales/tables", json={"name": unused_name("t"), "schema": SCHEMA}).status_code

        def make_namespace(api: Api) -> int:
            return api.request("POST", root, json={"namespace": [unused_name("n")]}).status_code

        orders = self.table(self.admin)
        return {
            "list namespaces": ask("GET", root),
            "list tables": ask("GET", f"{root}/sales/tables"),
            "search": ask("GET", "/api/v1/search", params={"q": "orders"}),
            "load namespace": ask("GET", f"{root}/sales"),
            "load table": ask("GET", orders),
            "load table, vended": ask("GET", orders, headers=VENDED),
            "credentials": ask("GET", orders + "/credentials"),
            "credentials, flat": ask("POST", orders + "/credentials"),
            "explain": ask("GET", orders + "/credentials/explain"),
            "presign GET": presign("GET"),
            "presign PUT": presign("PUT"),
            "presign DELETE": presign("DELETE"),
            "create namespace": make_namespace,
            "create table": make_table,
            "namespace properties": ask("POST", f"{root}/sales/properties", json={"removals": [], "updates": {"k": "v"}}),
            "commit": ask("POST", orders, json=set_property),
            "rename": rename,
            "drop": on_new("DELETE"),
            "purge": on_new("DELETE", "?purgeRequested=true"),
            "drop namespace": drop_namespace,
        }


# Statuses by role, in the order of the operations above.
EXPECTED = {
    "nobody": [404, 404, 200, 404, 404, 404, 404, 404, 404, 404, 404, 404, 404, 404, 404, 404, 404, 404, 404, 404],
    "Discovery": [200, 200, 200, 200, 403, 403, 403, 403, 200, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403],
    "Reader": [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403],
    "append": [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 403, 200, 200, 200, 200, 204, 403, 403, 403],
    "Writer": [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 204, 204, 204, 204],
}


def user_with(lake: Lake, role: str) -> User:
    if role == "nobody":
        return lake.tenant.user()
    if role != "append":
        return lake.tenant.user(role)
    user = lake.tenant.user()
    body = {"name": unused_name("append"), "tenant-id": lake.tenant.id, "permissions": [{"scope": TENANT, "actions": APPEND}]}
    made = lake.tenant.admin.api.post("/api/v1/roles", body, status=201)["id"]
    lake.tenant.admin.api.post(f"/api/v1/users/{user.id}/roles", {"role-id": made}, status=201)
    return user


@pytest.fixture
def scene(lake: Lake) -> Scene:
    return Scene(lake)


@pytest.mark.parametrize("role", EXPECTED)
def test_each_role_may_do_what_it_is_for_and_nothing_else(scene: Scene, role: str) -> None:
    user = user_with(scene.lake, role)
    operations = scene.operations()
    assert len(operations) == len(EXPECTED[role])
    found = {name: operation(user.api) for name, operation in operations.items()}
    assert found == dict(zip(operations, EXPECTED[role], strict=True))


def test_who_appends_cannot_delete_an_object(scene: Scene, seaweed: Seaweed) -> None:
    lake, bucket = scene.lake, scene.lake.bucket
    user = user_with(lake, "append")
    body = user.api.credentials(lake.catalog, "sales", "orders")
    store = Store(seaweed, Keys.from_flat(body))
    assert store.put(bucket, "lake/orders/data/new") == "ok"
    assert store.get(bucket, "lake/orders/data/new") == "ok"
    assert store.delete(bucket, "lake/orders/data/new") == "AccessDenied"
    # The session policy itself has no right to delete, as the explanation of the same request shows.
    path = scene.table(user.api) + "/credentials/explain"
    explained = lake.tenant.admin.api.get(path, params={"user": user.id})
    assert "s3:PutObject" in str(explained["would"]) and "DeleteObject" not in str(explained["would"])
    # Of what was asked for, only what is held is given.
    again = user.api.credentials(lake.catalog, "sales", "orders", params={"access": "read"})
    reading = Store(seaweed, Keys.from_flat(again))
    assert (reading.get(bucket, "lake/orders/data/new"), reading.put(bucket, "lake/orders/data/x")) == ("ok", "AccessDenied")
    # A purge is refused, and nothing of the table is gone.
    user.api.delete(scene.table(user.api) + "?purgeRequested=true", status=403)
    assert Store(seaweed, seaweed.admin).get(bucket, "lake/orders/data/new") == "ok"


def test_discovery_searches_and_opens_nothing(scene: Scene) -> None:
    user = user_with(scene.lake, "Discovery")
    (found,) = user.api.get("/api/v1/search", params={"q": "ORDERS"})["results"]
    assert (found["kind"], found["name"], found["context"]) == ("Asset", "orders", f"{scene.lake.catalog}.sales")
    for path in ("", "/credentials"):
        reply = user.api.request("GET", scene.table(user.api) + path, headers=VENDED)
        assert (reply.status_code, reply.json()["error"]["reason"]) == (403, "missing-right")
        assert "s3.secret-access-key" not in reply.text


def test_a_grant_on_a_table_goes_with_it(scene: Scene) -> None:
    """Whoever holds it sees the way to where the table is, and no more the way to where it was."""
    lake, admin = scene.lake, scene.admin
    admin.create_namespace(lake.catalog, "archive")
    user = lake.tenant.user()
    catalog = admin.get(f"/api/v1/catalogs/{lake.catalog}")["id"]
    table = admin.load_table(lake.catalog, "sales", "orders")["metadata"]["table-uuid"]
    scope = {"type": "asset", "catalog_id": catalog, "namespace": "sales", "asset_id": table}
    lake.tenant.grant(user, scope, ["read"])
    namespaces = f"/v1/{lake.catalog}/namespaces"
    assert user.api.get(namespaces)["namespaces"] == [["sales"]]
    body = {"source": {"namespace": ["sales"], "name": "orders"}, "destination": {"namespace": ["archive"], "name": "old"}}
    admin.post(f"/v1/{lake.catalog}/tables/rename", body, status=204)
    assert user.api.get(namespaces)["namespaces"] == [["archive"]]
    assert [one["name"] for one in user.api.get(f"{namespaces}/archive/tables")["identifiers"]] == ["old"]
    assert user.api.credentials(lake.catalog, "archive", "old")["session_token"]
    user.api.get(f"{namespaces}/sales/tables", status=404)
