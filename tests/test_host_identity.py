"""The host's own cloud identity is no way into another tenant's storage, and its keys go to nobody."""

from collections.abc import Callable

from harness.host import Host, unused_name
from harness.planted import Planted
from harness.s3 import Keys, Store, split
from harness.seaweed import VEND_ROLE, Seaweed
from harness.world import Tenant, new_tenant, s3_config


def two(host: Host, planted: Planted) -> tuple[Tenant, Tenant]:
    return new_tenant(host, planted), new_tenant(host, planted)


def create(tenant: Tenant, config: dict, strategy: object, status: int) -> dict:
    body = {"name": unused_name("wh"), "storage_config": config, "vending_strategy": strategy}
    return tenant.admin.api.post("/api/v1/warehouses", body, status=status)


def test_a_role_belongs_to_the_tenant_that_used_it_first(any_host: Host, planted: Planted, seaweed: Seaweed) -> None:
    first, second = two(any_host, planted)
    strategy = {"AwsSts": {"role_arn": seaweed.spare_role()}}
    create(first, s3_config(seaweed, seaweed.bucket()), strategy, 201)
    refusal = create(second, s3_config(seaweed, seaweed.bucket()), strategy, 403)
    assert first.id not in str(refusal)
    assert first.name not in str(refusal)
    # The owner may use it again.
    create(first, s3_config(seaweed, seaweed.bucket()), strategy, 201)


def test_a_base_belongs_to_the_tenant_that_used_it_first(any_host: Host, planted: Planted, seaweed: Seaweed) -> None:
    first, second = two(any_host, planted)
    bucket = seaweed.bucket()
    create(first, s3_config(seaweed, bucket, prefix="team/a"), {"AwsSts": {}}, 201)
    for prefix in ("team/a", "team", "team/a/inner", None):
        config = s3_config(seaweed, bucket) | ({"prefix": prefix} if prefix else {})
        create(second, config, {"AwsSts": {}}, 403)
        create(second, config, {"AwsSts": {"role_arn": seaweed.spare_role()}}, 403)
    # A sibling whose name only begins alike is another place.
    create(second, s3_config(seaweed, bucket, prefix="team/ab"), {"AwsSts": {}}, 201)


def test_an_update_cannot_get_there_either(host: Host, planted: Planted, seaweed: Seaweed) -> None:
    first, second = two(host, planted)
    bucket = seaweed.bucket()
    create(first, s3_config(seaweed, bucket), {"AwsSts": {}}, 201)
    own = create(second, s3_config(seaweed, seaweed.bucket()), {"AwsSts": {}}, 201)["name"]
    second.admin.api.put(f"/api/v1/warehouses/{own}", {"storage_config": s3_config(seaweed, bucket)}, status=403)
    # Own keys first, the host's identity afterwards. A field that is left out stays, null removes it.
    with_keys = s3_config(seaweed, bucket, access_key_id="AKIAOWN00000", secret_access_key=planted.key("own key"))
    made = create(second, with_keys, {"AwsSts": {"role_arn": VEND_ROLE}}, 201)["name"]
    body = {"storage_config": s3_config(seaweed, bucket), "vending_strategy": {"AwsSts": {"role_arn": VEND_ROLE}}}
    kept = second.admin.api.put(f"/api/v1/warehouses/{made}", body)
    assert kept["storage_config"]["secret_access_key"] == "<redacted>"
    without = {"access_key_id": None, "secret_access_key": None}
    body["storage_config"] |= without
    second.admin.api.put(f"/api/v1/warehouses/{made}", body, status=403)
    body["vending_strategy"]["AwsSts"] |= without
    second.admin.api.put(f"/api/v1/warehouses/{made}", body, status=403)
    assert second.admin.api.get(f"/api/v1/warehouses/{made}") == kept


def test_a_catalog_outside_the_warehouse_is_refused(host: Host, planted: Planted, seaweed: Seaweed) -> None:
    first, second = two(host, planted)
    bucket = seaweed.bucket()
    create(first, s3_config(seaweed, bucket), {"AwsSts": {}}, 201)
    own = create(second, s3_config(seaweed, seaweed.bucket()), {"AwsSts": {}}, 201)["name"]
    body = {"name": unused_name("cat"), "warehouse_name": own, "storage_location": f"s3://{bucket}/lake"}
    refusal = second.admin.api.post("/api/v1/catalogs", body, status=422)
    assert "storage_location" in str(refusal)
    assert first.id not in str(refusal)
    assert first.name not in str(refusal)


def test_the_hosts_own_keys_are_not_vended(host: Host, tenant: Tenant, seaweed: Seaweed) -> None:
    body = {"name": unused_name("wh"), "storage_config": s3_config(seaweed, seaweed.bucket()), "vending_strategy": "AwsStatic"}
    refusal = tenant.admin.api.request("POST", "/api/v1/warehouses", json=body)
    assert 400 <= refusal.status_code < 500
    assert "PANGOLIN_VEND_ENV_CREDENTIALS" in refusal.text
    older = body | {"vending_strategy": None, "use_sts": False}
    refusal = tenant.admin.api.request("POST", "/api/v1/warehouses", json=older)
    assert 400 <= refusal.status_code < 500
    assert "PANGOLIN_VEND_ENV_CREDENTIALS" in refusal.text


def test_the_operator_can_allow_it(make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed) -> None:
    keys = {"AWS_ACCESS_KEY_ID": seaweed.admin.access_key_id, "AWS_SECRET_ACCESS_KEY": seaweed.admin.secret_access_key}
    host = make_host(seaweed, settings=keys | {"PANGOLIN_VEND_ENV_CREDENTIALS": "true"}).start()
    tenant = new_tenant(host, planted)
    warehouse = create(tenant, s3_config(seaweed, seaweed.bucket()), "AwsStatic", 201)["name"]
    catalog = tenant.catalog(warehouse)["name"]
    tenant.admin.api.create_namespace(catalog, "sales")
    made = tenant.admin.api.create_table(catalog, "sales", "t")
    vended = Keys.from_flat(tenant.admin.api.credentials(catalog, "sales", "t"))
    assert vended.access_key_id == seaweed.admin.access_key_id
    assert Store(seaweed, vended).get(*split(made["metadata-location"])) == "ok"
    # It opens everything, so only those who hold everything get it.
    reader = tenant.user("Reader")
    path = reader.api.table_path(catalog, "sales", "t")
    reply = reader.api.request("POST", path + "/credentials")
    assert reply.status_code == 403, reply.text
    assert vended.secret_access_key not in reply.text
