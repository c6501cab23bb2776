"""What a vended SAS opens on an account with directories, and what the account refuses it."""

import time
from datetime import datetime
from urllib.parse import parse_qsl

import pytest

from harness.azure import sas
from harness.azure.client import split
from harness.azure.lake import AzureLake, new_azure_lake
from harness.azure.world import Azure
from harness.host import unused_name
from harness.world import Tenant, User

FAILED, MISMATCH = "AuthenticationFailed", "AuthorizationPermissionMismatch"
FILE = "lake/orders/data/file"


class Scene:
    """Two tables whose names share a beginning, and files of both."""

    def __init__(self, lake: AzureLake):
        self.lake, self.azure, self.container = lake, lake.azure, lake.bucket
        for name in ("orders", "orders2"):
            lake.tenant.admin.api.create_table(lake.catalog, "sales", name, lake.location(name))
        for path in (FILE, "lake/orders2/data/file", "lake/file", "file"):
            assert self.azure.owner().put(self.container, path) == "ok"


@pytest.fixture(params=["AzureSas", "AzureOAuth"])
def scene(request: pytest.FixtureRequest, cloud_tenant: Tenant, azure: Azure) -> Scene:
    return Scene(new_azure_lake(cloud_tenant, azure, request.param))


def test_a_writer_has_the_table_and_nothing_around_it(scene: Scene) -> None:
    container = scene.container
    blobs = scene.lake.blobs(scene.lake.tenant.user("Writer"))
    new = "lake/orders/data/new"
    assert blobs.get(container, FILE) == "ok"
    assert blobs.put(container, new) == blobs.put(container, new) == blobs.put_in_blocks(container, new) == "ok"
    assert blobs.delete(container, new) == "ok"
    assert blobs.list(container, "lake/orders/") == blobs.walk(container, "lake/orders/data/") == "ok"
    for path in ("lake/orders2/data/file", "lake/file", "file", "lake/orders2"):
        assert {blobs.get(container, path), blobs.put(container, path), blobs.delete(container, path)} == {FAILED}, path
    for prefix in ("lake/orders2/", "lake/orders", "lake/", "", None):
        assert blobs.list(container, prefix) == FAILED, prefix
    other = scene.azure.container()
    assert scene.azure.owner().put(other, FILE) == "ok"
    assert blobs.get(other, FILE) == FAILED
    assert blobs.list(other, "lake/orders/") == FAILED


def test_a_reader_reads_and_cannot_put_or_delete(scene: Scene) -> None:
    container = scene.container
    blobs = scene.lake.blobs(scene.lake.tenant.user("Reader"))
    assert blobs.get(container, FILE) == blobs.list(container, "lake/orders/") == "ok"
    for path in (FILE, "lake/orders/data/new"):
        assert {blobs.put(container, path), blobs.put_in_blocks(container, path), blobs.delete(container, path)} == {MISMATCH}
    assert blobs.get(container, "lake/orders2/data/file") == FAILED


def test_a_custom_role_without_delete_appends_only(scene: Scene) -> None:
    tenant, lake = scene.lake.tenant, scene.lake
    user = tenant.user()
    catalog = next(entry["id"] for entry in tenant.admin.api.get("/api/v1/catalogs") if entry["name"] == lake.catalog)
    tenant.grant(user, {"type": "catalog", "catalog_id": catalog}, ["write"])
    blobs = lake.blobs(user)
    assert blobs.put(scene.container, "lake/orders/data/appended") == "ok"
    assert blobs.delete(scene.container, "lake/orders/data/appended") == MISMATCH
    user.api.delete(user.api.table_path(lake.catalog, "sales", "orders"), status=403)


def test_a_writer_can_ask_for_less(scene: Scene) -> None:
    blobs = scene.lake.blobs(scene.lake.tenant.user("Writer"), params={"access": "read"})
    assert blobs.get(scene.container, FILE) == "ok"
    assert blobs.put(scene.container, "lake/orders/data/new") == MISMATCH


def test_a_user_without_grants_gets_nothing(scene: Scene) -> None:
    lake = scene.lake
    for user in (lake.tenant.user(), lake.tenant.user("Discovery")):
        path = user.api.table_path(lake.catalog, "sales", "orders")
        for method, suffix in (("GET", ""), ("GET", "/credentials"), ("POST", "/credentials")):
            reply = user.api.request(method, path + suffix, headers={"X-Iceberg-Access-Delegation": "vended-credentials"})
            assert reply.status_code in (403, 404), reply.text
            assert "sig=" not in reply.text


def test_it_ends_when_it_says(scene: Scene) -> None:
    reader = scene.lake.tenant.user("Reader")
    body = scene.lake.flat(reader, params={"ttl": "3"})
    ends = datetime.fromisoformat(body["expiration"]).timestamp()
    assert 0 < ends - time.time() <= 3
    blobs = scene.azure.holder(body["sas_token"])
    assert blobs.get(scene.container, FILE) == "ok"
    time.sleep(max(0.0, ends - time.time()) + 1.1)
    assert blobs.get(scene.container, FILE) == FAILED
    # Nothing that has ended is served from a cache.
    again = scene.azure.holder(scene.lake.flat(reader, params={"ttl": "3"})["sas_token"])
    assert again.get(scene.container, FILE) == "ok"


def fields_of(scene: Scene, user: User, **arguments: object) -> dict[str, str]:
    return dict(parse_qsl(scene.lake.flat(user, **arguments)["sas_token"], strict_parsing=True))


def test_the_fields_of_a_sas_are_those_that_were_promised(scene: Scene) -> None:
    fields = fields_of(scene, scene.lake.tenant.user("Reader"), params={"ttl": "600"})
    assert (fields["sr"], fields["sdd"], fields["spr"], fields["sp"]) == ("d", "2", "https", "rl")
    begins, ends, now = sas.instant(fields["st"]), sas.instant(fields["se"]), time.time()
    # Clocks differ: it begins a little before now.
    assert 60 <= now - begins <= 900
    assert 590 <= ends - now <= 601
    assert set(fields_of(scene, scene.lake.tenant.user("Writer"))["sp"]) == set("racwdl")


def test_the_signature_is_what_an_independent_computation_gives(scene: Scene) -> None:
    fields = fields_of(scene, scene.lake.tenant.user("Reader"))
    signature = fields.pop("sig")
    key = next((key.value for key in scene.azure.gate.keys if key.named_by(fields)), None)
    assert (key is not None) == (scene.lake.app is not None)
    text = sas.string_to_sign(fields, scene.azure.account, scene.container, "lake/orders")
    assert sas.sign(key or scene.azure.key, text) == signature


def test_load_vends_the_names_that_clients_read(scene: Scene) -> None:
    lake, reader = scene.lake, scene.lake.tenant.user("Reader")
    plain = reader.api.load_table(lake.catalog, "sales", "orders", headers={})
    assert not any(key.startswith("adls.") for key in plain.get("config", {}))
    assert not plain.get("storage-credentials")
    loaded = reader.api.load_table(lake.catalog, "sales", "orders")
    (credential,) = loaded["storage-credentials"]
    assert credential["prefix"] == lake.location("orders") + "/"
    host = f"{scene.azure.account}.dfs.core.windows.net"
    for config in (loaded["config"], credential["config"]):
        token = config["adls.sas-token"]
        assert config[f"adls.sas-token.{host}"] == token
        assert int(config[f"adls.sas-token-expires-at-ms.{host}"]) > time.time() * 1000
        assert (config["adls.account-name"], config["adls.container"]) == (scene.azure.account, scene.container)
        # adlfs puts https:// before it and speaks to the blob service.
        assert "https://" + config["adls.account-host"] == scene.azure.gate.account_url
        assert not {"adls.account-key", "adls.token"} & set(config)
        assert scene.azure.holder(token).get(scene.container, FILE) == "ok"
        assert scene.azure.holder(token).put(scene.container, FILE) == MISMATCH


def test_the_hosts_own_files_lie_inside_the_table(scene: Scene) -> None:
    api, lake = scene.lake.tenant.admin.api, scene.lake
    made = api.create_table(lake.catalog, "sales", unused_name("t"))
    container, path = split(made["metadata-location"])
    assert container == scene.container
    assert path.startswith(split(made["metadata"]["location"])[1] + "/")
    assert scene.azure.owner().get(container, path) == "ok"


def test_a_grant_that_is_taken_back_ends_at_once(scene: Scene) -> None:
    tenant, lake = scene.lake.tenant, scene.lake
    reader = tenant.user("Reader")
    lake.blobs(reader)
    tenant.admin.api.delete(f"/api/v1/users/{reader.id}/roles/{tenant.role_id('Reader')}")
    path = reader.api.table_path(lake.catalog, "sales", "orders")
    assert reader.api.request("POST", path + "/credentials").status_code in (403, 404)


def test_a_warm_vend_asks_nobody(scene: Scene) -> None:
    lake, azure = scene.lake, scene.azure
    lake.blobs(lake.tenant.user("Reader"))
    before = azure.entra.asked, len(azure.gate.keys)
    for role in ("Reader", "Writer"):
        lake.flat(lake.tenant.user(role))
    assert (azure.entra.asked, len(azure.gate.keys)) == before


def test_every_vend_is_in_the_trail_without_its_signature(scene: Scene) -> None:
    lake, reader = scene.lake, scene.lake.tenant.user("Reader")
    token = lake.flat(reader)["sas_token"]
    trail = lake.tenant.admin.api.audit_text()
    assert lake.location("orders") in trail
    assert token.rpartition("sig=")[2].partition("&")[0] not in trail
