"""Who asks the VMS double: Basic, JSON web tokens with a refresh, API tokens, and the tenant header."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import threading
import time
from typing import Any

from harness.planted import Planted
from harness.vms_directory import Account, Directory
from harness.vms_settings import Settings
from harness.vms_wire import Reply, Request

DEFAULT_TENANT = "default"


class Refused(Exception):
    """Carries the answer."""

    def __init__(self, status: int, detail: Any, headers: dict[str, str] | None = None):
        body = detail if isinstance(detail, dict) else {"detail": detail}
        self.reply = Reply(status, body, headers or {})
        super().__init__(str(detail))


class Auth:
    """Makes tokens and checks them. A refresh token serves once: the reply has the next one."""

    def __init__(self, directory: Directory, planted: Planted, settings: Settings):
        self._directory = directory
        self._planted = planted
        self._settings = settings
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._refresh_ids: set[str] = set()
        self._api_tokens: dict[str, Account] = {}
        self.tenants = {DEFAULT_TENANT}

    def now(self) -> float:
        return time.time() + self._settings.clock_ahead

    def caller(self, request: Request) -> Account:
        scheme, _, value = (request.header("Authorization") or "").partition(" ")
        match scheme.lower():
            case "basic":
                account = self._basic(value)
            case "bearer":
                account = self._bearer(value)
            case "api-token":
                found = self._api_tokens.get(value)
                if found is None:
                    raise Refused(401, "Invalid token.", {"WWW-Authenticate": "Api-Token"})
                account = found
            case _:
                challenge = {"WWW-Authenticate": 'Basic realm="api"'}
                raise Refused(401, "Authentication credentials were not provided.", challenge)
        tenant = self._tenant(request)
        if account.tenant != tenant and not account.manager:
            raise Refused(401, "Invalid username/password.", {"WWW-Authenticate": 'Basic realm="api"'})
        return account

    def _tenant(self, request: Request) -> str:
        tenant = request.header("X-Tenant-Name") or DEFAULT_TENANT
        if tenant not in self.tenants:
            raise Refused(403, f"Tenant {tenant} does not exist.")
        return tenant

    def _basic(self, value: str) -> Account:
        try:
            name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise Refused(401, "Invalid basic header.") from error
        return self._known(name, password, "Invalid username/password.")

    def _known(self, name: str, password: str, detail: str) -> Account:
        account = self._directory.find(name=name)
        if account is None or not hmac.compare_digest(account.password.encode(), password.encode()):
            raise Refused(401, detail, {"WWW-Authenticate": 'Basic realm="api"'})
        return account

    def _bearer(self, value: str) -> Account:
        name = self._read(value, "access")
        account = self._directory.find(name=name) if name is not None else None
        if account is None:
            message = {"token_class": "AccessToken", "token_type": "access", "message": "Token is invalid or expired"}
            body = {"detail": "Given token not valid for any token type", "code": "token_not_valid", "messages": [message]}
            raise Refused(self._settings.ended_status, body)
        return account

    def log_in(self, request: Request, body: dict[str, Any]) -> dict[str, str]:
        account = self._known(body["username"], body["password"], "No active account found with the given credentials")
        if account.tenant != self._tenant(request) and not account.manager:
            raise Refused(401, "No active account found with the given credentials")
        return self._pair(account.name)

    def refresh(self, body: dict[str, Any]) -> dict[str, str]:
        name = self._read(body["refresh"], "refresh")
        if name is None:
            raise Refused(403, {"detail": "Token is invalid or expired", "code": "token_not_valid"})
        return self._pair(name)

    def api_token(self, account: Account) -> str:
        token = self._planted.note(f"API token of {account.name}", secrets.token_urlsafe(32))
        self._api_tokens[token] = account
        return token

    def revoke_api_token(self, token: str) -> None:
        del self._api_tokens[token]

    def _pair(self, name: str) -> dict[str, str]:
        refresh_id = secrets.token_hex(16)
        with self._lock:
            self._refresh_ids.add(refresh_id)
        access = self._token(name, "access", self._settings.access_life, secrets.token_hex(16))
        return {"access": access, "refresh": self._token(name, "refresh", self._settings.refresh_life, refresh_id)}

    def _token(self, name: str, kind: str, life: float, identifier: str) -> str:
        claims = {"token_type": kind, "exp": self.now() + life, "jti": identifier, "username": name}
        text = ".".join(_encoded(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "HS256"}, claims))
        signature = self._planted.note(f"{kind} token of {name}", self._signature(text))
        return f"{text}.{signature}"

    def _signature(self, text: str) -> str:
        return _encoded(hmac.digest(self._key, text.encode(), hashlib.sha256))

    def _read(self, token: str, kind: str) -> str | None:
        """The user, or nothing for a token that is wrong, of the other kind, over, or used up."""
        text, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._signature(text).encode(), signature.encode()):
            return None
        claims = json.loads(base64.urlsafe_b64decode(text.split(".")[1] + "=="))
        if claims["token_type"] != kind or claims["exp"] <= self.now():
            return None
        if kind == "refresh":
            with self._lock:
                if claims["jti"] not in self._refresh_ids:
                    return None
                self._refresh_ids.remove(claims["jti"])
        return str(claims["username"])


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
