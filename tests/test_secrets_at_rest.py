"""Nothing secret lies in clear: after a walk through everything that has secrets, files and dumps are searched."""

from collections.abc import Callable
from contextlib import suppress

import pytest
import requests

from harness.authority import Authority
from harness.azure.lake import new_azure_lake
from harness.azure.world import Azure
from harness.google.lake import new_google_lake
from harness.google.world import Google
from harness.host import Host, unused_name
from harness.planted import Planted
from harness.postgres import Postgres
from harness.seaweed import Seaweed
from harness.vms import Vms
from harness.vms_world import BRISK, new_vast_lake
from harness.world import Tenant, new_lake, new_tenant, s3_config, static_lake


def with_own_keys(tenant: Tenant, seaweed: Seaweed, planted: Planted) -> None:
    """Warehouses whose secrets are never used: stored all the same."""
    for strategy in ("AwsStatic", {"AwsSts": {"role_arn": seaweed.spare_role()}}):
        keys = {"access_key_id": planted.hex("stored key id", 20), "secret_access_key": planted.key("stored secret")}
        keys["session_token"] = planted.key("stored session token", 120)
        storage = s3_config(seaweed, seaweed.bucket()) | keys
        made = tenant.warehouse({"storage_config": storage, "vending_strategy": strategy})["name"]
        # Written twice: what was there before must not stay in a free page.
        anew = {"storage_config": {name: planted.key(f"second {name}") for name in keys}}
        tenant.admin.api.put(f"/api/v1/warehouses/{made}", anew)


def accounts(tenant: Tenant, planted: Planted) -> None:
    """Passwords, tokens and API keys."""
    user, admin = tenant.user("Reader"), tenant.admin.api
    body = {"username": user.name, "password": user.password, "tenant_id": tenant.id}
    token = user.api.post("/api/v1/tokens", body)["token"]
    planted.note("issued token", token.rsplit(".", 1)[1])
    anew = planted.password("changed password")
    admin.put(f"/api/v1/users/{user.id}", {"password": anew})
    with suppress(requests.RequestException):
        tenant.host.api().request("POST", "/api/v1/users/login", json={"username": user.name, "password": planted.password("wrong password")})
    made = admin.post("/api/v1/service-users", {"name": unused_name("robot"), "role": "tenant-user"}, status=201)
    key = planted.note("api key", str(made.get("api_key") or made["api-key"]))
    robot = made.get("service_user") or made.get("service-user") or made
    form = {"grant_type": "client_credentials", "client_id": robot["id"], "client_secret": key, "scope": "catalog"}
    issued = tenant.host.api().request("POST", "/v1/oauth/tokens", data=form)
    assert issued.status_code == 200, issued.text
    planted.note("oauth token", issued.json()["access_token"].rsplit(".", 1)[1])
    rotated = admin.post(f"/api/v1/service-users/{robot['id']}/rotate")
    planted.note("rotated api key", str(rotated.get("api_key") or rotated["api-key"]))


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_no_secret_of_any_kind_is_in_clear(
    kind: str,
    make_host: Callable[..., Host],
    planted: Planted,
    seaweed: Seaweed,
    postgres: Postgres,
    authority: Authority,
    azure: Azure,
    google: Google,
    new_vms: Callable[[], Vms],
) -> None:
    database = postgres if kind == "postgres" else None
    host = make_host(seaweed, database, settings=BRISK | {"SSL_CERT_FILE": str(authority.ca)}).start()
    tenant = new_tenant(host, planted)
    with_own_keys(tenant, seaweed, planted)
    accounts(tenant, planted)
    for lake in (new_lake(tenant, seaweed), static_lake(tenant, seaweed)):
        tenant.admin.api.create_table(lake.catalog, "sales", "t")
        tenant.admin.api.credentials(lake.catalog, "sales", "t")
        tenant.admin.api.load_table(lake.catalog, "sales", "t")
    for strategy in ("AzureSas", "AzureOAuth"):
        lake = new_azure_lake(tenant, azure, strategy)
        tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
        lake.flat(tenant.admin)
    lake = new_google_lake(tenant, google)
    tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    planted.note("google token", lake.flat(tenant.admin)["access_token"])
    vast = new_vast_lake(host, new_vms(), planted, tenant=tenant)
    vast.table("orders")
    keys = vast.vend(tenant.admin)
    planted.note("leased secret", keys.secret_access_key)
    assert vast.leases(state="active")

    # The files as they lie while the host runs, with the write-ahead log.
    files = [path for path in host.data.rglob("*") if path.is_file()]
    assert kind == "postgres" or any(path.name.endswith("-wal") for path in files)
    for path in files:
        assert planted.found_in(path.read_bytes()) == [], path
    if database is not None:
        tables = database.query(str(host.database_url), "SELECT tablename FROM pg_tables WHERE schemaname = 'public'").split()
        assert {"warehouses", "leases", "users", "tokens"} <= set(tables)
        for table in tables:
            copied = database.query(str(host.database_url), f'COPY "{table}" TO STDOUT')
            assert planted.found_in(copied.encode()) == [], table
    # What is no secret is found: the search looks at the right places.
    held = host.logged().encode() + b"".join(path.read_bytes() for path in files)
    held += database.dump(str(host.database_url)) if database else b""
    assert tenant.id.encode() in held and vast.lake.warehouse.encode() in held
    vast.settle()
    assert host.leaks() == []
