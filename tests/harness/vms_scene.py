"""A lease that is in the middle of something when its host is killed."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

import pytest
import requests

from harness.host import Host
from harness.planted import Planted
from harness.s3 import Keys
from harness.vms import Vms
from harness.vms_faults import Barrier, Stage
from harness.vms_world import eventually, new_vast_lake


@dataclass(frozen=True)
class Step:
    """The call to the VMS that is under way; none: there is a lease, and nothing is done with it."""

    method: str | None = None
    path: str = ""
    stage: Stage = "before"
    # The call has its effect all the same, while the host is down or when it is up again.
    lands: Literal["down", "up"] | None = None
    # Somebody else makes a key, before all this or while the host is down.
    foreign: Literal["before", "down"] | None = None
    times: Literal["second", "microsecond"] | None = "second"

    @property
    def leaves_an_orphan(self) -> bool:
        return self.method == "POST" and (self.stage == "after" or self.lands is not None) and self.foreign != "down"


class Scene:
    """A VMS, a warehouse and a reader, and how far they are: begun, arrived, down, up."""

    def __init__(self, step: Step, host: Host, vms: Vms, planted: Planted):
        self.step, self.vms = step, vms
        self.vms.settings.times = step.times
        self.vast = new_vast_lake(host, vms, planted)
        self.vast.table("orders")
        self.vast.settle()
        self.reader = self.vast.tenant.user("Reader")
        self.keys: Keys | None = None
        self.others: set[str] = set()
        self._held = ExitStack()
        self._barrier: Barrier | None = None
        self._asked: Future[requests.Response] | None = None

    def begin(self, pool: Executor) -> None:
        step, vast = self.step, self.vast
        if step.foreign == "before":
            self._make_elsewhere()
        if step.method in (None, "DELETE"):
            self.keys = vast.vend(self.reader)
        if step.method is None:
            return
        self._barrier = self._held.enter_context(self.vms.faults.hold(step.method, step.path, stage=step.stage))
        if step.method == "DELETE":
            (lease,) = vast.leases(state="active")
            self._asked = pool.submit(vast.admin.request, "POST", f"/api/v1/leases/{lease['id']}/revoke")
        else:
            self._asked = pool.submit(vast.ask, self.reader)

    def arrive(self) -> None:
        if self._barrier is not None:
            self._barrier.wait()

    def down(self) -> None:
        """The host is dead, whoever asked has no answer."""
        if self._asked is not None:
            with pytest.raises(requests.RequestException):
                self._asked.result(30)
        if self.step.foreign == "down":
            self._make_elsewhere()
        if self._barrier is not None and self.step.lands == "down":
            self._barrier.release()
            assert eventually(lambda: len(self.vms.made(self.vast.reader)) == 1)
        if self.step.lands != "up":
            self._held.close()

    def up(self) -> None:
        """The host runs again."""
        if self._barrier is not None and self.step.lands == "up":
            self._barrier.release()
        self._held.close()

    def loses_its_orphan(self) -> None:
        """The host deletes the key that nobody was told of."""
        vms, reader = self.vms, self.vast.reader
        assert eventually(lambda: len(vms.made(reader)) >= 1)
        orphan = vms.made(reader)[0]
        assert eventually(lambda: vms.deleted(reader) == [orphan], 30), self.vast.leases()

    def settled(self) -> bool:
        """Nothing is under way any more, and the host knows every key that it made."""
        vast = self.vast
        active = [lease for lease in vast.leases(state="active") if lease["access"] == "read"]
        busy = vast.leases(state="minting") + vast.leases(state="revoking")
        return not busy and len(vast.held(vast.reader)) == len(active)

    def ends_well(self) -> None:
        """The host finds its way back, vends again, and can take everything away."""
        vast = self.vast
        assert eventually(self.settled, 30), vast.leases()
        keys = vast.vend(self.reader)
        assert vast.opens(keys)
        assert self.settled()
        vast.settle()
        assert not vast.opens(keys)
        assert vast.reader.most_keys <= 2

    def _make_elsewhere(self) -> None:
        self.others.add(self.vms.make_elsewhere(self.vast.reader).access_key)
