"""Hosts with the example strategies, and tables whose credentials these mint."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from harness.host import Host
from harness.planted import Planted
from harness.s3 import Keys, Store
from harness.seaweed import Seaweed
from harness.tools import example_component
from harness.world import Lake, Tenant, User, new_tenant, s3_config

# What `pangolin plugin inspect` tells an operator to write for each.
GRANTS = {
    "R2Temporary": 'hosts = ["field:api_url"]',
    "VaultAws": 'hosts = ["field:vault_addr"]',
    "MinioLdap": 'hosts = ["field:sts_endpoint"]',
    "TokenShop": 'hosts = ["field:token_url"]',
}


def example_host(make_host: Callable[..., Host], files: list[str], **settings: str) -> Host:
    """A host whose plugin directory holds these components, with all grants."""
    host = make_host()
    folder, grants = host.dir / "plugins", host.dir / "grants.toml"
    folder.mkdir(mode=0o700)
    for file in files:
        shutil.copy(example_component(file), folder / file)
        (folder / file).chmod(0o600)
    grants.write_text("".join(f"[plugins.{name}]\n{lines}\n" for name, lines in GRANTS.items()))
    grants.chmod(0o600)
    host.settings |= {"PANGOLIN_PLUGIN_DIR": str(folder), "PANGOLIN_PLUGIN_GRANTS": str(grants)} | settings
    # A component of 18 MB is compiled before the host is ready.
    return host.start(180)


@dataclass
class Scene:
    """Two tables with neighbouring names, one file in each."""

    lake: Lake
    seaweed: Seaweed

    @property
    def tenant(self) -> Tenant:
        return self.lake.tenant

    def ask(self, user: User, **parameters: Any) -> requests.Response:
        """The documented POST, whatever it answers."""
        path = user.api.table_path(self.lake.catalog, "sales", "orders") + "/credentials"
        return user.api.request("POST", path, params=parameters)

    def vend(self, user: User, **parameters: Any) -> Keys:
        reply = self.ask(user, **parameters)
        assert reply.status_code == 200, reply.text
        return Keys.from_flat(reply.json())

    def store(self, keys: Keys) -> Store:
        return Store(self.seaweed, keys)

    def refused(self, user: User, status: int, **parameters: Any) -> dict[str, Any]:
        reply = self.ask(user, **parameters)
        assert reply.status_code == status, reply.text
        return reply.json()["error"] | {"retry-after": reply.headers.get("Retry-After")}

    def writes_without_delete(self) -> User:
        """Somebody with read and write on the catalog."""
        user = self.tenant.user()
        catalogs = self.tenant.admin.api.get("/api/v1/catalogs")
        catalog = next(entry["id"] for entry in catalogs if entry["name"] == self.lake.catalog)
        self.tenant.grant(user, {"type": "catalog", "catalog_id": catalog}, ["write"])
        return user


def example_scene(
    host: Host, planted: Planted, seaweed: Seaweed, strategy: dict[str, Any], bucket: str | None = None, **storage: str
) -> Scene:
    """A warehouse of the strategy. The host writes the tables' metadata with what it mints."""
    tenant = new_tenant(host, planted)
    bucket = bucket or seaweed.bucket()
    body = {"vending_strategy": strategy, "storage_config": s3_config(seaweed, bucket, **storage)}
    warehouse = tenant.warehouse(body)["name"]
    base = f"s3://{bucket}/lake"
    catalog = tenant.catalog(warehouse, base)["name"]
    tenant.admin.api.create_namespace(catalog, "sales")
    lake = Lake(tenant, bucket, warehouse, catalog, base)
    admin = Store(seaweed, seaweed.admin)
    for name in ("orders", "orders2"):
        tenant.admin.api.create_table(catalog, "sales", name, lake.location(name))
        assert admin.put(bucket, f"lake/{name}/data/file") == "ok"
    return Scene(lake, seaweed)
