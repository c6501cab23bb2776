"""Entra ID's token endpoint: the client-credentials grant, with the checks and the errors of the real one."""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from harness.authority import Authority
from harness.federation import Federation
from harness.listener import Fault, Listener, Reply, Request, instead, reply_json
from harness.planted import Planted

SCOPE = "https://storage.azure.com/.default"
RESOURCE = "https://storage.azure.com"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EXCHANGE_AUDIENCE = "api://AzureADTokenExchange"
# What the storage's role assignments give; `delegate` is Storage Blob Delegator.
ALL_RIGHTS = frozenset({"read", "write", "delete", "delegate"})


class Denied(Exception):
    """One of Entra's errors."""

    def __init__(self, status: int, error: str, code: int, text: str):
        super().__init__(text)
        self.status, self.error, self.code, self.text = status, error, code, text


@dataclass
class App:
    """An app registration and its service principal."""

    tenant: str
    client_id: str
    object_id: str
    secret: str | None = field(default=None, repr=False)
    expired_secret: str | None = field(default=None, repr=False)
    # Issuer and subject of the federated credential.
    federation: Federation | None = field(default=None, repr=False)
    subject: str | None = None
    rights: frozenset[str] = ALL_RIGHTS


class Entra:
    """The endpoint, its tenants and apps. `life` is that of tokens; `ahead` sets its clock off."""

    def __init__(self, planted: Planted, authority: Authority):
        self._planted = planted
        self._key = rsa.generate_private_key(65537, 2048)
        # In each token, so that one search finds any of them.
        self._mark = planted.hex("azure access token")
        self.apps: list[App] = []
        self.life = 3599
        self.ahead = 0.0
        self.listener = Listener(self._answer, authority.server(), self.now)

    @property
    def url(self) -> str:
        return self.listener.url

    @property
    def asked(self) -> int:
        """How many requests came."""
        return len(self.listener.seen)

    def now(self) -> float:
        return time.time() + self.ahead

    def app(self, tenant: str | None = None, client_id: str | None = None, secret: str | None = None, **more: Any) -> App:
        """Registers an app with a secret; `federation` and `subject` instead of one make a workload's."""
        if "federation" not in more:
            more["secret"] = secret or self._planted.key("azure client secret")
        made = App(tenant or str(uuid.uuid4()), client_id or str(uuid.uuid4()), str(uuid.uuid4()), **more)
        self.apps.append(made)
        return made

    def principal(self, token: str) -> App:
        """Whose token it is. jwt's errors if it is not one of ours, or not one for storage."""
        options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
        audiences = [RESOURCE, RESOURCE + "/"]
        found = jwt.decode(token, self._key.public_key(), algorithms=["RS256"], audience=audiences, options=options)
        if not found["nbf"] <= self.now() < found["exp"]:
            raise jwt.ExpiredSignatureError
        return next(app for app in self.apps if app.object_id == found["oid"])

    def token(self, app: App, **claims: Any) -> str:
        now = int(self.now())
        body = {
            "aud": RESOURCE, "iss": f"https://sts.windows.net/{app.tenant}/", "iat": now, "nbf": now, "exp": now + self.life,
            "appid": app.client_id, "oid": app.object_id, "sub": app.object_id, "tid": app.tenant, "ver": "1.0",
            "uti": f"{self._mark}{secrets.token_hex(8)}",
        }  # fmt: skip
        return jwt.encode(body | claims, self._key, algorithm="RS256", headers={"kid": "double"})

    def _answer(self, request: Request) -> Reply:
        tenant, _, rest = request.path.removeprefix("/").partition("/")
        if request.method == "GET" and rest == "v2.0/.well-known/openid-configuration":
            # Microsoft's own libraries ask for it before they ask for a token.
            base = f"{self.url}/{tenant}"
            names = {
                "token_endpoint": "token",
                "authorization_endpoint": "authorize",
                "device_authorization_endpoint": "devicecode",
            }
            return reply_json(
                200, {"issuer": f"{base}/v2.0"} | {key: f"{base}/oauth2/v2.0/{name}" for key, name in names.items()}
            )
        try:
            app = self._authenticate(request)
        except Denied as denied:
            return self._error(denied)
        body = {"token_type": "Bearer", "expires_in": self.life, "ext_expires_in": self.life, "access_token": self.token(app)}
        return reply_json(200, body, Cache_Control="no-store, no-cache")

    def _authenticate(self, request: Request) -> App:
        tenant, _, rest = request.path.removeprefix("/").partition("/")
        if rest != "oauth2/v2.0/token" or request.query:
            raise Denied(404, "invalid_request", 90000, "there is nothing at this path")
        if request.method != "POST":
            raise Denied(405, "invalid_request", 900561, "The endpoint only accepts POST requests.")
        if request.headers.get_content_type() != "application/x-www-form-urlencoded":
            raise Denied(400, "invalid_request", 900144, "The request body must contain the following parameter: 'grant_type'.")
        try:
            form = request.form()
        except ValueError as error:
            raise Denied(
                400, "invalid_request", 9000411, "The request is not properly formatted. A parameter is duplicated."
            ) from error
        if tenant not in {app.tenant for app in self.apps}:
            raise Denied(
                400,
                "invalid_request",
                90002,
                f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID.",
            )
        for name in ("grant_type", "client_id", "scope"):
            if not form.get(name):
                raise Denied(
                    400, "invalid_request", 900144, f"The request body must contain the following parameter: '{name}'."
                )
        if form["grant_type"] != "client_credentials":
            raise Denied(
                400, "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{form['grant_type']}'."
            )
        app = next((app for app in self.apps if (app.tenant, app.client_id) == (tenant, form["client_id"])), None)
        if app is None:
            text = f"Application with identifier '{form['client_id']}' was not found in the directory '{tenant}'."
            raise Denied(400, "unauthorized_client", 700016, text)
        self._proof(app, form, request)
        if form["scope"] != SCOPE:
            raise Denied(400, "invalid_scope", 1002012, f"The provided value for scope {form['scope']} is not valid.")
        # `client_info` is what Microsoft's libraries add.
        known = {
            "grant_type",
            "client_id",
            "scope",
            "client_secret",
            "client_assertion",
            "client_assertion_type",
            "client_info",
        }
        if unknown := set(form) - known:
            raise Denied(400, "invalid_request", 90014, f"unexpected parameters: {sorted(unknown)}")
        return app

    def _proof(self, app: App, form: dict[str, str], request: Request) -> None:
        if "Authorization" in request.headers or ("client_secret" in form) == ("client_assertion" in form):
            text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            raise Denied(401, "invalid_client", 7000218, text)
        if "client_secret" in form:
            if app.expired_secret is not None and form["client_secret"] == app.expired_secret:
                raise Denied(
                    401, "invalid_client", 7000222, f"The provided client secret keys for app '{app.client_id}' are expired."
                )
            if app.secret is None or form["client_secret"] != app.secret:
                text = "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the "
                raise Denied(
                    401, "invalid_client", 7000215, f"{text}client secret ID, for a secret added to app '{app.client_id}'."
                )
            return
        if form.get("client_assertion_type") != ASSERTION:
            raise Denied(
                400,
                "invalid_request",
                900144,
                "The request body must contain the following parameter: 'client_assertion_type'.",
            )
        self._assertion(app, form["client_assertion"])

    def _assertion(self, app: App, assertion: str) -> None:
        """Against the federated credential of the app: issuer, subject, audience, signature, time."""
        if app.federation is None:
            raise Denied(401, "invalid_client", 70025, "The client has no configured federated identity credentials.")
        try:
            claims = app.federation.claims(assertion, [EXCHANGE_AUDIENCE], self.now())
        except jwt.InvalidAudienceError as error:
            raise Denied(
                401, "invalid_client", 700212, "No matching federated identity record found for presented assertion audience."
            ) from error
        except jwt.InvalidIssuerError as error:
            raise Denied(
                401, "invalid_client", 700211, "No matching federated identity record found for presented assertion issuer."
            ) from error
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
            raise Denied(401, "invalid_client", 700024, "Client assertion is not within its valid time range.") from error
        except jwt.InvalidTokenError as error:
            raise Denied(
                401, "invalid_client", 50027, "JWT token is invalid or malformed, or failed signature validation."
            ) from error
        if claims["sub"] != app.subject:
            raise Denied(
                401, "invalid_client", 700213, "No matching federated identity record found for presented assertion subject."
            )

    def _error(self, denied: Denied) -> Reply:
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        when = datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        text = f"AADSTS{denied.code}: {denied.text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {when}"
        body = {
            "error": denied.error, "error_description": text, "error_codes": [denied.code], "timestamp": when,
            "trace_id": trace, "correlation_id": correlation, "error_uri": f"https://login.microsoftonline.com/error?code={denied.code}",
        }  # fmt: skip
        return reply_json(denied.status, body)


def throttled(seconds: int) -> Fault:
    return instead(429, '{"error":"temporarily_unavailable"}', Content_Type="application/json", Retry_After=str(seconds))
