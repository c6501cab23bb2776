"""The OAuth2 token endpoint with real clients: PyIceberg, DuckDB, curl, and Iceberg's Java client by what it sends."""

import threading
import time
import uuid
from collections.abc import Callable

import duckdb
import pytest
from pyiceberg.exceptions import ForbiddenError, OAuthError, UnauthorizedError

from harness.api import Api
from harness.curl import curl
from harness.host import Host
from harness.iceberg import ROWS, duck_loaded, pyiceberg, rows
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.service import ACCESS_TOKEN, EXCHANGE, TOKENS, ServiceUser, exchange, give, granted, new_service_user
from harness.world import Lake, Tenant, new_lake, new_tenant


def ways(lake: Lake, service: ServiceUser) -> dict[str, dict[str, str]]:
    url, credential = lake.tenant.host.url, f"{service.id}:{service.key}"
    return {
        "warehouse": {"uri": url, "warehouse": lake.catalog, "credential": credential},
        "prefix": {"uri": url, "prefix": lake.catalog, "credential": credential},
        "path": {"uri": f"{url}/v1/{lake.catalog}", "credential": credential},
        "server": {"uri": url, "prefix": lake.catalog, "credential": credential, "oauth2-server-uri": f"{url}{TOKENS}"},
        "key alone": {"uri": url, "prefix": lake.catalog, "credential": service.key},
        "all": {"uri": url, "prefix": lake.catalog, "credential": credential, "scope": "PRINCIPAL_ROLE:ALL"},
        "role": {"uri": url, "prefix": lake.catalog, "credential": credential, "scope": "PRINCIPAL_ROLE:Writer"},
    }


@pytest.mark.parametrize("way", ["warehouse", "prefix", "path", "server", "key alone", "all", "role"])
def test_pyiceberg_connects_with_a_credential(lake: Lake, way: str) -> None:
    service = new_service_user(lake.tenant, "Writer")
    catalog = pyiceberg(**ways(lake, service)[way])
    catalog.create_table("sales.t", schema=ROWS.schema).append(ROWS)
    assert len(rows(catalog.load_table("sales.t"))) == 3


def test_pyiceberg_is_narrowed_to_a_role(any_lake: Lake) -> None:
    service = new_service_user(any_lake.tenant, "Writer")
    give(any_lake.tenant, service.id, "Reader")
    whole = ways(any_lake, service)["prefix"]
    pyiceberg(**whole).create_table("sales.t", schema=ROWS.schema).append(ROWS)
    reading = pyiceberg(**whole, scope="PRINCIPAL_ROLE:Reader")
    table = reading.load_table("sales.t")
    assert len(rows(table)) == 3
    with pytest.raises(OSError, match="(?i)access.?denied|forbidden|403"):
        table.append(ROWS)
    with pytest.raises(ForbiddenError):
        reading.drop_table("sales.t")


def test_pyiceberg_tells_what_was_refused(lake: Lake) -> None:
    service = new_service_user(lake.tenant, "Reader")
    good = ways(lake, service)["prefix"]
    for credential in (f"{service.id}:pgl_{'0' * 64}", f"{uuid.uuid4()}:{service.key}", f"{service.id}:"):
        with pytest.raises(OAuthError, match="invalid_client"):
            pyiceberg(**good | {"credential": credential})
    with pytest.raises(OAuthError, match="invalid_scope"):
        pyiceberg(**good, scope="PRINCIPAL_ROLE:Writer")


def test_pyiceberg_asks_again_when_its_token_has_ended(make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed) -> None:
    """The client shows the old token beside its credential; the host looks at the credential."""
    host = make_host(seaweed, settings={"PANGOLIN_OAUTH_TOKEN_LIFETIME_SECS": "1"}).start()
    lake = new_lake(new_tenant(host, planted), seaweed)
    catalog = pyiceberg(**ways(lake, new_service_user(lake.tenant, "Writer"))["prefix"])
    for _ in range(2):
        time.sleep(1.2)
        assert ("sales",) in catalog.list_namespaces()


def test_duckdb_attaches_with_id_and_key(lake: Lake) -> None:
    tenant, service = lake.tenant, new_service_user(lake.tenant, "Writer")
    pyiceberg(**ways(lake, service)["prefix"]).create_table("sales.t", schema=ROWS.schema).append(ROWS)
    give(tenant, service.id, "Reader")
    connection = duck_loaded()
    secret = f"CLIENT_ID '{service.id}', CLIENT_SECRET '{service.key}', OAUTH2_SERVER_URI '{tenant.host.url}{TOKENS}'"
    connection.execute(f"CREATE SECRET caller (TYPE ICEBERG, {secret})")
    connection.execute(f"ATTACH '{lake.catalog}' AS lake (TYPE ICEBERG, SECRET caller, ENDPOINT '{tenant.host.url}')")
    assert connection.execute("SELECT count(*) FROM lake.sales.t").fetchall() == [(3,)]
    connection.execute("INSERT INTO lake.sales.t VALUES (4, 'd')")
    connection.execute(f"CREATE SECRET reader (TYPE ICEBERG, {secret}, OAUTH2_SCOPE 'PRINCIPAL_ROLE:Reader')")
    connection.execute(f"ATTACH '{lake.catalog}' AS narrow (TYPE ICEBERG, SECRET reader, ENDPOINT '{tenant.host.url}')")
    assert connection.execute("SELECT count(*) FROM narrow.sales.t").fetchall() == [(4,)]
    with pytest.raises(duckdb.Error):
        connection.execute("INSERT INTO narrow.sales.t VALUES (5, 'e')")
    with pytest.raises(duckdb.Error):
        wrong = secret.replace(service.key, "pgl_" + "0" * 64)
        connection.execute(f"CREATE SECRET wrong (TYPE ICEBERG, {wrong})")


def test_curl_asks_by_form_and_by_json(tenant: Tenant) -> None:
    service = new_service_user(tenant)
    url = tenant.host.url + TOKENS
    status, body = curl(url, "-u", f"{service.id}:{service.key}", "-d", "grant_type=client_credentials")
    assert (status, '"bearer"' in body) == (200, True)
    json = f'{{"grant_type": "client_credentials", "client_id": "{service.id}", "client_secret": "{service.key}"}}'
    assert curl(url, "-d", json)[0] == 200


@pytest.fixture(scope="module")
def brief_host(make_host: Callable[..., Host]) -> Host:
    """Tokens of the token endpoint end after two seconds; nobody is throttled."""
    return make_host(settings={"PANGOLIN_OAUTH_TOKEN_LIFETIME_SECS": "2", "PANGOLIN_AUTH_RATE_LIMIT": "1000"}).start()


@pytest.fixture
def brief(brief_host: Host, planted: Planted) -> Tenant:
    return new_tenant(brief_host, planted)


def stands(api: Api) -> bool:
    return api.request("GET", "/api/v1/users/me").status_code == 200


def ended(api: Api) -> Api:
    """The same token once its life is over."""
    deadline = time.time() + 10
    while stands(api) and time.time() < deadline:
        time.sleep(0.2)
    assert not stands(api)
    return api


def test_java_renews_an_ended_token_by_its_key_and_nothing_else_does(brief: Tenant) -> None:
    """`refreshExpiredToken` shows Basic; the ended token as Bearer, or beside another of the same user, is no use."""
    host, service = brief.host, new_service_user(brief)
    token = ended(service.token()).token or ""
    again = granted(brief, exchange(host, service.basic, token))
    assert stands(again)
    assert exchange(host, f"Bearer {token}", token).status_code == 401
    other = service.token()
    assert exchange(host, f"Bearer {other.token}", token).json()["error"] == "invalid_request"
    stranger = new_service_user(brief)
    assert exchange(host, stranger.basic, token).json()["error"] == "invalid_request"
    assert exchange(host, None, token).status_code == 401
    # An ended token that was revoked before it ended stays so.
    revoked = service.token()
    revoked.post("/api/v1/auth/revoke")
    time.sleep(2.1)
    assert exchange(host, service.basic, revoked.token or "").json()["error"] == "invalid_request"


def test_a_chain_is_renewed_until_it_is_revoked(brief: Tenant) -> None:
    host, service = brief.host, new_service_user(brief)
    first = service.token()
    token, began = first, time.time()
    while time.time() < began + 4:
        token = granted(brief, exchange(host, f"Bearer {token.token}", token.token or ""))
        time.sleep(0.5)
    assert stands(token) and not stands(first)
    token.post("/api/v1/users/logout", status=204)
    assert not stands(token)
    for authorization in (f"Bearer {token.token}", service.basic):
        assert exchange(host, authorization, token.token or "").status_code in (400, 401)


def test_nothing_of_a_narrowed_token_is_wider(any_lake: Lake) -> None:
    tenant, host = any_lake.tenant, any_lake.tenant.host
    service = new_service_user(tenant, "Reader", rank="tenant-admin")
    give(tenant, service.id, "Writer")
    tenant.admin.api.create_table(any_lake.catalog, "sales", "t")
    narrow = service.token("PRINCIPAL_ROLE:Reader")

    def check(api: Api) -> None:
        path = api.table_path(any_lake.catalog, "sales", "t")
        api.get(path)
        api.delete(path, status=403)
        for route in ("/api/v1/users", "/api/v1/warehouses", "/api/v1/audit", "/api/v1/service-users"):
            api.get(route, status=403)
        api.post("/api/v1/tokens", {}, status=403)

    check(narrow)
    for scope in ("", "catalog", "PRINCIPAL_ROLE:ALL"):
        check(granted(tenant, exchange(host, f"Bearer {narrow.token}", narrow.token or "", scope)))
        check(granted(tenant, exchange(host, service.basic, narrow.token or "", scope)))
    wider = exchange(host, f"Bearer {narrow.token}", narrow.token or "", "PRINCIPAL_ROLE:Writer")
    assert (wider.status_code, wider.json()["error"]) == (400, "invalid_scope")
    rotated = narrow.post("/api/v1/tokens/rotate", status=200)["token"]
    tenant.planted.note("rotated token", rotated.rsplit(".", 1)[1])
    check(host.api(rotated))
    tenant.admin.api.delete(f"/api/v1/users/{service.id}/roles/{tenant.role_id('Reader')}")
    host.api(rotated).get(narrow.table_path(any_lake.catalog, "sales", "t"), status=404)
    assert stands(host.api(rotated))


def test_guesses_are_throttled_and_the_right_key_is_not(make_host: Callable[..., Host], planted: Planted) -> None:
    host = make_host().start()
    tenant = new_tenant(host, planted)
    service = new_service_user(tenant)
    wrong = ServiceUser(tenant, service.id, service.name, "pgl_" + "0" * 64)
    replies = [wrong.fetch() for _ in range(12)]
    assert [reply.status_code for reply in replies] == [401] * 10 + [429] * 2
    assert int(replies[-1].headers["Retry-After"]) > 0
    assert service.fetch().status_code == 200
    host.api().login(tenant.admin.name, tenant.admin.password, tenant.id)


def test_unknown_client_and_wrong_key_take_as_long(brief: Tenant) -> None:
    service = new_service_user(brief)
    known = ServiceUser(brief, service.id, "", "pgl_" + "0" * 64)
    unknown = ServiceUser(brief, str(uuid.uuid4()), "", "pgl_" + "0" * 64)

    def took(client: ServiceUser) -> float:
        began = time.perf_counter()
        assert client.fetch().status_code == 401
        return time.perf_counter() - began

    times = {name: sorted(took(client) for _ in range(40))[20] for name, client in (("known", known), ("unknown", unknown))}
    assert abs(times["known"] - times["unknown"]) < 0.02, times
    assert known.fetch().text == unknown.fetch().text


def test_every_grant_and_refusal_is_in_the_trail(brief: Tenant) -> None:
    service = new_service_user(brief, "Reader")
    token = service.token("PRINCIPAL_ROLE:Reader")
    granted(brief, exchange(brief.host, f"Bearer {token.token}", token.token or ""))
    service.fetch("PRINCIPAL_ROLE:Writer")
    exchange(brief.host, service.basic, "not.a.token")
    ServiceUser(brief, service.id, "", "pgl_" + "0" * 64).fetch()
    found = [row for row in reversed(brief.admin.api.audit(action="issue_token")) if row["resource_name"] == service.name]
    assert [row["result"] for row in found] == ["success", "success", "denied", "denied", "denied"]
    assert [row["metadata"].get("grant_type") for row in found[:4]] == ["client_credentials", "token_exchange", "client_credentials", "token_exchange"]
    assert found[0]["metadata"]["family"] == found[1]["metadata"]["family"] == found[0]["resource_id"]
    assert found[4]["user_id"] is None


def test_a_revocation_reaches_the_other_host(make_host: Callable[..., Host], planted: Planted, postgres) -> None:
    one = make_host(None, postgres).start()
    two = make_host(settings={
        name: one.settings[name]
        for name in ("DATABASE_URL", "PANGOLIN_JWT_SECRET", "PANGOLIN_ENCRYPTION_KEY", "PANGOLIN_ROOT_USER", "PANGOLIN_ROOT_PASSWORD")
    } | {"PANGOLIN_HOST_NAME": "host-two"}).start()
    tenant = new_tenant(one, planted)
    service = new_service_user(tenant)
    first = service.token()
    second = granted(tenant, exchange(two, f"Bearer {first.token}", first.token or ""))
    there = [two.api(token.token) for token in (first, second)]
    assert all(stands(api) for api in there)
    first.post("/api/v1/auth/revoke")
    time.sleep(1)
    assert not any(stands(api) for api in there)
    fresh = two.api(service.token().token)
    assert stands(fresh)
    planted.note("api key", tenant.admin.api.post(f"/api/v1/service-users/{service.id}/rotate", status=200)["api_key"])
    time.sleep(1)
    assert not stands(fresh)
    assert two.api().request("GET", "/api/v1/users/me", headers={"X-API-Key": service.key}).status_code == 401


def test_no_exchange_outruns_a_revocation(any_host: Host, planted: Planted) -> None:
    tenant = new_tenant(any_host, planted)
    service = new_service_user(tenant)
    for _ in range(5):
        first = service.token()
        won: list[Api] = []

        def renew(subject: Api = first, won: list[Api] = won) -> None:
            reply = exchange(any_host, f"Bearer {subject.token}", subject.token or "")
            if reply.status_code == 200:
                won.append(granted(tenant, reply))

        threads = [threading.Thread(target=renew) for _ in range(6)]
        for thread in threads:
            thread.start()
        first.post("/api/v1/auth/revoke")
        for thread in threads:
            thread.join()
        assert not any(stands(api) for api in won)


def test_other_grants_and_actors_are_refused(tenant: Tenant) -> None:
    service = new_service_user(tenant)
    token = service.token().token or ""
    post = tenant.host.api().request
    for form in (
        {"grant_type": "password", "username": tenant.admin.name, "password": tenant.admin.password},
        {"grant_type": "refresh_token", "refresh_token": token},
        {"grant_type": "authorization_code", "code": "x"},
    ):
        assert post("POST", TOKENS, data=form).json()["error"] == "unsupported_grant_type"
    acting = exchange(tenant.host, f"Bearer {token}", token, actor_token=tenant.admin.api.token or "", actor_token_type=ACCESS_TOKEN)
    assert acting.json()["error"] == "invalid_request"
    theirs = exchange(tenant.host, f"Bearer {token}", tenant.admin.api.token or "")
    assert theirs.json()["error"] == "invalid_request"
    assert EXCHANGE not in theirs.text


def test_the_old_token_of_pyiceberg_is_refused_after_revocation(lake: Lake) -> None:
    token = new_service_user(lake.tenant, "Reader").token()
    catalog = pyiceberg(lake.tenant.host.url, prefix=lake.catalog, token=token.token or "")
    assert ("sales",) in catalog.list_namespaces()
    token.post("/api/v1/auth/revoke")
    with pytest.raises(UnauthorizedError):
        catalog.list_namespaces()
