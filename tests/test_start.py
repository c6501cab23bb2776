"""What a host needs before it serves anybody."""

from collections.abc import Callable

import pytest

from harness.host import Host
from harness.planted import Planted
from harness.postgres import Postgres

MakeHost = Callable[..., Host]


@pytest.fixture(params=["sqlite", "postgres"])
def host(request: pytest.FixtureRequest, make_host: MakeHost) -> Host:
    database: Postgres | None = request.getfixturevalue("postgres") if request.param == "postgres" else None
    return make_host(None, database)


def starts(host: Host) -> int:
    return len([row for row in host.root().audit() if row["action"] == "start_host"])


def test_it_does_not_serve_with_another_key_than_its_database_was_sealed_with(host: Host, planted: Planted) -> None:
    host.start()
    assert starts(host) == 1
    host.stop()
    own = host.settings["PANGOLIN_ENCRYPTION_KEY"]
    for other in (planted.encryption_key("another key"), f"other:{planted.encryption_key('a named key')}"):
        host.settings["PANGOLIN_ENCRYPTION_KEY"] = other
        said = host.refuses_to_start()
        assert "PANGOLIN_ENCRYPTION_KEY" in said, said
    host.settings["PANGOLIN_ENCRYPTION_KEY"] = own
    host.start()
    assert starts(host) == 2
    assert host.command("audit", "verify").returncode == 0
