"""What a vended credential opens, and what the storage refuses it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from harness.host import Host
from harness.planted import Planted
from harness.s3 import Keys, Store
from harness.seaweed import Seaweed
from harness.world import Lake, User, new_lake, new_tenant

REFUSED = "AccessDenied"


class Scene:
    """Two tables whose names share a beginning, files of both, and credentials of the first."""

    def __init__(self, lake: Lake, seaweed: Seaweed):
        self.lake, self.seaweed = lake, seaweed
        self.admin = Store(seaweed, seaweed.admin)
        for name in ("orders", "orders2"):
            lake.tenant.admin.api.create_table(lake.catalog, "sales", name, lake.location(name))
            assert self.admin.put(lake.bucket, f"lake/{name}/data/file") == "ok"
        for key in ("lake/file", "file", "lake/orders"):
            assert self.admin.put(lake.bucket, key) == "ok"

    def store(self, user: User, table: str = "orders", **arguments: Any) -> Store:
        body = user.api.credentials(self.lake.catalog, "sales", table, **arguments)
        return Store(self.seaweed, Keys.from_flat(body))


@pytest.fixture
def scene(any_lake: Lake, seaweed: Seaweed) -> Scene:
    return Scene(any_lake, seaweed)


def test_a_writer_has_the_table_and_nothing_around_it(scene: Scene) -> None:
    lake, bucket = scene.lake, scene.lake.bucket
    store = scene.store(lake.tenant.user("Writer"))

    assert store.get(bucket, "lake/orders/data/file") == "ok"
    assert store.put(bucket, "lake/orders/data/new") == "ok"
    assert store.delete(bucket, "lake/orders/data/new") == "ok"
    assert store.list(bucket, "lake/orders/") == "ok"

    for key in ("lake/orders2/data/file", "lake/file", "file", "lake/orders"):
        assert store.get(bucket, key) == REFUSED, key
        assert store.put(bucket, key) == REFUSED, key
        assert store.delete(bucket, key) == REFUSED, key
    for prefix in ("lake/orders2/", "lake/orders", "lake/", "", None):
        assert store.list(bucket, prefix) == REFUSED, prefix
    assert store.copy((bucket, "lake/orders2/data/file"), (bucket, "lake/orders/data/stolen")) == REFUSED
    other = scene.seaweed.bucket()
    assert scene.admin.put(other, "lake/orders/data/file") == "ok"
    assert store.get(other, "lake/orders/data/file") == REFUSED
    assert store.put(other, "lake/orders/data/new") == REFUSED


def test_a_reader_reads_and_cannot_put_or_delete(scene: Scene) -> None:
    bucket = scene.lake.bucket
    store = scene.store(scene.lake.tenant.user("Reader"))
    assert store.get(bucket, "lake/orders/data/file") == "ok"
    assert store.list(bucket, "lake/orders/") == "ok"
    assert store.put(bucket, "lake/orders/data/new") == REFUSED
    assert store.put(bucket, "lake/orders/data/file") == REFUSED
    assert store.delete(bucket, "lake/orders/data/file") == REFUSED
    assert store.get(bucket, "lake/orders2/data/file") == REFUSED


def test_a_custom_role_without_delete_appends_only(scene: Scene) -> None:
    tenant, bucket = scene.lake.tenant, scene.lake.bucket
    user = tenant.user()
    catalogs = tenant.admin.api.get("/api/v1/catalogs")
    catalog = next(entry["id"] for entry in catalogs if entry["name"] == scene.lake.catalog)
    tenant.grant(user, {"type": "catalog", "catalog_id": catalog}, ["write"])
    store = scene.store(user)
    assert store.put(bucket, "lake/orders/data/appended") == "ok"
    assert store.delete(bucket, "lake/orders/data/appended") == REFUSED
    user.api.delete(user.api.table_path(scene.lake.catalog, "sales", "orders"), status=403)


def test_a_writer_can_ask_for_less(scene: Scene) -> None:
    store = scene.store(scene.lake.tenant.user("Writer"), params={"access": "read"})
    assert store.get(scene.lake.bucket, "lake/orders/data/file") == "ok"
    assert store.put(scene.lake.bucket, "lake/orders/data/new") == REFUSED


def test_a_user_without_grants_gets_nothing(scene: Scene) -> None:
    nobody, lake = scene.lake.tenant.user(), scene.lake
    path = nobody.api.table_path(lake.catalog, "sales", "orders")
    for method, suffix in (("GET", ""), ("GET", "/credentials"), ("POST", "/credentials")):
        reply = nobody.api.request(method, path + suffix, headers={"X-Iceberg-Access-Delegation": "vended-credentials"})
        assert reply.status_code in (403, 404), reply.text
        assert "secret" not in reply.text.lower()
    discovery = lake.tenant.user("Discovery")
    assert discovery.api.request("POST", path + "/credentials").status_code == 403
    assert discovery.api.request("GET", path).status_code == 403


def test_load_vends_the_same_scope_only_when_asked(scene: Scene) -> None:
    lake, reader = scene.lake, scene.lake.tenant.user("Reader")
    plain = reader.api.load_table(lake.catalog, "sales", "orders", headers={})
    assert not any(key.startswith(("s3.", "client.")) for key in plain.get("config", {}))
    assert not plain.get("storage-credentials")

    loaded = reader.api.load_table(lake.catalog, "sales", "orders")
    (credential,) = loaded["storage-credentials"]
    assert credential["prefix"] == lake.location("orders") + "/"
    for config in (loaded["config"], credential["config"]):
        keys = Keys.from_config(config)
        lake.tenant.planted.note("vended secret key", keys.secret_access_key)
        store = Store(scene.seaweed, keys)
        assert store.get(lake.bucket, "lake/orders/data/file") == "ok"
        assert store.put(lake.bucket, "lake/orders/data/new") == REFUSED
        assert store.get(lake.bucket, "lake/orders2/data/file") == REFUSED
        assert config["s3.region"] == config["client.region"] == "us-east-1"
        assert config["s3.endpoint"] == scene.seaweed.endpoint
        assert int(config["s3.session-token-expires-at-ms"]) > time.time() * 1000


def test_the_standard_get_answers_in_the_standard_form(scene: Scene) -> None:
    lake, reader = scene.lake, scene.lake.tenant.user("Reader")
    path = reader.api.table_path(lake.catalog, "sales", "orders") + "/credentials"
    reply = reader.api.request("GET", path)
    assert reply.status_code == 200, reply.text
    assert "no-store" in reply.headers["Cache-Control"]
    (credential,) = reply.json()["storage-credentials"]
    assert credential["prefix"] == lake.location("orders") + "/"
    assert Store(scene.seaweed, Keys.from_config(credential["config"])).get(lake.bucket, "lake/orders/data/file") == "ok"


def test_a_grant_that_is_taken_back_ends_at_once(scene: Scene) -> None:
    tenant, lake = scene.lake.tenant, scene.lake
    reader = tenant.user("Reader")
    scene.store(reader)
    tenant.admin.api.delete(f"/api/v1/users/{reader.id}/roles/{tenant.role_id('Reader')}")
    path = reader.api.table_path(lake.catalog, "sales", "orders")
    assert reader.api.request("POST", path + "/credentials").status_code in (403, 404)


def test_the_credential_ends_when_it_says(make_host: Callable[..., Host], planted: Planted, brief_seaweed: Seaweed) -> None:
    host = make_host(brief_seaweed).start()
    scene = Scene(new_lake(new_tenant(host, planted), brief_seaweed), brief_seaweed)
    reader = scene.lake.tenant.user("Reader")
    body = reader.api.credentials(scene.lake.catalog, "sales", "orders")
    keys = Keys.from_flat(body)
    assert keys.expiration is not None
    # The store's own word, not the hour that was asked for.
    assert 0 < (keys.expiration - datetime.now(UTC)).total_seconds() <= 9
    store = Store(brief_seaweed, keys)
    assert store.get(scene.lake.bucket, "lake/orders/data/file") == "ok"
    time.sleep(max(0.0, (keys.expiration - datetime.now(UTC)).total_seconds()) + 1.5)
    assert store.get(scene.lake.bucket, "lake/orders/data/file") != "ok"
    # The next one is fresh: nothing that has ended is served from a cache.
    again = Store(brief_seaweed, Keys.from_flat(reader.api.credentials(scene.lake.catalog, "sales", "orders")))
    assert again.get(scene.lake.bucket, "lake/orders/data/file") == "ok"
