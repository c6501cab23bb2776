"""`pangolin audit`: what was changed, taken out or put in is found, in the database and in an export."""

import base64
import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.database import Database
from harness.host import Host
from harness.planted import Planted
from harness.world import Tenant, new_tenant


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, make_host: Callable[..., Host]) -> Database:
    """A host of its own: its trail is tampered with."""
    postgres = request.getfixturevalue("postgres") if request.param == "postgres" else None
    return Database(make_host(None, postgres, {"PANGOLIN_HOST_NAME": "host-a"}).start(), postgres)


@pytest.fixture(scope="module")
def tenant(database: Database, planted: Planted) -> Tenant:
    tenant = new_tenant(database.host, planted)
    tenant.user("Reader")
    return tenant


def verify(host: Host, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = host.command("audit", "verify", "--json", *arguments)
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_whole_trail(database: Database, tenant: Tenant) -> None:
    done = database.host.command("audit", "verify")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith("host-a: ") and "whole" in done.stdout.splitlines()[-1]
    code, report = verify(database.host)
    assert (code, report["whole"], report["breaks"]) == (0, True, [])
    assert report["rows"] == tenant.root.get("/api/v1/audit/count")["count"]
    (chain,) = report["chains"]
    assert chain["host"] == "host-a" and chain["end"] == report["rows"] and chain["link"]


LAST = "(SELECT MAX(seq) FROM audit_events)"
COPY = (
    "INSERT INTO audit_events (host, seq, id, action, resource_type, at, result, request_id, event, link) "
    "SELECT {host}, {seq}, 'copied', action, resource_type, at, result, request_id, event, link FROM audit_events WHERE seq = 2"
)


@pytest.mark.parametrize(
    ("statements", "code"),
    [
        (["UPDATE audit_events SET event = event || ' ' WHERE seq = 2"], "changed"),
        (["UPDATE audit_events SET username = 'somebody else' WHERE seq = 2"], "column"),
        (["DELETE FROM audit_events WHERE seq = 1"], "missing"),
        (["DELETE FROM audit_events WHERE seq = 3"], "missing"),
        ([f"DELETE FROM audit_events WHERE seq = {LAST}"], "missing"),
        (["DELETE FROM audit_events"], "missing"),
        (["DELETE FROM audit_events", "DELETE FROM audit_anchors"], "no-chain"),
        ([f"UPDATE audit_events SET seq = {sequence}" for sequence in ("-1 WHERE seq = 2", "2 WHERE seq = 3", "3 WHERE seq = -1")], "changed"),
        ([COPY.format(host="host", seq=f"{LAST} + 1")], "beyond-end"),
        ([COPY.format(host="'host-b'", seq="1")], "stranger"),
        (["UPDATE audit_anchors SET mac = substr(mac, 1, 20) || 'AAAA'"], "forged-end"),
        (["UPDATE audit_anchors SET mac = 'v1:gone.00000000:AAAA'"], "unknown-key"),
    ],
)
def test_tampering_is_found(database: Database, tenant: Tenant, statements: list[str], code: str) -> None:
    assert tenant.id
    tables = ("audit_events", "audit_anchors")
    for table in tables:
        database.run(f"CREATE TABLE kept_{table} AS SELECT * FROM {table}")
    try:
        database.run(*statements)
        exit_code, report = verify(database.host)
        assert exit_code == 1 and not report["whole"]
        assert code in [broken["code"] for broken in report["breaks"]], report
        assert all(broken["why"] for broken in report["breaks"])
        done = database.host.command("audit", "verify")
        assert done.returncode == 1 and "BROKEN" in done.stdout and "NOT WHOLE" in done.stdout
    finally:
        for table in tables:
            database.run(f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM kept_{table}", f"DROP TABLE kept_{table}")
    assert verify(database.host)[0] == 0


def exported(host: Host, *filters: str) -> list[str]:
    done = host.command("audit", "export", *filters)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def check(database: Database, lines: list[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    file: Path = database.host.dir / "export.jsonl"
    file.write_text("".join(line + "\n" for line in lines))
    return verify(database.host, "--file", str(file), *arguments)


def test_an_export_is_checked_elsewhere(database: Database, tenant: Tenant) -> None:
    lines = exported(database.host)
    code, report = check(database, lines)
    assert (code, report["complete"], report["sealed"], report["rows"]) == (0, True, True, len(lines) - 2), report
    # The same from the API, in one stream.
    reply = tenant.root.request("GET", "/api/v1/audit/export")
    assert reply.headers["Content-Type"] == "application/x-ndjson" and reply.headers["Cache-Control"] == "no-store"
    streamed = reply.text.splitlines()
    assert check(database, streamed)[0] == 0
    assert streamed[1 : len(lines) - 1] == lines[1:-1]
    rows = [json.loads(line) for line in lines if "chain" in json.loads(line)]
    listed = {row["id"]: row for row in tenant.root.audit()}
    assert all({name: value for name, value in row.items() if name != "chain"} == listed[row["id"]] for row in rows)


def relinked(lines: list[str]) -> list[str]:
    """Links as somebody computes them who has no key."""
    link = base64.b64encode(bytes(32)).decode()
    found = [json.loads(line) for line in lines]
    for line in found:
        if "chain" in line:
            covered = line["chain"]["covered"].encode()
            link = base64.b64encode(hashlib.sha256(base64.b64decode(link) + covered).digest()).decode()
            line["chain"]["link"] = link
        elif line["seal"] == "end":
            line["link"] = link
    return [json.dumps(line) for line in found]


def test_a_changed_export_is_found(database: Database, tenant: Tenant) -> None:
    assert tenant.id
    lines = exported(database.host)

    def changed(edit: Callable[[dict[str, Any]], None], at: int = 3) -> list[str]:
        line = json.loads(lines[at])
        edit(line)
        return [*lines[:at], json.dumps(line), *lines[at + 1 :]]

    def covered(line: dict[str, Any]) -> None:
        line["username"] = "evil"
        event = json.loads(line["chain"]["covered"])
        line["chain"]["covered"] = json.dumps(event | {"username": "evil"}, separators=(",", ":"))

    swapped = [*lines[:2], lines[3], lines[2], *lines[4:]]
    for edited, code in (
        (changed(lambda line: line.update(username="evil")), "changed"),
        (changed(covered), "changed"),
        ([*lines[:3], *lines[4:]], "missing"),
        (swapped, "missing"),
        ([*lines[:4], lines[3], *lines[4:]], "missing"),
        (lines[:-1], "no-end"),
        ([*lines[:-2], lines[-1]], "missing"),
        ([lines[0]], "no-chain"),
        ([*lines, lines[3]], "beyond-end"),
        (changed(lambda line: line.update(hosts="[]"), 0), "forged-list"),
        ([*lines[:3], "{", *lines[4:]], "line"),
    ):
        exit_code, report = check(database, edited)
        assert exit_code == 1 and code in [broken["code"] for broken in report["breaks"]], (code, report)
    # A file that was made anew as a whole: only the seals show it, and that they were not checked is said.
    forged = relinked(changed(covered))
    exit_code, report = check(database, forged)
    assert exit_code == 1 and report["breaks"][0]["code"] == "forged-end", report
    keys = database.host.dir / "keys"
    keys.write_text(str(database.host.settings["PANGOLIN_ENCRYPTION_KEY"]))
    assert check(database, lines, "--keys", str(keys))[0] == 0
    assert check(database, forged, "--keys", str(keys))[0] == 1
    keys.unlink()


def test_another_file_is_not_told_as_broken(database: Database, tenant: Tenant) -> None:
    assert tenant.id
    whole = "".join(line + "\n" for line in exported(database.host)).encode()
    file: Path = database.host.dir / "other"
    for content, code, why in (
        (b"", "empty", "nothing in it"),
        (b"{}\n", "not-an-export", "JSON of another kind"),
        (json.dumps([1, 2], indent=1).encode(), "not-an-export", "one JSON object on each line"),
        (gzip.compress(whole), "not-an-export", "unpack it first"),
        (whole.decode().encode("utf-16"), "not-an-export", "UTF-16"),
    ):
        file.write_bytes(content)
        exit_code, report = verify(database.host, "--file", str(file))
        assert (exit_code, report["whole"], report["export"]) == (3, False, False), report
        assert report["breaks"][0]["code"] == code and why in report["breaks"][0]["why"], report
        told = database.host.command("audit", "verify", "--file", str(file))
        assert (told.returncode, told.stdout) == (3, "")
        assert "not an export of the whole trail: " in told.stderr and why in told.stderr, told.stderr
    # A copy that did not end is an export, and not whole.
    file.write_bytes(whole[:-20])
    exit_code, report = verify(database.host, "--file", str(file))
    assert exit_code == 1 and "cut-off" in [broken["code"] for broken in report["breaks"]], report


def test_a_part_is_said_to_be_a_part(database: Database, tenant: Tenant) -> None:
    part = exported(database.host, "--tenant-id", tenant.id, "--action", "create_user")
    assert part and all(json.loads(line)["action"] == "create_user" for line in part)
    code, report = check(database, part)
    assert (code, report["complete"]) == (0, False)
    done = database.host.command("audit", "export", "--user-id", "somebody")
    assert done.returncode == 1 and "user_id" in done.stderr
    assert database.host.command("audit", "export", "--nothing", "x").returncode == 2


def test_who_may_export(database: Database, tenant: Tenant, planted: Planted) -> None:
    other = new_tenant(database.host, planted)
    path = "/api/v1/audit/export"
    own = [json.loads(line) for line in tenant.admin.api.request("GET", path).text.splitlines()]
    assert own and {row["tenant_id"] for row in own} == {tenant.id}
    assert not any("chain" in row or "seal" in row for row in own)
    assert [row["timestamp"] for row in own] == sorted(row["timestamp"] for row in own)
    code, report = check(database, [json.dumps(row) for row in own])
    assert (code, report["export"], report["breaks"][0]["code"]) == (3, False, "not-an-export"), report
    assert "one tenant" in report["breaks"][0]["why"]
    tenant.admin.api.get(path, status=403, params={"tenant_id": other.id})
    tenant.user("Writer").api.get(path, status=403)
    database.host.api().get(path, status=401)
    of_other = tenant.root.request("GET", path, params={"tenant_id": other.id}).text.splitlines()
    assert {json.loads(line)["tenant_id"] for line in of_other} == {other.id}
    for bad in ({"limit": 3}, {"before": tenant.id}, {"user_id": "x"}, {"nothing": "x"}):
        reply = tenant.admin.api.request("GET", path, params=bad)
        assert reply.status_code == 400 and next(iter(bad)) in reply.text, reply.text
    rows = [row for row in tenant.admin.api.audit(action="export_audit") if row["user_id"] == tenant.admin.id]
    assert [row["result"] for row in rows if row["result"] != "denied"][:2] == ["success", "started"]
    assert rows[0]["metadata"]["rows"] == len(own) or any(row["metadata"] and row["metadata"].get("rows") == len(own) for row in rows)
