"""A double of the VAST management service: https, strict, with keys that open a real store and stop opening it."""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any

from harness.authority import Authority
from harness.planted import Planted
from harness.vms_auth import DEFAULT_TENANT, Auth, Refused
from harness.vms_calls import Calls
from harness.vms_directory import Account, Directory, Event, Key, Kind
from harness.vms_faults import Faults
from harness.vms_settings import Settings
from harness.vms_store import KeyStore
from harness.vms_wire import Cut, Reply, Request, Wire

_PATH = re.compile(r"/api(?:/(?:latest|v[1-7]))?(?P<rest>/.*)")


@dataclass(frozen=True)
class Call:
    """One request. `status` is `None` when the caller got no answer; `access_key` is the one it named."""

    at: float
    method: str
    path: str
    user: str | None
    status: int | None
    access_key: str | None


class Vms:
    """One VMS with its users. `settings` and `faults` may be changed while it runs."""

    def __init__(self, store: KeyStore, authority: Authority, planted: Planted):
        self.settings = Settings()
        self.faults = Faults()
        self.store = store
        self.ca = authority.ca.read_text()
        self._planted = planted
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self._errors: list[BaseException] = []
        self._directory = Directory(store, planted)
        self.auth = Auth(self._directory, planted, self.settings)
        self._served = Calls(self._directory, self.auth, self.settings)
        self._wire = Wire(authority.server(), self._serve)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._wire.port}"

    @property
    def url(self) -> str:
        return f"https://{self.address}"

    def stop(self) -> None:
        self.faults.stop()
        self._wire.close()
        self._directory.forget()
        assert not self._errors, self._errors

    def user(
        self,
        name: str | None = None,
        password: str | None = None,
        *,
        policy: dict[str, Any] | None = None,
        kind: Kind = "directory",
        manager: bool = False,
        tenant: str = DEFAULT_TENANT,
    ) -> Account:
        """A user; without a policy one who has no keys in the store."""
        name = name or f"user-{secrets.token_hex(4)}"
        password = password or self._planted.password(f"VAST password of {name}")
        return self._directory.add(name, password, kind, policy, manager, tenant)

    def account(self, name: str) -> Account:
        """A user who is there already."""
        found = self._directory.find(name=name)
        assert found is not None, f"there is no {name}"
        return found

    def awkward_names(self, on: bool = True) -> None:
        """Keys get names with '/', '+' and '='. The store below does not take such names: `Key.keys` opens it."""
        self._directory.awkward_names = on

    def make_elsewhere(self, account: Account) -> Key:
        """A key that somebody else made."""
        return self._directory.make(account, "elsewhere")

    def delete_elsewhere(self, account: Account, key: Key) -> None:
        """Somebody else deletes a key, ours or theirs."""
        assert self._directory.delete(account, key.access_key, "elsewhere")

    def key(self, account: Account, access_key: str) -> Key:
        found = self._directory.key(account, access_key)
        assert found is not None, f"{account.name} has no such key"
        return found

    def keys(self, account: Account) -> set[str]:
        """What the user has now. The store below has the same, or this is an assertion."""
        with self._directory.lock:
            names = {key.access_key for key in account.keys}
            assert account.stored is None or self.store.keys(account.stored) == {key.stored for key in account.keys}
        return names

    def calls(self, method: str | None = None, path: str = ".*") -> list[Call]:
        """Requests so far, by method and path below `/api/<version>`."""
        with self._lock:
            fits = re.compile(path)
            return [call for call in self._calls if method in (None, call.method) and fits.fullmatch(call.path)]

    def made(self, account: Account) -> list[str]:
        """Keys that were made through the API, in order."""
        return [event.access_key for event in self._events(account) if event.what == "made" and event.by == "api"]

    def deleted(self, account: Account) -> list[str]:
        """Keys that were made and deleted through the API."""
        gone = [event for event in self._events(account) if event.what == "deleted" and event.by == "api"]
        return [event.access_key for event in gone if event.origin == "api"]

    def deleted_of_others(self, account: Account) -> list[str]:
        """Keys that were deleted through the API although somebody else had made them."""
        gone = [event for event in self._events(account) if event.what == "deleted" and event.by == "api"]
        return [event.access_key for event in gone if event.origin == "elsewhere"]

    def _events(self, account: Account) -> list[Event]:
        with self._directory.lock:
            return [event for event in self._directory.events if event.user == account.name]

    def _serve(self, request: Request) -> Reply:
        match = _PATH.fullmatch(request.path)
        if match is None:
            return Reply(404, b"<h1>Not Found</h1>")
        path, user, status = match["rest"], None, None
        try:
            reply = self.faults.at("before", request, path)
            if reply is None:
                try:
                    account, reply = self._served.run(request, path)
                    user = account.name if account else None
                except Refused as refused:
                    reply = refused.reply
                reply = self.faults.at("after", request, path) or reply
            status = reply.status
            return reply
        except Cut:
            raise
        except BaseException as error:
            self._errors.append(error)
            raise
        finally:
            with self._lock:
                self._calls.append(Call(time.time(), request.method, path, user, status, _named(request)))


def _named(request: Request) -> str | None:
    try:
        return json.loads(request.raw).get("access_key")
    except (ValueError, AttributeError):
        return None
