"""A plugin directory as an operator keeps it, and components that differ in nothing but their digest."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.api import Api


def marked(component: bytes, mark: str) -> bytes:
    """The same component under another digest: a custom section at its end says nothing to the host."""
    name, payload = b"mark", mark.encode()
    content = leb(len(name)) + name + payload
    return component + b"\0" + leb(len(content)) + content


def leb(number: int) -> bytes:
    out = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def digest(component: bytes) -> str:
    return hashlib.sha256(component).hexdigest()


class PluginFolder:
    """A directory of components beside a grant file."""

    def __init__(self, home: Path, name: str = "plugins"):
        self.path = home / name
        self.path.mkdir(mode=0o755)
        self.path.chmod(0o755)
        self.grants = home / f"{name}-grants.toml"
        self.grant("")

    @property
    def settings(self) -> dict[str, str | None]:
        return {"PANGOLIN_PLUGIN_DIR": str(self.path), "PANGOLIN_PLUGIN_GRANTS": str(self.grants)}

    def put(self, name: str, content: bytes) -> str:
        """In one step, as careful operators do."""
        next_one = self.path / f".{name}.part"
        next_one.write_bytes(content)
        next_one.chmod(0o644)
        next_one.rename(self.path / name)
        return digest(content)

    def copy(self, name: str, content: bytes) -> str:
        """In place, as `cp` does: for a while there is half a file."""
        path = self.path / name
        path.touch(mode=0o644)
        with path.open("r+b") as file:
            file.truncate(0)
            for at in range(0, len(content), max(len(content) // 8, 1)):
                file.write(content[at : at + max(len(content) // 8, 1)])
                file.flush()
                time.sleep(0.02)
        return digest(content)

    def remove(self, name: str) -> None:
        (self.path / name).unlink()

    def grant(self, text: str) -> None:
        self.grants.touch(mode=0o600)
        self.grants.write_text(text)


def until(probe: Callable[[], Any], seconds: float = 30) -> Any:
    """What the probe gives once that is something."""
    end = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        assert time.monotonic() < end, f"not within {seconds} s: {found!r}"
        time.sleep(0.05)


def served(api: Api, name: str) -> str | None:
    """The digest that serves under a name."""
    plugins = api.get("/api/v1/plugins")["plugins"]
    return next((plugin["digest"] for plugin in plugins if plugin["name"] == name), None)


def rejected(root: Api, file: str) -> dict[str, Any] | None:
    found = root.get("/api/v1/plugins")["rejected"]
    return next((entry for entry in found if entry["file"] == file), None)
