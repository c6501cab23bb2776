"""`local` storage: for development, below the operator's directory and nowhere else, nothing vended."""

import json
from pathlib import Path

import pytest

from harness.host import Host, unused_name
from harness.iceberg import ROWS, pyiceberg, rows
from harness.planted import Planted
from harness.world import Tenant, new_tenant


def local(host: Host) -> Path:
    return host.dir / "local"


def test_a_table_on_the_hosts_disk(host: Host, tenant: Tenant) -> None:
    place = local(host) / unused_name("wh")
    warehouse = tenant.warehouse({"storage_config": {"type": "local", "path": str(place)}})["name"]
    catalog = tenant.catalog(warehouse)["name"]
    writer = tenant.user("Writer")
    client = pyiceberg(host.url, prefix=catalog, token=writer.api.token or "")
    client.create_namespace("sales")
    table = client.create_table("sales.t", schema=ROWS.schema)
    table.append(ROWS)
    assert len(rows(client.load_table("sales.t"))) == 3
    assert Path(table.location().removeprefix("file://")).is_relative_to(place)

    loaded = writer.api.load_table(catalog, "sales", "t")
    assert not loaded.get("storage-credentials")
    assert "s3." not in json.dumps(loaded.get("config", {}))
    path = writer.api.table_path(catalog, "sales", "t") + "/credentials"
    assert 400 <= writer.api.request("POST", path).status_code < 500


@pytest.mark.parametrize("place", ["/", "/etc", "/tmp", "{local}/../data", "{local}/a/../../data", "{local}2", "../data", "a/../../data", ""])
def test_no_other_place_on_the_host(host: Host, tenant: Tenant, place: str) -> None:
    path = place.format(local=local(host))
    body = {"name": unused_name("wh"), "storage_config": {"type": "local", "path": path}}
    tenant.admin.api.post("/api/v1/warehouses", body, status=(400, 403, 422))


def test_a_relative_path_lies_below_the_operators_directory(host: Host, tenant: Tenant, planted: Planted) -> None:
    place = unused_name("relative")
    made = tenant.warehouse({"storage_config": {"type": "local", "path": place}})
    assert made["base_location"] == f"file://{local(host)}/{place}/"
    # It is the same place as the absolute one, for other tenants too.
    other = new_tenant(host, planted)
    for path in (place, str(local(host) / place)):
        body = {"name": unused_name("wh"), "storage_config": {"type": "local", "path": path}}
        other.admin.api.post("/api/v1/warehouses", body, status=403)


def test_no_way_out_through_a_link(host: Host, tenant: Tenant) -> None:
    """A link below the operator's directory that leads out of it."""
    outside = host.dir / unused_name("outside")
    outside.mkdir()
    link = local(host) / unused_name("link")
    link.symlink_to(outside)
    body = {"name": unused_name("wh"), "storage_config": {"type": "local", "path": str(link)}}
    reply = tenant.admin.api.request("POST", "/api/v1/warehouses", json=body)
    if reply.status_code == 201:
        catalog = tenant.admin.api.post("/api/v1/catalogs", {"name": unused_name("cat"), "warehouse_name": body["name"]})["name"]
        tenant.admin.api.create_namespace(catalog, "sales")
        tenant.admin.api.create_table(catalog, "sales", "t", status=(400, 403))
    assert not list(outside.iterdir())


def test_tenants_do_not_share_a_place(host: Host, tenant: Tenant, planted: Planted) -> None:
    place = local(host) / unused_name("wh")
    tenant.warehouse({"storage_config": {"type": "local", "path": str(place)}})
    other = new_tenant(host, planted)
    for path in (place, place / "inner"):
        body = {"name": unused_name("wh"), "storage_config": {"type": "local", "path": str(path)}}
        other.admin.api.post("/api/v1/warehouses", body, status=(400, 403))
