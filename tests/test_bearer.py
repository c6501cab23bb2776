"""Tokens that are not good, of this host and of an issuer: each is refused as if nothing had been shown."""

import base64
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from harness.api import Api
from harness.federated import ME, MakeHost, federate, fields_of, told
from harness.host import Host, unused_name
from harness.issuer import Issuer, Key, compact, hs256
from harness.planted import Planted
from harness.world import Tenant, new_tenant

# Routes of both APIs, that read and that change.
ROUTES = [
    ("GET", ME),
    ("GET", "/api/v1/users"),
    ("POST", "/api/v1/warehouses"),
    ("GET", "/api/v1/audit"),
    ("GET", "/v1/some/namespaces"),
    ("POST", "/v1/some/namespaces"),
    ("GET", "/v1/some/namespaces/n/tables/t"),
    ("POST", "/v1/some/namespaces/n/tables/t/credentials"),
]


@pytest.fixture(scope="module")
def acme(make_host: MakeHost, planted: Planted, issuer: Issuer) -> Tenant:
    host = make_host(settings={"PANGOLIN_AUTH_RATE_LIMIT": "100000"}).start()
    tenant = new_tenant(host, planted)
    federate(host, fields_of(issuer, tenant, roles_claim="roles", roles={"admins": "tenant-admin"}))
    return tenant


@dataclass
class Arena:
    """One host, and what is needed to forge."""

    host: Host
    tenant: Tenant
    issuer: Issuer

    @property
    def good(self) -> str:
        return self.issuer.token("ada", roles=["admins"])

    @property
    def own(self) -> str:
        return self.tenant.admin.api.token or ""

    def secret(self) -> bytes:
        return str(self.host.settings["PANGOLIN_JWT_SECRET"]).encode()


@pytest.fixture(scope="module")
def arena(acme: Tenant, issuer: Issuer) -> Arena:
    made = Arena(acme.host, acme, issuer)
    assert acme.host.api(made.good).get(ME)["role"] == "tenant-admin"
    acme.host.api(made.own).get(ME)
    return made


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    def read(part: str) -> dict[str, Any]:
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))

    header, claims, _ = token.split(".")
    return read(header), read(claims)


def own(arena: Arena, header: dict[str, Any] | None = None, drop: str = "", **claims: Any) -> str:
    """The admin's own token with other claims, signed with the host's own secret."""
    found = {name: value for name, value in (parts(arena.own)[1] | claims).items() if name != drop}
    return compact(header or {"alg": "HS256", "typ": "JWT"}, found, hs256(arena.secret()))


def public_forms(key: Key) -> dict[str, bytes]:
    """The public key in the forms in which a confused verifier would take it for a secret."""
    public = key.private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {
        "PEM": pem,
        "PEM without its last line end": pem.rstrip(),
        "PKCS#1 PEM": public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        "DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "PKCS#1 DER": public.public_bytes(Encoding.DER, PublicFormat.PKCS1),
        "JWK": json.dumps(key.jwk()).encode(),
        "modulus": key.jwk()["n"].encode(),
    }


def issuers_forgeries(arena: Arena) -> dict[str, str]:
    """Tokens that name the issuer and are not good."""
    issuer, now = arena.issuer, int(time.time())
    attacker = Key.make("RS256", issuer.key.kid)
    by = {"roles": ["admins"]}
    good = arena.good
    message, signature = good.rsplit(".", 1)
    header, claims = parts(good)
    none = {"alg": "none"}
    found = {
        "wrong signature": f"{message}.{signature[:-8]}AAAAAAAA",
        "no signature": f"{message}.",
        "two parts": message,
        "four parts": f"{good}.AAAA",
        "another's signature": issuer.token("ada", attacker, **by),
        "alg none": compact(none, claims, lambda _: b""),
        "alg NONE": compact({"alg": "NONE", "kid": issuer.key.kid}, claims, lambda _: b""),
        "alg none with a signature": compact(none, claims, issuer.key.sign),
        "no alg": compact({"kid": issuer.key.kid}, claims, issuer.key.sign),
        "alg of another kind": compact(header | {"alg": "ES256"}, claims, issuer.key.sign),
        "changed claims": f"{message.split('.')[0]}.{compact({}, claims | {'sub': 'root'}, lambda _: b'').split('.')[1]}.{signature}",
        "expired": issuer.token("ada", exp=now - 1, **by),
        "expired within any leeway": issuer.token("ada", exp=now - 5, **by),
        "without end": issuer.token("ada", exp=None, **by),
        "end as a text": issuer.token("ada", exp=str(now + 600), **by),
        "not yet": issuer.token("ada", nbf=now + 3600, **by),
        "another audience": issuer.token("ada", aud="another", **by),
        "no audience": issuer.token("ada", aud=None, **by),
        "empty audience": issuer.token("ada", aud=[], **by),
        "another issuer": issuer.token("ada", iss="https://evil.example", **by),
        "almost the issuer": issuer.token("ada", iss=issuer.url + "/", **by),
        "no issuer": issuer.token("ada", iss=None, **by),
        "issuer as a list": issuer.token("ada", iss=[issuer.url], **by),
        "unknown kid": issuer.token("ada", Key("unknown", "RS256", issuer.key.private), **by),
        "kid as a path": issuer.token("ada", attacker, {"kid": "../../../../dev/null"}, **by),
        "kid as a statement": issuer.token("ada", attacker, {"kid": "' OR 1=1 --"}, **by),
        "kid as a number": issuer.token("ada", header={"kid": 1}, **by),
        "embedded jwk": issuer.token("ada", attacker, {"jwk": attacker.jwk()}, **by),
        "embedded jwk, no kid": issuer.token("ada", attacker, {"kid": None, "jwk": attacker.jwk(kid=None)}, **by),
        "jku": issuer.token("ada", attacker, {"kid": "theirs", "jku": f"{issuer.listener.url}/theirs"}, **by),
        "x5u": issuer.token("ada", attacker, {"kid": "theirs", "x5u": f"{issuer.listener.url}/theirs"}, **by),
        "x5c": issuer.token("ada", attacker, {"x5c": ["AAAA"]}, **by),
        "crit": issuer.token("ada", header={"crit": ["exp"]}, **by),
        "crit of an extension": issuer.token("ada", header={"crit": ["b64"], "b64": False}, **by),
        "crit empty": issuer.token("ada", header={"crit": []}, **by),
        "logout token": issuer.token("ada", header={"typ": "logout+jwt"}, **by),
        "bound to a proof": issuer.token("ada", cnf={"jkt": "x"}, **by),
        "oversized": issuer.token("ada", padding="x" * 20_000, **by),
        "signed with the host's secret": compact({"alg": "HS256"}, claims, hs256(arena.secret())),
        "signed with an empty secret": compact({"alg": "HS256", "kid": issuer.key.kid}, claims, hs256(b"")),
    }
    for form, secret in public_forms(issuer.key).items():
        found[f"HS256 with the public key as {form}"] = compact(header | {"alg": "HS256"}, claims, hs256(secret))
    return found


def own_forgeries(arena: Arena) -> dict[str, str]:
    """Tokens that look like this host's and are not good."""
    now = int(time.time())
    message, signature = arena.own.rsplit(".", 1)
    claims = parts(arena.own)[1]
    rsa = Key.make("RS256")
    gone = arena.tenant.user()
    gone.api.post("/api/v1/users/logout", status=(200, 204))
    rotated = arena.tenant.user()
    arena.tenant.admin.api.put(f"/api/v1/users/{rotated.id}", {"active": False})
    found = {
        "garbage": "garbage",
        "empty": "",
        "dots": "..",
        "wrong signature": f"{message}.{signature[:-6]}AAAAAA",
        "no signature": f"{message}.",
        "alg none": compact({"alg": "none", "typ": "JWT"}, claims, lambda _: b""),
        "alg none with the signature": compact({"alg": "none"}, claims, hs256(arena.secret())),
        "HS384": own(arena, {"alg": "HS384"}),
        "HS512": own(arena, {"alg": "HS512"}),
        "RS256": compact({"alg": "RS256"}, claims, rsa.sign),
        "RS256 with its own key": compact({"alg": "RS256", "jwk": rsa.jwk()}, claims, rsa.sign),
        "no alg": own(arena, {"typ": "JWT"}),
        "crit": own(arena, {"alg": "HS256", "crit": ["x"], "x": 1}),
        "another secret": compact({"alg": "HS256"}, claims, hs256(b"x" * 48)),
        "expired": own(arena, exp=now - 120, iat=now - 240),
        "not yet": own(arena, nbf=now + 3600),
        "revoked": gone.api.token or "",
        "of an inactive account": rotated.api.token or "",
        "missing jti": own(arena, drop="jti"),
        "missing exp": own(arena, drop="exp"),
        "missing sub": own(arena, drop="sub"),
        "unknown jti": own(arena, jti=str(uuid.uuid4())),
        "jti no UUID": own(arena, jti="1"),
        "another's subject": own(arena, sub=str(uuid.uuid4())),
        "another tenant": own(arena, tenant_id=str(uuid.uuid4())),
        "Root's tenant": own(arena, tenant_id=None),
        "a later end": own(arena, exp=claims["exp"] + 1000),
        "an audience": own(arena, aud="pangolin"),
        "an issuer": own(arena, iss="https://evil.example"),
        "the issuer": own(arena, iss=arena.issuer.url, aud="pangolin"),
        "oversized": own(arena, padding="x" * 9_000),
    }
    return found


def judge(arena: Arena, forged: dict[str, str], send: Callable[[Api, str, str], requests.Response] | None = None) -> None:
    """Each on each route: the answer to whoever shows nothing, word by word."""
    send = send or (lambda api, method, path: api.request(method, path))
    nothing = {route: told(send(arena.host.api(), *route)) for route in ROUTES}
    assert {status for status, _ in nothing.values()} == {401}
    assert len({text for _, text in nothing.values()}) == 2, "one text for each API"
    for name, token in forged.items():
        for route in ROUTES:
            reply = send(arena.host.api(token), *route)
            assert told(reply) == nothing[route], f"{name} at {route}: {reply.status_code} {reply.text}"
            assert reply.headers["WWW-Authenticate"] == "Bearer", name


def test_forged_tokens_of_the_issuer(arena: Arena) -> None:
    judge(arena, issuers_forgeries(arena))
    assert not [request for request in arena.issuer.listener.seen if "theirs" in request.target]
    arena.host.api(arena.good).get(ME)


def test_forged_tokens_of_our_own(arena: Arena) -> None:
    judge(arena, own_forgeries(arena))
    arena.host.api(arena.own).get(ME)


def test_two_credentials_are_none(arena: Arena) -> None:
    """Two headers, each of them good: nobody is both."""

    def twice(values: list[str]) -> tuple[int, str]:
        import http.client

        connection = http.client.HTTPConnection("127.0.0.1", arena.host.port, timeout=10)
        connection.putrequest("GET", ME)
        for value in values:
            connection.putheader("Authorization", value)
        connection.endheaders()
        reply = connection.getresponse()
        return reply.status, reply.read().decode()

    nothing = told(arena.host.api().request("GET", ME))
    for first, second in ((arena.good, arena.own), (arena.own, arena.own), (arena.own, arena.good)):
        assert twice([f"Bearer {first}", f"Bearer {second}"]) == nothing
    assert twice([f"Bearer {arena.own}, Bearer {arena.good}"]) == nothing
    assert twice([f"Bearer {arena.own}"])[0] == 200
    headers = {"X-API-Key": "pgl_" + "0" * 64}
    assert told(arena.host.api(arena.own).request("GET", ME, headers=headers)) == nothing


def test_a_token_elsewhere_than_in_its_header_is_none(arena: Arena) -> None:
    api = arena.host.api()
    nothing = told(api.request("GET", ME))
    for token in (arena.good, arena.own):
        for name in ("access_token", "token", "authorization", "bearer", "jwt"):
            assert told(api.request("GET", ME, params={name: token})) == nothing, name
        assert told(api.request("GET", ME, headers={"Cookie": f"token={token}; access_token={token}"})) == nothing
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert told(api.request("POST", "/api/v1/warehouses", data={"access_token": token}, headers=form))[0] == 401
        for scheme in ("Token", "Basic", "JWT", "bearer:", ""):
            reply = api.request("GET", ME, headers={"Authorization": f"{scheme} {token}".strip()})
            assert told(reply) == nothing, scheme


def test_a_clock_that_runs_ahead_at_the_issuer_is_forgiven_a_minute(arena: Arena) -> None:
    now = int(time.time())
    arena.host.api(arena.issuer.token("ada", nbf=now + 30)).get(ME)
    arena.host.api(arena.issuer.token("ada", nbf=now + 120)).get(ME, status=401)


def test_what_is_harmless_is_taken(arena: Arena) -> None:
    issuer = arena.issuer
    for header in ({"typ": "at+jwt"}, {"typ": None}, {"typ": "application/at+jwt"}, {"x5t": "AAAA"}, {"jku": "https://a.example"}):
        arena.host.api(issuer.token("ada", header=header)).get(ME)
    for more in ({"aud": ["x", "pangolin"]}, {"nbf": None}, {"iat": None}, {"jti": None}, {"scope": "openid"}):
        arena.host.api(issuer.token("ada", **more)).get(ME)
    arena.host.api(issuer.token("ada", groups=["g" * 36] * 200)).get(ME)


def test_nothing_of_a_refused_token_is_in_the_log(arena: Arena, planted: Planted) -> None:
    mark = planted.hex("claim of a refused token")
    attacker = Key.make("RS256", arena.issuer.key.kid)
    for token in (arena.issuer.token("ada", attacker, secret=mark), arena.issuer.token(unused_name("x"), attacker, iss=mark)):
        arena.host.api(token).get(ME, status=401)
    assert not planted.found_in(arena.host.logged().encode())
