"""Prints what happens, step by step, with secrets masked; a check that fails ends the demo."""

import sys
import time


class CheckFailed(Exception):
    """What was shown is not what was promised."""


class Transcript:
    """Numbered steps on standard output."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._step = 0
        self._colour = sys.stdout.isatty()
        self.checks = 0

    def step(self, title: str) -> None:
        self._step += 1
        self._print(f"\n[{time.monotonic() - self._began:5.1f} s] {self._step}. {title}", "1")

    def say(self, text: str) -> None:
        for line in text.splitlines():
            self._print(f"          {line}")

    def check(self, holds: bool, text: str) -> None:
        if not holds:
            self._print(f"    FAILED {text}", "31")
            raise CheckFailed(text)
        self.checks += 1
        self._print(f"       ok  {text}", "32")

    def end(self) -> None:
        self._print(f"\n{self.checks} checks passed in {time.monotonic() - self._began:.1f} s", "1")

    def _print(self, line: str, code: str = "0") -> None:
        print(f"\x1b[{code}m{line}\x1b[0m" if self._colour else line, flush=True)


def masked(secret: str | None) -> str:
    """Enough to recognise it, too little to use it."""
    return "(none)" if not secret else f"{secret[:4]}{'*' * 8} ({len(secret)} characters)"
