"""Explanations of strategies that others wrote: without the secret, and whether they are honest or not."""

import json
from typing import Any

import pytest

from harness.attack_arena import Arena
from harness.examples.minio import Minio
from harness.examples.r2 import R2
from harness.examples.sessions import Sessions, bucket_policy
from harness.examples.token_shop import TokenShop
from harness.examples.vault import Role, Vault
from harness.examples.world import example_scene
from harness.explaining import explain, failed, silence
from harness.host import Host, unused_name
from harness.planted import Planted
from harness.seaweed import VEND_ROLE, Seaweed

Step = dict[str, Any]


def test_the_token_shop_in_rust(
    stubbed_host: Host, planted: Planted, seaweed: Seaweed, sessions: Sessions
) -> None:
    shop = TokenShop(sessions, planted)
    scene = example_scene(stubbed_host, planted, seaweed, {"TokenShop": {"token_url": shop.url, "api_key": shop.key}})
    reader = scene.tenant.user("Reader")
    with silence(lambda: len(shop.wire.seen)):
        told = explain(reader, scene.lake, ttl="1800")
    assert failed(told) is None
    (step,) = told["would"]
    before = len(shop.wire.seen)
    scene.vend(reader, ttl=1800)
    (request,) = shop.wire.seen[before:]
    assert (step["method"], step["url"], step["body"]) == (request.method, shop.url, request.body.decode())
    assert step["auth"] == {"kind": "bearer", "slots": ["api_key"]}
    assert "authorization" in step["headers"]
    assert told["outcome"]["hands_out"] is None
    shop.wire.stop()


def test_r2_in_javascript(stubbed_host: Host, planted: Planted, seaweed: Seaweed, r2: R2) -> None:
    bucket = seaweed.bucket()
    r2.buckets[bucket] = "default"
    fields = {"account_id": r2.account, "parent_access_key_id": r2.key_id, "api_token": r2.token, "api_url": r2.api_url}
    scene = example_scene(stubbed_host, planted, seaweed, {"R2Temporary": fields}, bucket)
    reader = scene.tenant.user("Reader")
    with silence(lambda: len(r2.wire.seen)):
        (step,) = explain(reader, scene.lake)["would"]
    before = len(r2.wire.seen)
    scene.vend(reader)
    (request,) = r2.wire.seen[before:]
    assert step["body"] == json.loads(request.body)
    assert step["url"].endswith(request.target) and step["auth"]["slots"] == ["api_token"]


def test_vault_in_python(stubbed_host: Host, planted: Planted, seaweed: Seaweed, vault: Vault) -> None:
    bucket = seaweed.bucket()
    roles = {"read_role": unused_name("read"), "write_role": unused_name("write")}
    for name, role in roles.items():
        vault.roles[role] = Role(bucket_policy(bucket, ["lake/"], name == "write_role"))
    fields = {"vault_addr": vault.wire.url, "vault_token": vault.token, "mount": vault.mount, "ca_certificate": vault.ca}
    scene = example_scene(stubbed_host, planted, seaweed, {"VaultAws": fields | roles}, bucket)
    reader = scene.tenant.user("Reader")
    with silence(lambda: len(vault.wire.seen)):
        (step,) = explain(reader, scene.lake)["would"]
    before = len(vault.wire.seen)
    scene.vend(reader)
    request = vault.wire.seen[before]
    assert step["method"] == request.method and step["url"].endswith(request.target)
    assert step["auth"]["slots"] == ["vault_token"] and step["trust"] == "ca_certificate"
    assert step["body"] == (json.loads(request.body) if request.body else None)


def test_minio_in_c(stubbed_host: Host, planted: Planted, seaweed: Seaweed, minio: Minio) -> None:
    fields = {"sts_endpoint": minio.wire.url, "ldap_username": minio.user, "ldap_password": minio.password}
    scene = example_scene(stubbed_host, planted, seaweed, {"MinioLdap": fields})
    reader = scene.tenant.user("Reader")
    with silence(lambda: len(minio.wire.seen)):
        (step,) = explain(reader, scene.lake)["would"]
    before = len(minio.wire.seen)
    scene.vend(reader)
    (request,) = minio.wire.seen[before:]
    sent = request.body.decode()
    assert sent.startswith(step["body"]) and "LDAPPassword" not in step["body"] and "LDAPPassword" in sent
    assert step["auth"] == {"kind": "form-field", "name": "LDAPPassword", "slots": ["ldap_password"]}


class Rehearsal:
    """Turns the hostile tenant's strategy to a script, and has it explained."""

    def __init__(self, arena: Arena):
        self.arena, self.lake = arena, arena.mallory

    def explain(self, *steps: Step, answer: Any = None, wide: bool | None = None) -> dict[str, Any]:
        """Nothing that is secret is in it, in the log, or at a server: no server hears anything at all."""
        arena = self.arena
        script = {"steps": list(steps)} | ({"answer": answer} if answer is not None else {})
        arena.turn(self.lake, "script", script=script, wide=wide)
        marks = [upstream.mark() for upstream in (arena.granted, arena.collector, arena.forbidden)]
        logged = arena.host.log.stat().st_size
        path = self.lake.tenant.admin.api.table_path(self.lake.catalog, "sales", "mine") + "/credentials/explain"
        reply = self.lake.tenant.admin.api.request("GET", path)
        assert reply.status_code == 200, reply.text
        with arena.host.log.open("rb") as log:
            log.seek(logged)
            places = {"log": log.read(), "reply": reply.content}
        assert not [(place, found) for place, data in places.items() if (found := arena.planted.found_in(data))]
        for upstream, mark in zip((arena.granted, arena.collector, arena.forbidden), marks, strict=True):
            assert upstream.since(mark) == []
        return reply.json()


@pytest.fixture
def rehearsal(arena: Arena) -> Rehearsal:
    return Rehearsal(arena)


def send(slot: str, **more: Any) -> Step:
    return {"do": "send", "method": "POST", "url": "{upstream}/use", "auth": {"by": "bearer", "slot": slot}} | more


def test_a_hostile_strategy_sends_nothing_and_comes_no_further(rehearsal: Rehearsal) -> None:
    told = rehearsal.explain(send("bearer_secret"), {"do": "send", "method": "POST", "url": "{collector}/loot", "body": "{seen}"})
    assert [step["auth"]["slots"] for step in told["would"]] == [["bearer_secret"]]
    # It does not come to its second step, nor to the tale that it tells its collector at the end.
    assert told["outcome"]["hands_out"] is None


def test_what_is_refused_at_a_vend_is_refused_here(rehearsal: Rehearsal) -> None:
    elsewhere = {"do": "send", "url": f"http://127.0.0.1:{rehearsal.arena.forbidden.port}/"}
    told = rehearsal.explain(elsewhere, send("basic_secret"), send("bearer_secret", url="{collector}/use"))
    # All three are refused; the next is the tale, which goes to a server that is granted.
    (step,) = told["would"]
    assert step["url"].startswith(rehearsal.arena.collector.url) and step["auth"] is None


def test_a_guess_of_a_secret_stops_it_and_is_not_shown(rehearsal: Rehearsal) -> None:
    secret = rehearsal.arena.secrets["bearer_secret"]
    # The tenant's own admin wrote it there: a strategy by itself could only guess.
    for guess in (secret, secret.encode().hex()):
        arena = rehearsal.arena
        arena.turn(rehearsal.lake, "script", script={"steps": [send("bearer_secret", body=guess)]})
        api = rehearsal.lake.tenant.admin.api
        path = api.table_path(rehearsal.lake.catalog, "sales", "mine") + "/credentials/explain"
        told = api.get(path)
        assert failed(told) == "strategy" and told["would"] == []
        assert not arena.planted.found_in(json.dumps(told).encode())


def test_a_stand_in_is_all_that_it_gets_of_a_session(rehearsal: Rehearsal) -> None:
    policy = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::{path}*"}]}
    )
    lake = rehearsal.lake
    location = lake.tenant.admin.api.load_table(lake.catalog, "sales", "mine", headers={})["metadata"]["location"]
    filled = policy.replace("{path}", location.rstrip("/")[5:] + "/")
    role = {"do": "assume-role", "role": VEND_ROLE, "policy": filled}
    told = rehearsal.explain(role, {"do": "send", "method": "POST", "url": "{collector}/loot", "body": "{seen}"})
    assert [step["service"] for step in told["would"]] == ["sts.assume-role", "http.send"]
    assert "dry-run-opens-nothing" in json.dumps(told["would"][1]["body"])


def test_a_policy_that_is_too_wide_is_no_step(rehearsal: Rehearsal) -> None:
    wide = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    role = {"do": "assume-role", "role": VEND_ROLE, "policy": wide}
    told = rehearsal.explain(role)
    assert [step["service"] for step in told["would"]] == ["http.send"], "the tale is all that is left"


def test_an_answer_shows_names_and_never_values(rehearsal: Rehearsal) -> None:
    arena = rehearsal.arena
    answer = [{"entries": {"s3.access-key-id": "x", "s3.secret-access-key": {"slot": "vended_secret"}}, "life": None}]
    script = {"steps": [], "answer": answer}
    arena.turn(rehearsal.lake, "script", script=script, wide=True, collector=None)
    api = rehearsal.lake.tenant.admin.api
    told = api.get(api.table_path(rehearsal.lake.catalog, "sales", "mine") + "/credentials/explain")
    assert failed(told) is None
    (shape,) = told["outcome"]["hands_out"]
    assert set(shape["entries"]) == {"s3.access-key-id", "s3.secret-access-key"}
    assert not arena.planted.found_in(json.dumps(told).encode())
