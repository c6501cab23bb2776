"""The OpenAPI document against the host: whatever it allows, and what it does not, is answered as it says.

Cases come from the document alone, by Schemathesis: the same ones in each run. Path parameters are
names of things that exist and of things that do not, so that requests get past the door.
"""

from collections.abc import Callable, Iterator

import pytest

from harness.host import ROOT_USER, Host
from harness.openapi_fuzz import Caller, Fuzz, Target, document_of
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.world import new_lake, new_tenant


@pytest.fixture(scope="module")
def target(make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed) -> Iterator[Target]:
    host = make_host(seaweed, settings={"PANGOLIN_AUTH_RATE_LIMIT": "1000000", "RUST_LOG": "info"}).start()
    tenant = new_tenant(host, planted)
    found = Target(host, tenant, new_lake(tenant, seaweed))
    yield found
    log = host.logged()
    assert "panicked" not in log, log[max(0, log.index("panicked") - 500) :][:2000]
    # The tenant that everything stands on is still there.
    tenant.admin.api.get("/api/v1/users/me")
    tenant.admin.api.get(f"/v1/{found.lake.catalog}/config")


def logins(target: Target) -> dict[str, Caller]:
    host, tenant = target.host, target.tenant
    admin, user = tenant.user(rank="tenant-admin"), tenant.user("Writer")
    return {
        "root": Caller(lambda: host.api().login(ROOT_USER, host.root_password)),
        "admin": Caller(lambda: host.api().login(admin.name, admin.password, tenant.id)),
        "user": Caller(lambda: host.api().login(user.name, user.password, tenant.id)),
    }


@pytest.mark.parametrize(("who", "examples", "coverage"), [("root", 10, False), ("admin", 10, True), ("user", 10, False)])
def test_every_answer_is_what_the_document_says(target: Target, who: str, examples: int, coverage: bool) -> None:
    fuzz = Fuzz(target, logins(target)[who], examples, coverage)
    fuzz.run(document_of(target.host))
    assert fuzz.asked > 500
    assert not fuzz.wrong, f"{len(fuzz.wrong)} of {fuzz.asked} cases\n{fuzz.report()}"


def test_the_host_serves_the_document_that_it_prints(target: Target) -> None:
    assert target.host.api().get("/api-docs/openapi.json") == document_of(target.host)
