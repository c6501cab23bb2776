"""Literal secrets where none are wanted: strict mode, and credentials in fields that are no secrets."""

from collections.abc import Callable
from typing import Any

import pytest

from harness.host import Host, unused_name
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.world import Tenant, new_tenant, s3_config

REFERENCE = {"secret_ref": "lake-secret"}
SPELLINGS = ("secret_access_key", "secret-access-key", "s3.secret-access-key", "s3.secret_access_key", "S3.Secret-Access-Key")


@pytest.fixture(scope="module")
def strict_host(make_host: Callable[..., Host], seaweed: Seaweed) -> Host:
    settings = {"PANGOLIN_STRICT_SECRETS": "true", "LAKE_SECRET": seaweed.admin.secret_access_key}
    return make_host(seaweed, settings=settings | {"LAKE_KEY": seaweed.admin.access_key_id}).start()


@pytest.fixture
def strict(strict_host: Host, planted: Planted) -> Tenant:
    return new_tenant(strict_host, planted)


def places(fields: dict[str, Any], storage: dict[str, Any]) -> list[dict[str, Any]]:
    """A definition with these fields in each place where it can have them."""
    return [
        {"storage_config": storage | fields, "vending_strategy": "AwsStatic"},
        {"storage_config": storage | fields, "use_sts": False},
        {"storage_config": storage, "vending_strategy": {"AwsStatic": fields}},
        {"storage_config": storage, "vending_strategy": {"type": "AwsStatic", **fields}},
        {"storage-config": storage | fields, "vending-strategy": {"AwsStatic": {}}},
    ]


def test_a_literal_is_refused_in_every_spelling_and_place(strict: Tenant, seaweed: Seaweed) -> None:
    admin, storage = strict.admin.api, s3_config(seaweed, seaweed.bucket())
    references = {"access_key_id": {"secret_ref": "lake-key"}, "secret_access_key": REFERENCE}
    stored = strict.warehouse({"storage_config": storage | references, "vending_strategy": "AwsStatic"})
    for spelling in SPELLINGS:
        secret = strict.planted.key("strict secret")
        for literal in (secret, {"value": secret}, [secret], {"secret_ref": secret}):
            fields = {"access_key_id": {"secret_ref": "lake-key"}, spelling: literal}
            for body in places(fields, storage):
                for method, path in (("POST", ""), ("PUT", f"/{stored['name']}")):
                    sent = body | ({"name": unused_name("wh")} if method == "POST" else {})
                    reply = admin.request(method, f"/api/v1/warehouses{path}", json=sent)
                    assert reply.status_code == 422, f"{method} {spelling}: {reply.text}"
                    assert "secret_access_key" in reply.text
                    assert strict.planted.found_in(reply.text.encode()) == []
    assert admin.get(f"/api/v1/warehouses/{stored['name']}") == stored
    # References work, and what they name is vended.
    catalog = strict.catalog(stored["name"])["name"]
    admin.create_namespace(catalog, "sales")
    admin.create_table(catalog, "sales", "t")
    assert admin.credentials(catalog, "sales", "t")["secret_access_key"] == seaweed.admin.secret_access_key


def test_secrets_of_the_other_clouds_are_refused_too(strict: Tenant) -> None:
    note = strict.planted.hex
    azure = {"type": "azure", "account_name": "account", "container": "data"}
    cases = [
        (azure | {"account_key": note("account key")}, "AzureSas", "account_key"),
        (azure | {"azure.account-key": note("account key")}, "AzureSas", "account_key"),
        (azure | {"tenant_id": "t", "client_id": "c", "azure.client-secret": note("client secret")}, "AzureOAuth", "client_secret"),
        ({"type": "gcs", "bucket": "lake-data", "gcp.service-account-key": {"private_key": note("key")}}, "GcpDownscoped", "service_account_key"),
        ({"type": "gcs", "bucket": "lake-data", "service_account_json": f'{{"private_key": "{note("key")}"}}'}, "GcpDownscoped", "service_account_key"),
        ({"type": "s3", "bucket": "lake-data", "region": "x"}, {"VastS3Keys": {"vms_endpoint": "https://vms.example", "username": "u", "password": note("vms password")}}, "password"),
    ]
    for storage, strategy, field in cases:
        body = {"name": unused_name("wh"), "storage_config": storage, "vending_strategy": strategy}
        reply = strict.admin.api.request("POST", "/api/v1/warehouses", json=body)
        assert (reply.status_code, field in reply.text) == (422, True), reply.text
        assert strict.planted.found_in(reply.text.encode()) == []


def test_what_was_stored_before_stays_until_it_is_written_anew(
    make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed
) -> None:
    host = make_host(seaweed).start()
    tenant = new_tenant(host, planted)
    keys = {"access_key_id": seaweed.admin.access_key_id, "secret_access_key": seaweed.admin.secret_access_key}
    body = {"storage_config": s3_config(seaweed, seaweed.bucket()) | keys, "vending_strategy": "AwsStatic"}
    made = tenant.warehouse(body)
    host.stop()
    host.settings["PANGOLIN_STRICT_SECRETS"] = "true"
    host.start()
    admin, path = tenant.admin.api, f"/api/v1/warehouses/{made['name']}"
    shown = admin.get(path)
    assert shown["storage_config"]["secret_access_key"] == "<redacted>"
    admin.put(path, {"storage_config": shown["storage_config"], "vending_strategy": shown["vending_strategy"]})
    admin.put(path, {"max_ttl_seconds": 900})
    catalog = tenant.catalog(made["name"])["name"]
    admin.create_namespace(catalog, "sales")
    admin.create_table(catalog, "sales", "t")
    assert admin.credentials(catalog, "sales", "t")["secret_access_key"] == seaweed.admin.secret_access_key
    admin.put(path, {"storage_config": keys}, status=422)


def credentials(planted: Planted) -> dict[str, str]:
    return {
        "an AWS access key id": "AKIA" + planted.note("key id in a plain field", "Q3EG5XMZ7LPDTW2B"),
        "a GitHub token": "ghp_" + planted.hex("token in a plain field", 36),
        "a URL with a password": f"https://ada:{planted.hex('password in a url')}@storage.example",
        "an API key of this host": "pgl_" + planted.hex("key in a plain field", 64),
    }


@pytest.mark.parametrize("field", ["region", "prefix", "external_id", "endpoint", "role_arn"])
def test_a_credential_in_a_plain_field_is_refused_by_its_name(tenant: Tenant, seaweed: Seaweed, field: str) -> None:
    for kind, value in credentials(tenant.planted).items():
        storage = {"type": "s3", "bucket": "lake-data", "region": "eu-central-1", "role_arn": "arn:aws:iam::123456789012:role/Lake"}
        body = {"name": unused_name("wh"), "storage_config": storage | {field: value}, "use_sts": True}
        reply = tenant.admin.api.request("POST", "/api/v1/warehouses", json=body)
        assert reply.status_code == 422, f"{kind}: {reply.text}"
        assert field in [problem["field"] for problem in reply.json()["errors"]], reply.text
        assert tenant.planted.found_in(reply.text.encode()) == []


def test_properties_hold_no_credential(tenant: Tenant, strict: Tenant, seaweed: Seaweed) -> None:
    warehouse = tenant.warehouse({"storage_config": s3_config(seaweed, seaweed.bucket()), "vending_strategy": {"AwsSts": {}}})["name"]
    catalog = tenant.catalog(warehouse)["name"]
    root = tenant.root
    for value in credentials(tenant.planted).values():
        requests = [
            (tenant.admin.api, "POST", "/api/v1/catalogs", {"name": unused_name("cat"), "warehouse_name": warehouse}),
            (tenant.admin.api, "PUT", f"/api/v1/catalogs/{catalog}", {}),
            (root, "POST", "/api/v1/tenants", {"name": unused_name("tenant")}),
            (root, "PUT", f"/api/v1/tenants/{tenant.id}", {}),
        ]
        for api, method, path, body in requests:
            reply = api.request(method, path, json=body | {"properties": {"owner": value}})
            assert (reply.status_code, "properties.owner" in reply.text) == (422, True), reply.text
            assert tenant.planted.found_in(reply.text.encode()) == []
    # A name that says secret is judged in strict mode only: elsewhere it may be anything.
    literal = {"properties": {"s3.secret-access-key": tenant.planted.hex("a property", 20), "owner": "ada"}}
    tenant.root.put(f"/api/v1/tenants/{tenant.id}", {"properties": {"api_token_hint": "ask ada", "owner": "ada"}})
    reply = strict.root.request("PUT", f"/api/v1/tenants/{strict.id}", json=literal)
    assert (reply.status_code, "properties.s3.secret-access-key" in reply.text) == (422, True), reply.text
