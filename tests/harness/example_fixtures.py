"""Fixtures of the example strategies."""

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from harness.authority import Authority
from harness.examples.minio import Minio
from harness.examples.r2 import R2
from harness.examples.sessions import Sessions
from harness.examples.vault import Vault
from harness.examples.world import example_host
from harness.host import Host
from harness.planted import Planted
from harness.seaweed import Seaweed


@pytest.fixture(scope="session")
def stubbed_host(make_host: Callable[..., Host]) -> Host:
    """The examples as their pages build them: without WASI."""
    return example_host(make_host, ["r2-temporary.wasm", "vault-aws.wasm", "minio-ldap.wasm", "token-shop.wasm"])


@pytest.fixture(scope="session")
def unstubbed_host(make_host: Callable[..., Host]) -> Host:
    """JavaScript and Python with the WASI that their runtimes import."""
    return example_host(make_host, ["r2-temporary-wasi.wasm", "vault-aws-wasi.wasm"])


@pytest.fixture(scope="session")
def sessions(seaweed: Seaweed, planted: Planted) -> Sessions:
    return Sessions(seaweed, planted)


@pytest.fixture(scope="session")
def r2(sessions: Sessions, planted: Planted, servers: ExitStack) -> R2:
    cloud = R2(sessions, planted)
    servers.callback(cloud.wire.stop)
    return cloud


@pytest.fixture(scope="session")
def vault(sessions: Sessions, planted: Planted, authority: Authority, servers: ExitStack) -> Vault:
    server = Vault(sessions, planted, authority)
    servers.callback(server.wire.stop)
    return server


@pytest.fixture(scope="session")
def minio(sessions: Sessions, planted: Planted, servers: ExitStack) -> Minio:
    server = Minio(sessions, planted)
    servers.callback(server.wire.stop)
    return server
