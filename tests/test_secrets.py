"""Secrets go in and do not come out: not in replies, not in logs, not in the database, not in errors."""

import base64
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.host import Host, unused_name
from harness.planted import Planted, leaks_in_files
from harness.seaweed import Seaweed
from harness.world import Tenant, new_tenant, s3_config


def static(tenant: Tenant, seaweed: Seaweed, key: str, secret: str) -> dict:
    config = s3_config(seaweed, seaweed.bucket(), access_key_id=key, secret_access_key=secret)
    return tenant.warehouse({"storage_config": config, "vending_strategy": "AwsStatic"})


def test_the_search_finds_what_it_must(tmp_path: Path) -> None:
    """The search itself: each form in which a secret can leak."""
    planted = Planted()
    key = planted.note("key", "abc/def+ghi0123456789")
    for text in (key, "abc%2Fdef%2Bghi0123456789", "abc\\/def+ghi0123456789", key.encode().hex()):
        assert planted.found_in(f"x{text}y".encode()) == ["key"], text
    for lead in ("", "u", "us", "user:", "user:p"):
        assert planted.found_in(base64.b64encode((lead + key + "tail").encode())) == ["key"], lead
    assert planted.found_in(b"nothing of the kind") == []
    (tmp_path / "log").write_text(f"secret={key}")
    assert leaks_in_files(planted, [tmp_path / "log"]) == [f"key in {tmp_path / 'log'}"]


def test_replies_never_show_a_secret(any_host: Host, planted: Planted, seaweed: Seaweed) -> None:
    tenant = new_tenant(any_host, planted)
    key, secret = "AKIAPLANTED00001", planted.key("warehouse secret")
    made = static(tenant, seaweed, key, secret)
    admin, name = tenant.admin.api, made["name"]
    for reply in (made, admin.get(f"/api/v1/warehouses/{name}"), admin.get("/api/v1/warehouses")):
        assert planted.found_in(json.dumps(reply).encode()) == []
    # The marker that the reply shows keeps the stored value when it is sent back.
    shown = admin.get(f"/api/v1/warehouses/{name}")
    body = {"storage_config": shown["storage_config"], "vending_strategy": shown["vending_strategy"]}
    admin.put(f"/api/v1/warehouses/{name}", body)
    tenant.user("Reader").api.get(f"/api/v1/warehouses/{name}", status=403)


def test_a_kept_secret_cannot_be_led_to_another_server(host: Host, tenant: Tenant, seaweed: Seaweed) -> None:
    secret = tenant.planted.key("warehouse secret")
    made = static(tenant, seaweed, "AKIAPLANTED00002", secret)
    shown = tenant.admin.api.get(f"/api/v1/warehouses/{made['name']}")
    for field in ("endpoint", "s3.endpoint"):
        config = {key: value for key, value in shown["storage_config"].items() if "endpoint" not in key}
        body = {"storage_config": config | {field: "http://127.0.0.1:9"}}
        reply = tenant.admin.api.request("PUT", f"/api/v1/warehouses/{made['name']}", json=body)
        assert 400 <= reply.status_code < 500, reply.text
        assert "secret_access_key" in reply.text
        assert secret not in reply.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"storage_config": {"type": "s3", "bucket": "b", "surprise": 1}},
        {"storage_config": {"type": "s3", "bucket": "NOT A BUCKET"}},
        {"storage_config": {"type": "s3", "bucket": "b-b-b", "s3.bucket": "other"}},
        {"storage_config": {"type": "s3"}},
        {"storage_config": {"type": "s3", "bucket": "b-b-b"}, "vending_strategy": "Nonsense"},
        {"storage_config": {"type": "s3", "bucket": "b-b-b", "endpoint": "ftp://x"}},
        {"storage_config": {"type": "s3", "bucket": "b-b-b"}, "surprise": 1},
    ],
)
def test_refusals_do_not_repeat_the_secret(tenant: Tenant, wrong: dict) -> None:
    secret = tenant.planted.key("refused secret")
    body = {"name": unused_name("wh"), "vending_strategy": "AwsStatic"} | json.loads(json.dumps(wrong))
    body["storage_config"] |= {"access_key_id": "AKIAPLANTED00003", "secret_access_key": secret}
    reply = tenant.admin.api.request("POST", "/api/v1/warehouses", json=body)
    assert 400 <= reply.status_code < 500, reply.text
    assert tenant.planted.found_in(reply.text.encode()) == []


def test_an_unknown_strategy_is_told_which_there_are(tenant: Tenant, seaweed: Seaweed) -> None:
    body = {"name": unused_name("wh"), "storage_config": s3_config(seaweed, "b-b-b"), "vending_strategy": "Nonsense"}
    reply = tenant.admin.api.request("POST", "/api/v1/warehouses", json=body)
    assert 400 <= reply.status_code < 500
    assert "AwsSts" in reply.text
    assert "AwsStatic" in reply.text


def test_a_duplicate_and_a_warehouse_in_use(tenant: Tenant, seaweed: Seaweed) -> None:
    made = static(tenant, seaweed, "AKIAPLANTED00004", tenant.planted.key("warehouse secret"))
    again = {"name": made["name"], "storage_config": s3_config(seaweed, seaweed.bucket()), "use_sts": True}
    tenant.admin.api.post("/api/v1/warehouses", again, status=409)
    tenant.catalog(made["name"])
    tenant.admin.api.delete(f"/api/v1/warehouses/{made['name']}", status=409)


def test_a_secret_reference_is_resolved_at_use(make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed) -> None:
    host = make_host(seaweed, settings={"LAKE_SECRET": seaweed.admin.secret_access_key}).start()
    tenant = new_tenant(host, planted)
    config = s3_config(seaweed, seaweed.bucket(), access_key_id=seaweed.admin.access_key_id)
    config["secret_access_key"] = {"secret_ref": "lake-secret"}  # type: ignore[assignment]
    warehouse = tenant.warehouse({"storage_config": config, "vending_strategy": "AwsStatic"})["name"]
    catalog = tenant.catalog(warehouse)["name"]
    tenant.admin.api.create_namespace(catalog, "sales")
    tenant.admin.api.create_table(catalog, "sales", "t")
    assert tenant.admin.api.credentials(catalog, "sales", "t")["secret_access_key"] == seaweed.admin.secret_access_key
    assert "lake-secret" in json.dumps(tenant.admin.api.get(f"/api/v1/warehouses/{warehouse}"))


def test_the_database_holds_no_secret_and_its_file_is_private(
    make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed
) -> None:
    host = make_host(seaweed).start()
    tenant = new_tenant(host, planted)
    static(tenant, seaweed, "AKIAPLANTED00005", planted.key("warehouse secret"))
    assert host.leaks() == []
    (database,) = host.data.glob("*.db")
    assert database.stat().st_mode & 0o077 == 0
    # The search looks at the right file: what is no secret is found in it.
    assert tenant.name.encode() in b"".join(path.read_bytes() for path in host.data.glob("*.db*"))
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM warehouses").fetchone() == (1,)
