"""Each way in which Azure fails has a code of its own, says what to do, and leaks nothing."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from harness.azure.client import split
from harness.azure.entra import throttled
from harness.azure.lake import AzureLake, new_azure_lake, settings
from harness.azure.world import Azure
from harness.host import unused_name
from harness.listener import Fault, dropped, instead, slow
from harness.world import Tenant


def refused(lake: AzureLake) -> tuple[str, int, dict[str, Any], Any]:
    """The code, the status, the error and the reply of a first mint."""
    body = {"name": unused_name("t"), "schema": {"type": "struct", "schema-id": 0, "fields": []}}
    reply = lake.tenant.admin.api.request("POST", f"/v1/{lake.catalog}/namespaces/sales/tables", json=body)
    error = reply.json()["error"]
    assert lake.app is None or lake.app.secret not in reply.text
    return error["reason"], reply.status_code, error, reply


def test_wrong_settings_of_the_app_are_told_apart(cloud_tenant: Tenant, azure: Azure) -> None:
    def told(**change: Any) -> tuple[str, str]:
        app = azure.app()
        warehouse = settings(azure, azure.container(), authority_host=azure.entra.url)
        warehouse |= {"tenant_id": app.tenant, "client_id": app.client_id, "client_secret": app.secret} | change
        name = cloud_tenant.warehouse({"vending_strategy": "AzureOAuth", "storage_config": warehouse})["name"]
        catalog = cloud_tenant.catalog(name)["name"]
        cloud_tenant.admin.api.create_namespace(catalog, "sales")
        lake = AzureLake(cloud_tenant, warehouse["container"], name, catalog, "", azure, app)
        code, status, error, _ = refused(lake)
        assert 400 <= status < 600
        assert "client_secret" not in change or change["client_secret"] not in error["message"]
        return code, error["message"]

    wrong = cloud_tenant.planted.key("wrong client secret")
    code, text = told(client_secret=wrong)
    assert code == "client-secret-wrong" and "az ad app credential reset" in text
    stale = cloud_tenant.planted.key("expired client secret")
    app = azure.app(expired_secret=stale)
    assert told(tenant_id=app.tenant, client_id=app.client_id, client_secret=stale)[0] == "client-secret-expired"
    assert told(client_id="00000000-0000-4000-8000-000000000000")[0] == "unknown-app"
    assert told(tenant_id="00000000-0000-4000-8000-000000000000")[0] == "unknown-tenant"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (throttled(7), "throttled"),
        (instead(503, "down"), "authority-unavailable"),
        (instead(200, '{"token_type":"Bearer"'), "token-endpoint-fault"),
        (instead(200, '{"token_type":"Bearer","expires_in":3599}', Content_Type="application/json"), "token-endpoint-fault"),
        (instead(302, "", Location="http://127.0.0.1:1/"), "token-endpoint-fault"),
        (dropped, "authority-unreachable"),
        (slow(30), "authority-unreachable"),
    ],
    ids=["throttled", "5xx", "malformed", "incomplete", "redirect", "dropped", "slow"],
)
def test_what_the_authority_does_wrong_is_told_apart(cloud_tenant: Tenant, azure: Azure, fault: Fault, code: str) -> None:
    lake = new_azure_lake(cloud_tenant, azure)
    began = time.monotonic()
    with azure.entra.listener.failing(fault):
        told, status, _, reply = refused(lake)
    assert (told, status) in {(code, 502), (code, 503)}
    assert time.monotonic() - began < 25
    assert code != "throttled" or reply.headers["Retry-After"] == "7"
    # Nothing of it stays: the same warehouse works when Azure does, after the pause that it asked for.
    if code != "throttled":
        deadline = time.monotonic() + 20
        body = {"name": "after", "schema": {"type": "struct", "schema-id": 0, "fields": []}}
        path = f"/v1/{lake.catalog}/namespaces/sales/tables"
        while (again := lake.tenant.admin.api.request("POST", path, json=body)).status_code != 200:
            assert time.monotonic() < deadline, again.text
            time.sleep(0.3)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (instead(503, "", **{"x_ms_error_code": "ServerBusy", "Retry_After": "3"}), "throttled"),
        (instead(500, ""), "storage-unavailable"),
        (instead(200, "<UserDelegationKey><SignedOid>"), "storage-fault"),
        (dropped, "storage-unreachable"),
    ],
    ids=["busy", "5xx", "malformed", "dropped"],
)
def test_what_the_account_does_wrong_is_told_apart(cloud_tenant: Tenant, azure: Azure, fault: Fault, code: str) -> None:
    lake = new_azure_lake(cloud_tenant, azure)
    with azure.gate.listener.failing(fault):
        assert refused(lake)[0] == code


def test_a_principal_without_the_role_of_a_delegator_is_told_which(cloud_tenant: Tenant, azure: Azure) -> None:
    lake = new_azure_lake(cloud_tenant, azure, app=azure.app(rights=frozenset({"read", "write", "delete"})))
    code, status, error, _ = refused(lake)
    assert (code, status) == ("delegation-not-allowed", 403)
    assert "Storage Blob Delegator" in error["message"]


def test_a_clock_that_is_off_is_called_that(cloud_tenant: Tenant, azure: Azure) -> None:
    lake = new_azure_lake(cloud_tenant, azure)
    # For the account the key that is asked for has ended already.
    azure.gate.ahead = 10 * 86400
    try:
        code, _, error, _ = refused(lake)
    finally:
        azure.gate.ahead = 0
    assert code == "clock-skew", error
    assert "clock" in error["message"]


def test_an_account_that_is_not_there(cloud_tenant: Tenant, azure: Azure) -> None:
    app = azure.app()
    config = settings(azure, "data", account_name="anotheraccount", endpoint=azure.gate.url, authority_host=azure.entra.url)
    config |= {"tenant_id": app.tenant, "client_id": app.client_id, "client_secret": app.secret}
    name = cloud_tenant.warehouse({"vending_strategy": "AzureOAuth", "storage_config": config})["name"]
    catalog = cloud_tenant.catalog(name)["name"]
    cloud_tenant.admin.api.create_namespace(catalog, "sales")
    assert refused(AzureLake(cloud_tenant, "data", name, catalog, "", azure, app))[0] == "unknown-account"


def test_kept_keys_sign_on_while_entra_is_down(cloud_tenant: Tenant, azure: Azure) -> None:
    lake = new_azure_lake(cloud_tenant, azure)
    made = cloud_tenant.admin.api.create_table(lake.catalog, "sales", "orders")
    container, path = split(made["metadata-location"])
    with azure.entra.listener.failing(instead(503, "down")), failing_keys(azure):
        blobs = lake.blobs(cloud_tenant.user("Reader"))
        assert blobs.get(container, path) == "ok"


@contextmanager
def failing_keys(azure: Azure) -> Iterator[None]:
    """The account gives no delegation keys, and serves everything else."""

    def fault(request: Any, answer: Any) -> Any:
        return instead(500, "")(request, answer) if "userdelegationkey" in request.query else answer(request)

    with azure.gate.listener.failing(fault):
        yield


def test_an_account_key_that_is_none_is_told_from_a_wrong_one(cloud_tenant: Tenant, azure: Azure) -> None:
    def told(key: str) -> tuple[str, int]:
        container = azure.container()
        config = settings(azure, container, account_key=key)
        name = cloud_tenant.warehouse({"vending_strategy": "AzureSas", "storage_config": config})["name"]
        catalog = cloud_tenant.catalog(name)["name"]
        cloud_tenant.admin.api.create_namespace(catalog, "sales")
        code, status, error, _ = refused(AzureLake(cloud_tenant, container, name, catalog, "", azure))
        assert key not in error["message"]
        return code, status

    assert told(cloud_tenant.planted.note("no account key", "this is no key of any account!"))[0] == "account-key-invalid"
    # A key of another account signs what the storage refuses.
    assert told(cloud_tenant.planted.encryption_key("account key of another"))[1] == 403
