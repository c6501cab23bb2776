"""The part of CEL that access boundaries are written in, with a parser that takes nothing else.

expression = term {"||" term}; term = factor {"&&" factor}; factor = "(" expression ")" | call
call = subject ".startsWith(" string ")"
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_NAME = "resource.name"
_PREFIX = "storage.googleapis.com/objectListPrefix"
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", **{c: c for c in "\\?\"'`"}}
_TOKEN = re.compile(r"\s*(?:(\|\||&&|[().,])|([A-Za-z_]\w*)|(\"|'))")


class Unreadable(ValueError):
    """The text is not of the grammar above."""


@dataclass(frozen=True)
class Context:
    """What an expression is about: the resource's name, and the prefix of a listing ('' where nothing is listed)."""

    name: str
    prefix: str = ""


Condition = Callable[[Context], bool]


def condition(text: str) -> Condition:
    """Parses the whole text."""
    parser = _Parser(_tokens(text))
    found = parser.either()
    if parser.rest:
        raise Unreadable(f"unexpected {parser.rest[0]!r}")
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise Unreadable(f"at {at}: {text[at : at + 10]!r}")
        at = match.end()
        if match[3]:
            value, at = _string(text, at, match[3])
            found.append(("string", value))
        else:
            found.append(("mark", match[1]) if match[1] else ("word", match[2]))
    return found


def _string(text: str, at: int, quote: str) -> tuple[str, int]:
    if text.startswith(quote * 2, at):
        raise Unreadable("a string in three quotes")
    value = ""
    while at < len(text):
        sign = text[at]
        if sign == quote:
            return value, at + 1
        if sign in "\r\n":
            break
        if sign != "\\":
            value, at = value + sign, at + 1
            continue
        escaped = re.compile(
            r"([abfnrtv\\?\"'`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})"
        ).match(text, at + 1)
        if escaped is None:
            raise Unreadable(f"an unknown escape at {at}")
        code = next((part for part in escaped.groups()[1:4] if part), None)
        value += _SIMPLE[escaped[1]] if escaped[1] else chr(int(code, 16) if code else int(escaped[5], 8))
        at = escaped.end()
    raise Unreadable("a string that does not end")


class _Parser:
    def __init__(self, rest: list[tuple[str, str]]):
        self.rest = rest

    def either(self) -> Condition:
        terms = [self._both()]
        while self._take("mark", "||"):
            terms.append(self._both())
        return lambda context: any(term(context) for term in terms)

    def _both(self) -> Condition:
        factors = [self._factor()]
        while self._take("mark", "&&"):
            factors.append(self._factor())
        return lambda context: all(factor(context) for factor in factors)

    def _factor(self) -> Condition:
        if self._take("mark", "("):
            inner = self.either()
            self._need("mark", ")")
            return inner
        subject = self._subject()
        for kind, value in (("mark", "."), ("word", "startsWith"), ("mark", "(")):
            self._need(kind, value)
        wanted = self._need("string")
        self._need("mark", ")")
        return lambda context: subject(context).startswith(wanted)

    def _subject(self) -> Callable[[Context], str]:
        word = self._need("word")
        self._need("mark", ".")
        if word == "resource":
            self._need("word", "name")
            return lambda context: context.name
        if word == "api":
            self._need("word", "getAttribute")
            self._need("mark", "(")
            self._need("string", _PREFIX)
            self._need("mark", ",")
            self._need("string", "")
            self._need("mark", ")")
            return lambda context: context.prefix
        raise Unreadable(f"{word} is neither resource nor api")

    def _take(self, kind: str, value: str) -> bool:
        if self.rest and self.rest[0] == (kind, value):
            self.rest.pop(0)
            return True
        return False

    def _need(self, kind: str, value: str | None = None) -> str:
        if not self.rest or self.rest[0][0] != kind or value not in (None, self.rest[0][1]):
            raise Unreadable(f"{value or kind} is wanted, not {self.rest[0] if self.rest else 'the end'}")
        return self.rest.pop(0)[1]
