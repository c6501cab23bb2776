"""Which rights a request to the object store needs, in its JSON and its XML form."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from email.parser import BytesParser
from urllib.parse import unquote

from harness.google.boundary import Need
from harness.listener import Request

_OBJECT = re.compile(r"(?:/download)?/storage/v1/b/([^/]+)/o/([^/]+)")
_OBJECTS = re.compile(r"/storage/v1/b/([^/]+)/o")
_UPLOAD = re.compile(r"(?:/resumable)?/upload/storage/v1/b/([^/]+)/o")
_COPY = re.compile(r"/storage/v1/b/([^/]+)/o/([^/]+)/(?:rewriteTo|copyTo)/b/([^/]+)/o/([^/]+)")
_COMPOSE = re.compile(r"/storage/v1/b/([^/]+)/o/([^/]+)/compose")
_BUCKET = re.compile(r"/storage/v1/b/([^/]+)")
_VERBS = {"GET": "get", "HEAD": "get", "DELETE": "delete", "PATCH": "update", "PUT": "update"}


class Unclear(ValueError):
    """Nothing that the gate lets through, whoever asks."""


@dataclass(frozen=True)
class Operation:
    """`kind` is `object`, `list`, `write`, `session` (the parts of an upload that was opened before) or `bucket`."""

    kind: str
    bucket: str
    key: str = ""
    needs: list[Need] = field(default_factory=list)
    xml: bool = False


def understand(request: Request) -> Operation:
    try:
        fields = request.parameters()
        return _json(request, fields) or _xml(request, fields)
    except UnicodeDecodeError as error:
        raise Unclear("a path that is not UTF-8") from error


def _need(verb: str, bucket: str, key: str) -> Need:
    return Need(f"storage.objects.{verb}", bucket, key)


def _json(request: Request, fields: dict[str, str]) -> Operation | None:
    path, method = request.path, request.method
    if match := _matched(_UPLOAD, path):
        return _upload(request, match[0], fields)
    if match := _matched(_OBJECT, path):
        verb = _VERBS.get(method)
        if verb is None:
            raise Unclear(f"{method} of an object")
        return Operation("object", *match, [_need(verb, *match)])
    if match := _matched(_OBJECTS, path):
        if method != "GET":
            raise Unclear(f"{method} of a list")
        return _list(match[0], fields, False)
    if match := _matched(_COPY, path):
        source, target = match[:2], match[2:]
        return Operation("write", *target, [_need("get", *source), _need("create", *target)])
    if match := _matched(_COMPOSE, path):
        body = json.loads(request.body)
        sources = [_need("get", match[0], str(source["name"])) for source in body["sourceObjects"]]
        return Operation("write", *match, [*sources, _need("create", *match)])
    if match := _matched(_BUCKET, path):
        return Operation(
            "bucket", match[0], "", [Need("storage.buckets.get" if method == "GET" else "storage.buckets.update", match[0])]
        )
    return None


def _xml(request: Request, fields: dict[str, str]) -> Operation:
    parts = request.path.removeprefix("/").split("/")
    if any(unquote(part) in (".", "..") for part in parts):
        raise Unclear("a dot segment")
    bucket, key = unquote(parts[0], errors="strict"), unquote("/".join(parts[1:]), errors="strict")
    if not key:
        if request.method != "GET":
            raise Unclear(f"{request.method} of a bucket")
        return _list(bucket, fields, True)
    if "uploads" in fields or "uploadId" in fields:
        raise Unclear("an upload in parts")
    verb = {"GET": "get", "HEAD": "get", "DELETE": "delete", "PUT": "create"}.get(request.method)
    if verb is None:
        raise Unclear(f"{request.method} of an object")
    needs = [_need(verb, bucket, key)]
    if source := request.headers.get("x-goog-copy-source"):
        origin, _, name = unquote(source).removeprefix("/").partition("/")
        needs.append(_need("get", origin, name))
    return Operation("write" if verb == "create" else "object", bucket, key, needs, xml=True)


def _list(bucket: str, fields: dict[str, str], xml: bool) -> Operation:
    return Operation("list", bucket, "", [Need("storage.objects.list", bucket, None, fields.get("prefix", ""))], xml)


def _upload(request: Request, bucket: str, fields: dict[str, str]) -> Operation:
    if "upload_id" in fields:
        return Operation("session", bucket, fields["upload_id"])
    if request.method != "POST" or fields.get("uploadType") not in ("media", "multipart", "resumable"):
        raise Unclear("an upload of another kind")
    named = {name for name in (fields.get("name"), _name_in_body(request, fields["uploadType"])) if name}
    if len(named) != 1:
        raise Unclear("an upload without a name, or with two")
    key = named.pop()
    return Operation("write", bucket, key, [_need("create", bucket, key)])


def _name_in_body(request: Request, kind: str) -> str | None:
    text: bytes | str = b""
    if kind == "resumable":
        text = request.body
    if kind == "multipart":
        head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
        parts = BytesParser().parsebytes(head + request.body).get_payload()
        if not isinstance(parts, list) or len(parts) != 2:
            raise Unclear("not two parts")
        text = parts[0].get_payload(decode=True)  # type: ignore[union-attr,assignment]
    try:
        return json.loads(text).get("name") if text else None
    except (ValueError, AttributeError) as error:
        raise Unclear("metadata that is no JSON object") from error


def _matched(pattern: re.Pattern[str], path: str) -> list[str]:
    match = pattern.fullmatch(path)
    return [unquote(part, errors="strict") for part in match.groups()] if match else []
