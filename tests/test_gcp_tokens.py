"""The doubles of Google's token servers are true: Google's own library works against them, and they refuse what Google refuses."""

import json
import time
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import google.auth.compute_engine._metadata as machine
import jwt
import pytest
import requests
from google.auth import exceptions, identity_pool

from harness.federation import Federation
from harness.google.iam import CLOUD, Account
from harness.google.library import Library, limits
from harness.google.sts import ACCESS, EXCHANGE
from harness.google.tokens import GRANT
from harness.google.world import Google
from harness.listener import instead
from harness.planted import Planted

_READ_ONLY = "https://www.googleapis.com/auth/devstorage.read_only"


@pytest.fixture(scope="module")
def library(google: Google) -> Iterator[Library]:
    made = Library(google)
    yield made
    made.close()


def test_a_service_account_gets_a_token(google: Google, library: Library) -> None:
    account = google.account()
    credentials = library.account(account)
    credentials.refresh(library.transport)
    token = google.iam.live(credentials.token)
    assert token and (token.principal, token.scopes, token.boundary) == (account, {CLOUD}, None)
    stranger = Account(account.email, account.project, account.key_id, google.account().key)
    with pytest.raises(exceptions.RefreshError, match="Invalid JWT Signature"):
        library.account(stranger).refresh(library.transport)
    account.disabled = True
    with pytest.raises(exceptions.RefreshError, match="account not found"):
        credentials.refresh(library.transport)


@pytest.mark.parametrize(
    ("changes", "header", "error", "text"),
    [
        ({}, {}, None, ""),
        ({"aud": "https://elsewhere.example/token"}, {}, "invalid_grant", "audience"),
        ({"exp": int(time.time()) + 9999}, {}, "invalid_grant", "short-lived"),
        ({"iat": int(time.time()) - 9000, "exp": int(time.time()) - 5400}, {}, "invalid_grant", "short-lived"),
        ({"iat": int(time.time()) + 900, "exp": int(time.time()) + 1800}, {}, "invalid_grant", "short-lived"),
        ({"exp": None}, {}, "invalid_grant", "short-lived"),
        ({"iss": "nobody@example.com"}, {}, "invalid_grant", "account not found"),
        ({"sub": "somebody@example.com"}, {}, "unauthorized_client", "unauthorized"),
        ({"scope": "https://www.googleapis.com/auth/drive"}, {}, "invalid_scope", "scope"),
        ({"scope": None}, {}, "invalid_scope", "scope"),
        ({}, {"kid": "another"}, "invalid_grant", "Signature"),
    ],
)
def test_an_assertion_is_checked(
    google: Google, changes: dict[str, Any], header: dict[str, str], error: str | None, text: str
) -> None:
    account, now = google.account(), int(time.time())
    claims = {"iss": account.email, "aud": google.tokens.url, "iat": now, "exp": now + 3600, "scope": CLOUD, **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    assertion = jwt.encode(claims, account.key, algorithm="RS256", headers={"kid": account.key_id} | header)
    reply = ask(google, google.tokens.url, {"grant_type": GRANT, "assertion": assertion})
    if error is None:
        assert reply.status_code == 200 and google.iam.live(reply.json()["access_token"])
    else:
        assert reply.status_code in (400, 401) and reply.json()["error"] == error
        assert text in reply.json()["error_description"]


def ask(google: Google, url: str, form: dict[str, str]) -> requests.Response:
    return requests.post(url, data=form, verify=str(google.authority.ca), timeout=10)


def test_other_requests_for_tokens_are_refused(google: Google) -> None:
    assert ask(google, google.tokens.url, {"grant_type": "password"}).json()["error"] == "unsupported_grant_type"
    assert ask(google, google.tokens.url, {"grant_type": GRANT, "assertion": "x.y.z"}).json()["error"] == "invalid_grant"
    forged = jwt.encode({"iss": google.account().email}, "a key that is long enough for it", algorithm="HS256")
    assert "RS256" in ask(google, google.tokens.url, {"grant_type": GRANT, "assertion": forged}).json()["error_description"]
    assert ask(google, google.tokens.url + "/", {}).status_code == 404
    with google.tokens.listener.failing(instead(503, "down")):
        assert ask(google, google.tokens.url, {}).status_code == 503


@pytest.mark.parametrize("impersonated", [False, True])
def test_a_workload_exchanges_its_token(
    google: Google, library: Library, planted: Planted, tmp_path: Path, impersonated: bool
) -> None:
    cluster = Federation(planted)
    account = google.account() if impersonated else None
    pool = google.iam.pool(cluster, "system:serviceaccount:lake:host", account)
    file = cluster.write(tmp_path / "token", pool.subject, "https:" + pool.audience)
    info = json.loads(google.sts.credential_file(pool, str(file)))
    credentials = identity_pool.Credentials.from_info(info, scopes=[CLOUD])
    credentials.refresh(library.transport)
    token = google.iam.live(credentials.token)
    assert token and token.principal is (account or pool)
    for subject, audience, seconds in (
        ("other", pool.audience, 60),
        (pool.subject, "x", 60),
        (pool.subject, pool.audience, -60),
    ):
        cluster.write(tmp_path / "token", subject, audience, seconds)
        with pytest.raises(exceptions.OAuthError):
            identity_pool.Credentials.from_info(info, scopes=[CLOUD]).refresh(library.transport)


def test_a_machine_gets_a_token(google: Google, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    root = f"http://{google.metadata.host}/computeMetadata/v1/"
    monkeypatch.setattr(machine, "_GCE_METADATA_HOST", google.metadata.host)
    value, _expiry = machine.get_service_account_token(library.transport)
    token = google.iam.live(value)
    assert token and token.principal is google.metadata.account
    reply = requests.get(root + "instance/service-accounts/default/token", timeout=10)
    assert reply.status_code == 403 and "Metadata-Flavor" in reply.text


@pytest.mark.parametrize("says_expiry", [True, False])
def test_the_library_downscopes(google: Google, library: Library, says_expiry: bool) -> None:
    source = library.account(google.account())
    google.sts.says_expiry = says_expiry
    try:
        made = library.downscoped(source, limits("lake"))
    finally:
        google.sts.says_expiry = True
    token = google.iam.live(made.token)
    assert token and token.boundary and token.boundary.rules[0].bucket == "lake"
    assert made.expiry and abs(made.expiry.replace(tzinfo=UTC).timestamp() - token.expires_at) < 5


def test_the_exchange_takes_one_form_only(google: Google) -> None:
    account = google.account()
    wide = google.iam.mint(account, frozenset({CLOUD}))
    form = {
        "grant_type": EXCHANGE, "requested_token_type": ACCESS, "subject_token_type": ACCESS, "subject_token": wide.value,
        "options": json.dumps(limits("lake").to_json()),
    }  # fmt: skip
    good = ask(google, google.sts.token_url, form)
    assert good.status_code == 200
    for change, error in (
        ({"grant_type": "x"}, "unsupported_grant_type"),
        ({"requested_token_type": "x"}, "invalid_request"),
        ({"subject_token_type": "x"}, "invalid_request"),
        ({"subject_token": "x"}, "invalid_grant"),
        ({"subject_token": good.json()["access_token"]}, "invalid_grant"),
        ({"subject_token": google.iam.mint(account, frozenset({CLOUD}), -1).value}, "invalid_grant"),
        ({"subject_token": google.iam.mint(account, frozenset({_READ_ONLY})).value}, "invalid_scope"),
        ({"options": "{}"}, "invalid_request"),
        ({"options": ""}, "invalid_request"),
        ({"audience": "x"}, "invalid_request"),
    ):
        reply = ask(google, google.sts.token_url, form | change)
        assert (reply.status_code, reply.json()["error"]) == (400, error), change
