"""Iceberg's Java client: one JVM that is called line by line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from harness.tools import ROOT, java_jars, java_program

_SOURCE = ROOT / "tests" / "fixtures" / "java" / "Client.java"


class JavaError(Exception):
    """An exception of the client, by the names of its class and its causes."""

    def __init__(self, classes: list[str], message: str):
        super().__init__(f"{' <- '.join(classes)}: {message}")
        self.classes = classes
        self.name = classes[0]


class Java:
    """A JVM with the client in it."""

    def __init__(self) -> None:
        self._log = tempfile.TemporaryFile()
        options = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Daws.ec2MetadataDisabled=true"]
        command = [str(java_program()), *options, "-cp", ":".join(map(str, java_jars())), str(_SOURCE)]
        # Nothing of the developer's own: no profile, no region.
        env = {"PATH": "/usr/bin:/bin", "HOME": tempfile.gettempdir(), "AWS_EC2_METADATA_DISABLED": "true"}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=self._log, env=env, text=True)
        self._names = count()

    def call(self, name: str, **arguments: Any) -> Any:
        """One call, or the exception that it ended in."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"call": name} | arguments) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the JVM ended:\n{self.log()}"
        answer = json.loads(line)
        if "errors" in answer:
            raise JavaError(answer["errors"], answer["message"])
        return answer["result"]

    def catalog(self, session: dict[str, str] | None = None, **properties: str) -> JavaCatalog:
        """A catalog with exactly these properties. With `session`, one of a session with these credentials."""
        name = self.new_name()
        self.call("open", catalog=name, properties=properties, session=session)
        return JavaCatalog(self, name)

    def new_name(self) -> str:
        return f"n{next(self._names)}"

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """As on a laptop whose lid is shut: nothing runs, and then it is later."""
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)

    def log(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-20000:]

    def stop(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._log.close()


class JavaCatalog:
    """A catalog of the client."""

    def __init__(self, java: Java, name: str):
        self._java, self._name = java, name

    def call(self, name: str, **arguments: Any) -> Any:
        return self._java.call(name, catalog=self._name, **arguments)

    def namespaces(self, below: str = "") -> list[str]:
        return self.call("namespaces", namespace=below)

    def tables(self, namespace: str) -> list[str]:
        return self.call("tables", namespace=namespace)

    def create(self, table: str, properties: dict[str, str] | None = None, location: str | None = None) -> JavaTable:
        return self._held("create", table=table, properties=properties, location=location)

    def create_filled(self, table: str, count: int) -> JavaTable:
        """A table that comes into being together with its first rows."""
        return self._held("create_filled", table=table, count=count)

    def load(self, table: str) -> JavaTable:
        return self._held("load", table=table)

    def register(self, table: str, metadata: str) -> JavaTable:
        return self._held("register", table=table, metadata=metadata)

    def exists(self, table: str) -> bool:
        return self.call("exists", table=table)

    def drop(self, table: str, purge: bool = False) -> bool:
        return self.call("drop", table=table, purge=purge)

    def close(self) -> None:
        self.call("close")

    def _held(self, name: str, **arguments: Any) -> JavaTable:
        held = self._java.new_name()
        return JavaTable(self._java, held, self.call(name, **{"as": held}, **arguments))


class JavaTable:
    """A table as it was when it was loaded; `rows` looks again."""

    def __init__(self, java: Java, held: str, said: dict[str, Any]):
        self._java, self.held, self._said = java, held, said

    def __getitem__(self, key: str) -> Any:
        return self._said[key]

    def call(self, name: str, **arguments: Any) -> Any:
        return self._java.call(name, held=self.held, **arguments)

    def append(self, first: int, count: int = 1) -> None:
        self.call("append", **{"from": first}, count=count)

    def write(self, location: str) -> None:
        """Writes an object anywhere, by what this table brought."""
        self.call("write_file", location=location)

    def delete(self, *locations: str) -> None:
        """One by one if it is one, else in one request."""
        if len(locations) == 1:
            self.call("delete_file", location=locations[0])
        else:
            self.call("delete_files", locations=dict(enumerate(locations)))

    def prepare(self, table: str, first: int) -> None:
        """An append that waits for `commit_together`."""
        self.call("prepare", table=table, **{"from": first})

    def read_again(self) -> list[list[Any]]:
        """The rows of the state that was loaded: the catalog is not asked."""
        return self.call("read_again")

    def rows(self) -> list[list[Any]]:
        return self.call("rows")
