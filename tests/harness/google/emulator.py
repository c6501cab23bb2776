"""fake-gcs-server: Google's object store in memory. It checks no credential at all."""

import os
import shutil
import tempfile
from pathlib import Path

from harness.process import Child
from harness.tools import accepts, free_ports, gcs_binary


class Emulator:
    """A server on http, for the gate alone."""

    def __init__(self) -> None:
        self._dir = Path(tempfile.mkdtemp(prefix="gcs-"))
        self._child: Child | None = None
        self.port = free_ports(1)[0]

    @property
    def log(self) -> Path:
        return self._dir / "gcs.log"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Emulator":
        command = [str(gcs_binary()), "-scheme", "http", "-host", "127.0.0.1", "-port", str(self.port), "-backend", "memory"]
        command += ["-public-host", f"127.0.0.1:{self.port}", "-external-url", self.url, "-log-level", "error"]
        self._child = Child(command, self.log, env={"PATH": os.environ["PATH"], "HOME": str(self._dir)}, cwd=self._dir)
        self._child.wait_ready(lambda: accepts(self.port), 30)
        return self

    def stop(self) -> None:
        if self._child is not None:
            self._child.kill()
        shutil.rmtree(self._dir, ignore_errors=True)
