"""Whose keys: those of the warehouse's accounts, or those of the caller's own directory user."""

from typing import Any

import pytest

from harness.api import SCHEMA
from harness.host import Host
from harness.planted import Planted
from harness.vms import Vms
from harness.vms_store import identity_policy
from harness.vms_world import VastLake, new_vast_lake
from harness.world import User

HOST_USER = "svc-pangolin"


def only(vast: VastLake, actions: list[str]) -> User:
    """A user with these rights on the one table."""
    user = vast.tenant.user()
    catalog = next(c["id"] for c in vast.admin.get("/api/v1/catalogs") if c["name"] == vast.lake.catalog)
    table = vast.admin.load_table(vast.lake.catalog, "sales", "orders", headers={})["metadata"]["table-uuid"]
    scope = {"type": "asset", "catalog_id": catalog, "namespace": "sales", "asset_id": table}
    vast.tenant.grant(user, scope, actions)
    return user


def test_an_account_s_key_is_for_those_who_hold_its_right_everywhere(vast: VastLake, vms: Vms) -> None:
    for rights in (["read"], ["read", "write", "delete"]):
        error = vast.refused(only(vast, rights), 403)
        assert error["reason"] == "unscoped-refused"
        assert "presign" in error["message"]
    assert vms.made(vast.reader) == []


def test_a_right_that_no_account_has_is_refused(vast: VastLake) -> None:
    """The writing account deletes as well; who may not delete does not get its key."""
    user = vast.tenant.user()
    vast.tenant.grant(user, {"type": "tenant"}, ["read", "write"])
    error = vast.refused(user, 403)
    assert "access=read" in error["message"]
    keys = vast.vend(user, access="read")
    assert vast.store(keys).put(vast.lake.bucket, "lake/orders/data/new") == "AccessDenied"


def test_without_a_reading_account_readers_are_refused(vast_host: Host, vms: Vms, planted: Planted) -> None:
    vast = new_vast_lake(vast_host, vms, planted, read_username=None, read_password=None)
    vast.table("orders")
    vast.settle()
    error = vast.refused(vast.tenant.user("Reader"), 403)
    assert "read_username" in error["message"]
    assert vms.made(vast.reader) == []
    assert vast.opens(vast.vend(vast.tenant.user("Writer")))
    vast.settle()


@pytest.fixture
def personal(vast_host: Host, vms: Vms, planted: Planted) -> VastLake:
    manager = vms.user(kind="local", manager=True)
    fields: dict[str, Any] = {"identity": "caller", "read_username": None, "read_password": None}
    fields |= {"username": manager.name, "password": manager.password, "context": "ad", "host_username": HOST_USER}
    vast = new_vast_lake(vast_host, vms, planted, **fields)
    vms.user(HOST_USER, policy=identity_policy(vast.lake.bucket, "lake/", write=True))
    vast.table("orders")
    return vast


def test_a_caller_gets_a_key_of_the_own_directory_user(personal: VastLake, vms: Vms) -> None:
    vast, bucket = personal, personal.lake.bucket
    ada, bob = vast.tenant.user("Writer"), vast.tenant.user("Writer")
    at_vast = {
        "ada": vms.user(ada.name, policy=identity_policy(bucket, "lake/orders/", write=True)),
        "bob": vms.user(bob.name, policy=identity_policy(bucket, "lake/other/", write=True)),
        "host": vms.account(HOST_USER),
    }
    first, second = vast.vend(ada), vast.vend(bob)
    assert vms.keys(at_vast["ada"]) == {first.access_key_id}
    assert vms.keys(at_vast["bob"]) == {second.access_key_id}
    # The user's own policy is the scope: the same table, other objects.
    assert vast.opens(first)
    assert not vast.opens(second)
    assert vast.store(first).put(bucket, "lake/orders/data/new") == "ok"
    assert vast.store(first).put(bucket, "lake/other/data/new") == "AccessDenied"
    for lease in vast.leases(state="active"):
        vast.revoke(lease)
    assert not vast.opens(first)
    assert all(vms.keys(account) == set() for account in at_vast.values())
    assert all(call.path != "/s3keys/" for call in vms.calls())


def test_a_caller_whom_the_directory_does_not_know(personal: VastLake, vms: Vms) -> None:
    stranger = personal.tenant.user("Writer")
    error = personal.refused(stranger, 403)
    assert error["reason"] == "no-directory-user"
    assert stranger.name in error["message"]
    # A local user of the same name is another person.
    local = personal.tenant.user("Writer")
    account = vms.user(local.name, kind="local", policy=identity_policy(personal.lake.bucket))
    personal.refused(local, 403)
    assert vms.keys(account) == set()


def test_a_manager_who_is_none_is_told(vast_host: Host, vms: Vms, planted: Planted) -> None:
    plain = vms.user()
    fields: dict[str, Any] = {"identity": "caller", "read_username": None, "read_password": None, "host_username": HOST_USER}
    vast = new_vast_lake(vast_host, vms, planted, username=plain.name, password=plain.password, **fields)
    path = vast.admin.table_path(vast.lake.catalog, "sales", "").removesuffix("/")
    reply = vast.admin.request("POST", path, json={"name": "t", "schema": SCHEMA})
    assert (reply.status_code, reply.json()["error"]["reason"]) == (403, "not-a-manager")
