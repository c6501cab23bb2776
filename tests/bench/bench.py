"""Warm vended answers per second, with real authentication and the audit trail on. Run by `cargo xtask bench`."""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.api import Api  # noqa: E402
from harness.host import Host  # noqa: E402
from harness.planted import Planted  # noqa: E402
from harness.s3 import REGION  # noqa: E402
from harness.seaweed import Seaweed  # noqa: E402
from harness.world import new_lake, new_tenant  # noqa: E402

_LINE = re.compile(r"^\s*(50%|99%|Requests/sec:|Non-2xx or 3xx responses:)\s+(\S+)", re.MULTILINE)


@dataclass
class Case:
    """One request, many times."""

    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None


def measure(api: Api, case: Case, seconds: int, connections: int) -> dict[str, str]:
    """One thread that keeps so many connections busy; the figures as `wrk` prints them."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-H", f"Authorization: Bearer {api.token}"]
    for name, value in case.headers.items():
        command += ["-H", f"{name}: {value}"]
    path = case.path
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if case.body is not None:
            text = json.dumps(json.dumps(case.body))
            script.write(f'wrk.method = "POST"\nwrk.body = {text}\nwrk.headers["Content-Type"] = "application/json"\n')
            script.flush()
            command += ["-s", script.name]
        return _figures([*command, api.url + path])


def _figures(command: list[str]) -> dict[str, str]:
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
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
    made = lake.tenant.admin.api.create_table(lake.catalog, "sales", "orders")
    reader = lake.tenant.user("Reader").api
    table = reader.table_path(lake.catalog, "sales", "orders")
    file = made["metadata"]["location"].rstrip("/") + "/data/1.parquet"
    uri = seaweed.endpoint + file.removeprefix("s3:/")
    signed = {"region": REGION, "method": "GET", "uri": uri, "headers": {}}
    cases = {
        "GET /v1/config": Case("/v1/config?warehouse=" + lake.catalog),
        "loadTable, not vended": Case(table),
        "loadTable, vended": Case(table, {"X-Iceberg-Access-Delegation": "vended-credentials"}),
        "GET …/credentials": Case(table + "/credentials"),
        "GET …/presign": Case(f"{table}/presign?location={file}"),
        "POST …/sign": Case(table + "/sign", body=signed),
    }
    print(f"\nSQLite, audit.sync = {sync}, {chosen.connections} connections, {chosen.seconds} s each, warm")
    print(f"{'':<24}{'requests/s':>12}{'p50':>10}{'p99':>10}")
    for name, case in cases.items():
        reader.expect(200, "GET" if case.body is None else "POST", case.path, headers=case.headers, json=case.body)
        measure(reader, case, 1, chosen.connections)
        found = measure(reader, case, chosen.seconds, chosen.connections)
        print(f"{name:<24}{found['Requests/sec:']:>12}{found['50%']:>10}{found['99%']:>10}", flush=True)


if __name__ == "__main__":
    main()
