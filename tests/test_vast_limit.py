"""Two keys per user at VAST: what the host reuses, what it replaces, and what it leaves alone."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.vms import Vms
from harness.vms_world import VastLake


@pytest.fixture(autouse=True)
def limit(vast: VastLake) -> Iterator[None]:
    """After every test."""
    yield
    for account in (vast.reader, vast.writer):
        assert account.most_keys <= 2


def test_a_fresh_key_serves_everybody_with_the_same_right(vast: VastLake, vms: Vms) -> None:
    first, second = vast.tenant.user("Reader"), vast.tenant.user("Reader")
    vast.table("more")
    vast.settle()
    keys = {vast.vend(user, table).access_key_id for user in (first, second) for table in ("orders", "more")}
    assert len(keys) == 1
    assert len(vms.made(vast.reader)) == 1
    (lease,) = vast.leases(state="active")
    rows = [row for row in vast.admin.audit() if row["action"] == "vend_credentials" and row["result"] == "success"]
    assert {first.name, second.name} <= {row["username"] for row in rows}
    assert lease["state"] == "active"


def test_many_at_once_make_one_key(vast: VastLake, vms: Vms) -> None:
    users = [vast.tenant.user("Reader") for _ in range(4)]
    with ThreadPoolExecutor(12) as pool:
        keys = list(pool.map(lambda n: vast.vend(users[n % 4]), range(24)))
    assert len({key.access_key_id for key in keys}) == 1
    assert len(vms.made(vast.reader)) == 1
    assert vast.opens(keys[0])


def test_readers_and_writers_do_not_share(vast: VastLake, vms: Vms) -> None:
    writer = vast.tenant.user("Writer")
    full, less = vast.vend(writer), vast.vend(writer, access="read")
    assert vms.keys(vast.writer) == {full.access_key_id}
    assert vms.keys(vast.reader) == {less.access_key_id}
    assert vast.store(less).put(vast.lake.bucket, "lake/orders/data/new") == "AccessDenied"


def test_a_key_that_lives_longer_than_asked_is_not_handed_out(vast: VastLake, vms: Vms) -> None:
    reader = vast.tenant.user("Reader")
    long, short = vast.vend(reader, ttl=3600), vast.vend(reader, ttl=300)
    assert long.access_key_id != short.access_key_id
    assert vms.keys(vast.reader) == {long.access_key_id, short.access_key_id}
    assert vast.opens(long)
    assert vast.opens(short)


def test_the_host_replaces_its_own_oldest(vast: VastLake, vms: Vms) -> None:
    reader = vast.tenant.user("Reader")
    oldest = vast.vend(reader, ttl=3600)
    newer = vast.vend(reader, ttl=1200)
    third = vast.vend(reader, ttl=300)
    assert vms.keys(vast.reader) == {newer.access_key_id, third.access_key_id}
    assert vms.deleted(vast.reader)[-1] == oldest.access_key_id
    assert not vast.opens(oldest)
    assert vast.opens(newer)
    assert vast.opens(third)


def test_beside_a_key_of_somebody_else_there_is_room_for_one(vast: VastLake, vms: Vms) -> None:
    foreign = vms.make_elsewhere(vast.reader)
    reader = vast.tenant.user("Reader")
    first = vast.vend(reader, ttl=3600)
    assert vms.keys(vast.reader) == {foreign.access_key, first.access_key_id}
    # It lives longer than this caller wants, and to end it would take it from who has it.
    error = vast.refused(reader, 409, ttl=300)
    assert error["reason"] == "key-limit"
    assert "one of them was not minted by this host" in error["message"]
    assert 3500 < int(error["retry-after"]) <= 3600
    assert vms.keys(vast.reader) == {foreign.access_key, first.access_key_id}
    assert vast.opens(first)
    assert vast.opens(foreign.keys())
    # Whoever wants it as long is served.
    assert vast.vend(reader, ttl=3600).access_key_id == first.access_key_id


def test_two_keys_of_others_leave_no_room(vast: VastLake, vms: Vms) -> None:
    foreign = {vms.make_elsewhere(vast.reader).access_key for _ in range(2)}
    reader = vast.tenant.user("Reader")
    error = vast.refused(reader, 409)
    assert error["reason"] == "key-limit"
    assert "two" in error["message"]
    assert vms.keys(vast.reader) == foreign
    assert vms.deleted(vast.reader) == []
    # Others are served, and it goes on as soon as there is room.
    assert vast.opens(vast.vend(vast.tenant.user("Writer")))
    vms.delete_elsewhere(vast.reader, vms.key(vast.reader, foreign.pop()))
    assert vast.opens(vast.vend(reader))
    assert foreign <= vms.keys(vast.reader)


def test_the_limit_between_survey_and_mint_is_told_as_well(vast: VastLake, vms: Vms) -> None:
    """Somebody takes the last place after the host has looked."""
    foreign = vms.make_elsewhere(vast.reader)
    reader = vast.tenant.user("Reader")
    with ThreadPoolExecutor(1) as pool, vms.faults.hold("POST", "/s3keys/", stage="before") as barrier:
        asked = pool.submit(vast.ask, reader)
        barrier.wait()
        other = vms.make_elsewhere(vast.reader)
        barrier.release()
        reply = asked.result(30)
    assert reply.status_code == 409, reply.text
    assert reply.json()["error"]["reason"] == "key-limit"
    assert vms.keys(vast.reader) == {foreign.access_key, other.access_key}


def test_a_key_that_somebody_else_took_away_is_made_again(vast: VastLake, vms: Vms) -> None:
    reader = vast.tenant.user("Reader")
    keys = vast.vend(reader)
    vms.delete_elsewhere(vast.reader, vms.key(vast.reader, keys.access_key_id))
    (lease,) = vast.leases(state="active")
    assert vast.revoke(lease)["state"] == "revoked"
    assert vast.opens(vast.vend(reader))
