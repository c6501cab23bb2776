"""Every vend leaves a row that says who, what, how and until when; and only the entitled read it."""

import json
from collections.abc import Callable

from requests import Response

from harness.api import VENDED
from harness.host import Host
from harness.planted import Planted
from harness.world import Lake, new_tenant


def vends(lake: Lake, **filters: str) -> list[dict]:
    return lake.tenant.admin.api.audit(action="vend_credentials", **filters)


def test_a_vend_is_recorded_whole(any_lake: Lake) -> None:
    lake = any_lake
    reader = lake.tenant.user("Reader")
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    vended = reader.api.credentials(lake.catalog, "sales", "orders")
    row = next(row for row in vends(lake) if row["user_id"] == reader.id and row["result"] == "success")
    assert row["tenant_id"] == lake.tenant.id
    assert row["username"] == reader.name
    assert row["resource_type"] == "table"
    assert all(part in row["resource_name"] for part in (lake.catalog, "sales", "orders"))
    assert row["ip_address"] == "127.0.0.1"
    assert row["user_agent"] == "black-box/1"
    assert row["request_id"]
    metadata = row["metadata"]
    assert metadata["strategy"] == "AwsSts"
    assert metadata["access"] == "read"
    assert any(lake.location("orders") in scope for scope in metadata["scopes"])
    assert metadata["expires_at"][:19] == vended["expiration"][:19]
    assert vended["secret_access_key"] not in str(row)
    # The start of a minted credential is on record before its end.
    assert [other["result"] for other in vends(lake) if other["request_id"] == row["request_id"]] == ["success", "started"]


def test_a_refused_vend_is_recorded_as_denied(any_lake: Lake) -> None:
    lake = any_lake
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "orders")
    nobody = lake.tenant.user("Discovery")
    path = nobody.api.table_path(lake.catalog, "sales", "orders")
    assert nobody.api.request("POST", path + "/credentials").status_code == 403
    row = next(row for row in vends(lake) if row["user_id"] == nobody.id)
    assert row["result"] == "denied"
    assert row["error_message"]


def test_a_vend_of_what_is_hidden_is_recorded_as_denied_and_answered_as_missing(any_lake: Lake, planted: Planted) -> None:
    lake = any_lake
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "orders")
    nobody = lake.tenant.user()
    for method, suffix, headers in (("POST", "/credentials", {}), ("GET", "/credentials", {}), ("GET", "", VENDED)):

        def ask(table: str) -> Response:
            path = nobody.api.table_path(lake.catalog, "sales", table) + suffix
            return nobody.api.request(method, path, headers=headers)  # noqa: B023

        hidden, missing = ask("orders"), ask("nothing")
        assert (hidden.status_code, missing.status_code) == (404, 404)
        assert hidden.text.replace("orders", "nothing") == missing.text
    rows = [row for row in vends(lake) if row["user_id"] == nobody.id]
    assert [row["result"] for row in rows] == ["denied"] * 3
    # A stranger's guess leaves nothing in the trail of the tenant.
    stranger = new_tenant(lake.tenant.host, planted).admin
    assert stranger.api.request("POST", stranger.api.table_path(lake.catalog, "sales", "orders") + "/credentials").status_code == 404
    assert stranger.name not in str(lake.tenant.admin.api.audit())


def test_a_failed_vend_is_recorded_as_a_failure(lake: Lake) -> None:
    admin = lake.tenant.admin.api
    admin.create_table(lake.catalog, "sales", "orders")
    # A role that nobody can assume.
    strategy = {"AwsSts": {"role_arn": "arn:aws:iam::000000000000:role/NobodyKnowsThisRole"}}
    admin.put(f"/api/v1/warehouses/{lake.warehouse}", {"vending_strategy": strategy})
    reply = admin.request("POST", admin.table_path(lake.catalog, "sales", "orders") + "/credentials")
    assert reply.status_code >= 400
    assert "assum" in reply.text.lower() or "role" in reply.text.lower()
    row = next(row for row in vends(lake) if row["result"] == "failure")
    assert row["error_message"]


def test_logins_and_changes_are_recorded(lake: Lake) -> None:
    tenant = lake.tenant
    tenant.user("Reader")
    actions = {row["action"] for row in tenant.admin.api.audit()}
    assert actions >= {"login", "create_user", "create_warehouse", "create_catalog", "create_namespace"}, actions
    assert "create_tenant" in {row["action"] for row in tenant.root.audit()}


def test_a_failed_login_is_recorded_without_the_password(lake: Lake) -> None:
    tenant = lake.tenant
    tried = tenant.planted.password("wrong password")
    body = {"username": tenant.admin.name, "password": tried, "tenant-id": tenant.id}
    tenant.host.api().post("/api/v1/users/login", body, status=401)
    row = next(row for row in tenant.root.audit(action="login") if row["username"] == tenant.admin.name)
    assert row["result"] in ("denied", "failure")
    assert tried not in str(row)


def test_who_may_read_it(lake: Lake, host: Host, planted: Planted) -> None:
    lake.tenant.user("Writer").api.get("/api/v1/audit", status=403)
    lake.tenant.user("Writer").api.get("/api/v1/audit/count", status=403)
    other = new_tenant(host, planted)
    assert lake.tenant.id not in str(other.admin.api.audit())
    assert {row["tenant_id"] for row in other.admin.api.audit()} == {other.id}
    everything = {row["tenant_id"] for row in other.root.audit()}
    assert {lake.tenant.id, other.id} <= everything


def test_filters_and_pages(lake: Lake) -> None:
    admin = lake.tenant.admin.api
    rows = admin.audit()
    assert admin.get("/api/v1/audit/count")["count"] >= len(rows)
    stamps = [row["timestamp"] for row in rows]
    assert stamps == sorted(stamps, reverse=True)
    first = admin.get("/api/v1/audit", params={"limit": 1})
    assert len(first) == 1
    assert admin.get(f"/api/v1/audit/{rows[-1]['id']}")["id"] == rows[-1]["id"]
    assert {row["action"] for row in admin.audit(action="login")} == {"login"}
    assert {row["result"] for row in admin.audit(result="success")} == {"success"}
    admin.get("/api/v1/audit", status=400, params={"user_id": "not-a-uuid"})


def test_every_filter_is_exact_and_an_unknown_one_is_refused(lake: Lake) -> None:
    admin = lake.tenant.admin.api
    reader = lake.tenant.user("Reader")
    admin.create_table(lake.catalog, "sales", "orders")
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = VENDED | {"traceparent": f"00-{trace}-00f067aa0ba902b7-01", "x-request-id": "my-request-7"}
    reader.api.load_table(lake.catalog, "sales", "orders", headers=headers)
    table = f"{lake.catalog}.sales.orders"
    for filters in ({"trace_id": trace}, {"trace-id": trace.upper()}, {"request_id": "my-request-7"}):
        rows = admin.audit(**filters)
        # A load that vends is one event: the row of the vend says what asked for it.
        assert {(row["action"], row["metadata"]["trigger"]) for row in rows} == {("vend_credentials", "load_table")}, rows
        assert {(row["trace_id"], row["request_id"]) for row in rows} == {(trace, "my-request-7")}
    assert {row["resource_name"] for row in admin.audit(resource_name=table)} == {table}
    assert admin.audit(resource_name=table[:-1]) == []
    assert {row["user_id"] for row in admin.audit(username=reader.name, action="vend_credentials")} == {reader.id}
    for bad in ({"trace_id": "xyz"}, {"username": "a\0b"}, {"usrname": "x"}, {"before": "x"}, {"before": reader.id}):
        reply = admin.request("GET", "/api/v1/audit", params=bad)
        assert reply.status_code == 400 and next(iter(bad)) in reply.text, reply.text


def test_pages_stay_while_rows_are_written(lake: Lake) -> None:
    admin = lake.tenant.admin.api
    expected = [row["id"] for row in admin.audit()]
    seen: list[str] = []
    path = "/api/v1/audit?limit=2"
    while path:
        reply = admin.request("GET", path)
        seen += [row["id"] for row in reply.json()]
        path = reply.links.get("next", {}).get("url", "")
        lake.tenant.host.api().login(lake.tenant.admin.name, lake.tenant.admin.password, lake.tenant.id)
    assert seen == expected


def test_what_a_caller_calls_itself_is_kept_as_data(lake: Lake) -> None:
    tenant = lake.tenant
    name = 'evil"}\n{"level":"ERROR","message":"forged"}\r\x1b[31m\u202e' + "x" * 300
    body = {"username": name, "password": tenant.planted.password("of nobody"), "tenant-id": tenant.id}
    agent = {"User-Agent": 'agent"\tforged'}
    tenant.host.api().expect(401, "POST", "/api/v1/users/login", json=body, headers=agent)
    row = next(row for row in tenant.admin.api.audit(action="login", result="denied"))
    assert row["username"] == name[:256] and row["user_agent"] == agent["User-Agent"]
    lines = tenant.admin.api.request("GET", "/api/v1/audit/export", params={"result": "denied"}).text.split("\n")
    assert row["username"] in [json.loads(line)["username"] for line in lines if line]
    assert "forged" not in [json.loads(line).get("message") for line in tenant.host.logged().splitlines() if line.startswith("{")]


def test_a_credential_that_is_good_no_more_leaves_a_bounded_number_of_rows(
    make_host: Callable[..., Host], planted: Planted
) -> None:
    # On a host of its own: others come from the same address, and what it may leave in a while is counted.
    tenant = new_tenant(make_host().start(), planted)
    reader = tenant.user("Reader")
    rows = lambda: [row for row in tenant.admin.api.audit(action="authenticate") if row["user_id"] == reader.id]  # noqa: E731
    tenant.host.api(f"{reader.api.token}x").get("/api/v1/users/me", status=401)
    assert rows() == []
    reader.api.post("/api/v1/users/logout", status=204)
    for _ in range(30):
        assert "revoked" not in reader.api.request("GET", "/api/v1/users/me").text
    found = rows()
    assert 1 <= len(found) <= 10
    assert {row["result"] for row in found} == {"denied"} and {row["metadata"]["reason"] for row in found} == {"revoked"}
    assert 'pangolin_authentication_refused_total{reason="revoked"}' in tenant.host.api().get("/metrics")
