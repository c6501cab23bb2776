"""An administrator of a tenant whose configuration leads the host, the plugin, or the secrets elsewhere."""

import json
import secrets
import socket
from typing import Any

import pytest
from requests import Response

from harness.attack_arena import Arena
from harness.world import Lake

# What no server of a warehouse may be. `{port}` listens on every address of the machine.
SERVERS = [
    *("http://127.0.0.2:{port}", "http://0:{port}", "http://0.0.0.0:{port}", "http://[::1]:{port}", "http://[::]:{port}"),
    *("http://127.0.0.2.:{port}", "http://2130706434:{port}", "http://0x7f000002:{port}", "http://[::ffff:127.0.0.2]:{port}"),
    *("http://[64:ff9b::7f00:2]:{port}", "http://169.254.169.254", "http://0xa9fea9fe", "http://[fd00:ec2::254]"),
    *("http://10.0.0.1", "http://192.168.1.1", "http://172.16.0.1", "http://100.100.100.200", "http://168.63.129.16"),
    *("http://user@127.0.0.1:{port}", "http://user:pw@127.0.0.1:{port}", "http://127.0.0.1:{port}/?q=1", "http://127.0.0.1:{port}#x"),
    *("ftp://127.0.0.1:{port}", "file:///etc/passwd", "unix:/run/x.sock", "javascript:0", "//127.0.0.1:{port}", "127.0.0.1:{port}"),
    *("http://", "http://127.0.0.1:99999", "http://127.0.0.1:{port}\r\nX-A: b", "http://a b", "http://127.0.0.1:{port}\\@x"),
]
# These have the form of a server; where they lead is seen when they are called.
NAMES = ["http://{name}:{port}", "http://ip6-localhost:{port}", "http://ip6-loopback:{port}", "http://nowhere.invalid:{port}"]
ODD = {
    "an unknown field": {"surprise": "x"},
    "a field of the host": {"access": "write"},
    "a number for a text": {"note": 5},
    "a list for a text": {"note": ["x"]},
    "an object for a secret": {"bearer_secret": {"value": "x"}},
    "a list for a secret": {"bearer_secret": ["x"]},
    "a null byte": {"note": "a\0b"},
    "lines": {"note": "a\r\nb"},
    "a long text": {"note": "x" * 9000},
    "a long secret": {"bearer_secret": "x" * (1 << 20)},
    "a very long text": {"note": "x" * (9 << 20)},
    "many fields": {f"f{n}": "x" for n in range(20_000)},
    "deep": {"script": json.loads("[" * 100 + "]" * 100), "note": json.loads("[" * 100 + "]" * 100)},
    "no mode": {"mode": None},
    "a mode that is none": {"mode": ""},
    "a name twice": {"Bearer-Secret": "x", "bearer_secret": "y"},
    "a large document": {"script": {"steps": ["x" * 100] * 1000}},
}
REFERENCES = ["PANGOLIN_JWT_SECRET", "pangolin-jwt-secret", "AWS_SECRET_ACCESS_KEY", "aws-secret-access-key", "DATABASE_URL"]
REFERENCES += ["../../../etc/passwd", "/etc/passwd", "a/b", "..", "", "a\0b", "x" * 300, "KUBERNETES_SERVICE_HOST", "\u202e", "HOST NAME"]


def put(arena: Arena, lake: Lake, mode: str = "script", **fields: Any) -> Response:
    body = {"vending_strategy": arena.strategy(mode, **fields)}
    return lake.tenant.admin.api.request("PUT", f"/api/v1/warehouses/{lake.warehouse}", json=body)


def refused(arena: Arena, reply: Response, statuses: tuple[int, ...] = (400, 403, 413, 422)) -> None:
    assert reply.status_code in statuses, reply.text[:2000]
    assert len(reply.text) < 50_000
    assert not arena.planted.found_in(reply.content + str(reply.headers).encode()), reply.text[:2000]
    assert json.dumps(reply.json()).isprintable()


@pytest.mark.parametrize("field", ["upstream", "collector"])
def test_no_server_that_is_not_for_tenants(arena: Arena, field: str) -> None:
    for server in SERVERS:
        reply = put(arena, arena.mallory, **{field: server.format(port=arena.forbidden.port)})
        assert reply.status_code in (400, 422), (server, reply.text)
        refused(arena, reply)
        assert field in reply.text, (server, reply.text)
    assert arena.forbidden.since(0) == []


def test_no_name_that_leads_to_an_address_that_is_not_for_tenants(arena: Arena) -> None:
    port = arena.forbidden.port
    named = [name.format(name=socket.gethostname(), port=port) for name in NAMES]
    # A name of the one address that the operator allows is allowed.
    named = [url for url in named if "127.0.0.1" not in addresses(url)]
    send = {"do": "send", "url": "{upstream}/", "auth": {"by": "bearer", "slot": "bearer_secret"}}
    for server in named:
        out = arena.script(send, upstream=server)
        assert out.seen[0]["failed"] in ("Denied", "Dns", "Connect", "Invalid"), (server, out.seen)


def addresses(url: str) -> set[str]:
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(url[7:].rpartition(":")[0], None)}
    except socket.gaierror:
        return set()


@pytest.mark.parametrize("what", ODD)
def test_no_odd_configuration_breaks_anything(arena: Arena, what: str) -> None:
    reply = put(arena, arena.mallory, **ODD[what])
    refused(arena, reply)
    assert arena.attack("honest").status == 200


def test_words_of_any_script_are_words(arena: Arena) -> None:
    for text in ("日本語 ünï \U0001f511", "'; DROP TABLE warehouses; --", "${jndi:ldap://x}", "{{7*7}}", "%s%n", "../../x", "\u202eabc"):
        out = arena.script({"do": "log", "text": "{note}"}, note=text)
        assert out.code == "script-over"


def test_no_kept_secret_is_led_to_another_server(arena: Arena) -> None:
    lake = arena.lake()
    arena.turn(lake, "honest")
    api = lake.tenant.admin.api
    shown = api.get(f"/api/v1/warehouses/{lake.warehouse}")
    assert not arena.planted.found_in(json.dumps(shown).encode())
    elsewhere = f"http://127.0.0.1:{arena.forbidden.port}"
    for field in ("upstream", "collector"):
        for more in ({}, {"bearer_secret": "***"}, {"bearer_secret": arena.secrets["bearer_secret"]}):
            body = {"vending_strategy": {"Hostile": {"mode": "honest", field: elsewhere} | more}}
            reply = api.request("PUT", f"/api/v1/warehouses/{lake.warehouse}", json=body)
            refused(arena, reply)
    # Nor is it when the strategy is another one that knows a field of that name.
    assert api.get(f"/api/v1/warehouses/{lake.warehouse}") == shown


@pytest.mark.parametrize("name", REFERENCES)
def test_no_reference_to_what_is_the_host_s(arena: Arena, name: str) -> None:
    refused(arena, put(arena, arena.mallory, bearer_secret={"secret_ref": name}))


def test_no_reference_to_a_secret_of_another_tenant(arena: Arena) -> None:
    reply = put(arena, arena.victim, mode="honest", bearer_secret={"secret_ref": "victims-token"})
    assert reply.status_code == 200, reply.text
    for name in ("victims-token", "VICTIMS-TOKEN", "victims_token", "Victims-Token"):
        refused(arena, put(arena, arena.mallory, bearer_secret={"secret_ref": name}), (403,))


@pytest.mark.parametrize("mode", ["spin", "allocate", "abort", "panic", "recurse", "spin-log", "spin-clock", "spin-hash", "problems"])
def test_a_plugin_that_breaks_while_it_judges_costs_that_request_only(arena: Arena, mode: str) -> None:
    reply = put(arena, arena.mallory, at_check=mode)
    assert 400 <= reply.status_code < 600, reply.text
    refused(arena, reply, (422, 400, 502, 503))
    assert arena.attack("honest").status == 200


def test_a_secret_that_is_written_into_a_plain_field_is_not_carried_on_by_the_host(arena: Arena) -> None:
    """The tenant tells the guest its own secret. The host does not pass it on where it can read it."""
    # No planted one: the database holds what is no secret by its field as it is.
    text = secrets.token_urlsafe(40)
    told: dict[str, Any] = {"note": text, "bearer_secret": text, "collector": None}
    out = arena.attack("script", script={"steps": [{"do": "log", "text": "{note}"}, {"do": "log", "text": "a {note} b"}]}, **told)
    assert out.code == "script-over", out
    assert text not in arena.host.logged()
    carry = {"do": "send", "method": "POST", "url": "{upstream}/x"}
    for part in ({"body": "{note}"}, {"body": "a{note}b"}, {"headers": [["X-A", "{note}"]]}, {"url": "{upstream}/x?{note}"}):
        before = arena.granted.mark()
        out = arena.attack("script", script={"steps": [carry | part]}, **told)
        assert arena.granted.since(before) == []
        assert out.status in (403, 502), out
        assert text not in out.text + json.dumps(out.row)
