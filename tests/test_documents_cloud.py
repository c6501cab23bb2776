"""The Azure and Google commands of the documents work as they are written: only placeholders are filled in.

They name no endpoints, so they are first accepted, and then led to the doubles before a table is made.
"""

import json
from typing import Any

import pytest

from harness import documents
from harness.azure.client import split as azure_place
from harness.azure.entra import App
from harness.azure.world import Azure
from harness.documents import fill, run
from harness.google.client import split as google_place
from harness.google.tokens import GOOGLES_OWN
from harness.google.world import Google
from harness.host import Host
from harness.planted import Planted
from harness.world import Tenant, new_tenant

EARLY = "000_security_vending_early.txt"
LATE = "001_security_vending.txt"
DOCUMENTS = [EARLY, LATE]


def command(name: str, *words: str) -> str:
    """The one command that has all of these words."""
    found = documents.curl_commands(documents.read(name))
    (only,) = [text for text in found if all(word in text for word in ("/api/v1/warehouses", *words))]
    return only


def created(tenant: Tenant, text: str, values: dict[str, str], secret: str) -> dict[str, Any]:
    """Runs a command; the secret in it does not come back."""
    answer = run(
        fill(text, {"http://localhost:8080": tenant.host.url, "<tenant-id>": tenant.id} | values), tenant.admin.api.token
    )
    assert answer.status == 201, answer.text
    assert secret not in answer.text and "<redacted>" in answer.text
    return answer.body


def led(tenant: Tenant, body: dict[str, Any], storage: dict[str, Any]) -> str:
    """Names the doubles; a change of where a secret goes brings the secret again."""
    path = f"/api/v1/warehouses/{body['name']}"
    config = {key: value for key, value in body["storage_config"].items() if value != "<redacted>"}
    tenant.admin.api.put(path, {"storage_config": config | storage})
    catalog = tenant.catalog(body["name"])["name"]
    tenant.admin.api.create_namespace(catalog, "sales")
    return str(catalog)


def table(tenant: Tenant, catalog: str) -> tuple[str, dict[str, str]]:
    """Makes the documents' table; its metadata, and what a reader's load has."""
    made = tenant.admin.api.create_table(catalog, "sales", "transactions")
    return made["metadata-location"], tenant.user("Reader").api.load_table(catalog, "sales", "transactions")["config"]


def values_of(app: App) -> dict[str, str]:
    return {"azure-tenant-id": app.tenant, "azure-client-id": app.client_id, '"azure-client-secret"': f'"{app.secret}"'}


@pytest.fixture
def tenant(cloud_host: Host, planted: Planted) -> Tenant:
    """One for each command: the documents give two warehouses one name."""
    return new_tenant(cloud_host, planted)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_documented_oauth_mode_of_azure_vends(name: str, tenant: Tenant, azure: Azure) -> None:
    app = azure.app()
    azure.container("data")
    # The early document says `use_sts`, the later one names the strategy.
    text = command(name, '"type": "azure"', "azure-client-secret")
    body = created(tenant, text, values_of(app), app.secret or "")
    assert "AzureOAuth" in str(body["vending_strategy"])
    storage = {"endpoint": azure.gate.account_url, "authority_host": azure.entra.url, "client_secret": app.secret}
    where, config = table(tenant, led(tenant, body, storage))
    container, path = azure_place(where)
    assert (container, config["adls.account-name"], config["adls.container"]) == ("data", "mystorageaccount", "data")
    blobs = azure.holder(config["adls.sas-token"])
    assert blobs.get(container, path) == "ok"
    assert blobs.list(container, None) == "AuthenticationFailed"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_documented_token_of_azure_is_there_for_those_who_choose_it(name: str, tenant: Tenant, azure: Azure) -> None:
    """'Pangolin provides: adls.token, adls.account-name, adls.container'."""
    assert "Pangolin provides: adls.token, adls.account-name, adls.container" in documents.read(name)
    app = azure.app()
    azure.container("data")
    text = command(name, '"type": "azure"', "azure-client-secret")
    body = created(tenant, text, values_of(app), app.secret or "")
    storage = {
        "endpoint": azure.gate.account_url,
        "authority_host": azure.entra.url,
        "client_secret": app.secret,
        "vend": "token",
    }
    catalog = led(tenant, body, storage)
    where = tenant.admin.api.create_table(catalog, "sales", "transactions")["metadata-location"]
    config = tenant.admin.api.load_table(catalog, "sales", "transactions")["config"]
    assert set(config) >= {"adls.token", "adls.account-name", "adls.container"}
    assert azure.entra.principal(config["adls.token"]) is app
    assert azure_place(where)[0] == config["adls.container"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_documented_account_key_mode_of_azure_vends(name: str, tenant: Tenant, azure: Azure) -> None:
    azure.container("data")
    body = created(tenant, command(name, '"type": "azure"', "your-account-key"), {"your-account-key": azure.key}, azure.key)
    assert "AzureSas" in str(body["vending_strategy"])
    catalog = led(tenant, body, {"endpoint": azure.gate.account_url, "account_key": azure.key})
    where, config = table(tenant, catalog)
    container, path = azure_place(where)
    assert azure.key not in str(config)
    blobs = azure.holder(config["adls.sas-token"])
    assert blobs.get(container, path) == "ok"
    assert blobs.put(container, path) == "AuthorizationPermissionMismatch"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_documented_google_warehouse_vends(name: str, tenant: Tenant, google: Google) -> None:
    bucket = google.bucket("my-data-bucket")
    account = google.account()
    # The placeholder stands in a JSON text.
    key = account.key_file(GOOGLES_OWN)
    body = created(tenant, command(name, '"type": "gcs"'), {"{...json key...}": json.dumps(key)[1:-1]}, account.key_id)
    assert "GcpDownscoped" in str(body["vending_strategy"])
    storage = {
        "endpoint": google.url,
        "token_uri": google.tokens.url,
        "sts_endpoint": google.sts.url,
        "service_account_key": key,
    }
    where, config = table(tenant, led(tenant, body, storage))
    assert google_place(where)[0] == bucket
    # 'Pangolin provides: gcp-oauth-token, gcp-project-id'.
    assert "Pangolin provides: gcp-oauth-token, gcp-project-id" in documents.read(name)
    assert config["gcp-project-id"] == "my-gcp-project"
    objects = google.holder(config["gcp-oauth-token"])
    assert objects.get(*google_place(where)) == "ok"
    assert objects.put(*google_place(where)) == objects.list(bucket, None) == "403"


def test_the_documented_credentials_call_answers_in_each_clouds_words(tenant: Tenant, azure: Azure, google: Google) -> None:
    """The early document's POST, on a table of Azure and on one of Google."""
    (text,) = [found for found in documents.curl_commands(documents.read(EARLY)) if "/credentials" in found]
    azure.container("data")
    google.bucket("my-data-bucket")
    key = google.account().key_file(GOOGLES_OWN)
    clouds = {
        "azure": (command(EARLY, "your-account-key"), {"your-account-key": azure.key}),
        "gcs": (command(EARLY, '"type": "gcs"'), {"{...json key...}": json.dumps(key)[1:-1]}),
    }
    doubles: dict[str, dict[str, Any]] = {
        "azure": {"endpoint": azure.gate.account_url, "account_key": azure.key},
        "gcs": {
            "endpoint": google.url,
            "token_uri": google.tokens.url,
            "sts_endpoint": google.sts.url,
            "service_account_key": key,
        },
    }
    wanted = {
        "azure": {"sas_token", "account_name", "container", "expiration"},
        "gcs": {"access_token", "expiration"},
    }
    for cloud, (documented, values) in clouds.items():
        catalog = led(tenant, created(tenant, documented, values, "PRIVATE KEY"), doubles[cloud])
        tenant.admin.api.create_table(catalog, "sales", "transactions")
        filled = fill(
            text.replace("/v1/analytics/", f"/v1/{catalog}/"),
            {"http://localhost:8080": tenant.host.url, "<tenant-id>": tenant.id, "<token>": tenant.admin.api.token or ""},
        )
        answer = run(filled, tenant.admin.api.token)
        assert answer.status == 200, answer.text
        assert set(answer.body) >= wanted[cloud]
