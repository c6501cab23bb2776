"""Shared access signatures as Microsoft documents them, written anew: parse, sign, verify. No code is shared with the host."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

# The order of a token's permission letters; another order is refused by Azure.
_ORDER = "racwdxyltmeopif"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,7})?)?Z|\d{4}-\d\d-\d\d")
_HEADERS = ["rscc", "rscd", "rsce", "rscl", "rsct"]
_KEY = ["skoid", "sktid", "skt", "ske", "sks", "skv"]
NAMES = {
    "sv", "sr", "sp", "st", "se", "sip", "spr", "si", "sdd", "sig", "ses", "saoid", "suoid", "scid", "skdutid", "sduoid",
    *_HEADERS, *_KEY,
}  # fmt: skip


class Refused(Exception):
    """Azure's code and what it says beside it."""

    def __init__(self, status: int, code: str, detail: str = ""):
        super().__init__(f"{code}: {detail}")
        self.status, self.code, self.detail = status, code, detail


@dataclass(frozen=True)
class DelegationKey:
    """A user-delegation key as the service gave it out."""

    oid: str
    tid: str
    start: str
    expiry: str
    service: str
    version: str
    value: str

    def named_by(self, fields: dict[str, str]) -> bool:
        mine = [self.oid, self.tid, self.start, self.expiry, self.service, self.version]
        return [fields.get(name) for name in _KEY] == mine


def directory_of(path: str, depth: int) -> str | None:
    """The first `depth` segments of a path: the directory that a signature of that depth is about."""
    parts = path.split("/")
    return "/".join(parts[:depth]) if depth > 0 and len(parts) >= depth and all(parts[:depth]) else None


def string_to_sign(fields: dict[str, str], account: str, container: str, path: str | None) -> str:
    """For a service SAS, or a user-delegation SAS when the key is named. `path` is unencoded, None for a container."""
    version = fields.get("sv", "")
    resource = f"/blob/{account}/{container}" + (f"/{path}" if path is not None else "")
    lines = [fields.get("sp", ""), fields.get("st", ""), fields.get("se", ""), resource]
    if "skoid" in fields:
        lines += [fields.get(name, "") for name in _KEY]
        if version >= "2020-02-10":
            lines += [fields.get(name, "") for name in ("saoid", "suoid", "scid")]
        if version >= "2025-07-05":
            lines += [fields.get(name, "") for name in ("skdutid", "sduoid")]
    else:
        lines.append(fields.get("si", ""))
    # The empty line stands for a snapshot, which nobody asks for.
    lines += [fields.get("sip", ""), fields.get("spr", ""), version, fields.get("sr", ""), ""]
    if version >= "2020-12-06":
        lines.append(fields.get("ses", ""))
    if "skoid" in fields and version >= "2026-04-06":
        lines += ["", ""]
    return "\n".join(lines + [fields.get(name, "") for name in _HEADERS])


def sign(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()


def token(fields: dict[str, str], account: str, container: str, path: str | None, key: str | DelegationKey) -> str:
    """Signs: `path` is unencoded, the directory or blob, or None for the container."""
    if isinstance(key, DelegationKey):
        named = zip(_KEY, [key.oid, key.tid, key.start, key.expiry, key.service, key.version], strict=True)
        fields = fields | dict(named)
    signature = sign(key if isinstance(key, str) else key.value, string_to_sign(fields, account, container, path))
    return urlencode(fields | {"sig": signature}, quote_via=quote)


def instant(text: str) -> float:
    """Seconds since the epoch of a time in one of the forms that Azure takes."""
    if not _TIME.fullmatch(text):
        raise Refused(403, "AuthenticationFailed", f"{text} is not a time")
    plain = re.sub(r"(\.\d+)?Z$", "", text)
    return datetime.fromisoformat(plain).replace(tzinfo=UTC).timestamp()


@dataclass(frozen=True)
class Grant:
    """What a verified SAS opens: letters, and the directory or blob (None: the container)."""

    letters: str
    resource: str
    path: str | None
    principal: str | None


def verify(
    fields: dict[str, str],
    account: str,
    container: str,
    path: str,
    secret: str,
    keys: list[DelegationKey],
    now: float,
    secure: bool,
) -> Grant:
    """Checks everything but the operation. `path` is the blob's, or the prefix that is listed."""
    for name in ("sv", "sr", "sp", "se", "sig"):
        if not fields.get(name):
            raise Refused(403, "AuthenticationFailed", f"{name} is mandatory")
    if not re.fullmatch(r"20\d\d-\d\d-\d\d", fields["sv"]) or fields["sv"] < "2018-11-09":
        raise Refused(403, "AuthenticationFailed", "sv is not one that is known here")
    for name in ("si", "sip", "ses"):
        if name in fields:
            raise Refused(403, "AuthenticationFailed", f"{name} is not known here")
    if list(fields["sp"]) != sorted(set(fields["sp"]), key=lambda letter: _ORDER.find(letter)) or set(fields["sp"]) - set(
        _ORDER
    ):
        raise Refused(403, "AuthenticationFailed", "sp is not in the order of the documentation")
    scope = _scope(fields, path)
    key = _delegation_key(fields, keys, now)
    text = string_to_sign(fields, account, container, scope)
    if not hmac.compare_digest(sign(key.value if key else secret, text), fields["sig"]):
        raise Refused(403, "AuthenticationFailed", f"Signature did not match. String to sign used was {text}")
    begins, ends = instant(fields["st"]) if "st" in fields else 0.0, instant(fields["se"])
    if not begins <= now < ends:
        shown = f"Start [{fields.get('st', '')}] - Expiry [{fields['se']}] - Current [{stamp(now)}]"
        raise Refused(403, "AuthenticationFailed", f"Signature not valid in the specified time frame: {shown}")
    if fields.get("spr", "https,http") == "https" and not secure:
        raise Refused(403, "AuthorizationProtocolMismatch")
    return Grant(fields["sp"], fields["sr"], scope, key.oid if key else None)


def _scope(fields: dict[str, str], path: str) -> str | None:
    kind, depth = fields["sr"], fields.get("sdd")
    if (kind == "d") != (depth is not None):
        raise Refused(403, "AuthenticationFailed", "sdd belongs to a directory, and only to it")
    if kind == "d":
        if fields["sv"] < "2020-02-10" or not re.fullmatch(r"[1-9]\d{0,2}", depth or ""):
            raise Refused(403, "AuthenticationFailed", "sdd is not a depth")
        found = directory_of(path, int(depth or ""))
        if found is None:
            raise Refused(403, "AuthenticationFailed", f"Signature did not match. {path!r} is less deep than {depth}")
        return found
    if kind not in ("b", "c"):
        raise Refused(403, "AuthenticationFailed", f"sr={kind} is not known here")
    return path if kind == "b" else None


def _delegation_key(fields: dict[str, str], keys: list[DelegationKey], now: float) -> DelegationKey | None:
    if not any(name in fields for name in [*_KEY, "saoid", "suoid", "scid", "skdutid", "sduoid"]):
        return None
    key = next((key for key in keys if key.named_by(fields)), None)
    if key is None:
        raise Refused(403, "AuthenticationFailed", "no user-delegation key of that description was given out")
    if not instant(key.start) <= now < instant(key.expiry) or instant(fields["se"]) > instant(key.expiry):
        shown = f"Key start [{key.start}] - Key expiry [{key.expiry}] - Current [{stamp(now)}]"
        raise Refused(403, "AuthenticationFailed", f"Signature not valid in the specified key time frame: {shown}")
    return key


def stamp(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
