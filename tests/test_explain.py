"""Who may have a vend explained, what is said of rights and life, and what of it is written down."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.explaining import ask, explain, failed
from harness.host import Host, unused_name
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.world import Lake, Tenant, User, new_lake, new_tenant, s3_config


def with_table(lake: Lake) -> Lake:
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    return lake


@pytest.fixture
def own(any_lake: Lake) -> Lake:
    return with_table(any_lake)


def catalog_id(lake: Lake) -> str:
    catalogs = lake.tenant.admin.api.get("/api/v1/catalogs")
    return next(entry["id"] for entry in catalogs if entry["name"] == lake.catalog)


def test_grants_are_named_by_what_gives_them(own: Lake) -> None:
    tenant = own.tenant
    user = tenant.user("Reader")
    scope = {"type": "namespace", "catalog_id": catalog_id(own), "namespace": "sales"}
    tenant.grant(user, scope, ["write"])
    tenant.grant(user, scope | {"namespace": "other"}, ["delete"])
    told = explain(user, own)
    assert failed(told) is None
    via = [(grant["via"], grant.get("role")) for grant in told["grants"]]
    assert sorted(via, key=str) == [("direct", None), ("role", "Reader")], "the other namespace has nothing to do with it"
    direct = next(grant for grant in told["grants"] if grant["via"] == "direct")
    assert (direct["scope"]["namespace"], direct["actions"]) == ("sales", ["write"])
    assert told["access"] == {"requested": "read-write-delete", "held": "read-write", "granted": "read-write"}
    assert told["principal"] == {"id": user.id, "username": user.name, "rank": "tenant-user", "kind": "person"}
    assert told["scopes"] == [own.location("orders") + "/"]
    assert explain(user, own, access="read")["access"]["granted"] == "read"
    (rank,) = explain(tenant.admin, own)["grants"]
    assert rank["via"] == "tenant-admin"


def test_who_may_see_and_not_read_is_told_the_missing_right_and_no_more(own: Lake) -> None:
    told = explain(own.tenant.user("Discovery"), own)
    assert failed(told) == "access"
    assert told["refusal"] == {"code": "missing-right", "message": "missing the right to read"}
    assert not {"strategy", "warehouse", "ttl", "outcome", "revocable"} & set(told)
    assert told["would"] == told["scopes"] == []
    assert own.warehouse not in json.dumps(told)


def test_who_may_not_see_is_told_nothing(own: Lake, planted: Planted) -> None:
    nobody, stranger = own.tenant.user(), new_tenant(own.tenant.host, planted)
    unknown = ask(own.tenant.admin, own, "never-was")
    assert unknown.status_code == 404
    for user in (nobody, stranger.admin):
        reply = ask(user, own)
        assert reply.status_code == 404
        assert set(reply.json()["error"]) == set(unknown.json()["error"])
    root = User("", "root", "", own.tenant.root)
    assert ask(root, own).status_code == 403
    assert ask(User("", "", "", own.tenant.host.api()), own).status_code == 401
    rows = [row for row in own.tenant.admin.api.audit(action="explain_credentials") if row["username"] == nobody.name]
    assert [row["result"] for row in rows] == ["denied"]


def test_an_admin_is_told_what_another_would_get(own: Lake) -> None:
    tenant = own.tenant
    users = [tenant.user("Reader"), tenant.user("Writer"), tenant.user("Discovery"), tenant.user()]
    for user in users:
        for name in (user.id, user.name):
            told = explain(tenant.admin, own, user=name)
            assert told["principal"]["id"] == user.id
            vended = user.api.request("POST", user.api.table_path(own.catalog, "sales", "orders") + "/credentials")
            assert told["allowed"] == (vended.status_code == 200)
            if told["allowed"]:
                tenant.planted.note("vended secret key", vended.json()["secret_access_key"])
                alone = explain(user, own)
                same = ("access", "scopes", "would", "outcome", "grants", "checks")
                assert {key: told[key] for key in same} == {key: alone[key] for key in same}
    assert failed(explain(tenant.admin, own, user=users[3].name)) == "visible"


def test_only_an_admin_names_another_and_only_of_the_own_tenant(own: Lake, planted: Planted) -> None:
    tenant, reader = own.tenant, own.tenant.user("Reader")
    stranger = new_tenant(tenant.host, planted).user("Reader")
    for name in (tenant.admin.id, tenant.admin.name, reader.id, stranger.id, "nobody"):
        assert ask(reader, own, user=name).status_code == 403
    unknown = ask(tenant.admin, own, user="nobody-of-that-name")
    assert unknown.status_code == 404
    for name in (stranger.id, stranger.name, "00000000-0000-0000-0000-000000000009", "", "x" * 4000, "a\u202eb"):
        reply = ask(tenant.admin, own, user=name)
        assert (reply.status_code, reply.json()["error"]["message"]) == (404, unknown.json()["error"]["message"])
    rows = [row for row in tenant.admin.api.audit(action="explain_credentials") if row["username"] == reader.name]
    assert {row["result"] for row in rows} == {"denied"} and len(rows) == 5


def test_a_user_who_is_switched_off_gets_nothing(own: Lake) -> None:
    tenant, user = own.tenant, own.tenant.user("Writer")
    tenant.admin.api.put(f"/api/v1/users/{user.id}", {"active": False})
    told = explain(tenant.admin, own, user=user.name)
    assert failed(told) == "account"
    assert told["refusal"]["code"] == "account-inactive"


@pytest.mark.parametrize(
    ("asked", "limited_by", "seconds"),
    [({}, "default", 3600), ({"ttl": "1000"}, "requested", 1000), ({"ttl": "99999"}, "strategy", 43200)],
)
def test_the_life_and_what_decides_it(own: Lake, asked: dict[str, str], limited_by: str, seconds: int) -> None:
    ttl = explain(own.tenant.admin, own, **asked)["ttl"]
    assert (ttl["limited_by"], ttl["seconds"]) == (limited_by, seconds)
    assert ttl["limits"]["strategy"] == 43200 and ttl["limits"]["strategy_minimum"] == 900


def test_a_life_that_nobody_can_mint(own: Lake) -> None:
    told = explain(own.tenant.admin, own, ttl="60")
    assert failed(told) == "ttl"
    assert (told["refusal"]["code"], told["ttl"]["seconds"]) == ("ttl-too-short", None)


@pytest.mark.parametrize("asked", [{"access": "write"}, {"access": ""}, {"ttl": "0"}, {"ttl": "-1"}, {"ttl": "soon"}])
def test_what_makes_no_sense_is_refused(own: Lake, asked: dict[str, str]) -> None:
    reply = ask(own.tenant.admin, own, **asked)
    assert reply.status_code == 400
    assert reply.json()["error"]["type"] == "BadRequestException"


def test_the_route_is_there_in_both_forms(own: Lake) -> None:
    api = own.tenant.admin.api
    path = api.table_path(own.catalog, "sales", "orders").replace(f"/v1/{own.catalog}/", f"/v1/{own.catalog}/v1/")
    assert api.get(path + "/credentials/explain")["allowed"] is True


def test_the_trail_names_who_asked_and_whose_vend_it_was(own: Lake) -> None:
    tenant, reader = own.tenant, own.tenant.user("Reader")
    explain(tenant.admin, own, user=reader.name)
    explain(tenant.user("Discovery"), own)
    refused, granted = tenant.admin.api.audit(action="explain_credentials")
    assert (granted["username"], granted["result"]) == (tenant.admin.name, "success")
    assert granted["metadata"]["subject_name"] == reader.name
    assert granted["metadata"]["allowed"] is True and refused["metadata"]["allowed"] is False
    assert refused["metadata"]["code"] == "missing-right"
    vends: list[Any] = [row for row in tenant.admin.api.audit(action="vend_credentials") if row["username"] == reader.name]
    assert vends == [], "nothing was vended"


def test_rights_that_are_taken_away_are_not_told_any_more(own: Lake) -> None:
    tenant, reader = own.tenant, own.tenant.user("Reader")
    assert explain(reader, own)["allowed"]
    tenant.admin.api.delete(f"/api/v1/users/{reader.id}/roles/{tenant.role_id('Reader')}")
    assert ask(reader, own).status_code == 404
    assert failed(explain(tenant.admin, own, user=reader.id)) == "visible"


def test_the_rest_of_the_token_counts_where_the_operator_says_so(
    make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed
) -> None:
    host = make_host(seaweed, settings={"PANGOLIN_LIMIT_TTL_TO_TOKEN": "true"}).start()
    lake = with_table(new_lake(new_tenant(host, planted), seaweed))
    ttl = explain(lake.tenant.admin, lake, ttl="43200")["ttl"]
    assert ttl["limits"]["token"] is not None and ttl["limits"]["token"] > 80_000
    named = explain(lake.tenant.admin, lake, user=lake.tenant.user("Reader").name)["ttl"]
    assert named["limits"]["token"] is None, "nobody knows with which token another will come"


def test_a_secret_that_is_not_there_is_named_by_its_field(tenant: Tenant, seaweed: Seaweed) -> None:
    lake = with_table(new_lake(tenant, seaweed))
    config = s3_config(seaweed, lake.bucket)
    keys = {name: {"secret_ref": unused_name("nowhere")} for name in ("access_key_id", "secret_access_key")}
    tenant.admin.api.put(
        f"/api/v1/warehouses/{lake.warehouse}", {"vending_strategy": {"AwsStatic": {}}, "storage_config": config | keys}
    )
    told = explain(tenant.admin, lake)
    assert failed(told) == "secrets"
    assert told["refusal"]["code"] == "secret-missing" and "access_key_id" in told["refusal"]["message"]
