"""Two hosts on one database are one service: one key for one slot, and one of them takes over what the other left."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from harness.api import Api
from harness.host import Host
from harness.planted import Planted
from harness.postgres import Postgres
from harness.vms import Vms
from harness.vms_world import BRISK, VastLake, eventually, new_vast_lake

SHARED = ("PANGOLIN_ENCRYPTION_KEY", "PANGOLIN_JWT_SECRET", "PANGOLIN_ROOT_PASSWORD")


@pytest.fixture(scope="module")
def pair(make_host: Callable[..., Host], postgres: Postgres) -> tuple[Host, Host]:
    first = make_host(None, postgres, settings=BRISK).start()
    shared = {name: first.settings[name] for name in SHARED} | {"DATABASE_URL": first.database_url}
    return first, make_host(settings=BRISK | shared).start()


@pytest.fixture
def vast(pair: tuple[Host, Host], vms: Vms, planted: Planted) -> VastLake:
    lake = new_vast_lake(pair[0], vms, planted)
    lake.table("orders")
    lake.settle()
    return lake


def on(host: Host, api: Api, vast: VastLake | None = None) -> Api:
    """The same caller at another host; with a lake, once that host has heard of both."""
    there = host.api(api.token)
    if vast is not None:
        path = api.table_path(vast.lake.catalog, "sales", "orders")
        assert eventually(lambda: there.request("GET", path).status_code == 200, 3)
    return there


def test_many_at_both_make_one_key(pair: tuple[Host, Host], vast: VastLake, vms: Vms) -> None:
    users = [vast.tenant.user("Reader") for _ in range(4)]
    apis = [on(pair[n % 2], users[n % 4].api, vast) for n in range(24)]
    with ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(lambda api: vast.ask(users[0], api=api), apis))
    assert [reply.status_code for reply in replies] == [200] * 24, [reply.text for reply in replies if reply.status_code != 200]
    assert len({reply.json()["access_key_id"] for reply in replies}) == 1
    assert len(vms.made(vast.reader)) == 1
    assert (vast.reader.most_keys, vast.reader.refused_keys) == (1, 0)
    vast.settle()


def test_a_revoked_lease_is_served_by_neither(pair: tuple[Host, Host], vast: VastLake) -> None:
    reader = vast.tenant.user("Reader")
    keys = vast.vend(reader)
    other = on(pair[1], reader.api, vast)
    assert vast.ask(reader, api=other).json()["access_key_id"] == keys.access_key_id
    (lease,) = vast.leases(state="active")
    on(pair[1], vast.admin, vast).post(f"/api/v1/leases/{lease['id']}/revoke", status=200)
    assert not vast.opens(keys)
    assert eventually(lambda: vast.vend(reader).access_key_id != keys.access_key_id, 2)
    vast.settle()


def test_the_other_host_cleans_up_after_one_that_was_killed(pair: tuple[Host, Host], vast: VastLake, vms: Vms) -> None:
    reader = vast.tenant.user("Reader")
    second = on(pair[1], reader.api, vast)
    with ThreadPoolExecutor(1) as pool, vms.faults.hold("POST", "/s3keys/", stage="after") as barrier:
        asked = pool.submit(vast.ask, reader, api=second)
        barrier.wait()
        (orphan,) = vms.keys(vast.reader)
        pair[1].crash()
        with pytest.raises(requests.RequestException):
            asked.result(30)
    try:
        assert eventually(lambda: vms.deleted(vast.reader) == [orphan], 60)
        assert vast.opens(vast.vend(reader))
        vast.settle()
    finally:
        pair[1].start()
