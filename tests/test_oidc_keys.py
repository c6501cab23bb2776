"""An issuer's keys: found, changed, withdrawn; an issuer that is away, slow or hostile."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from harness.authority import Authority
from harness.federated import ME, Caller, MakeHost, federate, fields_of, told
from harness.host import Host, unused_name
from harness.issuer import DISCOVERY, Issuer, Key
from harness.listener import Fault, Reply, Request, dropped, instead, slow
from harness.planted import Planted
from harness.world import Tenant, new_tenant

EVERY = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]


@pytest.fixture
def issuer(planted: Planted) -> Iterator[Issuer]:
    made = Issuer(planted).start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def acme(make_host: MakeHost, planted: Planted) -> Tenant:
    return new_tenant(make_host().start(), planted)


@pytest.fixture
def federated(acme: Tenant) -> Callable[..., Host]:
    """The host anew, with nothing in memory, and with this issuer."""

    def make(issuer: Issuer, **more: Any) -> Host:
        return federate(acme.host, fields_of(issuer, acme, **more))

    return make


def caller(host: Host, issuer: Issuer) -> Caller:
    return Caller(host, issuer, unused_name("ada"))


def test_keys_are_asked_for_once(federated: Callable[..., Host], issuer: Issuer) -> None:
    ada = caller(federated(issuer), issuer)
    for _ in range(20):
        ada.me()
    assert issuer.fetches() == 1


def test_every_signature_that_the_settings_name(federated: Callable[..., Host], issuer: Issuer) -> None:
    issuer.keys = [Key.make(alg) for alg in EVERY]
    ada = caller(federated(issuer, algorithms=EVERY), issuer)
    for key in issuer.keys:
        assert ada.host.api(issuer.token(ada.subject, key)).get(ME)["username"] == ada.subject, key.alg
    # One key signs by one algorithm only: the issuer says so.
    for key, alg in ((issuer.keys[0], "RS384"), (issuer.keys[0], "PS256"), (issuer.keys[3], "RS256")):
        other = Key(key.kid, alg, key.private)
        ada.host.api(issuer.token(ada.subject, other)).get(ME, status=401)


def test_a_signature_that_the_settings_do_not_name(federated: Callable[..., Host], issuer: Issuer) -> None:
    issuer.keys = [Key.make("PS256"), Key.make("RS512"), Key.make("ES384"), Key.make("RS256")]
    ada = caller(federated(issuer), issuer)
    for key in issuer.keys[:3]:
        ada.host.api(issuer.token(ada.subject, key)).get(ME, status=401)
    ada.me()


def test_a_new_key_counts_at_once_and_a_flood_of_names_is_one_request(federated: Callable[..., Host], issuer: Issuer) -> None:
    ada = caller(federated(issuer), issuer)
    ada.me()
    issuer.rotate()
    ada.me()
    assert issuer.fetches() == 2
    flood = [Key(f"unknown-{at}", "RS256", issuer.key.private) for at in range(60)]
    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(lambda key: ada.host.api(issuer.token("x", key)).request("GET", ME).status_code, flood))
    assert set(found) == {401}
    assert issuer.fetches() == 2
    ada.me()


def test_a_key_with_the_name_of_another(federated: Callable[..., Host], issuer: Issuer) -> None:
    one, two, stranger = (Key.make("ES256", "same") for _ in range(3))
    issuer.keys = [one, two, Key.make("RS256", "same")]
    ada = caller(federated(issuer), issuer)
    for key in issuer.keys:
        ada.host.api(issuer.token(ada.subject, key)).get(ME)
    ada.host.api(issuer.token(ada.subject, stranger)).get(ME, status=401)


def test_a_token_without_the_name_of_a_key(federated: Callable[..., Host], issuer: Issuer) -> None:
    issuer.keys = [Key.make("ES256"), Key.make("RS256")]
    ada = caller(federated(issuer), issuer)
    nameless = Key(None, "RS256", issuer.key.private)
    ada.host.api(issuer.token(ada.subject, nameless)).get(ME)
    # With a second key that fits there is a choice, and so no answer.
    issuer.keys.append(Key.make("RS256"))
    host = federated(issuer)
    host.api(issuer.token(ada.subject, nameless)).get(ME, status=401)


def test_what_the_issuer_says_of_a_key_is_obeyed(federated: Callable[..., Host], issuer: Issuer) -> None:
    key = issuer.key
    for members in ({"use": "enc"}, {"alg": "RS512"}, {"key_ops": ["encrypt"]}, {"n": "AQAB"}, {"kty": "oct", "k": "c2VjcmV0"}):
        issuer.jwks = [key.jwk(**members)]
        assert caller(federated(issuer), issuer).status() == 401, members
    issuer.jwks = [key.jwk(alg=None, use=None), {"kty": "oct", "kid": key.kid, "k": "c2VjcmV0"}, {"kty": "new"}]
    caller(federated(issuer), issuer).me()


def test_an_outage_is_bridged(federated: Callable[..., Host], issuer: Issuer) -> None:
    ada = caller(federated(issuer), issuer)
    ada.me()
    with issuer.listener.failing(dropped):
        for _ in range(5):
            ada.me()
        # A name that is not known tells nothing of the outage.
        stranger = Key.make()
        ada.host.api(issuer.token(ada.subject, stranger)).get(ME, status=401)
        ada.me()
    ada.me()


def test_without_any_key_the_caller_is_told_when_to_come_back(federated: Callable[..., Host], issuer: Issuer) -> None:
    with issuer.listener.failing(instead(503)):
        ada = caller(federated(issuer), issuer)
        replies = [ada.reply() for _ in range(5)]
        assert {reply.status_code for reply in replies} == {503}
        body = replies[0].json()
        assert body["code"] == "issuer-unavailable"
        assert 1 <= int(replies[0].headers["Retry-After"]) <= 5
        assert issuer.fetches() <= 2, "a pause between two tries"
        # On the Iceberg side in its own form; tokens of nobody known are refused as ever.
        reply = ada.api().request("GET", "/v1/c/namespaces")
        assert (reply.status_code, reply.json()["error"]["reason"]) == (503, "issuer-unavailable")
        ada.host.api("garbage").get(ME, status=401)
        ada.host.root().get(ME)
    time.sleep(6)
    ada.me()


def test_a_slow_issuer_keeps_nobody_else_waiting(federated: Callable[..., Host], issuer: Issuer) -> None:
    with issuer.listener.failing(slow(30)):
        host = federated(issuer)
        started = time.monotonic()
        assert caller(host, issuer).status() == 503
        assert time.monotonic() - started < 15
        started = time.monotonic()
        host.root().get(ME)
        assert time.monotonic() - started < 3


def hostile(issuer: Issuer) -> dict[str, tuple[dict[str, Any], Fault | None]]:
    """What an issuer may try: other contents of its discovery document, or another answer."""
    url = issuer.listener.url

    def elsewhere(request: Request, answer: Callable[[Request], Reply]) -> Reply:
        if request.path.endswith(DISCOVERY):
            return Reply(302, b"", [("Location", f"{url}/other{DISCOVERY}")])
        return answer(request)

    def keys(reply: Reply) -> Fault:
        return lambda request, answer: reply if request.path == "/keys" else answer(request)

    return {
        "another issuer's document": ({"issuer": "https://evil.example"}, None),
        "the same with a slash": ({"issuer": issuer.url + "/"}, None),
        "no issuer": ({"issuer": None}, None),
        "keys at a private address": ({"jwks_uri": "http://10.0.0.1/keys"}, None),
        "keys at the metadata service": ({"jwks_uri": "http://169.254.169.254/latest"}, None),
        "keys in a file": ({"jwks_uri": "file:///etc/passwd"}, None),
        "keys with a password": ({"jwks_uri": f"{url.replace('://', '://u:p@')}/keys"}, None),
        "keys nowhere": ({"jwks_uri": f"{url}/none"}, None),
        "a redirect": ({}, elsewhere),
        "a huge document": ({"x": "y" * 100_000}, None),
        "huge keys": ({}, keys(Reply(200, b" " * 300_000))),
        "very many keys": ({}, keys(Reply(200, b'{"keys":[' + b"{}," * 500 + b"{}]}"))),
        "a page instead of keys": ({}, keys(Reply(200, b"<html>sign in</html>"))),
        "a redirect instead of keys": ({}, keys(Reply(302, b"", [("Location", f"{url}/keys2")]))),
        "an error with keys in it": ({}, keys(Reply(500, b'{"keys":[]}'))),
    }


@pytest.mark.parametrize("case", list(hostile(Issuer(Planted()))))
def test_a_hostile_issuer_gains_nothing(federated: Callable[..., Host], issuer: Issuer, case: str) -> None:
    changed, fault = hostile(issuer)[case]
    issuer.discovery |= changed
    if fault is None:
        host = federated(issuer)
        reply = caller(host, issuer).reply()
    else:
        with issuer.listener.failing(fault):
            host = federated(issuer)
            reply = caller(host, issuer).reply()
    assert reply.status_code == 503, f"{case}: {reply.text}"
    assert not any(request.path.startswith("/other") or request.path == "/keys2" for request in issuer.listener.seen)
    issuer.complaints.clear()
    said = [line for line in host.logged().splitlines() if "keys of the issuer cannot be fetched" in line]
    assert said, "the operator is told why"
    assert issuer.url in said[-1]


def test_an_issuer_behind_an_authority_of_its_own(
    federated: Callable[..., Host], planted: Planted, authority: Authority
) -> None:
    issuer = Issuer(planted, authority.server()).start()
    try:
        assert caller(federated(issuer), issuer).status() == 503, "nobody vouches for this server"
        assert not issuer.listener.seen
        ada = caller(federated(issuer, ca_file=str(authority.ca)), issuer)
        ada.me()
        # Connections in clear are allowed to this address, and TLS is not given up for them.
        plain = Issuer(planted).start()
        try:
            issuer.discovery["jwks_uri"] = f"{plain.listener.url}/keys"
            assert caller(federated(issuer, ca_file=str(authority.ca)), issuer).status() == 503
            assert not plain.listener.seen
        finally:
            plain.stop()
    finally:
        issuer.stop()


def test_an_issuer_is_no_endpoint_of_a_tenant(make_host: MakeHost, planted: Planted, issuer: Issuer) -> None:
    """What the operator says of an issuer opens its address to nobody else."""
    host = make_host().start()
    tenant = new_tenant(host, planted)
    federate(host, fields_of(issuer, tenant), PANGOLIN_EGRESS_ALLOW=f"127.0.0.1/32")
    caller(host, issuer).me()
    host.stop()
    # The address is not allowed any more; https to it would be, for the issuer alone.
    host.settings["PANGOLIN_EGRESS_ALLOW"] = "127.9.9.9/32"
    said = host.refuses_to_start()
    assert "PANGOLIN_OIDC_CONFIG" in said
    assert "PANGOLIN_EGRESS_ALLOW" in said


def test_two_issuers_do_not_speak_for_each_other(acme: Tenant, planted: Planted, issuer: Issuer) -> None:
    second = Issuer(planted, alg="RS256").start()
    try:
        host = federate(acme.host, fields_of(issuer, acme), fields_of(second, acme))
        subject = unused_name("ada")
        first = host.api(issuer.token(subject)).get(ME)
        # The same name there is another identity, and its name is taken.
        assert host.api(second.token(subject)).request("GET", ME).status_code == 403
        forged = host.api(issuer.token(subject, second.key)).request("GET", ME)
        assert told(forged) == told(host.api().request("GET", ME))
        crossed = host.api(second.token(subject, Key(issuer.key.kid, "RS256", second.key.private))).request("GET", ME)
        assert crossed.status_code == 401
        assert host.api(issuer.token(subject)).get(ME)["id"] == first["id"]
    finally:
        second.stop()
