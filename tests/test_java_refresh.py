"""Iceberg's Java client over time: its tokens and its credentials end while it works."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from harness.host import Host
from harness.java import Java, JavaCatalog, JavaError, JavaTable
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.service import ServiceUser, new_service_user
from harness.world import Lake, new_lake, new_tenant

# Of a token, in seconds. The client asks for the next one when nine tenths have passed.
LIFE = 12


@pytest.fixture(scope="module")
def java() -> Iterator[Java]:
    client = Java()
    yield client
    client.stop()


@pytest.fixture(scope="module")
def brief(make_host: Callable[..., Host], planted: Planted, brief_seaweed: Seaweed) -> Lake:
    """Tokens end after twelve seconds, credentials of the store after eight."""
    host = make_host(brief_seaweed, settings={"PANGOLIN_OAUTH_TOKEN_LIFETIME_SECS": str(LIFE)}).start()
    return new_lake(new_tenant(host, planted), brief_seaweed)


def opened(lake: Lake, service: ServiceUser, **more: str) -> dict[str, str]:
    return {"uri": lake.tenant.host.url, "warehouse": lake.catalog, "credential": f"{service.id}:{service.key}"} | more


def issued(lake: Lake, service: ServiceUser) -> list[str]:
    """How its tokens were asked for."""
    rows = lake.tenant.admin.api.audit(action="issue_token")
    return [row["metadata"]["grant_type"] for row in rows if row["username"] == service.name]


@dataclass
class Later:
    """Catalogs and tables that were opened a while ago: everything that they were given has ended since."""

    services: dict[str, ServiceUser]
    catalogs: dict[str, JavaCatalog]
    tables: dict[str, JavaTable]


@pytest.fixture(scope="module")
def later(java: Java, brief: Lake) -> Later:
    tenant = brief.tenant
    services = {name: new_service_user(tenant, role) for name, role in ROLES.items()}
    catalogs = {name: java.catalog(**opened(brief, services[name])) for name in ("credential", "leaver")}
    token = services["token"].token().token or ""
    catalogs["token"] = java.catalog(uri=tenant.host.url, warehouse=brief.catalog, token=token)
    without = {"token-refresh-enabled": "false"}
    catalogs["without refresh"] = java.catalog(**opened(brief, services["without refresh"], **without))
    catalogs["credential"].create("sales.t").append(1, 2)
    tables = {name: catalog.load("sales.t") for name, catalog in catalogs.items()}
    assert all(len(table.read_again()) == 2 for table in tables.values())
    tenant.admin.api.delete(f"/api/v1/users/{services['leaver'].id}/roles/{tenant.role_id('Reader')}")
    time.sleep(LIFE + 1.5)
    return Later(services, catalogs, tables)


ROLES = {"credential": "Writer", "token": "Reader", "without refresh": "Reader", "leaver": "Reader"}


@pytest.mark.parametrize("way", ["credential", "token"])
def test_a_token_is_exchanged_before_it_ends(brief: Lake, later: Later, way: str) -> None:
    assert "sales" in later.catalogs[way].namespaces()
    assert "token_exchange" in issued(brief, later.services[way])


def test_without_refresh_a_token_ends(later: Later) -> None:
    assert "NotAuthorizedException" in refusal(later.catalogs["without refresh"].namespaces)


@pytest.mark.parametrize("way", ["credential", "token"])
def test_a_credential_is_refreshed_while_a_table_is_held(brief: Lake, later: Later, way: str) -> None:
    """Not loaded again: the same object reads by credentials that it fetched by itself."""
    assert len(later.tables[way].read_again()) == 2
    rows = brief.tenant.admin.api.audit(action="vend_credentials", result="success")
    own = [row["metadata"] for row in rows if row["username"] == later.services[way].name]
    assert len({vend["expires_at"] for vend in own if vend["trigger"] == "credentials"}) > 1


def test_a_table_that_is_held_is_written_to(later: Later) -> None:
    table = later.tables["credential"]
    table.append(3)
    assert len(table.rows()) == 3


def test_who_lost_the_right_is_given_nothing_more(later: Later) -> None:
    """Neither a token's life nor a table that is held brings it back."""
    assert "does not exist" in refusal(later.tables["leaver"].read_again)


def test_a_client_that_slept_shows_its_key(java: Java, make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed) -> None:
    """Its token has ended: it cannot show that, and exchanges it by id and key."""
    host = make_host(seaweed, settings={"PANGOLIN_OAUTH_TOKEN_LIFETIME_SECS": "2"}).start()
    lake = new_lake(new_tenant(host, planted), seaweed)
    service = new_service_user(lake.tenant, "Reader")
    catalog = java.catalog(**opened(lake, service))
    with java.asleep():
        time.sleep(3)
    time.sleep(0.3)
    assert "sales" in catalog.namespaces()
    assert issued(lake, service)[:2] == ["token_exchange", "client_credentials"]
    catalog.close()


def refusal(deed: Callable[[], object]) -> str:
    with pytest.raises(JavaError) as caught:
        deed()
    return str(caught.value)
