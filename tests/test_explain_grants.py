"""Which grants are told: by which role, from where inherited, and that they are together what is held."""

from typing import Any

import pytest

from harness.api import Api
from harness.explaining import explain_by, failed
from harness.service import give, new_service_user
from harness.world import Lake, User

LEVELS = ["read", "write", "delete"]


class Nested:
    """A table in `sales.emea.de`, and grants on everything that it is in."""

    def __init__(self, lake: Lake):
        self.lake, self.tenant = lake, lake.tenant
        api = self.tenant.admin.api
        for namespace in ("sales.emea", "sales.emea.de", "sales.apac"):
            api.create_namespace(lake.catalog, namespace)
        made = api.create_table(lake.catalog, "sales.emea.de", "orders", lake.location("orders"))
        self.table = made["metadata"]["table-uuid"]
        catalogs = api.get("/api/v1/catalogs")
        self.catalog = next(entry["id"] for entry in catalogs if entry["name"] == lake.catalog)

    def namespace(self, name: str) -> dict[str, Any]:
        return {"type": "namespace", "catalog_id": self.catalog, "namespace": name}

    def explain(self, api: Api, **more: Any) -> dict[str, Any]:
        path = api.table_path(self.lake.catalog, "sales.emea.de", "orders") + "/credentials/explain"
        return api.get(path, params=more)

    def role(self, user: User, name: str, *permissions: dict[str, Any]) -> str:
        api = self.tenant.admin.api
        role = api.post("/api/v1/roles", {"name": name, "permissions": list(permissions)}, status=201)["id"]
        api.post(f"/api/v1/users/{user.id}/roles", {"role-id": role}, status=(200, 201, 204))
        return role


@pytest.fixture
def nested(any_lake: Lake) -> Nested:
    return Nested(any_lake)


def union(told: dict[str, Any]) -> set[str]:
    return {level for grant in told["grants"] for level in grant["gives"].split("-") if level != "none"}


def test_each_scope_that_the_table_is_in_gives_its_part(nested: Nested) -> None:
    tenant, user = nested.tenant, nested.tenant.user()
    table = {"type": "asset", "catalog_id": nested.catalog, "namespace": "sales.emea.de", "asset_id": nested.table}
    role = nested.role(user, "emea", {"scope": nested.namespace("sales.emea"), "actions": ["read"]})
    nested.role(user, "apac", {"scope": nested.namespace("sales.apac"), "actions": ["all"]})
    tenant.grant(user, nested.namespace("sales"), ["list"])
    tenant.grant(user, {"type": "catalog", "catalog_id": nested.catalog}, ["create"])
    told = nested.explain(user.api)
    assert told["access"]["held"] == "read" and union(told) == {"read"}
    tenant.grant(user, table, ["write"])
    tenant.grant(user, {"type": "tenant"}, ["delete"])
    told = nested.explain(user.api)
    assert told["access"]["held"] == "read-write-delete" and union(told) == set(LEVELS)
    by_scope = {grant["scope"]["type"]: grant for grant in told["grants"] if grant["scope"].get("namespace") != "sales"}
    assert {scope: (grant["inherited"], grant["gives"]) for scope, grant in by_scope.items()} == {
        "tenant": (True, "delete"),
        "catalog": (True, "none"),
        "namespace": (True, "read"),
        "asset": (False, "read-write"),
    }
    named = by_scope["namespace"]
    assert (named["via"], named["role"], named["role_id"], named["given_by"]) == ("role", "emea", role, "account")
    assert named["scope"]["namespace"] == "sales.emea"
    assert all(grant.get("role") != "apac" for grant in told["grants"])
    assert nested.explain(tenant.admin.api, user=user.id)["grants"] == told["grants"]


def test_a_sibling_whose_name_begins_alike_gives_nothing(nested: Nested) -> None:
    tenant, user = nested.tenant, nested.tenant.user()
    tenant.admin.api.create_namespace(nested.lake.catalog, "sales.em")
    tenant.grant(user, nested.namespace("sales.em"), ["all"])
    told = nested.explain(tenant.admin.api, user=user.id)
    assert failed(told) == "visible" and told["grants"] == []


def test_an_administrator_holds_by_rank(nested: Nested) -> None:
    (rank,) = nested.explain(nested.tenant.admin.api)["grants"]
    assert (rank["via"], rank["gives"], rank["inherited"]) == ("tenant-admin", "read-write-delete", True)


def test_a_narrowed_token_has_the_grants_of_its_role_only(any_lake: Lake) -> None:
    tenant = any_lake.tenant
    api = tenant.admin.api
    api.create_table(any_lake.catalog, "sales", "orders", any_lake.location("orders"))
    service = new_service_user(tenant, "Reader")
    give(tenant, service.id, "Writer")
    # The very grant of the role, given to the account as well: a narrowed token does not have it.
    tenant.grant(User(service.id, service.name, "", api), {"type": "tenant"}, ["list", "read"])
    reading = service.token("PRINCIPAL_ROLE:Reader")
    whole, narrow = explain_by(service.token("PRINCIPAL_ROLE:ALL"), any_lake), explain_by(reading, any_lake)
    assert whole["access"]["held"] == "read-write-delete"
    assert {grant["via"] for grant in whole["grants"]} == {"direct", "role"}
    assert narrow["access"]["held"] == "read"
    assert {(grant["via"], grant["role"]) for grant in narrow["grants"]} == {("role", "Reader")}
    assert union(narrow) == {"read"}
    refused = explain_by(reading, any_lake, for_="sign", method="PUT", location=any_lake.location("orders") + "/a")
    assert failed(refused) == "method"
