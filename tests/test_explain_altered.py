"""A warehouse whose row was changed in the database: administrators are told so as a failed check, others get the refusal."""

from collections.abc import Callable

from harness.database import Database
from harness.explaining import ask, explain, failed
from harness.host import Host
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.world import new_lake, new_tenant


def test_an_altered_warehouse_is_a_failed_check(make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed) -> None:
    host = make_host(seaweed).start()
    tenant = new_tenant(host, planted)
    lake = new_lake(tenant, seaweed)
    tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    reader, stranger = tenant.user("Reader"), tenant.user()
    assert failed(explain(reader, lake)) is None
    database = Database(host, None)
    host.stop()
    database.run(f"UPDATE warehouses SET allow_unscoped = 1 WHERE name = '{lake.warehouse}'")
    host.start()
    location = lake.location("orders") + "/a"
    for asked in ({}, {"for_": "presign", "location": location}, {"for_": "sign", "location": location}):
        for more in ({}, {"user": reader.name}):
            told = explain(tenant.admin, lake, **asked, **more)
            assert failed(told) == "warehouse-intact" and told["refusal"]["code"] == "warehouse-altered"
            assert told["would"] == told["grants"] == [] and "warehouse" not in told
        reply = ask(reader, lake, **asked)
        assert reply.status_code == 500 and reply.json()["error"]["reason"] == "warehouse-altered"
    # Who may not see the catalog is not told that it is there.
    for catalog in (lake.catalog, "no_such_catalog"):
        paths = (f"/api/v1/catalogs/{catalog}", f"/v1/{catalog}/namespaces", stranger.api.table_path(catalog, "sales", "orders"))
        assert [stranger.api.request("GET", path).status_code for path in paths] == [404, 404, 404]
    rows = tenant.admin.api.audit(action="explain_credentials")
    told_of = [row for row in rows if row["metadata"].get("subject_name") == reader.name and row["username"] == tenant.admin.name]
    assert {row["metadata"]["code"] for row in told_of} == {"warehouse-altered"}
