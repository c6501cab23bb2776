"""Iceberg's own Java client (1.10), which Spark, Trino and Flink are built on. It never gets a storage key from us."""

import uuid
from collections.abc import Callable, Iterator

import pytest

from harness.documents import as_here, blocks, client_page
from harness.java import Java, JavaCatalog, JavaError
from harness.s3 import Store
from harness.seaweed import Seaweed
from harness.service import TOKENS, ServiceUser, new_service_user
from harness.world import Lake, Tenant, new_lake, static_lake


@pytest.fixture(scope="module")
def java() -> Iterator[Java]:
    client = Java()
    yield client
    client.stop()


def refused(name: str, deed: Callable[[], object]) -> str:
    """What the client says; the exception has that name, at the top or below."""
    with pytest.raises(JavaError) as caught:
        deed()
    assert name in caught.value.classes, caught.value
    return str(caught.value)


def by_credential(lake: Lake, service: ServiceUser, **more: str) -> dict[str, str]:
    return {"uri": lake.tenant.host.url, "warehouse": lake.catalog, "credential": f"{service.id}:{service.key}"} | more


def ways(lake: Lake, service: ServiceUser) -> dict[str, dict[str, str]]:
    url, catalog, token = lake.tenant.host.url, lake.catalog, service.token().token or ""
    server = {"oauth2-server-uri": f"{url}{TOKENS}"}
    return {
        "warehouse": by_credential(lake, service),
        "server": by_credential(lake, service) | server,
        "server of the catalog": by_credential(lake, service) | {"oauth2-server-uri": f"{url}/v1/{catalog}/oauth/tokens"},
        "prefix": {"uri": url, "prefix": catalog, "credential": f"{service.id}:{service.key}"},
        "path": {"uri": f"{url}/v1/{catalog}", "credential": f"{service.id}:{service.key}"},
        "key alone": by_credential(lake, service) | {"credential": service.key},
        "role": by_credential(lake, service, scope="PRINCIPAL_ROLE:Writer"),
        "all roles": by_credential(lake, service, scope="PRINCIPAL_ROLE:ALL"),
        "token": {"uri": url, "warehouse": catalog, "token": token},
        "token and prefix": {"uri": url, "prefix": catalog, "token": token},
        "token and path": {"uri": f"{url}/v1/{catalog}", "token": token},
        "api key": {"uri": url, "warehouse": catalog, "header.X-API-Key": service.key, "rest.auth.type": "none"},
    }


WAYS = [
    "warehouse", "server", "server of the catalog", "prefix", "path", "key alone", "role", "all roles", "token",
    "token and prefix", "token and path", "api key",
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_connect_writes_and_reads(java: Java, lake: Lake, way: str) -> None:
    catalog = java.catalog(**ways(lake, new_service_user(lake.tenant, "Writer"))[way])
    table = catalog.create("sales.t")
    table.append(1, 3)
    assert catalog.load("sales.t").rows() == [[1, "row 1"], [2, "row 2"], [3, "row 3"]]
    assert catalog.drop("sales.t") and not catalog.exists("sales.t")
    catalog.close()


@pytest.fixture
def writing(java: Java, lake: Lake) -> Iterator[JavaCatalog]:
    catalog = java.catalog(**by_credential(lake, new_service_user(lake.tenant, "Writer")))
    yield catalog
    catalog.close()


@pytest.fixture
def reading(java: Java, lake: Lake) -> Iterator[JavaCatalog]:
    catalog = java.catalog(**by_credential(lake, new_service_user(lake.tenant, "Reader")))
    yield catalog
    catalog.close()


@pytest.mark.parametrize("at", range(6))
def test_the_documented_properties(java: Java, lake: Lake, seaweed: Seaweed, at: int) -> None:
    service = new_service_user(lake.tenant, "Writer")
    pages = blocks(client_page("## Java"), "properties")
    assert len(pages) == 6
    # Keys have letters like those of the placeholders: each is set once.
    named = dict(line.split("=", 1) for line in pages[at].splitlines())
    own = {"TOKEN": service.token().token, "ACCESS": seaweed.admin.access_key_id, "SECRET": seaweed.admin.secret_access_key}
    own["STORE"] = seaweed.endpoint
    properties = {key: own.get(value) or as_here(value, lake, service) for key, value in named.items()}
    catalog = java.catalog(**properties)
    catalog.create("sales.t").append(1)
    assert catalog.load("sales.t").rows() == [[1, "row 1"]]


def test_what_a_table_brings(writing: JavaCatalog) -> None:
    keys = writing.create("sales.t")["keys"]
    vended = {"s3.access-key-id", "s3.secret-access-key", "s3.session-token", "s3.session-token-expires-at-ms"}
    assert vended <= keys.keys()
    assert keys["client.refresh-credentials-endpoint"].endswith("/tables/t/credentials")
    assert keys["s3.path-style-access"] == "true" and keys["client.region"]


def test_a_reader_reads_and_the_store_refuses_what_it_writes(writing: JavaCatalog, reading: JavaCatalog, lake: Lake) -> None:
    writing.create("sales.t").append(1, 2)
    table = reading.load("sales.t")
    assert len(table.rows()) == 2
    assert "403" in refused("S3Exception", lambda: table.append(3))
    refused("ForbiddenException", lambda: table.call("add_column", column="more"))
    refused("ForbiddenException", lambda: reading.create("sales.mine"))
    refused("ForbiddenException", lambda: reading.drop("sales.t"))
    refused("ForbiddenException", lambda: reading.call("rename", table="sales.t", to="sales.u"))
    assert len(writing.load("sales.t").rows()) == 2


def test_a_credential_ends_at_its_table(writing: JavaCatalog) -> None:
    table, other = writing.create("sales.t"), writing.create("sales.t2")
    table.write(f"{table['location']}/data/own")
    for place in (f"{other['location']}/data/file", f"{table['location']}2/file", table["location"].rsplit("/", 2)[0] + "/file"):
        assert "403" in refused("S3Exception", lambda: table.write(place))


def test_refusals_have_their_own_exceptions(java: Java, lake: Lake, writing: JavaCatalog) -> None:
    service = new_service_user(lake.tenant, "Writer")
    good = by_credential(lake, service)
    for credential in (f"{service.id}:pgl_{'0' * 64}", f"{uuid.uuid4()}:{service.key}"):
        refused("NotAuthorizedException", lambda: java.catalog(**good | {"credential": credential}))
    with_token = {name: value for name, value in good.items() if name != "credential"}
    refused("NotAuthorizedException", lambda: java.catalog(**with_token, token="no.such.token"))
    refused("BadRequestException", lambda: java.catalog(**good, scope="PRINCIPAL_ROLE:Reader"))
    assert "does not exist" in refused("RESTException", lambda: java.catalog(**good | {"warehouse": "no-such-catalog"}))
    refused("NoSuchTableException", lambda: writing.load("sales.missing"))
    refused("NoSuchTableException", lambda: writing.load("missing.t"))
    refused("NoSuchNamespaceException", lambda: writing.call("namespace", namespace="missing"))
    refused("NoSuchNamespaceException", lambda: writing.create("missing.t"))
    writing.create("sales.t")
    refused("AlreadyExistsException", lambda: writing.create("sales.t"))
    refused("AlreadyExistsException", lambda: writing.call("create_namespace", namespace="sales"))
    refused("NamespaceNotEmptyException", lambda: lake_of_admin(java, lake).call("drop_namespace", namespace="sales"))
    nobody = java.catalog(**by_credential(lake, new_service_user(lake.tenant, "Discovery")))
    refused("ForbiddenException", lambda: nobody.load("sales.t"))


def lake_of_admin(java: Java, lake: Lake) -> JavaCatalog:
    return java.catalog(**by_credential(lake, new_service_user(lake.tenant, rank="tenant-admin")))


def test_nested_namespaces(writing: JavaCatalog) -> None:
    writing.call("create_namespace", namespace="a", properties={"owner": "one"})
    writing.call("create_namespace", namespace="a.b")
    writing.call("create_namespace", namespace="a.b.c")
    assert writing.namespaces("a") == ["a.b"] and writing.namespaces("a.b") == ["a.b.c"]
    assert {"a", "sales"} <= set(writing.namespaces())
    writing.call("set_namespace", namespace="a", properties={"owner": "two"})
    assert writing.call("namespace", namespace="a")["owner"] == "two"
    writing.create("a.b.c.t").append(1)
    assert writing.tables("a.b.c") == ["a.b.c.t"]
    assert writing.load("a.b.c.t").rows() == [[1, "row 1"]]


def test_a_table_with_its_first_rows(writing: JavaCatalog) -> None:
    """`CREATE TABLE AS SELECT`: the table is staged, filled by the credential of the staging, then there."""
    assert len(writing.create_filled("sales.made", 3).rows()) == 3


def test_rename_register_and_drop_with_purge(writing: JavaCatalog, lake: Lake, seaweed: Seaweed) -> None:
    table = writing.create("sales.t")
    table.append(1, 2)
    writing.call("rename", table="sales.t", to="sales.u")
    assert not writing.exists("sales.t")
    renamed = writing.load("sales.u")
    assert renamed["uuid"] == table["uuid"] and len(renamed.rows()) == 2
    # Without a purge the files stay, and can be registered again.
    assert writing.drop("sales.u")
    again = writing.register("sales.again", renamed["metadata"])
    assert len(again.rows()) == 2
    prefix = again["location"].removeprefix(f"s3://{lake.bucket}/") + "/"
    assert Store(seaweed, seaweed.admin).keys(lake.bucket, prefix)
    assert writing.drop("sales.again", purge=True)
    assert not writing.exists("sales.again")


def test_of_two_conflicting_commits_one_wins(writing: JavaCatalog) -> None:
    writing.create("sales.t")
    first, second = writing.load("sales.t"), writing.load("sales.t")
    first.call("add_column", column="one")
    refused("CommitFailedException", lambda: second.call("add_column", column="two"))
    assert writing.load("sales.t")["columns"] == ["id", "name", "one"]


def test_appends_at_once_all_land(writing: JavaCatalog) -> None:
    """The client takes the 409 for what it is, and commits again on top of the winner."""
    table = writing.create("sales.t", {"commit.retry.num-retries": "20"})
    writing.call("append_at_once", table="sales.t", threads=4)
    assert [row[0] for row in table.rows()] == [0, 10, 20, 30]


def test_several_tables_change_together_or_not(writing: JavaCatalog) -> None:
    one, two = writing.create("sales.one"), writing.create("sales.two")

    def prepare(first: int) -> None:
        one.prepare("sales.one", first)
        two.prepare("sales.two", first)

    prepare(1)
    writing.call("commit_together")
    assert one.rows() == two.rows() == [[1, "row 1"]]
    prepare(3)
    writing.load("sales.two").append(2)
    refused("CommitFailedException", lambda: writing.call("commit_together"))
    assert [row[0] for row in writing.load("sales.one").rows()] == [1]
    assert [row[0] for row in writing.load("sales.two").rows()] == [1, 2]


def test_tags_and_properties(writing: JavaCatalog) -> None:
    table = writing.create("sales.t", {"owner": "one"})
    table.append(1)
    table.call("tag", tag="first")
    table.call("set_property", key="owner", value="two")
    again = writing.load("sales.t")
    assert again["properties"]["owner"] == "two"
    assert again.call("refs") == ["first", "main"]


@pytest.mark.parametrize("shown", ["token", "credential"])
def test_a_session_has_the_rights_of_its_own_caller(java: Java, lake: Lake, shown: str) -> None:
    """As an engine does that serves many people: the catalog is opened by one, each session by another."""
    writer, reader = new_service_user(lake.tenant, "Writer"), new_service_user(lake.tenant, "Reader")
    java.catalog(**by_credential(lake, writer)).create("sales.t").append(1)
    session = {"token": reader.token().token or "", "credential": f"{reader.id}:{reader.key}"}
    catalog = java.catalog({shown: session[shown]}, **by_credential(lake, writer))
    table = catalog.load("sales.t")
    assert table.rows() == [[1, "row 1"]]
    refused("ForbiddenException", lambda: table.call("add_column", column="more"))
    refused("S3Exception", lambda: table.append(2))


def test_keys_of_ones_own(java: Java, lake: Lake, seaweed: Seaweed) -> None:
    """The header is cleared, so that nothing is vended."""
    cleared = {"header.X-Iceberg-Access-Delegation": ""}
    table = java.catalog(**by_credential(lake, new_service_user(lake.tenant, "Writer")), **cleared).create("sales.t")
    assert not any(key.startswith("s3.") for key in table["keys"])


SIGNING = {"header.X-Iceberg-Access-Delegation": "remote-signing"}


@pytest.mark.parametrize("way", ["warehouse", "path", "token"])
@pytest.mark.parametrize("store", ["AwsSts", "AwsStatic"])
def test_signed_requests_write_and_read(java: Java, tenant: Tenant, seaweed: Seaweed, store: str, way: str) -> None:
    lake = new_lake(tenant, seaweed) if store == "AwsSts" else static_lake(tenant, seaweed)
    writing = java.catalog(**ways(lake, new_service_user(tenant, "Writer"))[way] | SIGNING)
    table = writing.create("sales.t")
    assert table["keys"]["s3.remote-signing-enabled"] == "true"
    assert not any("access-key" in key or "session-token" in key for key in table["keys"])
    table.append(1, 3)
    assert len(writing.load("sales.t").rows()) == 3
    seen = java.catalog(**ways(lake, new_service_user(tenant, "Reader"))[way] | SIGNING).load("sales.t")
    assert len(seen.rows()) == 3
    refused("ForbiddenException", lambda: seen.append(4))


def test_what_lies_outside_is_not_signed(java: Java, lake: Lake) -> None:
    catalog = java.catalog(**by_credential(lake, new_service_user(lake.tenant, "Writer")), **SIGNING)
    table, other = catalog.create("sales.t"), catalog.create("sales.t2")
    files = [f"{table['location']}/data/{name}" for name in ("a b", "c%d=e", "f")]
    for file in files:
        table.write(file)
    table.delete(files[0])
    table.delete(*files[1:])
    for place in (f"{other['location']}/data/file", f"{table['location']}2/file"):
        refused("ForbiddenException", lambda: table.write(place))
        refused("ForbiddenException", lambda: table.delete(place))
