"""A plugin that takes what the host has, or breaks: it costs its own request, and says which bound it met."""

import pytest

from harness.attack_arena import Arena

# What it does, and the code that names the bound.
MISDEEDS = {
    "spin": {"plugin-cpu-exceeded"},
    "spin-clock": {"plugin-host-calls", "plugin-cpu-exceeded"},
    "spin-random": {"plugin-random-bytes", "plugin-host-calls"},
    "too-much-random": {"plugin-random-bytes"},
    "spin-hash": {"plugin-hash-bytes", "plugin-cpu-exceeded"},
    "spin-log": {"plugin-host-calls", "plugin-cpu-exceeded"},
    "spin-log-empty": {"plugin-host-calls", "plugin-cpu-exceeded"},
    "log-huge": {"plugin-memory", "plugin-copy-bytes"},
    "allocate": {"plugin-memory"},
    "allocate-at-once": {"plugin-memory"},
    "recurse": {"plugin-stack"},
    "abort": {"plugin-trap"},
    "panic": {"plugin-trap"},
    "out-of-bounds": {"plugin-trap"},
}


@pytest.mark.parametrize("mode", MISDEEDS)
def test_what_takes_too_much_costs_its_own_request(arena: Arena, mode: str) -> None:
    out = arena.attack(mode)
    assert out.status == 502, out
    assert out.code in MISDEEDS[mode], out
    assert out.seconds < 4, out
    # The same component vends as soon as it behaves.
    assert arena.attack("honest").status == 200
