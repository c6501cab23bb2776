"""A storage account with hierarchical namespace and roles, in front of Azurite.

It verifies every SAS itself, those of directories too, which Azurite does not know; what Azurite can check, it checks
as well. Requests that hold are passed on, signed with the account's key where Azurite would not understand them.
"""

from __future__ import annotations

import email.utils
import time
import uuid
import xml.etree.ElementTree as ET
from http.client import HTTPMessage
from urllib.parse import quote
from xml.sax.saxutils import escape

import jwt

from harness.authority import Authority
from harness.azure import sas
from harness.azure.azurite import Azurite
from harness.azure.entra import App, Entra
from harness.azure.operation import Operation, understand
from harness.azure.sas import DelegationKey, Grant, Refused
from harness.listener import Listener, Reply, Request, forward

# The newest version of a SAS that Azurite signs as Microsoft does.
_AZURITE_KNOWS = "2025-11-05"
_WEEK = 7 * 24 * 3600
_TEXTS = {
    "AuthenticationFailed": "Server failed to authenticate the request. Make sure the value of Authorization header is formed "
    "correctly including the signature.",
    "AuthorizationPermissionMismatch": "This request is not authorized to perform this operation using this permission.",
    "AuthorizationProtocolMismatch": "This request is not authorized to perform this operation using this protocol.",
    "AuthorizationResourceTypeMismatch": "This request is not authorized to perform this operation using this resource type.",
    "PublicAccessNotPermitted": "Public access is not permitted on this storage account.",
    "InvalidAuthenticationInfo": "Server failed to authenticate the request. Please refer to the information in the "
    "www-authenticate header.",
}


class Gate:
    """The account as clients see it. `ahead` sets its clock off."""

    def __init__(self, azurite: Azurite, entra: Entra, authority: Authority):
        self._azurite, self._entra = azurite, entra
        self._tls = authority.client()
        self.keys: list[DelegationKey] = []
        self.ahead = 0.0
        self.listener = Listener(self._answer, authority.server(), self.now)

    @property
    def url(self) -> str:
        """Of the service; the account is the first segment of the path."""
        return self.listener.url

    @property
    def account(self) -> str:
        return self._azurite.account

    @property
    def account_url(self) -> str:
        return f"{self.url}/{self.account}"

    def now(self) -> float:
        return time.time() + self.ahead

    def _answer(self, request: Request) -> Reply:
        try:
            operation = understand(request)
            if operation.account != self.account:
                raise Refused(404, "ResourceNotFound", "no such account")
            return self._route(request, operation)
        except Refused as refused:
            return self._error(refused)

    def _route(self, request: Request, operation: Operation) -> Reply:
        scheme = request.headers.get("Authorization", "").partition(" ")[0].lower()
        if operation.name == "userdelegationkey":
            return self._delegation_key(request, self._principal(request))
        if scheme == "bearer":
            return self._by_token(request, operation, self._principal(request))
        if scheme == "sharedkey":
            # Azurite checks the signature over the path and headers as they came.
            return self._pass_on(request)
        if scheme:
            raise Refused(401, "InvalidAuthenticationInfo", f"the scheme {scheme} is not known")
        if "sig" in operation.fields and "sr" in operation.fields:
            return self._by_sas(request, operation)
        raise Refused(409, "PublicAccessNotPermitted")

    # Bearer tokens.

    def _principal(self, request: Request) -> App:
        token = request.bearer()
        if token is None or "sig" in request.query:
            raise Refused(401, "InvalidAuthenticationInfo", "a bearer token, and nothing else, is wanted")
        try:
            return self._entra.principal(token)
        except jwt.ExpiredSignatureError as error:
            raise Refused(401, "InvalidAuthenticationInfo", "Lifetime validation failed. The token is expired.") from error
        except (jwt.InvalidTokenError, StopIteration) as error:
            raise Refused(401, "InvalidAuthenticationInfo", "the token is not one for this storage") from error

    def _by_token(self, request: Request, operation: Operation, app: App) -> Reply:
        if operation.name == "copy" or not operation.letters or not operation.rights <= app.rights:
            raise Refused(403, "AuthorizationPermissionMismatch")
        return self._pass_on(request)

    def _delegation_key(self, request: Request, app: App) -> Reply:
        if "delegate" not in app.rights:
            raise Refused(403, "AuthorizationPermissionMismatch")
        if request.headers.get("x-ms-version", "") < "2018-11-09":
            raise Refused(400, "InvalidHeaderValue", "x-ms-version")
        try:
            info = ET.fromstring(request.body)
            start, expiry = (sas.instant(info.findtext(name, "")) for name in ("Start", "Expiry"))
        except (ET.ParseError, Refused) as error:
            raise Refused(400, "InvalidXmlDocument", "KeyInfo with Start and Expiry is wanted") from error
        if info.tag != "KeyInfo" or not start < expiry or expiry <= self.now() or expiry > max(start, self.now()) + _WEEK:
            raise Refused(400, "InvalidXmlNodeValue", "a key lives for seven days at most")
        reply = self._pass_on(request)
        if reply.status == 200:
            found = ET.fromstring(reply.body)
            names = ("SignedOid", "SignedTid", "SignedStart", "SignedExpiry", "SignedService", "SignedVersion", "Value")
            self.keys.append(DelegationKey(*(found.findtext(name, "") for name in names)))
        return reply

    # Shared access signatures.

    def _by_sas(self, request: Request, operation: Operation) -> Reply:
        if operation.container is None or operation.name == "container":
            raise Refused(403, "AuthorizationResourceTypeMismatch")
        grant = self._verified(request, operation)
        self._permitted(operation, grant)
        fields = operation.fields
        if operation.name == "copy":
            return self._re_signed(request, operation, {"x-ms-copy-source": self._source(request)})
        # Azurite knows neither directories, nor the identifiers that a delegation may carry, nor newer forms.
        if grant.resource == "d" or set(fields) & {"saoid", "suoid", "scid"} or fields["sv"] > _AZURITE_KNOWS:
            return self._re_signed(request, operation)
        return self._pass_on(request)

    def _verified(self, request: Request, operation: Operation) -> Grant:
        path, depth = operation.path, operation.fields.get("sdd", "")
        # A listing only with the slash: without it, it would show the neighbours whose names begin alike.
        outside = not depth.isdecimal() or path.count("/") < int(depth) or "//" in path
        if operation.name == "list" and operation.fields["sr"] == "d" and outside:
            raise Refused(403, "AuthenticationFailed", f"Signature did not match. The prefix {path!r} is outside")
        account = (operation.account, operation.container or "", path, self._azurite.key)
        return sas.verify(operation.fields, *account, self.keys, self.now(), request.secure)

    def _permitted(self, operation: Operation, grant: Grant) -> None:
        if operation.name == "list" and grant.resource == "b":
            raise Refused(403, "AuthorizationResourceTypeMismatch")
        letters = set(operation.letters) & set(grant.letters)
        if not letters or (letters == {"c"} and self._exists(operation)):
            raise Refused(403, "AuthorizationPermissionMismatch")
        app = next((app for app in self._entra.apps if app.object_id == grant.principal), None)
        if grant.principal is not None and not (app and operation.rights <= app.rights):
            raise Refused(403, "AuthorizationPermissionMismatch")

    def _source(self, request: Request) -> str:
        """A copy reads as well: the source needs a signature of its own."""
        url = request.headers["x-ms-copy-source"]
        if not url.startswith(self.account_url + "/"):
            raise Refused(404, "CannotVerifyCopySource", "the source is not at this account")
        source = Request("GET", url.removeprefix(self.url), HTTPMessage(), b"", True)
        operation = understand(source)
        if operation.name != "blob" or "sig" not in operation.fields or "sr" not in operation.fields:
            raise Refused(403, "CannotVerifyCopySource", "the source is not opened by a signature")
        self._permitted(operation, self._verified(source, operation))
        # Azurite asks nobody about a source in the same account.
        return f"https://127.0.0.1:{self._azurite.port}{source.path}"

    # The way on to Azurite.

    def _pass_on(self, request: Request) -> Reply:
        return forward(request, self._azurite.port, self._tls)

    def _re_signed(self, request: Request, operation: Operation, headers: dict[str, str | None] | None = None) -> Reply:
        target = self._opened(request, operation)
        return forward(request, self._azurite.port, self._tls, target, {"authorization": None} | (headers or {}))

    def _opened(self, request: Request, operation: Operation) -> str:
        """The request's target with a signature of the account's key over the whole container instead of its own."""
        fields = {"sv": "2021-12-02", "sr": "c", "sp": "racwdl", "se": sas.stamp(time.time() + 300)}
        token = sas.token(fields, operation.account, operation.container or "", None, self._azurite.key)
        kept = [part for part in request.query.split("&") if part and part.partition("=")[0] not in sas.NAMES]
        return f"{request.path}?{'&'.join([*kept, token])}"

    def _exists(self, operation: Operation) -> bool:
        target = f"/{operation.account}/{quote(operation.container or '')}/{quote(operation.path)}"
        return self._re_signed(Request("HEAD", target, HTTPMessage(), b"", True), operation).status == 200

    def _error(self, refused: Refused) -> Reply:
        told, when = str(uuid.uuid4()), email.utils.formatdate(self.now(), usegmt=True)
        text = f"{_TEXTS.get(refused.code, refused.detail or refused.code)}\nRequestId:{told}\nTime:{sas.stamp(self.now())}"
        detail = f"<AuthenticationErrorDetail>{escape(refused.detail)}</AuthenticationErrorDetail>" if refused.detail else ""
        body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{refused.code}</Code><Message>{escape(text)}</Message>{detail}</Error>'
        headers = [
            ("Content-Type", "application/xml"),
            ("x-ms-error-code", refused.code),
            ("x-ms-request-id", told),
            ("Date", when),
        ]
        if refused.status == 401:
            headers.append(
                (
                    "WWW-Authenticate",
                    f"Bearer authorization_uri={self._entra.url}/common/oauth2/authorize resource_id=https://storage.azure.com",
                )
            )
        return Reply(refused.status, body.encode(), headers)
