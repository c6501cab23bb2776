"""Spark 3.5 on Iceberg 1.10. It never gets a storage key from us."""

from collections.abc import Iterator
from itertools import count

import pytest

from harness.documents import as_here, block, client_page
from harness.host import Host
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.service import TOKENS, ServiceUser, new_service_user
from harness.spark import Spark
from harness.world import Lake, new_lake, new_tenant


@pytest.fixture(scope="module")
def spark() -> Iterator[Spark]:
    session = Spark()
    yield session
    session.stop()


@pytest.fixture(scope="module")
def shared(sqlite_host: Host, planted: Planted, seaweed: Seaweed) -> Lake:
    return new_lake(new_tenant(sqlite_host, planted), seaweed)


@pytest.fixture(scope="module")
def writer(shared: Lake) -> ServiceUser:
    return new_service_user(shared.tenant, "Writer")


_names = count()


def catalog(spark: Spark, **properties: str) -> str:
    """A new name each time: Spark keeps what it has opened under a name."""
    name = f"lake{next(_names)}"
    spark.catalog(name, **properties)
    return name


def by_credential(lake: Lake, service: ServiceUser, **more: str) -> dict[str, str]:
    return {"uri": lake.tenant.host.url, "warehouse": lake.catalog, "credential": f"{service.id}:{service.key}"} | more


@pytest.fixture
def lake0(spark: Spark, shared: Lake, writer: ServiceUser) -> str:
    return catalog(spark, **by_credential(shared, writer))


def test_the_documented_settings(spark: Spark, shared: Lake, writer: ServiceUser) -> None:
    page = client_page("## Spark")
    settings, script = (block(page, language) for language in ("", "sql"))
    for line in settings.splitlines():
        key, value = line.split()
        if key.startswith("spark.sql.catalog."):
            spark.set(key, as_here(value, shared, writer))
    queries = [query.strip() for query in script.split(";") if query.strip()]
    assert [spark.sql(query) for query in queries][-1] == [(1, "sent"), (2, "new")]


def test_rows_are_inserted_changed_merged_and_deleted(spark: Spark, lake0: str) -> None:
    spark.sql(f"CREATE NAMESPACE {lake0}.depot")
    orders = f"{lake0}.depot.orders"
    spark.sql(f"CREATE TABLE {orders} (id BIGINT, state STRING, amount DOUBLE) USING iceberg PARTITIONED BY (bucket(2, id))")
    spark.sql(f"INSERT INTO {orders} VALUES (1, 'new', 10.0), (2, 'new', 20.0), (3, 'new', 30.0)")
    first = spark.sql(f"SELECT snapshot_id FROM {orders}.snapshots")[0][0]
    spark.sql(f"UPDATE {orders} SET state = 'paid' WHERE id = 1")
    spark.sql(f"DELETE FROM {orders} WHERE id = 2")
    spark.sql(f"CREATE TABLE {lake0}.depot.changes USING iceberg AS SELECT 3L AS id, 'sent' AS state UNION ALL SELECT 4L, 'new'")
    spark.sql(
        f"MERGE INTO {orders} o USING {lake0}.depot.changes c ON o.id = c.id "
        "WHEN MATCHED THEN UPDATE SET o.state = c.state WHEN NOT MATCHED THEN INSERT (id, state) VALUES (c.id, c.state)"
    )
    assert spark.sql(f"SELECT id, state FROM {orders} ORDER BY id") == [(1, "paid"), (3, "sent"), (4, "new")]
    # As it was.
    assert spark.sql(f"SELECT count(*) FROM {orders} VERSION AS OF {first}") == [(3,)]
    spark.sql(f"ALTER TABLE {orders} ADD COLUMN note STRING")
    spark.sql(f"ALTER TABLE {orders} CREATE TAG checked")
    assert spark.sql(f"SELECT count(*) FROM {orders} VERSION AS OF 'checked'") == [(3,)]
    spark.sql(f"CALL {lake0}.system.rewrite_data_files(table => 'depot.orders', options => map('min-input-files', '2'))")
    expired = "table => 'depot.orders', older_than => TIMESTAMP '2999-01-01 00:00:00', retain_last => 1"
    assert spark.sql(f"CALL {lake0}.system.expire_snapshots({expired})")[0][0] > 0, "data files are deleted"
    assert spark.sql(f"SELECT sum(id), count(note) FROM {orders}") == [(8, 0)]
    spark.sql(f"ALTER TABLE {orders} RENAME TO depot.sold")
    assert {row[1] for row in spark.sql(f"SHOW TABLES IN {lake0}.depot")} == {"sold", "changes"}
    spark.sql(f"DROP TABLE {lake0}.depot.sold PURGE")
    spark.sql(f"DROP TABLE {lake0}.depot.changes")
    spark.sql(f"DROP NAMESPACE {lake0}.depot")


@pytest.mark.parametrize("way", ["prefix", "path", "server", "role", "token", "api key"])
def test_the_other_ways_to_connect(spark: Spark, shared: Lake, writer: ServiceUser, way: str) -> None:
    url, token = shared.tenant.host.url, writer.token().token or ""
    credential = {"credential": f"{writer.id}:{writer.key}"}
    properties = {
        "prefix": {"uri": url, "prefix": shared.catalog} | credential,
        "path": {"uri": f"{url}/v1/{shared.catalog}"} | credential,
        "server": by_credential(shared, writer) | {"oauth2-server-uri": f"{url}{TOKENS}"},
        "role": by_credential(shared, writer, scope="PRINCIPAL_ROLE:Writer"),
        "token": {"uri": url, "warehouse": shared.catalog, "token": token},
        "api key": {"uri": url, "warehouse": shared.catalog, "rest.auth.type": "none", "header.X-API-Key": writer.key},
    }[way]
    table = f"{catalog(spark, **properties)}.sales.{way.replace(' ', '_')}"
    spark.sql(f"CREATE TABLE {table} (id BIGINT) USING iceberg")
    spark.sql(f"INSERT INTO {table} VALUES (1), (2)")
    assert spark.sql(f"SELECT sum(id) FROM {table}") == [(3,)]


def test_a_reader_reads_and_is_refused_to_write(spark: Spark, shared: Lake, lake0: str) -> None:
    spark.sql(f"CREATE TABLE {lake0}.sales.seen USING iceberg AS SELECT 1L AS id")
    reading = catalog(spark, **by_credential(shared, new_service_user(shared.tenant, "Reader")))
    assert spark.sql(f"SELECT * FROM {reading}.sales.seen") == [(1,)]
    for query in (
        "INSERT INTO {}.sales.seen VALUES (2)",
        "DELETE FROM {}.sales.seen WHERE id = 1",
        "CREATE TABLE {}.sales.mine (id BIGINT) USING iceberg",
        "DROP TABLE {}.sales.seen",
    ):
        with pytest.raises(Exception, match="ForbiddenException|Status Code: 403"):
            spark.sql(query.format(reading))
    assert spark.sql(f"SELECT * FROM {reading}.sales.seen") == [(1,)]


def test_requests_are_signed(spark: Spark, shared: Lake, writer: ServiceUser) -> None:
    header = {"header.X-Iceberg-Access-Delegation": "remote-signing"}
    signing = catalog(spark, **by_credential(shared, writer), **header)
    spark.sql(f"CREATE TABLE {signing}.sales.signed (id BIGINT) USING iceberg")
    spark.sql(f"INSERT INTO {signing}.sales.signed VALUES (1), (2)")
    assert spark.sql(f"SELECT count(*) FROM {signing}.sales.signed") == [(2,)]
    reading = catalog(spark, **by_credential(shared, new_service_user(shared.tenant, "Reader")), **header)
    assert spark.sql(f"SELECT sum(id) FROM {reading}.sales.signed") == [(3,)]
    with pytest.raises(Exception, match="ForbiddenException"):
        spark.sql(f"INSERT INTO {reading}.sales.signed VALUES (3)")


def test_a_table_with_its_rows_is_not_signed_for(spark: Spark, shared: Lake, writer: ServiceUser) -> None:
    signing = catalog(spark, **by_credential(shared, writer), **{"header.X-Iceberg-Access-Delegation": "remote-signing"})
    with pytest.raises(Exception, match="staged table"):
        spark.sql(f"CREATE TABLE {signing}.sales.made USING iceberg AS SELECT 1L AS id")
    both = {"header.X-Iceberg-Access-Delegation": "vended-credentials,remote-signing"}
    either = catalog(spark, **by_credential(shared, writer), **both)
    spark.sql(f"CREATE TABLE {either}.sales.made USING iceberg AS SELECT 1L AS id")
    assert spark.sql(f"SELECT * FROM {signing}.sales.made") == [(1,)]


def test_who_has_no_grant_sees_no_table(spark: Spark, shared: Lake, lake0: str) -> None:
    spark.sql(f"CREATE TABLE {lake0}.sales.private (id BIGINT) USING iceberg")
    nobody = catalog(spark, **by_credential(shared, new_service_user(shared.tenant)))
    with pytest.raises(Exception, match="does not exist|ForbiddenException"):
        spark.sql(f"SELECT * FROM {nobody}.sales.private")
