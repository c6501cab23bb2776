"""The double of Google's object store is true: Google's own library works against it, and it refuses what Google refuses."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
from pyarrow import fs

from harness.apart import apart
from harness.google.iam import CLOUD
from harness.google.library import Library, limits
from harness.google.world import Google


@pytest.fixture(scope="module")
def library(google: Google) -> Iterator[Library]:
    made = Library(google)
    yield made
    made.close()


@pytest.fixture(scope="module")
def bucket(google: Google) -> str:
    name, owner = google.bucket(), google.owner()
    for key in ("lake/orders/data/file", "lake/orders2/data/file", "lake/file", "file"):
        assert owner.put(name, key) == "ok"
    return name


@pytest.fixture
def vended(google: Google, library: Library) -> Callable[..., Any]:
    """A token of Google's own library for part of a bucket."""
    source = library.account(google.account())
    return lambda *where, **more: google.holder(library.downscoped(source, limits(*where, **more)).token)


def test_a_token_opens_its_prefix_alone(vended: Callable[..., Any], bucket: str, google: Google) -> None:
    objects = vended(bucket, roles=("objectUser",))
    file, new = "lake/orders/data/file", "lake/orders/data/new"
    assert objects.get(bucket, file) == objects.head(bucket, file) == "ok"
    assert objects.put(bucket, new) == objects.put(bucket, new) == objects.put_in_parts(bucket, new) == "ok"
    assert objects.copy((bucket, file), (bucket, new)) == objects.compose(bucket, [file, file], new) == "ok"
    assert objects.delete(bucket, new) == objects.list(bucket, "lake/orders/") == "ok"
    assert objects.keys(bucket, "lake/orders/") == [file]
    for key in ("lake/orders2/data/file", "lake/file", "file", "lake/orders"):
        answers = {
            objects.get(bucket, key),
            objects.put(bucket, key),
            objects.put_in_parts(bucket, key),
            objects.delete(bucket, key),
        }
        assert answers == {"403"}, key
    for prefix in ("lake/orders2/", "lake/orders", "lake/", None):
        assert objects.list(bucket, prefix) == "403", prefix
    assert objects.copy((bucket, "lake/orders2/data/file"), (bucket, new)) == "403"
    assert objects.compose(bucket, ["lake/orders2/data/file"], new) == "403"
    other = google.bucket()
    assert google.owner().put(other, file) == "ok"
    assert objects.get(other, file) == "403"


def test_roles_are_enforced(vended: Callable[..., Any], bucket: str) -> None:
    file = "lake/orders/data/file"
    reader = vended(bucket)
    assert {
        reader.put(bucket, "lake/orders/x"),
        reader.put(bucket, "lake/orders/x", new=True),
        reader.delete(bucket, file),
    } == {"403"}
    appender = vended(bucket, roles=("objectViewer", "objectCreator"))
    fresh = f"lake/orders/data/{time.time()}"
    assert appender.put(bucket, fresh) == "ok"
    assert appender.put(bucket, fresh) == appender.put_in_parts(bucket, fresh) == appender.delete(bucket, fresh) == "403"
    assert appender.put(bucket, fresh, new=True) == "412"


@pytest.mark.parametrize("name", ["with space", "a%41b", "quo'te\"d", "zażółć 表", "a+b", "a&b=c", "') || (true", "a\\b"])
def test_names_of_any_kind_are_told_apart(vended: Callable[..., Any], bucket: str, google: Google, name: str) -> None:
    for key in (f"lake/{name}/file", f"lake/{name}2/file"):
        assert google.owner().put(bucket, key) == "ok"
    objects = vended(bucket, f"lake/{name}/")
    assert objects.get(bucket, f"lake/{name}/file") == objects.list(bucket, f"lake/{name}/") == "ok"
    assert objects.get(bucket, f"lake/{name}2/file") == objects.list(bucket, f"lake/{name}2/") == "403"


def test_only_live_downscoped_tokens_are_let_in(google: Google, bucket: str) -> None:
    wide = google.iam.mint(google.account(), frozenset({CLOUD}))
    assert google.holder(wide.value).get(bucket, "file") == "403"
    assert google.holder("ya29.made-up").get(bucket, "file") == "401"
    reply = requests.get(f"{google.url}/{bucket}/file", timeout=10)
    assert (reply.status_code, "AuthenticationRequired" in reply.text) == (401, True)


def test_an_expired_token_opens_nothing(google: Google, library: Library, bucket: str) -> None:
    google.iam.life = 2
    try:
        objects = google.holder(library.downscoped(library.account(google.account()), limits(bucket)).token)
    finally:
        google.iam.life = 3599
    assert objects.get(bucket, "lake/orders/data/file") == "ok"
    time.sleep(2.2)
    assert objects.get(bucket, "lake/orders/data/file") == "401"


def test_the_xml_form_is_held_to_the_same_boundary(google: Google, library: Library, bucket: str) -> None:
    token = library.downscoped(library.account(google.account()), limits(bucket, roles=("objectUser",))).token

    def call(method: str, path: str, **headers: str) -> requests.Response:
        named = {"Authorization": f"Bearer {token}"} | {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(
            method, f"{google.url}/{bucket}{path}", headers=named, data=b"x" if method == "PUT" else None, timeout=10
        )

    new = "/lake/orders/data/a%20new%25one"
    assert call("PUT", new, x_goog_if_generation_match="0").headers["ETag"]
    assert call("PUT", new, x_goog_if_generation_match="0").status_code == 412
    assert call("GET", new).content == b"x"
    assert "a new%one" in call("GET", "?list-type=2&prefix=lake/orders/").text
    assert call("DELETE", new).status_code == 204
    assert call("GET", new).status_code == 404
    for method, path in (
        ("GET", "/lake/orders2/data/file"),
        ("PUT", "/file"),
        ("GET", "?list-type=2&prefix=lake/"),
        ("GET", ""),
        ("DELETE", "/file"),
    ):
        reply = call(method, path)
        assert (reply.status_code, "<Code>AccessDenied</Code>" in reply.text) == (403, True), path
    for path in ("/lake/orders/%2e%2e/file", "/lake/orders/.%2e/orders2/data/file"):
        reply = requests.Session().send(raw(f"{google.url}/{bucket}{path}", token), timeout=10)
        assert reply.status_code == 400


def raw(url: str, token: str) -> requests.PreparedRequest:
    made = requests.Request("GET", url, headers={"Authorization": f"Bearer {token}"}).prepare()
    made.url = url
    return made


def test_signed_urls_are_verified(google: Google, library: Library, bucket: str) -> None:
    account = google.account()
    blob = google.holder("none").raw.bucket(bucket).blob("lake/orders/data/a file%2B")
    arguments: dict[str, Any] = {
        "version": "v4", "credentials": library.account(account), "api_access_endpoint": google.url, "expiration": timedelta(minutes=5),
    }  # fmt: skip
    put, get = blob.generate_signed_url(method="PUT", **arguments), blob.generate_signed_url(method="GET", **arguments)
    assert requests.put(put, data=b"body", timeout=10).status_code == 200
    assert requests.get(get, timeout=10).content == b"body"
    for url, method in (
        (get, "PUT"),
        (get.replace("orders", "orders2"), "GET"),
        (get[:-1] + ("0" if get[-1] != "0" else "1"), "GET"),
        (get + "&x=y", "GET"),
    ):
        reply = requests.request(method, url, timeout=10)
        assert (reply.status_code, "SignatureDoesNotMatch" in reply.text) == (403, True), url
    arguments |= {"expiration": timedelta(seconds=1)}
    brief = blob.generate_signed_url(method="GET", **arguments)
    time.sleep(2.1)
    assert "ExpiredToken" in requests.get(brief, timeout=10).text
    with_header = blob.generate_signed_url(
        method="GET", headers={"x-goog-if-generation-match": "0"}, **(arguments | {"expiration": 60})
    )
    assert "SignatureDoesNotMatch" in requests.get(with_header, timeout=10).text
    extra = requests.get(get, headers={"x-goog-user-project": "another"}, timeout=10)
    assert "ExcessHeaderValues" in extra.text
    reader = google.account(permissions=frozenset({"storage.objects.get"}))
    denied = blob.generate_signed_url(
        method="DELETE", **(arguments | {"credentials": library.account(reader), "expiration": 60})
    )
    assert "AccessDenied" in requests.delete(denied, timeout=10).text


def with_pyarrow(url: str, token: str, ends: datetime, folder: str, outside: str) -> str:
    where = {"scheme": "http", "endpoint_override": url.removeprefix("http://")}
    files = fs.GcsFileSystem(
        access_token=token, credential_token_expiration=ends, retry_time_limit=timedelta(seconds=5), **where
    )
    inside = f"{folder}/a file%20.bin"
    with files.open_output_stream(inside) as out:
        out.write(b"body" * 100_000)
    assert files.open_input_file(inside).read() == b"body" * 100_000
    assert "a file%20.bin" in [info.base_name for info in files.get_file_info(fs.FileSelector(folder))]
    try:
        files.open_input_file(outside)
    except PermissionError as error:
        return str(error)
    return "ok"


def test_pyarrow_writes_and_reads_through_the_gate(google: Google, library: Library, bucket: str) -> None:
    """The reader that PyIceberg uses."""
    token = library.downscoped(library.account(google.account()), limits(bucket, roles=("objectUser",)))
    folder, outside = f"{bucket}/lake/orders/data", f"{bucket}/lake/orders2/data/file"
    assert "PERMISSION_DENIED" in apart(with_pyarrow, google.url, token.token, token.expiry, folder, outside)
