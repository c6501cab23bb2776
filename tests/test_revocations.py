"""The kill switch: what is cut off, what the host takes back, and what it says that it cannot."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from harness.api import VENDED, Api
from harness.host import Host
from harness.planted import Planted
from harness.s3 import Keys, Store
from harness.seaweed import VEND_ROLE, Seaweed
from harness.world import Lake, User, new_tenant, static_lake

SIGNING = {"X-Iceberg-Access-Delegation": "remote-signing"}


class Scene:
    """A table `sales.orders` with a file, somebody who reads it, and whoever revokes."""

    def __init__(self, lake: Lake, seaweed: Seaweed):
        self.lake = lake
        self.seaweed = seaweed
        self.admin = lake.tenant.admin.api
        self.reader = lake.tenant.user("Writer")
        self.admin.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
        assert Store(seaweed, seaweed.admin).put(lake.bucket, "lake/orders/data/file") == "ok"
        self.table = f"{lake.catalog}.sales.orders"
        self.path = self.admin.table_path(lake.catalog, "sales", "orders")

    def vend(self, user: User | None = None, api: Api | None = None) -> Any:
        return (api or (user or self.reader).api).request("POST", f"{self.path}/credentials")

    def keys(self) -> Keys:
        return Keys.from_flat(self.reader.api.credentials(self.lake.catalog, "sales", "orders"))

    def opens(self, keys: Keys) -> bool:
        return Store(self.seaweed, keys).get(self.lake.bucket, "lake/orders/data/file") == "ok"

    def revoke(self, status: int = 201, api: Api | None = None, **body: Any) -> Any:
        return (api or self.admin).post("/api/v1/revocations", body, status=status)

    def lift(self, report: dict[str, Any], status: int = 204, api: Api | None = None) -> None:
        (api or self.admin).delete(f"/api/v1/revocations/{report['id']}", status=status)

    def targets(self) -> list[dict[str, Any]]:
        return [{"table": self.table}, {"warehouse": self.lake.warehouse}]


@pytest.fixture
def scene(any_lake: Lake, seaweed: Seaweed) -> Scene:
    return Scene(any_lake, seaweed)


@pytest.fixture
def one(lake: Lake, seaweed: Seaweed) -> Scene:
    """On one database, where the database does not matter."""
    return Scene(lake, seaweed)


def refused(reply: Any) -> bool:
    if reply.status_code != 403:
        return False
    error = reply.json()["error"]
    assert error["reason"] == "revoked", error
    assert "administrator" in error["message"]
    return True


def when(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def test_a_table_is_cut_off_and_the_session_that_is_out_is_told(scene: Scene) -> None:
    keys = scene.keys()
    for wanted in scene.targets():
        report = scene.revoke(**wanted, reason="a key was found in a public place")
        assert report["standing"] and report["reason"] == "a key was found in a public place"
        assert refused(scene.vend())
        assert refused(scene.reader.api.request("GET", f"{scene.path}/credentials"))
        assert refused(scene.reader.api.request("GET", scene.path, headers=VENDED))
        assert refused(scene.reader.api.request("GET", scene.path, headers=SIGNING))
        where = {"location": scene.lake.location("orders") + "/data/file"}
        assert refused(scene.reader.api.request("GET", f"{scene.path}/presign", params=where))
        assert "a key was found" not in scene.vend().text
        # Honest: nothing takes a session of STS back, and the report says so.
        assert scene.opens(keys)
        out = report["outstanding"]
        assert out["count"] >= 1 and out["endless"] == 0
        # The newest first; of the round before there is another.
        found, *_older = [one for one in out["credentials"] if one["principal"] == scene.reader.name]
        assert found["issued"][0]["session_name"] == scene.reader.name
        assert found["issued"][0]["role_arn"] == VEND_ROLE
        assert found["access"] == "read-write-delete" and not found["unscoped"]
        # STS counts in whole seconds.
        assert keys.expiration is not None
        assert abs((when(found["expires_at"]) - keys.expiration).total_seconds()) < 1
        assert when(out["latest_expiry"]) >= when(found["expires_at"])
        assert report["leases"] == [] and report["tokens_ended"] == 0
        # Without a credential the table still loads.
        assert scene.reader.api.get(scene.path)["metadata"]["location"] == scene.lake.location("orders")
        scene.lift(report)
        old, keys = keys, scene.keys()
        assert keys.access_key_id != old.access_key_id, "what is cached from before is not served again"


def test_the_statement_names_the_files_and_the_time(one: Scene) -> None:
    one.keys()
    report = one.revoke(table=one.table)
    (advice,) = report["recall"]
    assert (advice["service"], advice["credential"], advice["issuer"]) == ("aws", "assumed-role", VEND_ROLE)
    assert advice["command"].startswith("aws iam put-role-policy --role-name VendRole ")
    assert denied(advice["policy"], "s3:GetObject", f"arn:aws:s3:::{one.lake.bucket}/lake/orders/data/file")
    assert not denied(advice["policy"], "s3:GetObject", f"arn:aws:s3:::{one.lake.bucket}/lake/orders2/data/file")
    assert not denied(advice["policy"], "s3:GetObject", f"arn:aws:s3:::{one.lake.bucket}/lake/orders/data/file", later=True)


def test_a_principal_is_let_in_by_nothing_until_that_is_lifted(scene: Scene) -> None:
    keys = scene.keys()
    report = scene.revoke(principal=scene.reader.id)
    assert report["tokens_ended"] >= 1 and report["name"] == scene.reader.name
    for method, path in (("GET", "/api/v1/users/me"), ("GET", scene.path), ("POST", f"{scene.path}/credentials")):
        assert scene.reader.api.request(method, path).status_code == 401, path
    login = {"username": scene.reader.name, "password": scene.reader.password, "tenant-id": scene.lake.tenant.id}
    assert scene.admin.request("POST", "/api/v1/users/login", json=login).status_code == 401
    assert scene.opens(keys)
    (advice,) = [one for one in report["recall"] if one["service"] == "aws"]
    ours, others = f"AROAEXAMPLE:{scene.reader.name}", "AROAEXAMPLE:somebody"
    anything = ("s3:GetObject", "arn:aws:s3:::bucket/key")
    assert denied(advice["policy"], *anything, userid=ours)
    assert not denied(advice["policy"], *anything, userid=others)
    assert not denied(advice["policy"], *anything, userid=ours, later=True)
    other = scene.lake.tenant.user("Reader")
    assert scene.vend(other).status_code == 200, "nobody else is concerned"
    scene.lift(report)
    assert scene.reader.api.request("GET", "/api/v1/users/me").status_code == 401, "its tokens have ended"
    again = scene.admin.login(scene.reader.name, scene.reader.password, scene.lake.tenant.id)
    fresh = Keys.from_flat(again.credentials(scene.lake.catalog, "sales", "orders"))
    assert fresh.access_key_id != keys.access_key_id


def test_revoking_twice_is_one_revocation_and_lifting_twice_no_error(scene: Scene) -> None:
    first = scene.revoke(table=scene.table, reason="first")
    again = scene.revoke(200, table={"catalog": scene.lake.catalog, "namespace": ["sales"], "name": "orders"}, reason="second")
    assert (again["id"], again["reason"]) == (first["id"], "first")
    shown = scene.admin.get(f"/api/v1/revocations/{first['id']}")
    assert shown["outstanding"] == again["outstanding"] and "tokens_ended" not in shown
    assert [entry["id"] for entry in scene.admin.get("/api/v1/revocations", params={"standing": "true"})] == [first["id"]]
    scene.lift(first)
    scene.lift(first)
    shown = scene.admin.get(f"/api/v1/revocations/{first['id']}")
    assert not shown["standing"] and shown["lifted_by"] == scene.lake.tenant.admin.id
    assert scene.admin.get("/api/v1/revocations", params={"standing": "true"}) == []
    assert len(scene.admin.get("/api/v1/revocations", params={"kind": "table", "standing": "false"})) == 1
    assert scene.revoke(table=scene.table)["id"] != first["id"]


def test_the_host_does_not_write_there_either(one: Scene) -> None:
    update = {"requirements": [], "updates": [{"action": "set-properties", "updates": {"a": "b"}}]}
    body = {"name": "new", "schema": {"type": "struct", "schema-id": 0, "fields": []}}
    listing = one.path.rsplit("/", 1)[0]
    table = one.revoke(table=one.table)
    assert refused(one.reader.api.request("POST", one.path, json=update))
    assert refused(one.admin.request("DELETE", one.path, params={"purgeRequested": "true"}))
    assert one.reader.api.request("POST", listing, json=body).status_code == 200, "another table is another table"
    one.lift(table)
    warehouse = one.revoke(warehouse=one.lake.warehouse)
    assert refused(one.reader.api.request("POST", one.path, json=update))
    assert refused(one.reader.api.request("POST", listing, json=body | {"name": "newer"}))
    assert refused(one.reader.api.request("POST", listing, json=body | {"name": "staged", "stage-create": True}, headers=VENDED))
    one.lift(warehouse)
    assert one.reader.api.request("POST", one.path, json=update).status_code == 200


def test_who_may_revoke_what(one: Scene, host: Host, planted: Planted) -> None:
    stranger = new_tenant(host, planted)
    root, tenant = host.root(), one.lake.tenant
    wanted = [{"principal": one.reader.id}, *one.targets()]
    for body in wanted:
        assert host.api().request("POST", "/api/v1/revocations", json=body).status_code == 401
        assert one.reader.api.request("POST", "/api/v1/revocations", json=body).status_code == 403
        foreign = stranger.admin.api.request("POST", "/api/v1/revocations", json=body)
        assert foreign.status_code == 404 and one.lake.warehouse not in foreign.text
    for body in one.targets():
        assert root.request("POST", "/api/v1/revocations", json=body).status_code == 403
    own = tenant.admin.id
    root_id = "ffffffff-ffff-ffff-ffff-ffffffffffff"
    for principal in (own, tenant.admin.name, root_id):
        one.revoke(400, principal=principal)
    one.revoke(400, api=root, principal=root_id)
    for body in ({}, {"principal": one.reader.id, "table": one.table}, {"user": "x"}, {"table": "x"}, {"table": 7}):
        one.revoke(422, **body)
    one.revoke(422, principal=one.reader.id, reason="x" * 513)
    for missing in ({"principal": "nobody"}, {"warehouse": "none"}, {"table": f"{one.lake.catalog}.sales.none"}):
        one.revoke(404, **missing)
    report = one.revoke(principal=one.reader.name)
    for api, status in ((stranger.admin.api, 404), (tenant.user("Reader").api, 403), (host.api(), 401)):
        assert api.request("GET", f"/api/v1/revocations/{report['id']}").status_code == status
        assert api.request("DELETE", f"/api/v1/revocations/{report['id']}").status_code == status
    assert stranger.admin.api.get("/api/v1/revocations") == []
    assert report["id"] in [entry["id"] for entry in root.get("/api/v1/revocations")]
    table = one.revoke(table=one.table)
    assert root.request("GET", f"/api/v1/revocations/{table['id']}").status_code == 404
    assert table["id"] not in [entry["id"] for entry in root.get("/api/v1/revocations")]
    one.lift(report)
    by_root = one.revoke(api=root, principal=one.reader.id)
    one.lift(by_root, status=403)
    one.lift(by_root, api=root)


def test_every_step_is_on_record(one: Scene) -> None:
    one.keys()
    table = one.revoke(table=one.table, reason="lost")
    principal = one.revoke(principal=one.reader.id)
    assert one.reader.api.request("POST", "/api/v1/revocations", json={}).status_code == 401
    plain = one.lake.tenant.user("Reader")
    assert plain.api.request("POST", "/api/v1/revocations", json={"warehouse": one.lake.warehouse}).status_code == 403
    one.lift(table)
    one.lift(principal)
    rows = {row["action"]: row for row in reversed(one.admin.audit()) if "revo" in row["action"]}
    assert rows["revoke_table"]["resource_name"] == one.table and rows["revoke_table"]["result"] == "success"
    details = rows["revoke_table"]["metadata"]
    assert details["reason"] == "lost" and details["outstanding"] >= 1 and details["revocation"] == table["id"]
    assert rows["revoke_principal"]["resource_name"] == one.reader.name
    assert (rows["revoke_warehouse"]["result"], rows["revoke_warehouse"]["username"]) == ("denied", plain.name)
    assert rows["lift_revocation"]["username"] == one.lake.tenant.admin.name


def test_nothing_leaves_beside_the_report(scene: Scene) -> None:
    """Whatever was handed out while it was revoked is in the report; whoever asks after it gets nothing."""
    users = [scene.lake.tenant.user("Reader") for _ in range(8)]
    for _ in range(3):
        with ThreadPoolExecutor(12) as pool:
            asked = [pool.submit(scene.vend, user) for user in users]
            report = pool.submit(scene.revoke, table=scene.table).result(30)
            after = [pool.submit(scene.vend, user) for user in users]
            replies = [reply.result(30) for reply in asked]
        assert all(refused(reply.result(30)) for reply in after)
        handed = {reply.json()["access_key_id"] for reply in replies if reply.status_code == 200}
        assert all(reply.status_code == 200 or refused(reply) for reply in replies)
        # Keys that are still good from rounds before are out as well.
        live = scene.admin.get(f"/api/v1/revocations/{report['id']}")["outstanding"]["count"]
        assert len(handed) <= live
        scene.lift(report)


def test_keys_that_never_end_are_told_once(tenant: Any, seaweed: Seaweed) -> None:
    lake = static_lake(tenant, seaweed)
    tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    for _ in range(3):
        tenant.admin.api.credentials(lake.catalog, "sales", "orders")
    report = tenant.admin.api.post("/api/v1/revocations", {"warehouse": lake.warehouse}, status=201)
    out = report["outstanding"]
    assert (out["count"], out["endless"], out["latest_expiry"]) == (1, 1, None)
    assert out["credentials"][0]["unscoped"] and out["credentials"][0]["issued"] == [{"kind": "stored-key"}]
    (advice,) = report["recall"]
    assert (advice["credential"], advice["recallable"], advice["until"]) == ("stored-key", False, None)
    assert seaweed.admin.secret_access_key not in json.dumps(report)


def denied(policy: Any, action: str, resource: str, userid: str = "AROA:x", later: bool = False) -> bool:
    """IAM's reading of a `Deny`, for what these statements use. Anything else is a KeyError."""
    issued = datetime.now(UTC).timestamp() + (60 if later else -1)
    tests = {
        ("DateLessThan", "aws:TokenIssueTime"): lambda wanted: issued < when(wanted).timestamp(),
        ("StringLike", "aws:userid"): lambda wanted: like(wanted, userid),
        ("StringLike", "s3:prefix"): lambda _wanted: False,
    }
    assert policy["Version"] == "2012-10-17"
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Deny"
        actions, resources = (listed(statement[name]) for name in ("Action", "Resource"))
        conditions = statement["Condition"]
        if (
            any(like(one, action) for one in actions)
            and any(like(one, resource) for one in resources)
            and all(
                any(tests[operator, key](wanted) for wanted in listed(values))
                for operator, block in conditions.items()
                for key, values in block.items()
            )
        ):
            return True
    return False


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def like(pattern: str, text: str) -> bool:
    assert "?" not in pattern and "$" not in pattern
    lead, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    if not text.startswith(lead):
        return False
    at = len(lead)
    for part in rest[:-1]:
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return len(text) - at >= len(rest[-1]) and text.endswith(rest[-1])
