"""Ready-made worlds: a tenant with its admin, a warehouse, a catalog, readers and writers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from harness.api import Api
from harness.host import Host, unused_name
from harness.planted import Planted
from harness.s3 import REGION
from harness.seaweed import Seaweed


@dataclass
class User:
    """A user who is logged in."""

    id: str
    name: str
    password: str = field(repr=False)
    api: Api = field(repr=False)


@dataclass
class Tenant:
    """A tenant and its admin."""

    host: Host
    planted: Planted
    root: Api
    id: str
    name: str
    admin: User

    def user(self, role: str | None = None, name: str | None = None, rank: str = "tenant-user") -> User:
        """A user; with the built-in role of that name, or with nothing."""
        user = _user(self.root if rank == "tenant-admin" else self.admin.api, self.host, self.planted, self.id, name, rank)
        if role is not None:
            self.admin.api.post(f"/api/v1/users/{user.id}/roles", {"role-id": self.role_id(role)}, status=(200, 201, 204))
        return user

    def role_id(self, name: str) -> str:
        return next(role["id"] for role in self.admin.api.get("/api/v1/roles") if role["name"] == name)

    def grant(self, user: User, scope: dict[str, Any], actions: list[str]) -> str:
        body = {"user-id": user.id, "scope": scope, "actions": actions}
        return self.admin.api.post("/api/v1/permissions", body)["id"]

    def warehouse(self, body: dict[str, Any]) -> dict[str, Any]:
        return self.admin.api.post("/api/v1/warehouses", {"name": unused_name("wh")} | body, status=201)

    def catalog(self, warehouse: str, location: str | None = None, name: str | None = None) -> dict[str, Any]:
        body = {"name": name or unused_name("cat"), "warehouse_name": warehouse}
        body |= {"storage_location": location} if location else {}
        return self.admin.api.post("/api/v1/catalogs", body, status=201)


@dataclass
class Lake:
    """A catalog on a bucket of the enforcing store, vended by AwsSts through the host's own identity."""

    tenant: Tenant
    bucket: str
    warehouse: str
    catalog: str
    base: str

    def location(self, name: str) -> str:
        return f"{self.base}/{name}"


def new_tenant(host: Host, planted: Planted, name: str | None = None) -> Tenant:
    root = host.root()
    name = name or unused_name("tenant")
    tenant = root.post("/api/v1/tenants", {"name": name}, status=201)
    admin = _user(root, host, planted, tenant["id"], None, "tenant-admin")
    return Tenant(host, planted, root, tenant["id"], name, admin)


def _user(maker: Api, host: Host, planted: Planted, tenant: str, name: str | None, rank: str) -> User:
    name = name or unused_name(rank)
    password = planted.password(f"password of {name}")
    body = {"username": name, "password": password, "tenant_id": tenant, "role": rank}
    made = maker.post("/api/v1/users", body, status=201)
    return User(made["id"], name, password, host.api().login(name, password, tenant))


def s3_config(seaweed: Seaweed, bucket: str, **more: str) -> dict[str, str]:
    config = {"type": "s3", "bucket": bucket, "region": REGION, "endpoint": seaweed.endpoint}
    return config | {"s3.path-style-access": "true"} | more


def new_lake(tenant: Tenant, seaweed: Seaweed, namespace: str = "sales", **storage: str) -> Lake:
    bucket = seaweed.bucket()
    body = {"vending_strategy": {"AwsSts": {}}, "storage_config": s3_config(seaweed, bucket, **storage)}
    warehouse = tenant.warehouse(body)["name"]
    base = f"s3://{bucket}/lake"
    catalog = tenant.catalog(warehouse, base)["name"]
    tenant.admin.api.create_namespace(catalog, namespace)
    return Lake(tenant, bucket, warehouse, catalog, base)


def static_lake(tenant: Tenant, seaweed: Seaweed, namespace: str = "sales") -> Lake:
    """The same with a strategy that cannot narrow anything: the store's own keys, without STS."""
    bucket = seaweed.bucket()
    keys = {"access_key_id": seaweed.admin.access_key_id, "secret_access_key": seaweed.admin.secret_access_key}
    body = {"vending_strategy": {"AwsStatic": {}}, "storage_config": s3_config(seaweed, bucket) | keys}
    warehouse = tenant.warehouse(body)["name"]
    base = f"s3://{bucket}/lake"
    catalog = tenant.catalog(warehouse, base)["name"]
    tenant.admin.api.create_namespace(catalog, namespace)
    return Lake(tenant, bucket, warehouse, catalog, base)
