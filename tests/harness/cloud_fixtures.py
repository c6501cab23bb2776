"""Fixtures of the doubles of Azure and Google Cloud."""

from contextlib import ExitStack

import pytest

from harness.authority import Authority
from harness.azure.world import Azure
from harness.google.world import Google
from harness.planted import Planted


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
