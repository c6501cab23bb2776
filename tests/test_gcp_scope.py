"""What a vended token opens in the store, and what its boundary keeps shut."""

import time
from datetime import datetime

import pytest

from harness.google.boundary import Need
from harness.google.client import split
from harness.google.iam import Token
from harness.google.lake import GoogleLake, new_google_lake
from harness.google.world import Google
from harness.host import unused_name
from harness.world import Tenant, User

FILE = "lake/orders/data/file"


class Scene:
    """Two tables whose names share a beginning, and files of both."""

    def __init__(self, lake: GoogleLake):
        self.lake, self.google, self.bucket = lake, lake.google, lake.bucket
        for name in ("orders", "orders2"):
            lake.tenant.admin.api.create_table(lake.catalog, "sales", name, lake.location(name))
        for key in (FILE, "lake/orders2/data/file", "lake/file", "file"):
            assert self.google.owner().put(self.bucket, key) == "ok"

    def token(self, user: User) -> Token:
        return self.google.iam.tokens[self.lake.flat(user)["access_token"]]


@pytest.fixture
def scene(cloud_tenant: Tenant, google: Google) -> Scene:
    return Scene(new_google_lake(cloud_tenant, google))


def test_a_writer_has_the_table_and_nothing_around_it(scene: Scene) -> None:
    bucket = scene.bucket
    objects = scene.lake.objects(scene.lake.tenant.user("Writer"))
    new = "lake/orders/data/new"
    assert objects.get(bucket, FILE) == "ok"
    assert objects.put(bucket, new) == objects.put(bucket, new) == objects.put_in_parts(bucket, new) == "ok"
    assert objects.copy((bucket, FILE), (bucket, new)) == objects.delete(bucket, new) == "ok"
    assert objects.list(bucket, "lake/orders/") == objects.list(bucket, "lake/orders/data/") == "ok"
    for key in ("lake/orders2/data/file", "lake/file", "file", "lake/orders"):
        assert {objects.get(bucket, key), objects.put(bucket, key), objects.delete(bucket, key)} == {"403"}, key
    for prefix in ("lake/orders2/", "lake/orders", "lake/", "", None):
        assert objects.list(bucket, prefix) == "403", prefix
    assert objects.copy((bucket, "lake/orders2/data/file"), (bucket, "lake/orders/data/stolen")) == "403"
    assert objects.compose(bucket, ["lake/orders2/data/file"], "lake/orders/data/stolen") == "403"
    other = scene.google.bucket()
    assert scene.google.owner().put(other, FILE) == "ok"
    assert objects.get(other, FILE) == objects.put(other, FILE) == "403"


def test_a_reader_reads_and_cannot_put_or_delete(scene: Scene) -> None:
    bucket = scene.bucket
    objects = scene.lake.objects(scene.lake.tenant.user("Reader"))
    assert objects.get(bucket, FILE) == objects.list(bucket, "lake/orders/") == "ok"
    for key in (FILE, "lake/orders/data/new"):
        assert {objects.put(bucket, key), objects.put_in_parts(bucket, key), objects.delete(bucket, key)} == {"403"}
    assert objects.get(bucket, "lake/orders2/data/file") == "403"


def test_a_custom_role_without_delete_appends_only(scene: Scene) -> None:
    tenant, lake, bucket = scene.lake.tenant, scene.lake, scene.bucket
    user = tenant.user()
    catalog = next(entry["id"] for entry in tenant.admin.api.get("/api/v1/catalogs") if entry["name"] == lake.catalog)
    tenant.grant(user, {"type": "catalog", "catalog_id": catalog}, ["write"])
    objects = lake.objects(user)
    assert objects.put(bucket, "lake/orders/data/appended") == objects.put_in_parts(bucket, "lake/orders/data/too") == "ok"
    # Replacing an object is deleting it.
    assert objects.put(bucket, "lake/orders/data/appended") == "403"
    assert objects.delete(bucket, "lake/orders/data/appended") == "403"
    user.api.delete(user.api.table_path(lake.catalog, "sales", "orders"), status=403)


def test_a_writer_can_ask_for_less(scene: Scene) -> None:
    objects = scene.lake.objects(scene.lake.tenant.user("Writer"), params={"access": "read"})
    assert objects.get(scene.bucket, FILE) == "ok"
    assert objects.put(scene.bucket, "lake/orders/data/new") == "403"


def test_a_user_without_grants_gets_nothing(scene: Scene) -> None:
    lake = scene.lake
    for user in (lake.tenant.user(), lake.tenant.user("Discovery")):
        path = user.api.table_path(lake.catalog, "sales", "orders")
        for method, suffix in (("GET", ""), ("GET", "/credentials"), ("POST", "/credentials")):
            reply = user.api.request(method, path + suffix, headers={"X-Iceberg-Access-Delegation": "vended-credentials"})
            assert reply.status_code in (403, 404), reply.text
            assert "ya29" not in reply.text


def test_the_boundary_is_the_tables_and_the_expiry_googles(scene: Scene) -> None:
    reader = scene.lake.tenant.user("Reader")
    body = scene.lake.flat(reader)
    token = scene.google.iam.tokens[body["access_token"]]
    assert token.boundary is not None
    for rule in token.boundary.rules:
        assert rule.bucket == scene.bucket and rule.condition is not None
        assert rule.permissions == {"storage.objects.get", "storage.objects.list"}
    # Said to the second, by Google; never a guess, and never later than the truth.
    ends = datetime.fromisoformat(body["expiration"]).timestamp()
    assert token.expires_at - 3 <= ends <= token.expires_at + 1


def test_the_expiry_is_known_where_sts_does_not_say_it(cloud_tenant: Tenant, google: Google) -> None:
    google.sts.says_expiry = False
    try:
        lake = new_google_lake(cloud_tenant, google)
        cloud_tenant.admin.api.create_table(lake.catalog, "sales", "orders")
        body = lake.flat(cloud_tenant.user("Reader"))
    finally:
        google.sts.says_expiry = True
    ends = datetime.fromisoformat(body["expiration"]).timestamp()
    assert ends <= google.iam.tokens[body["access_token"]].expires_at + 1
    assert ends > time.time() + 600


def test_it_ends_when_it_says(cloud_tenant: Tenant, google: Google) -> None:
    google.iam.life = 8
    try:
        scene = Scene(new_google_lake(cloud_tenant, google))
        reader = cloud_tenant.user("Reader")
        body = scene.lake.flat(reader)
        objects = google.holder(body["access_token"])
        assert objects.get(scene.bucket, FILE) == "ok"
        ends = datetime.fromisoformat(body["expiration"]).timestamp()
        assert ends - time.time() <= 8
        time.sleep(max(0.0, ends - time.time()) + 1.1)
        assert objects.get(scene.bucket, FILE) == "401"
        # Nothing that has ended is served from a cache.
        assert scene.lake.objects(reader).get(scene.bucket, FILE) == "ok"
    finally:
        google.iam.life = 3599


def test_the_rights_of_the_service_account_bound_every_token(cloud_tenant: Tenant, google: Google) -> None:
    lake = new_google_lake(cloud_tenant, google)
    cloud_tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    assert lake.account is not None
    lake.account.permissions = frozenset({"storage.objects.get", "storage.objects.list"})
    objects = lake.objects(cloud_tenant.user("Writer"))
    assert objects.list(lake.bucket, "lake/orders/") == "ok"
    assert objects.put(lake.bucket, "lake/orders/x") == "403"


def test_load_vends_the_names_that_clients_read(scene: Scene) -> None:
    lake, reader = scene.lake, scene.lake.tenant.user("Reader")
    plain = reader.api.load_table(lake.catalog, "sales", "orders", headers={})
    assert not any(key.startswith(("gcs.", "gcp-")) for key in plain.get("config", {}))
    assert not plain.get("storage-credentials")
    loaded = reader.api.load_table(lake.catalog, "sales", "orders")
    (credential,) = loaded["storage-credentials"]
    assert credential["prefix"] == lake.location("orders") + "/"
    for config in (loaded["config"], credential["config"]):
        token = config["gcs.oauth2.token"]
        assert config["gcp-oauth-token"] == token
        assert int(config["gcs.oauth2.token-expires-at"]) > time.time() * 1000
        assert config["gcs.project-id"] == config["gcp-project-id"] == "my-gcp-project"
        assert config["gcs.service.host"] == scene.google.url
        assert not any("private" in value or "service-account" in key for key, value in config.items())
        assert scene.google.holder(token).get(scene.bucket, FILE) == "ok"
        assert scene.google.holder(token).put(scene.bucket, FILE) == "403"


def test_the_hosts_own_tokens_are_for_one_table_each(scene: Scene) -> None:
    api, lake, google = scene.lake.tenant.admin.api, scene.lake, scene.google
    before = set(google.iam.tokens)
    made = api.create_table(lake.catalog, "sales", unused_name("t"))
    bucket, key = split(made["metadata-location"])
    assert bucket == scene.bucket and google.owner().get(bucket, key) == "ok"
    narrow = [google.iam.tokens[value] for value in set(google.iam.tokens) - before if google.iam.tokens[value].boundary]
    assert narrow
    for token in narrow:
        assert token.permits(Need("storage.objects.create", bucket, key))
        assert not token.permits(Need("storage.objects.get", bucket, FILE))


def test_a_wide_token_is_kept_and_never_vended(scene: Scene) -> None:
    lake, google = scene.lake, scene.google
    before = len(google.tokens.listener.seen)
    for role in ("Reader", "Writer"):
        assert scene.token(lake.tenant.user(role)).boundary is not None
    # One assertion serves all of them.
    assert len(google.tokens.listener.seen) == before


def test_a_grant_that_is_taken_back_ends_at_once(scene: Scene) -> None:
    tenant, lake = scene.lake.tenant, scene.lake
    reader = tenant.user("Reader")
    lake.objects(reader)
    tenant.admin.api.delete(f"/api/v1/users/{reader.id}/roles/{tenant.role_id('Reader')}")
    path = reader.api.table_path(lake.catalog, "sales", "orders")
    assert reader.api.request("POST", path + "/credentials").status_code in (403, 404)


def test_a_life_that_google_cannot_give_is_refused(scene: Scene) -> None:
    reader = scene.lake.tenant.user("Reader")
    path = reader.api.table_path(scene.lake.catalog, "sales", "orders") + "/credentials"
    refused = reader.api.request("POST", path, params={"ttl": "60"})
    assert refused.status_code in (400, 422), refused.text
    assert "3600" in refused.text.replace(",", "")
