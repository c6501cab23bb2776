"""Users of other issuers: made at first use, named, ranked and given roles by their tokens."""

import json
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from harness.federated import ME, Caller, MakeHost, federate, fields_of, told
from harness.host import Host, unused_name
from harness.issuer import Issuer, Key
from harness.planted import Planted
from harness.postgres import Postgres
from harness.seaweed import Seaweed
from harness.world import Tenant, new_lake, new_tenant

ROLES = {"lake-admins": "tenant-admin", "lake-readers": "Reader", "lake-writers": "Writer", "ghosts": "No such role"}


@pytest.fixture(scope="module")
def by_claim(planted: Planted) -> Iterator[Issuer]:
    """Its users belong where a claim says; their name is a claim as well."""
    made = Issuer(planted, alg="ES256").start()
    yield made
    made.stop()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def tenants(
    request: pytest.FixtureRequest, make_host: MakeHost, planted: Planted, seaweed: Seaweed, issuer: Issuer, by_claim: Issuer
) -> tuple[Tenant, Tenant]:
    database: Postgres | None = request.getfixturevalue("postgres") if request.param == "postgres" else None
    host = make_host(seaweed, database, settings={"PANGOLIN_AUTH_RATE_LIMIT": "1000"}).start()
    acme, other = new_tenant(host, planted), new_tenant(host, planted)
    nested = {"roles_claim": "realm_access.roles", "roles": ROLES}
    listed = {"acme": acme.id, "other": other.id, "gone": "11111111-2222-3333-4444-555555555555"}
    federate(
        host,
        fields_of(issuer, acme, **nested),
        fields_of(by_claim, acme, tenant=None, tenant_claim="org", tenants=listed, username_claim="email"),
        PANGOLIN_LIMIT_TTL_TO_TOKEN="true",
    )
    return acme, other


@pytest.fixture
def acme(tenants: tuple[Tenant, Tenant]) -> Tenant:
    return tenants[0]


@pytest.fixture
def host(acme: Tenant) -> Host:
    return acme.host


@pytest.fixture
def ada(host: Host, issuer: Issuer) -> Caller:
    return Caller(host, issuer, unused_name("ada"))


@pytest.fixture
def eve(host: Host, by_claim: Issuer) -> Caller:
    subject = unused_name("eve")
    return Caller(host, by_claim, subject, org="acme", email=f"{subject}@example.com")


def having(*roles: str) -> dict:
    return {"realm_access": {"roles": list(roles)}}


def test_an_account_is_made_at_its_first_use(acme: Tenant, ada: Caller, issuer: Issuer) -> None:
    me = ada.me()
    assert me["username"] == ada.subject
    assert me["tenant-id"] == acme.id
    assert me["role"] == "tenant-user"
    assert me["oauth-provider"] == issuer.url
    assert ada.me()["id"] == me["id"]
    shown = next(user for user in acme.admin.api.get("/api/v1/users", params={"limit": 1000}) if user["id"] == me["id"])
    assert shown["oauth-provider"] == issuer.url
    rows = [row for row in acme.admin.api.audit() if row["action"] == "create_user" and row["resource_name"] == ada.subject]
    assert len(rows) == 1
    assert rows[0]["result"] == "success"
    # Nothing is theirs yet.
    ada.api().get("/api/v1/users", status=403)
    ada.api().post("/api/v1/warehouses", {"name": "w"}, status=403)


def test_many_first_uses_at_once_make_one_account(acme: Tenant, ada: Caller) -> None:
    tokens = [ada.api() for _ in range(24)]
    with ThreadPoolExecutor(24) as pool:
        found = list(pool.map(lambda api: api.get(ME)["id"], tokens))
    assert len(set(found)) == 1
    assert sum(user["username"] == ada.subject for user in acme.admin.api.get("/api/v1/users", params={"limit": 1000})) == 1


def test_claims_give_roles_for_as_long_as_they_say_so(acme: Tenant, ada: Caller, seaweed: Seaweed) -> None:
    lake = new_lake(acme, seaweed)
    acme.admin.api.create_table(lake.catalog, "sales", "t")
    path = acme.admin.api.table_path(lake.catalog, "sales", "t")
    ada.api().get(path, status=(403, 404))
    # A credential lives no longer than the token: the setting is on.
    brief = ada.api(**having("lake-readers")).request("POST", f"{path}/credentials")
    assert (brief.status_code, brief.json()["error"]["reason"]) == (403, "token-ends-too-soon")
    until = int(time.time()) + 1800
    reading = ada.api(**having("lake-readers", "ghosts", "unknown"), exp=until)
    vended = reading.credentials(lake.catalog, "sales", "t")
    assert vended["session_token"]
    assert datetime.fromisoformat(vended["expiration"]).timestamp() <= until + 1
    reading.post(f"/v1/{lake.catalog}/namespaces", {"namespace": ["n"]}, status=403)
    writing = ada.api(**having("lake-readers", "lake-writers"))
    writing.post(f"/v1/{lake.catalog}/namespaces", {"namespace": [unused_name("n")]})
    ada.api().get(path, status=(403, 404))


def test_a_claim_gives_the_rank_of_an_administrator_and_never_root(acme: Tenant, ada: Caller, tenants: tuple[Tenant, Tenant]) -> None:
    admin = ada.api(**having("lake-admins"))
    assert admin.get(ME)["role"] == "tenant-admin"
    found = {user["tenant-id"] for user in admin.get("/api/v1/users", params={"limit": 1000})}
    assert found == {acme.id}
    admin.get("/api/v1/tenants", status=403)
    admin.get(f"/api/v1/users/{tenants[1].admin.id}", status=(403, 404))
    for word in ("root", "Root", "tenant-admin", "Reader"):
        assert ada.me(realm_access={"roles": [word]}, role="root", roles=["root"])["role"] == "tenant-user"
    ada.api().get("/api/v1/users", status=403)


def test_roles_and_grants_are_given_to_them_like_to_anybody(acme: Tenant, ada: Caller, seaweed: Seaweed) -> None:
    lake = new_lake(acme, seaweed)
    acme.admin.api.create_table(lake.catalog, "sales", "t")
    me = ada.me()["id"]
    ada.api().get(f"/v1/{lake.catalog}/namespaces/sales/tables/t", status=(403, 404))
    acme.admin.api.post(f"/api/v1/users/{me}/roles", {"role-id": acme.role_id("Reader")}, status=201)
    ada.api().get(f"/v1/{lake.catalog}/namespaces/sales/tables/t")
    acme.admin.api.delete(f"/api/v1/users/{me}/roles/{acme.role_id('Reader')}")
    ada.api().get(f"/v1/{lake.catalog}/namespaces/sales/tables/t", status=(403, 404))
    grant = {"user-id": me, "scope": {"type": "tenant"}, "actions": ["list", "read"]}
    acme.admin.api.post("/api/v1/permissions", grant)
    ada.api().get(f"/v1/{lake.catalog}/namespaces/sales/tables/t")


def test_deactivation_and_deletion_hold(acme: Tenant, ada: Caller) -> None:
    me = ada.me()["id"]
    acme.admin.api.put(f"/api/v1/users/{me}", {"active": False})
    assert told(ada.reply()) == told(acme.host.api().request("GET", ME))
    assert ada.status(**having("lake-admins")) == 401
    # A token of the same second counts as older.
    time.sleep(1.1)
    acme.admin.api.put(f"/api/v1/users/{me}", {"active": True})
    assert ada.me()["id"] == me
    # Whoever the issuer still vouches for is made again, with nothing of before.
    acme.admin.api.post(f"/api/v1/users/{me}/roles", {"role-id": acme.role_id("Reader")}, status=201)
    acme.admin.api.delete(f"/api/v1/users/{me}")
    again = ada.me()["id"]
    assert again != me
    assert acme.admin.api.get(f"/api/v1/users/{again}/roles") == []


def test_no_password_opens_an_external_account(acme: Tenant, ada: Caller, planted: Planted) -> None:
    me = ada.me()["id"]
    password = planted.password("password of nobody")
    acme.admin.api.request("PUT", f"/api/v1/users/{me}", json={"password": password})
    for tried in ("", password):
        body = {"username": ada.subject, "password": tried, "tenant-id": acme.id}
        acme.host.api().post("/api/v1/users/login", body, status=401)


def test_a_name_of_another_account_is_refused_with_a_row(acme: Tenant, host: Host, issuer: Issuer) -> None:
    person = acme.user()
    taken = Caller(host, issuer, person.name)
    assert told(taken.reply())[0] == 403
    assert taken.status() == 403
    rows = [row for row in acme.admin.api.audit() if row["action"] == "authenticate" and row["username"] == person.name]
    assert len(rows) == 1, "it is said once in a while, not with each request"
    assert rows[0]["result"] == "denied"
    assert "name" in rows[0]["error_message"]
    assert person.api.get(ME)["id"] == person.id
    for name in ("system", "SYSTEM"):
        assert Caller(host, issuer, name).status() == 403


def test_the_operator_is_told_what_does_not_fit(host: Host, ada: Caller) -> None:
    assert ada.status(aud="another-service") == 401
    assert ada.status(realm_access={"roles": ["ghosts"]}) == 200
    lines = [json.loads(line) for line in host.logged().splitlines()]
    (refused,) = [line for line in lines if "that this issuer signed is refused" in line.get("message", "") and ada.subject in str(line)]
    assert "another-service" in str(refused) and "pangolin" in str(refused), "what it claims, and what is expected"
    assert any("a role that the tenant does not have" in line.get("message", "") and "No such role" in str(line) for line in lines)


def test_a_good_token_of_the_past_leaves_a_row(acme: Tenant, ada: Caller) -> None:
    me = ada.me()["id"]
    assert ada.status(exp=int(time.time()) - 10) == 401
    acme.admin.api.put(f"/api/v1/users/{me}", {"active": False})
    assert ada.status() == 401
    rows = [row for row in acme.admin.api.audit() if row["action"] == "authenticate" and row["user_id"] == me]
    assert [row["metadata"]["reason"] for row in rows] == ["inactive", "expired"]
    assert {(row["result"], row["resource_type"]) for row in rows} == {("denied", "issuer_token")}


def test_lines_of_a_request_have_its_names(acme: Tenant, host: Host, issuer: Issuer) -> None:
    request, trace = unused_name("request"), secrets.token_hex(16)
    headers = {"x-request-id": request, "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    reply = Caller(host, issuer, acme.user().name).api().request("GET", ME, headers=headers)
    assert (reply.status_code, reply.headers["x-request-id"]) == (403, request)
    lines = [json.loads(line) for line in host.logged().splitlines() if request in line]
    assert any("not admitted" in line["message"] for line in lines), "the operator is told why"
    assert all((line["span"]["request_id"], line["span"]["trace_id"]) == (request, trace) for line in lines)
    row = next(row for row in acme.admin.api.audit() if row["request_id"] == request)
    assert (row["action"], row["trace_id"]) == ("authenticate", trace)


def test_a_new_name_at_the_issuer_is_a_new_name_here(acme: Tenant, eve: Caller) -> None:
    now = int(time.time())
    first = eve.me(iat=now - 60)
    assert first["username"] == eve.claims["email"]
    renamed = f"{unused_name('eva')}@example.com"
    second = eve.me(email=renamed, iat=now)
    assert (second["id"], second["username"]) == (first["id"], renamed)
    # A token from before does not name it back, and is good all the same.
    old = eve.me(iat=now - 60)
    assert (old["id"], old["username"]) == (first["id"], renamed)
    assert eve.me(email=renamed, iat=now)["username"] == renamed
    # The name of somebody else is not taken over.
    assert eve.status(email=acme.admin.name, iat=now + 1) == 403
    assert eve.me(email=renamed, iat=now)["username"] == renamed
    rows = [row for row in acme.admin.api.audit() if row["action"] == "update_user" and row["resource_name"] == renamed]
    assert len(rows) == 1


def test_a_tenant_is_listed_or_the_answer_tells_nothing(tenants: tuple[Tenant, Tenant], eve: Caller) -> None:
    acme, other = tenants
    assert eve.me()["tenant-id"] == acme.id
    there = eve.me(org="other")
    assert there["tenant-id"] == other.id
    assert there["id"] != eve.me()["id"], "another account in another tenant"
    assert eve.me(org=["unlisted", "other"])["tenant-id"] == other.id
    answers = {
        told(eve.reply(org=value))
        for value in ("unlisted", "gone", acme.id, acme.name, "", None, 7, ["acme", "other"], {"acme": True})
    }
    answers |= {told(eve.reply(email=value)) for value in (None, "", " x", ["a@b"], "x" * 200)}
    assert len(answers) == 1, answers
    assert answers.pop()[0] == 403
    # A header does not move anybody.
    reply = eve.api().request("GET", ME, headers={"X-Pangolin-Tenant": other.id})
    assert reply.status_code == 403


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_the_usual_signatures_are_taken(host: Host, issuer: Issuer, alg: str) -> None:
    key = Key.make(alg)
    kept, issuer.keys = issuer.keys, [*issuer.keys, key]
    try:
        # The host may have asked for another test's key a moment ago.
        host.stop()
        host.start()
        assert host.api(issuer.token(unused_name("by"), key)).get(ME)["username"]
    finally:
        issuer.keys = kept


def test_an_external_user_shows_itself_in_the_trail(acme: Tenant, ada: Caller) -> None:
    me = ada.me()["id"]
    ada.api().post("/api/v1/warehouses", {"name": "w"}, status=403)
    rows = [row for row in acme.admin.api.audit() if row["user_id"] == me and row["action"] == "create_warehouse"]
    assert rows
    assert rows[0]["username"] == ada.subject
    assert rows[0]["result"] == "denied"


def test_logging_out_ends_nothing_that_the_issuer_gave(ada: Caller) -> None:
    api = ada.api()
    api.get(ME)
    api.request("POST", "/api/v1/users/logout")
    api.get(ME)


@pytest.mark.parametrize("cut", ["revoked", "deactivated"])
def test_a_token_of_before_a_cut_is_good_no_more_when_that_is_lifted(acme: Tenant, ada: Caller, cut: str) -> None:
    admin = acme.admin.api
    before = ada.api()
    me = before.get(ME)
    if cut == "revoked":
        report = admin.post("/api/v1/revocations", {"principal": me["id"]})
        # Deleted, it would come back as an account that nobody has revoked.
        admin.delete(f"/api/v1/users/{me['id']}", status=409)
    else:
        admin.put(f"/api/v1/users/{me['id']}", {"active": False})
    assert ada.status() == 401
    # A second of the claim may hold both the token and the cut.
    time.sleep(1.1)
    assert ada.status() == 401
    if cut == "revoked":
        admin.delete(f"/api/v1/revocations/{report['id']}", status=204)
    else:
        admin.put(f"/api/v1/users/{me['id']}", {"active": True})
    assert before.request("GET", ME).status_code == 401
    assert ada.status(iat=None) == 401
    assert ada.me()["id"] == me["id"]
