"""Reads what a built component imports and exports, from its bytes alone.

The layout is that of the component model's binary format: after eight bytes of preamble come
sections (id, size, content); 10 holds imports, 11 exports.
"""

from pathlib import Path

PREAMBLE = b"\0asm\x0d\0\x01\0"
IMPORTS, EXPORTS = 10, 11
FUNCTION, INSTANCE = 1, 5


def interfaces(path: Path, section: int, functions: bool = False) -> set[str]:
    """Names in the component's outermost sections of this kind. `functions` may stand beside interfaces."""
    data = path.read_bytes()
    assert data.startswith(PREAMBLE), f"{path.name} is no component"
    at, names = len(PREAMBLE), set()
    while at < len(data):
        kind, (size, start) = data[at], leb(data, at + 1)
        if kind == section:
            names |= set(_names(data, start, start + size, kind, functions))
        at = start + size
    return names


def leb(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned number, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def _names(data: bytes, at: int, end: int, kind: int, functions: bool) -> list[str]:
    """Ours are instances all: a kind of 5 and an index; an export has an optional type after it."""
    count, at = leb(data, at)
    names = []
    for _ in range(count):
        assert data[at] in (0, 1), "an extern name begins with 0 or 1"
        length, at = leb(data, at + 1)
        name = data[at : at + length].decode()
        at += length
        if not functions or data[at] != FUNCTION:
            assert data[at] == INSTANCE, f"{name} is no interface"
            names.append(name)
        _, at = leb(data, at + 1)
        if kind == EXPORTS:
            assert data[at] == 0, f"{name} is exported under another type"
            at += 1
    assert at == end, "the section was not read to its end"
    return names
