"""What an Azure warehouse must say, what it takes to change one, and credentials that open more than a table."""

from typing import Any

import pytest

from harness.azure.lake import new_azure_lake, secret_of, settings
from harness.azure.world import Azure
from harness.host import Host, unused_name
from harness.planted import Planted
from harness.world import Tenant, new_tenant


def create(tenant: Tenant, config: dict[str, Any], status: int, strategy: Any = "AzureOAuth") -> dict[str, Any]:
    body = {"name": unused_name("wh"), "storage_config": config, "vending_strategy": strategy}
    return tenant.admin.api.post("/api/v1/warehouses", body, status=status)


@pytest.mark.parametrize("missing", ["tenant_id", "client_id", "account_name", "container"])
def test_a_missing_field_is_named_at_creation(cloud_tenant: Tenant, azure: Azure, missing: str) -> None:
    config = settings(azure, "data") | secret_of(azure, azure.app())
    config.pop(missing)
    refusal = create(cloud_tenant, config, 422)
    assert missing in str(refusal)


def test_account_keys_are_asked_for_and_never_shown(cloud_tenant: Tenant, azure: Azure) -> None:
    assert "account_key" in str(create(cloud_tenant, settings(azure, "data"), 422, "AzureSas"))
    made = create(cloud_tenant, settings(azure, "data", account_key=azure.key), 201, "AzureSas")
    assert made["storage_config"]["account_key"] == "<redacted>"
    shown = cloud_tenant.admin.api.get(f"/api/v1/warehouses/{made['name']}")
    assert azure.key not in str(shown)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account_name", "evil.example/x"),
        ("account_name", "a@b"),
        ("container", ".."),
        ("container", "a/b"),
        ("tenant_id", "../other"),
        ("authority_host", "http://login.microsoftonline.com"),
        ("authority_host", "https://169.254.169.254"),
        ("endpoint", "http://169.254.169.254"),
        ("endpoint", "https://127.0.0.1:1/a?b"),
        ("vend", "everything"),
        ("prefix", "../x"),
    ],
)
def test_a_value_that_leads_elsewhere_is_refused_at_creation(
    cloud_tenant: Tenant, azure: Azure, field: str, value: str
) -> None:
    config = settings(azure, "data") | secret_of(azure, azure.app())
    assert field in str(create(cloud_tenant, config | {field: value}, 422))


@pytest.mark.parametrize("spelling", ["{}", "azure.{}", "adls.{}"])
def test_both_dialects_are_understood(cloud_tenant: Tenant, azure: Azure, spelling: str) -> None:
    def dashed(name: str) -> str:
        return spelling.format(name if spelling == "{}" else name.replace("_", "-"))

    config = settings(azure, azure.container()) | secret_of(azure, azure.app())
    named = {name: config.pop(name) for name in ("account_name", "tenant_id", "client_id", "client_secret", "authority_host")}
    made = create(cloud_tenant, config | {dashed(name): value for name, value in named.items()}, 201)
    assert made["storage_config"]["client_secret"] == "<redacted>"


def test_where_secrets_go_is_not_changed_without_the_secret(cloud_tenant: Tenant, azure: Azure) -> None:
    app = azure.app()
    config = settings(azure, azure.container()) | secret_of(azure, app)
    name = create(cloud_tenant, config, 201)["name"]
    path = f"/api/v1/warehouses/{name}"
    for field in ("authority_host", "endpoint"):
        kept = config | {field: "https://127.0.0.1:1", "client_secret": "<redacted>"}
        refusal = cloud_tenant.admin.api.put(path, {"storage_config": kept}, status=(400, 422))
        assert "client_secret" in str(refusal), field
    cloud_tenant.admin.api.put(path, {"storage_config": config | {"authority_host": azure.entra.url + "/"}})


def test_one_tenant_does_not_see_another_ones(cloud_host: Host, planted: Planted, azure: Azure) -> None:
    first, second = new_tenant(cloud_host, planted), new_tenant(cloud_host, planted)
    lake = new_azure_lake(first, azure)
    first.admin.api.create_table(lake.catalog, "sales", "private")
    stranger = second.user("Writer")
    for method, suffix in (("GET", ""), ("POST", "/credentials"), ("GET", "/presign?location=" + lake.location("private/x"))):
        reply = stranger.api.request(method, stranger.api.table_path(lake.catalog, "sales", "private") + suffix)
        assert reply.status_code in (403, 404)


@pytest.mark.parametrize(
    ("strategy", "more"),
    [("AzureOAuth", {"vend": "token"}), ("AzureOAuth", {"vend": "both"}), ("AzureSas", {"hierarchical": False})],
)
def test_what_opens_more_than_a_table_goes_to_those_who_hold_everything(
    cloud_tenant: Tenant, azure: Azure, strategy: str, more: dict[str, Any]
) -> None:
    lake = new_azure_lake(cloud_tenant, azure, strategy, **more)
    cloud_tenant.admin.api.create_table(lake.catalog, "sales", "orders")
    reader = cloud_tenant.user()
    catalog = next(entry["id"] for entry in cloud_tenant.admin.api.get("/api/v1/catalogs") if entry["name"] == lake.catalog)
    cloud_tenant.grant(reader, {"type": "catalog", "catalog_id": catalog}, ["read"])
    refused = reader.api.request("POST", reader.api.table_path(lake.catalog, "sales", "orders") + "/credentials")
    assert refused.status_code == 403
    assert "presign" in refused.text and "sig=" not in refused.text
    body = lake.flat(cloud_tenant.admin)
    assert body["scoped"] is False
    loaded = cloud_tenant.admin.api.load_table(lake.catalog, "sales", "orders")["config"]
    assert loaded["credential-scope"] == "unscoped"
    assert ("adls.token" in loaded) == ("vend" in more)


def test_the_documented_token_is_vended_where_it_is_wanted(cloud_tenant: Tenant, azure: Azure) -> None:
    lake = new_azure_lake(cloud_tenant, azure, vend="token", open_to_all=True)
    cloud_tenant.admin.api.create_table(lake.catalog, "sales", "orders")
    config = cloud_tenant.user("Reader").api.load_table(lake.catalog, "sales", "orders")["config"]
    assert (config["adls.account-name"], config["adls.container"]) == (azure.account, lake.bucket)
    assert azure.entra.principal(config["adls.token"]) is lake.app
    assert not [key for key in config if key.startswith("adls.sas-token")]
