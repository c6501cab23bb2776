"""TokenShop: asks a token service for the keys of one table.

The contract stands in `wit/`: names there are kebab-case, here snake_case. A `result` returns its good
side and raises `Err` with its other one.
"""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.strategy import (
    ConfigProblem,
    Description,
    Field,
    FieldKind,
    HostPattern_OfField,
    Scoping,
    SecretUse_Bearer,
)
from wit_world.imports import http
from wit_world.imports.types import Access, Credential, Entry, ErrorKind, Value_Plain, VendError

RIGHTS = {"read": Access.READ, "write": Access.WRITE, "delete": Access.DELETE}


def field(name: str, kind: FieldKind, help: str, **more) -> Field:
    rest = dict(aliases=[], required=True, default=None, choices=[], example=None)
    rest |= dict(secret_uses=[], secret_hosts=[], destination=False, extensions=[])
    return Field(name=name, kind=kind, help=help, **(rest | more))


TOKEN_URL = field("token_url", FieldKind.URL, "Where tokens are sold", destination=True,
                  example="https://tokens.example.com/v1/credentials")
# A secret: the host keeps the value, and this code names it ("slot") where it is to be used.
API_KEY = field("api_key", FieldKind.TEXT, "Key of the token service", secret_uses=[SecretUse_Bearer()],
                secret_hosts=[HostPattern_OfField("token_url")])


class Strategy(exports.Strategy):
    def describe(self) -> Description:
        """What the strategy is and asks for. Runs before anything is granted, and must always say the same."""
        return Description(
            name="TokenShop",
            version="0.1.0",
            summary="Keys of a token service",
            schemes=["s3"],
            # Each credential opens what was asked for and nothing else. The host trusts this word and shows it.
            scoping=Scoping.EXACT,
            scoping_rules=[],
            fields=[TOKEN_URL, API_KEY],
            # Servers that it wants to reach. The operator grants them or not.
            hosts=[HostPattern_OfField("token_url")],
            min_ttl_seconds=60,
            max_ttl_seconds=43200,
            extensions=[],
        )

    def check_config(self, configuration) -> None:
        """Judges a warehouse's configuration when it is created, without talking to anyone."""
        missing = [] if json.loads(configuration.fields).get("token_url") else ["token_url"]
        missing += [] if "api_key" in configuration.slots else ["api_key"]
        if missing:
            raise Err([ConfigProblem(name, f"{name} is missing") for name in missing])

    def vend(self, request) -> list[Credential]:
        """Mints. The caller is authorised already; `scopes` is what the credential may open."""
        url = json.loads(request.configuration.fields).get("token_url")
        if not url:
            raise Err(VendError(ErrorKind.INVALID_CONFIG, "invalid-config", "token_url is missing", None))
        credentials = []
        for scope in request.scopes:
            access = [name for name, right in RIGHTS.items() if right in scope.access]
            order = {"location": scope.location, "access": access}
            bought = buy(url, order | {"ttl_seconds": request.ttl_seconds, "principal": request.principal})
            entries = [
                Entry("s3.access-key-id", Value_Plain(text(bought, "access_key_id"))),
                Entry("s3.secret-access-key", Value_Plain(text(bought, "secret_access_key"))),
                Entry("s3.session-token", Value_Plain(text(bought, "session_token"))),
            ]
            credentials.append(Credential(scope.location, entries, instant(bought), None, []))
        return credentials


def buy(url: str, order: dict) -> dict:
    """One request through the host, which checks the address and adds `Authorization: Bearer <api_key>`."""
    headers = [("content-type", "application/json")]
    try:
        answer = http.send(http.Request("POST", url, headers, json.dumps(order).encode(), http.Auth_Bearer("api_key"), [], None, None))
    except Err as failure:
        kinds = {http.FailureKind.DENIED: ErrorKind.DENIED, http.FailureKind.INVALID: ErrorKind.INVALID_CONFIG}
        kinds |= dict.fromkeys((http.FailureKind.DNS, http.FailureKind.CONNECT, http.FailureKind.TIMEOUT), ErrorKind.UNAVAILABLE)
        kind = kinds.get(failure.value.kind, ErrorKind.UPSTREAM)
        raise failed(kind, "unreachable", f"The token service gave no answer: {failure.value.message}") from None
    match answer.status:
        case 200:
            return parsed(answer.body)
        case 401 | 403:
            raise failed(ErrorKind.DENIED, "refused", "The token service refuses: check api_key")
        case 429:
            raise failed(ErrorKind.THROTTLED, "throttled", "The token service asks for patience", retry_after(answer.headers))
        case status if status >= 500:
            raise failed(ErrorKind.UNAVAILABLE, "unavailable", f"The token service failed with {status}")
        case status:
            raise failed(ErrorKind.UPSTREAM, "unreadable", f"The token service answered {status}")


def failed(kind: ErrorKind, code: str, message: str, retry_after_ms: int | None = None) -> Err:
    """People read the message, programs the code. Neither ever holds a secret."""
    return Err(VendError(kind, f"token-service-{code}", message, retry_after_ms))


def unreadable() -> Err:
    return failed(ErrorKind.UPSTREAM, "unreadable", "The token service answered with something unreadable")


def parsed(body: bytes) -> dict:
    try:
        answer = json.loads(body)
    except ValueError:
        raise unreadable() from None
    if not isinstance(answer, dict):
        raise unreadable()
    return answer


def text(answer: dict, name: str) -> str:
    if not isinstance(answer.get(name), str) or not answer[name]:
        raise unreadable()
    return answer[name]


def instant(answer: dict) -> int:
    ends = answer.get("expires_at_ms")
    if not isinstance(ends, int) or not 0 < ends < 1 << 63:
        raise unreadable()
    return ends


def retry_after(headers: list[tuple[str, str]]) -> int | None:
    seconds = next((value for name, value in headers if name.lower() == "retry-after"), "")
    return int(seconds) * 1000 if seconds.isascii() and seconds.isdigit() and len(seconds) <= 5 else None
