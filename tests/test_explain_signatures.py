"""Explanations of presigned URLs and of signed requests, beside the routes that make them."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from harness.azure.lake import new_azure_lake
from harness.azure.world import Azure
from harness.explaining import ask, explain, failed, silence
from harness.google.lake import new_google_lake
from harness.google.world import Google
from harness.seaweed import Seaweed
from harness.world import Lake, Tenant, User, static_lake

SIGNATURES = ("x-amz-signature", "x-amz-credential", "x-amz-security-token")


@pytest.fixture
def own(any_lake: Lake) -> Lake:
    any_lake.tenant.admin.api.create_table(any_lake.catalog, "sales", "orders", any_lake.location("orders"))
    return any_lake


def presign(user: User, lake: Lake, location: str, **more: Any) -> Any:
    path = user.api.table_path(lake.catalog, "sales", "orders") + "/presign"
    return user.api.request("GET", path, params={"location": location} | more)


def sign(user: User, lake: Lake, url: str, method: str) -> Any:
    path = user.api.table_path(lake.catalog, "sales", "orders") + "/sign"
    body = {"region": "us-east-1", "uri": url, "method": method, "headers": {}}
    return user.api.request("POST", path, json=body)


def file_of(lake: Lake) -> str:
    return lake.location("orders") + "/data/a b+é.txt"


@pytest.mark.parametrize(("method", "needs"), [("GET", "read"), ("HEAD", "read"), ("PUT", "read-write")])
def test_a_url_goes_where_it_was_said_to(own: Lake, method: str, needs: str) -> None:
    writer = own.tenant.user("Writer")
    told = explain(writer, own, for_="presign", location=file_of(own), method=method, ttl=300)
    assert failed(told) is None
    assert (told["for"], told["audit_action"]) == ("presign", "presign")
    signature = told["signature"]
    assert (signature["method"], signature["needs"], signature["signer"]) == (method, needs, "host")
    assert (told["ttl"]["seconds"], told["ttl"]["limited_by"]) == (300, "requested")
    assert "outcome" not in told and told["would"][0]["service"] == "sts.assume-role"
    made = presign(writer, own, file_of(own), method=method, ttl=300).json()["url"]
    own.tenant.planted.note("presigned url", made.split("X-Amz-Signature=")[1][:64])
    assert made.split("?")[0] == signature["request"]["url"]
    assert not any(name in json.dumps(told).lower() for name in SIGNATURES)


def test_a_request_is_signed_for_what_was_said(own: Lake) -> None:
    reader = own.tenant.user("Reader")
    told = explain(reader, own, for_="sign", location=file_of(own))
    assert failed(told) is None
    request = told["signature"]["request"]
    assert (told["ttl"]["seconds"], told["ttl"]["limited_by"]) == (900, "signature")
    made = sign(reader, own, request["url"], "GET")
    assert made.status_code == 200, made.text
    assert made.json()["uri"] == request["url"]
    assert request["service"] == "s3" and request["region"] == "us-east-1" and request["operation"]
    for headers in made.json()["headers"].values():
        assert not any(value in json.dumps(told) for value in headers if "Signature" in value)


@pytest.mark.parametrize("purpose", ["presign", "sign"])
def test_the_missing_right_is_named_and_the_route_says_the_same(own: Lake, purpose: str) -> None:
    tenant = own.tenant
    cases = [
        ("Reader", "PUT", file_of(own), "method", "missing the right to write"),
        ("Reader", "DELETE", file_of(own), "method", "missing the right to delete"),
        ("Discovery", "GET", file_of(own), "access", "missing the right to read"),
        ("Reader", "GET", own.location("orders2") + "/a", "object", None),
    ]
    for role, method, location, step, message in cases:
        user = tenant.user(role)
        told = explain(user, own, for_=purpose, location=location, method=method)
        assert failed(told) == step
        assert message is None or told["refusal"]["message"] == message
        assert "request" not in told["signature"], "where the storage is is told with the right only"
        assert ("warehouse" in told) == (role != "Discovery")
        real = presign(user, own, location, method=method)
        assert real.status_code == 403
        assert real.json()["error"]["message"] == told["refusal"]["message"]
        assert explain(tenant.admin, own, for_=purpose, location=location, method=method, user=user.name)["checks"] == told["checks"]


def test_nothing_is_minted_and_nothing_signed(own: Lake, seaweed: Seaweed) -> None:
    admin = own.tenant.admin
    before = len(admin.api.audit())
    explain(admin, own, for_="presign", location=file_of(own))
    explain(admin, own, for_="sign", location=file_of(own), method="PUT")
    rows = admin.api.audit()
    assert {row["action"] for row in rows[: len(rows) - before]} == {"explain_credentials"}
    row = next(row for row in admin.api.audit(action="explain_credentials") if row["metadata"]["for"] == "sign")
    assert (row["metadata"]["method"], row["metadata"]["locations"]) == ("PUT", [file_of(own)])
    assert row["metadata"]["subject_name"] == admin.name


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"location": "s3://b/a"}, "location"),
        ({"method": "GET"}, "method"),
        ({"for_": "presign"}, "location"),
        ({"for_": "sign", "method": "GET"}, "location"),
        ({"for_": "presign", "location": "s3://b/a", "access": "read"}, "access"),
        ({"for_": "sign", "location": "s3://b/a", "ttl": "60"}, "ttl"),
        ({"for_": "presign", "location": "s3://b/a", "method": "POST"}, "method"),
        ({"for_": "presign", "location": "s3://b/a/"}, "location"),
        ({"for_": "vend"}, "for"),
        ({"assume_roles": "Reader"}, "assume_roles"),
        ({"assume_roles": ","}, "assume_roles"),
        ({"what": "x"}, "what"),
    ],
)
def test_what_does_not_go_together_is_named(own: Lake, asked: dict[str, str], named: str) -> None:
    for user in (own.tenant.admin, own.tenant.user()):
        reply = ask(user, own, **asked)
        assert reply.status_code == 400
        assert named in reply.json()["error"]["message"]
        absent = ask(user, own, "never-was", **asked)
        assert (absent.status_code, absent.json()["error"]["message"]) == (400, reply.json()["error"]["message"])


def test_a_strategy_that_does_not_narrow_signs_for_a_reader(tenant: Tenant, seaweed: Seaweed) -> None:
    lake = static_lake(tenant, seaweed)
    tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    reader = tenant.user()
    catalogs = tenant.admin.api.get("/api/v1/catalogs")
    catalog = next(entry["id"] for entry in catalogs if entry["name"] == lake.catalog)
    tenant.grant(reader, {"type": "namespace", "catalog_id": catalog, "namespace": "sales"}, ["read"])
    assert failed(explain(reader, lake)) == "scoping"
    for purpose in ("presign", "sign"):
        told = explain(reader, lake, for_=purpose, location=file_of(lake))
        assert failed(told) is None and told["access"]["granted"] == "read"
        assert seaweed.admin.access_key_id not in json.dumps(told)
    # These keys have no end: the URL has the life that is asked for.
    assert explain(reader, lake, for_="presign", location=file_of(lake), ttl=7200)["ttl"]["seconds"] == 7200
    made = presign(reader, lake, file_of(lake), ttl=7200).json()["url"]
    tenant.planted.note("presigned url", made.split("X-Amz-Signature=")[1][:64])
    assert "X-Amz-Expires=7200" in made


@pytest.mark.parametrize("strategy", ["AzureSas", "AzureOAuth"])
def test_azure_makes_the_url_itself(cloud_tenant: Tenant, azure: Azure, strategy: str) -> None:
    lake = new_azure_lake(cloud_tenant, azure, strategy)
    cloud_tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    reader = cloud_tenant.user("Reader")
    location = lake.location("orders") + "/data/a.txt"
    with silence(lambda: azure.entra.asked, lambda: len(azure.gate.listener.seen)):
        told = explain(reader, lake, for_="presign", location=location, ttl=600)
    assert failed(told) is None
    assert told["signature"]["signer"] == "strategy" and "request" not in told["signature"]
    assert [step["service"] for step in told["would"]] == ["azure.sign-sas"]
    assert told["ttl"]["seconds"] == 600
    assert presign(reader, lake, location, ttl=600).status_code == 200
    refused = explain(reader, lake, for_="sign", location=location)
    assert failed(refused) == "signable" and "S3" in refused["refusal"]["message"]


def test_google_makes_the_url_itself(cloud_tenant: Tenant, google: Google) -> None:
    lake = new_google_lake(cloud_tenant, google)
    cloud_tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    reader = cloud_tenant.user("Reader")
    location = lake.location("orders") + "/data/a.txt"
    told = explain(reader, lake, for_="presign", location=location, ttl=600)
    assert failed(told) is None
    (step,) = told["would"]
    assert (step["service"], step["method"], step["location"]) == ("gcp.sign-url", "GET", location)
    assert step["expires_in_seconds"] == told["ttl"]["seconds"] == 600
    made = presign(reader, lake, location, ttl=600)
    assert made.status_code == 200
    cloud_tenant.planted.note("signed url", made.json()["url"].split("X-Goog-Signature=")[1][:64])
    assert urlsplit(made.json()["url"]).path not in json.dumps(told["signature"].get("request", {}))
