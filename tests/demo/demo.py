"""The main path from end to end: a client reads and writes a table with a credential that a strategy minted.

Run by `cargo xtask demo`, which builds everything first.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

from harness.host import Host  # noqa: E402
from harness.iceberg import ROWS, pyiceberg, rows  # noqa: E402
from harness.planted import Planted  # noqa: E402
from harness.s3 import Keys, Store, split  # noqa: E402
from harness.seaweed import VEND_ROLE, Seaweed  # noqa: E402
from harness.world import Tenant, User, new_tenant, s3_config  # noqa: E402
from transcript import CheckFailed, Transcript, masked  # noqa: E402

CATALOG = "analytics"
TABLE = "sales.transactions"


class Demo:
    """What has been set up so far."""

    def __init__(self, out: Transcript):
        self.out = out
        self.planted = Planted()
        self.seaweed = Seaweed(self.planted)
        self.host: Host | None = None

    def run(self) -> None:
        self.start()
        tenant = self.tenant()
        bucket = self.warehouse(tenant)
        writer, reader = self.users(tenant)
        self.write_and_read(writer, reader)
        self.refusals(tenant, reader, bucket)
        self.trail(tenant, writer, reader)

    def start(self) -> None:
        self.out.step("A storage that enforces session policies (SeaweedFS), and the host on SQLite in auth mode")
        self.seaweed.start()
        self.out.say(f"S3 and STS on {self.seaweed.endpoint}")
        self.host = Host(self.planted, self.seaweed).start()
        ready = self.host.api().get("/health/ready")
        self.out.say(
            f"host on {self.host.url}, {ready['plugins']} strategies loaded from {self.host.settings['PANGOLIN_PLUGIN_DIR']}"
        )
        self.out.check(ready["status"] == "ready", "the host is ready")

    def tenant(self) -> Tenant:
        assert self.host is not None
        self.out.step("Root logs in and makes a tenant with its administrator")
        tenant = new_tenant(self.host, self.planted, "acme-corp")
        self.out.say(f"tenant acme-corp {tenant.id}\nadministrator {tenant.admin.name}, token {masked(tenant.admin.api.token)}")
        return tenant

    def warehouse(self, tenant: Tenant) -> str:
        self.out.step("The administrator makes a warehouse with the strategy AwsSts, and a catalog on it")
        bucket = self.seaweed.bucket("my-data-bucket")
        body = {
            "name": "production_warehouse",
            "vending_strategy": {"AwsSts": {"role_arn": VEND_ROLE}},
            "storage_config": s3_config(self.seaweed, bucket),
        }
        made = tenant.warehouse(body)
        self.out.say(f"warehouse production_warehouse: s3://{bucket}, role {VEND_ROLE}, no key of its own")
        self.out.check("AwsSts" in str(made["vending_strategy"]), "the warehouse vends by AwsSts")
        tenant.catalog("production_warehouse", f"s3://{bucket}/lake", CATALOG)
        return bucket

    def users(self, tenant: Tenant) -> tuple[User, User]:
        self.out.step("A writer and a reader, by the built-in roles")
        writer, reader = tenant.user("Writer", name="data_engineer"), tenant.user("Reader", name="analyst")
        for user, role in ((writer, "Writer"), (reader, "Reader")):
            self.out.say(f"{user.name}: {role}, token {masked(user.api.token)}")
        return writer, reader

    def write_and_read(self, writer: User, reader: User) -> None:
        assert self.host is not None
        self.out.step("PyIceberg as the writer, configured with uri, prefix and token only")
        catalog = pyiceberg(self.host.url, prefix=CATALOG, token=writer.api.token or "")
        catalog.create_namespace("sales")
        table = catalog.create_table(TABLE, schema=ROWS.schema)
        table.append(ROWS)
        catalog.create_table("sales.neighbours", schema=ROWS.schema).append(ROWS)
        self.out.say(f"created {TABLE} at {table.location()}, appended {ROWS.num_rows} rows; and a neighbour table")

        self.out.step("PyIceberg as the reader, configured the same way")
        seen = pyiceberg(self.host.url, prefix=CATALOG, token=reader.api.token or "").load_table(TABLE)
        found = rows(seen)
        self.out.say("\n".join(str(row) for row in found))
        self.out.check(found == ROWS.to_pylist(), "the reader sees what the writer wrote")

    def refusals(self, tenant: Tenant, reader: User, bucket: str) -> None:
        self.out.step("What the reader's credential opens, and what the storage refuses it")
        vended = reader.api.credentials(CATALOG, "sales", "transactions")
        self.out.say(
            f"access_key_id      {masked(vended['access_key_id'])}\nsecret_access_key  {masked(vended['secret_access_key'])}"
        )
        self.out.say(f"session_token      {masked(vended['session_token'])}\nexpiration         {vended['expiration']}")
        store = Store(self.seaweed, Keys.from_flat(vended))
        own = split(reader.api.load_table(CATALOG, "sales", "transactions")["metadata-location"])
        other = split(reader.api.load_table(CATALOG, "sales", "neighbours")["metadata-location"])
        place = own[1].rsplit("/", 2)[0]
        self.refused(store.get(*own), "ok", f"read   {own[1]}")
        self.refused(store.put(bucket, f"{place}/data/planted"), "AccessDenied", "write  into the same table")
        self.refused(store.delete(*own), "AccessDenied", "delete a file of the same table")
        self.refused(store.get(*other), "AccessDenied", f"read   {other[1]}")
        self.refused(store.list(bucket, ""), "AccessDenied", "list   the bucket")
        nobody = tenant.user(name="newcomer")
        path = nobody.api.table_path(CATALOG, "sales", "transactions") + "/credentials"
        status = nobody.api.request("POST", path).status_code
        self.out.check(status in (403, 404), f"a user without a role is refused by the host: {status}")

    def refused(self, answer: str, wanted: str, what: str) -> None:
        self.out.check(answer == wanted, f"{what}: {answer}")

    def trail(self, tenant: Tenant, writer: User, reader: User) -> None:
        self.out.step("The audit trail, as the administrator reads it")
        events = [row for row in reversed(tenant.admin.api.audit()) if row["result"] != "started"]
        for row in events:
            extra = row["metadata"] or {}
            about = " ".join(str(extra[key]) for key in ("strategy", "access", "expires_at") if extra.get(key))
            self.out.say(
                f"{str(row['username'])[:22]:<22} {row['action']:<20} {row['result']:<8} {row['resource_name'][:44]:<44} {about}"
            )
        vends = {(row["username"], row["result"]) for row in events if row["action"] == "vend_credentials"}
        for who, how in ((writer.name, "success"), (reader.name, "success"), ("newcomer", "denied")):
            self.out.check((who, how) in vends, f"a vend of {who}, {how}, is on record")
        leaks = self.planted.found_in(tenant.root.audit_text().encode())
        self.out.check(not leaks, f"none of {len(self.planted.values)} secrets is in it")

    def leaks(self) -> None:
        assert self.host is not None
        self.out.step("The log and the database, searched for every secret of this run")
        found = self.host.leaks()
        self.out.check(not found, "found none" if not found else "; ".join(found))

    def stop(self) -> None:
        if self.host is not None:
            self.host.remove()
        self.seaweed.stop()


def try_this(demo: Demo) -> str:
    host = demo.host
    assert host is not None
    password = host.dir / "root-password"
    password.touch(mode=0o600)
    password.write_text(host.root_password)
    return f"""
Left running; Ctrl-C ends it.

  host     {host.url}   log: {host.log}
  storage  {demo.seaweed.endpoint}

  curl -s {host.url}/api/v1/users/login -d '{{"username":"root","password":"'$(cat {password})'","tenant-id":null}}'
  curl -s {host.url}/api/v1/audit?limit=5 -H "Authorization: Bearer <token>"
  curl -s {host.url}/api-docs/openapi.json
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave it running and print what to try")
    keep = parser.parse_args().keep
    # An interrupt ends the children as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    out = Transcript()
    demo = Demo(out)
    try:
        demo.run()
        if keep:
            out.end()
            print(try_this(demo), flush=True)
            signal.pause()
        demo.leaks()
        out.end()
        return 0
    except CheckFailed:
        return 1
    except KeyboardInterrupt:
        return 130 if not keep else 0
    except Exception:
        import traceback

        traceback.print_exc()
        if demo.host is not None:
            print(demo.host.log.read_text(errors="replace")[-3000:], file=sys.stderr)
        return 1
    finally:
        demo.stop()


if __name__ == "__main__":
    sys.exit(main())
