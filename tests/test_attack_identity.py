"""Hostile users, administrators of other tenants, thieves of tokens and keys, and users of an identity provider."""

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from harness.api import Api
from harness.federated import ME, Caller, federate, fields_of
from harness.host import Host
from harness.issuer import Issuer
from harness.planted import Planted
from harness.postgres import Postgres
from harness.service import TOKENS, ServiceUser, exchange, granted, new_service_user
from harness.world import Tenant, User, new_tenant

MakeHost = Callable[..., Host]
SHARED = ("PANGOLIN_ENCRYPTION_KEY", "PANGOLIN_JWT_SECRET", "PANGOLIN_ROOT_PASSWORD")


def stands(api: Api) -> bool:
    status = api.request("GET", ME).status_code
    assert status in (200, 401), status
    return status == 200


def traded(tenant: Tenant, api: Api) -> Api:
    """What somebody who has a token makes of it without anything else."""
    return granted(tenant, exchange(tenant.host, f"Bearer {api.token}", str(api.token)))


def rotated(tenant: Tenant, api: Api) -> Api:
    token = api.post("/api/v1/tokens/rotate")["token"]
    tenant.planted.note("rotated token", token.rsplit(".", 1)[1])
    return tenant.host.api(token)


def id_of(api: Api) -> str:
    return str(api.get("/api/v1/users/me/tokens")[0]["id"])


def test_roots_sessions_end_with_roots_password(make_host: MakeHost, planted: Planted) -> None:
    """Root is in the settings: when its password leaked, another one there must be enough."""
    host = make_host().start()
    tenant = new_tenant(host, planted)
    user, password = (str(host.settings[f"PANGOLIN_ROOT_{part}"]) for part in ("USER", "PASSWORD"))
    login = lambda: host.api().login(user, password)
    stolen = login()
    kept = [stolen, traded(tenant, stolen), rotated(tenant, login())]
    assert all(map(stands, kept))
    host.stop()
    host.start()
    kept = [host.api(api.token) for api in kept]
    assert all(map(stands, kept)), "a restart alone ends nothing"
    host.stop()
    host.settings |= {"PANGOLIN_ROOT_PASSWORD": planted.password("second password of Root")}
    host.start()._root = None  # its session has ended, too
    for api in (host.api(api.token) for api in kept):
        assert not stands(api)
        assert exchange(host, f"Bearer {api.token}", str(api.token)).status_code == 401
    assert stands(host.api(tenant.admin.api.token)), "nobody else's"


def test_a_changed_password_leaves_the_one_session_that_asked(any_host: Host, planted: Planted) -> None:
    tenant = new_tenant(any_host, planted)
    user = tenant.user()
    stolen = traded(tenant, user.api)
    further = traded(tenant, stolen)
    body = {"current_password": user.password, "new_password": planted.password("second password")}
    user.api.put("/api/v1/users/me/password", body, status=204)
    assert stands(user.api)
    assert not stands(stolen) and not stands(further)
    assert exchange(any_host, f"Bearer {stolen.token}", str(stolen.token)).status_code == 401


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_login_never_outruns_the_change_of_its_password(
    make_host: MakeHost, planted: Planted, postgres: Postgres, database: str
) -> None:
    """Whoever has the old password logs in all the time; after the change nothing of it stands."""
    settings = {"PANGOLIN_AUTH_RATE_LIMIT": "1000"}
    any_host = make_host(None, postgres if database == "postgres" else None, settings=settings).start()
    tenant = new_tenant(any_host, planted)
    for _ in range(3):
        user = tenant.user()
        tokens: list[str] = []
        stop = threading.Event()

        def guess(user: User = user, tokens: list[str] = tokens, stop: threading.Event = stop) -> None:
            body = {"username": user.name, "password": user.password, "tenant-id": tenant.id}
            while not stop.is_set():
                reply = requests.post(f"{any_host.url}/api/v1/users/login", json=body, timeout=30)
                if reply.status_code != 200:
                    return
                tokens.append(reply.json()["token"])
                planted.note("token of a race", tokens[-1].rsplit(".", 1)[1])

        threads = [threading.Thread(target=guess) for _ in range(6)]
        for thread in threads:
            thread.start()
        time.sleep(0.4)
        tenant.admin.api.put(f"/api/v1/users/{user.id}", {"password": planted.password("reset password")})
        stop.set()
        for thread in threads:
            thread.join()
        assert tokens and not any(stands(any_host.api(token)) for token in tokens)


def test_who_knows_the_stolen_token_reaches_what_came_of_it(any_host: Host, planted: Planted) -> None:
    tenant = new_tenant(any_host, planted)
    user = tenant.user()
    jti = id_of(user.api)
    thief = traded(tenant, rotated(tenant, traded(tenant, user.api)))
    assert stands(thief) and not stands(user.api)
    tenant.admin.api.delete(f"/api/v1/tokens/{jti}")
    assert not stands(thief)


def test_a_key_that_is_to_end_makes_no_token_that_stays(tenant: Tenant) -> None:
    """An administrator's key, rotated with grace: neither by asking for a token nor by an exchange does it live on."""
    service = new_service_user(tenant, rank="tenant-admin")
    by_token = service.token()
    tenant.admin.api.post(f"/api/v1/service-users/{service.id}/rotate", {"grace_seconds": 3})
    made = [api.post("/api/v1/tokens", {"expires_in_hours": 8760})["token"] for api in (service.api, by_token)]
    for token in made:
        tenant.planted.note("token", token.rsplit(".", 1)[1])
    left = [tenant.host.api(token) for token in made] + [traded(tenant, by_token), granted(tenant, service.fetch())]
    assert all(map(stands, left))
    time.sleep(4.2)
    assert not any(map(stands, left)) and not stands(service.api) and not stands(by_token)


def test_another_tenants_administrator_does_not_forget_ones_tokens(make_host: MakeHost, planted: Planted) -> None:
    """A client that shows its key exchanges a token that has ended, as long as the host remembers it."""
    host = make_host(settings={"PANGOLIN_OAUTH_TOKEN_LIFETIME_SECS": "1"}).start()
    mine, other = new_tenant(host, planted), new_tenant(host, planted)
    service = new_service_user(mine)
    token = service.fetch().json()["access_token"]
    planted.note("access token", token.rsplit(".", 1)[1])
    time.sleep(2.2)
    other.admin.api.post("/api/v1/auth/cleanup-tokens")
    assert exchange(host, service.basic, token).status_code == 200
    mine.admin.api.post("/api/v1/auth/cleanup-tokens")
    assert exchange(host, service.basic, token).status_code == 400


UNSEEN = ["\u200b", "\u202e", "\u2066", "\u00ad", "\ufeff", "\u00a0", "\u2028", "\u3164", "\U000e0041"]


@pytest.mark.parametrize("unseen", UNSEEN, ids=lambda text: f"{ord(text):x}")
def test_no_account_looks_like_another(tenant: Tenant, unseen: str) -> None:
    name, api = f"ad{unseen}min", tenant.admin.api
    body = {"username": name, "password": tenant.planted.password("a password"), "role": "tenant-user"}
    api.post("/api/v1/users", body, status=422)
    api.post("/api/v1/service-users", {"name": name}, status=422)
    api.post("/api/v1/roles", {"name": name}, status=422)


NUL = "a\0b"


def test_a_nul_is_refused_and_breaks_nothing(any_host: Host, planted: Planted) -> None:
    tenant = new_tenant(any_host, planted)
    nobody, admin, root = any_host.api(), tenant.admin.api, tenant.root
    login = {"username": NUL, "password": planted.password("guess"), "tenant-id": tenant.id}
    nobody.post("/api/v1/users/login", login, status=422)
    asked = {"username": NUL, "password": login["password"], "tenant_id": tenant.id}
    nobody.post("/api/v1/tokens", asked, status=(401, 422))
    for api, path, body in [
        (admin, "/api/v1/tokens", {"username": NUL}),
        (admin, "/api/v1/service-users", {"name": "svc", "description": NUL}),
        (admin, "/api/v1/roles", {"name": "role", "description": NUL}),
        (admin, "/api/v1/warehouses", {"name": NUL}),
        (root, "/api/v1/tenants", {"name": f"t{uuid.uuid4()}", "properties": {NUL: NUL}}),
    ]:
        api.post(path, body, status=422)
    for path in ("/api/v1/warehouses/%00", "/api/v1/catalogs/a%00", "/v1/%00/namespaces", "/v1/c/namespaces?parent=%00", "/v1/config?warehouse=%00", "/api/v1/tokens/%00/x"):
        status = admin.request("GET", path).status_code
        assert 400 <= status < 500, (path, status)
    form = {"grant_type": "client_credentials", "client_id": NUL, "client_secret": NUL, "scope": NUL}
    assert nobody.request("POST", TOKENS, data=form).status_code == 401
    admin.get("/api/v1/search", params={"q": "\0"})


@pytest.fixture(scope="module")
def issuer(planted: Planted, servers: object) -> Issuer:
    made = Issuer(planted).start()
    servers.callback(made.stop)  # type: ignore[attr-defined]
    return made


@pytest.fixture(scope="module")
def federated(make_host: MakeHost, planted: Planted, issuer: Issuer) -> Tenant:
    host = make_host().start()
    tenant = new_tenant(host, planted)
    roles = {"admins": "tenant-admin", "readers": "Reader"}
    fields = fields_of(issuer, tenant, username_claim="name", roles_claim="groups", roles=roles)
    federate(host, fields, AWS_ALLOW_HTTP="true", PANGOLIN_EGRESS_ALLOW="127.0.0.0/8")
    tenant.root, tenant.admin.api = host.root(), host.api(tenant.admin.api.token)
    return tenant


@pytest.mark.parametrize(
    "name",
    ["system", "SYSTEM", "a\0b", "a\nb", "ad\u200bmin", "\u202enimda", " admin", "", "x" * 129, 7, True, ["admin"], {"a": 1}],
    ids=repr,
)
def test_no_name_of_an_issuer_passes_for_another(federated: Tenant, issuer: Issuer, name: object) -> None:
    assert Caller(federated.host, issuer, f"sub-{uuid.uuid4()}", name=name).status() == 403


def test_the_name_of_an_account_is_taken_whatever_kind_it_is(federated: Tenant, issuer: Issuer) -> None:
    service = new_service_user(federated)
    for name in (federated.admin.name, service.name):
        assert Caller(federated.host, issuer, f"sub-{uuid.uuid4()}", name=name).status() == 403
    someone = Caller(federated.host, issuer, f"sub-{uuid.uuid4()}", name=f"ext-{uuid.uuid4()}")
    assert someone.status() == 200
    now = int(time.time())
    assert someone.status(name=federated.admin.name, iat=now + 5) == 403, "nor by another name later"
    assert someone.me(iat=now + 6)["username"] == someone.claims["name"]


@pytest.mark.parametrize("groups", [None, 7, {"admins": True}, [["admins"]], [{"admins": 1}], "Admins", ["admins "], "root", [None]])
def test_odd_claims_give_nothing(federated: Tenant, issuer: Issuer, groups: object) -> None:
    caller = Caller(federated.host, issuer, f"sub-{uuid.uuid4()}", name=f"ext-{uuid.uuid4()}", groups=groups)
    assert caller.me()["role"] == "tenant-user"


def test_huge_and_far_claims_break_nothing(federated: Tenant, issuer: Issuer) -> None:
    caller = Caller(federated.host, issuer, f"sub-{uuid.uuid4()}", name=f"ext-{uuid.uuid4()}")
    for more in [
        {"groups": ["readers"] * 800},
        {"exp": 1e300},
        {"exp": 9223372036854775807},
        {"iat": -1e300},
        {"iat": 1e300},
        {"iat": "now"},
    ]:
        api = caller.api(**more)
        assert api.request("GET", ME).status_code == 200, more
        assert api.request("GET", "/api/v1/search", params={"q": "x"}).status_code == 200, more
    for more in [{"exp": "9999999999"}, {"exp": -1e300}, {"nbf": "0"}, {"nbf": 1e300}, {"groups": ["x" * 20] * 900}]:
        assert caller.status(**more) == 401, more


def test_an_issuers_user_makes_no_token_of_the_hosts_own(federated: Tenant, issuer: Issuer) -> None:
    caller = Caller(federated.host, issuer, f"sub-{uuid.uuid4()}", name=f"ext-{uuid.uuid4()}", groups=["readers"])
    token = issuer.token(caller.subject, **caller.claims)
    assert exchange(federated.host, f"Bearer {token}", token).status_code == 401
    caller.api().post("/api/v1/tokens/rotate", status=400)
    caller.api().post("/api/v1/tokens", {}, status=403)
    # By rank of the claims it may, but no longer than the issuer's token, and not with its rank.
    admin = caller.api(groups=["admins"], exp=int(time.time()) + 30)
    made = admin.post("/api/v1/tokens", {"expires_in_hours": 8760})
    federated.planted.note("token", made["token"].rsplit(".", 1)[1])
    assert made["expires_in"] <= 30
    federated.host.api(made["token"]).get("/api/v1/roles", status=403)


def test_unknown_keys_starve_nobody(federated: Tenant, issuer: Issuer) -> None:
    good = Caller(federated.host, issuer, f"sub-{uuid.uuid4()}", name=f"ext-{uuid.uuid4()}")
    assert good.status() == 200
    before = issuer.fetches()
    stop = threading.Event()

    def flood() -> None:
        while not stop.is_set():
            api = federated.host.api(issuer.token("x", header={"kid": uuid.uuid4().hex}))
            assert api.request("GET", ME).status_code == 401

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    slowest = 0.0
    for _ in range(20):
        began = time.monotonic()
        assert good.status() == 200
        slowest = max(slowest, time.monotonic() - began)
    stop.set()
    for thread in threads:
        thread.join()
    assert slowest < 2.0, slowest
    assert issuer.fetches() - before <= 1


def test_two_hosts_hear_of_it(make_host: MakeHost, planted: Planted, postgres: object) -> None:
    """Whatever ends a token ends what came of it, on the other host within a second."""
    first = make_host(None, postgres).start()
    shared = {name: first.settings[name] for name in SHARED} | {"DATABASE_URL": first.database_url}
    second = make_host(settings=shared).start()
    tenant = new_tenant(first, planted)
    admin = tenant.admin.api

    def ends(service: ServiceUser, user: User, jti: str) -> list[tuple[Api, Callable[[], object]]]:
        path = f"/api/v1/service-users/{service.id}"
        return [
            (service.token(), lambda: admin.post(f"{path}/rotate")),
            (service.token(), lambda: admin.put(path, {"active": False})),
            (service.token(), lambda: admin.delete(path, status=200)),
            (user.api, lambda: admin.delete(f"/api/v1/tokens/{jti}")),
            (user.api, lambda: admin.put(f"/api/v1/users/{user.id}", {"password": planted.password("another")})),
            (user.api, lambda: admin.put(f"/api/v1/users/{user.id}", {"active": False})),
            (user.api, lambda: admin.delete(f"/api/v1/users/{user.id}")),
            (user.api, lambda: admin.post("/api/v1/revocations", {"principal": user.id})),
            (user.api, lambda: user.api.post("/api/v1/users/logout", status=204)),
        ]

    for at in range(9):
        user = tenant.user()
        api, end = ends(new_service_user(tenant), user, id_of(user.api))[at]
        last = traded(tenant, traded(tenant, api))
        assert stands(second.api(last.token)), at
        end()
        assert not stands(first.api(last.token)), at
        until = time.monotonic() + 1.5
        while stands(second.api(last.token)):
            assert time.monotonic() < until, at
            time.sleep(0.05)
        assert exchange(second, f"Bearer {last.token}", str(last.token)).status_code == 401, at


def test_two_rotations_at_once_give_one_token(any_host: Host, planted: Planted) -> None:
    tenant = new_tenant(any_host, planted)
    user = tenant.user()
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: user.api.request("POST", "/api/v1/tokens/rotate"), range(8)))
    good = [reply for reply in replies if reply.status_code == 200]
    assert len(good) == 1 and all(reply.status_code in (200, 401) for reply in replies)
    planted.note("rotated token", good[0].json()["token"].rsplit(".", 1)[1])
