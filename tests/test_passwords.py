"""One's own password: changed by whoever knows it, at the cost of a login to whoever guesses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.api import Api
from harness.host import Host
from harness.planted import Planted
from harness.world import Tenant, new_tenant

PATH = "/api/v1/users/me/password"


def test_the_new_password_lets_in_and_the_old_one_does_not(any_host: Host, planted: Planted) -> None:
    tenant = new_tenant(any_host, planted)
    user = tenant.user("Reader")
    other = any_host.api().login(user.name, user.password, tenant.id)
    new = planted.password("own new password")
    user.api.put(PATH, {"current-password": user.password, "new-password": new}, status=204)
    user.api.get("/api/v1/users/me")
    other.get("/api/v1/users/me", status=401)
    old = {"username": user.name, "password": user.password, "tenant-id": tenant.id}
    any_host.api().post("/api/v1/users/login", old, status=401)
    any_host.api().login(user.name, new, tenant.id).get("/api/v1/users/me")
    (row,) = tenant.admin.api.audit(action="change_password", result="success")
    assert (row["result"], row["username"], row["metadata"]) == ("success", user.name, {"sessions_ended": 1})


@pytest.fixture
def strict(make_host: Callable[..., Host], planted: Planted) -> Tenant:
    return new_tenant(make_host(settings={"PANGOLIN_AUTH_RATE_LIMIT": "4", "PANGOLIN_MIN_PASSWORD_LENGTH": "12"}).start(), planted)


def test_a_stolen_session_does_not_guess_the_password(strict: Tenant) -> None:
    user = strict.user()
    guess = {"current_password": "no such password", "new_password": "long enough for it"}
    told = [user.api.request("PUT", PATH, json=guess) for _ in range(6)]
    assert [reply.status_code for reply in told] == [403] * 4 + [429] * 2
    assert {reply.json()["code"] for reply in told} == {"current-password-wrong", "too-many-attempts"}
    assert int(told[-1].headers["Retry-After"]) <= 60
    # A login of the same account has to wait as well.
    body = {"username": user.name, "password": user.password, "tenant-id": strict.id}
    assert Api(strict.host.url).request("POST", "/api/v1/users/login", json=body).status_code == 429


def test_the_setting_for_its_length_holds_here_too(strict: Tenant) -> None:
    user = strict.user()
    short = strict.planted.note("short password", "elevenchars")
    reply = user.api.request("PUT", PATH, json={"current_password": user.password, "new_password": short})
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "password")
    assert "12" in reply.json()["detail"]
