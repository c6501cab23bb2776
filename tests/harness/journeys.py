"""What a user does with PyIceberg, as functions that can run in a process of their own."""

from typing import Any

from pyiceberg.exceptions import ForbiddenError

from harness.iceberg import ROWS, pyiceberg, rows


def writes_and_reads(
    url: str, catalog: str, writer: str, reader: str, table: str, location: str | None = None
) -> list[dict[str, Any]]:
    """Creates a table and appends twice as the writer; gives the rows that the reader sees. No storage key comes from us."""
    writing = pyiceberg(url, prefix=catalog, token=writer)
    made = writing.create_table(f"sales.{table}", schema=ROWS.schema, location=location)
    made.append(ROWS)
    made.append(ROWS.slice(0, 1))
    reading = pyiceberg(url, prefix=catalog, token=reader)
    return rows(reading.load_table(f"sales.{table}"))


def cannot_append(url: str, catalog: str, reader: str, table: str) -> list[str]:
    """What a reader is told who appends, and who drops: by the storage and by the catalog."""
    reading = pyiceberg(url, prefix=catalog, token=reader)
    told: list[str] = []
    try:
        reading.load_table(f"sales.{table}").append(ROWS)
    except Exception as error:
        told.append(f"{type(error).__name__}: {error}")
    try:
        reading.drop_table(f"sales.{table}")
    except ForbiddenError:
        told.append("forbidden")
    return told


def reads(url: str, catalog: str, token: str, table: str) -> list[dict[str, Any]]:
    return rows(pyiceberg(url, prefix=catalog, token=token).load_table(f"sales.{table}"))
