"""Secrets that the suite plants, and the search for them where they must not be."""

import base64
import secrets
import string
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote

# The least length of a value, and of each of its forms.
_LEAST = 8
# Replies are searched by the thousand, where a process for each takes minutes; longer texts are searched by grep.
_SHORT = 64 * 1024
_KEY_ALPHABET = string.ascii_letters + string.digits


@dataclass
class Planted:
    """A registry of values that may appear nowhere but in the request or the reply that carries them."""

    values: dict[str, str] = field(default_factory=dict)
    # Every form of every value with its name, by how it begins.
    _begins: dict[bytes, list[tuple[bytes, str]]] = field(default_factory=dict, repr=False)

    def note(self, name: str, value: str) -> str:
        """Registers a value that came from elsewhere, such as a vended key or a token."""
        if len(value) < _LEAST:
            raise ValueError(f"{name} is too short to search for")
        if value not in self.values:
            self.values[value] = name
            for form in forms(value):
                self._begins.setdefault(form[:_LEAST], []).append((form, name))
        return value

    def key(self, name: str, length: int = 40) -> str:
        """As AWS draws them. Every one has '/' and '+', which change under percent-encoding: a leak must be found in that
        form as well, and what is done to a key must not hang on whether it happens to have them."""
        drawn = [secrets.choice(_KEY_ALPHABET) for _ in range(length)]
        slash, plus = secrets.SystemRandom().sample(range(1, length - 1), 2)
        drawn[slash], drawn[plus] = "/", "+"
        return self.note(name, "".join(drawn))

    def password(self, name: str) -> str:
        return self.note(name, "Pw!" + secrets.token_hex(12))

    def hex(self, name: str, length: int = 32) -> str:
        return self.note(name, secrets.token_hex(length // 2))

    def encryption_key(self, name: str) -> str:
        return self.note(name, base64.b64encode(secrets.token_bytes(32)).decode())

    def found_in(self, data: bytes) -> list[str]:
        """Names of the secrets that occur in `data`, in clear or in an encoding that anybody can undo."""
        if len(data) <= _SHORT:
            begins = {data[at : at + _LEAST] for at in range(len(data) - _LEAST + 1)} & self._begins.keys()
            return sorted({name for begin in begins for form, name in self._begins[begin] if form in data})
        held = self.values.items() if self._any_line_in(data) else [item for item in self.values.items() if "\n" in item[0]]
        return sorted({name for value, name in held if any(form in data for form in forms(value))})

    def _any_line_in(self, data: bytes) -> bool:
        """Whether any form of a value of one line is there: in one pass, where one search for each takes minutes."""
        lines = {form for value in self.values for form in forms(value) if b"\n" not in form}
        if not lines or not data:
            return False
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            command = ["grep", "--text", "--quiet", "--fixed-strings", "--file=-", file.name]
            searched = subprocess.run(command, input=b"\n".join(lines), env={"LC_ALL": "C"}, check=False)
        if searched.returncode not in (0, 1):
            raise RuntimeError("grep could not search")
        return searched.returncode == 0


@cache
def forms(value: str) -> frozenset[bytes]:
    """The forms a leak takes: raw, percent-encoded, JSON-escaped, hexadecimal, base64 at the three alignments."""
    raw = value.encode()
    found = {raw, quote(value, safe="").encode(), value.replace("/", "\\/").encode(), raw.hex().encode()}
    for lead in range(3):
        encoded = base64.b64encode(b"\0" * lead + raw).rstrip(b"=")
        # The first and last characters mix with their neighbours.
        inner = encoded[-(-lead * 8 // 6) : -1]
        found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return frozenset(found)


def leaks_in_files(planted: Planted, files: Iterable[Path]) -> list[str]:
    """One line per file and secret."""
    lines: list[str] = []
    for path in files:
        if path.is_file():
            lines += [f"{name} in {path}" for name in planted.found_in(path.read_bytes())]
    return lines
