"""DuckDB attaches the catalog with a token and reads with vended credentials."""

import duckdb
import pytest

from harness.iceberg import ROWS, duck, pyiceberg
from harness.world import Lake


def test_a_reader_attaches_and_reads(lake: Lake) -> None:
    tenant = lake.tenant
    writer = tenant.user("Writer")
    catalog = pyiceberg(tenant.host.url, prefix=lake.catalog, token=writer.api.token or "")
    catalog.create_table("sales.orders", schema=ROWS.schema).append(ROWS)

    connection = duck(tenant.host.url, lake.catalog, tenant.user("Reader").api.token or "")
    found = connection.execute("SELECT id, name FROM lake.sales.orders ORDER BY id").fetchall()
    assert found == [(1, "a"), (2, "b"), (3, "c")]
    with pytest.raises(duckdb.Error):
        connection.execute("INSERT INTO lake.sales.orders VALUES (4, 'd')")


def test_a_writer_inserts(lake: Lake) -> None:
    tenant = lake.tenant
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "orders")
    connection = duck(tenant.host.url, lake.catalog, tenant.user("Writer").api.token or "")
    connection.execute("INSERT INTO lake.sales.orders VALUES (1, 'a')")
    assert connection.execute("SELECT count(*) FROM lake.sales.orders").fetchall() == [(1,)]


def test_a_user_without_grants_attaches_to_nothing(lake: Lake) -> None:
    with pytest.raises(duckdb.Error):
        duck(lake.tenant.host.url, lake.catalog, lake.tenant.user().api.token or "").execute("SELECT * FROM lake.sales.orders")
