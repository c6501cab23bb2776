"""What goes wrong on the way to the VMS and back: answers instead, waits, cuts, barriers."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.vms_wire import Cut, Reply, Request

# Before the call has had its effect, or after it, when only the answer is missing.
Stage = Literal["before", "after"]
_LONGEST_HOLD = 60


@dataclass
class Barrier:
    """Holds requests where they are until the test lets them go."""

    _reached: threading.Event = field(default_factory=threading.Event)
    _go: threading.Event = field(default_factory=threading.Event)
    _proceed: bool = True

    def wait(self, seconds: float = 30) -> None:
        """Until a request has arrived."""
        assert self._reached.wait(seconds), "no request reached the barrier"

    def reached(self) -> bool:
        return self._reached.is_set()

    def release(self, proceed: bool = True) -> None:
        """Lets them go on, or drops them: a request that is dropped has no effect and no answer."""
        self._proceed = proceed
        self._go.set()

    def _hold(self) -> None:
        self._reached.set()
        if not self._go.wait(_LONGEST_HOLD) or not self._proceed:
            raise Cut


@dataclass
class _Fault:
    method: str
    path: re.Pattern[str]
    stage: Stage
    act: Callable[[], Reply | None]
    times: int | None
    where: Callable[[Request], bool]


class Faults:
    """Faults by method and path below `/api/<version>`, the first that fits first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[_Fault] = []
        self._barriers: list[Barrier] = []
        self._stopping = threading.Event()

    def answer(
        self,
        method: str,
        path: str,
        status: int,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        drip: float = 0.0,
        stage: Stage = "before",
        times: int | None = 1,
        where: Callable[[Request], bool] = lambda _: True,
    ) -> None:
        """This answer instead of the true one."""
        reply = Reply(status, body, headers or {}, drip)
        self._add(method, path, stage, lambda: reply, times, where)

    def slow(self, method: str, path: str, seconds: float, *, stage: Stage = "before", times: int | None = 1) -> None:
        self._add(method, path, stage, lambda: self._sleep(seconds), times)

    def cut(self, method: str, path: str, *, stage: Stage = "before", times: int | None = 1) -> None:
        self._add(method, path, stage, _cut, times)

    @contextmanager
    def hold(self, method: str, path: str, *, stage: Stage, times: int | None = 1) -> Iterator[Barrier]:
        """A barrier. At the end of the block what is still held is dropped."""
        barrier = Barrier()
        self._barriers.append(barrier)
        self._add(method, path, stage, barrier._hold, times)
        try:
            yield barrier
        finally:
            if not barrier._go.is_set():
                barrier.release(proceed=False)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def stop(self) -> None:
        self.clear()
        self._stopping.set()
        for barrier in self._barriers:
            if not barrier._go.is_set():
                barrier.release(proceed=False)

    def at(self, stage: Stage, request: Request, path: str) -> Reply | None:
        """The answer that a fault puts in place of the true one, if one does."""
        with self._lock:
            found = next((fault for fault in self._faults if _fits(fault, stage, request, path)), None)
            if found is None:
                return None
            if found.times is not None:
                found.times -= 1
                if found.times == 0:
                    self._faults.remove(found)
        return found.act()

    def _add(
        self,
        method: str,
        path: str,
        stage: Stage,
        act: Callable[[], Reply | None],
        times: int | None,
        where: Callable[[Request], bool] = lambda _: True,
    ) -> None:
        with self._lock:
            self._faults.append(_Fault(method, re.compile(path), stage, act, times, where))

    def _sleep(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise Cut


def _fits(fault: _Fault, stage: Stage, request: Request, path: str) -> bool:
    if fault.stage != stage or fault.method != request.method:
        return False
    return fault.path.fullmatch(path) is not None and fault.where(request)


def _cut() -> None:
    raise Cut
