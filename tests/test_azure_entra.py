"""The double of Entra is true: Microsoft's own library works against it, and it refuses what Entra refuses."""

import time
from pathlib import Path

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import WorkloadIdentityCredential

from harness.azure.entra import ASSERTION, EXCHANGE_AUDIENCE, SCOPE, App, throttled
from harness.azure.world import Azure
from harness.federation import Federation
from harness.listener import dropped, instead, slow
from harness.planted import Planted


def test_a_client_secret_and_a_federated_token_give_a_token(azure: Azure, planted: Planted, tmp_path: Path) -> None:
    app = azure.app()
    token = azure.credential(app).get_token(SCOPE)
    assert abs(token.expires_on - time.time() - azure.entra.life) < 5
    assert azure.entra.principal(token.token) is app

    cluster = Federation(planted)
    workload = azure.app(federation=cluster, subject="system:serviceaccount:lake:host")
    file = cluster.write(tmp_path / "token", str(workload.subject), EXCHANGE_AUDIENCE)
    identity = WorkloadIdentityCredential(
        tenant_id=workload.tenant, client_id=workload.client_id, token_file_path=str(file), authority=azure.entra.url,
        disable_instance_discovery=True, connection_verify=str(azure.authority.ca), retry_total=0,
    )  # fmt: skip
    assert azure.entra.principal(identity.get_token(SCOPE).token) is workload


def test_the_library_tells_the_errors_apart(azure: Azure) -> None:
    app = azure.app()
    for change, code in (({"secret": "wrong"}, 7000215), ({"client_id": "unknown"}, 700016), ({"tenant": "unknown"}, 90002)):
        stranger = App(**{**app.__dict__, **change})
        with pytest.raises(ClientAuthenticationError, match=f"AADSTS{code}"):
            azure.credential(stranger).get_token(SCOPE)


def ask(azure: Azure, app: App, **changes: str | None) -> requests.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": app.client_id,
        "scope": SCOPE,
        "client_secret": app.secret,
        **changes,
    }
    data = {name: value for name, value in form.items() if value is not None}
    url = f"{azure.entra.url}/{app.tenant}/oauth2/v2.0/token"
    return requests.post(url, data=data, verify=str(azure.authority.ca), timeout=10)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"client_secret": None}, 401, 7000218),
        ({"client_secret": "stale-secret"}, 401, 7000222),
        ({"grant_type": "password"}, 400, 70003),
        ({"grant_type": None}, 400, 900144),
        ({"scope": None}, 400, 900144),
        ({"scope": "https://storage.azure.com"}, 400, 1002012),
        ({"scope": "https://management.azure.com/.default"}, 400, 1002012),
        ({"client_assertion": "x"}, 401, 7000218),
        ({"client_secret": None, "client_assertion": "x", "client_assertion_type": ASSERTION}, 401, 70025),
        ({"resource": "https://storage.azure.com"}, 400, 90014),
    ],
)
def test_another_form_is_refused(azure: Azure, changes: dict[str, str | None], status: int, code: int) -> None:
    reply = ask(azure, azure.app(expired_secret="stale-secret"), **changes)
    assert (reply.status_code, reply.json()["error_codes"]) == (status, [code])
    assert f"AADSTS{code}" in reply.json()["error_description"]


def test_json_and_basic_authentication_are_refused(azure: Azure) -> None:
    app = azure.app()
    url = f"{azure.entra.url}/{app.tenant}/oauth2/v2.0/token"
    form = {"grant_type": "client_credentials", "client_id": app.client_id, "client_secret": app.secret, "scope": SCOPE}
    ca = str(azure.authority.ca)
    assert requests.post(url, json=form, verify=ca, timeout=10).status_code == 400
    assert requests.post(url, data=form, auth=("a", "b"), verify=ca, timeout=10).status_code == 401
    assert requests.get(url, verify=ca, timeout=10).status_code == 405


@pytest.mark.parametrize(
    ("subject", "audience", "seconds", "code"),
    [
        ("another", EXCHANGE_AUDIENCE, 600, 700213),
        ("me", "https://storage.azure.com", 600, 700212),
        ("me", EXCHANGE_AUDIENCE, -60, 700024),
    ],
)
def test_a_wrong_assertion_is_refused(
    azure: Azure, planted: Planted, subject: str, audience: str, seconds: int, code: int
) -> None:
    cluster = Federation(planted)
    app = azure.app(federation=cluster, subject="me")
    proof = {"client_secret": None, "client_assertion_type": ASSERTION}
    reply = ask(azure, app, **proof, client_assertion=cluster.token(subject, audience, seconds))
    assert (reply.status_code, reply.json()["error_codes"]) == (401, [code])
    forged = Federation(planted).token("me", EXCHANGE_AUDIENCE)
    assert ask(azure, app, **proof, client_assertion=forged).json()["error_codes"] == [50027]
    other = Federation(planted, "https://elsewhere.example").token("me", EXCHANGE_AUDIENCE)
    assert ask(azure, app, **proof, client_assertion=other).json()["error_codes"] == [700211]


def test_faults_can_be_switched_on(azure: Azure) -> None:
    app, listener = azure.app(), azure.entra.listener
    with listener.failing(throttled(7)):
        reply = ask(azure, app)
        assert (reply.status_code, reply.headers["Retry-After"]) == (429, "7")
    with listener.failing(instead(503, "down")):
        assert ask(azure, app).status_code == 503
    with listener.failing(slow(0.3)):
        began = time.monotonic()
        assert ask(azure, app).status_code == 200
        assert time.monotonic() - began > 0.3
    with listener.failing(dropped), pytest.raises(requests.ConnectionError):
        ask(azure, app)
    assert ask(azure, app).status_code == 200
