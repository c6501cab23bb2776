"""Fixtures of the VMS double. A plugin of pytest, so that every test module sees them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from harness.authority import Authority
from harness.host import Host
from harness.planted import Planted
from harness.postgres import Postgres
from harness.s3 import Store
from harness.seaweed import Seaweed
from harness.vms import Vms
from harness.vms_client import Ask
from harness.vms_directory import Account
from harness.vms_store import KeyStore, identity_policy
from harness.vms_world import BRISK, Ending, VastLake, new_vast_lake


@pytest.fixture(scope="session")
def key_store(planted: Planted, servers: ExitStack) -> KeyStore:
    """A store of its own in which users' keys come and go."""
    store = Seaweed(planted, change_keys=True)
    servers.callback(store.stop)
    return KeyStore(store.start())


@pytest.fixture(scope="session")
def vast_authority(servers: ExitStack) -> Authority:
    """Its own: the host trusts it for one warehouse, and nothing else does."""
    made = Authority("VAST cluster")
    servers.callback(made.remove)
    return made


@pytest.fixture
def vms(key_store: KeyStore, vast_authority: Authority, planted: Planted) -> Iterator[Vms]:
    double = Vms(key_store, vast_authority, planted)
    yield double
    double.stop()


@pytest.fixture
def ask(vms: Vms, vast_authority: Authority) -> Ask:
    return Ask(vms, vast_authority.ca)


@pytest.fixture
def vast_bucket(key_store: KeyStore) -> str:
    """A bucket with one file below `lake/` and one beside it."""
    name = key_store.seaweed.bucket()
    admin = Store(key_store.seaweed, key_store.seaweed.admin)
    assert admin.put(name, "lake/file") == admin.put(name, "other/file") == "ok"
    return name


@pytest.fixture
def vast_writer(vms: Vms, vast_bucket: str) -> Account:
    return vms.user(policy=identity_policy(vast_bucket, "lake/", write=True))


@pytest.fixture(scope="session")
def new_vms(key_store: KeyStore, vast_authority: Authority, planted: Planted, servers: ExitStack) -> Callable[[], Vms]:
    """Doubles that last as long as the run."""

    def make() -> Vms:
        double = Vms(key_store, vast_authority, planted)
        servers.callback(double.stop)
        return double

    return make


@pytest.fixture(scope="session")
def vast_host(make_host: Callable[..., Host]) -> Host:
    return make_host(settings=BRISK).start()


@pytest.fixture
def vast(vast_host: Host, vms: Vms, planted: Planted) -> Iterator[VastLake]:
    """Nothing is leased when the test begins, and nothing is left when it ends."""
    lake = new_vast_lake(vast_host, vms, planted)
    lake.table("orders")
    lake.settle()
    yield lake
    vms.faults.clear()
    lake.settle()


@pytest.fixture(scope="session")
def ending(
    vast_host: Host, make_host: Callable[..., Host], postgres: Postgres, new_vms: Callable[[], Vms], planted: Planted
) -> list[Ending]:
    """Leases of the shortest life: of a host that runs on, and of one that is down from now on."""
    hosts = (vast_host, make_host(None, postgres, settings=BRISK).start())
    found = []
    for host in hosts:
        vast = new_vast_lake(host, new_vms(), planted)
        vast.table("orders")
        vast.settle()
        found.append(Ending(host, vast, vast.vend(vast.tenant.user("Reader"), ttl=60)))
    hosts[1].crash()
    assert all(one.vast.opens(one.keys) for one in found)
    return found
