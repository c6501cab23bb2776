"""Names of any kind neither widen a SAS nor break one."""

import pytest

from harness.azure.client import split
from harness.azure.lake import AzureLake, new_azure_lake
from harness.azure.world import Azure
from harness.host import Host
from harness.planted import Planted
from harness.world import new_tenant

FAILED = "AuthenticationFailed"
# Each name with the neighbour that a careless signature or path would open with it.
NAMES = [
    ("quo'te\"d", "quoted"),
    ("with space", "with+space"),
    ("a%41b", "aAb"),
    ("a%25b", "a%b"),
    ("zażółć 表", "zazolc"),
    ("[ab]", "a"),
    ("a+b", "a b"),
    ("a&b=c", "a"),
    ("a;b,c", "a"),
    ("deep/er/still", "deep/er/stil"),
]
# A table's name is no location: these never reach the storage.
TABLES = [*NAMES[:-1], ("a*b", "aXXb"), ("a?b", "aXb"), ("a%2Fb", "a")]


@pytest.fixture(scope="module", params=["AzureSas", "AzureOAuth"])
def lake(request: pytest.FixtureRequest, cloud_host: Host, planted: Planted, azure: Azure) -> AzureLake:
    return new_azure_lake(new_tenant(cloud_host, planted), azure, request.param)


def table(name: str) -> str:
    """A table's name may hold no slash."""
    return "at " + name.replace("/", " ")


@pytest.mark.parametrize(("name", "neighbour"), NAMES, ids=[name for name, _ in NAMES])
def test_a_location_of_any_name_opens_itself_alone(lake: AzureLake, name: str, neighbour: str) -> None:
    location = lake.location(f"given/{name}")
    made = lake.tenant.admin.api.create_table(lake.catalog, "sales", table(name), location)
    # Never rewritten, never encoded.
    assert made["metadata"]["location"] == location
    owner, container = lake.azure.owner(), lake.bucket
    inside, outside = f"lake/given/{name}/file", f"lake/given/{neighbour}/file"
    assert owner.put(container, inside) == owner.put(container, outside) == "ok"
    blobs = lake.blobs(lake.tenant.admin, table(name))
    assert blobs.get(container, inside) == blobs.put(container, inside) == "ok"
    assert blobs.get(container, split(made["metadata-location"])[1]) == "ok"
    assert blobs.list(container, f"lake/given/{name}/") == "ok"
    assert blobs.get(container, outside) == blobs.put(container, outside) == FAILED
    assert blobs.list(container, f"lake/given/{neighbour}/") == FAILED


@pytest.mark.parametrize(("name", "neighbour"), TABLES, ids=[name for name, _ in TABLES])
def test_a_table_of_any_name_is_created_and_vended(lake: AzureLake, name: str, neighbour: str) -> None:
    made = lake.tenant.admin.api.create_table(lake.catalog, "sales", name)
    assert made["metadata"]["location"].isascii()
    container, path = split(made["metadata-location"])
    blobs = lake.blobs(lake.tenant.admin, name)
    assert blobs.get(container, path) == "ok"
    assert lake.azure.owner().put(container, f"lake/sales/{neighbour}/file") == "ok"
    assert blobs.get(container, f"lake/sales/{neighbour}/file") == FAILED
    assert blobs.list(container, "lake/") == FAILED


@pytest.mark.parametrize("name", ["back\\slash", "sl/ash", "line\nbreak"])
def test_a_table_of_such_a_name_is_not_created(lake: AzureLake, name: str) -> None:
    lake.tenant.admin.api.create_table(lake.catalog, "sales", name, status=400)


@pytest.mark.parametrize(
    "tail", ["a/../b", "./a", "a//b", "a?b", "a#b", "a\\b", "a\nb", "a/..", "../outside", "a%2Fb", "%2e%2e/b", "a%5cb"]
)
def test_a_location_on_which_clients_disagree_is_refused(lake: AzureLake, tail: str) -> None:
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "refused", lake.location(tail), status=400)


@pytest.mark.parametrize(
    "outside",
    [
        "abfss://{container}@{account}.dfs.core.windows.net/lake2/t",
        "abfss://{container}@{account}.dfs.core.windows.net/t",
        "abfss://another@{account}.dfs.core.windows.net/lake/t",
        "abfss://{container}@another.dfs.core.windows.net/lake/t",
        "abfss://{container}@{account}.dfs.evil.example/lake/t",
        "s3://{container}/lake/t",
    ],
)
def test_a_location_outside_the_catalog_is_refused(lake: AzureLake, outside: str) -> None:
    location = outside.format(container=lake.bucket, account=lake.azure.account)
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "outside", location, status=(400, 403))
