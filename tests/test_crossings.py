"""Two tenants on one host: nothing that the host can do for one of them is lent to the other, by whatever way round."""

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from harness.host import Host, unused_name
from harness.planted import Planted
from harness.s3 import Keys, Store
from harness.seaweed import Seaweed
from harness.world import Lake, Tenant, new_lake, new_tenant, s3_config

ELSEWHERE = "http://127.0.0.1:9"
CA = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"


@dataclass
class Kept:
    """A warehouse with secrets: where they are sent, and by which names that can be changed."""

    strategy: str
    storage: dict[str, Any]
    fields: dict[str, Any]
    secret: tuple[str, ...]
    # Canonical name, then other spellings.
    destinations: tuple[tuple[str, ...], ...]
    certificates: tuple[str, ...] = field(default=())

    def body(self, planted: Planted) -> dict[str, Any]:
        given = {name: planted.key(f"{self.strategy} {name}") for name in self.secret}
        if "service_account_key" in given:
            given["service_account_key"] = {"client_email": "a@b.example", "private_key": given["service_account_key"]}
        parameters = self.fields | given
        return {"storage_config": self.storage, "vending_strategy": {self.strategy: parameters}}


S3 = {"type": "s3", "bucket": "lake-data", "region": "eu-central-1"}
KEYS = ("access_key_id", "secret_access_key")
AZURE = {"type": "azure", "account_name": "lakeaccount", "container": "data"}
ENDPOINT = ("endpoint", "s3.endpoint", "S3.Endpoint")
STRATEGIES = [
    Kept("AwsSts", S3, {"role_arn": "arn:aws:iam::123456789012:role/Own"}, KEYS, (ENDPOINT, ("sts_endpoint", "s3.sts-endpoint"))),
    Kept("AwsStatic", S3, {}, KEYS, (ENDPOINT,)),
    Kept(
        "AzureOAuth",
        AZURE,
        {"tenant_id": "00000000-0000-4000-8000-000000000001", "client_id": "00000000-0000-4000-8000-000000000002"},
        ("client_secret",),
        (("endpoint", "azure.endpoint"), ("authority_host", "azure.authority-host")),
    ),
    Kept("AzureSas", AZURE, {}, ("account_key",), (("endpoint", "adls.endpoint"),)),
    Kept(
        "GcpDownscoped",
        {"type": "gcs", "bucket": "lake-data"},
        {},
        ("service_account_key",),
        (("endpoint", "gcs.endpoint"), ("token_uri", "gcp.token-uri"), ("sts_endpoint",)),
    ),
    Kept(
        "VastS3Keys",
        S3,
        {"vms_endpoint": "https://vms.example", "username": "lake", "read_username": "reader"},
        ("password", "read_password"),
        (("vms_endpoint",), ENDPOINT),
        ("ca_certificate",),
    ),
]


@pytest.fixture(scope="module")
def pair(host: Host, planted: Planted) -> tuple[Tenant, Tenant]:
    return new_tenant(host, planted), new_tenant(host, planted)


def put(tenant: Tenant, name: str, body: dict[str, Any], status: int | tuple[int, ...]) -> str:
    """The reply as text; no secret of anybody is in it."""
    reply = tenant.admin.api.request("PUT", f"/api/v1/warehouses/{name}", json=body)
    wanted = (status,) if isinstance(status, int) else status
    assert reply.status_code in wanted, f"{body}: {reply.status_code} {reply.text}"
    assert tenant.planted.found_in(reply.text.encode()) == []
    return reply.text


def made(tenant: Tenant, kept: Kept) -> str:
    body = kept.body(tenant.planted)
    storage = body["storage_config"] | {"prefix": unused_name("p")}
    return str(tenant.warehouse(body | {"storage_config": storage})["name"])


@pytest.mark.parametrize("kept", STRATEGIES, ids=lambda kept: kept.strategy)
def test_a_kept_secret_follows_to_no_other_server(pair: tuple[Tenant, Tenant], kept: Kept) -> None:
    tenant, _ = pair
    name = made(tenant, kept)
    shown = tenant.admin.api.get(f"/api/v1/warehouses/{name}")
    changes = [(spelling, ELSEWHERE) for spellings in kept.destinations for spelling in spellings]
    changes += [(certificate, CA) for certificate in kept.certificates]
    for spelling, value in changes:
        marked = dict.fromkeys(kept.secret, "<redacted>")
        one_of_two = {kept.secret[0]: tenant.planted.key("one of two")} if len(kept.secret) > 1 else {}
        for beside in ({}, marked, one_of_two):
            for body in (
                {"storage_config": {spelling: value} | beside},
                {"vending_strategy": {kept.strategy: {spelling: value} | beside}},
                {"vending_strategy": {"type": kept.strategy, spelling: value, **beside}},
            ):
                told = put(tenant, name, body, 422)
                assert all(secret in told for secret in kept.secret if secret not in one_of_two), f"{spelling}: {told}"
    assert tenant.admin.api.get(f"/api/v1/warehouses/{name}") == shown


@pytest.mark.parametrize("kept", STRATEGIES, ids=lambda kept: kept.strategy)
def test_with_its_secrets_again_a_warehouse_moves(pair: tuple[Tenant, Tenant], kept: Kept) -> None:
    tenant, _ = pair
    name = made(tenant, kept)
    spelling = kept.destinations[-1][0]
    again = kept.body(tenant.planted)["vending_strategy"][kept.strategy]
    put(tenant, name, {"vending_strategy": {kept.strategy: again | {spelling: ELSEWHERE}}}, 200)
    # Away from there is elsewhere too.
    told = put(tenant, name, {"storage_config": {spelling: None}}, 422)
    assert kept.secret[0] in told


def test_a_kept_secret_follows_to_no_other_strategy(pair: tuple[Tenant, Tenant]) -> None:
    tenant, _ = pair
    kept = STRATEGIES[0]
    name = made(tenant, kept)
    for other in ("AwsStatic", {"AwsStatic": {}}, {"type": "AwsStatic"}):
        assert "secret_access_key" in put(tenant, name, {"vending_strategy": other}, 422)
    assert "secret_access_key" in put(tenant, name, {"use_sts": False}, 422)


def spellings(role: str) -> list[str]:
    """ARNs that one store takes for one role: its STS knows a role by its name."""
    name = role.rsplit("/", 1)[1]
    return [
        role.upper().replace("ARN:AWS:IAM", "arn:aws:iam"),
        role.replace("000000000000", "123456789012"),
        f"arn:aws:iam::000000000000:role/path/{name}",
        f"arn:aws-cn:iam::000000000000:role/{name}",
        f"arn:aws:iam::000000000000:role/{name.lower()}",
    ]


def test_a_role_crosses_in_no_spelling(pair: tuple[Tenant, Tenant], seaweed: Seaweed) -> None:
    first, second = pair
    role = seaweed.spare_role()
    first.warehouse({"storage_config": s3_config(seaweed, seaweed.bucket()), "vending_strategy": {"AwsSts": {"role_arn": role}}})
    own = {"access_key_id": "AKIAOWN00000", "secret_access_key": second.planted.key("own key")}
    with_keys = s3_config(seaweed, seaweed.bucket()) | own
    # With keys of its own a tenant may name any role: it is the keys' business who may assume it.
    changed = second.warehouse({"storage_config": with_keys, "vending_strategy": {"AwsSts": {"role_arn": role}}})["name"]
    plain = second.warehouse({"storage_config": s3_config(seaweed, seaweed.bucket()), "vending_strategy": {"AwsSts": {}}})["name"]
    for spelling in [role, *spellings(role)]:
        storage = s3_config(seaweed, seaweed.bucket())
        for body in (
            {"storage_config": storage, "vending_strategy": {"AwsSts": {"role_arn": spelling}}},
            {"storage_config": storage | {"s3.role-arn": spelling}, "use_sts": True},
        ):
            refusal = second.admin.api.post("/api/v1/warehouses", {"name": unused_name("wh")} | body, status=(403, 422))
            assert first.id not in str(refusal) and first.name not in str(refusal)
        put(second, plain, {"vending_strategy": {"AwsSts": {"role_arn": spelling}}}, (403, 422))
        without = dict.fromkeys(own) | {"role_arn": spelling}
        put(second, changed, {"storage_config": dict.fromkeys(own), "vending_strategy": {"AwsSts": without}}, (403, 422))
    assert second.admin.api.get(f"/api/v1/warehouses/{plain}")["vending_strategy"]["AwsSts"].get("role_arn") != role


def test_a_base_does_not_widen_into_a_neighbours(pair: tuple[Tenant, Tenant], seaweed: Seaweed) -> None:
    first, second = pair
    bucket = seaweed.bucket()

    def at(tenant: Tenant, prefix: str) -> str:
        config = s3_config(seaweed, bucket, prefix=prefix)
        return str(tenant.warehouse({"storage_config": config, "vending_strategy": {"AwsSts": {}}})["name"])

    at(first, "team/a")
    name = at(second, "team/b")
    for prefix in (None, "team", "team/a", "team/a/inner", "/team/a/", "team/b/../a"):
        for storage in ({"prefix": prefix}, {"s3.prefix": prefix}):
            told = put(second, name, {"storage_config": storage}, (403, 422))
            assert first.id not in told and first.name not in told
    assert second.admin.api.get(f"/api/v1/warehouses/{name}")["base_location"] == f"s3://{bucket}/team/b/"


@pytest.fixture(scope="module")
def neighbours(pair: tuple[Tenant, Tenant], seaweed: Seaweed) -> tuple[Lake, Lake]:
    """Two lakes with a table each, both vended by the role that the operator offers."""
    first, second = (new_lake(tenant, seaweed) for tenant in pair)
    for lake in (first, second):
        lake.tenant.admin.api.create_table(lake.catalog, "sales", "t")
    return first, second


def foreign_places(victim: Lake) -> list[str]:
    bucket = victim.bucket
    return [
        f"s3://{bucket}/lake/sales/t",
        f"s3a://{bucket}/lake",
        f"s3://{bucket}",
        f"s3://{bucket.upper()}/lake/x",
        f"S3://{bucket}/lake/x",
        f"{victim.base}/../lake/x",
    ]


def test_no_catalog_and_no_table_leads_into_anothers_base(neighbours: tuple[Lake, Lake]) -> None:
    victim, lake = neighbours
    admin = lake.tenant.admin.api
    spare = lake.tenant.catalog(lake.warehouse, f"s3://{lake.bucket}/second")["name"]
    table = admin.table_path(lake.catalog, "sales", "t")
    tables = f"/v1/{lake.catalog}/namespaces/sales/tables"
    schema = {"type": "struct", "schema-id": 0, "fields": []}
    for place in foreign_places(victim):
        properties = [{name: place} for name in ("write.data.path", "write.metadata.path")]
        attempts: list[tuple[str, str, dict[str, Any]]] = [
            ("POST", "/api/v1/catalogs", {"name": unused_name("cat"), "warehouse_name": lake.warehouse, "storage_location": place}),
            ("PUT", f"/api/v1/catalogs/{spare}", {"storage_location": place}),
            ("PUT", f"/api/v1/catalogs/{spare}", {"warehouse_name": victim.warehouse}),
            ("POST", "/api/v1/catalogs", {"name": unused_name("cat"), "warehouse_name": victim.warehouse}),
            ("POST", tables, {"name": "u", "schema": schema, "location": place}),
            ("POST", tables, {"name": "u", "schema": schema, "location": place, "stage-create": True}),
            ("POST", f"/v1/{lake.catalog}/namespaces/sales/register", {"name": "u", "metadata-location": f"{place}/metadata/1.json"}),
            ("POST", table, {"requirements": [], "updates": [{"action": "set-location", "location": place}]}),
        ]
        for one in properties:
            attempts.append(("POST", tables, {"name": "u", "schema": schema, "properties": one}))
            attempts.append(("POST", table, {"requirements": [], "updates": [{"action": "set-properties", "updates": one}]}))
        for method, path, body in attempts:
            reply = admin.request(method, path, json=body)
            assert 400 <= reply.status_code < 500, f"{method} {path} {body}: {reply.status_code} {reply.text}"
            assert victim.tenant.id not in reply.text and victim.tenant.name not in reply.text
    assert admin.load_table(lake.catalog, "sales", "t")["metadata"]["location"].startswith(lake.base)


def test_what_is_vended_opens_nothing_of_the_neighbour(neighbours: tuple[Lake, Lake], seaweed: Seaweed) -> None:
    victim, lake = neighbours
    owner = Store(seaweed, seaweed.admin)
    keys = Keys.from_flat(lake.tenant.admin.api.credentials(lake.catalog, "sales", "t"))
    holder = Store(seaweed, keys)
    location = lake.tenant.admin.api.load_table(lake.catalog, "sales", "t")["metadata"]["location"]
    own = location.removeprefix(f"s3://{lake.bucket}/") + "/data/file"
    for bucket, key in ((lake.bucket, own), (victim.bucket, own), (victim.bucket, "lake/sales/t/data/file"), (victim.bucket, "file")):
        assert owner.put(bucket, key) == "ok"
    assert holder.get(lake.bucket, own) == "ok"
    for key in (own, "lake/sales/t/data/file", "file"):
        assert holder.get(victim.bucket, key) == holder.put(victim.bucket, key) == "AccessDenied"
    # Neither a presigned URL nor a signature leads there.
    api = lake.tenant.admin.api
    path = api.table_path(lake.catalog, "sales", "t")
    for place in foreign_places(victim):
        api.get(f"{path}/presign", status=(400, 403), params={"location": f"{place}/file"})
    uri = f"{seaweed.endpoint}/{victim.bucket}/file"
    signed = {"method": "GET", "region": "us-east-1", "uri": uri, "headers": {}}
    api.post(f"/v1/{lake.catalog}/aws/s3/sign", signed, status=(400, 403, 404))


def test_the_hosts_keys_are_nobodys_secret(pair: tuple[Tenant, Tenant], seaweed: Seaweed) -> None:
    tenant, _ = pair
    own = {"access_key_id": "AKIAOWN00000", "secret_access_key": tenant.planted.key("own key")}
    body = {"storage_config": s3_config(seaweed, seaweed.bucket()) | own, "vending_strategy": "AwsStatic"}
    name = tenant.warehouse(body)["name"]
    # Without keys of its own it would vend the host's.
    for change in (
        {"storage_config": dict.fromkeys(own)},
        {"storage_config": dict.fromkeys(own), "vending_strategy": {"AwsStatic": dict.fromkeys(own)}},
        {"storage_config": {"s3.access-key-id": None, "s3.secret-access-key": None}},
        {"storage_config": {"secret_access_key": None}},
    ):
        put(tenant, name, change, 422)
    for reference in ("aws-secret-access-key", "AWS_SECRET_ACCESS_KEY", "Aws-Session-Token", "pangolin-jwt-secret", "database-url"):
        for change in ({"secret_access_key": {"secret_ref": reference}}, {"secret_access_key": {"secret-ref": reference}}):
            assert "reserved" in put(tenant, name, {"storage_config": change}, 422)
    for path in ("../pangolin", "/etc/passwd", "a/b", "..", "", "a.b"):
        put(tenant, name, {"storage_config": {"secret_access_key": {"secret_ref": path}}}, 422)


def referring(seaweed: Seaweed, name: str) -> dict[str, Any]:
    keys: dict[str, Any] = {"access_key_id": seaweed.admin.access_key_id, "secret_access_key": {"secret_ref": name}}
    return {"storage_config": s3_config(seaweed, seaweed.bucket()) | keys, "vending_strategy": "AwsStatic"}


def test_a_reference_belongs_to_the_tenant_that_used_it_first(
    make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed
) -> None:
    host = make_host(seaweed, settings={"LAKE_SECRET": seaweed.admin.secret_access_key}).start()
    first, second = new_tenant(host, planted), new_tenant(host, planted)
    mine = first.warehouse(referring(seaweed, "lake-secret"))["name"]
    own = second.warehouse(referring(seaweed, "other-secret"))["name"]
    for spelling in ("lake-secret", "LAKE_SECRET", "Lake-Secret", "lake_secret"):
        body = {"name": unused_name("wh")} | referring(seaweed, spelling)
        refusal = second.admin.api.post("/api/v1/warehouses", body, status=403)
        assert first.id not in str(refusal) and first.name not in str(refusal)
        put(second, own, {"storage_config": {"secret_access_key": {"secret_ref": spelling}}}, 403)
    first.warehouse(referring(seaweed, "LAKE_SECRET"))
    for entry in first.admin.api.get("/api/v1/warehouses"):
        first.admin.api.delete(f"/api/v1/warehouses/{entry['name']}")
    assert mine
    # Nobody holds it any more.
    put(second, own, {"storage_config": {"secret_access_key": {"secret_ref": "lake-secret"}}}, 200)


def test_the_operators_list_says_who_may_name_what(make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed) -> None:
    chosen = str(uuid.uuid4())
    settings = {"LAKE_SECRET": seaweed.admin.secret_access_key, "PANGOLIN_SECRET_REFS": f"{chosen}/lake-secret,shared"}
    host = make_host(seaweed, settings=settings).start()
    host.root().post("/api/v1/tenants", {"name": unused_name("tenant"), "id": chosen}, status=201)
    other = new_tenant(host, planted)
    for name in ("lake-secret", "LAKE_SECRET", "unlisted"):
        refusal = other.admin.api.post("/api/v1/warehouses", {"name": unused_name("wh")} | referring(seaweed, name), status=422)
        assert chosen not in str(refusal)
    other.warehouse(referring(seaweed, "shared"))


def create(tenant: Tenant, storage: dict[str, Any], strategy: str, status: int) -> str:
    body = {"name": unused_name("wh"), "storage_config": storage, "vending_strategy": strategy}
    return str(tenant.admin.api.post("/api/v1/warehouses", body, status=status))


def test_an_account_of_azure_is_one_by_all_its_names(cloud_host: Host, planted: Planted) -> None:
    first, second = new_tenant(cloud_host, planted), new_tenant(cloud_host, planted)
    account = secrets.token_hex(12)
    place = {"type": "azure", "account_name": account, "container": "data", "prefix": "lake"}
    create(first, place, "AzureOAuth", 201)
    hosts = ("dfs.core.windows.net", "blob.core.windows.net", "z01.blob.storage.azure.net", "privatelink.dfs.core.windows.net")
    for named in [{}, *({"endpoint": f"https://{account}.{host}"} for host in hosts)]:
        for prefix in ("lake", "lake/inner", None):
            storage = {name: value for name, value in (place | named | {"prefix": prefix}).items() if value is not None}
            refusal = create(second, storage, "AzureOAuth", 403)
            assert first.id not in refusal and first.name not in refusal
    # The host's identity is shown to Azure's own servers only.
    create(second, place | {"prefix": "lake2", "endpoint": f"https://{account}.dfs.core.windows.net.evil.example"}, "AzureOAuth", 422)
    # With a secret of its own it is not through the host, and a sibling is another place.
    create(second, place | {"client_secret": planted.key("own app", 32), "tenant_id": "t", "client_id": "c"}, "AzureOAuth", 201)
    create(second, place | {"prefix": "lake2"}, "AzureOAuth", 201)


def test_a_key_that_is_removed_does_not_become_the_hosts(cloud_host: Host, planted: Planted) -> None:
    first, second = new_tenant(cloud_host, planted), new_tenant(cloud_host, planted)
    azure = {"type": "azure", "account_name": secrets.token_hex(12), "container": "data", "prefix": "lake"}
    google = {"type": "gcs", "bucket": unused_name("b"), "prefix": "lake"}
    create(first, azure, "AzureOAuth", 201)
    create(first, google, "GcpDownscoped", 201)
    app = {"client_secret": planted.key("own app", 32), "tenant_id": "t", "client_id": "c"}
    key = {"service_account_key": {"client_email": "a@b.example", "private_key": planted.key("own key", 64)}}
    for storage, strategy, own in ((azure, "AzureOAuth", app), (google, "GcpDownscoped", key)):
        name = second.warehouse({"storage_config": storage | own, "vending_strategy": strategy})["name"]
        put(second, name, {"storage_config": dict.fromkeys(own)}, 403)
        secret = "client_secret" if strategy == "AzureOAuth" else "service_account_key"
        put(second, name, {"storage_config": {secret: None}}, 403)
        shown = second.admin.api.get(f"/api/v1/warehouses/{name}")
        assert shown["vending_strategy"][strategy][secret] == "<redacted>"


def test_a_bucket_of_google_does_not_cross(cloud_host: Host, planted: Planted) -> None:
    first, second = new_tenant(cloud_host, planted), new_tenant(cloud_host, planted)
    place = {"type": "gcs", "bucket": unused_name("b"), "prefix": "team/a"}
    create(first, place, "GcpDownscoped", 201)
    name = second.warehouse({"storage_config": place | {"prefix": "team/b"}, "vending_strategy": "GcpDownscoped"})["name"]
    for prefix in ("team/a", "team", "team/a/inner", None):
        put(second, name, {"storage_config": {"gcs.prefix": prefix}}, 403)
        storage = {key: value for key, value in (place | {"prefix": prefix}).items() if value is not None}
        create(second, storage, "GcpDownscoped", 403)
