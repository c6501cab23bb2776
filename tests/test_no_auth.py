"""No-Auth mode: the default tenant, its admin, loopback only."""

import json
from collections.abc import Callable

import pytest

from harness.host import Host
from harness.iceberg import ROWS, pyiceberg, rows
from harness.seaweed import Seaweed
from harness.world import s3_config

DEFAULT = "00000000-0000-0000-0000-000000000000"
OPEN = {"PANGOLIN_NO_AUTH": "true", "PANGOLIN_JWT_SECRET": None, "PANGOLIN_ROOT_USER": None, "PANGOLIN_ROOT_PASSWORD": None}


@pytest.fixture(scope="module")
def open_host(make_host: Callable[..., Host], seaweed: Seaweed) -> Host:
    return make_host(seaweed, settings=OPEN).start()


def test_a_request_without_credentials_is_the_admin(open_host: Host) -> None:
    me = open_host.api().get("/api/v1/users/me")
    assert me["username"] == "tenant_admin"
    assert DEFAULT in json.dumps(me)
    assert open_host.api().get("/api/v1/app-config")["auth_enabled"] is False


def test_the_documented_login_works(open_host: Host) -> None:
    body = {"username": "tenant_admin", "password": "password123", "tenant-id": DEFAULT}
    assert open_host.api().post("/api/v1/users/login", body)["token"]


def test_a_bad_token_is_still_refused(open_host: Host) -> None:
    open_host.api("not.a.token").get("/api/v1/users/me", status=401)


def test_pyiceberg_without_a_token_is_the_admin_here_and_nobody_elsewhere(open_host: Host, host: Host) -> None:
    """It then sends the word `None` as its token."""
    assert open_host.api("None").get("/api/v1/users/me")["username"] == "tenant_admin"
    host.api("None").get("/api/v1/users/me", status=401)


def test_a_table_without_any_token(open_host: Host, seaweed: Seaweed) -> None:
    api = open_host.api()
    body = {"name": "w", "use_sts": True, "storage_config": s3_config(seaweed, seaweed.bucket())}
    api.post("/api/v1/warehouses", body, status=201)
    api.post("/api/v1/catalogs", {"name": "c", "warehouse_name": "w"}, status=201)
    catalog = pyiceberg(open_host.url, prefix="c")
    catalog.create_namespace("sales")
    table = catalog.create_table("sales.t", schema=ROWS.schema)
    table.append(ROWS)
    assert len(rows(catalog.load_table("sales.t"))) == 3


def test_it_says_loudly_what_it_is(open_host: Host) -> None:
    assert "NO-AUTH" in open_host.logged().upper()


def test_it_binds_to_loopback_only(make_host: Callable[..., Host]) -> None:
    host = make_host(settings=OPEN | {"PANGOLIN_BIND_ADDRESS": "0.0.0.0"})
    assert "loopback" in host.refuses_to_start()


@pytest.mark.parametrize(
    ("secret", "said"),
    [(None, "PANGOLIN_JWT_SECRET"), ("short", "32"), ("a" * 40, "guess"), ("password" * 5, "guess")],
)
def test_auth_mode_does_not_start_with_a_weak_secret(make_host: Callable[..., Host], secret: str | None, said: str) -> None:
    assert said in make_host(settings={"PANGOLIN_JWT_SECRET": secret}).refuses_to_start()
