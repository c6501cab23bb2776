"""A tenant on a VAST cluster: the double, two of its users, and a warehouse that leases their keys."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from harness.api import Api
from harness.host import Host
from harness.planted import Planted
from harness.s3 import Keys, Store
from harness.vms import Vms
from harness.vms_directory import Account
from harness.vms_store import identity_policy
from harness.world import Lake, Tenant, User, new_tenant, s3_config

# So that tests see within seconds what else takes minutes.
BRISK = {"PANGOLIN_LEASE_GRACE_SECS": "2", "PANGOLIN_LEASE_SWEEP_SECS": "1"}
STRATEGY = "VastS3Keys"


@dataclass
class VastLake:
    """A table `sales.orders` at `lake/orders` with one file, and the users whose keys open it."""

    vms: Vms
    tenant: Tenant
    reader: Account
    writer: Account
    lake: Lake

    @property
    def admin(self) -> Api:
        return self.tenant.admin.api

    def table(self, name: str) -> None:
        """A table with one file. The host writes its metadata with a key of the writer."""
        seaweed = self.vms.store.seaweed
        # First: a bucket takes its first file from a user only after seconds.
        assert Store(seaweed, seaweed.admin).put(self.lake.bucket, f"lake/{name}/data/file") == "ok"
        self.admin.create_table(self.lake.catalog, "sales", name, self.lake.location(name))

    def ask(self, user: User, table: str = "orders", api: Api | None = None, **parameters: Any) -> requests.Response:
        """The documented POST, whatever it answers."""
        api = api or user.api
        path = api.table_path(self.lake.catalog, "sales", table) + "/credentials"
        return api.request("POST", path, params=parameters)

    def vend(self, user: User, table: str = "orders", **parameters: Any) -> Keys:
        reply = self.ask(user, table, **parameters)
        assert reply.status_code == 200, reply.text
        return Keys.from_flat(reply.json())

    def refused(self, user: User, status: int, table: str = "orders", **parameters: Any) -> dict[str, Any]:
        """The error of a vend that is refused."""
        reply = self.ask(user, table, **parameters)
        assert reply.status_code == status, reply.text
        assert "secret" not in reply.text.lower(), reply.text
        return reply.json()["error"] | {"retry-after": reply.headers.get("Retry-After")}

    def opens(self, keys: Keys, table: str = "orders") -> bool:
        return Store(self.vms.store.seaweed, keys).get(self.lake.bucket, f"lake/{table}/data/file") == "ok"

    def store(self, keys: Keys) -> Store:
        return Store(self.vms.store.seaweed, keys)

    def leases(self, **filters: Any) -> list[dict[str, Any]]:
        return self.admin.get("/api/v1/leases", params={"warehouse": self.lake.warehouse, **filters})

    def revoke(self, lease: dict[str, Any], status: int | tuple[int, ...] = 200) -> Any:
        return self.admin.post(f"/api/v1/leases/{lease['id']}/revoke", status=status)

    def settle(self) -> None:
        """Ends what the host holds. What it made is gone then, and what others made is there."""
        for lease in self.leases(state="active"):
            self.revoke(lease)
        assert self.held(self.reader) | self.held(self.writer) == set()
        assert self.vms.deleted_of_others(self.reader) + self.vms.deleted_of_others(self.writer) == []

    def held(self, account: Account) -> set[str]:
        """Keys of an account that the host made."""
        return self.vms.keys(account) & set(self.vms.made(account))


@dataclass
class Ending:
    """A lease whose time runs while other tests do."""

    host: Host
    vast: VastLake
    keys: Keys


def sign_in(vms: Vms, account: Account, way: str, lead: str = "") -> dict[str, str]:
    """Configuration with which the strategy signs in as an account."""
    match way:
        case "basic" | "jwt":
            found = {f"{lead}username": account.name, f"{lead}password": account.password}
            return found | ({"auth": "jwt"} if way == "jwt" else {})
        case "api-token":
            return {f"{lead}username": account.name, f"{lead}api_token": vms.auth.api_token(account)}
    raise ValueError(way)


def new_vast_lake(
    host: Host, vms: Vms, planted: Planted, way: str = "basic", tenant: Tenant | None = None, **config: str | None
) -> VastLake:
    """A value of `None` takes a field away."""
    seaweed = vms.store.seaweed
    tenant = tenant or new_tenant(host, planted)
    bucket = seaweed.bucket()
    reader = vms.user(policy=identity_policy(bucket, "lake/"))
    writer = vms.user(policy=identity_policy(bucket, "lake/", write=True))
    fields: dict[str, Any] = {"vms_endpoint": vms.url, "ca_certificate": vms.ca}
    fields |= sign_in(vms, writer, way) | sign_in(vms, reader, way, "read_") | config
    fields = {name: value for name, value in fields.items() if value is not None}
    body = {"vending_strategy": {STRATEGY: fields}, "storage_config": s3_config(seaweed, bucket)}
    warehouse = tenant.warehouse(body)["name"]
    base = f"s3://{bucket}/lake"
    catalog = tenant.catalog(warehouse, base)["name"]
    tenant.admin.api.create_namespace(catalog, "sales")
    return VastLake(vms, tenant, reader, writer, Lake(tenant, bucket, warehouse, catalog, base))


def eventually(true: Callable[[], bool], seconds: float = 15) -> bool:
    """Whether it becomes true in time."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
