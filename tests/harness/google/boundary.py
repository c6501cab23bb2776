"""Credential Access Boundaries: what a downscoped token may do."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from harness.google import cel

_BUCKET = re.compile(r"//storage\.googleapis\.com/projects/_/buckets/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])")
_GET, _LIST, _CREATE, _DELETE, _UPDATE = (f"storage.objects.{name}" for name in ("get", "list", "create", "delete", "update"))
ROLES = {
    "roles/storage.objectViewer": {_GET, _LIST},
    "roles/storage.objectCreator": {_CREATE},
    "roles/storage.objectUser": {_GET, _LIST, _CREATE, _DELETE, _UPDATE},
    "roles/storage.objectAdmin": {_GET, _LIST, _CREATE, _DELETE, _UPDATE},
    "roles/storage.legacyObjectReader": {_GET},
    "roles/storage.legacyObjectOwner": {_GET, _UPDATE},
    "roles/storage.legacyBucketReader": {"storage.buckets.get", _LIST},
    "roles/storage.legacyBucketWriter": {"storage.buckets.get", _LIST, _CREATE, _DELETE},
}
ALL = frozenset({_GET, _LIST, _CREATE, _DELETE, _UPDATE})


class Invalid(ValueError):
    """Google would not take this boundary."""


@dataclass(frozen=True)
class Need:
    """One right on one thing: an object, or the listing of a prefix."""

    permission: str
    bucket: str
    key: str | None = None
    prefix: str = ""

    def context(self) -> cel.Context:
        bucket = f"projects/_/buckets/{self.bucket}"
        return cel.Context(bucket if self.key is None else f"{bucket}/objects/{self.key}", self.prefix)


@dataclass(frozen=True)
class Rule:
    bucket: str
    permissions: frozenset[str]
    condition: cel.Condition | None
    expression: str | None

    def permits(self, need: Need) -> bool:
        if need.bucket != self.bucket or need.permission not in self.permissions:
            return False
        return self.condition is None or self.condition(need.context())


@dataclass(frozen=True)
class Boundary:
    rules: list[Rule]

    def permits(self, need: Need) -> bool:
        return any(rule.permits(need) for rule in self.rules)


def read(text: str) -> Boundary:
    """Reads `{"accessBoundary": {"accessBoundaryRules": […]}}`; a member that is not documented is an error."""
    try:
        body = json.loads(text)
    except ValueError as error:
        raise Invalid(f"no JSON: {error}") from error
    rules = _only(_only(body, "accessBoundary")["accessBoundary"], "accessBoundaryRules")["accessBoundaryRules"]
    if not isinstance(rules, list) or not 1 <= len(rules) <= 10:
        raise Invalid("one to ten rules are wanted")
    return Boundary([_rule(rule) for rule in rules])


def _rule(body: Any) -> Rule:
    _only(body, "availableResource", "availablePermissions", optional=("availabilityCondition",))
    bucket = _BUCKET.fullmatch(str(body["availableResource"]))
    if bucket is None:
        raise Invalid(f"availableResource {body['availableResource']!r}")
    granted: set[str] = set()
    named = body["availablePermissions"]
    if not isinstance(named, list) or not named:
        raise Invalid("availablePermissions is empty")
    for name in named:
        if not isinstance(name, str) or (role := name.removeprefix("inRole:")) == name or role not in ROLES:
            raise Invalid(f"availablePermissions {name!r}")
        granted |= ROLES[role]
    expression = None
    if "availabilityCondition" in body:
        found = _only(body["availabilityCondition"], "expression", optional=("title", "description"))
        expression = found["expression"]
        if not isinstance(expression, str):
            raise Invalid("the expression is no text")
    try:
        parsed = cel.condition(expression) if expression is not None else None
    except cel.Unreadable as error:
        raise Invalid(f"the expression: {error}") from error
    return Rule(bucket[1], frozenset(granted), parsed, expression)


def _only(body: Any, *wanted: str, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    if not isinstance(body, dict) or not set(wanted) <= set(body) <= {*wanted, *optional}:
        raise Invalid(f"an object with {', '.join(wanted)} is wanted")
    return body
