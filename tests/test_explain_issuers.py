"""Explanations for users of other issuers: with the roles of their own token, and with roles that are assumed."""

import pytest

from harness.explaining import ask, ask_by, explain, explain_by, failed
from harness.federated import Caller, MakeHost, federate, fields_of
from harness.host import unused_name
from harness.issuer import Issuer
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.world import Lake, new_lake, new_tenant

ROLES = {"lake-admins": "tenant-admin", "lake-readers": "Reader", "lake-writers": "Writer"}


@pytest.fixture(scope="module")
def lake(make_host: MakeHost, planted: Planted, seaweed: Seaweed, issuer: Issuer) -> Lake:
    host = make_host(seaweed, settings={"PANGOLIN_AUTH_RATE_LIMIT": "1000"}).start()
    tenant = new_tenant(host, planted)
    federate(host, fields_of(issuer, tenant, roles_claim="groups", roles=ROLES))
    made = new_lake(tenant, seaweed)
    tenant.admin.api.create_table(made.catalog, "sales", "orders", made.location("orders"))
    return made


@pytest.fixture
def ada(lake: Lake, issuer: Issuer) -> Caller:
    """Somebody whose account holds nothing; what the issuer says is all."""
    caller = Caller(lake.tenant.host, issuer, unused_name("ada"))
    caller.me()
    return caller


def test_the_roles_of_the_own_token_count(lake: Lake, ada: Caller) -> None:
    assert ask_by(ada.api(), lake).status_code == 404
    for group, role, held in (("lake-readers", "Reader", "read"), ("lake-writers", "Writer", "read-write-delete")):
        api = ada.api(groups=[group])
        told = explain_by(api, lake)
        assert failed(told) is None and told["access"]["held"] == held
        assert {(grant["via"], grant["role"], grant["given_by"]) for grant in told["grants"]} == {("role", role, "token")}
        assert told["assumed_roles"] == []
        api.credentials(lake.catalog, "sales", "orders")
    both = explain_by(ada.api(groups=["lake-readers", "lake-writers"]), lake)
    assert {grant["role"] for grant in both["grants"]} == {"Reader", "Writer"}
    signing = explain_by(ada.api(groups=["lake-readers"]), lake, for_="sign", method="PUT", location=lake.location("orders") + "/a")
    assert failed(signing) == "method"


def test_a_role_of_the_account_and_one_of_the_token_are_told_apart(lake: Lake, ada: Caller) -> None:
    me = ada.me()["id"]
    role = lake.tenant.role_id("Reader")
    lake.tenant.admin.api.post(f"/api/v1/users/{me}/roles", {"role-id": role}, status=201)
    told = explain_by(ada.api(groups=["lake-readers", "lake-writers"]), lake)
    assert {grant["role"]: grant["given_by"] for grant in told["grants"]} == {"Reader": "account", "Writer": "token"}


def test_an_administrator_by_claim_explains_with_the_claim(lake: Lake, ada: Caller) -> None:
    me, api = ada.me()["id"], ada.api(groups=["lake-admins"])
    for told in (explain_by(api, lake), explain_by(api, lake, user=me), explain_by(api, lake, user=ada.subject)):
        assert failed(told) is None and told["grants"][0]["via"] == "tenant-admin"
    # What the account has without the claim is asked for by somebody else.
    assert failed(explain(lake.tenant.admin, lake, user=me)) == "visible"


def test_an_admin_names_the_roles_that_a_token_would_give(lake: Lake, ada: Caller) -> None:
    admin, subject = lake.tenant.admin, ada.subject
    unknown = explain(admin, lake, user=subject)
    assert failed(unknown) == "visible" and unknown["assumed_roles"] == []
    assert "assume_roles" in unknown["refusal"]["message"]
    for roles, group in (("Reader", ["lake-readers"]), ("Writer, Reader", ["lake-readers", "lake-writers"])):
        told = explain(admin, lake, user=subject, assume_roles=roles)
        own = explain_by(ada.api(groups=group), lake)
        assert told["assumed_roles"] == sorted(role.strip() for role in roles.split(","))
        same = ("allowed", "access", "scopes", "would", "outcome", "checks", "principal")
        assert {key: told[key] for key in same} == {key: own[key] for key in same}
        assert {grant["given_by"] for grant in told["grants"]} == {"assumption"}
    newest = [row for row in admin.api.audit(action="explain_credentials") if row["username"] == admin.name][0]
    assert newest["metadata"]["assumed_roles"] == ["Reader", "Writer"]
    assert newest["metadata"]["subject_name"] == subject
    only_lists = explain(admin, lake, user=subject, assume_roles="Discovery")
    assert failed(only_lists) == "access" and "taken to hold" in only_lists["refusal"]["message"]
    # Nothing of it stays.
    assert ask_by(ada.api(), lake).status_code == 404


def test_roles_are_assumed_by_admins_for_such_accounts_only(lake: Lake, ada: Caller) -> None:
    tenant, subject = lake.tenant, ada.subject
    reader = tenant.user("Reader")
    for who in (reader.api, ada.api(groups=["lake-writers"])):
        for user in ({"user": subject}, {"user": "nobody"}):
            assert ask_by(who, lake, assume_roles="Reader", **user).status_code == 403
        assert ask_by(who, lake, assume_roles="Reader").status_code == 400
    for user, roles, word in (
        (reader.name, "Writer", "assume_roles"),
        (subject, "No such role", "No such role"),
        (subject, "Reader,,Writer", "assume_roles"),
        (subject, "tenant-admin", "tenant-admin"),
    ):
        reply = ask(tenant.admin, lake, user=user, assume_roles=roles)
        assert reply.status_code == 400 and word in reply.json()["error"]["message"]
    assert ask(tenant.admin, lake, user="nobody", assume_roles="Reader").status_code == 404


def test_an_account_that_is_closed_gets_nothing_whatever_is_assumed(lake: Lake, ada: Caller) -> None:
    admin = lake.tenant.admin
    admin.api.put(f"/api/v1/users/{ada.me()['id']}", {"active": False})
    told = explain(admin, lake, user=ada.subject, assume_roles="Writer")
    assert failed(told) == "account" and told["would"] == []
