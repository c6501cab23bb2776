"""Names with `*`, `?`, `$`, quotes, spaces, `%` and non-ASCII neither widen a policy nor break one."""

import pytest

from harness.host import Host
from harness.planted import Planted
from harness.s3 import Keys, Store, split
from harness.seaweed import Seaweed
from harness.world import Lake, new_lake, new_tenant

# Each name with the neighbour that a careless policy or path would open with it.
NAMES = [
    ("a*b", "aXXb"),
    ("a?b", "aXb"),
    ("${aws:username}", "vendor"),
    ("a$b", "a$$b"),
    ("quo'te\"d", "quoted"),
    ("with space", "with+space"),
    ("a%41b", "aAb"),
    ("a%2Fb", "a"),
    ("zażółć 表", "zazolc"),
    ("[ab]", "a"),
    ("a+b", "a b"),
    ("a&b=c", "a"),
]
# A location may not hold '?', '#', '\' or an encoded '/'; and the emulator does not know the escapes `${*}` and `${$}`.
LOCATIONS = [pair for pair in NAMES if not set(pair[0]) & set("?*$") and "%2F" not in pair[0]]


@pytest.fixture(scope="module")
def shared(host: Host, planted: Planted, seaweed: Seaweed) -> Lake:
    return new_lake(new_tenant(host, planted), seaweed)


def vended(lake: Lake, seaweed: Seaweed, name: str) -> Store:
    return Store(seaweed, Keys.from_flat(lake.tenant.admin.api.credentials(lake.catalog, "sales", name)))


@pytest.mark.parametrize(("name", "neighbour"), NAMES, ids=[name for name, _ in NAMES])
def test_a_table_of_any_name_is_created_listed_loaded_and_vended(
    shared: Lake, seaweed: Seaweed, name: str, neighbour: str
) -> None:
    api = shared.tenant.admin.api
    made = api.create_table(shared.catalog, "sales", name)
    listed = api.get(f"/v1/{shared.catalog}/namespaces/sales/tables")["identifiers"]
    assert {"namespace": ["sales"], "name": name} in listed
    location = api.load_table(shared.catalog, "sales", name)["metadata"]["location"]
    assert location.isascii()
    bucket, key = split(made["metadata-location"])
    store = vended(shared, seaweed, name)
    assert store.get(bucket, key) == "ok"
    assert Store(seaweed, seaweed.admin).put(bucket, f"lake/sales/{neighbour}/file") == "ok"
    assert store.get(bucket, f"lake/sales/{neighbour}/file") == "AccessDenied"
    assert store.list(bucket, "lake/") == "AccessDenied"


@pytest.mark.parametrize(("name", "neighbour"), LOCATIONS, ids=[name for name, _ in LOCATIONS])
def test_a_location_of_any_name_opens_itself_alone(shared: Lake, seaweed: Seaweed, name: str, neighbour: str) -> None:
    location = shared.location(f"given/{name}")
    made = shared.tenant.admin.api.create_table(shared.catalog, "sales", f"at {name}", location)
    # Never rewritten, never encoded.
    assert made["metadata"]["location"] == location
    admin, bucket = Store(seaweed, seaweed.admin), shared.bucket
    for key in (f"lake/given/{name}/file", f"lake/given/{neighbour}/file"):
        assert admin.put(bucket, key) == "ok"
    store = vended(shared, seaweed, f"at {name}")
    assert store.get(bucket, f"lake/given/{name}/file") == "ok"
    assert store.get(bucket, split(made["metadata-location"])[1]) == "ok"
    assert store.get(bucket, f"lake/given/{neighbour}/file") == "AccessDenied"
    assert store.put(bucket, f"lake/given/{neighbour}/new") == "AccessDenied"


@pytest.mark.parametrize("tail", ["a/../b", "./a", "a//b", "a?b", "a#b", "a\\b", "a\nb", "a/..", "../outside", "a%2Fb", "%2e%2e/b", "a%5cb"])
def test_a_location_on_which_clients_disagree_is_refused(shared: Lake, tail: str) -> None:
    shared.tenant.admin.api.create_table(shared.catalog, "sales", "refused", shared.location(tail), status=400)


@pytest.mark.parametrize("outside", ["s3://{bucket}/lake2/t", "s3://{bucket}/t", "s3://another-bucket/lake/t", "file:///tmp/t"])
def test_a_location_outside_the_catalog_is_refused(shared: Lake, outside: str) -> None:
    location = outside.format(bucket=shared.bucket)
    shared.tenant.admin.api.create_table(shared.catalog, "sales", "outside", location, status=(400, 403))


def test_locations_of_two_tables_may_not_nest(shared: Lake) -> None:
    api = shared.tenant.admin.api
    api.create_table(shared.catalog, "sales", "outer", shared.location("nest/outer"))
    for tail in ("nest/outer", "nest/outer/inner", "nest"):
        api.create_table(shared.catalog, "sales", "inner", shared.location(tail), status=(400, 403, 409))
