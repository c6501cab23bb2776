"""Plain curl, as somebody without a library uses it."""

import subprocess
from pathlib import Path


def curl(url: str, *more: str, ca: Path | None = None) -> tuple[int, str]:
    """Status and body."""
    command = ["curl", "-sS", "--max-time", "20", "-w", "\n%{http_code}", *more]
    if ca is not None:
        command += ["--cacert", str(ca)]
    done = subprocess.run([*command, url], capture_output=True, text=True, check=True)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def options(headers: dict[str, str]) -> list[str]:
    """The headers that a presigned URL asks for."""
    return [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
