"""Logins, tokens, ranks: who is who, and who may do what."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable

import pytest

from harness.host import Host, unused_name
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.world import Tenant, new_lake, new_tenant, s3_config


@pytest.fixture(scope="module")
def own_host(make_host: Callable[..., Host]) -> Host:
    """A host of its own: failed logins throttle their source."""
    return make_host(settings={"PANGOLIN_AUTH_RATE_LIMIT": "1000"}).start()


@pytest.fixture
def own(own_host: Host, planted: Planted) -> Tenant:
    return new_tenant(own_host, planted)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims(token: str) -> dict:
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def signed(host: Host, payload: dict, header: dict | None = None) -> str:
    """A token signed with the host's own secret: what a thief of the secret could make."""
    text = ".".join(b64(json.dumps(part).encode()) for part in (header or {"alg": "HS256", "typ": "JWT"}, payload))
    secret = str(host.settings["PANGOLIN_JWT_SECRET"]).encode()
    return f"{text}.{b64(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def test_login_says_who_and_until_when(own: Tenant) -> None:
    user = own.user()
    body = own.host.api().post("/api/v1/users/login", {"username": user.name, "password": user.password, "tenant_id": own.id})
    assert body["tenant_id"] == own.id
    assert body["expires_in"] == 86400
    assert body["user"]["username"] == user.name
    assert body["user"]["role"] == "tenant-user"
    found = claims(body["token"])
    assert set(found) >= {"sub", "jti", "tenant_id", "username", "role", "iat", "exp"}
    assert found["sub"] == user.id


def test_wrong_credentials_say_the_same_for_everybody(own: Tenant) -> None:
    user = own.user()
    tries = [
        {"username": user.name, "password": "not the password", "tenant-id": own.id},
        {"username": "nobody-at-all", "password": "not the password", "tenant-id": own.id},
        {"username": user.name, "password": user.password, "tenant-id": str(uuid.uuid4())},
        {"username": user.name, "password": user.password, "tenant-id": None},
    ]
    replies = [own.host.api().request("POST", "/api/v1/users/login", json=body) for body in tries]
    assert {reply.status_code for reply in replies} == {401}
    told = {json.dumps({key: value for key, value in reply.json().items() if "id" not in key}) for reply in replies}
    assert len(told) == 1, told


def test_failed_logins_are_throttled(make_host: Callable[..., Host], planted: Planted) -> None:
    host = make_host().start()
    tenant = new_tenant(host, planted)
    body = {"username": tenant.admin.name, "password": "not the password", "tenant-id": tenant.id}
    replies = [host.api().request("POST", "/api/v1/users/login", json=body) for _ in range(12)]
    assert [reply.status_code for reply in replies[:10]] == [401] * 10
    assert replies[-1].status_code == 429
    assert int(replies[-1].headers["Retry-After"]) > 0


def test_logout_revokes_the_token(own: Tenant) -> None:
    user = own.user()
    user.api.post("/api/v1/users/logout", status=(200, 204))
    user.api.get("/api/v1/users/me", status=401)


def test_an_admin_revokes_a_token(own: Tenant) -> None:
    user = own.user()
    own.admin.api.delete(f"/api/v1/tokens/{claims(user.api.token or '')['jti']}")
    user.api.get("/api/v1/users/me", status=401)


def test_a_token_that_is_not_on_record_is_refused(own: Tenant) -> None:
    good = claims(own.user().api.token or "")
    now = int(time.time())
    forged = {
        "another jti": good | {"jti": str(uuid.uuid4())},
        "no jti": {key: value for key, value in good.items() if key != "jti"},
        "another subject": good | {"sub": own.admin.id},
        "another tenant": good | {"tenant_id": str(uuid.uuid4())},
        "a higher rank": good | {"role": "root"},
        "a later end": good | {"exp": good["exp"] + 1000},
        "ended": good | {"exp": now - 120, "iat": now - 240},
        "not yet": good | {"nbf": now + 3600},
    }
    for name, payload in forged.items():
        reply = own.host.api(signed(own.host, payload)).request("GET", "/api/v1/users/me")
        # The rank comes from the record, whatever the token says.
        if name == "a higher rank" and reply.status_code == 200:
            assert reply.json()["role"] == "tenant-user"
            continue
        assert reply.status_code == 401, f"{name}: {reply.text}"
    for header in ({"alg": "none"}, {"alg": "HS512"}, {"alg": "HS256", "crit": ["x"], "x": 1}):
        own.host.api(signed(own.host, good, header)).get("/api/v1/users/me", status=401)
    whole = own.admin.api.token or ""
    own.host.api(whole[:-4] + "AAAA").get("/api/v1/users/me", status=401)
    own.host.api(whole.rsplit(".", 1)[0] + ".").get("/api/v1/users/me", status=401)


def test_the_scheme_may_be_written_in_any_case(own: Tenant) -> None:
    header = {"Authorization": f"bEaReR {own.admin.api.token}"}
    own.host.api().get("/api/v1/users/me", headers=header)


def test_a_deactivated_user_is_out_at_once(own: Tenant) -> None:
    user = own.user()
    own.admin.api.put(f"/api/v1/users/{user.id}", {"active": False})
    user.api.get("/api/v1/users/me", status=(401, 403))
    body = {"username": user.name, "password": user.password, "tenant-id": own.id}
    own.host.api().post("/api/v1/users/login", body, status=401)


def test_both_spellings_and_no_unknown_fields(own: Tenant) -> None:
    body = {"username": unused_name("u"), "password": own.planted.password("spelled"), "tenant-id": own.id, "role": "TenantUser"}
    assert own.admin.api.post("/api/v1/users", body, status=201)["role"] == "tenant-user"
    reply = own.admin.api.request("POST", "/api/v1/users", json=body | {"username": "x-x-x-x", "surprise": 1})
    assert 400 <= reply.status_code < 500
    assert "surprise" in reply.text
    short = body | {"username": unused_name("u"), "password": "seven77"}
    own.admin.api.post("/api/v1/users", short, status=(400, 422))


def test_root_makes_tenants_and_admins_and_touches_no_data(tenant: Tenant, seaweed: Seaweed) -> None:
    root = tenant.root
    warehouse = {"name": "w", "storage_config": s3_config(seaweed, seaweed.bucket()), "use_sts": True}
    root.post("/api/v1/warehouses", warehouse, status=403)
    root.post("/api/v1/catalogs", {"name": "c", "warehouse_name": "w"}, status=403)
    root.post("/api/v1/roles", {"name": "r", "tenant-id": tenant.id}, status=403)
    made = tenant.warehouse({"storage_config": s3_config(seaweed, seaweed.bucket()), "use_sts": True})["name"]
    catalog = tenant.catalog(made)["name"]
    tenant.admin.api.create_namespace(catalog, "sales")
    tenant.admin.api.create_table(catalog, "sales", "t")
    for path in (f"/v1/{catalog}/namespaces", tenant.admin.api.table_path(catalog, "sales", "t")):
        root.get(path, status=(403, 404))
        root.get(path, status=(403, 404), headers={"X-Pangolin-Tenant": tenant.id})


def test_an_admin_stays_in_the_own_tenant(tenant: Tenant, planted: Planted) -> None:
    other = new_tenant(tenant.host, planted)
    admin = tenant.admin.api
    admin.post("/api/v1/tenants", {"name": unused_name("t")}, status=403)
    body = {"username": unused_name("u"), "password": planted.password("intruder"), "role": "tenant-admin"}
    admin.post("/api/v1/users", body | {"tenant_id": other.id}, status=(403, 404))
    admin.put(f"/api/v1/users/{other.admin.id}", {"password": planted.password("taken")}, status=(403, 404))
    admin.post(f"/api/v1/users/{other.admin.id}/roles", {"role-id": tenant.role_id("Writer")}, status=(403, 404))
    mine = tenant.user()
    admin.post(f"/api/v1/users/{mine.id}/roles", {"role-id": other.role_id("Writer")}, status=(400, 403, 404))
    grant = {"user-id": other.admin.id, "scope": {"type": "tenant"}, "actions": ["read"]}
    admin.post("/api/v1/permissions", grant, status=(403, 404))


def test_a_user_cannot_rise(tenant: Tenant) -> None:
    user = tenant.user("Writer")
    own = {"user-id": user.id, "scope": {"type": "tenant"}, "actions": ["all"]}
    user.api.post("/api/v1/permissions", own, status=403)
    user.api.post(f"/api/v1/users/{user.id}/roles", {"role-id": tenant.role_id("Writer")}, status=403)
    user.api.put(f"/api/v1/users/{user.id}", {"role": "tenant-admin"}, status=(400, 403, 422))
    user.api.post("/api/v1/warehouses", {"name": "w"}, status=403)
    user.api.post("/api/v1/catalogs", {"name": "c", "warehouse_name": "w"}, status=403)
    user.api.get("/api/v1/users", status=403)


def test_rights_are_decided_before_a_body_is_judged(tenant: Tenant) -> None:
    user = tenant.user()
    for path in ("/api/v1/warehouses", "/api/v1/catalogs", "/api/v1/users", "/api/v1/tenants", "/api/v1/roles"):
        assert user.api.request("POST", path, data=b"{not json").status_code == 403, path
        assert tenant.host.api().request("POST", path, data=b"{not json").status_code == 401, path


def test_state_survives_a_crash(make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed) -> None:
    host = make_host(seaweed).start()
    lake = new_lake(new_tenant(host, planted), seaweed)
    reader = lake.tenant.user("Reader")
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "t")
    before = len(lake.tenant.admin.api.audit())
    host.crash()
    host.start()
    assert lake.tenant.admin.api.audit()[-before:][0]
    assert reader.api.credentials(lake.catalog, "sales", "t")["session_token"]
