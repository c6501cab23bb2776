"""Fixtures of the VMS double. A plugin of pytest, so that every test module sees them."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from harness.authority import Authority
from harness.planted import Planted
from harness.s3 import Store
from harness.seaweed import Seaweed
from harness.vms import Vms
from harness.vms_client import Ask
from harness.vms_directory import Account
from harness.vms_store import KeyStore, identity_policy


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
