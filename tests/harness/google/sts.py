"""Google's Security Token Service, and the two calls of IAM Credentials that workloads need beside it."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from harness.authority import Authority
from harness.google import boundary
from harness.google.iam import CLOUD, SCOPES, Account, Iam, Pool, Token
from harness.google.tokens import Denied, post_form
from harness.listener import Listener, Reply, Request, reply_json

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"
_IDENTITIES = {"urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token"}
_ACCOUNT = re.compile(r"/v1/projects/-/serviceAccounts/([^/:]+):(generateAccessToken|signBlob)")


class Sts:
    """`POST /v1/token`. With `says_expiry` off the reply has no `expires_in`, as Google's at times."""

    def __init__(self, iam: Iam, authority: Authority):
        self._iam = iam
        self.says_expiry = True
        self.listener = Listener(self._answer, authority.server(), iam.now)

    @property
    def url(self) -> str:
        return self.listener.url

    @property
    def token_url(self) -> str:
        return f"{self.url}/v1/token"

    def impersonation_url(self, account: Account) -> str:
        return f"{self.url}/v1/projects/-/serviceAccounts/{account.email}:generateAccessToken"

    def credential_file(self, pool: Pool, path: str) -> str:
        """The JSON of an external account whose subject token is in a file."""
        body: dict[str, Any] = {
            "type": "external_account", "audience": pool.audience, "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": self.token_url, "universe_domain": "googleapis.com",
            "credential_source": {"file": path, "format": {"type": "text"}},
        }  # fmt: skip
        if pool.impersonates is not None:
            body["service_account_impersonation_url"] = self.impersonation_url(pool.impersonates)
        return json.dumps(body)

    def _answer(self, request: Request) -> Reply:
        try:
            if match := _ACCOUNT.fullmatch(unquote(request.path)):
                return self._as_account(request, match[1], match[2])
            return self._exchange(request)
        except Denied as denied:
            return denied.reply()

    def _exchange(self, request: Request) -> Reply:
        form = post_form(request, "/v1/token")
        if form.get("grant_type") != EXCHANGE:
            raise Denied("unsupported_grant_type", f"Unsupported grant type: {form.get('grant_type', '')}")
        if form.get("requested_token_type") != ACCESS:
            raise Denied("invalid_request", "Invalid value for requested_token_type")
        token = self._downscoped(form) if form.get("subject_token_type") == ACCESS else self._federated(form)
        body = {"access_token": token.value, "issued_token_type": ACCESS, "token_type": "Bearer"}
        if self.says_expiry:
            body |= {"expires_in": int(token.expires_at - self._iam.now())}
        return reply_json(200, body)

    def _downscoped(self, form: dict[str, str]) -> Token:
        wanted = {"grant_type", "requested_token_type", "subject_token_type", "subject_token", "options"}
        if set(form) != wanted:
            raise Denied("invalid_request", f"exactly these parameters are wanted: {', '.join(sorted(wanted))}")
        source = self._iam.live(form["subject_token"])
        if source is None or source.boundary is not None:
            raise Denied("invalid_grant", "Invalid or expired subject_token.")
        if CLOUD not in source.scopes:
            raise Denied("invalid_scope", "The subject token lacks the scope of the cloud platform.")
        try:
            # Google's library encodes the JSON once more inside the form; its documentation's curl does not.
            text = form["options"] if form["options"].startswith("{") else unquote(form["options"], errors="strict")
            limits = boundary.read(text)
        except ValueError as error:
            raise Denied("invalid_request", f"Invalid options: {error}") from error
        return self._iam.mint(source.principal, source.scopes, source.expires_at - self._iam.now(), limits)

    def _federated(self, form: dict[str, str]) -> Token:
        wanted = {"grant_type", "requested_token_type", "subject_token_type", "subject_token", "audience", "scope"}
        if set(form) != wanted or form["subject_token_type"] not in _IDENTITIES:
            raise Denied("invalid_request", f"exactly these parameters are wanted: {', '.join(sorted(wanted))}")
        pool = next((pool for pool in self._iam.pools if pool.audience == form["audience"]), None)
        if pool is None:
            raise Denied("invalid_target", 'The target service indicated by the "audience" parameters is invalid.')
        scopes = frozenset(form["scope"].split())
        if not scopes or not scopes <= SCOPES | {"https://www.googleapis.com/auth/iam"}:
            raise Denied("invalid_scope", "Invalid scope")
        try:
            audiences = [pool.audience, f"https:{pool.audience}"]
            claims = pool.federation.claims(form["subject_token"], audiences, self._iam.now())
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
            raise Denied("invalid_grant", "ID Token is stale to sign-in.") from error
        except jwt.InvalidTokenError as error:
            raise Denied(
                "invalid_grant", f"Error connecting to the given credential's issuer, or it does not match: {error}"
            ) from error
        if claims["sub"] != pool.subject:
            raise Denied("unauthorized_client", "The given credential is rejected by the attribute condition.")
        return self._iam.mint(pool, scopes)

    def _as_account(self, request: Request, email: str, verb: str) -> Reply:
        """The JSON API's errors have another form than those of OAuth."""
        token = self._iam.live(request.bearer())
        if token is None:
            return problem(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        account = next((account for account in self._iam.accounts if account.email == email), None)
        pool = token.principal
        if account is None or not isinstance(pool, Pool) or pool.impersonates is not account or verb not in pool.may:
            right = {"generateAccessToken": "getAccessToken", "signBlob": "signBlob"}[verb]
            return problem(403, "PERMISSION_DENIED", f"Permission 'iam.serviceAccounts.{right}' denied on resource.")
        if request.method != "POST":
            return problem(404, "NOT_FOUND", "POST is wanted")
        try:
            body = json.loads(request.body)
            return self._signed(account, body) if verb == "signBlob" else self._impersonated(account, body)
        except (ValueError, KeyError, TypeError) as error:
            return problem(400, "INVALID_ARGUMENT", f"the body: {error}")

    def _impersonated(self, account: Account, body: dict[str, Any]) -> Reply:
        scopes, life = frozenset(body["scope"]), int(str(body.get("lifetime", "3600s")).removesuffix("s"))
        if not scopes or not scopes <= SCOPES or not 0 < life <= 3600:
            raise ValueError("scope or lifetime")
        made = self._iam.mint(account, scopes, life)
        when = datetime.fromtimestamp(made.expires_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return reply_json(200, {"accessToken": made.value, "expireTime": when})

    def _signed(self, account: Account, body: dict[str, Any]) -> Reply:
        if set(body) - {"payload", "delegates"}:
            raise ValueError("payload, and nothing else, is wanted")
        payload = base64.b64decode(body["payload"], validate=True)
        signature = account.key.sign(payload, padding.PKCS1v15(), hashes.SHA256())
        return reply_json(200, {"keyId": account.key_id, "signedBlob": base64.b64encode(signature).decode()})


def problem(status: int, code: str, text: str) -> Reply:
    return reply_json(status, {"error": {"code": status, "message": text, "status": code}})
