"""R2Temporary, the example in JavaScript: credentials that open one table at a strict double of Cloudflare's API."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from harness.examples.r2 import R2
from harness.examples.world import Scene, example_scene
from harness.host import Host
from harness.iceberg import ROWS, pyiceberg, rows
from harness.listener import dropped, instead
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.tools import free_ports
from harness.world import new_tenant, s3_config

REFUSED = "AccessDenied"
Make = Callable[..., Scene]
TROUBLE: dict[str, tuple[int, Any]] = {
    "token-refused": (403, instead(403, '{"success":false,"errors":[{"code":9109,"message":"Invalid access token"}]}')),
    "account-or-bucket-unknown": (422, instead(404, '{"success":false,"errors":[{"code":10006,"message":"no bucket"}]}')),
    "request-refused": (422, instead(400, '{"success":false,"errors":[{"code":10018,"message":"bad parent"}]}')),
    "cloudflare-throttled": (503, instead(429, "{}", Retry_After="7")),
    "cloudflare-unavailable": (503, instead(503, "<html>")),
    "cloudflare-unreadable": (502, instead(200, "<html>")),
    "cloudflare-protocol": (502, dropped),
}


def fields(r2: R2, **more: str) -> dict[str, str]:
    found = {"account_id": r2.account, "parent_access_key_id": r2.key_id, "api_token": r2.token, "api_url": r2.api_url}
    return found | more


@pytest.fixture
def make(stubbed_host: Host, planted: Planted, seaweed: Seaweed, r2: R2) -> Make:
    def make(**more: str) -> Scene:
        bucket = seaweed.bucket()
        r2.buckets[bucket] = more.get("jurisdiction", "default")
        return example_scene(stubbed_host, planted, seaweed, {"R2Temporary": fields(r2, **more)}, bucket)

    return make


@pytest.fixture
def scene(make: Make) -> Scene:
    return make()


def test_a_reader_reads_the_table_and_nothing_else(scene: Scene, r2: R2) -> None:
    keys = scene.vend(scene.tenant.user("Reader"))
    asked = r2.minted[-1]
    assert (asked["permission"], asked["prefixes"]) == ("object-read-only", ["lake/orders/"])
    store, bucket = scene.store(keys), scene.lake.bucket
    assert store.get(bucket, "lake/orders/data/file") == store.list(bucket, "lake/orders/") == "ok"
    assert store.put(bucket, "lake/orders/data/new") == store.delete(bucket, "lake/orders/data/file") == REFUSED
    assert store.get(bucket, "lake/orders2/data/file") == store.list(bucket, "lake/") == REFUSED


def test_a_writer_writes_the_table_and_nothing_else(scene: Scene, r2: R2) -> None:
    keys = scene.vend(scene.tenant.user("Writer"))
    assert r2.minted[-1]["permission"] == "object-read-write"
    store, bucket = scene.store(keys), scene.lake.bucket
    assert store.put(bucket, "lake/orders/data/new") == store.delete(bucket, "lake/orders/data/new") == "ok"
    assert store.put(bucket, "lake/orders2/data/new") == store.delete(bucket, "lake/orders2/data/file") == REFUSED


def test_write_without_delete_is_refused_and_never_rounded_up(scene: Scene, r2: R2) -> None:
    user, before = scene.writes_without_delete(), len(r2.minted)
    error = scene.refused(user, 422)
    assert error["reason"] == "write-without-delete"
    assert "?access=read" in error["message"]
    assert len(r2.minted) == before
    scene.vend(user, access="read")
    assert r2.minted[-1]["permission"] == "object-read-only"


def test_the_life_is_what_was_asked_for_and_counted_from_before(scene: Scene, r2: R2) -> None:
    began = time.time()
    keys = scene.vend(scene.tenant.user("Reader"), ttl=1234)
    assert r2.minted[-1]["ttlSeconds"] == 1234
    assert keys.expiration is not None
    assert began - 2 < keys.expiration.timestamp() - 1234 < time.time()


def test_pyiceberg_appends_and_scans(scene: Scene, stubbed_host: Host) -> None:
    token = scene.tenant.user("Writer").api.token or ""
    catalog = pyiceberg(stubbed_host.url, prefix=scene.lake.catalog, token=token)
    table = catalog.create_table("sales.t", schema=ROWS.schema)
    table.append(ROWS)
    assert len(rows(catalog.load_table("sales.t"))) == 3


def test_a_bucket_of_a_jurisdiction(make: Make, r2: R2) -> None:
    scene = make(jurisdiction="eu")
    scene.vend(scene.tenant.user("Reader"))
    assert r2.minted[-1]["jurisdiction"] == "eu"


@pytest.mark.parametrize("code", TROUBLE)
def test_each_refusal_has_its_own_code(scene: Scene, r2: R2, code: str) -> None:
    status, fault = TROUBLE[code]
    before = len(r2.minted)
    with r2.wire.failing(fault):
        error = scene.refused(scene.tenant.user("Reader"), status)
    assert error["reason"] == code, error
    assert (error["retry-after"] == "7") == (code == "cloudflare-throttled")
    assert len(r2.minted) == before


def test_an_answer_that_repeats_the_token_is_withheld(scene: Scene, r2: R2) -> None:
    with r2.wire.failing(instead(400, f'{{"success":false,"errors":[{{"code":1,"message":"{r2.token}"}}]}}')):
        error = scene.refused(scene.tenant.user("Reader"), 502)
    assert r2.token not in str(error)


def test_a_wrong_token_is_found_out(stubbed_host: Host, planted: Planted, seaweed: Seaweed, r2: R2) -> None:
    tenant = new_tenant(stubbed_host, planted)
    strategy = {"R2Temporary": fields(r2, api_token=planted.hex("wrong token", 40))}
    body = {"vending_strategy": strategy, "storage_config": s3_config(seaweed, seaweed.bucket())}
    catalog = tenant.catalog(tenant.warehouse(body)["name"])["name"]
    tenant.admin.api.create_namespace(catalog, "sales")
    path = tenant.admin.api.table_path(catalog, "sales", "").removesuffix("/")
    reply = tenant.admin.api.request("POST", path, json={"name": "t", "schema": {"type": "struct", "fields": []}})
    assert (reply.status_code, reply.json()["error"]["reason"]) == (403, "token-refused"), reply.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account_id", "../../zones"),
        ("account_id", None),
        ("parent_access_key_id", '","permission":"admin-read-write'),
        ("api_token", None),
        ("jurisdiction", "mars"),
        ("api_url", "ftp://example.com"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused_at_once(
    stubbed_host: Host, planted: Planted, seaweed: Seaweed, r2: R2, field: str, value: str | None
) -> None:
    given = {name: text for name, text in (fields(r2) | {field: value}).items() if text is not None}
    body = {"name": "w", "vending_strategy": {"R2Temporary": given}, "storage_config": s3_config(seaweed, "some-bucket")}
    reply = new_tenant(stubbed_host, planted).admin.api.request("POST", "/api/v1/warehouses", json=body)
    assert 400 <= reply.status_code < 500, reply.text
    assert field in reply.text


def test_the_bucket_is_where_clients_look_for_it(stubbed_host: Host, planted: Planted, r2: R2) -> None:
    """With Cloudflare's own API the endpoint must be the account's."""
    api = new_tenant(stubbed_host, planted).admin.api
    given = fields(r2)
    del given["api_url"]
    for endpoint, status in [
        (None, 400),
        ("https://s3.example.com", 400),
        (f"https://{'0' * 32}.r2.cloudflarestorage.com", 400),
        (f"https://{r2.account}.r2.cloudflarestorage.com", 201),
    ]:
        storage = {"type": "s3", "bucket": "lake", "region": "auto"} | ({"endpoint": endpoint} if endpoint else {})
        body = {"name": f"w{status}", "vending_strategy": {"R2Temporary": given}, "storage_config": storage}
        reply = api.request("POST", "/api/v1/warehouses", json=body)
        assert reply.status_code // 100 == status // 100, reply.text
        assert status == 201 or "endpoint" in reply.text


def test_a_service_that_is_not_there(scene: Scene, r2: R2) -> None:
    (port,) = free_ports(1)
    given = fields(r2, api_url=f"http://127.0.0.1:{port}/client/v4")
    scene.tenant.admin.api.put(f"/api/v1/warehouses/{scene.lake.warehouse}", {"vending_strategy": {"R2Temporary": given}})
    assert scene.refused(scene.tenant.user("Reader"), 503)["reason"] == "cloudflare-unreachable"
