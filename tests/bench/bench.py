"""Warm vended answers per second, with real authentication and the audit trail on. Run by `cargo xtask bench`."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.api import Api  # noqa: E402
from harness.host import Host  # noqa: E402
from harness.planted import Planted  # noqa: E402
from harness.seaweed import Seaweed  # noqa: E402
from harness.world import new_lake, new_tenant  # noqa: E402

_LINE = re.compile(r"^\s*(50%|99%|Requests/sec:|Non-2xx or 3xx responses:)\s+(\S+)", re.MULTILINE)


def measure(api: Api, path: str, headers: dict[str, str], seconds: int, connections: int) -> dict[str, str]:
    """One thread that keeps so many connections busy; the figures as `wrk` prints them."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-H", f"Authorization: Bearer {api.token}"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    printed = subprocess.run([*command, api.url + path], check=True, capture_output=True, text=True).stdout
    found = dict(_LINE.findall(printed))
    if "Non-2xx or 3xx responses:" in found or "Requests/sec:" not in found:
        raise SystemExit(f"the host did not answer as it should:\n{printed}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--profile", default="release")
    chosen = parser.parse_args()

    planted = Planted()
    seaweed = Seaweed(planted).start()
    try:
        for sync in ("full", "normal"):
            settings = {"RUST_LOG": "warn", "PANGOLIN_AUDIT_SYNC": sync}
            host = Host(planted, seaweed, settings=settings, profile=chosen.profile).start()
            try:
                bench(host, planted, seaweed, sync, chosen)
            finally:
                host.remove()
    finally:
        seaweed.stop()


def bench(host: Host, planted: Planted, seaweed: Seaweed, sync: str, chosen: argparse.Namespace) -> None:
    lake = new_lake(new_tenant(host, planted), seaweed)
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "orders")
    reader = lake.tenant.user("Reader").api
    table = reader.table_path(lake.catalog, "sales", "orders")
    vended = {"X-Iceberg-Access-Delegation": "vended-credentials"}
    cases = {
        "GET /v1/config": ("/v1/config?warehouse=" + lake.catalog, {}),
        "loadTable, not vended": (table, {}),
        "loadTable, vended": (table, vended),
        "GET …/credentials": (table + "/credentials", {}),
    }
    print(f"\nSQLite, audit.sync = {sync}, {chosen.connections} connections, {chosen.seconds} s each, warm")
    print(f"{'':<24}{'requests/s':>12}{'p50':>10}{'p99':>10}")
    for name, (path, headers) in cases.items():
        reader.get(path, headers=headers)
        measure(reader, path, headers, 1, chosen.connections)
        found = measure(reader, path, headers, chosen.seconds, chosen.connections)
        print(f"{name:<24}{found['Requests/sec:']:>12}{found['50%']:>10}{found['99%']:>10}", flush=True)


if __name__ == "__main__":
    main()
