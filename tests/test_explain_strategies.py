"""What each strategy is said to ask for is what its cloud then gets; while it is said, nobody hears of it."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import pytest

from harness.azure.lake import AzureLake, new_azure_lake
from harness.azure.world import Azure
from harness.explaining import explain, failed, silence
from harness.google.lake import new_google_lake
from harness.google.world import Google
from harness.host import Host
from harness.listener import Listener, forward
from harness.planted import Planted
from harness.seaweed import VEND_ROLE, Seaweed
from harness.vms import Vms
from harness.vms_world import new_vast_lake
from harness.world import Lake, Tenant, User, new_lake, new_tenant, static_lake


@pytest.fixture(scope="module")
def sts(seaweed: Seaweed) -> Iterator[Listener]:
    """The store's STS behind a door that writes down who comes. The signature covers the name of the door."""
    door = Listener(lambda request: forward(request, seaweed.port, headers={"host": request.headers["Host"]})).start()
    yield door
    door.stop()


@pytest.fixture(scope="module")
def host_behind(make_host: Callable[..., Host], seaweed: Seaweed, sts: Listener) -> Host:
    return make_host(seaweed, settings={"AWS_ENDPOINT_URL_STS": sts.url}).start()


@pytest.fixture
def aws(host_behind: Host, planted: Planted, seaweed: Seaweed) -> Lake:
    lake = new_lake(new_tenant(host_behind, planted), seaweed)
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    return lake


def vend(user: User, lake: Lake, **parameters: Any) -> dict[str, Any]:
    return user.api.credentials(lake.catalog, "sales", "orders", params=parameters)


@pytest.mark.parametrize(("role", "asked"), [("Writer", {}), ("Writer", {"access": "read"}), ("Reader", {"ttl": "1200"})])
def test_aws_sts(aws: Lake, sts: Listener, role: str, asked: dict[str, str]) -> None:
    user = aws.tenant.user(role)
    with silence(lambda: len(sts.seen)):
        told = explain(user, aws, **asked)
    assert failed(told) is None
    (step,) = told["would"]
    assert (step["service"], step["endpoint"], step["base"]) == ("sts.assume-role", "operator", "host")
    before = len(sts.seen)
    vend(user, aws, **asked)
    (request,) = sts.seen[before:]
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    assert form["Action"] == "AssumeRole"
    assert step["policy"] == json.loads(form["Policy"])
    assert step["role_arn"] == form["RoleArn"] == VEND_ROLE
    assert step["session_name"] == form["RoleSessionName"] == user.name
    assert step["duration_seconds"] == int(form["DurationSeconds"]) == told["ttl"]["seconds"]
    assert step["external_id"] == ("ExternalId" in form)
    (shape,) = told["outcome"]["hands_out"]
    assert shape["prefix"] == aws.location("orders") + "/"
    assert set(shape["entries"]) == {"s3.access-key-id", "s3.secret-access-key", "s3.session-token"}
    assert "expires_at" not in shape, "only STS says when it ends"
    assert told["strategy"]["name"] == "AwsSts" and not told["strategy"]["unscoped"]


def test_an_explanation_leaves_nothing_and_takes_nothing_away(aws: Lake, sts: Listener) -> None:
    user = aws.tenant.user("Reader")
    explain(user, aws)
    before = len(sts.seen)
    vend(user, aws)
    assert len(sts.seen) == before + 1, "the first vend mints"
    with silence(lambda: len(sts.seen)):
        explain(user, aws)
        vend(user, aws)


def test_aws_static(tenant: Tenant, seaweed: Seaweed) -> None:
    lake = static_lake(tenant, seaweed)
    tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    told = explain(tenant.admin, lake)
    assert failed(told) is None
    assert told["would"] == []
    (shape,) = told["outcome"]["hands_out"]
    assert set(shape["entries"]) == {"s3.access-key-id", "s3.secret-access-key"} and "expires_at" not in shape
    assert (told["strategy"]["scoping"], told["strategy"]["unscoped"]) == ("unscoped", True)
    assert seaweed.admin.access_key_id not in json.dumps(told)
    refused = explain(_reader_of_namespace(tenant, lake), lake)
    assert failed(refused) == "scoping"
    assert {"presign", "remote-signing"} <= set(refused["checks"][-1]["alternatives"])
    assert refused["refusal"]["code"] == "unscoped-refused" and refused["would"] == []


def _reader_of_namespace(tenant: Tenant, lake: Lake) -> User:
    user = tenant.user()
    catalogs = tenant.admin.api.get("/api/v1/catalogs")
    catalog = next(entry["id"] for entry in catalogs if entry["name"] == lake.catalog)
    tenant.grant(user, {"type": "namespace", "catalog_id": catalog, "namespace": "sales"}, ["read"])
    return user


def instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def azure_lake(tenant: Tenant, azure: Azure, strategy: str, **more: Any) -> AzureLake:
    lake = new_azure_lake(tenant, azure, strategy, **more)
    tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    return lake


@pytest.mark.parametrize("strategy", ["AzureSas", "AzureOAuth"])
@pytest.mark.parametrize("role", ["Reader", "Writer"])
def test_azure(cloud_tenant: Tenant, azure: Azure, strategy: str, role: str) -> None:
    lake = azure_lake(cloud_tenant, azure, strategy)
    user = lake.tenant.user(role)
    with silence(lambda: azure.entra.asked, lambda: len(azure.gate.listener.seen)):
        told = explain(user, lake, ttl="900")
    assert failed(told) is None
    (step,) = told["would"]
    fields = dict(parse_qsl(lake.flat(user, params={"ttl": "900"})["sas_token"], strict_parsing=True))
    assert step["service"] == "azure.sign-sas"
    assert (step["permissions"], step["version"], step["protocol"]) == (fields["sp"], fields["sv"], fields["spr"])
    assert (step["resource"], fields["sr"], fields["sdd"]) == ("directory", "d", "2")
    assert (step["account"], step["container"], step["path"]) == (azure.account, lake.bucket, "lake/orders")
    for shown, sent in (("starts_at", "st"), ("expires_at", "se")):
        assert abs(instant(step[shown]) - instant(fields[sent])) < 5
    if strategy == "AzureSas":
        assert (step["kind"], step["slot"]) == ("service-sas", "account_key")
    else:
        assert lake.app is not None
        assert step["kind"] == "user-delegation-sas"
        assert (step["principal"]["tenant_id"], step["principal"]["client_id"]) == (lake.app.tenant, lake.app.client_id)
        assert lake.app.tenant == fields["sktid"]
    (shape,) = told["outcome"]["hands_out"]
    assert shape["entries"] == ["adls.sas-token"]


def test_an_azure_token_beside_the_sas_is_shown_as_both(cloud_tenant: Tenant, azure: Azure) -> None:
    lake = azure_lake(cloud_tenant, azure, "AzureOAuth", vend="both")
    with silence(lambda: azure.entra.asked, lambda: len(azure.gate.listener.seen)):
        told = explain(lake.tenant.admin, lake)
    assert [step["service"] for step in told["would"]] == ["azure.access-token", "azure.sign-sas"]
    assert told["strategy"]["unscoped"]
    assert set(told["outcome"]["hands_out"][0]["entries"]) == {"adls.sas-token", "adls.token"}


@pytest.mark.parametrize("role", ["Reader", "Writer"])
def test_gcp_downscoped(cloud_tenant: Tenant, google: Google, role: str) -> None:
    lake = new_google_lake(cloud_tenant, google)
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    user = lake.tenant.user(role)
    with silence(lambda: len(google.sts.listener.seen), lambda: len(google.tokens.listener.seen)):
        told = explain(user, lake)
    assert failed(told) is None
    (step,) = told["would"]
    before = len(google.sts.listener.seen)
    lake.flat(user)
    (exchange,) = google.sts.listener.seen[before:]
    assert step["service"] == "gcp.downscope"
    assert step["boundary"] == json.loads(exchange.form()["options"])
    assert (step["sts"], step["token_uri"]) == (google.sts.token_url, google.tokens.url)
    assert step["principal"] == {"kind": "service-account-key", "slot": "service_account_key"}
    assert told["outcome"]["hands_out"][0]["entries"] == ["gcs.oauth2.token"]


@pytest.mark.parametrize("way", ["basic", "jwt", "api-token"])
def test_vast_s3keys(vast_host: Host, vms: Vms, planted: Planted, way: str) -> None:
    vast = new_vast_lake(vast_host, vms, planted, way)
    vast.table("orders")
    vast.settle()
    reader = vast.tenant.user("Reader")
    with silence(lambda: len(vms.calls()), lambda: len(vast.leases())):
        told = explain(reader, vast.lake)
    assert failed(told) is None
    assert told["revocable"]["by_host"] is True
    assert told["outcome"]["claim"]["share"] == "read" and told["outcome"]["claim"]["capacity"] == 2
    assert told["outcome"]["hands_out"] is None, "what VMS answers is not known"
    (step,) = told["would"]
    assert step["service"] == "http.send" and step["method"] == "POST"
    before = len(vms.calls())
    vast.vend(reader)
    sent = [(call.method, call.path) for call in vms.calls()[before:]]
    assert any(method == step["method"] and step["url"].endswith(path) for method, path in sent), (step["url"], sent)
    match way:
        case "basic":
            auth = {"kind": "basic", "user": vast.reader.name, "slots": ["read_password"]}
        case "jwt":
            auth = {"kind": "json-field", "name": "password", "slots": ["read_password"]}
            assert step["body"] == {"username": vast.reader.name}
        case _:
            auth = {"kind": "authorization", "scheme": "Api-Token", "slots": ["read_api_token"]}
    assert step["auth"] == auth
    vast.settle()


def test_a_warehouse_without_vending_says_so(tenant: Tenant, seaweed: Seaweed) -> None:
    bucket = seaweed.bucket()
    keys = {"access_key_id": seaweed.admin.access_key_id, "secret_access_key": seaweed.admin.secret_access_key}
    config = {"type": "s3", "bucket": bucket, "region": "us-east-1", "endpoint": seaweed.endpoint, "s3.path-style-access": "true"}
    warehouse = tenant.warehouse({"vending_strategy": "None", "storage_config": config | keys})["name"]
    catalog = tenant.catalog(warehouse, f"s3://{bucket}/lake")["name"]
    tenant.admin.api.create_namespace(catalog, "sales")
    tenant.admin.api.create_table(catalog, "sales", "orders", f"s3://{bucket}/lake/orders")
    told = explain(tenant.admin, Lake(tenant, bucket, warehouse, catalog, f"s3://{bucket}/lake"))
    assert failed(told) == "warehouse-vends"
    assert told["refusal"]["code"] == "nothing-to-vend"
