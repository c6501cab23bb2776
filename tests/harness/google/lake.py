"""A catalog on a bucket of the store, vended by GcpDownscoped."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from harness.google.client import Objects
from harness.google.iam import Account
from harness.google.world import Google
from harness.world import Lake, Tenant, User


@dataclass
class GoogleLake(Lake):
    google: Google
    account: Account | None = None

    def objects(self, user: User, table: str = "orders", **arguments: Any) -> Objects:
        """The store as the holder of what is vended to the user."""
        return self.google.holder(self.flat(user, table, **arguments)["access_token"])

    def flat(self, user: User, table: str = "orders", **arguments: Any) -> dict[str, Any]:
        return user.api.credentials(self.catalog, "sales", table, **arguments)


def settings(google: Google, bucket: str, **more: Any) -> dict[str, Any]:
    """Where the objects are."""
    return {"type": "gcs", "project_id": "my-gcp-project", "bucket": bucket, "endpoint": google.url, "prefix": "lake"} | more


def key_of(google: Google, account: Account) -> dict[str, Any]:
    servers = {"token_uri": google.tokens.url, "sts_endpoint": google.sts.url}
    return {"service_account_key": json.loads(google.key_file(account))} | servers


def new_google_lake(
    tenant: Tenant, google: Google, account: Account | None = None, hosts: bool = False, **more: Any
) -> GoogleLake:
    """With a key of its own, or through the identity that the host has."""
    bucket = google.bucket()
    account = None if hosts else account or google.account()
    config = settings(google, bucket, **(key_of(google, account) if account else {}), **more)
    warehouse = tenant.warehouse({"vending_strategy": "GcpDownscoped", "storage_config": config})["name"]
    base = f"gs://{bucket}/lake"
    catalog = tenant.catalog(warehouse, base)["name"]
    tenant.admin.api.create_namespace(catalog, "sales")
    return GoogleLake(tenant, bucket, warehouse, catalog, base, google, account)
