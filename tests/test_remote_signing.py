"""Remote signing: clients without keys, on a store with STS and on one without."""

import hashlib
from base64 import b64encode

import pytest
import requests
from pyiceberg.exceptions import SignError

from harness.iceberg import ROWS, pyiceberg, rows
from harness.s3 import Store
from harness.seaweed import Seaweed
from harness.signing import SIGNING, Signed, sign_every_client
from harness.world import Lake, Tenant, User, static_lake


@pytest.fixture(params=["AwsSts", "AwsStatic"])
def any_store(request: pytest.FixtureRequest, tenant: Tenant, seaweed: Seaweed) -> Lake:
    return request.getfixturevalue("lake") if request.param == "AwsSts" else static_lake(tenant, seaweed)


@pytest.fixture
def orders(any_store: Lake, seaweed: Seaweed) -> Lake:
    """Two tables whose names share a beginning, with a file each."""
    for name in ("orders", "orders2"):
        any_store.tenant.admin.api.create_table(any_store.catalog, "sales", name, any_store.location(name))
        assert Store(seaweed, seaweed.admin).put(any_store.bucket, f"lake/{name}/data/file", name.encode()) == "ok"
    return any_store


def narrow(lake: Lake, *actions: str) -> User:
    """A user with these actions on the namespace: none of the whole warehouse."""
    api = lake.tenant.admin.api
    catalog = next(entry["id"] for entry in api.get("/api/v1/catalogs") if entry["name"] == lake.catalog)
    user = lake.tenant.user()
    lake.tenant.grant(user, {"type": "namespace", "catalog_id": catalog, "namespace": "sales"}, list(actions))
    return user


@pytest.mark.parametrize("way", ["prefix", "path"])
def test_pyiceberg_writes_and_reads_without_a_key(any_store: Lake, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_every_client(monkeypatch)
    url, catalog = any_store.tenant.host.url, any_store.catalog
    where = {"uri": url, "prefix": catalog} if way == "prefix" else {"uri": f"{url}/v1/{catalog}"}
    asking = {"header.X-Iceberg-Access-Delegation": "remote-signing"}
    writer = narrow(any_store, "list", "create", "read", "write")
    writing = pyiceberg(**where, token=writer.api.token or "", **asking)
    table = writing.create_table("sales.signed", schema=ROWS.schema)
    assert not any("secret" in key or "access-key" in key for key in table.io.properties)
    table.append(ROWS)
    table.append(ROWS.slice(0, 1))
    assert len(rows(table)) == 4

    reader = narrow(any_store, "list", "read")
    seen = pyiceberg(**where, token=reader.api.token or "", **asking).load_table("sales.signed")
    assert rows(seen)[-1] == {"id": 3, "name": "c"}
    with pytest.raises(SignError):
        seen.append(ROWS)


def test_reading_and_writing_objects(orders: Lake) -> None:
    bucket = orders.bucket
    signed = Signed(orders, narrow(orders, "list", "read", "write", "delete"))
    whole = signed.send("GET", f"{bucket}/lake/orders/data/file")
    assert (whole.status_code, whole.text) == (200, "orders")
    assert signed.send("HEAD", f"{bucket}/lake/orders/data/file").status_code == 200
    part = signed.send("GET", f"{bucket}/lake/orders/data/file", headers={"Range": ["bytes=0-1"]})
    assert (part.status_code, part.text) == (206, "or")
    assert signed.send("PUT", f"{bucket}/lake/orders/data/new%20one", "fresh").status_code == 200
    assert signed.send("GET", f"{bucket}/lake/orders/data/new%20one").text == "fresh"
    source = {"x-amz-copy-source": [f"/{bucket}/lake/orders/data/file"]}
    assert signed.send("PUT", f"{bucket}/lake/orders/data/copy", headers=source).status_code == 200
    assert signed.send("GET", f"{bucket}/lake/orders/data/copy").text == "orders"
    assert signed.send("DELETE", f"{bucket}/lake/orders/data/copy").status_code == 204
    assert signed.send("GET", f"{bucket}/lake/orders/data/copy").status_code == 404


def test_what_the_client_says_of_its_body_is_signed(orders: Lake) -> None:
    signed = Signed(orders, narrow(orders, "read", "write"))
    digest = {"x-amz-content-sha256": [hashlib.sha256(b"promised").hexdigest()]}
    path = f"{orders.bucket}/lake/orders/data/promised"
    answer = signed.ask("PUT", path, headers=digest).json()
    assert "x-amz-content-sha256" not in answer["headers"], "the client would send it twice"
    assert signed.send("PUT", path, b"promised", headers=digest).status_code == 200
    chunks = {"x-amz-content-sha256": ["STREAMING-AWS4-HMAC-SHA256-PAYLOAD"]}
    assert signed.ask("PUT", path, headers=chunks).status_code == 422


def test_a_header_that_was_not_signed_for_does_not_pass(orders: Lake) -> None:
    """The store takes no S3 header beside the signed ones: a put stays a put."""
    signed, path = Signed(orders, narrow(orders, "read", "write")), f"{orders.bucket}/lake/orders/data/stolen"
    answer = signed.ask("PUT", path).json()
    headers = {name: ", ".join(values) for name, values in answer["headers"].items()}
    headers["x-amz-copy-source"] = f"/{orders.bucket}/lake/orders2/data/file"
    with requests.Session() as session:
        session.trust_env = False
        assert session.put(answer["uri"], headers=headers, timeout=20).status_code == 403
    assert signed.send("GET", path).status_code == 404


def test_an_upload_in_parts(orders: Lake) -> None:
    signed, path = Signed(orders, narrow(orders, "read", "write")), f"{orders.bucket}/lake/orders/data/large"
    begun = signed.send("POST", path + "?uploads")
    assert begun.status_code == 200, begun.text
    upload = begun.text.split("<UploadId>")[1].split("<")[0]
    part = signed.send("PUT", f"{path}?partNumber=1&uploadId={upload}", b"x" * 1000)
    assert part.status_code == 200, part.text
    parts = f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{part.headers['ETag']}</ETag></Part></CompleteMultipartUpload>"
    done = signed.send("POST", f"{path}?uploadId={upload}", parts)
    assert done.status_code == 200, done.text
    assert len(signed.send("GET", path).content) == 1000
    second = signed.send("POST", path + "2?uploads").text.split("<UploadId>")[1].split("<")[0]
    assert signed.send("DELETE", f"{path}2?uploadId={second}").status_code == 204


def delete_body(*keys: str) -> tuple[str, dict[str, list[str]]]:
    body = "<Delete>" + "".join(f"<Object><Key>{key}</Key></Object>" for key in keys) + "</Delete>"
    return body, {"Content-MD5": [b64encode(hashlib.md5(body.encode()).digest()).decode()]}


@pytest.fixture
def deleter(orders: Lake) -> Signed:
    """Who may delete in the whole warehouse: a credential of it shows them nothing new."""
    return Signed(orders, orders.tenant.user("Writer"))


def test_deleting_many_at_once(orders: Lake, deleter: Signed, seaweed: Seaweed) -> None:
    bucket, store = orders.bucket, Store(seaweed, seaweed.admin)
    for key in ("a", "b"):
        assert store.put(bucket, f"lake/orders/data/{key}") == "ok"
    body, headers = delete_body("lake/orders/data/a", "lake/orders/data/b")
    path = f"{bucket}?delete"
    writer = Signed(orders, narrow(orders, "read", "write"))
    assert "delete" in writer.refusal("POST", path, body=body, headers=headers)
    assert "body" in deleter.refusal("POST", path, status=400, headers=headers)
    other, more = delete_body("lake/orders/data/a", "lake/orders2/data/file")
    assert "lake/orders2/data/file" in deleter.refusal("POST", path, body=other, headers=more)
    assert deleter.send("POST", path, body, body=body, headers=headers).status_code == 200
    assert store.keys(bucket, "lake/orders/data/") == ["lake/orders/data/file"]


def test_another_body_under_the_signature_deletes_nothing_of_others(orders: Lake, seaweed: Seaweed) -> None:
    """The store of the tests does not hold a body to its digest. A session holds it to the table all the same; keys
    that open everything sign no such request for whom they would show more than the table."""
    bucket, signed = orders.bucket, Signed(orders, narrow(orders, "read", "write", "delete"))
    body, headers = delete_body("lake/orders/data/a")
    other, _ = delete_body("lake/orders2/data/file")
    if "x-amz-security-token" in signed.ask("GET", f"{bucket}/lake/orders/data/file").json()["headers"]:
        answer = signed.send("POST", f"{bucket}?delete", other, body=body, headers=headers)
        assert "AccessDenied" in answer.text, answer.text
    else:
        assert "one by one" in signed.refusal("POST", f"{bucket}?delete", body=body, headers=headers)
    assert signed.send("DELETE", f"{bucket}/lake/orders/data/file").status_code == 204
    assert Store(seaweed, seaweed.admin).get(bucket, "lake/orders2/data/file") == "ok"


def test_listing_below_the_table_only(orders: Lake) -> None:
    bucket, signed = orders.bucket, Signed(orders, narrow(orders, "list", "read"))
    listed = signed.send("GET", f"{bucket}?list-type=2&prefix=lake%2Forders%2F")
    assert listed.status_code == 200 and "lake/orders/data/file" in listed.text
    assert "orders2" not in listed.text
    for query in ("", "?list-type=2", "?list-type=2&prefix=", "?list-type=2&prefix=lake%2Forders", "?list-type=2&prefix=lake%2F"):
        signed.refusal("GET", bucket + query)
    for query in ("?versions", "?policy", "?acl", "?uploads", "?location", "?prefix=lake%2Forders%2F"):
        signed.refusal("GET", bucket + query)


def test_what_lies_outside_is_not_signed(orders: Lake, seaweed: Seaweed) -> None:
    bucket, signed = orders.bucket, Signed(orders, narrow(orders, "list", "read", "write", "delete"))
    for method in ("GET", "PUT", "DELETE"):
        for path in ("lake/orders2/data/file", "lake/file", "lake/orders", "file"):
            assert "no object of this table" in signed.refusal(method, f"{bucket}/{path}"), path
    signed.refusal("GET", f"{seaweed.bucket()}/lake/orders/data/file")
    signed.refusal("GET", "", uri="http://127.0.0.1:9/lake/orders/data/file")
    for dots in ("..", "%2e%2e", "%2E.", "..%2forders2"):
        assert signed.refusal("GET", f"{bucket}/lake/orders/{dots}/orders2/data/file", status=400)
    stolen = {"x-amz-copy-source": [f"/{bucket}/lake/orders2/data/file"]}
    assert "no object of this table" in signed.refusal("PUT", f"{bucket}/lake/orders/data/stolen", headers=stolen)


def test_headers_and_sub_resources_that_do_more_are_not_signed(orders: Lake) -> None:
    file, signed = f"{orders.bucket}/lake/orders/data/file", Signed(orders, narrow(orders, "read", "write", "delete"))
    for name, value in (("x-amz-acl", "public-read"), ("x-amz-grant-read", "id=1"), ("x-amz-tagging", "a=b")):
        assert name in signed.refusal("PUT", file, headers={name: [value]})
    for query in ("acl", "tagging", "versionId=1", "retention", "X-Amz-Signature=1&X-Amz-Credential=x"):
        signed.refusal("GET", f"{file}?{query}")
        signed.refusal("PUT", f"{file}?{query}")
    signed.refusal("GET", file, status=400, region="eu-elsewhere-1")
    signed.refusal("GET", file, status=400, provider="gcs")


def test_rights_are_asked_for_each_request(orders: Lake) -> None:
    file, reader = f"{orders.bucket}/lake/orders/data/file", narrow(orders, "list", "read")
    signed = Signed(orders, reader)
    assert "write" in signed.refusal("PUT", file)
    assert "delete" in signed.refusal("DELETE", file)
    admin = orders.tenant.admin.api
    grant = next(g["id"] for g in admin.get("/api/v1/permissions") if g.get("user-id", g.get("user_id")) == reader.id)
    admin.delete(f"/api/v1/permissions/{grant}")
    assert signed.ask("GET", file).status_code in (403, 404)
    trail = admin.audit(action="sign_request")
    assert {row["result"] for row in trail} == {"denied"}
    assert trail[-1]["metadata"]["method"] == "PUT"


def test_java_may_keep_what_reads_and_nothing_else(orders: Lake) -> None:
    signed = Signed(orders, narrow(orders, "read", "write"))
    file = f"{orders.bucket}/lake/orders/data/file"
    assert signed.ask("GET", file).headers["Cache-Control"] == "private"
    assert signed.ask("PUT", file).headers["Cache-Control"] == "no-cache"
    listing = signed.ask("GET", f"{orders.bucket}?list-type=2&prefix=lake%2Forders%2F")
    assert listing.headers["Cache-Control"] == "no-cache"


def test_signing_stands_in_for_a_credential_that_is_refused(tenant: Tenant, seaweed: Seaweed) -> None:
    lake = static_lake(tenant, seaweed)
    tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    reader = narrow(lake, "list", "read")
    for both in ("vended-credentials,remote-signing", "remote-signing, vended-credentials"):
        loaded = reader.api.load_table(lake.catalog, "sales", "orders", headers={"X-Iceberg-Access-Delegation": both})
        assert loaded["config"]["s3.remote-signing-enabled"] == "true"
        assert not loaded.get("storage-credentials") and "s3.secret-access-key" not in loaded["config"]
        admins = tenant.admin.api.load_table(lake.catalog, "sales", "orders", headers={"X-Iceberg-Access-Delegation": both})
        assert admins["storage-credentials"] and "s3.signer" not in admins["config"]
    refused = reader.api.request("GET", reader.api.table_path(lake.catalog, "sales", "orders"), headers={"X-Iceberg-Access-Delegation": "vended-credentials"})
    assert refused.status_code == 403 and "remote signing" in refused.text


def test_warm_signing_mints_nothing(orders: Lake) -> None:
    signed = Signed(orders, narrow(orders, "read"))
    file = f"{orders.bucket}/lake/orders/data/file"
    signed.ask("GET", file)
    admin = orders.tenant.admin.api
    before = len(admin.audit(action="vend_credentials"))
    for _ in range(5):
        assert signed.ask("GET", file).status_code == 200
    assert len(admin.audit(action="vend_credentials")) == before
    assert len(admin.audit(action="sign_request")) == 6


def test_only_those_who_ask_are_told(orders: Lake) -> None:
    reader = narrow(orders, "list", "read")
    plain = reader.api.load_table(orders.catalog, "sales", "orders", headers={})
    assert plain["config"] == {} and "remote-signing-config" not in plain
    asked = reader.api.load_table(orders.catalog, "sales", "orders", headers=SIGNING)
    assert asked["remote-signing-config"]["properties"]["table-uuid"] == asked["metadata"]["table-uuid"]
