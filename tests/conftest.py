"""Stores, databases and hosts of the run. Everything that is started here is ended here."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from harness import codes
from harness.host import Host
from harness.planted import Planted
from harness.postgres import Postgres
from harness.seaweed import Seaweed
from harness.world import Lake, Tenant, new_lake, new_tenant

pytest_plugins = ["harness.attack_fixtures", "harness.cloud_fixtures", "harness.example_fixtures", "harness.vms_fixtures"]

# Clients that are given too little would otherwise ask the real cloud.
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL", "HTTP_PROXY", "http_proxy"):
    os.environ.pop(name, None)


@pytest.fixture(scope="session")
def planted() -> Planted:
    return Planted()


@pytest.fixture(scope="session")
def servers() -> Iterator[ExitStack]:
    """Ends stores and databases after the hosts: what a host wrote is searched while its database runs."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="session")
def seaweed(planted: Planted, servers: ExitStack) -> Seaweed:
    store = Seaweed(planted)
    servers.callback(store.stop)
    return store.start()


@pytest.fixture(scope="session")
def brief_seaweed(planted: Planted, servers: ExitStack) -> Seaweed:
    """A store whose sessions end after eight seconds, whatever was asked for."""
    store = Seaweed(planted, max_session="8s")
    servers.callback(store.stop)
    return store.start()


@pytest.fixture(scope="session")
def postgres(planted: Planted, servers: ExitStack) -> Postgres:
    database = Postgres(planted)
    servers.callback(database.stop)
    return database.start()


@pytest.fixture(scope="session")
def make_host(planted: Planted, servers: ExitStack) -> Iterator[Callable[..., Host]]:
    """Makes hosts. When the run ends, each one's log, audit rows and database are searched for every planted secret,
    and each code that a reply had must be explained."""
    hosts: list[Host] = []

    def make(*arguments: object, **named: object) -> Host:
        host = Host(planted, *arguments, **named)  # type: ignore[arg-type]
        hosts.append(host)
        return host

    yield make
    try:
        leaks = [line for host in hosts for line in host.leaks()]
    finally:
        for host in hosts:
            host.remove()
    assert not leaks, "planted secrets were found:\n" + "\n".join(leaks)
    unknown = codes.SEEN.without_entry()
    assert not unknown, "codes without an entry in host/TROUBLESHOOTING.md:\n" + "\n".join(unknown)


@pytest.fixture(scope="session")
def sqlite_host(make_host: Callable[..., Host], seaweed: Seaweed) -> Host:
    return make_host(seaweed).start()


@pytest.fixture(scope="session")
def postgres_host(make_host: Callable[..., Host], seaweed: Seaweed, postgres: Postgres) -> Host:
    return make_host(seaweed, postgres).start()


@pytest.fixture(scope="session")
def host(sqlite_host: Host) -> Host:
    return sqlite_host


@pytest.fixture(params=["sqlite", "postgres"])
def any_host(request: pytest.FixtureRequest) -> Host:
    """Each test that uses it runs on both databases."""
    return request.getfixturevalue(f"{request.param}_host")


@pytest.fixture
def tenant(host: Host, planted: Planted) -> Tenant:
    return new_tenant(host, planted)


@pytest.fixture
def lake(tenant: Tenant, seaweed: Seaweed) -> Lake:
    return new_lake(tenant, seaweed)


@pytest.fixture
def any_lake(any_host: Host, planted: Planted, seaweed: Seaweed) -> Lake:
    return new_lake(new_tenant(any_host, planted), seaweed)
