"""Claims as known issuers write them, taken from their public documents, and settings as `host/OIDC.md` has them."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from harness.federated import ME, Caller, MakeHost, federate, fields_of
from harness.host import Host
from harness.issuer import Issuer
from harness.planted import Planted
from harness.world import Tenant, new_tenant

# kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin
POD = {
    "aud": ["pangolin"],
    "kubernetes.io": {
        "namespace": "my-namespace",
        "node": {"name": "my-node", "uid": "646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1"},
        "pod": {"name": "my-pod", "uid": "5e0bd49b-f040-43b0-99b7-22765a53f7f3"},
        "serviceaccount": {"name": "my-serviceaccount", "uid": "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798"},
    },
}
SERVICE_ACCOUNT = "system:serviceaccount:my-namespace:my-serviceaccount"

# docs.github.com/actions/concepts/security/openid-connect
JOB = {
    "environment": "prod", "ref": "refs/heads/main", "sha": "example-sha", "repository": "octo-org/octo-repo",
    "repository_owner": "octo-org", "actor_id": "12", "repository_visibility": "private", "repository_id": "74",
    "repository_owner_id": "65", "run_id": "example-run-id", "run_number": "10", "run_attempt": "2",
    "runner_environment": "github-hosted", "actor": "octocat", "workflow": "example-workflow", "head_ref": "", "base_ref": "",
    "event_name": "workflow_dispatch", "ref_type": "branch",
    "job_workflow_ref": "octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main",
}  # fmt: skip
PROD = "repo:octo-org/octo-repo:environment:prod"
# The form for repositories that are younger than July 2026.
PROD_BY_ID = "repo:octo-org@65/octo-repo@74:environment:prod"

# learn.microsoft.com/entra/identity-platform/access-token-claims-reference
ENTRA = {
    "oid": "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb", "tid": "aaaabbbb-0000-cccc-1111-dddd2222eeee", "ver": "2.0",
    "preferred_username": "ada@example.com", "nonce": None,
}  # fmt: skip
ADMINS = "0760b6cf-170e-4a14-91b3-4b78e0739963"
OVERAGE = {
    "_claim_names": {"groups": "src1"},
    "_claim_sources": {"src1": {"endpoint": "http://127.0.0.1:9/v1.0/users/ada/getMemberObjects"}},
}


@dataclass
class Known:
    """A host that takes tokens of each kind, for one tenant."""

    tenant: Tenant
    cluster: Issuer
    github: Issuer
    entra: Issuer
    auth0: Issuer
    google: Issuer

    @property
    def host(self) -> Host:
        return self.tenant.host

    def reader(self, issuer: Issuer, subject: str, **claims: Any) -> Caller:
        return Caller(self.host, issuer, subject, **claims)


@pytest.fixture(scope="module")
def known(make_host: MakeHost, planted: Planted) -> Iterator[Known]:
    acme = new_tenant(make_host(settings={"PANGOLIN_AUTH_RATE_LIMIT": "1000"}).start(), planted)
    with ExitStack() as stack:

        def issuer(path: str = "") -> Issuer:
            made = Issuer(planted, path=path).start()
            stack.callback(made.stop)
            return made

        # Auth0 and Kubernetes have a key and nothing behind the host's name; Auth0 a slash.
        found = Known(acme, issuer(), issuer(), issuer("/v2.0"), issuer("/"), issuer())
        listed = {"tenant": None, "username_claim": "sub", "roles_claim": "sub"}
        federate(
            acme.host,
            fields_of(
                found.cluster, acme, **listed, tenant_claim="kubernetes.io.namespace", tenants={"my-namespace": acme.id},
                roles={SERVICE_ACCOUNT: "Writer"},
            ),
            fields_of(
                found.github, acme, **listed, tenant_claim="repository_owner_id", tenants={"65": acme.id},
                roles={PROD: "Writer", PROD_BY_ID: "Writer"},
            ),
            fields_of(
                found.entra, acme, username_claim="oid", roles_claim="groups", roles={ADMINS: "tenant-admin", "src1": "tenant-admin"}
            ),
            fields_of(
                found.auth0, acme, audience="https://lake.example.com", roles_claim="permissions", roles={"write:lake": "tenant-admin"}
            ),
            fields_of(
                found.google, acme, tenant=None, tenant_claim="email", username_claim="email",
                tenants={"etl@example.iam.gserviceaccount.com": acme.id},
            ),
        )  # fmt: skip
        yield found


def test_a_pod_is_its_service_account(known: Known) -> None:
    pod = known.reader(known.cluster, SERVICE_ACCOUNT, **POD)
    me = pod.me()
    assert (me["username"], me["tenant-id"], me["role"]) == (SERVICE_ACCOUNT, known.tenant.id, "tenant-user")
    # Another pod of the same account is the same; a token that no pod is bound to as well.
    other = POD["kubernetes.io"] | {"pod": {"name": "other", "uid": "7"}}
    bare = {name: POD["kubernetes.io"][name] for name in ("namespace", "serviceaccount")}
    assert {pod.me(**{"kubernetes.io": claims})["id"] for claims in (other, bare)} == {me["id"]}


def test_a_pod_of_another_namespace_is_not_admitted(known: Known) -> None:
    """Any pod of the cluster can get a token for any audience."""
    for namespace in ("kube-system", "my-namespace2", "", None):
        claims = POD["kubernetes.io"] | {"namespace": namespace}
        stranger = known.reader(known.cluster, f"system:serviceaccount:{namespace}:default", **POD | {"kubernetes.io": claims})
        assert stranger.status() == 403, namespace
    # For the cluster itself it is no token for this host.
    assert known.reader(known.cluster, SERVICE_ACCOUNT, **POD).status(aud=["https://kubernetes.default.svc.cluster.local"]) == 401
    long = f"system:serviceaccount:my-namespace:{'a' * 100}"
    assert known.reader(known.cluster, long, **POD).status() == 403, "no name of a user is that long"


@pytest.mark.parametrize("subject", [PROD, PROD_BY_ID])
def test_a_job_is_its_subject(known: Known, subject: str) -> None:
    me = known.reader(known.github, subject, **JOB).me()
    assert (me["username"], me["tenant-id"]) == (subject, known.tenant.id)


def test_a_job_of_somebody_else_is_not_admitted(known: Known) -> None:
    """The issuer signs for everybody, for any audience; a name may be taken over, its number not."""
    for owner in ("66", "octo-org", "6", None):
        assert known.reader(known.github, PROD, **JOB).status(repository_owner_id=owner) == 403, owner
    assert known.reader(known.github, PROD, **JOB).status(aud="https://github.com/octo-org") == 401


@pytest.fixture(scope="module")
def shared(known: Known) -> str:
    """A catalog in a directory: roles show by what it lets do."""
    base = known.host.dir / "local" / "claims"
    warehouse = known.tenant.warehouse({"vending_strategy": "None", "storage_config": {"type": "local", "path": str(base)}})
    return known.tenant.catalog(warehouse["name"])["name"]


def test_the_subject_gives_the_role_and_nothing_else_does(known: Known, shared: str) -> None:
    def makes(caller: Caller, name: str) -> int:
        return caller.api().request("POST", f"/v1/{shared}/namespaces", json={"namespace": [name]}).status_code

    assert makes(known.reader(known.cluster, SERVICE_ACCOUNT, **POD), "by_pod") == 200
    assert makes(known.reader(known.github, PROD, **JOB), "by_job") == 200
    for subject in (
        "repo:octo-org/octo-repo:pull_request",
        "repo:octo-org/octo-repo:ref:refs/heads/prod",
        "repo:octo-org/octo-repo:environment:prod2",
        f"repo:octo-org/other:environment:{PROD}",
        # What the environment is named is written so that it cannot break out.
        "repo:octo-org/octo-repo:environment:Production%3AV1",
    ):
        assert makes(known.reader(known.github, subject, **JOB), "no") in (403, 404), subject


def test_a_token_with_too_many_groups_gives_no_roles_and_says_so(known: Known) -> None:
    ada = known.reader(known.entra, "pairwise-1", **ENTRA)
    with_groups = ada.me(groups=[ADMINS])
    assert with_groups["role"] == "tenant-admin"
    assert "hint" not in with_groups
    for claims in (OVERAGE, {"hasgroups": True}, OVERAGE | {"groups": "src1"}):
        me = ada.me(**claims)
        assert me["role"] == "tenant-user", claims
        assert "app roles" in me["hint"], claims
    # The next token that has them is without the hint; so is everybody else.
    assert "hint" not in ada.me(groups=[ADMINS])
    assert "hint" not in known.reader(known.entra, "pairwise-2", **ENTRA | {"oid": "other"}).me()
    assert all("hint" not in user for user in known.tenant.admin.api.get("/api/v1/users", params={"limit": 1000}))


def test_the_operator_and_the_administrator_are_told_of_groups_that_are_left_out(known: Known) -> None:
    eve = known.reader(known.entra, "pairwise-3", **ENTRA | {"oid": "eve-of-many-groups"})
    user = [eve.me(**OVERAGE)["id"] for _ in range(3)][0]
    said = [json.loads(line) for line in known.host.logged().splitlines() if "is without the claim for roles" in line]
    (line,) = [line for line in said if line.get("subject") == "pairwise-3"]
    assert (line["level"], line["claim"], line["issuer"]) == ("WARN", "groups", known.entra.url)
    rows = [row for row in known.tenant.admin.api.audit() if row["user_id"] == user and row["action"] == "authenticate"]
    (row,) = rows
    assert (row["result"], row["metadata"]["claim"]) == ("success", "groups")
    assert "app roles" in row["metadata"]["hint"]
    assert "endpoint" not in json.dumps(row), "where the groups are is neither asked nor written down"


def test_an_issuer_with_a_slash_and_two_audiences(known: Known) -> None:
    claims = {"aud": ["https://lake.example.com", f"{known.auth0.url}userinfo"], "scope": "openid", "azp": "my-client"}
    machine = known.reader(known.auth0, "my-client@clients", **claims, gty="client-credentials")
    me = machine.me(permissions=["write:lake"])
    assert (me["username"], me["role"], me["oauth-provider"]) == ("my-client@clients", "tenant-admin", known.auth0.url)
    assert known.auth0.url.endswith("/")
    assert machine.me(permissions=[])["role"] == "tenant-user"
    assert machine.status(aud=f"{known.auth0.url}userinfo") == 401
    assert machine.status(iss=known.auth0.url.rstrip("/")) == 401


def test_an_issuer_of_the_whole_world_is_narrowed_by_a_list(known: Known) -> None:
    """`accounts.google.com` signs for every service account there is, for any audience."""
    name = "etl@example.iam.gserviceaccount.com"
    found = known.reader(known.google, "104029292853099978293", email=name, email_verified=True, azp="104029292853099978293")
    assert found.me()["username"] == name
    for other in ("evil@other.iam.gserviceaccount.com", None, [name, "x"], name.upper()):
        stranger = known.reader(known.google, "999", email=other, email_verified=True)
        assert stranger.status() == 403, other
    assert found.api().get(ME)["tenant-id"] == known.tenant.id
