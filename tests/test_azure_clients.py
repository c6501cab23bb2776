"""PyIceberg works on Azure with what the host vends, and with nothing else."""

import pytest

from harness.apart import apart
from harness.authority import Authority
from harness.azure.client import split
from harness.azure.lake import AzureLake, new_azure_lake
from harness.azure.world import Azure
from harness.journeys import cannot_append, reads, writes_and_reads
from harness.world import Tenant, User

SETTINGS = {
    "AzureSas": ("AzureSas", {}),
    "AzureOAuth": ("AzureOAuth", {}),
    "both": ("AzureOAuth", {"vend": "both", "open_to_all": True}),
    "token": ("AzureOAuth", {"vend": "token", "open_to_all": True}),
    "flat account": ("AzureSas", {"hierarchical": False, "open_to_all": True}),
}


@pytest.fixture(params=list(SETTINGS))
def lake(request: pytest.FixtureRequest, cloud_tenant: Tenant, azure: Azure) -> AzureLake:
    strategy, more = SETTINGS[request.param]
    return new_azure_lake(cloud_tenant, azure, strategy, **more)


def token(user: User) -> str:
    return user.api.token or ""


@pytest.mark.parametrize("name", ["transactions", "with space", "a%41b", "zażółć"])
def test_a_writer_creates_and_appends_and_a_reader_reads(lake: AzureLake, authority: Authority, name: str) -> None:
    url, trust = lake.tenant.host.url, {"SSL_CERT_FILE": str(authority.ca)}
    writer, reader = lake.tenant.user("Writer"), lake.tenant.user("Reader")
    # A given location keeps the name; without one the host chooses plain letters.
    location = lake.location(name) if name != "transactions" else None
    seen = apart(writes_and_reads, url, lake.catalog, token(writer), token(reader), "transactions", location, env=trust)
    assert [row["id"] for row in seen] == [1, 1, 2, 3]
    assert apart(reads, url, lake.catalog, token(reader), "transactions", env=trust) == seen
    table = reader.api.load_table(lake.catalog, "sales", "transactions")
    container, root = split(table["metadata"]["location"])
    assert lake.azure.owner().keys(container, root + "/data/")


def test_the_storage_refuses_a_reader_who_writes(cloud_tenant: Tenant, azure: Azure, authority: Authority) -> None:
    lake = new_azure_lake(cloud_tenant, azure)
    url, trust = cloud_tenant.host.url, {"SSL_CERT_FILE": str(authority.ca)}
    writer, reader = cloud_tenant.user("Writer"), cloud_tenant.user("Reader")
    apart(writes_and_reads, url, lake.catalog, token(writer), token(reader), "t", env=trust)
    storage, catalog = apart(cannot_append, url, lake.catalog, token(reader), "t", env=trust)
    assert "AuthorizationPermissionMismatch" in storage
    assert catalog == "forbidden"
