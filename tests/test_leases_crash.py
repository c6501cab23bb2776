"""The host is killed at every step of a lease's life. Afterwards nothing has leaked and nothing is lost."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from harness.host import Host
from harness.planted import Planted
from harness.vms import Vms
from harness.vms_scene import Scene, Step
from harness.vms_world import BRISK, eventually

LIST, MAKE, DELETE = ("GET", "/s3keys/"), ("POST", "/s3keys/"), ("DELETE", "/s3keys/.*")
# What the host was at when it was killed.
STEPS = {
    "looking": Step(*LIST, "before"),
    "asking": Step(*MAKE, "before"),
    "asked, and it lands while the host is down": Step(*MAKE, "before", lands="down"),
    "asked, and it lands when the host is up": Step(*MAKE, "before", lands="up"),
    "made": Step(*MAKE, "after"),
    "made, at a VMS without times": Step(*MAKE, "after", times=None),
    "made, beside a key of somebody else": Step(*MAKE, "after", foreign="before"),
    "made, and somebody else made one as well": Step(*MAKE, "after", foreign="down"),
    "nothing": Step(foreign="down"),
    "deleting": Step(*DELETE, "before"),
    "deleted": Step(*DELETE, "after"),
}
ORPHANS = [name for name, step in STEPS.items() if step.leaves_an_orphan]
TWICE = {f"{method} {stage}": (method, path, stage) for method, path in (LIST, DELETE) for stage in ("before", "after")}

Killed = dict[str, Scene]


@pytest.fixture(scope="module")
def brittle(make_host: Callable[..., Host]) -> Host:
    return make_host(settings=BRISK).start()


def scenes(steps: dict[str, Step], host: Host, new_vms: Callable[[], Vms], planted: Planted) -> Killed:
    with ThreadPoolExecutor(4) as pool:
        made = pool.map(lambda step: Scene(step, host, new_vms(), planted), steps.values())
        return dict(zip(steps, made, strict=True))


def forget(scenes: Killed) -> None:
    for scene in scenes.values():
        scene.vms.stop()


@pytest.fixture(scope="module")
def killed(brittle: Host, new_vms: Callable[[], Vms], planted: Planted) -> Iterator[Killed]:
    """One kill for all steps: each has a VMS, a warehouse and a tenant of its own."""
    found = scenes(STEPS, brittle, new_vms, planted)
    with ThreadPoolExecutor(len(found)) as pool:
        for scene in found.values():
            scene.begin(pool)
        for scene in found.values():
            scene.arrive()
        brittle.crash()
        for scene in found.values():
            scene.down()
        brittle.start()
        for scene in found.values():
            scene.up()
    yield found
    forget(found)


@pytest.fixture(scope="module")
def killed_twice(killed: Killed, brittle: Host, new_vms: Callable[[], Vms], planted: Planted) -> Iterator[Killed]:
    """Killed after a key was made, and again while the host looks for it or deletes it."""
    found = scenes(dict.fromkeys(TWICE, Step(*MAKE, "after")), brittle, new_vms, planted)
    with ThreadPoolExecutor(len(found)) as pool, ExitStack() as stack:
        for scene in found.values():
            scene.begin(pool)
        for scene in found.values():
            scene.arrive()
        brittle.crash()
        for scene in found.values():
            scene.down()
        barriers = [
            stack.enter_context(scene.vms.faults.hold(method, path, stage=stage))  # type: ignore[arg-type]
            for scene, (method, path, stage) in zip(found.values(), TWICE.values(), strict=True)
        ]
        brittle.start()
        for barrier in barriers:
            barrier.wait()
        brittle.crash()
    brittle.start()
    yield found
    forget(found)


def test_before_anything_is_made(killed: Killed) -> None:
    scene = killed["looking"]
    assert scene.vms.made(scene.vast.reader) == []
    scene.ends_well()


def test_before_the_request_for_a_key_has_its_effect(killed: Killed) -> None:
    scene = killed["asking"]
    assert scene.vms.made(scene.vast.reader) == []
    scene.ends_well()
    assert len(scene.vms.made(scene.vast.reader)) == 1


@pytest.mark.parametrize("step", ORPHANS)
def test_a_key_without_an_answer_is_found_and_deleted(killed: Killed, step: str) -> None:
    """The host never heard its name; a key of somebody else stays."""
    scene = killed[step]
    scene.loses_its_orphan()
    scene.ends_well()
    assert scene.vms.keys(scene.vast.reader) == scene.others


def test_a_key_that_somebody_made_meanwhile_is_left_alone(killed: Killed) -> None:
    """Which of the two is ours cannot be told for certain: both stay, and the operator is told their names."""
    scene = killed["made, and somebody else made one as well"]
    vast, vms, reader = scene.vast, scene.vms, scene.reader
    assert eventually(lambda: bool(vast.leases(state="undecided")), 30)
    (lease,) = vast.leases(state="undecided")
    (orphan,), (foreign,) = vms.made(vast.reader), scene.others
    assert sorted(lease["undecided"]) == sorted([orphan, foreign])
    assert vms.keys(vast.reader) == {orphan, foreign}
    assert vast.refused(reader, 409)["reason"] == "key-limit"
    vms.delete_elsewhere(vast.reader, vms.key(vast.reader, orphan))
    assert vast.opens(vast.vend(reader))
    vast.settle()
    assert vms.keys(vast.reader) == {foreign}


def test_a_lease_that_was_handed_out_goes_on(killed: Killed) -> None:
    scene = killed["nothing"]
    vast, vms, keys = scene.vast, scene.vms, scene.keys
    assert keys is not None
    assert vast.opens(keys)
    # The same key, and none beside it.
    assert vast.vend(scene.reader).access_key_id == keys.access_key_id
    assert vms.made(vast.reader) == [keys.access_key_id]
    (lease,) = vast.leases(state="active")
    vast.revoke(lease)
    assert vms.keys(vast.reader) == scene.others
    scene.ends_well()


@pytest.mark.parametrize("step", ["deleting", "deleted"])
def test_a_deletion_is_brought_to_its_end(killed: Killed, step: str) -> None:
    scene = killed[step]
    vast, vms, keys = scene.vast, scene.vms, scene.keys
    assert keys is not None
    assert eventually(lambda: vms.keys(vast.reader) == set(), 30)
    assert eventually(lambda: vast.leases()[0]["state"] == "revoked")
    assert not vast.opens(keys)
    scene.ends_well()


@pytest.mark.parametrize("step", TWICE)
def test_once_more_while_it_recovers(killed_twice: Killed, step: str) -> None:
    scene = killed_twice[step]
    scene.loses_its_orphan()
    scene.ends_well()
