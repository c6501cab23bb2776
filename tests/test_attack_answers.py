"""A plugin that answers with more than it was asked for: wider, longer, of others, or secrets of its own warehouse."""

from typing import Any

import pytest

from harness.api import VENDED
from harness.attack_arena import Arena
from harness.world import Lake

DAY = 86_400
KEYS = {"s3.access-key-id": "PLAIN", "s3.secret-access-key": "PLAIN-SECRET"}
# Prefixes that are not inside the table. `{root}` is the table's own location, with its slash at the end.
PREFIXES = {
    "the bucket": "s3://{bucket}/",
    "everything": "s3://",
    "nothing": "",
    "the lake": "{base}/",
    "the namespace": "{base}/sales/",
    "another table": "{other}/",
    "another tenant's table": "{theirs}/",
    "another bucket": "s3://somebody-elses/lake/",
    "without the slash": "{mine}",
    "a neighbour by name": "{mine}2/",
    "up": "{root}../",
    "up, encoded": "{root}%2e%2e/",
    "up, in the middle": "{root}data/../../",
    "twice a slash": "{root}/",
    "here": "{root}./",
    "another scheme": "s3a{tail}",
    "a scheme in capitals": "S3{tail}",
    "a query": "{root}?x=",
    "a fragment": "{root}#",
    "a backslash": "{root}..\\",
    "a line": "{root}\r\n",
    "a null": "{root}\0/",
    "a blank in front": " {root}",
    "a user": "s3://x@{path}",
}
LIVES = {"a day more": DAY, "for ever": 10**15, "no end": None, "ended": 0, "before time": -(10**12)}
NAMES = ("s3.endpoint", "s3.signer.uri", "s3.proxy-uri", "uri", "py-io-impl", "io-impl", "token", "header.Authorization")
NAMES += ("S3.KEY", "s3.a b", "s3.a\r\nb", "s3.\u202e", "s3." + "a" * 200, "", "client.factory")


def location(lake: Lake, table: str) -> str:
    return lake.tenant.admin.api.load_table(lake.catalog, "sales", table, headers={})["metadata"]["location"].rstrip("/")


@pytest.mark.parametrize("name", PREFIXES)
def test_no_wider_scope(arena: Arena, name: str) -> None:
    lake = arena.mallory
    mine = location(lake, "mine")
    words = {"bucket": lake.bucket, "base": lake.base, "other": location(lake, "other"), "mine": mine}
    words |= {"theirs": location(arena.victim, "mine"), "root": mine + "/", "path": mine[5:] + "/", "tail": mine[2:] + "/"}
    out = arena.script(answer=[{"prefix": PREFIXES[name].format(**words)}])
    assert (out.status, out.code) == (502, "plugin-wider-scope"), out
    # Not beside one that is right either.
    out = arena.script(answer=[{}, {"prefix": PREFIXES[name].format(**words)}])
    assert (out.status, out.code) == (502, "plugin-wider-scope"), out


@pytest.mark.parametrize("name", LIVES)
def test_no_longer_life(arena: Arena, name: str) -> None:
    out = arena.script(answer=[{"life": LIVES[name]}])
    assert out.status == 502, out
    assert out.code in ("plugin-longer-life", "plugin-expired-answer"), out


@pytest.mark.parametrize("name", NAMES)
def test_no_name_that_leads_elsewhere(arena: Arena, name: str) -> None:
    out = arena.script(answer=[{"entries": KEYS | {name: "x"}}])
    assert (out.status, out.code) == (502, "plugin-bad-answer"), out


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ([], "plugin-bad-answer"),
        ([{"times": 17}], "plugin-answer-size"),
        ([{"times": 30_000}], ""),
        ([{"entries": KEYS | {"s3.session-token": {"repeat": ["x", 70_000]}}}], "plugin-answer-size"),
        ([{"entries": KEYS | {"s3.session-token": {"repeat": ["x", 4 << 20]}}}], "plugin-copy-bytes"),
        ([{"entries": KEYS | {"s3.session-token": {"repeat": ["x", 1 << 30]}}}], "plugin-memory"),
        ([{"entries": KEYS | {"s3.session-token": ""}}], "plugin-bad-answer"),
        ([{"entries": KEYS | {"s3.session-token": "a\r\nset-cookie: b"}}], "plugin-bad-answer"),
        ([{"entries": {f"s3.name-{n}": "x" for n in range(40)}}], "plugin-bad-answer"),
        ([{"entries": {}}], "plugin-bad-answer"),
        ([{"handle": {"repeat": ["h", 5000]}}], "plugin-bad-answer"),
        ([{"prefix": {"repeat": ["s3://", 200_000]}}], "plugin-answer-size"),
    ],
)
def test_no_answer_beyond_the_bounds(arena: Arena, answer: list[Any], code: str) -> None:
    out = arena.script(answer=answer)
    assert out.status == 502, out
    assert code in out.code, out


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("slot", ["somebody-elses", "empty_secret", "bearer_secret", "access_key_id", "jwt_secret", "mode", ""])
def test_no_slot_that_was_not_given_for_it(arena: Arena, slot: str, wide: bool) -> None:
    out = arena.script(answer=[{"entries": KEYS | {"s3.session-token": {"slot": slot}}}], wide=wide)
    assert (out.status, out.code) == (502, "plugin-slot-refused"), out


def test_a_key_is_handed_out_only_where_that_is_its_use_and_the_strategy_says_that_it_is_wide(arena: Arena) -> None:
    answer = [{"entries": KEYS | {"s3.secret-access-key": {"slot": "vended_secret"}}}]
    out = arena.script(answer=answer)
    assert (out.status, out.code) == (502, "plugin-slot-refused"), out
    # Who holds less than the whole warehouse does not get it even so.
    reader = arena.mallory.tenant.user("Reader")
    arena.turn(arena.mallory, "script", script={"answer": answer}, wide=True)
    path = reader.api.table_path(arena.mallory.catalog, "sales", "mine") + "/credentials"
    reply = reader.api.request("POST", path)
    assert reply.status_code == 403, reply.text
    assert arena.secrets["vended_secret"] not in reply.text
    status, text, _ = arena.vend(arena.mallory)
    assert (status, arena.secrets["vended_secret"] in text) == (200, True), text
    assert arena.last_row(arena.mallory)["metadata"]["unscoped"] is True


def test_what_clients_would_follow_is_left_out(arena: Arena) -> None:
    odd = {"s3.acl": "public-read", "s3.access-points.bucket": "arn:x", "adls.connection-string": "x", "s3.remote-x": "x"}
    out = arena.script(answer=[{"entries": KEYS | odd, "extensions": [["s3.endpoint", "http://elsewhere.example"]]}])
    assert out.status == 200, out
    loaded = arena.mallory.tenant.admin.api.load_table(arena.mallory.catalog, "sales", "mine", headers=VENDED)
    assert loaded["config"]["s3.access-key-id"] == "PLAIN"
    assert not odd.keys() & loaded["config"].keys()
    assert "elsewhere.example" not in str(loaded)


@pytest.mark.parametrize("mode", ["error-huge", "error-forged", "error-wait"])
def test_a_refusal_of_its_own_has_a_form(arena: Arena, mode: str) -> None:
    out = arena.attack(mode)
    assert out.status in (403, 502, 503), out
    assert len(out.text) < 10_000
    assert len(out.message) < 2_500
    assert out.message.isprintable(), out.message
    assert out.code.replace("-", "").isalnum(), out.code
