"""A catalog on a container of the account, in each of the ways in which Azure vends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.azure.client import Blobs, split
from harness.azure.entra import App
from harness.azure.world import Azure
from harness.world import Lake, Tenant, User


@dataclass
class AzureLake(Lake):
    """`bucket` is the container; `app` is who asks Entra, where somebody does."""

    azure: Azure
    app: App | None = None

    def blobs(self, user: User, table: str = "orders", **arguments: Any) -> Blobs:
        """The account as the holder of what is vended to the user."""
        return self.azure.holder(self.flat(user, table, **arguments)["sas_token"])

    def flat(self, user: User, table: str = "orders", **arguments: Any) -> dict[str, Any]:
        body = user.api.credentials(self.catalog, "sales", table, **arguments)
        if body.get("sas_token"):
            self.tenant.planted.note("vended sas", body["sas_token"].rpartition("sig=")[2].partition("&")[0])
        return body


def settings(azure: Azure, container: str, **more: Any) -> dict[str, Any]:
    """Where the objects are."""
    place = {"type": "azure", "account_name": azure.account, "container": container, "endpoint": azure.gate.account_url}
    return place | {"prefix": "lake"} | more


def secret_of(azure: Azure, app: App) -> dict[str, Any]:
    named = {"tenant_id": app.tenant, "client_id": app.client_id, "client_secret": app.secret}
    return named | {"authority_host": azure.entra.url}


def new_azure_lake(
    tenant: Tenant, azure: Azure, strategy: str = "AzureOAuth", app: App | None = None, open_to_all: bool = False, **more: Any
) -> AzureLake:
    """`open_to_all` lets those hold a credential that is not scoped who may not read the whole warehouse."""
    container = azure.container()
    config = settings(azure, container, **more)
    if strategy == "AzureOAuth":
        app = app or azure.app()
        config |= secret_of(azure, app) if app.secret else {}
    else:
        config |= {"account_key": azure.key}
    body = {"vending_strategy": strategy, "storage_config": config} | ({"allow_unscoped": True} if open_to_all else {})
    warehouse = tenant.warehouse(body)["name"]
    base = f"abfss://{container}@{azure.account}.dfs.core.windows.net/lake"
    catalog = tenant.catalog(warehouse, base)["name"]
    tenant.admin.api.create_namespace(catalog, "sales")
    return AzureLake(tenant, container, warehouse, catalog, base, azure, app)


__all__ = ["AzureLake", "new_azure_lake", "secret_of", "settings", "split"]
