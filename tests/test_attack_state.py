"""Nothing is kept between calls, warehouses and tenants; and a thousand hostile calls leave the host as it was."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from harness.attack_arena import Arena
from harness.world import Lake

MANY = 1_000
WARM = 150
# What the allocator keeps beside what is used, and what the audit trail's cache grows by.
SLACK_BYTES = 24 << 20
MARK = b"left-behind-by-"


def test_a_static_variable_begins_anew(arena: Arena) -> None:
    arena.turn(arena.mallory, "count")
    arena.turn(arena.victim, "count")
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(arena.vend, [arena.mallory, arena.victim] * 12))
    assert {status for status, _, _ in replies} == {403}
    assert all('"message":"1"' in text for _, text, _ in replies), replies


def test_no_memory_of_another_call_is_seen(arena: Arena) -> None:
    theirs = arena.planted.key("what the victim's note says", 40)
    arena.turn(arena.victim, "script", script={"steps": [{"do": "log", "text": "x"}]}, note=theirs, collector=None)
    for lake, tenant in ((arena.mallory, arena.victim), (arena.victim, arena.mallory), (arena.mallory, arena.mallory)):
        arena.vend(arena.victim)
        out = arena.script(dump=True, lake=lake, **({} if lake is arena.mallory else {"note": "mine"}))
        own = f"{lake.tenant.id}-{out.row['request_id']}".encode()
        marks = [part[: len(own)] for part in out.memory.split(MARK)[1:] if part[:1].isalnum()]
        assert own in marks, marks
        assert {mark for mark in marks if mark.count(b"-") > 4} == {own}, marks
        if tenant is not lake:
            assert tenant.tenant.id.encode() not in out.memory
            assert tenant.bucket.encode() not in out.memory


def test_a_slot_that_was_taken_is_gone_with_its_call(arena: Arena) -> None:
    take = {"do": "send", "url": "{upstream}/token/once", "captures": [["taken", "/access"]]}
    use = {"do": "send", "url": "{upstream}/use", "auth": {"by": "bearer", "slot": "taken"}}
    out = arena.script(take, use)
    assert [seen.get("status") for seen in out.seen] == [200, 200], out.seen
    assert arena.script(use).seen[0]["failed"] == "Denied"
    assert arena.script(use, lake=arena.victim).seen[0]["failed"] == "Denied"


def resident(arena: Arena) -> int:
    pages = int(Path(f"/proc/{arena.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def handles(arena: Arena) -> tuple[int, int]:
    """Open files and threads."""
    return len(os.listdir(f"/proc/{arena.pid}/fd")), len(os.listdir(f"/proc/{arena.pid}/task"))


def test_a_thousand_hostile_calls_leave_the_host_as_it_was(arena: Arena) -> None:
    """Each misdeed in turn, by tenants of their own; the honest one is served meanwhile."""
    echo = {"do": "send", "url": "{upstream}/echo/raw", "auth": {"by": "bearer", "slot": "bearer_secret"}}
    big = {"do": "send", "url": "{upstream}/gigabyte", "timeout": 50}
    misdeeds: list[tuple[str, dict[str, Any]]] = [
        ("abort", {}),
        ("allocate", {}),
        ("recurse", {}),
        ("spin-clock", {}),
        ("panic", {}),
        ("error-huge", {}),
        ("script", {"script": {"steps": [echo, {"do": "log", "text": "{seen}"}]}}),
        ("script", {"script": {"steps": [big]}}),
        ("script", {"script": {"steps": [], "answer": [{"times": 17}]}}),
        ("script", {"script": {"steps": [{"do": "send", "url": "http://169.254.169.254/"}] * 20}}),
    ]
    lakes = [arena.lake() for _ in misdeeds]
    for lake, (mode, fields) in zip(lakes, misdeeds, strict=True):
        arena.turn(lake, mode, **fields)

    def round_of(count: int) -> list[tuple[int, str, float]]:
        with ThreadPoolExecutor(6) as pool:
            return list(pool.map(arena.vend, [lakes[at % len(lakes)] for at in range(count)]))

    round_of(WARM)
    settle(arena)
    before, (files, threads) = resident(arena), handles(arena)
    with ThreadPoolExecutor(1) as pool:
        calls = pool.submit(round_of, MANY)
        slowest = 0.0
        while not calls.done():
            status, text, seconds = arena.vend(arena.honest, params={"ttl": arena.fresh_life()})
            assert status == 200, text
            slowest = max(slowest, seconds)
    assert slowest < 5, slowest
    replies = calls.result()
    assert len(replies) == MANY
    assert {status for status, _, _ in replies} <= {403, 502, 503}, {status for status, _, _ in replies}
    settle(arena)
    after, (files_after, threads_after) = resident(arena), handles(arena)
    assert after - before < SLACK_BYTES, f"{(after - before) >> 20} MiB more"
    assert files_after <= files + 8, (files, files_after)
    assert threads_after <= threads + 2, (threads, threads_after)
    assert rows(lakes[0]) >= MANY // len(lakes)


def settle(arena: Arena) -> None:
    """Connections that nobody uses are closed after a while; threads end."""
    end = time.monotonic() + 4
    while time.monotonic() < end:
        time.sleep(0.5)
        assert arena.host.api().get("/health/ready")["status"] == "ready"


def rows(lake: Lake) -> int:
    rows = lake.tenant.admin.api.audit(action="vend_credentials")
    return sum(1 for row in rows if row["result"] == "failure")
