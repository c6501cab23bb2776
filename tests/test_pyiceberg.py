"""PyIceberg in each of the ways in which people configure it. It never gets a storage key from us."""

import pytest
from pyiceberg.exceptions import ForbiddenError

from harness.host import Host
from harness.iceberg import ROWS, pyiceberg, rows
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.world import Lake, User, new_lake, new_tenant


def test_a_writer_creates_and_appends_and_a_reader_reads(any_lake: Lake) -> None:
    """The documented way: uri, prefix and token, nothing else."""
    tenant, url = any_lake.tenant, any_lake.tenant.host.url
    writer, reader = tenant.user("Writer"), tenant.user("Reader")

    writing = pyiceberg(url, prefix=any_lake.catalog, token=writer.api.token or "")
    table = writing.create_table("sales.transactions", schema=ROWS.schema)
    table.append(ROWS)
    table.append(ROWS.slice(0, 1))
    assert len(rows(table)) == 4

    reading = pyiceberg(url, prefix=any_lake.catalog, token=reader.api.token or "")
    assert reading.list_tables("sales") == [("sales", "transactions")]
    seen = reading.load_table("sales.transactions")
    assert rows(seen)[-1] == {"id": 3, "name": "c"}
    # The storage says no before the catalog is asked.
    with pytest.raises(OSError, match="(?i)access.?denied|forbidden|403"):
        seen.append(ROWS)
    with pytest.raises(ForbiddenError):
        reading.drop_table("sales.transactions")
    with pytest.raises(ForbiddenError):
        reading.create_table("sales.mine", schema=ROWS.schema)
    assert len(rows(reading.load_table("sales.transactions"))) == 4


def ways(lake: Lake, user: User) -> dict[str, dict[str, str]]:
    url, token = lake.tenant.host.url, user.api.token or ""
    return {
        "prefix": {"uri": url, "prefix": lake.catalog, "token": token},
        "path": {"uri": f"{url}/v1/{lake.catalog}", "token": token},
        "warehouse": {"uri": url, "warehouse": lake.catalog, "token": token},
    }


@pytest.mark.parametrize("way", ["prefix", "path", "warehouse"])
def test_every_way_to_connect_works(lake: Lake, way: str) -> None:
    catalog = pyiceberg(**ways(lake, lake.tenant.user("Writer"))[way])
    catalog.create_namespace("more")
    assert ("more",) in catalog.list_namespaces()
    table = catalog.create_table("more.t", schema=ROWS.schema)
    table.append(ROWS)
    assert len(rows(catalog.load_table("more.t"))) == 3
    catalog.drop_table("more.t")
    assert not catalog.table_exists("more.t")


def test_the_fsspec_reader_works_as_well(lake: Lake) -> None:
    token = lake.tenant.user("Writer").api.token or ""
    fsspec = {"py-io-impl": "pyiceberg.io.fsspec.FsspecFileIO"}
    catalog = pyiceberg(lake.tenant.host.url, prefix=lake.catalog, token=token, **fsspec)
    catalog.create_table("sales.t", schema=ROWS.schema).append(ROWS)
    assert len(rows(catalog.load_table("sales.t"))) == 3


def test_schema_and_properties_change_through_commits(lake: Lake) -> None:
    token = lake.tenant.user("Writer").api.token or ""
    catalog = pyiceberg(lake.tenant.host.url, prefix=lake.catalog, token=token)
    table = catalog.create_table("sales.t", schema=ROWS.schema, properties={"owner": "one"})
    with table.transaction() as change:
        change.set_properties(owner="two")
    with table.update_schema() as schema:
        schema.rename_column("name", "label")
    again = catalog.load_table("sales.t")
    assert again.properties["owner"] == "two"
    assert [field.name for field in again.schema().fields] == ["id", "label"]


def test_a_table_of_another_tenant_is_not_there(lake: Lake, host: Host, planted: Planted, seaweed: Seaweed) -> None:
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "private")
    stranger = new_lake(new_tenant(host, planted), seaweed).tenant.user("Writer")
    reply = stranger.api.request("GET", stranger.api.table_path(lake.catalog, "sales", "private"))
    assert reply.status_code in (403, 404)
