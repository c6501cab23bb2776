"""Codes of errors as replies show them: each must have an entry in `host/TROUBLESHOOTING.md`."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from harness.tools import ROOT

if TYPE_CHECKING:
    import requests

_ENTRY = re.compile(r"^\| `([a-z0-9_-]+)` \|", re.MULTILINE)


@cache
def entries() -> frozenset[str]:
    """The codes that the page has an entry for."""
    return frozenset(_ENTRY.findall((ROOT / "host/TROUBLESHOOTING.md").read_text()))


class Codes:
    """What was seen in the run, with the first reply that had it."""

    def __init__(self) -> None:
        self._ours: set[str] = set()
        self.seen: dict[str, str] = {}

    def watch(self, url: str, ours: bool) -> None:
        """Of hosts that serve our own strategies only: those of others have codes of their own."""
        if ours:
            self._ours.add(url)
        else:
            self._ours.discard(url)

    def note(self, url: str, reply: requests.Response) -> None:
        if url in self._ours and reply.status_code >= 400 and (code := of(reply)) is not None:
            self.seen.setdefault(code, f"{reply.request.method} {reply.request.path_url}: {reply.status_code}")

    def without_entry(self) -> list[str]:
        return [f"`{code}` ({where})" for code, where in sorted(self.seen.items()) if code not in entries()]


def of(reply: requests.Response) -> str | None:
    """The code of a refusal in each of the three forms; every refusal has one."""
    try:
        body: Any = reply.json()
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    found = error.get("reason") if isinstance(error, dict) else error or body.get("code")
    return found if isinstance(found, str) else None


SEEN = Codes()
