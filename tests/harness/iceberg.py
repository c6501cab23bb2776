"""PyIceberg and DuckDB, configured as the documents say."""

from typing import Any

import duckdb
import pyarrow as pa
from pyiceberg.catalog import Catalog, load_catalog

from harness.tools import duckdb_extension

ROWS = pa.table({"id": pa.array([1, 2, 3], pa.int64()), "name": pa.array(["a", "b", "c"], pa.string())})


def pyiceberg(uri: str, **properties: str) -> Catalog:
    """A catalog with exactly these properties."""
    return load_catalog("pangolin", uri=uri, **properties)


def duck_loaded() -> duckdb.DuckDBPyConnection:
    """DuckDB with what it needs for a catalog; nothing is fetched from the network."""
    connection = duckdb.connect()
    connection.execute("SET autoinstall_known_extensions=false; SET autoload_known_extensions=false")
    for name in ("httpfs", "avro", "iceberg"):
        connection.execute(f"LOAD '{duckdb_extension(name)}'")
    return connection


def duck(endpoint: str, warehouse: str, token: str) -> duckdb.DuckDBPyConnection:
    """DuckDB with the catalog attached as `lake`."""
    connection = duck_loaded()
    connection.execute(f"CREATE SECRET caller (TYPE ICEBERG, TOKEN '{token}')")
    connection.execute(f"ATTACH '{warehouse}' AS lake (TYPE ICEBERG, SECRET caller, ENDPOINT '{endpoint}')")
    return connection


def rows(table: Any) -> list[dict[str, Any]]:
    return sorted(table.scan().to_arrow().to_pylist(), key=lambda row: row["id"])
