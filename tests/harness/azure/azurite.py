"""Azurite: Azure's blob emulator. It knows containers and blobs, but neither directories nor roles."""

import base64
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from harness.authority import Authority
from harness.planted import Planted
from harness.process import Child
from harness.tools import accepts, azurite_script, free_ports


class Azurite:
    """A server with one account, in memory, on https."""

    def __init__(self, planted: Planted, authority: Authority, account: str = "mystorageaccount"):
        self._authority = authority
        self._dir = Path(tempfile.mkdtemp(prefix="azurite-"))
        self._child: Child | None = None
        self.account = account
        self.key = planted.note("azure account key", base64.b64encode(secrets.token_bytes(64)).decode())
        self.port = free_ports(1)[0]

    @property
    def log(self) -> Path:
        return self._dir / "azurite.log"

    def start(self) -> "Azurite":
        command = ["node", str(azurite_script()), "--blobHost", "127.0.0.1", "--blobPort", str(self.port)]
        command += ["--oauth", "basic", "--cert", str(self._authority.certificate), "--key", str(self._authority.key)]
        command += ["--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck", "--silent"]
        env = {"PATH": os.environ["PATH"], "HOME": str(self._dir), "AZURITE_ACCOUNTS": f"{self.account}:{self.key}"}
        self._child = Child(command, self.log, env=env, cwd=self._dir)
        self._child.wait_ready(lambda: accepts(self.port), 60)
        return self

    def stop(self) -> None:
        if self._child is not None:
            self._child.kill()
        shutil.rmtree(self._dir, ignore_errors=True)
