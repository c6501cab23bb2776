"""Names of any kind neither break out of a boundary's condition nor widen it."""

import pytest

from harness.google.client import split
from harness.google.lake import GoogleLake, new_google_lake
from harness.google.world import Google
from harness.host import Host
from harness.planted import Planted
from harness.world import new_tenant

# Each name with the neighbour that a careless condition or path would open with it.
NAMES = [
    ("quo'te\"d", "quoted"),
    ("') || resource.name.startsWith('", "x"),
    ('") || resource.name.startsWith("', "x"),
    ("' || true || '", "true"),
    ("with space", "with+space"),
    ("a%41b", "aAb"),
    ("a%25b", "a%b"),
    ("zażółć 表", "zazolc"),
    ("[ab]", "a"),
    ("a+b", "a b"),
    ("a&b=c", "a"),
    ("${x}", "x"),
    ("a`b", "ab"),
    ("deep/er/still", "deep/er/stil"),
]
# A location may not hold these: a table of such a name lies elsewhere.
TABLES = [*NAMES[:-1], ("a*b", "aXXb"), ("a?b", "aXb"), ("a%2Fb", "a")]


@pytest.fixture(scope="module")
def lake(cloud_host: Host, planted: Planted, google: Google) -> GoogleLake:
    return new_google_lake(new_tenant(cloud_host, planted), google)


def table(name: str) -> str:
    return "at " + name.replace("/", " ")


@pytest.mark.parametrize(("name", "neighbour"), NAMES, ids=[name for name, _ in NAMES])
def test_a_location_of_any_name_opens_itself_alone(lake: GoogleLake, name: str, neighbour: str) -> None:
    location = lake.location(f"given/{name}")
    made = lake.tenant.admin.api.create_table(lake.catalog, "sales", table(name), location)
    # Never rewritten, never encoded.
    assert made["metadata"]["location"] == location
    owner, bucket = lake.google.owner(), lake.bucket
    inside, outside = f"lake/given/{name}/file", f"lake/given/{neighbour}/file"
    assert owner.put(bucket, inside) == owner.put(bucket, outside) == "ok"
    objects = lake.objects(lake.tenant.admin, table(name))
    assert objects.get(bucket, inside) == objects.put(bucket, inside) == "ok"
    assert objects.get(bucket, split(made["metadata-location"])[1]) == "ok"
    assert objects.list(bucket, f"lake/given/{name}/") == "ok"
    assert objects.get(bucket, outside) == objects.put(bucket, outside) == "403"
    assert objects.list(bucket, f"lake/given/{neighbour}/") == objects.list(bucket, "lake/given/") == "403"


@pytest.mark.parametrize(("name", "neighbour"), TABLES, ids=[name for name, _ in TABLES])
def test_a_table_of_any_name_is_created_and_vended(lake: GoogleLake, name: str, neighbour: str) -> None:
    made = lake.tenant.admin.api.create_table(lake.catalog, "sales", name)
    assert made["metadata"]["location"].isascii()
    bucket, key = split(made["metadata-location"])
    objects = lake.objects(lake.tenant.admin, name)
    assert objects.get(bucket, key) == "ok"
    assert lake.google.owner().put(bucket, f"lake/sales/{neighbour}/file") == "ok"
    assert objects.get(bucket, f"lake/sales/{neighbour}/file") == "403"
    assert objects.list(bucket, "lake/") == "403"


@pytest.mark.parametrize(
    "tail",
    ["a/../b", "./a", "a//b", "a?b", "a#b", "a\\b", "a\\'b", "a\nb", "a/..", "../outside", "a%2Fb", "%2e%2e/b", "a%5cb"],
)
def test_a_location_on_which_clients_disagree_is_refused(lake: GoogleLake, tail: str) -> None:
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "refused", lake.location(tail), status=400)


@pytest.mark.parametrize(
    "outside", ["gs://{bucket}/lake2/t", "gs://{bucket}/t", "gs://another-bucket/lake/t", "s3://{bucket}/lake/t"]
)
def test_a_location_outside_the_catalog_is_refused(lake: GoogleLake, outside: str) -> None:
    location = outside.format(bucket=lake.bucket)
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "outside", location, status=(400, 403))
