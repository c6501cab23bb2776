"""V4 signed URLs: the check of one, written anew from Google's description."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from harness.google.iam import Account, Iam
from harness.listener import Request

_ALGORITHM = "GOOG4-RSA-SHA256"
_WEEK = 604800


class Refused(Exception):
    """The store's code and text."""

    def __init__(self, status: int, code: str, text: str):
        super().__init__(f"{code}: {text}")
        self.status, self.code, self.text = status, code, text


def is_signed(request: Request) -> bool:
    return "X-Goog-Signature" in request.query


def verify(request: Request, iam: Iam, host: str) -> Account:
    """Whose signature it is."""
    fields = request.parameters()
    try:
        algorithm, credential, when, seconds, names, signature = (
            fields[f"X-Goog-{name}"] for name in ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
        )
    except KeyError as error:
        raise Refused(400, "AuthenticationRequired", f"{error} is missing") from error
    email, _, scope = credential.partition("/")
    if algorithm != _ALGORITHM or not re.fullmatch(r"\d{8}/[a-z0-9-]+/storage/goog4_request", scope):
        raise Refused(400, "InvalidArgument", "algorithm or scope")
    account = next((account for account in iam.accounts if account.email == email and not account.disabled), None)
    if account is None:
        raise Refused(403, "AccessDenied", f"{email} is not known")
    _in_time(when, scope, seconds, iam.now())
    text = _string_to_sign(request, host, when, scope, names)
    try:
        account.key.public_key().verify(bytes.fromhex(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError) as error:
        raise Refused(403, "SignatureDoesNotMatch", f"the string to sign is {text}") from error
    return account


def _in_time(when: str, scope: str, seconds: str, now: float) -> None:
    if not re.fullmatch(r"\d{8}T\d{6}Z", when) or not scope.startswith(when[:8]) or not seconds.isdecimal():
        raise Refused(400, "InvalidArgument", "date or expiry")
    begins = datetime.strptime(when, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    if not 1 <= int(seconds) <= _WEEK:
        raise Refused(400, "InvalidArgument", "X-Goog-Expires must be a number less than 604800")
    if begins > now + 900:
        raise Refused(403, "AccessDenied", "Request is not yet valid")
    if begins + int(seconds) <= now:
        raise Refused(400, "ExpiredToken", "The provided token has expired")


def _string_to_sign(request: Request, host: str, when: str, scope: str, names: str) -> str:
    listed = names.split(";")
    if listed != sorted(set(listed)) or "host" not in listed or names != names.lower():
        raise Refused(400, "InvalidArgument", "signed headers")
    headers = {name: host if name == "host" else request.headers.get(name) for name in listed}
    if None in headers.values():
        raise Refused(403, "SignatureDoesNotMatch", "a signed header was not sent")
    extension = [name.lower() for name in request.headers if name.lower().startswith("x-goog-")]
    if set(extension) - set(listed):
        raise Refused(400, "ExcessHeaderValues", "a header that is not signed")
    parts = (part.partition("=") for part in request.query.split("&"))
    pairs = [(unquote(name), unquote(value)) for name, _, value in parts if unquote(name) != "X-Goog-Signature"]
    query = "&".join(f"{name}={value}" for name, value in sorted((_encoded(name), _encoded(value)) for name, value in pairs))
    path = "/".join(_encoded(unquote(part)) for part in request.path.split("/"))
    lines = "".join(f"{name}:{' '.join(str(headers[name]).split())}\n" for name in listed)
    payload = str(headers.get("x-goog-content-sha256", "UNSIGNED-PAYLOAD"))
    canonical = "\n".join([request.method, path, query, lines, names, payload])
    return "\n".join([_ALGORITHM, when, scope, hashlib.sha256(canonical.encode()).hexdigest()])


def _encoded(text: str) -> str:
    return quote(text, safe="-._~")
