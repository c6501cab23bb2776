"""Presigned URLs, fetched with plain curl."""

import subprocess
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from harness.s3 import Store
from harness.seaweed import Seaweed
from harness.world import Lake, Tenant, User, static_lake


@pytest.fixture(params=["AwsSts", "AwsStatic"])
def scene(request: pytest.FixtureRequest, lake: Lake, tenant: Tenant, seaweed: Seaweed) -> "Scene":
    return Scene(lake if request.param == "AwsSts" else static_lake(tenant, seaweed), seaweed)


class Scene:
    """Two tables whose names share a beginning, with a file each."""

    def __init__(self, lake: Lake, seaweed: Seaweed):
        self.lake, self.seaweed = lake, seaweed
        self.admin = Store(seaweed, seaweed.admin)
        for name in ("orders", "orders2"):
            lake.tenant.admin.api.create_table(lake.catalog, "sales", name, lake.location(name))
            self.admin.raw.put_object(Bucket=lake.bucket, Key=f"lake/{name}/data/a b+é.txt", Body=name.encode())

    def path(self, table: str = "orders") -> str:
        return self.lake.tenant.admin.api.table_path(self.lake.catalog, "sales", table) + "/presign"

    def ask(self, user: User, location: str, status: int = 200, **more: Any) -> Any:
        return user.api.get(self.path(), status, params={"location": location} | more)


def curl(url: str, *more: str) -> tuple[int, str]:
    """Status and body."""
    command = ["curl", "-sS", "--max-time", "20", "-w", "\n%{http_code}", *more, url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


FILE = "data/a b+é.txt"


def test_a_reader_fetches_one_file_with_curl(scene: Scene) -> None:
    reader = scene.lake.tenant.user("Reader")
    made = scene.ask(reader, scene.lake.location("orders") + "/" + FILE, ttl=300)
    assert made["headers"] == {}
    assert curl(made["url"]) == (200, "orders")
    lives = datetime.fromisoformat(made["expiration"]) - datetime.now(UTC)
    assert 250 < lives.total_seconds() <= 300
    head = scene.ask(reader, scene.lake.location("orders") + "/" + FILE, method="HEAD")
    assert curl(head["url"], "--head")[0] == 200


def test_a_url_opens_its_object_and_method_only(scene: Scene) -> None:
    reader = scene.lake.tenant.user("Reader")
    url = scene.ask(reader, scene.lake.location("orders") + "/" + FILE)["url"]
    assert curl(url, "-X", "PUT", "--data", "x")[0] == 403
    assert curl(url, "-X", "DELETE")[0] == 403
    assert curl(url.replace("/orders/", "/orders2/"))[0] == 403
    assert scene.admin.get(scene.lake.bucket, "lake/orders/" + FILE) == "ok"


def test_a_writer_puts_and_deletes(scene: Scene) -> None:
    writer, location = scene.lake.tenant.user("Writer"), scene.lake.location("orders") + "/data/new.txt"
    put = scene.ask(writer, location, method="PUT")["url"]
    assert curl(put, "-X", "PUT", "-H", "Content-Type:", "--data-binary", "fresh")[0] == 200
    assert curl(scene.ask(writer, location)["url"]) == (200, "fresh")
    assert curl(scene.ask(writer, location, method="DELETE")["url"], "-X", "DELETE")[0] == 204
    assert scene.admin.get(scene.lake.bucket, "lake/orders/data/new.txt") == "NoSuchKey"


def test_what_is_not_the_callers_is_refused_with_a_reason(scene: Scene) -> None:
    lake = scene.lake
    reader, root = lake.tenant.user("Reader"), lake.location("orders")
    for location in (
        lake.location("orders2") + "/data/file",
        root,
        lake.base + "/file",
        f"s3://{scene.seaweed.bucket()}/lake/orders/data/file",
        root.replace("s3://", "gs://") + "/data/file",
    ):
        refused = scene.ask(reader, location, status=403)
        assert "no object of this table" in refused["error"]["message"], refused
    for method in ("PUT", "DELETE"):
        refused = scene.ask(reader, root + "/data/file", status=403, method=method)
        assert {"PUT": "write", "DELETE": "delete"}[method] in refused["error"]["message"]
    nobody = lake.tenant.user()
    scene.ask(nobody, root + "/data/file", status=404)
    discovery = lake.tenant.user("Discovery")
    scene.ask(discovery, root + "/data/file", status=403)


@pytest.mark.parametrize("step", ["..", "%2e%2e", "%2E.", "."])
def test_dots_are_refused_encoded_or_not(scene: Scene, step: str) -> None:
    reader = scene.lake.tenant.user("Reader")
    location = f"{scene.lake.location('orders')}/{step}/orders2/{FILE}"
    # Once as the query's own encoding, once more as the text of the location.
    for query in (quote(location, safe="%:/"), quote(location, safe=":/")):
        reply = reader.api.request("GET", f"{scene.path()}?location={query}")
        assert reply.status_code == 400, reply.text
        assert "ambiguous" in reply.json()["error"]["message"]
    encoded = quote(scene.lake.location("orders") + "/..%2forders2/file", safe=":/")
    assert reader.api.request("GET", f"{scene.path()}?location={encoded}").status_code == 400


def test_malformed_questions_are_bad_requests(scene: Scene) -> None:
    reader, file = scene.lake.tenant.user("Reader"), scene.lake.location("orders") + "/data/file"
    for location, more in (("data/file", {}), (file + "/", {}), (file, {"method": "POST"}), (file, {"ttl": "0"}), (file, {"ttl": "x"})):
        refused = scene.ask(reader, location, status=400, **more)
        assert refused["error"]["message"]
    reader.api.get(scene.path(), 400)


def test_a_url_lives_no_longer_than_what_signs_it(scene: Scene) -> None:
    reader, file = scene.lake.tenant.user("Reader"), scene.lake.location("orders") + "/" + FILE
    made = scene.ask(reader, file, ttl=10_000_000)
    lives = (datetime.fromisoformat(made["expiration"]) - datetime.now(UTC)).total_seconds()
    static = "X-Amz-Security-Token" not in made["url"]
    assert lives <= (604_800 if static else 3_600)
    assert curl(made["url"])[0] == 200


def test_every_url_and_every_refusal_is_in_the_trail(scene: Scene) -> None:
    lake, reader = scene.lake, scene.lake.tenant.user("Reader")
    file = lake.location("orders") + "/" + FILE
    url = scene.ask(reader, file)["url"]
    scene.ask(reader, file, status=403, method="PUT")
    scene.ask(lake.tenant.user(), file, status=404)
    trail = lake.tenant.admin.api.audit(action="presign")
    assert [row["result"] for row in trail] == ["denied", "denied", "success"]
    granted = trail[-1]
    assert granted["metadata"]["locations"] == [file]
    assert granted["metadata"]["method"] == "GET"
    assert granted["metadata"]["expires_at"]
    assert url.split("X-Amz-Signature=")[1][:64] not in lake.tenant.admin.api.audit_text()


def test_an_unscoped_strategy_presigns_for_callers_whom_it_vends_nothing(tenant: Tenant, seaweed: Seaweed) -> None:
    scene = Scene(static_lake(tenant, seaweed), seaweed)
    user = tenant.user()
    catalog = next(c["id"] for c in tenant.admin.api.get("/api/v1/catalogs") if c["name"] == scene.lake.catalog)
    tenant.grant(user, {"type": "namespace", "catalog_id": catalog, "namespace": "sales"}, ["read"])
    table = user.api.table_path(scene.lake.catalog, "sales", "orders")
    refused = user.api.request("POST", table + "/credentials")
    assert refused.status_code == 403 and "presigned" in refused.text
    url = scene.ask(user, scene.lake.location("orders") + "/" + FILE)["url"]
    assert curl(url) == (200, "orders")
    assert user.api.request("POST", table + "/credentials").status_code == 403
