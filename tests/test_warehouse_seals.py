"""A warehouse whose row somebody changed in the database is not used: nothing goes to where the row leads."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from harness.api import Api
from harness.database import Database
from harness.host import Host
from harness.listener import Listener, Reply, Request, forward
from harness.planted import Planted
from harness.postgres import Postgres
from harness.seaweed import VEND_ROLE, Seaweed
from harness.vms import Vms
from harness.vms_world import BRISK, new_vast_lake
from harness.world import Tenant, new_lake, new_tenant, s3_config

CODE = "warehouse-altered"


@dataclass
class World:
    """A warehouse with keys of its own, whose STS is behind a listener; and a server of somebody else's."""

    host: Host
    database: Database
    tenant: Tenant
    body: dict[str, Any]
    warehouse: str
    catalog: str
    sts: Listener
    thief: Listener

    @property
    def admin(self) -> Api:
        return self.tenant.admin.api

    @property
    def path(self) -> str:
        return f"/api/v1/warehouses/{self.warehouse}"

    def vend(self) -> requests.Response:
        return self.admin.request("POST", self.admin.table_path(self.catalog, "sales", "t") + "/credentials")

    def edit(self, column: str, value: str) -> None:
        """As somebody does who has the database and nothing else. The host has nothing of before in memory."""
        self.host.stop()
        self.database.run(f"UPDATE warehouses SET {column} = {value} WHERE name = '{self.warehouse}'")
        self.host.start()
        self.thief.seen.clear()
        self.sts.seen.clear()

    def config(self) -> str:
        (text,) = self.database.run(f"SELECT config FROM warehouses WHERE name = '{self.warehouse}'")
        return text

    def lead_to_the_thief(self) -> None:
        led = self.config().replace(self.sts.url, self.thief.url)
        assert self.thief.url in led
        self.edit("config", f"'{led}'")


@pytest.fixture(scope="module")
def sts(seaweed: Seaweed) -> Iterator[Listener]:
    port = int(seaweed.endpoint.rsplit(":", 1)[1])
    with_host = lambda request: forward(request, port, headers={"Host": request.headers["Host"]})  # noqa: E731
    listener = Listener(with_host).start()
    yield listener
    listener.stop()


@pytest.fixture(scope="module")
def thief() -> Iterator[Listener]:
    def answer(_request: Request) -> Reply:
        return Reply(500, b"heard")

    listener = Listener(answer).start()
    yield listener
    listener.stop()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def world(
    request: pytest.FixtureRequest,
    make_host: Callable[..., Host],
    planted: Planted,
    seaweed: Seaweed,
    postgres: Postgres,
    sts: Listener,
    thief: Listener,
) -> World:
    database = postgres if request.param == "postgres" else None
    host = make_host(seaweed, database).start()
    tenant = new_tenant(host, planted)
    bucket = seaweed.bucket()
    keys = {"access_key_id": seaweed.vendor.access_key_id, "secret_access_key": seaweed.vendor.secret_access_key}
    strategy = {"AwsSts": {"role_arn": VEND_ROLE, "sts_endpoint": sts.url} | keys}
    body = {"vending_strategy": strategy, "storage_config": s3_config(seaweed, bucket)}
    warehouse = tenant.warehouse(body)["name"]
    catalog = tenant.catalog(warehouse, f"s3://{bucket}/lake")["name"]
    tenant.admin.api.create_namespace(catalog, "sales")
    tenant.admin.api.create_table(catalog, "sales", "t")
    return World(host, Database(host, database), tenant, body, warehouse, catalog, sts, thief)


@pytest.fixture
def altered(world: World) -> Iterator[World]:
    """Good again after the test."""
    world.sts.seen.clear()
    assert world.vend().status_code == 200
    yield world
    world.admin.put(world.path, world.body)
    assert world.vend().status_code == 200


def refused(world: World, method: str, path: str, **arguments: Any) -> str:
    reply = world.admin.request(method, path, **arguments)
    assert reply.status_code == 500, reply.text
    said = reply.json()
    assert (said.get("code") or said["error"]["reason"]) == CODE, reply.text
    assert "an administrator writes it anew" in reply.text
    return reply.text


def test_nothing_goes_to_an_endpoint_that_was_written_into_the_database(altered: World, planted: Planted) -> None:
    world = altered
    # The same edit as the one that follows, by who may: then the listener hears of it.
    moved = json.loads(json.dumps(world.body).replace(world.sts.url, world.thief.url))
    world.admin.put(world.path, moved)
    assert world.vend().status_code >= 400 and world.thief.seen != []
    world.admin.put(world.path, world.body)

    world.lead_to_the_thief()
    table = world.admin.table_path(world.catalog, "sales", "t")
    object_of_table = world.body["storage_config"]["bucket"]
    delegated = {"X-Iceberg-Access-Delegation": "vended-credentials"}
    refused(world, "POST", f"{table}/credentials")
    refused(world, "GET", f"{table}/credentials")
    refused(world, "GET", table, headers=delegated)
    explained = world.admin.get(f"{table}/credentials/explain")
    assert not explained["allowed"] and explained["refusal"]["code"] == CODE
    refused(world, "GET", f"{table}/presign", params={"location": f"s3://{object_of_table}/lake/sales/t/data/f"})
    sign = {"region": "us-east-1", "uri": "http://127.0.0.1/x", "method": "GET", "headers": {}}
    refused(world, "POST", f"{table}/sign", json=sign)
    schema = {"type": "struct", "schema-id": 0, "fields": [{"id": 1, "name": "a", "required": False, "type": "int"}]}
    tables = table.rsplit("/", 1)[0]
    refused(world, "POST", tables, json={"name": "more", "schema": schema})
    refused(world, "POST", table, json={"requirements": [], "updates": [{"action": "set-properties", "updates": {"a": "b"}}]})
    body = {"name": "another", "warehouse_name": world.warehouse, "storage_location": f"s3://{object_of_table}/other"}
    refused(world, "POST", "/api/v1/catalogs", json=body)
    assert (world.thief.seen, world.sts.seen) == ([], [])

    rows = [row for row in world.admin.audit(result="failure") if (row["metadata"] or {}).get("code") == CODE]
    actions = [row["action"] for row in rows]
    assert {"vend_credentials", "presign", "sign_request", "access_catalog"} <= set(actions), actions
    vend = next(row for row in rows if row["action"] == "vend_credentials")
    assert vend["resource_name"] == f"{world.catalog}.sales.t" and "changed in the database" in vend["error_message"]
    shown = world.admin.get(world.path)
    assert vend["metadata"]["warehouse_id"] == shown["id"]
    assert re.search(rf"ERROR.*{shown['id']}", world.host.logged())
    assert planted.found_in(json.dumps(rows).encode()) == []


def test_it_is_shown_and_written_anew_and_nothing_is_kept(altered: World, planted: Planted) -> None:
    world = altered
    world.lead_to_the_thief()
    shown = world.admin.get(world.path)
    assert shown["problem"]["code"] == CODE and world.thief.url in json.dumps(shown)
    assert planted.found_in(json.dumps(shown).encode()) == []
    listed = {entry["name"]: entry for entry in world.admin.get("/api/v1/warehouses")}
    assert listed[world.warehouse]["problem"]["code"] == CODE
    assert world.catalog in {entry["name"] for entry in world.admin.get("/api/v1/catalogs")}
    keys = {name: world.body["vending_strategy"]["AwsSts"][name] for name in ("access_key_id", "secret_access_key")}
    partial: list[dict[str, Any]] = [
        {},
        {"max_ttl_seconds": 900},
        {"storage_config": dict.fromkeys(keys, "<redacted>")},
        # New secrets beside what is in the row would go to where the row leads.
        {"storage_config": keys},
        {"vending_strategy": {"AwsSts": keys}},
        {name: value for name, value in shown.items() if name in ("storage_config", "vending_strategy")},
    ]
    for body in partial:
        reply = world.admin.request("PUT", world.path, json=body)
        assert reply.status_code == 422 and "nothing of it is used" in reply.text, f"{body}: {reply.text}"
        assert planted.found_in(reply.text.encode()) == []
    refused(world, "POST", world.admin.table_path(world.catalog, "sales", "t") + "/credentials")
    # What is out of it can be seen and ended.
    revoked = world.admin.post("/api/v1/revocations", {"warehouse": world.warehouse}, status=(200, 201))
    world.admin.expect((200, 204), "DELETE", f"/api/v1/revocations/{revoked['id']}")
    # Not deleted either while a catalog lies on it.
    assert world.admin.request("DELETE", world.path).status_code == 409
    assert world.thief.seen == []
    world.admin.put(world.path, world.body)
    good = world.admin.get(world.path)
    assert "problem" not in good and good["id"] == shown["id"] and world.thief.url not in json.dumps(good)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("allow_unscoped", "1"),
        ("strategy", "'AwsStatic'"),
        ("max_ttl_seconds", "604800"),
        ("identity", "'host'"),
        ("base", "'s3://elsewhere/'"),
        ("secrets", "NULL"),
        ("mac", "NULL"),
        ("mac", "'v1:default.00000000:AAAA'"),
    ],
)
def test_each_edit_is_refused(altered: World, column: str, value: str) -> None:
    altered.edit(column, value)
    reply = altered.vend()
    assert reply.status_code == 500, reply.text
    # A seal that names a key nobody has may be the operator's own.
    other_key = value.startswith("'v1:")
    assert reply.json()["error"]["reason"] == ("secret-unreadable" if other_key else CODE), reply.text
    assert altered.sts.seen == []


def test_one_without_catalogs_is_deleted(world: World) -> None:
    name = world.tenant.warehouse(world.body | {"storage_config": world.body["storage_config"] | {"prefix": "gone"}})["name"]
    world.host.stop()
    world.database.run(f"UPDATE warehouses SET kind = 'no kind' WHERE name = '{name}'")
    world.host.start()
    shown = world.admin.get(f"/api/v1/warehouses/{name}")
    assert set(shown) == {"id", "tenant_id", "name", "problem"}
    assert world.admin.request("DELETE", f"/api/v1/warehouses/{name}").status_code == 204
    row = world.admin.audit(action="delete_warehouse")[0]
    assert row["resource_name"] == name and row["result"] == "success"


def test_a_running_host_refuses_what_it_reads_anew(
    make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed, postgres: Postgres
) -> None:
    host = make_host(seaweed, postgres).start()
    lake = new_lake(new_tenant(host, planted), seaweed)
    admin = lake.tenant.admin.api
    admin.create_table(lake.catalog, "sales", "t")
    database = Database(host, postgres)
    database.run(f"UPDATE warehouses SET allow_unscoped = 1 WHERE name = '{lake.warehouse}'")
    # What is in memory is what the host wrote. Any change of management has it read again.
    lake.tenant.user("Reader")
    reply = admin.request("POST", admin.table_path(lake.catalog, "sales", "t") + "/credentials")
    assert reply.status_code == 500 and reply.json()["error"]["reason"] == CODE, reply.text


def test_a_rotation_keeps_seals_good_and_leaves_what_was_changed(
    make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed
) -> None:
    host = make_host(seaweed).start()
    lake, changed = (new_lake(new_tenant(host, planted), seaweed) for _ in range(2))
    for one in (lake, changed):
        one.tenant.admin.api.create_table(one.catalog, "sales", "t")
    host.stop()
    named = host.command("secrets", "new-key", "--id", "second").stdout.strip()
    planted.note("second key", named.split(":", 1)[1])
    host.settings["PANGOLIN_ENCRYPTION_KEY"] = f"{named},{host.settings['PANGOLIN_ENCRYPTION_KEY']}"
    before = host.command("secrets", "status")
    # They have no secrets: the seal over the row is all that there is to renew.
    assert before.returncode == 0 and "warehouses.mac: 2 under default" in before.stdout, before.stdout
    rotated = host.command("secrets", "rotate")
    assert rotated.returncode == 0 and "sealed anew: 2" in rotated.stdout, rotated.stdout + rotated.stderr
    after = host.command("secrets", "status")
    assert "warehouses.mac: 2 under second" in after.stdout and "nothing is under default" in after.stdout
    host.settings["PANGOLIN_ENCRYPTION_KEY"] = named
    Database(host, None).run(f"UPDATE warehouses SET allow_unscoped = 1 WHERE name = '{changed.warehouse}'")
    status = host.command("secrets", "status")
    assert status.returncode == 1 and "it was changed, moved here" in status.stdout, status.stdout
    host.start()
    lake.tenant.admin.api.credentials(lake.catalog, "sales", "t")
    api = changed.tenant.admin.api
    assert api.request("POST", api.table_path(changed.catalog, "sales", "t") + "/credentials").status_code == 500


def test_the_start_that_brings_the_seals_seals_what_is_there_once(
    make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed
) -> None:
    host = make_host(seaweed).start()
    lake = new_lake(new_tenant(host, planted), seaweed)
    api = lake.tenant.admin.api
    api.create_table(lake.catalog, "sales", "t")
    host.stop()
    database = Database(host, None)
    database.run("ALTER TABLE warehouses DROP COLUMN mac", "DELETE FROM schema_migrations WHERE version = 10")
    host.start()
    assert re.search(r'"WARN".*warehouses from before seals are sealed as they stand","warehouses":1', host.logged())
    api.credentials(lake.catalog, "sales", "t")
    host.stop()
    database.run("UPDATE warehouses SET mac = NULL")
    host.start()
    reply = api.request("POST", api.table_path(lake.catalog, "sales", "t") + "/credentials")
    assert reply.status_code == 500 and reply.json()["error"]["reason"] == CODE, reply.text


def test_a_lease_ends_at_the_server_of_its_own_papers(
    make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed, new_vms: Callable[[], Vms], thief: Listener
) -> None:
    host = make_host(seaweed, settings=BRISK).start()
    vast = new_vast_lake(host, new_vms(), planted)
    vast.table("orders")
    keys = vast.vend(vast.tenant.user("Reader"))
    (lease,) = (lease for lease in vast.leases(state="active") if lease["access"] == "read")
    host.stop()
    database = Database(host, None)
    (config,) = database.run(f"SELECT config FROM warehouses WHERE name = '{vast.lake.warehouse}'")
    led = config.replace(json.loads(config)["vms_endpoint"], thief.url)
    database.run(f"UPDATE warehouses SET config = '{led}' WHERE name = '{vast.lake.warehouse}'")
    host.start()
    thief.seen.clear()
    reply = vast.admin.request("POST", vast.admin.table_path(vast.lake.catalog, "sales", "orders") + "/credentials")
    assert reply.status_code == 500 and reply.json()["error"]["reason"] == CODE, reply.text
    assert vast.revoke(lease)["state"] == "revoked"
    assert not vast.opens(keys) and thief.seen == []
