"""The kill switch where it is hardest: two hosts, a mint that is on its way, and keys that the host must end itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from harness.api import Api
from harness.host import Host
from harness.listener import Answer, Listener, Reply, Request, forward
from harness.planted import Planted
from harness.postgres import Postgres
from harness.s3 import Keys
from harness.seaweed import Seaweed
from harness.vms import Vms
from harness.vms_world import VastLake, eventually, new_vast_lake
from harness.world import Lake, User, new_lake, new_tenant

SHARED = ("PANGOLIN_ENCRYPTION_KEY", "PANGOLIN_JWT_SECRET", "PANGOLIN_ROOT_PASSWORD")


class SlowSts:
    """The store's STS, whose answers can be held back."""

    def __init__(self, seaweed: Seaweed):
        self.held = threading.Semaphore(0)
        self.listener = Listener(lambda request: forward(request, seaweed.port, headers={"host": request.headers["Host"]}))
        self.url = self.listener.start().url

    @contextmanager
    def holding(self) -> Iterator[threading.Event]:
        """Sessions are made, and told only when the event is set."""
        go = threading.Event()

        def fault(request: Request, answer: Answer) -> Reply:
            reply = answer(request)
            self.held.release()
            assert go.wait(30)
            return reply

        with self.listener.failing(fault):
            try:
                yield go
            finally:
                go.set()


@pytest.fixture(scope="module")
def sts(seaweed: Seaweed) -> Iterator[SlowSts]:
    slow = SlowSts(seaweed)
    yield slow
    slow.listener.stop()


@pytest.fixture(scope="module")
def pair(make_host: Callable[..., Host], seaweed: Seaweed, postgres: Postgres, sts: SlowSts) -> tuple[Host, Host]:
    slow = {"AWS_ENDPOINT_URL_STS": sts.url, "PANGOLIN_LEASE_GRACE_SECS": "2", "PANGOLIN_LEASE_SWEEP_SECS": "1"}
    first = make_host(seaweed, postgres, settings=slow).start()
    shared = {name: first.settings[name] for name in SHARED} | {"DATABASE_URL": first.database_url}
    return first, make_host(seaweed, settings=slow | shared).start()


@pytest.fixture
def lake(pair: tuple[Host, Host], seaweed: Seaweed, planted: Planted) -> Lake:
    lake = new_lake(new_tenant(pair[0], planted), seaweed)
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    return lake


def path(lake: Lake) -> str:
    return lake.tenant.admin.api.table_path(lake.catalog, "sales", "orders")


def vend(lake: Lake, api: Api) -> Any:
    return api.request("POST", path(lake) + "/credentials")


def on(host: Host, user: User, lake: Lake) -> Api:
    there = host.api(user.api.token)
    assert eventually(lambda: there.request("GET", path(lake)).status_code == 200, 3)
    return there


def revoke(lake: Lake, **target: Any) -> Any:
    return lake.tenant.admin.api.post("/api/v1/revocations", target, status=201)


def lift(lake: Lake, report: dict[str, Any]) -> None:
    lake.tenant.admin.api.delete(f"/api/v1/revocations/{report['id']}")


def is_revoked(reply: Any) -> bool:
    return reply.status_code == 403 and reply.json()["error"]["reason"] == "revoked"


def test_the_other_host_refuses_within_a_second_and_serves_nothing_old_after_the_lift(pair: tuple[Host, Host], lake: Lake) -> None:
    reader = lake.tenant.user("Reader")
    other = on(pair[1], reader, lake)
    old = Keys.from_flat(vend(lake, other).json())
    for target in ({"table": f"{lake.catalog}.sales.orders"}, {"warehouse": lake.warehouse}):
        report = revoke(lake, **target)
        assert report["outstanding"]["count"] >= 1, "what the other host minted is told here"
        assert eventually(lambda: is_revoked(vend(lake, other)), 1)
        assert other.request("GET", path(lake)).status_code == 200
        lift(lake, report)
        assert eventually(lambda: vend(lake, other).status_code == 200, 1)
        new = Keys.from_flat(vend(lake, other).json())
        assert new.access_key_id != old.access_key_id
        old = new
    report = revoke(lake, principal=reader.id)
    assert eventually(lambda: other.request("GET", "/api/v1/users/me").status_code == 401, 1)
    lift(lake, report)
    # The other host may still hold what it minted before: it serves it to nobody.
    again = pair[1].api().login(reader.name, reader.password, lake.tenant.id)
    assert eventually(lambda: vend(lake, again).status_code == 200, 1)
    assert Keys.from_flat(vend(lake, again).json()).access_key_id != old.access_key_id


@pytest.mark.parametrize("at", [0, 1], ids=["same host", "other host"])
@pytest.mark.parametrize("lifted", [False, True], ids=["standing", "lifted"])
@pytest.mark.parametrize("kind", ["table", "warehouse", "principal"])
def test_a_mint_that_was_on_its_way_is_not_handed_out(
    pair: tuple[Host, Host], lake: Lake, sts: SlowSts, kind: str, lifted: bool, at: int
) -> None:
    reader = lake.tenant.user("Reader")
    api = on(pair[at], reader, lake)
    target = {"table": f"{lake.catalog}.sales.orders", "warehouse": lake.warehouse, "principal": reader.id}[kind]
    with ThreadPoolExecutor(1) as pool, sts.holding() as go:
        asked = pool.submit(vend, lake, api)
        assert sts.held.acquire(timeout=15), "the session is made"
        report = revoke(lake, **{kind: target})
        if lifted:
            lift(lake, report)
        go.set()
        reply = asked.result(30)
    assert is_revoked(reply), reply.text
    assert "access_key_id" not in reply.text
    # It exists, so it is told, although nobody got it.
    shown = lake.tenant.admin.api.get(f"/api/v1/revocations/{report['id']}")
    if not lifted:
        assert [one["principal"] for one in shown["outstanding"]["credentials"]].count(reader.name) == 1
        lift(lake, report)
    if kind == "principal":
        api = pair[at].api().login(reader.name, reader.password, lake.tenant.id)
    assert eventually(lambda: vend(lake, api).status_code == 200, 2)


@pytest.fixture
def vast(pair: tuple[Host, Host], vms: Vms, planted: Planted) -> VastLake:
    made = new_vast_lake(pair[0], vms, planted)
    made.table("orders")
    made.settle()
    return made


def test_leases_are_really_gone(pair: tuple[Host, Host], vast: VastLake) -> None:
    admin = vast.admin
    for kind in ("table", "warehouse", "principal"):
        reader = vast.tenant.user("Reader")
        keys = vast.vend(reader)
        assert vast.opens(keys)
        target = {"table": f"{vast.lake.catalog}.sales.orders", "warehouse": vast.lake.warehouse, "principal": reader.id}[kind]
        report = admin.post("/api/v1/revocations", {kind: target}, status=201)
        assert not vast.opens(keys), kind
        assert report["leases_count"] >= 1 and {lease["state"] for lease in report["leases"]} == {"revoked"}
        assert report["outstanding"]["count"] == 0, "what the host ends is not out"
        admin.delete(f"/api/v1/revocations/{report['id']}")
        assert vast.held(vast.reader) == set()
    vast.settle()


def test_a_key_that_two_share_ends_with_either(vast: VastLake) -> None:
    first, second = vast.tenant.user("Reader"), vast.tenant.user("Reader")
    keys = vast.vend(first)
    assert vast.vend(second).access_key_id == keys.access_key_id, "the host has room for one"
    report = vast.admin.post("/api/v1/revocations", {"principal": second.id}, status=201)
    assert report["leases_count"] == 1
    assert not vast.opens(keys), "the second one knew it as well"
    assert vast.vend(first).access_key_id != keys.access_key_id
    vast.settle()


def test_a_lease_that_cannot_be_ended_yet_is_told_and_ended_later(vast: VastLake, vms: Vms) -> None:
    reader = vast.tenant.user("Reader")
    keys = vast.vend(reader)
    for where in ("/s3keys/", "/s3keys/[^/]+/"):
        vms.faults.answer("DELETE", where, 503, {"detail": "Service unavailable."}, times=None)
    report = vast.admin.post("/api/v1/revocations", {"principal": reader.id}, status=201)
    (lease,) = report["leases"]
    assert lease["state"] == "revoking" and "503" in lease["last_error"]
    assert vast.opens(keys)
    vms.faults.clear()
    shown = f"/api/v1/revocations/{report['id']}"
    assert eventually(lambda: [one["state"] for one in vast.admin.get(shown)["leases"]] == ["revoked"])
    assert not vast.opens(keys)


def test_whoever_is_deactivated_or_deleted_keeps_no_key(vast: VastLake) -> None:
    for end in (lambda path: vast.admin.put(path, {"active": False}), vast.admin.delete):
        reader = vast.tenant.user("Reader")
        keys = vast.vend(reader)
        assert vast.opens(keys)
        end(f"/api/v1/users/{reader.id}")
        assert eventually(lambda keys=keys: not vast.opens(keys))
    vast.settle()


def test_a_dropped_table_keeps_no_key(vast: VastLake) -> None:
    keys = vast.vend(vast.tenant.user("Reader"))
    vast.admin.delete(vast.admin.table_path(vast.lake.catalog, "sales", "orders"))
    assert eventually(lambda: not vast.opens(keys))


def test_who_comes_back_is_not_served_what_was_cached(pair: tuple[Host, Host], lake: Lake) -> None:
    reader = lake.tenant.user("Reader")
    old = Keys.from_flat(vend(lake, reader.api).json())
    for active in (False, True):
        lake.tenant.admin.api.put(f"/api/v1/users/{reader.id}", {"active": active})
    back = pair[0].api().login(reader.name, reader.password, lake.tenant.id)
    assert Keys.from_flat(vend(lake, back).json()).access_key_id != old.access_key_id
