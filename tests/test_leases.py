"""What the host has handed out and must take back: seen, revoked, ended."""

import json

import pytest

from harness.host import Host
from harness.planted import Planted
from harness.vms import Vms
from harness.vms_world import VastLake, eventually, new_vast_lake
from harness.world import new_tenant

# Their time runs while these tests do.
pytestmark = pytest.mark.usefixtures("ending")

SHOWN = {"id", "warehouse", "strategy", "state", "access", "principal", "table"}
SHOWN |= {"issued_at", "expires_at", "revoked_at", "attempts"}


def test_a_lease_is_listed_without_what_opens_it(vast: VastLake, vms: Vms) -> None:
    reader = vast.tenant.user("Reader")
    keys = vast.vend(reader, ttl=900)
    (lease,) = vast.leases(state="active")
    assert lease.keys() >= SHOWN
    assert (lease["warehouse"], lease["strategy"], lease["state"]) == (vast.lake.warehouse, "VastS3Keys", "active")
    assert (lease["access"], lease["principal"]) == ("read", reader.name)
    assert lease["table"].endswith("sales.orders")
    text = json.dumps([lease, vast.admin.get(f"/api/v1/leases/{lease['id']}")])
    assert keys.secret_access_key not in text
    assert "handle" not in text
    assert vast.leases(state="active", principal=reader.name) == [lease]
    assert vast.leases(principal="nobody") == vast.leases(state="revoking") == []
    assert vast.admin.get("/api/v1/leases", params={"limit": 1, "state": "active"}) == [lease]


def test_a_revoked_key_opens_nothing_and_is_not_served_again(vast: VastLake, vms: Vms) -> None:
    reader = vast.tenant.user("Reader")
    keys = vast.vend(reader)
    assert vast.opens(keys)
    (lease,) = vast.leases(state="active")
    assert vast.revoke(lease)["state"] == "revoked"
    assert vms.keys(vast.reader) == set()
    assert not vast.opens(keys)
    # Once more is no error, and asks the VMS nothing.
    calls = len(vms.calls())
    again = vast.revoke(lease)
    assert (again["state"], again["revoked_at"] is None) == ("revoked", False)
    assert len(vms.calls()) == calls
    assert vast.vend(reader).access_key_id != keys.access_key_id
    (row,) = (row for row in vast.admin.audit() if row["action"] == "revoke_lease" and lease["id"] in json.dumps(row))
    assert row["username"] == vast.tenant.admin.name


def test_who_may_see_and_revoke(vast: VastLake, vast_host: Host, planted: Planted) -> None:
    vast.vend(vast.tenant.user("Reader"))
    (lease,) = vast.leases(state="active")
    path = f"/api/v1/leases/{lease['id']}"
    stranger = new_tenant(vast_host, planted)
    for api, status in (
        (vast.tenant.user("Writer").api, 403),
        (vast_host.root(), 403),
        (stranger.admin.api, 404),
        (vast_host.api(), 401),
    ):
        for method, where in (("GET", path), ("POST", f"{path}/revoke")):
            reply = api.request(method, where)
            assert reply.status_code == status, f"{method} {where}: {reply.text}"
            assert vast.lake.warehouse not in reply.text
    assert stranger.admin.api.get("/api/v1/leases") == []
    assert stranger.admin.api.get("/api/v1/leases", params={"warehouse": vast.lake.warehouse}) == []
    assert [entry["state"] for entry in vast.leases(state="active")] == ["active"]


def test_what_cannot_be_revoked_yet_is_tried_again(vast: VastLake, vms: Vms) -> None:
    reader = vast.tenant.user("Reader")
    keys = vast.vend(reader)
    (lease,) = vast.leases(state="active")
    for path in ("/s3keys/", "/s3keys/[^/]+/"):
        vms.faults.answer("DELETE", path, 503, {"detail": "Service unavailable."}, times=None)
    reply = vast.revoke(lease, status=202)
    assert reply["state"] == "revoking"
    assert "503" in reply["last_error"]
    assert "503" in reply["reason"]
    assert vast.opens(keys)
    vms.faults.clear()
    # It is served to nobody meanwhile.
    assert vast.vend(reader).access_key_id != keys.access_key_id
    path = f"/api/v1/leases/{lease['id']}"
    assert eventually(lambda: vast.admin.get(path)["state"] == "revoked")
    assert not vast.opens(keys)
    assert vast.admin.get(path)["attempts"] == 1


def test_a_warehouse_that_is_deleted_takes_its_keys_along(vast_host: Host, vms: Vms, planted: Planted) -> None:
    vast = new_vast_lake(vast_host, vms, planted)
    vast.table("orders")
    keys = vast.vend(vast.tenant.user("Reader"))
    vast.admin.delete(vast.admin.table_path(vast.lake.catalog, "sales", "orders"))
    vast.admin.delete(f"/v1/{vast.lake.catalog}/namespaces/sales")
    vast.admin.delete(f"/api/v1/catalogs/{vast.lake.catalog}")
    vast.admin.delete(f"/api/v1/warehouses/{vast.lake.warehouse}")
    assert eventually(lambda: vms.keys(vast.reader) | vms.keys(vast.writer) == set())
    assert not vast.opens(keys)


def test_a_password_that_was_changed_still_revokes(vast: VastLake, vms: Vms, planted: Planted) -> None:
    keys = vast.vend(vast.tenant.user("Reader"))
    vast.reader.password = planted.password("new VAST password")
    shown = vast.admin.get(f"/api/v1/warehouses/{vast.lake.warehouse}")
    strategy = json.loads(json.dumps(shown["vending_strategy"]))
    strategy.get("VastS3Keys", strategy)["read_password"] = vast.reader.password
    body = {"storage_config": shown["storage_config"], "vending_strategy": strategy}
    vast.admin.put(f"/api/v1/warehouses/{vast.lake.warehouse}", body)
    (lease,) = vast.leases(state="active")
    vast.revoke(lease)
    assert not vast.opens(keys)
