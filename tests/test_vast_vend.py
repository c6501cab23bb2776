"""Keys of VAST users: how the strategy signs in, makes a key that works, and takes it away."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from harness.api import SCHEMA
from harness.authority import Authority
from harness.host import Host
from harness.planted import Planted
from harness.vms import Vms
from harness.vms_auth import DEFAULT_TENANT
from harness.vms_world import VastLake, new_vast_lake, sign_in
from harness.world import User

Make = Callable[..., VastLake]


@pytest.fixture
def make(vast_host: Host, vms: Vms, planted: Planted) -> Make:
    def make(*arguments: Any, **named: Any) -> VastLake:
        lake = new_vast_lake(vast_host, vms, planted, *arguments, **named)
        lake.table("orders")
        lake.settle()
        return lake

    return make


@pytest.mark.parametrize(("way", "status"), [("basic", 200), ("basic", 201), ("jwt", 201), ("api-token", 200)])
def test_each_way_to_sign_in_makes_a_key_that_works(make: Make, vms: Vms, way: str, status: int) -> None:
    vms.settings.made_status = status  # type: ignore[assignment]
    vast = make(way)
    keys = vast.vend(vast.tenant.user("Writer"))
    assert vms.keys(vast.writer) == {keys.access_key_id}
    assert vms.keys(vast.reader) == set()
    store, bucket = vast.store(keys), vast.lake.bucket
    assert store.get(bucket, "lake/orders/data/file") == store.put(bucket, "lake/orders/data/new") == "ok"
    reading = vast.vend(vast.tenant.user("Reader"))
    assert vms.keys(vast.reader) == {reading.access_key_id}
    store = vast.store(reading)
    assert store.get(bucket, "lake/orders/data/file") == "ok"
    assert store.put(bucket, "lake/orders/data/new") == store.delete(bucket, "lake/orders/data/file") == "AccessDenied"
    vast.settle()
    assert not vast.opens(keys)
    assert not vast.opens(reading)


def test_the_life_is_the_host_s(vast: VastLake) -> None:
    reader = vast.tenant.user("Reader")
    keys = vast.vend(reader, ttl=900)
    assert keys.session_token is None
    assert keys.expiration is not None
    assert 890 <= keys.expiration.timestamp() - time.time() <= 901
    loaded = reader.api.load_table(vast.lake.catalog, "sales", "orders")
    (credential,) = loaded["storage-credentials"]
    assert credential["prefix"] == vast.lake.location("orders") + "/"
    for config in (loaded["config"], credential["config"]):
        vast.tenant.planted.note("vended secret key", config["s3.secret-access-key"])
        assert int(config["s3.session-token-expires-at-ms"]) > time.time() * 1000
        assert "s3.session-token" not in config
    assert vast.refused(reader, 400, ttl=1)["reason"] == "ttl-too-short"


@pytest.mark.parametrize("ended", [403, 401])
def test_a_web_token_that_ends_during_a_call_is_renewed(make: Make, vms: Vms, ended: int) -> None:
    vast = make("jwt")
    vms.settings.ended_status = ended  # type: ignore[assignment]

    def vend_while_time_passes(user: User, seconds: float) -> list[tuple[str, int | None]]:
        before = len(vms.calls())
        with ThreadPoolExecutor(1) as pool, vms.faults.hold("GET", "/s3keys/", stage="before") as barrier:
            asked = pool.submit(vast.vend, user)
            barrier.wait()
            vms.settings.clock_ahead += seconds
            barrier.release()
            assert vast.opens(asked.result(30))
        return [(call.path, call.status) for call in vms.calls()[before:]][:5]

    log_in, look, again = ("/token/", 200), ("/s3keys/", ended), ("/s3keys/", 200)
    seen = vend_while_time_passes(vast.tenant.user("Reader"), vms.settings.access_life + 1)
    assert seen[:4] == [log_in, look, ("/token/refresh/", 200), again]
    # The refresh token has ended too: the password again.
    seen = vend_while_time_passes(vast.tenant.user("Writer"), vms.settings.refresh_life + 1)
    assert seen == [log_in, look, ("/token/refresh/", 403), log_in, again]


@pytest.mark.parametrize(
    ("body", "path", "slashes"), [(True, True, True), (True, False, False), (False, True, True), (False, True, False)]
)
def test_both_forms_of_deletion_with_awkward_names(make: Make, vms: Vms, body: bool, path: bool, slashes: bool) -> None:
    vast = make()
    vms.awkward_names()
    vms.settings.body_deletion, vms.settings.path_deletion, vms.settings.path_slashes = body, path, slashes
    keys = vast.vend(vast.tenant.user("Reader"))
    stored = vms.key(vast.reader, keys.access_key_id).keys()
    assert vast.opens(stored)
    (lease,) = vast.leases(state="active")
    if not body and not slashes:
        # No way is left to name the key. That is said, and the key is not taken for gone.
        vast.revoke(lease, status=202)
        assert vms.keys(vast.reader) == {keys.access_key_id}
        (lease,) = vast.leases()[:1]
        assert lease["state"] == "revoking"
        assert lease["last_error"]
        vms.settings.body_deletion = True
    vast.revoke(lease)
    assert vms.keys(vast.reader) == set()
    assert not vast.opens(stored)


@pytest.mark.parametrize(("wrapped", "times"), [(False, "second"), (True, "microsecond"), (True, None)])
def test_every_shape_of_the_list_is_read(make: Make, vms: Vms, wrapped: bool, times: Any) -> None:
    vms.settings.wrapped, vms.settings.times = wrapped, times
    vast = make()
    foreign = vms.make_elsewhere(vast.reader)
    keys = vast.vend(vast.tenant.user("Reader"))
    assert vms.keys(vast.reader) == {foreign.access_key, keys.access_key_id}
    vast.settle()
    assert vms.keys(vast.reader) == {foreign.access_key}


@pytest.mark.parametrize("version", ["latest", "v5"])
def test_the_version_is_in_the_path(make: Make, vms: Vms, version: str) -> None:
    vast = make(api_version=version)
    assert vast.opens(vast.vend(vast.tenant.user("Reader")))


def test_the_tenant_is_named(vast_host: Host, vms: Vms, planted: Planted) -> None:
    vms.auth.tenants.add("blue")
    vast = new_vast_lake(vast_host, vms, planted, vms_tenant="blue")
    vast.reader.tenant = vast.writer.tenant = "blue"
    vast.table("orders")
    assert vast.opens(vast.vend(vast.tenant.user("Reader")))
    vast.settle()
    vast.reader.tenant = DEFAULT_TENANT
    assert "vms_tenant" in vast.refused(vast.tenant.user("Reader"), 422)["message"]


def test_without_the_authority_nothing_is_sent(vast_host: Host, vms: Vms, planted: Planted) -> None:
    other = Authority("Another CA")
    for certificate in (None, other.ca.read_text()):
        vast = new_vast_lake(vast_host, vms, planted, ca_certificate=certificate)
        reply = vast.admin.request(
            "POST",
            vast.admin.table_path(vast.lake.catalog, "sales", "").removesuffix("/"),
            json={"name": "orders", "schema": SCHEMA},
        )
        assert reply.status_code in (502, 503), reply.text
        assert "tls" in reply.json()["error"]["reason"]
    assert vms.calls() == []
    other.remove()


def test_a_stored_password_is_not_led_to_another_server(vast: VastLake) -> None:
    shown = vast.admin.get(f"/api/v1/warehouses/{vast.lake.warehouse}")
    strategy = shown["vending_strategy"]
    strategy = {key: dict(value) if isinstance(value, dict) else value for key, value in strategy.items()}
    inner = strategy.get("VastS3Keys", strategy)
    inner["vms_endpoint"] = "https://127.0.0.1:9"
    body = {"storage_config": shown["storage_config"], "vending_strategy": strategy}
    reply = vast.admin.request("PUT", f"/api/v1/warehouses/{vast.lake.warehouse}", json=body)
    assert 400 <= reply.status_code < 500, reply.text
    assert "password" in reply.text
    assert sign_in(vast.vms, vast.writer, "basic")["password"] not in reply.text
