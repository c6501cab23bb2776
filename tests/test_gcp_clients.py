"""PyIceberg works on Google Cloud with what the host vends, and with nothing else."""

import pytest

from harness.apart import apart
from harness.google.client import split
from harness.google.lake import new_google_lake
from harness.google.world import Google
from harness.journeys import cannot_append, reads, writes_and_reads
from harness.world import Tenant, User


def token(user: User) -> str:
    return user.api.token or ""


@pytest.mark.parametrize("name", ["transactions", "with space", "quo'te", "zażółć"])
def test_a_writer_creates_and_appends_and_a_reader_reads(cloud_tenant: Tenant, google: Google, name: str) -> None:
    lake = new_google_lake(cloud_tenant, google)
    url, writer, reader = cloud_tenant.host.url, cloud_tenant.user("Writer"), cloud_tenant.user("Reader")
    # A given location keeps the name; without one the host chooses plain letters.
    location = lake.location(name) if name != "transactions" else None
    seen = apart(writes_and_reads, url, lake.catalog, token(writer), token(reader), "transactions", location)
    assert [row["id"] for row in seen] == [1, 1, 2, 3]
    assert apart(reads, url, lake.catalog, token(reader), "transactions") == seen
    table = reader.api.load_table(lake.catalog, "sales", "transactions")
    bucket, root = split(table["metadata"]["location"])
    assert google.owner().keys(bucket, root + "/data/")


def test_the_store_refuses_a_reader_who_writes(cloud_tenant: Tenant, google: Google) -> None:
    lake = new_google_lake(cloud_tenant, google)
    url, writer, reader = cloud_tenant.host.url, cloud_tenant.user("Writer"), cloud_tenant.user("Reader")
    apart(writes_and_reads, url, lake.catalog, token(writer), token(reader), "t")
    storage, catalog = apart(cannot_append, url, lake.catalog, token(reader), "t")
    assert "PERMISSION_DENIED" in storage
    assert catalog == "forbidden"
