"""The host under test: the real binary, a data directory of its own, its log in a file."""

import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

import requests

from harness import codes
from harness.api import Api
from harness.planted import Planted, leaks_in_files
from harness.postgres import Postgres
from harness.process import Child
from harness.s3 import REGION
from harness.seaweed import VEND_ROLE, Seaweed
from harness.tools import free_ports, host_binary, plugin_dir

ROOT_USER = "root"


class Host:
    """One host. `settings` go over the defaults; a value of None removes a default."""

    def __init__(
        self,
        planted: Planted,
        seaweed: Seaweed | None = None,
        postgres: Postgres | None = None,
        settings: dict[str, str | None] | None = None,
        profile: str = "debug",
    ):
        self._planted = planted
        self._postgres = postgres
        self._binary = host_binary(profile)
        self._child: Child | None = None
        self._root: Api | None = None
        self.dir = Path(tempfile.mkdtemp(prefix="host-"))
        self.data = self.dir / "data"
        self.data.mkdir(mode=0o700)
        self.log = self.dir / "host.log"
        self.port = free_ports(1)[0]
        self.database_url = postgres.database() if postgres else None
        self.root_password = planted.password("root password")
        self.settings = self._defaults(seaweed) | (settings or {})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _defaults(self, seaweed: Seaweed | None) -> dict[str, str | None]:
        found: dict[str, str | None] = {
            # Nothing of the developer's own environment: no home with cloud profiles, no proxies.
            "PATH": os.environ["PATH"],
            "HOME": str(self.dir),
            "AWS_EC2_METADATA_DISABLED": "true",
            "PANGOLIN_BIND_ADDRESS": "127.0.0.1",
            "PORT": str(self.port),
            "PANGOLIN_DATA_DIR": str(self.data),
            "PANGOLIN_PLUGIN_DIR": str(plugin_dir()),
            "PANGOLIN_ENCRYPTION_KEY": self._planted.encryption_key("encryption key"),
            "PANGOLIN_JWT_SECRET": self._planted.hex("jwt secret", 48),
            "PANGOLIN_ROOT_USER": ROOT_USER,
            "PANGOLIN_ROOT_PASSWORD": self.root_password,
            "PANGOLIN_EGRESS_ALLOW": "127.0.0.0/8",
            "PANGOLIN_LOCAL_STORAGE_DIR": str(self.dir / "local"),
            "AWS_REGION": REGION,
            "RUST_LOG": "debug",
        }
        (self.dir / "local").mkdir()
        if self.database_url:
            found["DATABASE_URL"] = self.database_url
        if seaweed:
            found |= {
                "AWS_ACCESS_KEY_ID": seaweed.vendor.access_key_id,
                "AWS_SECRET_ACCESS_KEY": seaweed.vendor.secret_access_key,
                "AWS_ENDPOINT_URL": seaweed.endpoint,
                "AWS_ENDPOINT_URL_STS": seaweed.endpoint,
                "AWS_ALLOW_HTTP": "true",
                "PANGOLIN_STS_ROLE_ARN": VEND_ROLE,
            }
        return found

    def env(self) -> dict[str, str]:
        return {name: value for name, value in self.settings.items() if value is not None}

    def start(self, seconds: float = 60) -> "Host":
        codes.SEEN.watch(self.url, self.settings.get("PANGOLIN_PLUGIN_DIR") == str(plugin_dir()))
        self._child = Child([str(self._binary), "serve"], self.log, env=self.env(), cwd=self.dir)
        self._child.wait_ready(self._ready, seconds)
        return self

    def _ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/health/ready", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def refuses_to_start(self, seconds: float = 20) -> str:
        """Starts it, expects it to end by itself, gives what it said."""
        child = Child([str(self._binary), "serve"], self.log, env=self.env(), cwd=self.dir)
        try:
            code = child.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"the host runs although it should not:\n{child.tail()}") from error
        finally:
            child.kill()
        assert code != 0, f"the host ended with 0:\n{child.tail()}"
        return child.tail()

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another subcommand of the binary, under the same settings."""
        command = [str(self._binary), *arguments]
        return subprocess.run(command, env=self.env(), cwd=self.dir, capture_output=True, text=True, timeout=60, check=False)

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop()

    @property
    def pid(self) -> int:
        assert self._child is not None, "the host was not started"
        return self._child.pid

    def crash(self) -> None:
        """Ends it without a chance to clean up."""
        if self._child is not None:
            self._child.kill()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def api(self, token: str | None = None) -> Api:
        return Api(self.url, token, planted=self._planted)

    def root(self) -> Api:
        """Root, logged in once: a test may have throttled its source since."""
        if self._root is None:
            user, password = (str(self.settings[f"PANGOLIN_ROOT_{part}"]) for part in ("USER", "PASSWORD"))
            self._root = self.api().login(user, password)
        return self._root

    def logged(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def leaks(self) -> list[str]:
        """Where planted secrets lie although they must not: log, audit rows, database. Stops the host."""
        found: list[str] = []
        if self._child is not None and self._child.alive() and self.settings.get("PANGOLIN_NO_AUTH") is None:
            audit = self.root().audit_text()
            found += [f"{name} in the audit rows" for name in self._planted.found_in(audit.encode())]
        self.stop()
        found += leaks_in_files(self._planted, [self.log, *self.data.rglob("*")])
        if self._postgres and self.database_url:
            dump = self._postgres.dump(self.database_url)
            found += [f"{name} in PostgreSQL" for name in self._planted.found_in(dump)]
        return found


def unused_name(lead: str) -> str:
    return f"{lead}-{secrets.token_hex(4)}"
