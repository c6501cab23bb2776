"""The holes that are known of the existing server, one by one: each attack as it was done there, against this host."""

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import LongType, NestedField, StringType

from harness.api import VENDED
from harness.azure.lake import new_azure_lake
from harness.azure.world import Azure
from harness.google.lake import new_google_lake
from harness.google.world import Google
from harness.host import Host, unused_name
from harness.iceberg import ROWS, pyiceberg, rows
from harness.planted import Planted
from harness.s3 import Keys, Store
from harness.seaweed import Seaweed
from harness.world import Lake, Tenant, User, new_lake, new_tenant, s3_config, static_lake

REFUSED = "AccessDenied"


@pytest.fixture
def other(host: Host, planted: Planted) -> Tenant:
    """Tenant B, who has nothing to do with the lake of tenant A."""
    return new_tenant(host, planted)


def orders(lake: Lake) -> Lake:
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    return lake


def service_user(tenant: Tenant, role: str | None = None) -> dict[str, Any]:
    made = tenant.admin.api.post("/api/v1/service-users", {"name": unused_name("robot")}, status=201)
    tenant.planted.note(f"api key of {made['name']}", made["api_key"])
    if role is not None:
        tenant.admin.api.post(f"/api/v1/users/{made['id']}/roles", {"role-id": tenant.role_id(role)}, status=201)
    return made


def test_w01_credentials_by_a_bucket_that_is_another_tenants(lake: Lake, other: Tenant, seaweed: Seaweed) -> None:
    """`GET /warehouses/<any>/credentials?location=s3://victim-bucket/x` gave tenant A's keys to a user of tenant B."""
    victim = orders(lake)
    attacker = orders(new_lake(other, seaweed))
    for caller in (other.user(), other.user("Reader"), other.user("Writer"), other.admin):
        for warehouse in ("never-was", victim.warehouse, attacker.warehouse):
            for location in (f"s3://{victim.bucket}/x", f"s3://{victim.bucket}/", f"s3://{victim.bucket[:-1]}/x"):
                path = f"/api/v1/warehouses/{warehouse}/credentials"
                reply = caller.api.request("GET", path, params={"location": location})
                assert reply.status_code == 404, reply.text
                assert "key" not in reply.text
        for route in ("credentials", "presign"):
            path = caller.api.table_path(victim.catalog, "sales", "orders") + f"/{route}"
            assert caller.api.request("GET", path, params={"location": f"{victim.base}/orders/x"}).status_code == 404
    # The own table does not lead there either.
    own = other.admin.api.table_path(attacker.catalog, "sales", "orders")
    stolen = f"{victim.base}/orders/metadata/x"
    assert other.admin.api.request("GET", own + "/presign", params={"location": stolen}).status_code == 403
    with_mine = Store(seaweed, Keys.from_flat(other.admin.api.credentials(attacker.catalog, "sales", "orders")))
    assert with_mine.get(victim.bucket, "lake/orders/metadata/x") == REFUSED
    assert with_mine.list(victim.bucket, "lake/orders/") == REFUSED


def test_w02_static_keys_whatever_the_strategy_says(tenant: Tenant, seaweed: Seaweed) -> None:
    """Static keys went out with the strategy None, to readers, and whether anybody asked for them or not."""
    lake = orders(static_lake(tenant, seaweed))
    secret = seaweed.admin.secret_access_key
    reader = tenant.user("Reader")
    path = reader.api.table_path(lake.catalog, "sales", "orders")
    for headers in ({}, VENDED, {"X-Iceberg-Access-Delegation": "remote-signing"}):
        assert secret not in reader.api.request("GET", path, headers=headers).text
    for method in ("GET", "POST"):
        refused = reader.api.request(method, f"{path}/credentials")
        assert refused.status_code == 403
        assert secret not in refused.text
    # Who owns the warehouse gets them when asking, and not otherwise.
    assert secret not in tenant.admin.api.request("GET", path).text
    assert secret in tenant.admin.api.request("GET", path, headers=VENDED).text
    tenant.admin.api.put(f"/api/v1/warehouses/{lake.warehouse}", {"vending_strategy": "None"})
    for caller in (tenant.admin, reader):
        for route in ("", "/credentials"):
            assert secret not in caller.api.request("GET", path + route, headers=VENDED).text


def test_w03_credentials_for_the_whole_bucket(lake: Lake, seaweed: Seaweed) -> None:
    """Nothing was scoped: any reader's session opened the bucket, for writing too."""
    orders(lake)
    admin = Store(seaweed, seaweed.admin)
    for key in ("lake/orders/data/f", "lake/orders2/data/f", "lake/f", "f"):
        assert admin.put(lake.bucket, key) == "ok"
    reader = lake.tenant.user("Reader")
    config = reader.api.load_table(lake.catalog, "sales", "orders")["config"]
    for keys in (Keys.from_config(config), Keys.from_flat(reader.api.credentials(lake.catalog, "sales", "orders"))):
        store = Store(seaweed, keys)
        assert store.get(lake.bucket, "lake/orders/data/f") == "ok"
        for key in ("lake/orders2/data/f", "lake/f", "f"):
            assert store.get(lake.bucket, key) == REFUSED, key
        assert store.put(lake.bucket, "lake/orders/data/f") == store.delete(lake.bucket, "lake/orders/data/f") == REFUSED


def test_w03_tokens_for_a_whole_project(cloud_tenant: Tenant, google: Google, azure: Azure) -> None:
    """The Azure token opened all of the service principal's accounts, the Google token all buckets of the project."""
    gcp, az = orders(new_google_lake(cloud_tenant, google)), orders(new_azure_lake(cloud_tenant, azure, "AzureOAuth"))
    reader = cloud_tenant.user("Reader")
    elsewhere = google.bucket()
    assert google.owner().put(elsewhere, "lake/orders/f") == google.owner().put(gcp.bucket, "lake/orders2/f") == "ok"
    objects = gcp.objects(reader)  # type: ignore[attr-defined]
    assert objects.get(elsewhere, "lake/orders/f") == objects.get(gcp.bucket, "lake/orders2/f") == "403"
    container = azure.container()
    assert azure.owner().put(container, "lake/orders/f") == azure.owner().put(az.bucket, "lake/orders2/f") == "ok"
    flat = az.flat(reader)  # type: ignore[attr-defined]
    assert "access_token" not in flat
    blobs = azure.holder(flat["sas_token"])
    assert "ok" not in (blobs.get(container, "lake/orders/f"), blobs.get(az.bucket, "lake/orders2/f"))


def test_w04_the_account_key_and_placeholders(cloud_tenant: Tenant, google: Google, azure: Azure, planted: Planted) -> None:
    """AzureSas handed out the account key; Google's token and presigned URLs were placeholders."""
    az = orders(new_azure_lake(cloud_tenant, azure, "AzureSas"))
    admin = cloud_tenant.admin
    table = admin.api.table_path(az.catalog, "sales", "orders")
    for method, route in (("GET", ""), ("GET", "/credentials"), ("POST", "/credentials")):
        said = admin.api.request(method, table + route, headers=VENDED)
        assert said.status_code == 200
        assert azure.key not in said.text
        assert "sig" in said.text
    gcp = orders(new_google_lake(cloud_tenant, google))
    token = gcp.flat(admin)["access_token"]  # type: ignore[attr-defined]
    assert "PLACEHOLDER" not in token.upper()
    assert google.owner().put(gcp.bucket, "lake/orders/f") == "ok"
    assert google.holder(token).get(gcp.bucket, "lake/orders/f") == "ok"


def test_w04_a_presigned_url_is_real_and_asks_who_you_are(lake: Lake, seaweed: Seaweed) -> None:
    """Presign answered anybody with `presigned-url-placeholder.s3.amazonaws.com`."""
    orders(lake)
    Store(seaweed, seaweed.admin).raw.put_object(Bucket=lake.bucket, Key="lake/orders/f", Body=b"the very bytes")
    path = lake.tenant.admin.api.table_path(lake.catalog, "sales", "orders") + "/presign"
    ask = {"location": f"{lake.base}/orders/f"}
    url = lake.tenant.user("Reader").api.get(path, params=ask)["url"]
    assert requests.get(url, timeout=10).content == b"the very bytes"
    assert lake.tenant.host.api().request("GET", path, params=ask).status_code == 401
    assert lake.tenant.user().api.request("GET", path, params=ask).status_code == 404
    assert lake.tenant.user("Discovery").api.request("GET", path, params=ask).status_code == 403


def test_w05_every_cloud_is_in_the_one_binary(host: Host, tenant: Tenant) -> None:
    """Cloud features were off by default: what was documented was not compiled."""
    loaded = {plugin["name"]: plugin for plugin in tenant.admin.api.get("/api/v1/plugins")["plugins"]}
    for name in ("AwsSts", "AwsStatic", "AzureOAuth", "AzureSas", "GcpDownscoped", "VastS3Keys"):
        assert loaded[name]["granted"], name
    assert host.root().get("/api/v1/plugins")["rejected"] == []


def test_w06_expiry_is_the_stores_own_and_reaches_the_client(
    make_host: Callable[..., Host], planted: Planted, brief_seaweed: Seaweed
) -> None:
    """Expiry was `now + 1 h` whatever the cloud said, was never sent, and nothing could be refreshed."""
    host = make_host(brief_seaweed).start()
    lake = orders(new_lake(new_tenant(host, planted), brief_seaweed))
    reader = lake.tenant.user("Reader")
    # The store ends every session after eight seconds.
    for keys in (Keys.from_flat(reader.api.credentials(lake.catalog, "sales", "orders")),):
        assert keys.expiration is not None
        assert 0 < (keys.expiration - datetime.now(UTC)).total_seconds() <= 9
    loaded = reader.api.load_table(lake.catalog, "sales", "orders")
    config = loaded["config"]
    ends = int(config["s3.session-token-expires-at-ms"]) / 1000
    assert ends - time.time() <= 9
    assert config["client.refresh-credentials-endpoint"].endswith("/tables/orders/credentials")
    path = lake.tenant.admin.api.table_path(lake.catalog, "sales", "orders") + "/credentials"
    first = reader.api.get(path)["storage-credentials"][0]["config"]["s3.session-token"]
    time.sleep(max(0.0, ends - time.time()) + 1)
    assert reader.api.get(path)["storage-credentials"][0]["config"]["s3.session-token"] != first


def test_w07_metadata_in_every_store_and_no_panic(host: Host, cloud_tenant: Tenant, google: Google, azure: Azure) -> None:
    """abfss and gs could not hold metadata, and missing keys made the server panic."""
    for lake in (orders(new_azure_lake(cloud_tenant, azure, "AzureSas")), orders(new_google_lake(cloud_tenant, google))):
        body = {"requirements": [], "updates": [{"action": "set-properties", "updates": {"a": "b"}}]}
        path = cloud_tenant.admin.api.table_path(lake.catalog, "sales", "orders")
        assert cloud_tenant.admin.api.post(path, body)["metadata"]["properties"]["a"] == "b"
    admin = new_tenant(host, cloud_tenant.planted).admin.api
    for kind in ("s3", "azure", "gcs", "local"):
        for strategy in ("AwsStatic", "AwsSts", "AzureSas", "AzureOAuth", "GcpDownscoped", "VastS3Keys", None):
            body: dict[str, Any] = {"name": unused_name("w"), "storage_config": {"type": kind}}
            body |= {"vending_strategy": strategy} if strategy else {}
            assert admin.request("POST", "/api/v1/warehouses", json=body).status_code == 422
    for done in (host, cloud_tenant.host):
        done.api().get("/health/ready")
        assert "panicked" not in done.logged()


def test_w08_secrets_that_come_back(tenant: Tenant, seaweed: Seaweed, planted: Planted) -> None:
    """Warehouses, tokens and API keys were returned in clear; `/config` would have published more."""
    secret = planted.key("key of w08")
    config = s3_config(seaweed, seaweed.bucket(), access_key_id="AKIAW08", secret_access_key=secret)
    made = tenant.warehouse({"storage_config": config, "vending_strategy": "AwsStatic"})
    catalog = tenant.catalog(made["name"])["name"]
    robot = service_user(tenant)
    user = tenant.user("Reader")
    seen = [json.dumps(made)]
    paths = [f"/api/v1/warehouses/{made['name']}", "/api/v1/warehouses", "/api/v1/service-users", "/api/v1/users"]
    paths += [f"/api/v1/service-users/{robot['id']}", f"/api/v1/users/{user.id}/tokens", "/api/v1/users/me/tokens"]
    paths += [f"/v1/{catalog}/config", f"/v1/config?warehouse={catalog}", f"/api/v1/catalogs/{catalog}"]
    for caller in (tenant.admin, user):
        seen += [caller.api.request("GET", path).text for path in paths]
    assert planted.found_in("\n".join(seen).encode()) == []
    for text in seen:
        assert "$2" not in text
        assert "argon2" not in text
        assert "eyJ" not in text
        assert "enc:" not in text
    assert user.api.request("GET", f"/api/v1/warehouses/{made['name']}").status_code == 403


def test_w09_pyiceberg_creates_a_partitioned_table(lake: Lake) -> None:
    """PyIceberg could not create any table: 422 unknown field `partition-spec`."""
    schema = Schema(NestedField(1, "id", LongType()), NestedField(2, "name", StringType()))
    catalog = pyiceberg(lake.tenant.host.url, prefix=lake.catalog, token=lake.tenant.user("Writer").api.token or "")
    spec = PartitionSpec(PartitionField(source_id=2, field_id=1000, transform=IdentityTransform(), name="name"))
    table = catalog.create_table("sales.parted", schema=schema, partition_spec=spec)
    table.append(ROWS)
    again = catalog.load_table("sales.parted")
    assert len(rows(again)) == 3
    assert [field.name for field in again.spec().fields] == ["name"]


@pytest.mark.parametrize("way", ["prefix", "path", "warehouse", "path and warehouse", "credential", "credential and path"])
def test_w10_every_documented_way_to_connect(lake: Lake, way: str) -> None:
    """Of six documented ways to connect PyIceberg one worked."""
    tenant, url = lake.tenant, lake.tenant.host.url
    token = tenant.user("Writer").api.token or ""
    robot = service_user(tenant, "Writer")
    credential = f"{robot['id']}:{robot['api_key']}"
    catalog = pyiceberg(
        **{
            "prefix": {"uri": url, "prefix": lake.catalog, "token": token},
            "path": {"uri": f"{url}/v1/{lake.catalog}", "token": token},
            "warehouse": {"uri": url, "warehouse": lake.catalog, "token": token},
            "path and warehouse": {"uri": f"{url}/v1/{lake.catalog}", "warehouse": lake.catalog, "token": token},
            "credential": {"uri": url, "warehouse": lake.catalog, "credential": credential},
            "credential and path": {"uri": f"{url}/v1/{lake.catalog}", "credential": credential},
        }[way]
    )
    catalog.create_table("sales.t", schema=ROWS.schema).append(ROWS)
    assert len(rows(catalog.load_table("sales.t"))) == 3


def test_w11_a_new_api_key_works_at_once(lake: Lake) -> None:
    """Newly made API keys were refused unless an undocumented setting allowed 'legacy' ones."""
    orders(lake)
    robot = service_user(lake.tenant, "Reader")
    anonymous = lake.tenant.host.api()
    headers = {"X-API-Key": robot["api_key"]}
    assert anonymous.get("/api/v1/users/me", headers=headers)["id"] == robot["id"]
    assert anonymous.get(anonymous.table_path(lake.catalog, "sales", "orders"), headers=headers)["metadata"]
    spoiled = robot["api_key"][:-1] + ("0" if robot["api_key"][-1] != "0" else "1")
    anonymous.get("/api/v1/users/me", status=401, headers={"X-API-Key": spoiled})


def test_w12_a_user_helps_itself(lake: Lake, other: Tenant) -> None:
    """A user could grant itself everything, list and revoke the grants of all tenants, and make and re-point catalogs."""
    tenant, user = lake.tenant, lake.tenant.user("Writer")
    for scope in ({"type": "tenant"}, {"type": "catalog", "catalog_id": tenant.admin.api.get("/api/v1/catalogs")[0]["id"]}):
        body = {"user-id": user.id, "scope": scope, "actions": ["all"]}
        assert user.api.request("POST", "/api/v1/permissions", json=body).status_code == 403
    theirs = tenant.grant(tenant.user(), {"type": "tenant"}, ["read"])
    for stranger in (user, other.user("Writer"), other.admin):
        assert theirs not in stranger.api.request("GET", "/api/v1/permissions").text
        assert stranger.api.request("DELETE", f"/api/v1/permissions/{theirs}").status_code in (403, 404)
    assert theirs in {grant["id"] for grant in tenant.admin.api.get("/api/v1/permissions")}
    path = f"/api/v1/catalogs/{lake.catalog}"
    assert user.api.request("POST", "/api/v1/catalogs", json={"name": "mine", "warehouse_name": lake.warehouse}).status_code == 403
    assert user.api.request("PUT", path, json={"warehouse_name": "elsewhere"}).status_code == 403
    assert user.api.request("PUT", path, json={"storage_location": "s3://mine/"}).status_code == 403
    assert user.api.request("DELETE", path).status_code == 403
    assert tenant.admin.api.get(path)["warehouse_name"] == lake.warehouse


def test_w13_an_administrator_reaches_into_another_tenant(tenant: Tenant, other: Tenant, planted: Planted) -> None:
    """Administrators made administrators elsewhere, reset passwords there, and used roles, service users and tokens."""
    attacker, victim = other.admin.api, tenant.user("Reader")
    new = {"username": unused_name("spy"), "password": planted.password("spy"), "role": "tenant-admin"}
    assert attacker.request("POST", "/api/v1/users", json=new | {"tenant_id": tenant.id}).status_code == 403
    reset = {"password": planted.password("reset")}
    assert attacker.request("PUT", f"/api/v1/users/{victim.id}", json=reset).status_code == 404
    role = tenant.admin.api.post("/api/v1/roles", {"name": unused_name("role")})["id"]
    robot = service_user(tenant)["id"]
    token = tenant.admin.api.get(f"/api/v1/users/{victim.id}/tokens")[0]["id"]
    own_role, own_user = other.role_id("Writer"), other.user()
    tries: list[tuple[str, str, Any]] = [
        ("GET", f"/api/v1/roles/{role}", None),
        ("PUT", f"/api/v1/roles/{role}", {"permissions": [{"scope": {"type": "tenant"}, "actions": ["all"]}]}),
        ("DELETE", f"/api/v1/roles/{role}", None),
        ("POST", f"/api/v1/users/{victim.id}/roles", {"role-id": own_role}),
        ("POST", f"/api/v1/users/{own_user.id}/roles", {"role-id": role}),
        ("DELETE", f"/api/v1/users/{victim.id}/roles/{tenant.role_id('Reader')}", None),
        ("GET", f"/api/v1/service-users/{robot}", None),
        ("PUT", f"/api/v1/service-users/{robot}", {"active": False}),
        ("DELETE", f"/api/v1/service-users/{robot}", None),
        ("POST", f"/api/v1/service-users/{robot}/rotate", None),
        ("DELETE", f"/api/v1/tokens/{token}", None),
        ("POST", f"/api/v1/auth/revoke/{token}", None),
        ("GET", f"/api/v1/users/{victim.id}/tokens", None),
        ("DELETE", f"/api/v1/users/{victim.id}", None),
    ]
    for method, path, body in tries:
        reply = attacker.request(method, path, json=body)
        assert reply.status_code == 404, f"{method} {path}: {reply.status_code} {reply.text}"
    asked = {"username": victim.name, "tenant_id": tenant.id}
    assert attacker.request("POST", "/api/v1/tokens", json=asked).status_code == 403
    # All of it is as it was.
    victim.api.get("/api/v1/users/me")
    tenant.host.api().login(victim.name, victim.password, tenant.id)
    assert tenant.admin.api.get(f"/api/v1/roles/{role}")["permissions"] == []
    assert tenant.admin.api.get(f"/api/v1/service-users/{robot}")["active"]


def test_w13_root_and_administrators_are_judged_like_anybody(lake: Lake, other: Tenant) -> None:
    """The check of a right was 'true' for every administrator, of whatever tenant, and for Root."""
    orders(lake)
    path = lake.tenant.admin.api.table_path(lake.catalog, "sales", "orders")
    for caller, status in ((other.admin.api, 404), (lake.tenant.root, 403)):
        for method, route in (("GET", ""), ("POST", "/credentials"), ("DELETE", "")):
            assert caller.request(method, path + route, headers=VENDED).status_code == status
    lake.tenant.admin.api.get(path)


def test_w14_the_audit_trail_and_the_data_are_not_for_everybody(lake: Lake) -> None:
    """Users read the tenant's whole audit log; Root read data."""
    orders(lake)
    row = lake.tenant.admin.api.audit()[0]["id"]
    user = lake.tenant.user("Writer")
    for path in ("/api/v1/audit", "/api/v1/audit/count", f"/api/v1/audit/{row}", "/api/v1/audit/export"):
        assert user.api.request("GET", path).status_code == 403, path
    for header in ({}, {"X-Pangolin-Tenant": lake.tenant.id}):
        path = lake.tenant.root.table_path(lake.catalog, "sales", "orders")
        assert lake.tenant.root.request("GET", path, headers=header).status_code == 403
        assert lake.tenant.root.request("GET", "/api/v1/catalogs", headers=header).status_code == 403


def test_w14_logout_ends_the_session(tenant: Tenant) -> None:
    """Logout did nothing."""
    user = tenant.user()
    user.api.post("/api/v1/users/logout", status=204)
    user.api.get("/api/v1/users/me", status=401)


def test_w14_guesses_are_counted_and_passwords_have_a_length(make_host: Callable[..., Host], planted: Planted) -> None:
    """There was neither a lockout nor a rule for passwords."""
    host = make_host().start()
    tenant = new_tenant(host, planted)
    victim = tenant.user()
    short = {"username": unused_name("u"), "password": "short", "role": "tenant-user"}
    assert tenant.admin.api.request("POST", "/api/v1/users", json=short).status_code == 422
    guess = {"username": victim.name, "password": "a wrong guess", "tenant-id": tenant.id}
    said = [host.api().request("POST", "/api/v1/users/login", json=guess).status_code for _ in range(12)]
    assert said[:10] == [401] * 10
    assert said[-1] == 429
    # Also with the right password, until the window ends.
    right = host.api().request("POST", "/api/v1/users/login", json=guess | {"password": victim.password})
    assert right.status_code == 429


def test_w14_the_same_name_in_two_tenants_is_two_people(tenant: Tenant, other: Tenant) -> None:
    """Tokens were issued by a lookup of the name over all tenants."""
    name = unused_name("ada")
    here, there = tenant.user(name=name), other.user(name=name)
    issued = tenant.admin.api.post("/api/v1/tokens", {"username": name})["token"]
    claims = json.loads(base64.urlsafe_b64decode(issued.split(".")[1] + "=="))
    assert (claims["sub"], claims["tenant_id"]) == (here.id, tenant.id)
    assert here.id != there.id
    reply = tenant.host.api().request(
        "POST", "/api/v1/users/login", json={"username": name, "password": there.password, "tenant-id": tenant.id}
    )
    assert reply.status_code == 401
    assert tenant.admin.api.request("POST", "/api/v1/tokens", json={"username": unused_name("nobody")}).status_code == 404


def test_w15_a_second_warehouse_of_the_name_replaces_nothing(tenant: Tenant, seaweed: Seaweed, host: Host) -> None:
    """A duplicate silently replaced the first (201); debugging output was left in the store's code."""
    first = {"name": unused_name("wh"), "storage_config": s3_config(seaweed, seaweed.bucket()), "use_sts": True}
    made = tenant.admin.api.post("/api/v1/warehouses", first, status=201)
    second = first | {"storage_config": s3_config(seaweed, seaweed.bucket())}
    assert tenant.admin.api.request("POST", "/api/v1/warehouses", json=second).status_code == 409
    assert tenant.admin.api.get(f"/api/v1/warehouses/{first['name']}") == made
    # All that the host says is its log, line by line.
    for line in host.logged().splitlines():
        assert "level" in json.loads(line), line


def test_w15_no_reply_of_a_vend_is_in_the_log(lake: Lake, planted: Planted) -> None:
    """What the existing log was searched for once is searched for in each run: see `make_host`."""
    orders(lake)
    user: User = lake.tenant.user("Writer")
    body = user.api.credentials(lake.catalog, "sales", "orders")
    secrets = [body["secret_access_key"], body["session_token"], user.password, (user.api.token or "").rsplit(".", 1)[1]]
    log = lake.tenant.host.logged()
    assert not [value for value in secrets if value in log]
    assert planted.found_in(log.encode()) == []
