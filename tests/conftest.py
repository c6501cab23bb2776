"""Stores, databases and hosts of the run. Everything that is started here is ended here."""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack

import pytest

from harness import codes
from harness.host import Host
from harness.planted import Planted
from harness.postgres import Postgres
from harness.seaweed import Seaweed
from harness.world import Lake, Tenant, new_lake, new_tenant

pytest_plugins = [
    "harness.attack_fixtures",
    "harness.cloud_fixtures",
    "harness.example_fixtures",
    "harness.issuer_fixtures",
    "harness.vms_fixtures",
]

# Clients that are given too little would otherwise ask the real cloud.
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL", "HTTP_PROXY", "http_proxy"):
    os.environ.pop(name, None)


# Begun first, or one worker would end with them alone while the other has nothing to do.
LONGEST = ["test_newcomer.py", "test_openapi_fuzz.py", "test_spark.py", "test_java.py", "test_conformance.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


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


# Scopes of the fixtures that are being set up, the innermost last.
_scopes: list[str] = []


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
    _scopes.append(fixturedef.scope)
    try:
        return (yield)
    finally:
        _scopes.pop()


class Hosts:
    """Every host of the run, until its log, audit rows and database were searched for every planted secret."""

    def __init__(self, planted: Planted) -> None:
        self._planted, self._leaks = planted, list[str]()
        self._running: list[tuple[Host, bool]] = []

    def make(self, *arguments: object, **named: object) -> Host:
        host = Host(self._planted, *arguments, **named)  # type: ignore[arg-type]
        self._running.append((host, bool(_scopes) and _scopes[-1] == "session"))
        return host

    def end(self, of_the_run: bool) -> None:
        """Ends those of a module, or all: a machine does not hold the hosts of all modules at once."""
        ended = [host for host, kept in self._running if of_the_run or not kept]
        self._running = [(host, kept) for host, kept in self._running if host not in ended]
        try:
            self._leaks += [line for host in ended for line in host.leaks()]
        finally:
            for host in ended:
                host.remove()

    def leaks(self) -> list[str]:
        return self._leaks


@pytest.fixture(scope="session")
def hosts_of_the_run(planted: Planted, servers: ExitStack) -> Iterator[Hosts]:
    """When the run ends nothing that was planted may have been found in any host's place."""
    hosts = Hosts(planted)
    yield hosts
    hosts.end(of_the_run=True)
    leaks = hosts.leaks()
    assert not leaks, "planted secrets were found:\n" + "\n".join(leaks)
    unknown = codes.SEEN.without_entry()
    assert not unknown, "codes without an entry in host/TROUBLESHOOTING.md:\n" + "\n".join(unknown)


@pytest.fixture(scope="module", autouse=True)
def hosts_of_the_module(hosts_of_the_run: Hosts) -> Iterator[None]:
    yield
    hosts_of_the_run.end(of_the_run=False)


@pytest.fixture(scope="session")
def make_host(hosts_of_the_run: Hosts) -> Callable[..., Host]:
    """Makes hosts. Those that no fixture of the whole run makes are ended with their module."""
    return hosts_of_the_run.make


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
