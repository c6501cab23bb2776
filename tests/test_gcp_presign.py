"""Signed URLs of objects, fetched with plain curl."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from harness.curl import curl, options
from harness.google.lake import GoogleLake, new_google_lake
from harness.google.world import Google
from harness.world import Tenant, User

NAME = "data/a b+é%'.txt"


class Scene:
    """Two tables whose names share a beginning, with a file each."""

    def __init__(self, lake: GoogleLake):
        self.lake, self.google = lake, lake.google
        for name in ("orders", "orders2"):
            lake.tenant.admin.api.create_table(lake.catalog, "sales", name, lake.location(name))
            assert self.google.owner().put(lake.bucket, f"lake/{name}/{NAME}", name.encode()) == "ok"
        self.file = lake.location("orders") + "/" + NAME

    def path(self) -> str:
        return self.lake.tenant.admin.api.table_path(self.lake.catalog, "sales", "orders") + "/presign"

    def ask(self, user: User, location: str, status: int = 200, **more: Any) -> Any:
        made = user.api.get(self.path(), status, params={"location": location} | more)
        if status == 200:
            self.lake.tenant.planted.note("signed url", parse_qs(urlsplit(made["url"]).query)["X-Goog-Signature"][0])
        return made

    def curl(self, made: dict[str, Any], *more: str) -> tuple[int, str]:
        return curl(made["url"], *options(made["headers"]), *more)


@pytest.fixture
def scene(cloud_tenant: Tenant, google: Google) -> Scene:
    return Scene(new_google_lake(cloud_tenant, google))


def test_a_reader_fetches_one_object(scene: Scene) -> None:
    reader = scene.lake.tenant.user("Reader")
    made = scene.ask(reader, scene.file, ttl=300)
    assert made["headers"] == {}
    assert scene.curl(made) == (200, "orders")
    lives = (datetime.fromisoformat(made["expiration"]) - datetime.now(UTC)).total_seconds()
    assert 250 < lives <= 300
    assert scene.curl(scene.ask(reader, scene.file, method="HEAD"), "--head")[0] == 200
    fields = parse_qs(urlsplit(made["url"]).query)
    assert scene.lake.account is not None
    assert fields["X-Goog-Algorithm"] == ["GOOG4-RSA-SHA256"]
    assert fields["X-Goog-Credential"][0].startswith(scene.lake.account.email + "/")
    assert int(fields["X-Goog-Expires"][0]) <= 300


def test_a_url_opens_its_object_and_method_only(scene: Scene) -> None:
    made = scene.ask(scene.lake.tenant.user("Reader"), scene.file)
    assert scene.curl(made, "-X", "PUT", "--data", "x")[0] == 403
    assert scene.curl(made, "-X", "DELETE")[0] == 403
    elsewhere = made | {"url": made["url"].replace("/orders/", "/orders2/")}
    assert elsewhere["url"] != made["url"]
    assert scene.curl(elsewhere)[0] == 403
    assert scene.google.owner().get(scene.lake.bucket, f"lake/orders/{NAME}") == "ok"


def test_a_url_ends_when_it_says(scene: Scene) -> None:
    made = scene.ask(scene.lake.tenant.user("Reader"), scene.file, ttl=60)
    assert scene.curl(made)[0] == 200
    scene.google.iam.ahead = 61
    try:
        assert scene.curl(made)[0] == 400
    finally:
        scene.google.iam.ahead = 0


def test_a_writer_puts_and_deletes(scene: Scene) -> None:
    writer, location = scene.lake.tenant.user("Writer"), scene.lake.location("orders") + "/data/new.txt"
    put = scene.ask(writer, location, method="PUT")
    assert scene.curl(put, "-X", "PUT", "-H", "Content-Type:", "--data-binary", "fresh")[0] == 200
    assert scene.curl(scene.ask(writer, location)) == (200, "fresh")
    assert scene.curl(scene.ask(writer, location, method="DELETE"), "-X", "DELETE")[0] == 204
    assert scene.google.owner().get(scene.lake.bucket, "lake/orders/data/new.txt") == "404"


def test_what_is_not_the_callers_is_refused_with_a_reason(scene: Scene) -> None:
    lake, root = scene.lake, scene.lake.location("orders")
    reader = lake.tenant.user("Reader")
    for location in (
        lake.location("orders2") + "/data/file",
        root,
        lake.base + "/file",
        root.replace(lake.bucket, scene.google.bucket()) + "/data/file",
        root.replace("gs://", "s3://") + "/data/file",
    ):
        refused = scene.ask(reader, location, status=403)
        assert "no object of this table" in refused["error"]["message"], refused
    for method, right in (("PUT", "write"), ("DELETE", "delete")):
        assert right in scene.ask(reader, scene.file, status=403, method=method)["error"]["message"]
    scene.ask(lake.tenant.user(), scene.file, status=404)
    scene.ask(lake.tenant.user("Discovery"), scene.file, status=403)


@pytest.mark.parametrize("step", ["..", "%2e%2e", "%2E.", ".", "..%2f"])
def test_dots_are_refused_encoded_or_not(scene: Scene, step: str) -> None:
    reader = scene.lake.tenant.user("Reader")
    location = f"{scene.lake.location('orders')}/{step}/orders2/file"
    for query in (quote(location, safe="%:/"), quote(location, safe=":/")):
        reply = reader.api.request("GET", f"{scene.path()}?location={query}")
        assert reply.status_code == 400, reply.text
        assert "X-Goog" not in reply.text


def test_urls_are_in_the_trail_without_their_signature(scene: Scene) -> None:
    reader = scene.lake.tenant.user("Reader")
    scene.ask(reader, scene.file)
    scene.ask(reader, scene.file, status=403, method="PUT")
    trail = scene.lake.tenant.admin.api.audit(action="presign")
    # Newest first: a strategy ran for the first one, so its start is recorded as well.
    assert [row["result"] for row in trail] == ["denied", "success", "started"]
    assert trail[1]["metadata"]["locations"] == [scene.file]
    assert "X-Goog-Signature" not in str(trail)
