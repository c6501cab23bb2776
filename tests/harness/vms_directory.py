"""Users of the VMS double, their keys, and the record of what happened to these."""

from __future__ import annotations

import base64
import itertools
import secrets
import string
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from harness import s3
from harness.planted import Planted
from harness.vms_store import KeyStore

# Users of the joined directory ask for their own keys; local users cannot, and managers look after others.
Kind = Literal["directory", "local"]
Origin = Literal["api", "elsewhere"]
LIMIT = 2


class TooManyKeys(Exception):
    """VAST's own rule: two key pairs at any time."""


@dataclass
class Key:
    """`access_key` is what the VMS calls it, `stored` what the store below calls it."""

    access_key: str
    stored: str
    secret: str = field(repr=False)
    made_at: float
    origin: Origin
    enabled: bool = True

    def keys(self) -> s3.Keys:
        """What opens the store."""
        return s3.Keys(self.stored, self.secret)


@dataclass
class Account:
    """A user, seen by the VMS."""

    name: str
    password: str = field(repr=False)
    kind: Kind
    id: int
    uid: int
    sid: str
    manager: bool
    tenant: str
    stored: str | None
    keys: list[Key] = field(default_factory=list)
    most_keys: int = 0
    refused_keys: int = 0


@dataclass(frozen=True)
class Event:
    """A key came or went."""

    what: Literal["made", "deleted"]
    user: str
    access_key: str
    origin: Origin
    by: Origin
    at: float


class Directory:
    """All users. Every change of keys runs under one lock, so that the limit holds."""

    def __init__(self, store: KeyStore, planted: Planted):
        self._store = store
        self._planted = planted
        self._ids = itertools.count(1)
        self.lock = threading.RLock()
        self.accounts: dict[str, Account] = {}
        self.events: list[Event] = []
        # Which names keys get: as Amazon's, or as the vendor's other examples, with '/', '+' and '='.
        self.awkward_names = False

    def add(self, name: str, password: str, kind: Kind, policy: dict[str, Any] | None, manager: bool, tenant: str) -> Account:
        number = next(self._ids)
        sid = f"S-1-5-21-{secrets.randbelow(10**9)}-{number}-{1000 + number}"
        stored = f"{name}-{secrets.token_hex(4)}" if policy is not None else None
        if stored is not None:
            self._store.user(stored, policy or {})
        account = Account(name, password, kind, number, 10_000 + number, sid, manager, tenant, stored)
        with self.lock:
            assert name not in self.accounts, name
            self.accounts[name] = account
        return account

    def forget(self) -> None:
        """Takes all users out of the store."""
        with self.lock:
            for account in self.accounts.values():
                if account.stored is not None:
                    self._store.forget(account.stored)
                    account.stored = None

    def find(self, **wanted: Any) -> Account | None:
        with self.lock:
            fits = (a for a in self.accounts.values() if all(getattr(a, name) == value for name, value in wanted.items()))
            return next(fits, None)

    def make(self, account: Account, origin: Origin = "api") -> Key:
        assert account.stored is not None, f"{account.name} has no user in the store"
        with self.lock:
            if len(account.keys) >= LIMIT:
                account.refused_keys += 1
                raise TooManyKeys
            made = self._store.make(account.stored)
            self._planted.note(f"secret key of {account.name}", made.secret_access_key)
            name = _awkward_name() if self.awkward_names else made.access_key_id
            key = Key(name, made.access_key_id, made.secret_access_key, time.time(), origin)
            account.keys.append(key)
            account.most_keys = max(account.most_keys, len(account.keys))
            self.events.append(Event("made", account.name, name, origin, origin, key.made_at))
            return key

    def delete(self, account: Account, access_key: str, by: Origin = "api") -> bool:
        with self.lock:
            key = self.key(account, access_key)
            if key is None or account.stored is None:
                return False
            self._store.delete(account.stored, key.stored)
            account.keys.remove(key)
            self.events.append(Event("deleted", account.name, access_key, key.origin, by, time.time()))
            return True

    def enable(self, account: Account, access_key: str, enabled: bool) -> bool:
        with self.lock:
            key = self.key(account, access_key)
            if key is None or account.stored is None:
                return False
            self._store.enable(account.stored, key.stored, enabled)
            key.enabled = enabled
            return True

    def key(self, account: Account, access_key: str) -> Key | None:
        with self.lock:
            return next((key for key in account.keys if key.access_key == access_key), None)


def _awkward_name() -> str:
    """Sixteen bytes of base64 that hold each of the characters that paths and forms change."""
    while True:
        name = base64.b64encode(secrets.token_bytes(16)).decode()
        if "/" in name and "+" in name and name[0] in string.ascii_letters:
            return name
