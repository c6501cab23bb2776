"""A PostgreSQL of our own in a temporary directory, one fresh database per host."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness.planted import Planted
from harness.process import Child
from harness.tools import free_ports, postgres_binary


class Postgres:
    """Runs as the `postgres` user when we are root: the server refuses to run as root."""

    def __init__(self, planted: Planted):
        self._dir = Path(tempfile.mkdtemp(prefix="pg-"))
        self._password = planted.hex("postgres password")
        self._as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
        self._child: Child | None = None
        self.port = 0

    def start(self) -> "Postgres":
        secret = self._dir / "password"
        secret.write_text(self._password)
        if self._as:
            owner = pwd.getpwnam("postgres")
            os.chown(self._dir, owner.pw_uid, owner.pw_gid)
            os.chown(secret, owner.pw_uid, owner.pw_gid)
        data = self._dir / "data"
        initdb = [*self._as, str(postgres_binary("initdb")), "-D", str(data), "-U", "postgres", "-A", "scram-sha-256"]
        initdb += [f"--pwfile={secret}", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run(initdb, check=True, capture_output=True, cwd=self._dir)
        (self.port,) = free_ports(1)
        # Hosts run until the end of the run, each with connections of its own.
        many = {"max_connections": 1000}
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": self._dir, "fsync": "off"} | many
        command = [*self._as, str(postgres_binary("postgres")), "-D", str(data), "-p", str(self.port)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        log = self._dir / "postgres.log"
        self._child = Child(command, log, cwd=self._dir)
        self._child.wait_ready(self._ready, 30)
        return self

    def _ready(self) -> bool:
        probe = [str(postgres_binary("pg_isready")), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(probe, check=False).returncode == 0

    def database(self) -> str:
        """A fresh database; its URL."""
        name = f"host_{secrets.token_hex(4)}"
        self._run("psql", "-c", f'CREATE DATABASE "{name}"', "postgres")
        return f"postgres://postgres:{self._password}@127.0.0.1:{self.port}/{name}"

    def dump(self, url: str) -> bytes:
        """Everything a database holds."""
        return self._run("pg_dump", "--inserts", url.rsplit("/", 1)[1])

    def query(self, url: str, statement: str) -> str:
        """What a statement answers, one row a line."""
        return self._run("psql", "-qtA", "-c", statement, url.rsplit("/", 1)[1]).decode()

    def _run(self, tool: str, *arguments: str) -> bytes:
        command = [str(postgres_binary(tool)), "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", *arguments]
        env = {**os.environ, "PGPASSWORD": self._password}
        return subprocess.run(command, check=True, capture_output=True, env=env).stdout

    def stop(self) -> None:
        if self._child is not None:
            self._child.kill()
        shutil.rmtree(self._dir, ignore_errors=True)
