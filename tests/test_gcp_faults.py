"""Each way in which Google Cloud fails has a code of its own, says what to do, and leaks nothing."""

import json
import time
from typing import Any

import pytest

from harness.google.iam import Account
from harness.google.lake import GoogleLake, key_of, new_google_lake, settings
from harness.google.world import Google
from harness.host import unused_name
from harness.listener import Fault, dropped, instead, slow
from harness.world import Tenant

BODY = {"schema": {"type": "struct", "schema-id": 0, "fields": []}}


def refused(lake: GoogleLake) -> tuple[str, int, str, Any]:
    """The code, the status, the text and the reply of a first mint."""
    body = {"name": unused_name("t")} | BODY
    reply = lake.tenant.admin.api.request("POST", f"/v1/{lake.catalog}/namespaces/sales/tables", json=body)
    error = reply.json()["error"]
    assert "PRIVATE KEY" not in reply.text and "ya29" not in reply.text
    return error["reason"], reply.status_code, error["message"], reply


def with_key(tenant: Tenant, google: Google, key: str, **servers: str) -> GoogleLake:
    bucket = google.bucket()
    config = (
        settings(google, bucket, service_account_key=key)
        | {"token_uri": google.tokens.url, "sts_endpoint": google.sts.url}
        | servers
    )
    name = tenant.warehouse({"vending_strategy": "GcpDownscoped", "storage_config": config})["name"]
    catalog = tenant.catalog(name)["name"]
    tenant.admin.api.create_namespace(catalog, "sales")
    return GoogleLake(tenant, bucket, name, catalog, "", google)


def test_wrong_keys_and_accounts_are_told_apart(cloud_tenant: Tenant, google: Google) -> None:
    account = google.account()
    other = Account(account.email, account.project, account.key_id, google.account().key)
    code, _, text, _ = refused(with_key(cloud_tenant, google, google.key_file(other)))
    assert code == "service-account-key-wrong" and "gcloud iam service-accounts keys create" in text
    gone = Account("gone@my-gcp-project.iam.gserviceaccount.com", account.project, account.key_id, account.key)
    assert refused(with_key(cloud_tenant, google, google.key_file(gone)))[0] == "service-account-unknown"
    google.tokens.audiences = {"https://elsewhere.example/token"}
    try:
        assert refused(with_key(cloud_tenant, google, google.key_file(google.account())))[0] == "token-uri-wrong"
    finally:
        google.tokens.audiences = {google.tokens.url}


def test_a_key_that_is_none_is_refused(cloud_tenant: Tenant, google: Google) -> None:
    for key in ("{...json key...}", "{}", json.dumps({"type": "authorized_user"}), "-----BEGIN PRIVATE KEY-----"):
        config = settings(google, "bucket", service_account_key=key) | {
            "token_uri": google.tokens.url,
            "sts_endpoint": google.sts.url,
        }
        body = {"name": unused_name("wh"), "vending_strategy": "GcpDownscoped", "storage_config": config}
        reply = cloud_tenant.admin.api.request("POST", "/api/v1/warehouses", json=body)
        if reply.status_code == 201:
            # What a slot holds is seen when it is used.
            catalog = cloud_tenant.catalog(body["name"])["name"]
            cloud_tenant.admin.api.create_namespace(catalog, "sales")
            lake = GoogleLake(cloud_tenant, "bucket", body["name"], catalog, "", google)
            assert refused(lake)[0] == "service-account-key-invalid", key
        else:
            assert reply.status_code == 422 and "service_account_key" in reply.text, reply.text


FAULTS: dict[str, Fault] = {
    "throttled": instead(429, "", Retry_After="7"),
    "5xx": instead(503, "down"),
    "malformed": instead(200, "{"),
    "slow": slow(30),
}


def reason(tenant: Tenant, google: Google, where: str, fault: Fault) -> tuple[str, int, Any]:
    lake = new_google_lake(tenant, google)
    listener = (google.tokens if where == "token" else google.sts).listener
    with listener.failing(fault):
        code, status, _, reply = refused(lake)
    return code, status, reply


@pytest.mark.parametrize("where", ["token", "sts"])
def test_what_google_does_wrong_is_told_apart(cloud_tenant: Tenant, google: Google, where: str) -> None:
    told = {name: reason(cloud_tenant, google, where, fault) for name, fault in FAULTS.items()}
    codes = {name: code for name, (code, _, _) in told.items()}
    assert len(set(codes.values())) == len(FAULTS), codes
    assert (codes["throttled"], codes["slow"]) == ("throttled", "google-unreachable")
    assert told["throttled"][2].headers["Retry-After"] == "7"
    # A gateway's time-out or refusal: try again. Nonsense: look at it.
    assert {name: status for name, (_, status, _) in told.items()} == {
        "throttled": 503,
        "5xx": 503,
        "malformed": 502,
        "slow": 503,
    }


@pytest.mark.parametrize("where", ["token", "sts"])
def test_a_connection_that_is_cut_is_told(cloud_tenant: Tenant, google: Google, where: str) -> None:
    assert reason(cloud_tenant, google, where, dropped)[:2] == ("google-unreachable", 503)
    assert reason(cloud_tenant, google, where, instead(302, "", Location="http://127.0.0.1:1/"))[0] == "google-fault"


def test_a_clock_that_is_off_is_called_that(cloud_tenant: Tenant, google: Google) -> None:
    lake = new_google_lake(cloud_tenant, google)
    google.iam.ahead = 7200
    try:
        code, _, text, _ = refused(lake)
    finally:
        google.iam.ahead = 0
    assert code == "clock-skew" and "clock" in text


def test_what_was_refused_once_works_when_google_does(cloud_tenant: Tenant, google: Google) -> None:
    lake = new_google_lake(cloud_tenant, google)
    with google.tokens.listener.failing(instead(503, "down")):
        refused(lake)
    path, body, deadline = f"/v1/{lake.catalog}/namespaces/sales/tables", {"name": "t"} | BODY, time.monotonic() + 30
    while (reply := cloud_tenant.admin.api.request("POST", path, json=body)).status_code != 200:
        assert time.monotonic() < deadline, reply.text
        time.sleep(0.3)


def test_a_kept_token_serves_while_the_token_server_is_down(cloud_tenant: Tenant, google: Google) -> None:
    lake = new_google_lake(cloud_tenant, google)
    cloud_tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    with google.tokens.listener.failing(instead(503, "down")):
        objects = lake.objects(cloud_tenant.user("Reader"))
        assert objects.list(lake.bucket, "lake/orders/") == "ok"


def test_the_keys_of_a_warehouse_are_named_and_hidden(cloud_tenant: Tenant, google: Google) -> None:
    account = google.account()
    config = settings(google, "bucket") | key_of(google, account)
    made = cloud_tenant.warehouse({"vending_strategy": "GcpDownscoped", "storage_config": config})
    assert made["storage_config"]["service_account_key"] == "<redacted>"
    path = f"/api/v1/warehouses/{made['name']}"
    for field in ("token_uri", "sts_endpoint", "endpoint"):
        kept = config | {field: "https://127.0.0.1:1/token", "service_account_key": "<redacted>"}
        refusal = cloud_tenant.admin.api.put(path, {"storage_config": kept}, status=(400, 422))
        assert "service_account_key" in str(refusal), field
