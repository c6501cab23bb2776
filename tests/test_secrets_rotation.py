"""Keys at rest: a new one is put first, everything is sealed anew, and the old one can go."""

import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from harness.host import Host
from harness.planted import Planted
from harness.postgres import Postgres
from harness.seaweed import Seaweed
from harness.vms import Vms
from harness.vms_world import BRISK, new_vast_lake
from harness.world import new_tenant, s3_config, static_lake


def told(done: subprocess.CompletedProcess[str], code: int = 0) -> str:
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def key_of(done: subprocess.CompletedProcess[str], planted: Planted) -> str:
    """A printed key, as a setting; it is searched for from now on."""
    named = told(done).strip()
    planted.note("rotated key", named.split(":", 1)[1])
    return named


def rows(host: Host, database: Postgres | None, table: str, column: str) -> list[str]:
    """Sealed texts as they lie in the database."""
    select = f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL"
    if database is None:
        (file,) = host.data.glob("*.db")
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            return [row[0] for row in connection.execute(select)]
    return [line for line in query(host, database, select).splitlines() if line]


def query(host: Host, database: Postgres, statement: str) -> str:
    return database.query(str(host.database_url), statement)


def change(host: Host, database: Postgres | None, statement: str) -> None:
    """Behind the host's back."""
    if database is not None:
        query(host, database, statement)
        return
    (file,) = host.data.glob("*.db")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_after_a_rotation_the_old_key_can_go(
    kind: str,
    make_host: Callable[..., Host],
    planted: Planted,
    seaweed: Seaweed,
    postgres: Postgres,
    new_vms: Callable[[], Vms],
) -> None:
    database = postgres if kind == "postgres" else None
    host = make_host(seaweed, database, settings=BRISK).start()
    vast = new_vast_lake(host, new_vms(), planted)
    vast.table("orders")
    static = static_lake(vast.tenant, seaweed)
    vast.admin.create_table(static.catalog, "sales", "t")
    reader = vast.tenant.user("Reader")
    keys = vast.vend(reader)
    old = str(host.settings["PANGOLIN_ENCRYPTION_KEY"])
    new = key_of(host.command("secrets", "new-key", "--id", "second"), planted)
    assert new.startswith("second:")

    host.settings["PANGOLIN_ENCRYPTION_KEY"] = f"{new},{old}"
    host.stop()
    host.start()
    if database is None:
        refused = host.command("secrets", "rotate")
        assert refused.returncode == 1 and "stop the host first" in refused.stderr
        host.stop()
    before = told(host.command("secrets", "status"))
    assert "keys: second seals; default open only" in before and "under default" in before
    assert "sealed anew: " in told(host.command("secrets", "rotate"))
    after = told(host.command("secrets", "status"))
    assert "nothing is under default: it can be removed" in after
    assert not [line for line in after.splitlines() if line.endswith("under default")]
    assert "sealed anew: 0\n" in told(host.command("secrets", "rotate"))
    for table, column in (("warehouses", "secrets"), ("leases", "intent"), ("leases", "minted")):
        found = rows(host, database, table, column)
        assert found and all(text.startswith("v2:second:") for text in found), table

    host.settings["PANGOLIN_ENCRYPTION_KEY"] = new
    host.stop()
    host.start()
    vended = vast.admin.credentials(static.catalog, "sales", "t")
    assert vended["secret_access_key"] == seaweed.admin.secret_access_key
    (lease,) = (lease for lease in vast.leases(state="active") if lease["access"] == "read")
    assert vast.vend(reader).access_key_id == keys.access_key_id
    assert vast.revoke(lease)["state"] == "revoked"
    assert not vast.opens(keys)
    vast.settle()


def test_a_rotation_beside_working_hosts_loses_nothing(
    make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed, postgres: Postgres
) -> None:
    host = make_host(seaweed, postgres)
    new = key_of(host.command("secrets", "new-key", "--id", "second"), planted)
    host.settings["PANGOLIN_ENCRYPTION_KEY"] = f"{new},{host.settings['PANGOLIN_ENCRYPTION_KEY']}"
    host.start()
    lake = static_lake(new_tenant(host, planted), seaweed)
    admin = lake.tenant.admin.api
    admin.create_table(lake.catalog, "sales", "t")
    stop, failed = threading.Event(), []

    def work() -> None:
        api = host.api(admin.token)
        ttl = 900
        while not stop.is_set():
            ttl += 1
            for method, path, body in (
                ("PUT", f"/api/v1/warehouses/{lake.warehouse}", {"max_ttl_seconds": ttl}),
                ("POST", api.table_path(lake.catalog, "sales", "t") + "/credentials", None),
            ):
                reply = api.request(method, path, json=body)
                if reply.status_code != 200:
                    failed.append(f"{method} {path}: {reply.status_code} {reply.text}")

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _ in range(4):
            assert told(host.command("secrets", "rotate"))
    finally:
        stop.set()
        worker.join()
    assert failed == []
    assert admin.credentials(lake.catalog, "sales", "t")["secret_access_key"] == seaweed.admin.secret_access_key
    row = host.root().audit(action="rotate_secrets")[0]
    assert (row["resource_name"], row["result"]) == ("second", "success")


def test_the_key_file_gets_a_new_first_key(make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed) -> None:
    host = make_host(seaweed, settings={"PANGOLIN_ENCRYPTION_KEY": None})
    # Nothing is made by looking.
    assert host.command("secrets", "status").returncode == 1
    assert not (host.data / "encryption.key").exists()
    host.start()
    lake = static_lake(new_tenant(host, planted), seaweed)
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "t")
    host.stop()
    file = host.data / "encryption.key"
    old = file.read_text().strip()
    assert "second is the first key" in told(host.command("secrets", "new-key", "--id", "second", "--add"))
    assert old not in told(host.command("secrets", "status"))
    new, _, kept = file.read_text().strip().partition(",")
    assert new.startswith("second:") and kept == old and file.stat().st_mode & 0o777 == 0o600
    again = host.command("secrets", "new-key", "--id", "second", "--add")
    assert again.returncode == 1 and "two encryption keys are called 'second'" in again.stderr
    host.start()
    host.stop()
    told(host.command("secrets", "rotate"))
    file.write_text(new)
    host.start()
    vended = lake.tenant.admin.api.credentials(lake.catalog, "sales", "t")
    assert vended["secret_access_key"] == seaweed.admin.secret_access_key


def test_the_key_file_is_left_alone_where_a_setting_has_the_keys(host: Host) -> None:
    done = host.command("secrets", "new-key", "--add")
    assert done.returncode == 1 and "PANGOLIN_ENCRYPTION_KEY is set" in done.stderr
    assert not (host.data / "encryption.key").exists()
    assert host.command("secrets", "new-key", "--id", "not a name").returncode == 1


@pytest.fixture(params=["sqlite", "postgres"])
def pasted(
    request: pytest.FixtureRequest, make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed, postgres: Postgres
) -> Iterator[tuple[Host, Postgres | None]]:
    database = postgres if request.param == "postgres" else None
    yield make_host(seaweed, database).start(), database


def test_a_sealed_value_opens_in_its_own_place_only(
    pasted: tuple[Host, Postgres | None], planted: Planted, seaweed: Seaweed
) -> None:
    host, database = pasted
    mine, other, foreign = (static_lake(new_tenant(host, planted), seaweed) for _ in range(3))
    for lake in (mine, other, foreign):
        lake.tenant.admin.api.create_table(lake.catalog, "sales", "t")
    host.stop()
    # Another row's value; and a row that is given to another tenant, with its catalog.
    sealed = f"(SELECT secrets FROM warehouses WHERE name = '{mine.warehouse}')"
    change(host, database, f"UPDATE warehouses SET secrets = {sealed} WHERE name = '{other.warehouse}'")
    for table, name in (("warehouses", foreign.warehouse), ("catalogs", foreign.catalog)):
        change(host, database, f"UPDATE {table} SET tenant_id = '{mine.tenant.id}' WHERE name = '{name}'")
    host.start()
    admin = mine.tenant.admin.api
    assert admin.credentials(mine.catalog, "sales", "t")["secret_access_key"] == seaweed.admin.secret_access_key
    for api, lake in ((other.tenant.admin.api, other), (admin, foreign)):
        reply = api.request("GET", f"/api/v1/warehouses/{lake.warehouse}")
        assert (reply.status_code, reply.json()["problem"]["code"]) == (200, "warehouse-altered"), reply.text
        reply = api.request("POST", api.table_path(lake.catalog, "sales", "t") + "/credentials")
        assert reply.status_code == 500 and "warehouse-altered" in reply.text, reply.text
        for text in (reply.text, host.logged()):
            assert planted.found_in(text.encode()) == []
    listed = {entry["name"]: entry for entry in admin.get("/api/v1/warehouses")}
    assert listed[mine.warehouse]["storage_config"]["secret_access_key"] == "<redacted>"
    assert listed[foreign.warehouse]["problem"]["code"] == "warehouse-altered"
    assert {entry["name"] for entry in admin.get("/api/v1/catalogs")} >= {mine.catalog, foreign.catalog}
    # It is mended as a whole and with new secrets; nothing else does, and nothing is dropped in silence.
    mender, path = other.tenant.admin.api, f"/api/v1/warehouses/{other.warehouse}"
    assert mender.request("PUT", path, json={"max_ttl_seconds": 900}).status_code in (422, 500)
    marker = {"storage_config": {"access_key_id": "<redacted>", "secret_access_key": "<redacted>"}}
    assert mender.request("PUT", path, json=marker).status_code == 422
    keys = {"access_key_id": seaweed.admin.access_key_id, "secret_access_key": seaweed.admin.secret_access_key}
    assert mender.request("PUT", path, json={"storage_config": keys}).status_code == 422
    mender.put(path, {"vending_strategy": {"AwsStatic": {}}, "storage_config": s3_config(seaweed, other.bucket) | keys})
    assert mender.credentials(other.catalog, "sales", "t")["secret_access_key"] == seaweed.admin.secret_access_key
    host.stop()
    status = host.command("secrets", "status")
    assert status.returncode == 1
    assert status.stdout.count("it was changed, moved here") == 1, status.stdout
    assert f"tenant {mine.tenant.id}" in status.stdout
    assert planted.found_in(status.stdout.encode() + status.stderr.encode()) == []


def test_what_is_under_an_unknown_key_is_named_and_left(
    pasted: tuple[Host, Postgres | None], planted: Planted, seaweed: Seaweed
) -> None:
    host, database = pasted
    tenant = new_tenant(host, planted)
    lake, lost = static_lake(tenant, seaweed), static_lake(tenant, seaweed)
    host.stop()
    before = rows(host, database, "warehouses", "secrets")
    old = host.settings["PANGOLIN_ENCRYPTION_KEY"]
    new = key_of(host.command("secrets", "new-key", "--id", "third"), planted)
    # Without the old key nothing opens, and the trail, whose end it sealed, takes no row.
    host.settings["PANGOLIN_ENCRYPTION_KEY"] = new
    status, rotated = host.command("secrets", "status"), host.command("secrets", "rotate")
    assert (status.returncode, rotated.returncode) == (1, 1)
    assert status.stdout.count("key default is not in the ring: add it back") == 2
    assert lake.tenant.id in status.stdout
    assert "nothing was sealed anew" in rotated.stderr
    assert rows(host, database, "warehouses", "secrets") == before
    # With it all is sealed anew but what is under a key that nobody has.
    change(host, database, f"UPDATE warehouses SET secrets = 'v2:gone:AAAA' WHERE name = '{lost.warehouse}'")
    host.settings["PANGOLIN_ENCRYPTION_KEY"] = f"{new},{old}"
    rotated = host.command("secrets", "rotate")
    assert rotated.returncode == 1 and "1 sealed value cannot be opened" in rotated.stderr
    assert "key gone is not in the ring" in rotated.stdout and "sealed anew: 1;" in rotated.stdout, rotated.stdout
    assert sorted(text[:8] for text in rows(host, database, "warehouses", "secrets")) == ["v2:gone:", "v2:third"]
    host.settings["PANGOLIN_ENCRYPTION_KEY"] = new
    host.start()
    assert tenant.admin.api.get(f"/api/v1/warehouses/{lake.warehouse}")["name"] == lake.warehouse
    # Every row of the trail is there, and its seals are the new key's.
    actions = [(row["action"], row["result"]) for row in host.root().audit(action="rotate_secrets")]
    assert actions == [("rotate_secrets", "failure"), ("rotate_secrets", "started")]
