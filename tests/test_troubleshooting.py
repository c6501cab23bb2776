"""Each refusal has a code, and each code that a reply has an entry in the page; the run itself is watched for it."""

from __future__ import annotations

import requests

from harness import codes
from harness.api import SCHEMA, Api
from harness.host import Host
from harness.seaweed import Seaweed
from harness.world import Lake, Tenant, s3_config


def test_the_page_has_an_entry_for_what_the_documents_promise() -> None:
    promised = {"role-not-assumable", "storage-access-denied", "clock-skew", "base-credentials-expired", "base-key-unknown", "throttled"}
    assert promised <= codes.entries()


def test_a_code_without_an_entry_is_noticed(host: Host) -> None:
    watched = codes.Codes()
    watched.watch(host.url, ours=True)
    reply = requests.get(f"{host.url}/api/v1/users/me", timeout=10)
    watched.note(host.url, reply)
    assert (watched.without_entry(), set(watched.seen)) == ([], {"unauthorised"})
    reply._content = reply.content.replace(b'"unauthorised"', b'"no-such-entry"')
    watched.note(host.url, reply)
    (line,) = watched.without_entry()
    assert "no-such-entry" in line and "/api/v1/users/me: 401" in line


def test_every_form_of_refusal_has_its_code(lake: Lake, tenant: Tenant) -> None:
    admin, stranger = tenant.admin.api, Api(tenant.host.url)
    table = admin.table_path(lake.catalog, "sales", "orders")
    form = {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}
    for reply, code in [
        (admin.request("POST", "/api/v1/users", json={}), "invalid"),
        (admin.request("POST", "/api/v1/users", data="{}"), "content-type"),
        (admin.request("GET", "/api/v1/users?limit=0"), "bad-request"),
        (admin.request("GET", "/api/v1/nowhere"), "not-found"),
        (admin.request("DELETE", "/api/v1/users"), "method-not-allowed"),
        (admin.request("GET", "/api/v1/tenants"), "forbidden"),
        (admin.request("POST", "/api/v1/roles", json={"name": "Reader"}), "already-exists"),
        (admin.request("DELETE", f"/api/v1/warehouses/{lake.warehouse}"), "in-use"),
        (stranger.request("GET", "/api/v1/users/me"), "unauthorised"),
        (stranger.request("GET", table), "unauthorised"),
        (admin.request("GET", table), "not-found"),
        (admin.request("POST", f"/v1/{lake.catalog}/namespaces", json={"namespace": ["sales"]}), "already-exists"),
        (admin.request("POST", f"/v1/{lake.catalog}/namespaces", data="{"), "bad-request"),
        (tenant.root.request("GET", table), "forbidden"),
        (stranger.request("POST", "/v1/oauth/tokens", data=form), "invalid_client"),
        (stranger.request("POST", "/v1/oauth/tokens", data={}), "invalid_request"),
    ]:
        assert codes.of(reply) == code, f"{reply.request.method} {reply.request.path_url}: {reply.status_code} {reply.text}"
        assert code in codes.entries()



def test_what_a_store_refuses_is_told_apart(tenant: Tenant, seaweed: Seaweed) -> None:
    """Each is the answer of a store that enforces."""
    bucket = seaweed.bucket()

    def told(**change: str) -> tuple[str, int]:
        keys = {"access_key_id": seaweed.admin.access_key_id, "secret_access_key": seaweed.admin.secret_access_key} | change
        body = {"vending_strategy": "None", "storage_config": s3_config(seaweed, bucket) | keys}
        catalog = tenant.catalog(tenant.warehouse(body)["name"])["name"]
        tenant.admin.api.create_namespace(catalog, "sales")
        path = tenant.admin.api.table_path(catalog, "sales", "").removesuffix("/")
        reply = tenant.admin.api.request("POST", path, json={"name": "orders", "schema": SCHEMA})
        assert tenant.admin.api.get(path)["identifiers"] == []
        return str(codes.of(reply)), reply.status_code

    wrong = tenant.planted.key("secret of another key")
    assert told(secret_access_key=wrong) == ("base-secret-wrong", 403)
    assert told(access_key_id="AKIANOBODYHASTHISKEY") == ("base-key-unknown", 403)
