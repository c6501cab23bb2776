"""The calls of the VMS double that make, list and delete S3 keys: what the vendor's schema and pages say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import unquote

from harness.vms_auth import Auth, Refused
from harness.vms_directory import Account, Directory, Key, TooManyKeys
from harness.vms_settings import Settings
from harness.vms_wire import Reply, Request

TOO_MANY = "A user cannot have more than two access keys"
_CONTEXTS = {"local", "udb", "ad", "ldap", "nis", "aggregated"}


@dataclass(frozen=True)
class Route:
    """`needs`: nobody, any user who is known, or a manager."""

    method: str
    path: re.Pattern[str]
    needs: Literal["nobody", "user", "manager"]
    run: Callable[[Account | None, Request, re.Match[str]], Reply]


class Calls:
    """The table of calls and what each does."""

    def __init__(self, directory: Directory, auth: Auth, settings: Settings):
        self._directory = directory
        self._auth = auth
        self._settings = settings
        self._routes = [
            _route("POST", "/token/", "nobody", self._log_in),
            _route("POST", "/token/refresh/", "nobody", self._refresh),
            _route("POST", "/s3keys/", "user", self._make_own),
            _route("GET", "/s3keys/", "user", self._list_own),
            _route("DELETE", "/s3keys/", "user", self._delete_own_by_body),
            _route("DELETE", "/s3keys/(?P<key>[^/]+)/", "user", self._delete_own_by_path),
            _route("GET", "/users/", "manager", self._list_users),
            _route("GET", "/users/query/", "manager", self._query_user),
            _route("POST", "/users/non_local_keys/", "manager", self._make_for_directory_user),
            _route("PATCH", "/users/non_local_keys/", "manager", self._enable_of_directory_user),
            _route("DELETE", "/users/non_local_keys/", "manager", self._delete_of_directory_user),
            _route("POST", r"/users/(?P<id>\d+)/access_keys/", "manager", self._make_for_local_user),
            _route("PATCH", r"/users/(?P<id>\d+)/access_keys/", "manager", self._enable_of_local_user),
            _route("DELETE", r"/users/(?P<id>\d+)/access_keys/", "manager", self._delete_of_local_user),
            _route("GET", "/locals3keys/", "manager", self._list_local_keys),
        ]

    def run(self, request: Request, path: str) -> tuple[Account | None, Reply]:
        """Who asked, and the answer."""
        if not self._settings.path_slashes:
            path = unquote(path)
        fitting = [(route, match) for route in self._routes if (match := route.path.fullmatch(path)) and self._served(route)]
        if not fitting:
            # A slash that is missing at the end ends here as well.
            return None, Reply(404, b"<h1>Not Found</h1><p>The requested resource was not found on this server.</p>")
        account = None
        if any(route.needs != "nobody" for route, _ in fitting):
            account = self._auth.caller(request)
        for route, match in fitting:
            if route.method == request.method:
                if route.needs == "manager" and not (account and account.manager):
                    raise Refused(403, "You do not have permission to perform this action.")
                return account, route.run(account, request, match)
        allowed = ", ".join(route.method for route, _ in fitting)
        return account, Reply(405, {"detail": f'Method "{request.method}" not allowed.'}, {"Allow": allowed})

    def _served(self, route: Route) -> bool:
        if route.run == self._delete_own_by_body:
            return self._settings.body_deletion
        return route.run != self._delete_own_by_path or self._settings.path_deletion

    # Tokens.

    def _log_in(self, _: Account | None, request: Request, __: Any) -> Reply:
        return Reply(200, self._auth.log_in(request, _body(request, {"username": str, "password": str})))

    def _refresh(self, _: Account | None, request: Request, __: Any) -> Reply:
        return Reply(200, self._auth.refresh(_body(request, {"refresh": str})))

    # One's own keys.

    def _make_own(self, account: Account | None, _: Request, __: Any) -> Reply:
        return self._make(_of_the_directory(account), self._settings.made_status)

    def _list_own(self, account: Account | None, _: Request, __: Any) -> Reply:
        account = _of_the_directory(account)
        with self._directory.lock:
            shown = [self._shown(key) for key in account.keys]
        return Reply(200, {"access_keys": shown, "identifier_type": "uid"} if self._settings.wrapped else shown)

    def _delete_own_by_body(self, account: Account | None, request: Request, _: Any) -> Reply:
        return self._delete(_of_the_directory(account), _body(request, {"access_key": str})["access_key"])

    def _delete_own_by_path(self, account: Account | None, _: Request, match: re.Match[str]) -> Reply:
        return self._delete(_of_the_directory(account), unquote(match["key"]) if self._settings.path_slashes else match["key"])

    # Other users, by a manager.

    def _list_users(self, _: Account | None, request: Request, __: Any) -> Reply:
        name = request.query.get("name")
        users = [account for account in self._local() if name is None or account.name == name]
        return Reply(200, [self._described(account) | {"id": account.id, "local": True} for account in users])

    def _query_user(self, _: Account | None, request: Request, __: Any) -> Reply:
        query = request.query
        context = query.get("context", "aggregated")
        if context not in _CONTEXTS:
            raise Refused(400, {"context": [f'"{context}" is not a valid choice.']})
        wanted: dict[str, Any] = {}
        if name := query.get("username") or query.get("login_name"):
            wanted["name"] = name
        if uid := query.get("uid"):
            wanted["uid"] = _number(uid)
        if sid := query.get("sid"):
            wanted["sid"] = sid
        if not wanted:
            raise Refused(400, "One of uid, username, sid, vid, login_name is required.")
        account = self._directory.find(**wanted)
        kinds = {"local": {"local"}, "aggregated": {"local", "directory"}, "udb": {"local", "directory"}}
        if account is None or account.kind not in kinds.get(context, {"directory"}):
            raise Refused(404, "User was not found.")
        return Reply(200, self._described(account))

    def _make_for_directory_user(self, _: Account | None, request: Request, __: Any) -> Reply:
        more = {"uid": int, "sid": str, "username": str, "login_name": str, "tenant_id": int}
        return self._make(self._directory_user(_body(request, {}, more)), 200)

    def _enable_of_directory_user(self, _: Account | None, request: Request, __: Any) -> Reply:
        body = _body(request, {"access_key": str, "enabled": bool, "uid": int}, {"sid": str, "tenant_id": int})
        return self._enable(self._directory_user(body), body)

    def _delete_of_directory_user(self, _: Account | None, request: Request, __: Any) -> Reply:
        body = _body(request, {"access_key": str}, {"uid": int, "sid": str, "tenant_id": int})
        return self._delete(self._directory_user(body), body["access_key"])

    def _make_for_local_user(self, _: Account | None, request: Request, match: re.Match[str]) -> Reply:
        _body(request, {}, {"tenant_id": int})
        return self._make(self._local_user(match), 200)

    def _enable_of_local_user(self, _: Account | None, request: Request, match: re.Match[str]) -> Reply:
        return self._enable(self._local_user(match), _body(request, {"access_key": str, "enabled": bool}))

    def _delete_of_local_user(self, _: Account | None, request: Request, match: re.Match[str]) -> Reply:
        return self._delete(self._local_user(match), _body(request, {"access_key": str})["access_key"])

    def _list_local_keys(self, _: Account | None, request: Request, __: Any) -> Reply:
        user = request.query.get("user_id")
        pairs = [(a, key) for a in self._local() if user is None or a.id == _number(user) for key in a.keys]
        listed = [self._shown(key) | {"id": at, "user": {"id": a.id, "name": a.name}} for at, (a, key) in enumerate(pairs, 1)]
        return Reply(200, listed)

    # What these share.

    def _make(self, account: Account, status: int) -> Reply:
        try:
            key = self._directory.make(account)
        except TooManyKeys:
            raise Refused(400, TOO_MANY) from None
        return Reply(status, {"access_key": key.access_key, "secret_key": key.secret})

    def _delete(self, account: Account, access_key: str) -> Reply:
        if not self._directory.delete(account, access_key):
            raise Refused(404, "Access key was not found.")
        return Reply(204)

    def _enable(self, account: Account, body: dict[str, Any]) -> Reply:
        if not self._directory.enable(account, body["access_key"], body["enabled"]):
            raise Refused(404, "Access key was not found.")
        return Reply(204)

    def _directory_user(self, body: dict[str, Any]) -> Account:
        wanted = {name: body[name] for name in ("uid", "sid") if name in body}
        if not wanted:
            raise Refused(400, "Either uid or sid must be provided.")
        account = self._directory.find(kind="directory", **wanted)
        if account is None:
            raise Refused(404, "User was not found.")
        return account

    def _local(self) -> list[Account]:
        with self._directory.lock:
            return [account for account in self._directory.accounts.values() if account.kind == "local"]

    def _local_user(self, match: re.Match[str]) -> Account:
        account = self._directory.find(kind="local", id=int(match["id"]))
        if account is None:
            raise Refused(404, "Not found.")
        return account

    def _described(self, account: Account) -> dict[str, Any]:
        with self._directory.lock:
            keys = [self._shown(key) | {"remote": False} for key in account.keys]
        named = {"name": account.name, "login_name": account.name, "uid": account.uid, "sid": account.sid, "vid": account.id}
        return named | {"access_keys": keys, "s3_policies": [], "s3_policies_ids": [], "s3_superuser": False}

    def _shown(self, key: Key) -> dict[str, Any]:
        shown: dict[str, Any] = {"access_key": key.access_key, "enabled": key.enabled}
        if self._settings.times is not None:
            made = datetime.fromtimestamp(key.made_at + self._settings.clock_ahead, UTC)
            form = "%Y-%m-%dT%H:%M:%SZ" if self._settings.times == "second" else "%Y-%m-%dT%H:%M:%S.%fZ"
            shown["creation_time"] = made.strftime(form)
        return shown


def _route(method: str, path: str, needs: Literal["nobody", "user", "manager"], run: Any) -> Route:
    return Route(method, re.compile(path), needs, run)


def _of_the_directory(account: Account | None) -> Account:
    """The call serves users of the joined directory only."""
    if account is None or account.kind != "directory":
        raise Refused(403, "S3 keys of this user cannot be managed here.")
    return account


def _number(text: str) -> int:
    if not text.isdecimal():
        raise Refused(400, f'"{text}" is not a number.')
    return int(text)


def _body(request: Request, needed: dict[str, type], more: dict[str, type] | None = None) -> dict[str, Any]:
    """A JSON object with these members of these types, and no others."""
    if not request.raw and not needed:
        return {}
    if (request.header("Content-Type") or "").partition(";")[0].strip() != "application/json":
        raise Refused(415, f'Unsupported media type "{request.header("Content-Type") or ""}" in request.')
    try:
        body = json.loads(request.raw or b"{}")
    except ValueError as error:
        raise Refused(400, "JSON parse error") from error
    if not isinstance(body, dict):
        raise Refused(400, "Invalid data. Expected a dictionary.")
    if missing := needed.keys() - body.keys():
        raise Refused(400, {name: ["This field is required."] for name in sorted(missing)})
    known = needed | (more or {})
    wrong = [name for name, value in body.items() if name not in known or type(value) is not known[name]]
    if wrong:
        raise Refused(400, {name: ["Not a valid value."] for name in wrong})
    return body
