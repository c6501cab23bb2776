"""The commands of the documents work as they are written: only placeholders are filled in, one host per document."""

from collections.abc import Callable

import pytest

from harness import documents, s3
from harness.documents import fill, run
from harness.host import Host
from harness.planted import Planted
from harness.seaweed import DOCUMENTED_ROLE, Seaweed
from harness.world import Tenant, new_tenant

EARLY = "000_security_vending_early.txt"
LATE = "001_security_vending.txt"
AUTH = "003_auth_mode.txt"
VENDING = [EARLY, LATE]


def documented_host(name: str, make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed) -> Host:
    """A host with the environment that the document's first listing shows."""
    shown = documents.settings(documents.read(name), "Environment Variables", "Warehouse Configuration")
    keys = {"AWS_ACCESS_KEY_ID": seaweed.vendor.access_key_id, "AWS_SECRET_ACCESS_KEY": seaweed.vendor.secret_access_key}
    shown |= keys | {"AWS_ENDPOINT_URL": seaweed.endpoint, "AWS_ENDPOINT_URL_STS": None}
    assert shown["PANGOLIN_STS_ROLE_ARN"] == DOCUMENTED_ROLE
    return make_host(seaweed, settings=shown).start()


@pytest.fixture(scope="module")
def tenants(make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed) -> dict[str, Tenant]:
    for bucket in ("my-data-bucket", "my-dev-bucket"):
        seaweed.bucket(bucket)
    return {name: new_tenant(documented_host(name, make_host, planted, seaweed), planted) for name in VENDING}


def commands(name: str, *words: str) -> list[str]:
    found = documents.curl_commands(documents.read(name))
    return [command for command in found if all(word in command for word in words)]


def filled(command: str, tenant: Tenant, seaweed: Seaweed) -> str:
    return fill(
        command,
        {
            "http://localhost:8080": tenant.host.url,
            "<tenant-id>": tenant.id,
            "<token>": tenant.admin.api.token or "",
            "AKIA...": seaweed.admin.access_key_id,
            '"..."': f'"{seaweed.admin.secret_access_key}"',
        },
    )


@pytest.fixture(scope="module")
def warehouses(tenants: dict[str, Tenant], seaweed: Seaweed) -> dict[str, list[dict]]:
    """Runs every S3 warehouse command of both documents, once."""
    made: dict[str, list[dict]] = {}
    for name, tenant in tenants.items():
        made[name] = []
        for command in commands(name, "/api/v1/warehouses", '"type": "s3"'):
            answer = run(filled(command, tenant, seaweed), tenant.admin.api.token)
            assert answer.status == 201, answer.text
            made[name].append(answer.body)
    return made


def test_every_s3_warehouse_of_the_documents_is_created(warehouses: dict[str, list[dict]]) -> None:
    assert [body["name"] for body in warehouses[EARLY]] == ["production_warehouse"]
    assert [body["name"] for body in warehouses[LATE]] == ["production_warehouse", "dev_warehouse"]


def test_replies_name_the_strategy_and_hide_the_keys(warehouses: dict[str, list[dict]], seaweed: Seaweed) -> None:
    assert "AwsSts" in str(warehouses[EARLY][0]["vending_strategy"])
    assert "AwsSts" in str(warehouses[LATE][0]["vending_strategy"])
    dev = warehouses[LATE][1]
    assert "AwsStatic" in str(dev["vending_strategy"])
    assert seaweed.admin.secret_access_key not in str(dev)


@pytest.mark.parametrize("name", VENDING)
def test_the_documented_credentials_call_vends_what_opens_the_table(
    name: str, tenants: dict[str, Tenant], warehouses: dict[str, list[dict]], seaweed: Seaweed
) -> None:
    tenant = tenants[name]
    admin = tenant.admin.api
    tenant.catalog("production_warehouse", name="analytics")
    admin.create_namespace("analytics", "sales")
    made = admin.create_table("analytics", "sales", "transactions")
    # The later document dropped the POST; the earlier one's command holds for both.
    (command,) = commands(EARLY, "/credentials")
    answer = run(filled(command, tenant, seaweed), admin.token)
    assert answer.status == 200, answer.text
    assert set(answer.body) >= {"access_key_id", "secret_access_key", "session_token", "expiration"}
    keys = s3.Keys.from_flat(answer.body)
    tenant.planted.note("vended secret key", keys.secret_access_key)
    bucket, key = s3.split(made["metadata-location"])
    assert bucket == "my-data-bucket"
    assert s3.Store(seaweed, keys).get(bucket, key) == "ok"
    assert s3.Store(seaweed, keys).list(bucket, None) == "AccessDenied"


@pytest.mark.parametrize("name", VENDING)
def test_the_documented_presign_call_makes_a_url_that_curl_fetches(
    name: str, tenants: dict[str, Tenant], warehouses: dict[str, list[dict]], seaweed: Seaweed
) -> None:
    tenant = tenants[name]
    admin = tenant.admin.api
    if "analytics" not in {catalog["name"] for catalog in admin.get("/api/v1/catalogs")}:
        tenant.catalog("production_warehouse", name="analytics")
        admin.create_namespace("analytics", "sales")
        admin.create_table("analytics", "sales", "transactions")
    file = admin.load_table("analytics", "sales", "transactions")["metadata-location"]
    (command,) = commands(name, "/presign")
    answer = run(fill(filled(command, tenant, seaweed), {"s3://my-bucket/data/file.parquet": file}), admin.token)
    assert answer.status == 200, answer.text
    fetched = run(f"curl '{answer.body['url']}'")
    assert fetched.status == 200, fetched.text
    assert fetched.body["location"] == file.rsplit("/metadata/", 1)[0]
    # As it stands the command names a file of no table.
    assert run(filled(command, tenant, seaweed), admin.token).status == 403


def test_the_documented_static_warehouse_holds_tables(
    tenants: dict[str, Tenant], warehouses: dict[str, list[dict]], seaweed: Seaweed
) -> None:
    tenant = tenants[LATE]
    tenant.catalog("dev_warehouse", name="dev")
    tenant.admin.api.create_namespace("dev", "sales")
    made = tenant.admin.api.create_table("dev", "sales", "transactions")
    assert s3.Store(seaweed, seaweed.admin).get(*s3.split(made["metadata-location"])) == "ok"


@pytest.fixture(scope="module")
def auth_host(make_host: Callable[..., Host], planted: Planted) -> Host:
    """A host with the root credentials that the document shows."""
    shown = documents.settings(documents.read(AUTH), "Auth Mode:\n\n# Secure", "No-Auth Mode:\n\n# Credentials")
    assert shown["PANGOLIN_ROOT_USER"] == "super_admin"
    shown["PANGOLIN_JWT_SECRET"] = planted.hex("documented jwt secret")
    planted.note("documented root password", shown["PANGOLIN_ROOT_PASSWORD"])
    return make_host(settings=shown).start()


def test_login_tenant_admin_and_tokens_work_as_written(auth_host: Host, planted: Planted) -> None:
    text = documents.read(AUTH)
    password = str(auth_host.settings["PANGOLIN_ROOT_PASSWORD"])
    url = {"http://localhost:8080": auth_host.url}

    (login,) = documents.curl_commands(text)
    answer = run(fill(login, url | {'"..."': f'"{password}"'}))
    assert answer.status == 200, answer.text
    root = answer.body["token"]
    assert answer.body["tenant_id"] is None

    create_tenant, create_admin = documents.written_requests(text)
    answer = run(fill(create_tenant, url), root)
    assert answer.status == 201, answer.text
    tenant = answer.body["id"]
    values = url | {"uuid-for-acme": tenant, "temporary_password": planted.password("acme admin")}
    answer = run(fill(create_admin, values), root)
    assert answer.status == 201, answer.text
    assert answer.body["username"] == "acme_admin"

    # The section's user exists once the admin has made it.
    admin = auth_host.api().login("acme_admin", values["temporary_password"], tenant)
    values |= {"secure_password": planted.password("data engineer")}
    engineer = {"username": "data_engineer", "password": values["secure_password"], "tenant_id": tenant, "role": "tenant-user"}
    admin.post("/api/v1/users", engineer, status=201)

    payload = documents.payload_after(text, "Generating a Token (Generic)")
    for path in ("/api/v1/tokens", "/api/v1/users/login"):
        answer = run(fill(documents.as_curl("POST", path, payload), values))
        assert answer.status == 200, f"{path}: {answer.text}"
        assert answer.body["expires_in"] == 86400
        assert answer.body["tenant_id"] == tenant
        me = auth_host.api(answer.body["token"]).get("/api/v1/users/me")
        assert me["username"] == "data_engineer"


def test_the_documented_no_auth_variable_opens_the_default_tenant(make_host: Callable[..., Host]) -> None:
    shown = documents.settings(documents.read(AUTH), "No-Auth Mode:\n\n# Credentials", "3. UI Login")
    assert shown == {"PANGOLIN_NO_AUTH": "true"}
    host = make_host(settings=shown | {"PANGOLIN_JWT_SECRET": None, "PANGOLIN_ROOT_USER": None, "PANGOLIN_ROOT_PASSWORD": None})
    me = host.start().api().get("/api/v1/users/me")
    assert me["username"] == "tenant_admin"
