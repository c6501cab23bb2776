"""Clients read and write a table with nothing but a key of a VAST user."""

import pytest

from harness.iceberg import ROWS, pyiceberg, rows
from harness.vms import Vms
from harness.vms_world import VastLake


def test_pyiceberg_writes_and_reads(vast: VastLake, vms: Vms) -> None:
    tenant, url = vast.tenant, vast.tenant.host.url
    writing = pyiceberg(url, prefix=vast.lake.catalog, token=tenant.user("Writer").api.token or "")
    table = writing.create_table("sales.transactions", schema=ROWS.schema, location=vast.lake.location("transactions"))
    table.append(ROWS)
    reading = pyiceberg(url, prefix=vast.lake.catalog, token=tenant.user("Reader").api.token or "")
    seen = reading.load_table("sales.transactions")
    assert len(rows(seen)) == 3
    with pytest.raises(OSError, match="(?i)access.?denied|forbidden|403"):
        seen.append(ROWS)
    assert {call.user for call in vms.calls("POST", "/s3keys/")} == {vast.reader.name, vast.writer.name}
    vast.settle()
    with pytest.raises(OSError, match="(?i)invalid.?access.?key|access.?denied|forbidden|403"):
        rows(seen)
