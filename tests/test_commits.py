"""Of two commits that contradict each other one wins, and nothing of the other stays."""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from harness.s3 import Store, split
from harness.seaweed import Seaweed
from harness.world import Lake

RIVALS = 6


def append(loaded: dict) -> tuple[int, dict]:
    """A commit that expects the table to be empty, and the snapshot it adds."""
    metadata = loaded["metadata"]
    snapshot = secrets.randbits(62)
    added = {
        "snapshot-id": snapshot,
        "sequence-number": 1,
        "timestamp-ms": int(time.time() * 1000),
        "manifest-list": f"{metadata['location']}/metadata/snap-{snapshot}.avro",
        "summary": {"operation": "append"},
        "schema-id": 0,
    }
    requirements = [
        {"type": "assert-table-uuid", "uuid": metadata["table-uuid"]},
        {"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": None},
    ]
    updates = [
        {"action": "add-snapshot", "snapshot": added},
        {"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": snapshot},
    ]
    return snapshot, {"requirements": requirements, "updates": updates}


def test_one_of_many_rivals_wins(any_lake: Lake, seaweed: Seaweed) -> None:
    lake = any_lake
    admin = lake.tenant.admin.api
    made = admin.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    path = admin.table_path(lake.catalog, "sales", "orders")
    commits = [append(made) for _ in range(RIVALS)]
    start = Barrier(RIVALS)

    def send(commit: tuple[int, dict]) -> int:
        start.wait()
        return lake.tenant.host.api(admin.token).request("POST", path, json=commit[1]).status_code

    with ThreadPoolExecutor(RIVALS) as pool:
        statuses = list(pool.map(send, commits))
    assert sorted(statuses) == [200] + [409] * (RIVALS - 1), statuses

    winner = commits[statuses.index(200)][0]
    metadata = admin.load_table(lake.catalog, "sales", "orders")["metadata"]
    assert metadata["current-snapshot-id"] == winner
    assert [snapshot["snapshot-id"] for snapshot in metadata["snapshots"]] == [winner]
    # What the losers wrote to the storage is gone as well.
    bucket, key = split(lake.location("orders"))
    left = [name for name in Store(seaweed, seaweed.admin).keys(bucket, f"{key}/metadata/") if name.endswith(".json")]
    assert len(left) == 2, left


def test_the_refusal_has_the_standard_form(lake: Lake) -> None:
    admin = lake.tenant.admin.api
    made = admin.create_table(lake.catalog, "sales", "orders")
    path = admin.table_path(lake.catalog, "sales", "orders")
    admin.post(path, append(made)[1], status=200)
    error = admin.post(path, append(made)[1], status=409)["error"]
    assert error["type"] == "CommitFailedException"
    assert error["code"] == 409
    assert error["message"]


def test_a_commit_cannot_move_the_table_into_another(lake: Lake) -> None:
    admin = lake.tenant.admin.api
    admin.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    admin.create_table(lake.catalog, "sales", "other", lake.location("other"))
    path = admin.table_path(lake.catalog, "sales", "other")
    for place in ("orders", "orders/data", ""):
        update = {"action": "set-location", "location": f"{lake.base}/{place}".rstrip("/")}
        admin.post(path, {"requirements": [], "updates": [update]}, status=(400, 403, 409))
        properties = {"action": "set-properties", "updates": {"write.data.path": f"{lake.base}/{place}".rstrip("/")}}
        admin.post(path, {"requirements": [], "updates": [properties]}, status=(400, 403, 409))
    outside = {"action": "set-location", "location": "s3://another-bucket/t"}
    admin.post(path, {"requirements": [], "updates": [outside]}, status=(400, 403))
    assert admin.load_table(lake.catalog, "sales", "other")["metadata"]["location"] == lake.location("other")


def test_a_reader_cannot_commit(lake: Lake) -> None:
    admin = lake.tenant.admin.api
    made = admin.create_table(lake.catalog, "sales", "orders")
    reader = lake.tenant.user("Reader")
    reader.api.post(admin.table_path(lake.catalog, "sales", "orders"), append(made)[1], status=403)


def test_a_duplicate_and_a_missing_table(lake: Lake) -> None:
    admin = lake.tenant.admin.api
    made = admin.create_table(lake.catalog, "sales", "orders")
    admin.create_table(lake.catalog, "sales", "orders", status=409)
    missing = admin.table_path(lake.catalog, "sales", "missing")
    assert admin.get(missing, status=404)["error"]["type"] == "NoSuchTableException"
    admin.post(missing, append(made)[1], status=404)
    admin.delete(admin.table_path(lake.catalog, "sales", "orders"))
    admin.get(admin.table_path(lake.catalog, "sales", "orders"), status=404)
