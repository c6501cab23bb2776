"""Child processes that never outlive the run, and are ended by their own id only."""

import ctypes
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class StartFailed(RuntimeError):
    """The process ended, or did not become ready in time."""


class Child:
    """One process with its output in a file."""

    def __init__(self, command: list[str], log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None):
        self.log = log
        self.name = Path(command[0]).name
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=dict(env) if env is not None else None,
                cwd=cwd,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self.pid = self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None

    def wait_ready(self, ready: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.alive():
                raise StartFailed(f"{self.name} ended with {self._process.returncode}:\n{self.tail()}")
            if ready():
                return
            time.sleep(0.02)
        self.kill()
        raise StartFailed(f"{self.name} was not ready after {seconds} s:\n{self.tail()}")

    def wait(self, seconds: float) -> int:
        return self._process.wait(seconds)

    def stop(self, seconds: float = 10) -> int | None:
        """Asks with SIGTERM; kills when that is not heard."""
        if self.alive():
            self._process.send_signal(signal.SIGTERM)
            try:
                return self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        return self._process.returncode

    def kill(self) -> None:
        if self.alive():
            self._process.kill()
        self._process.wait(10)

    def tail(self, lines: int = 40) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
