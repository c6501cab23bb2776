"""What an explanation tells whom: a refusal is explained to those who may know of it, and looks to others like nothing."""

import json
import time
from typing import Any

import pytest

from harness.explaining import ask, ask_by, explain, explain_by, failed
from harness.host import Host
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.service import new_service_user
from harness.world import Lake, Tenant, User, new_lake, new_tenant, s3_config

PURPOSES: list[dict[str, str]] = [{}, {"for_": "presign", "location": "s3://b/a"}, {"for_": "sign", "location": "s3://b/a"}]


@pytest.fixture
def own(any_lake: Lake) -> Lake:
    any_lake.tenant.admin.api.create_table(any_lake.catalog, "sales", "orders", any_lake.location("orders"))
    return any_lake


def told_nothing(reply: Any) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All of an answer but the time, and what names the request."""
    headers = {name.lower(): value for name, value in reply.headers.items()}
    kept = sorted((name, value) for name, value in headers.items() if name not in ("date", "x-request-id"))
    return reply.status_code, reply.content, kept


@pytest.mark.parametrize("asked", PURPOSES, ids=["credentials", "presign", "sign"])
def test_a_hidden_table_is_as_one_that_never_was(own: Lake, planted: Planted, asked: dict[str, str]) -> None:
    tenant, stranger = own.tenant, new_tenant(own.tenant.host, planted)
    api = tenant.admin.api
    elsewhere = tenant.user()
    api.create_namespace(own.catalog, "other")
    catalog = next(entry["id"] for entry in api.get("/api/v1/catalogs") if entry["name"] == own.catalog)
    tenant.grant(elsewhere, {"type": "namespace", "catalog_id": catalog, "namespace": "other"}, ["all"])
    service = new_service_user(tenant)
    for who in (tenant.user().api, elsewhere.api, stranger.admin.api, service.api, service.token()):
        hidden = told_nothing(ask_by(who, own, **asked))
        assert hidden[0] == 404
        # As long as its name: the answer repeats what was asked for.
        absent = told_nothing(ask_by(who, own, "absent", **asked))
        assert (absent[0], absent[1].replace(b"absent", b"orders"), absent[2]) == hidden
        # Nor may it ask for others, be they there or not.
        if who is not stranger.admin.api:
            named = [told_nothing(ask_by(who, own, user=name, **asked)) for name in (tenant.admin.name, "nobody")]
            assert named[0] == named[1] and named[0][0] == 403
            assert told_nothing(ask_by(who, own, "absent", user="nobody", **asked)) == named[0]


def test_what_is_revoked_is_told_to_the_administrator(own: Lake) -> None:
    tenant, admin = own.tenant, own.tenant.admin
    reader, lists, nobody = tenant.user("Reader"), tenant.user("Discovery"), tenant.user()
    vend = f"{admin.api.table_path(own.catalog, 'sales', 'orders')}/credentials"
    for target, word in (({"table": f"{own.catalog}.sales.orders"}, "the table"), ({"warehouse": own.warehouse}, "the warehouse")):
        standing = admin.api.post("/api/v1/revocations", target, status=201)
        standing = standing.get("revocation", standing)
        for asked in ({}, {"for_": "presign", "location": own.location("orders") + "/a"}):
            mine, told = explain(reader, own, **asked), explain(admin, own, user=reader.name, **asked)
            assert failed(mine) == failed(told) == "not-revoked"
            assert mine["refusal"]["code"] == told["refusal"]["code"] == "revoked"
            assert told["refusal"]["message"].endswith(f"revoked: {word} (GET /api/v1/revocations)")
            assert "revoked:" not in mine["refusal"]["message"]
            assert "would" in mine and mine["would"] == [] and "strategy" not in mine
            # Who may not read learns of no revocation, who may not see of nothing at all.
            assert failed(explain(lists, own, **asked)) == "access"
            assert "revoked" not in json.dumps(explain(lists, own, **asked)["refusal"])
            assert ask(nobody, own, **asked).status_code == 404
        assert mine["refusal"]["message"] == reader.api.request("POST", vend).json()["error"]["message"]
        admin.api.delete(f"/api/v1/revocations/{standing['id']}", status=204)
    assert failed(explain(reader, own)) is None


def test_a_revoked_principal_is_told_of_and_told_nothing(own: Lake) -> None:
    tenant, admin = own.tenant, own.tenant.admin
    reader = tenant.user("Reader")
    admin.api.post("/api/v1/revocations", {"principal": reader.id}, status=201)
    assert ask(reader, own).status_code == 401
    told = explain(admin, own, user=reader.id)
    assert failed(told) == "account" and told["would"] == [] and "signature" not in told
    assert failed(explain(admin, own, user=reader.id, for_="sign", location=own.location("orders") + "/a")) == "account"


def test_a_refusal_of_the_hosts_identity_names_no_other_tenant(host: Host, planted: Planted, seaweed: Seaweed) -> None:
    first, second = new_tenant(host, planted), new_tenant(host, planted)
    lake = new_lake(first, seaweed)
    first.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    reader = first.user("Reader")
    assert failed(explain(reader, lake)) is None
    # Root gives the base to the other tenant alone.
    pins = {"roles": [], "bases": [f"s3://{lake.bucket}"]}
    root = host.root()
    root.put(f"/api/v1/tenants/{second.id}/host-identity", pins)
    for asked in ({}, {"for_": "sign", "location": lake.location("orders") + "/a"}):
        for who, more in ((reader, {}), (first.admin, {}), (first.admin, {"user": reader.name})):
            told = explain(who, lake, **asked, **more)
            assert failed(told) == "host-identity" and told["refusal"]["code"] == "host-identity-refused"
            assert not any(word in json.dumps(told) for word in (second.id, second.name, second.admin.name))
    real = reader.api.request("POST", reader.api.table_path(lake.catalog, "sales", "orders") + "/credentials")
    assert real.status_code == 403 and real.json()["error"]["message"] == told["refusal"]["message"]


def test_refusals_that_name_somebody_are_on_record_with_the_name(own: Lake) -> None:
    tenant, reader, nobody = own.tenant, own.tenant.user("Reader"), own.tenant.user()
    assert ask(reader, own, user=tenant.admin.name).status_code == 403
    assert ask(nobody, own).status_code == 404
    explain(tenant.admin, own, user=nobody.name)
    about, hidden, named = tenant.admin.api.audit(action="explain_credentials")[:3]
    assert (named["username"], named["result"], named["metadata"]["asked_for"]) == (reader.name, "denied", tenant.admin.name)
    assert (hidden["username"], hidden["result"], hidden["metadata"]["subject_name"]) == (nobody.name, "denied", nobody.name)
    assert (about["username"], about["metadata"]["subject_name"], about["metadata"]["code"]) == (tenant.admin.name, nobody.name, "not-found")
    assert about["metadata"]["for"] == "credentials"


def test_a_changed_configuration_is_explained_as_it_is_now(tenant: Tenant, seaweed: Seaweed) -> None:
    lake = new_lake(tenant, seaweed)
    tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    reader: User = tenant.user("Reader")
    config = s3_config(seaweed, lake.bucket)
    warehouse = f"/api/v1/warehouses/{lake.warehouse}"
    tenant.admin.api.put(warehouse, {"vending_strategy": "None", "storage_config": config})
    assert failed(explain(reader, lake)) == "warehouse-vends"
    tenant.admin.api.put(warehouse, {"vending_strategy": {"AwsSts": {}}, "storage_config": config})
    deadline = time.monotonic() + 2
    while failed(explain_by(reader.api, lake)) is not None:
        assert time.monotonic() < deadline
