"""Fixtures of the doubles of Azure and Google Cloud."""

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from harness.authority import Authority
from harness.azure.world import Azure
from harness.google.world import Google
from harness.host import Host
from harness.planted import Planted
from harness.world import Tenant, new_tenant


@pytest.fixture(scope="session")
def authority(servers: ExitStack) -> Authority:
    """The certificate authority of the doubles that speak https."""
    made = Authority()
    servers.callback(made.remove)
    return made


@pytest.fixture(scope="session")
def azure(planted: Planted, servers: ExitStack, authority: Authority) -> Azure:
    cloud = Azure(planted, authority)
    servers.callback(cloud.stop)
    return cloud.start()


@pytest.fixture(scope="session")
def google(planted: Planted, servers: ExitStack, authority: Authority) -> Google:
    cloud = Google(planted, authority)
    servers.callback(cloud.stop)
    return cloud.start()


@pytest.fixture(scope="session")
def cloud_host(make_host: Callable[..., Host], authority: Authority) -> Host:
    """A host that trusts the suite's authority, and has no identity of its own in any cloud."""
    return make_host(settings={"SSL_CERT_FILE": str(authority.ca)}).start()


@pytest.fixture
def cloud_tenant(cloud_host: Host, planted: Planted) -> Tenant:
    return new_tenant(cloud_host, planted)
