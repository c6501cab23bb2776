"""Google's token endpoint (`POST /token`): a service account's signed assertion for an access token."""

from __future__ import annotations

import jwt

from harness.authority import Authority
from harness.google.iam import SCOPES, Account, Iam
from harness.listener import Listener, Reply, Request, reply_json

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# What Google's own Python library writes into the assertion, wherever it sends it.
GOOGLES_OWN = "https://oauth2.googleapis.com/token"
_TIMES = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
    "Check your iat and exp values in the JWT claim."
)


class Denied(Exception):
    """One of the endpoint's errors."""

    def __init__(self, error: str, text: str, status: int = 400):
        super().__init__(text)
        self.error, self.text, self.status = error, text, status

    def reply(self) -> Reply:
        return reply_json(self.status, {"error": self.error, "error_description": self.text})


class TokenEndpoint:
    """`audiences` holds what the assertion's `aud` may be: its own URL unless a test adds one."""

    def __init__(self, iam: Iam, authority: Authority):
        self._iam = iam
        self.listener = Listener(self._answer, authority.server(), iam.now)
        self.audiences = {self.url}

    @property
    def url(self) -> str:
        return f"{self.listener.url}/token"

    def _answer(self, request: Request) -> Reply:
        try:
            account, scopes = self._authenticate(request)
        except Denied as denied:
            return denied.reply()
        token = self._iam.mint(account, scopes)
        return reply_json(200, {"access_token": token.value, "expires_in": int(self._iam.life), "token_type": "Bearer"})

    def _authenticate(self, request: Request) -> tuple[Account, frozenset[str]]:
        form = post_form(request, "/token")
        if form.get("grant_type") != GRANT:
            raise Denied("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")
        if set(form) != {"grant_type", "assertion"}:
            raise Denied("invalid_request", "grant_type and assertion, and nothing else, are wanted")
        assertion = form["assertion"]
        try:
            header = jwt.get_unverified_header(assertion)
            named = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.InvalidTokenError as error:
            raise Denied("invalid_grant", "Invalid JWT: Token is malformed.") from error
        if header.get("alg") != "RS256":
            raise Denied("invalid_grant", "Invalid JWT: the algorithm is not RS256.")
        account = next((account for account in self._iam.accounts if account.email == named.get("iss")), None)
        if account is None or account.disabled:
            raise Denied("invalid_grant", "Invalid grant: account not found")
        if header.get("kid") != account.key_id:
            raise Denied("invalid_grant", "Invalid JWT Signature.")
        options = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False}
        try:
            claims = jwt.decode(assertion, account.key.public_key(), algorithms=["RS256"], options=options)
        except jwt.InvalidTokenError as error:
            raise Denied("invalid_grant", "Invalid JWT Signature.") from error
        if claims.get("aud") not in self.audiences:
            raise Denied("invalid_grant", f"Invalid JWT: Failed audience check. The right audience is {self.url}")
        self._in_time(claims.get("iat"), claims.get("exp"))
        if set(claims) - {"iss", "aud", "iat", "exp", "scope", "sub"} or claims.get("sub", account.email) != account.email:
            raise Denied("unauthorized_client", "Client is unauthorized to retrieve access tokens using this method.", 401)
        scopes = frozenset(str(claims.get("scope", "")).split())
        if not scopes or scopes - SCOPES:
            raise Denied("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        return account, scopes

    def _in_time(self, issued: object, expires: object) -> None:
        now = self._iam.now()
        whole = isinstance(issued, int) and isinstance(expires, int)
        if not whole or not (issued <= now + 60 and now < expires and 0 < expires - issued <= 3600):  # type: ignore[operator]
            raise Denied("invalid_grant", _TIMES)


def post_form(request: Request, path: str) -> dict[str, str]:
    """The form of a POST to exactly this path."""
    if request.method != "POST" or request.target != path:
        raise Denied("invalid_request", f"POST {path} is wanted", 404)
    if request.headers.get_content_type() != "application/x-www-form-urlencoded":
        raise Denied("invalid_request", "a form is wanted")
    try:
        return request.form()
    except ValueError as error:
        raise Denied("invalid_request", str(error)) from error
