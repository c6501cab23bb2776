"""The VMS double itself: that it behaves as the vendor's pages say, and that its keys open a real store."""

import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
import requests

from harness.s3 import Keys, Store
from harness.vms import Vms
from harness.vms_calls import TOO_MANY
from harness.vms_client import Ask
from harness.vms_directory import Account
from harness.vms_store import KeyStore, identity_policy

def test_a_key_opens_what_its_user_may_and_stops_when_it_is_deleted(
    vms: Vms, key_store: KeyStore, vast_bucket: str, vast_writer: Account, ask: Ask
) -> None:
    made = ask("POST", "/api/s3keys/", vast_writer)
    assert made.status_code == 200
    assert made.json().keys() == {"access_key", "secret_key"}
    keys = Keys(made.json()["access_key"], made.json()["secret_key"])
    store = Store(key_store.seaweed, keys)
    assert store.get(vast_bucket, "lake/file") == store.list(vast_bucket, "lake/") == "ok"
    assert store.put(vast_bucket, "lake/new") == store.delete(vast_bucket, "lake/new") == "ok"
    assert store.get(vast_bucket, "other/file") == store.put(vast_bucket, "other/new") == "AccessDenied"
    assert store.list(vast_bucket, "other/") == store.list(vast_bucket, None) == "AccessDenied"

    reader = vms.user(policy=identity_policy(vast_bucket, "lake/"))
    body = ask("POST", "/api/s3keys/", reader).json()
    reading = Store(key_store.seaweed, Keys(body["access_key"], body["secret_key"]))
    assert reading.get(vast_bucket, "lake/file") == "ok"
    assert reading.put(vast_bucket, "lake/new") == reading.delete(vast_bucket, "lake/file") == "AccessDenied"

    assert ask("DELETE", "/api/s3keys/", vast_writer, json={"access_key": keys.access_key_id}).status_code == 204
    assert key_store.stops(keys, vast_bucket, "lake/file")
    assert reading.get(vast_bucket, "lake/file") == "ok"
    assert ask("DELETE", "/api/s3keys/", vast_writer, json={"access_key": keys.access_key_id}).status_code == 404


def test_a_third_key_is_refused_whoever_made_the_two(vms: Vms, vast_writer: Account, ask: Ask) -> None:
    vms.make_elsewhere(vast_writer)
    assert ask("POST", "/api/v5/s3keys/", vast_writer).status_code == 200
    third = ask("POST", "/api/latest/s3keys/", vast_writer)
    assert (third.status_code, third.json()) == (400, {"detail": TOO_MANY})
    assert len(vms.keys(vast_writer)) == 2
    assert (vast_writer.most_keys, vast_writer.refused_keys) == (2, 1)


def test_the_limit_holds_when_all_ask_at_once(vms: Vms, vast_writer: Account, ask: Ask) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: ask("POST", "/api/s3keys/", vast_writer).status_code, range(8)))
    assert sorted(replies) == [200, 200, *[400] * 6]
    assert vast_writer.most_keys == 2


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("times", ["second", "microsecond", None])
def test_the_list_has_no_secret_and_the_shape_that_was_set(
    vms: Vms, vast_writer: Account, ask: Ask, wrapped: bool, times: str | None
) -> None:
    vms.settings.wrapped, vms.settings.times = wrapped, times  # type: ignore[assignment]
    made = ask("POST", "/api/s3keys/", vast_writer).json()
    listed = ask("GET", "/api/s3keys/", vast_writer)
    assert made["secret_key"] not in listed.text
    (entry,) = listed.json()["access_keys"] if wrapped else listed.json()
    assert (entry["access_key"], entry["enabled"]) == (made["access_key"], True)
    assert ("creation_time" in entry) == (times is not None)


@pytest.mark.parametrize("slashes", [True, False])
def test_both_forms_of_deletion_and_names_with_a_slash(vms: Vms, vast_writer: Account, ask: Ask, slashes: bool) -> None:
    vms.awkward_names()
    vms.settings.path_slashes = slashes
    name = ask("POST", "/api/s3keys/", vast_writer).json()["access_key"]
    assert {"/", "+", "="} <= set(name)
    path = f"/api/s3keys/{quote(name, safe='')}/"
    assert ask("DELETE", f"/api/s3keys/{name}/", vast_writer).status_code == 404
    vms.settings.path_deletion = False
    assert ask("DELETE", path, vast_writer).status_code == 404
    vms.settings.path_deletion = True
    assert ask("DELETE", path, vast_writer).status_code == (204 if slashes else 404)
    vms.settings.body_deletion = False
    assert ask("DELETE", "/api/s3keys/", vast_writer, json={"access_key": name}).status_code == 405
    vms.settings.body_deletion = True
    assert ask("DELETE", "/api/s3keys/", vast_writer, json={"access_key": name}).status_code == (404 if slashes else 204)
    assert vms.keys(vast_writer) == set()


def test_a_key_of_somebody_else_is_not_there(vms: Vms, vast_bucket: str, vast_writer: Account, ask: Ask) -> None:
    name = ask("POST", "/api/s3keys/", vast_writer).json()["access_key"]
    other = vms.user(policy=identity_policy(vast_bucket))
    assert ask("GET", "/api/s3keys/", other).json() == []
    assert ask("DELETE", f"/api/s3keys/{name}/", other).status_code == 404
    assert ask("DELETE", "/api/s3keys/", other, json={"access_key": name}).status_code == 404
    assert vms.keys(vast_writer) == {name}


def test_who_is_refused(vms: Vms, vast_bucket: str, vast_writer: Account, ask: Ask) -> None:
    local = vms.user(policy=identity_policy(vast_bucket), kind="local")
    assert ask("POST", "/api/s3keys/", local).status_code == 403
    assert ask("POST", "/api/s3keys/").status_code == 401
    wrong = ask("POST", "/api/s3keys/", auth=(vast_writer.name, "wrong"))
    assert (wrong.status_code, wrong.json()) == (401, {"detail": "Invalid username/password."})
    assert ask("POST", "/api/s3keys/", headers={"Authorization": "Basic ???"}).status_code == 401
    assert ask("POST", "/api/s3keys", vast_writer).status_code == 404
    assert ask("POST", "/api/v99/s3keys/", vast_writer).status_code == 404
    assert ask("PUT", "/api/s3keys/", vast_writer).status_code == 405
    assert ask("DELETE", "/api/s3keys/", vast_writer, data="{}").status_code == 415
    assert ask("DELETE", "/api/s3keys/", vast_writer, json={"key": "x"}).status_code == 400
    assert vms.keys(vast_writer) == set()


def test_a_tenant_is_named_by_header(vms: Vms, vast_bucket: str, ask: Ask) -> None:
    vms.auth.tenants.add("blue")
    user = vms.user(policy=identity_policy(vast_bucket), tenant="blue")
    assert ask("POST", "/api/s3keys/", user).status_code == 401
    assert ask("POST", "/api/s3keys/", user, headers={"X-Tenant-Name": "green"}).status_code == 403
    assert ask("POST", "/api/s3keys/", user, headers={"X-Tenant-Name": "blue"}).status_code == 200


def test_web_tokens_end_and_are_refreshed_once(vms: Vms, vast_writer: Account, ask: Ask) -> None:
    vms.settings.access_life, vms.settings.refresh_life = 0.3, 0.9
    login = {"username": vast_writer.name, "password": vast_writer.password}
    assert ask("POST", "/api/token/", json=login | {"password": "wrong"}).status_code == 401
    first = ask("POST", "/api/token/", json=login).json()

    def listing(token: str) -> requests.Response:
        return ask("GET", "/api/s3keys/", headers={"Authorization": f"Bearer {token}"})

    assert listing(first["access"]).status_code == 200
    assert listing(first["refresh"]).status_code == 403
    assert listing(first["access"][:-2] + "xx").status_code == 403
    time.sleep(0.4)
    ended = listing(first["access"])
    assert ended.status_code == 403
    assert "Token is invalid or expired" in ended.text
    second = ask("POST", "/api/token/refresh/", json={"refresh": first["refresh"]}).json()
    assert listing(second["access"]).status_code == 200
    assert ask("POST", "/api/token/refresh/", json={"refresh": first["refresh"]}).status_code == 403
    time.sleep(1)
    gone = ask("POST", "/api/token/refresh/", json={"refresh": second["refresh"]})
    assert (gone.status_code, gone.json()["detail"]) == (403, "Token is invalid or expired")


def test_an_api_token_serves_until_it_is_revoked(vms: Vms, vast_writer: Account, ask: Ask) -> None:
    token = vms.auth.api_token(vast_writer)
    assert ask("POST", "/api/s3keys/", headers={"Authorization": f"Api-Token {token}"}).status_code == 200
    assert ask("POST", "/api/s3keys/", headers={"Authorization": "Api-Token wrong"}).status_code == 401
    vms.auth.revoke_api_token(token)
    assert ask("POST", "/api/s3keys/", headers={"Authorization": f"Api-Token {token}"}).status_code == 401


def test_a_client_without_the_authority_does_not_get_in(vms: Vms, vast_writer: Account) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{vms.url}/api/s3keys/", auth=(vast_writer.name, vast_writer.password), timeout=10)
    assert vms.calls() == []
