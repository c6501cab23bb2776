"""VaultAws, the example in Python: sessions of Vault's roles, at a strict double over TLS."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from harness.examples.sessions import bucket_policy
from harness.examples.vault import Role, Vault
from harness.examples.world import Scene, example_scene
from harness.host import Host, unused_name
from harness.listener import dropped, instead
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.world import new_tenant, s3_config

REFUSED = "AccessDenied"
Make = Callable[..., Scene]
TROUBLE: dict[str, tuple[int, Any]] = {
    "token-refused": (403, instead(403, '{"errors":["permission denied"]}')),
    "mount-unknown": (422, instead(404, '{"errors":["no handler for route"]}')),
    "role-unknown": (422, instead(400, '{"errors":["Role \\"x\\" not found"]}')),
    "vault-throttled": (503, instead(429, '{"errors":["rate limit quota exceeded"]}', Retry_After="7")),
    "vault-standby": (503, instead(473, '{"errors":[]}')),
    "vault-sealed": (503, instead(503, '{"errors":["Vault is sealed"]}')),
    "vault-fault": (502, instead(500, '{"errors":["1 error occurred"]}')),
    "vault-unreadable": (502, instead(200, "<html>")),
    "vault-protocol": (502, dropped),
}


def fields(vault: Vault, **more: str) -> dict[str, str]:
    found = {"vault_addr": vault.wire.url, "vault_token": vault.token, "mount": vault.mount, "ca_certificate": vault.ca}
    return found | more


@pytest.fixture
def make(stubbed_host: Host, planted: Planted, seaweed: Seaweed, vault: Vault) -> Make:
    def make(reads: str | None = None, **more: Any) -> Scene:
        bucket = seaweed.bucket()
        roles = {"read_role": reads or unused_name("read"), "write_role": unused_name("write")}
        for name, role in roles.items():
            vault.roles[role] = Role(bucket_policy(bucket, ["lake/"], name == "write_role"))
        return example_scene(stubbed_host, planted, seaweed, {"VaultAws": fields(vault, **roles, **more)}, bucket)

    return make


@pytest.fixture
def scene(make: Make) -> Scene:
    return make()


def role(scene: Scene, vault: Vault, name: str) -> Role:
    shown = scene.tenant.admin.api.get(f"/api/v1/warehouses/{scene.lake.warehouse}")
    return vault.roles[shown["storage_config"].get(name) or shown["vending_strategy"]["VaultAws"][name]]


def test_each_level_of_access_has_its_role(scene: Scene, vault: Vault) -> None:
    reader, writer = scene.tenant.user("Reader"), scene.tenant.user("Writer")
    bucket = scene.lake.bucket
    store = scene.store(scene.vend(reader))
    assert vault.minted[-1][0].startswith("read-")
    assert store.get(bucket, "lake/orders/data/file") == "ok"
    assert store.put(bucket, "lake/orders/data/new") == store.delete(bucket, "lake/orders/data/file") == REFUSED
    store = scene.store(scene.vend(writer))
    assert vault.minted[-1][0].startswith("write-")
    assert store.put(bucket, "lake/orders/data/new") == store.delete(bucket, "lake/orders/data/new") == "ok"
    # Where it opens is the role's word: here the whole base, and nothing beside it.
    assert store.get(bucket, "lake/orders2/data/file") == "ok"
    assert store.put(bucket, "elsewhere") == REFUSED


def test_the_caller_s_name_reaches_the_cloud_s_trail(scene: Scene, vault: Vault) -> None:
    user = scene.tenant.user("Reader")
    scene.vend(user)
    assert user.name in vault.minted[-1][2]


def test_who_has_a_part_only_gets_no_key_of_the_whole_base(scene: Scene, vault: Vault) -> None:
    user, before = scene.tenant.user(), len(vault.minted)
    catalogs = scene.tenant.admin.api.get("/api/v1/catalogs")
    catalog = next(entry["id"] for entry in catalogs if entry["name"] == scene.lake.catalog)
    scope = {"type": "namespace", "catalog_id": catalog, "namespace": "sales"}
    scene.tenant.grant(user, scope, ["read"])
    assert scene.ask(user).status_code == 403
    assert len(vault.minted) == before


def test_write_without_delete_is_refused(scene: Scene, vault: Vault) -> None:
    user, before = scene.writes_without_delete(), len(vault.minted)
    assert scene.refused(user, 422)["reason"] == "write-without-delete"
    assert len(vault.minted) == before


def test_the_life_is_vault_s_word(scene: Scene, vault: Vault) -> None:
    given = role(scene, vault, "read_role")
    given.max_sts_ttl, given.old = 1000, True
    keys = scene.vend(scene.tenant.user("Reader"), ttl=3600)
    assert keys.expiration is not None
    assert 990 < keys.expiration.timestamp() - time.time() <= 1000
    assert scene.refused(scene.tenant.user("Reader"), 400, ttl=60)["reason"] == "ttl-too-short"


def test_keys_that_would_outlive_the_credential_are_refused(scene: Scene, vault: Vault) -> None:
    role(scene, vault, "read_role").credential_type = "iam_user"
    assert scene.refused(scene.tenant.user("Reader"), 422)["reason"] == "role-of-users"


def test_a_role_that_is_gone(scene: Scene, vault: Vault) -> None:
    gone = role(scene, vault, "read_role")
    del vault.roles[next(name for name, one in vault.roles.items() if one is gone)]
    assert scene.refused(scene.tenant.user("Reader"), 422)["reason"] == "role-unknown"


def test_a_sealed_vault(scene: Scene, vault: Vault) -> None:
    vault.sealed = True
    try:
        error = scene.refused(scene.tenant.user("Reader"), 503)
    finally:
        vault.sealed = False
    assert error["reason"] == "vault-sealed"
    assert "sealed" in error["message"]


def test_a_namespace(make: Make, vault: Vault) -> None:
    vault.namespace = "data/lake"
    try:
        scene = make(namespace="/data/lake/")
        scene.vend(scene.tenant.user("Reader"))
    finally:
        vault.namespace = None
    assert scene.refused(scene.tenant.user("Reader"), 422)["reason"] == "mount-unknown"


@pytest.mark.parametrize("code", TROUBLE)
def test_each_refusal_has_its_own_code(scene: Scene, vault: Vault, code: str) -> None:
    status, fault = TROUBLE[code]
    before = len(vault.minted)
    with vault.wire.failing(fault):
        error = scene.refused(scene.tenant.user("Reader"), status)
    assert error["reason"] == code, error
    assert (error["retry-after"] == "7") == (code == "vault-throttled")
    assert len(vault.minted) == before


def test_an_answer_that_repeats_the_token_is_withheld(scene: Scene, vault: Vault) -> None:
    with vault.wire.failing(instead(403, f'{{"errors":["bad token {vault.token}"]}}')):
        error = scene.refused(scene.tenant.user("Reader"), 502)
    assert vault.token not in str(error)


def test_a_server_with_another_certificate_gets_nothing(scene: Scene, vault: Vault) -> None:
    before = len(vault.wire.seen)
    given = fields(vault, read_role="r", write_role="w")
    del given["ca_certificate"]
    scene.tenant.admin.api.put(f"/api/v1/warehouses/{scene.lake.warehouse}", {"vending_strategy": {"VaultAws": given}})
    # A field that is not sent keeps its value; an empty one is none.
    given["ca_certificate"] = ""
    scene.tenant.admin.api.put(f"/api/v1/warehouses/{scene.lake.warehouse}", {"vending_strategy": {"VaultAws": given}})
    assert scene.refused(scene.tenant.user("Reader"), 502)["reason"] == "vault-tls"
    assert len(vault.wire.seen) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [("read_role", "../../sys/seal"), ("write_role", None), ("mount", "aws/../sys"), ("namespace", "a//b"), ("vault_token", None)],
)
def test_a_configuration_that_cannot_work_is_refused_at_once(
    stubbed_host: Host, planted: Planted, seaweed: Seaweed, vault: Vault, field: str, value: str | None
) -> None:
    given = fields(vault, read_role="r", write_role="w") | {field: value}
    given = {name: text for name, text in given.items() if text is not None}
    body = {"name": "w", "vending_strategy": {"VaultAws": given}, "storage_config": s3_config(seaweed, "some-bucket")}
    reply = new_tenant(stubbed_host, planted).admin.api.request("POST", "/api/v1/warehouses", json=body)
    assert 400 <= reply.status_code < 500, reply.text
    assert field in reply.text
