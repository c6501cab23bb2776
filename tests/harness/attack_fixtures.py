"""One arena for all attacks of the run."""

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from harness.attack_arena import Arena
from harness.host import Host
from harness.planted import Planted
from harness.seaweed import Seaweed


@pytest.fixture(scope="session")
def arena(make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed, servers: ExitStack) -> Arena:
    made = Arena(make_host(seaweed), planted, seaweed)
    servers.callback(made.stop)
    return made
