"""MinioLdap, the example in C: the store itself enforces the policy that the component wrote."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from harness.examples.minio import Minio
from harness.examples.world import Scene, example_scene
from harness.host import Host
from harness.listener import dropped, instead
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.world import new_tenant, s3_config

REFUSED = "AccessDenied"
ERROR = "<ErrorResponse><Error><Code>{}</Code><Message>why &amp; wherefore</Message></Error></ErrorResponse>"
TROUBLE: dict[str, tuple[int, Any]] = {
    "login-refused": (403, instead(400, ERROR.format("InvalidParameterValue"))),
    "policy-too-large": (422, instead(400, ERROR.format("PackedPolicyTooLarge"))),
    "minio-throttled": (503, instead(503, ERROR.format("SlowDown"), Retry_After="7")),
    "minio-unavailable": (503, instead(503, ERROR.format("XMinioServerNotInitialized"))),
    "minio-unreadable": (502, instead(200, "<html>")),
    "minio-protocol": (502, dropped),
}


def fields(minio: Minio, **more: str) -> dict[str, str]:
    found = {"sts_endpoint": minio.wire.url, "ldap_username": minio.user, "ldap_password": minio.password}
    return found | more


@pytest.fixture
def scene(stubbed_host: Host, planted: Planted, seaweed: Seaweed, minio: Minio) -> Scene:
    return example_scene(stubbed_host, planted, seaweed, {"MinioLdap": fields(minio)})


def test_a_reader_reads_the_table_and_nothing_else(scene: Scene) -> None:
    store, bucket = scene.store(scene.vend(scene.tenant.user("Reader"))), scene.lake.bucket
    assert store.get(bucket, "lake/orders/data/file") == store.list(bucket, "lake/orders/") == "ok"
    assert store.put(bucket, "lake/orders/data/new") == store.delete(bucket, "lake/orders/data/file") == REFUSED
    for key in ("lake/orders2/data/file", "lake/orders"):
        assert store.get(bucket, key) == REFUSED
    for prefix in ("lake/orders", "lake/orders2/", "", None):
        assert store.list(bucket, prefix) == REFUSED


def test_rights_are_exact(scene: Scene) -> None:
    bucket = scene.lake.bucket
    store = scene.store(scene.vend(scene.tenant.user("Writer")))
    assert store.put(bucket, "lake/orders/data/new") == store.delete(bucket, "lake/orders/data/new") == "ok"
    assert store.put(bucket, "lake/orders2/data/new") == REFUSED
    appends = scene.store(scene.vend(scene.writes_without_delete()))
    assert appends.put(bucket, "lake/orders/data/new") == "ok"
    assert appends.delete(bucket, "lake/orders/data/new") == REFUSED


@pytest.mark.parametrize("name", ['a "quoted" b', "ä ö 日本", "50%+x&y=z", "back'tick`"])
def test_names_neither_break_nor_widen_the_policy(scene: Scene, minio: Minio, seaweed: Seaweed, name: str) -> None:
    api = scene.tenant.admin.api
    api.create_table(scene.lake.catalog, "sales", "odd", scene.lake.location(name))
    reader = scene.tenant.user("Reader")
    reply = reader.api.request("POST", reader.api.table_path(scene.lake.catalog, "sales", "odd") + "/credentials")
    assert reply.status_code == 200, reply.text
    allowed = [resource for statement in minio.minted[-1]["policy"]["Statement"] for resource in [statement["Resource"]]]
    arn = f"arn:aws:s3:::{scene.lake.bucket}"
    assert sorted(set(allowed)) == [arn, f"{arn}/lake/{name}/*"]


@pytest.mark.parametrize("name", ["a*b", "a$b"])
def test_names_that_a_policy_cannot_say_are_refused(scene: Scene, minio: Minio, name: str) -> None:
    before, api = len(minio.minted), scene.tenant.admin.api
    path = api.table_path(scene.lake.catalog, "sales", "").removesuffix("/")
    body = {"name": "odd", "schema": {"type": "struct", "fields": []}, "location": scene.lake.location(name)}
    reply = api.request("POST", path, json=body)
    assert (reply.status_code, reply.json()["error"]["reason"]) == (422, "name-not-expressible"), reply.text
    assert len(minio.minted) == before


def test_the_life_is_minio_s_word(scene: Scene, minio: Minio) -> None:
    keys = scene.vend(scene.tenant.user("Reader"), ttl=1800)
    assert minio.minted[-1]["seconds"] == 1800
    assert keys.expiration is not None
    assert 1700 < keys.expiration.timestamp() - time.time() <= 1801


@pytest.mark.parametrize("code", TROUBLE)
def test_each_refusal_has_its_own_code(scene: Scene, minio: Minio, code: str) -> None:
    status, fault = TROUBLE[code]
    with minio.wire.failing(fault):
        error = scene.refused(scene.tenant.user("Reader"), status)
    assert error["reason"] == code, error
    assert (error["retry-after"] == "7") == (code == "minio-throttled")
    assert code != "login-refused" or "why & wherefore" in error["message"]


@pytest.mark.parametrize("ends", ["", "soon", "2030-13-01T00:00:00Z", "2030-01-01 00:00:00Z", "2030-01-01T00:00:00+01:00"])
def test_an_end_that_cannot_be_read_is_no_credential(scene: Scene, minio: Minio, ends: str) -> None:
    parts = {"AccessKeyId": "AKEXAMPLE", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": ends}
    with minio.wire.failing(instead(200, "".join(f"<{name}>{value}</{name}>" for name, value in parts.items()))):
        assert scene.refused(scene.tenant.user("Reader"), 502)["reason"] == "minio-unreadable"


def test_an_answer_that_repeats_the_password_is_withheld(scene: Scene, minio: Minio) -> None:
    with minio.wire.failing(instead(400, ERROR.format(json.dumps(minio.password)))):
        error = scene.refused(scene.tenant.user("Reader"), 502)
    assert minio.password not in str(error)


@pytest.mark.parametrize("field", ["sts_endpoint", "ldap_username", "ldap_password"])
def test_a_missing_field_is_named(stubbed_host: Host, planted: Planted, seaweed: Seaweed, minio: Minio, field: str) -> None:
    given = fields(minio)
    del given[field]
    body = {"name": "w", "vending_strategy": {"MinioLdap": given}, "storage_config": s3_config(seaweed, "some-bucket")}
    reply = new_tenant(stubbed_host, planted).admin.api.request("POST", "/api/v1/warehouses", json=body)
    assert 400 <= reply.status_code < 500, reply.text
    assert field in reply.text
