"""A plugin that reaches for servers that it may not reach, or that are as hostile as itself."""

import socket
import time
from typing import Any

import pytest

from harness.attack_arena import Arena
from harness.attack_upstream import MALFORMED

BEARER = {"by": "bearer", "slot": "bearer_secret"}
# Names and notations of servers that are not granted. `{port}` is of one that listens on every address of the machine.
ADDRESSES = [
    *("127.0.0.1:{port}", "127.1:{port}", "127.0.1:{port}", "2130706433:{port}", "0x7f000001:{port}", "0x7f.1:{port}"),
    *("0177.0.0.1:{port}", "017700000001:{port}", "127.0.0.1.:{port}", "127.0.0.2:{port}", "127.255.255.254:{port}"),
    *("%31%32%37.0.0.1:{port}", "127。0。0。1:{port}", "①②⑦.0.0.1:{port}", "0:{port}", "0.0.0.0:{port}"),
    *("[::1]:{port}", "[0:0:0:0:0:0:0:1]:{port}", "[::]:{port}", "[::ffff:127.0.0.1]:{port}", "[::ffff:7f00:1]:{port}"),
    *("[::127.0.0.1]:{port}", "[64:ff9b::127.0.0.1]:{port}", "[64:ff9b::7f00:1]:{port}", "[2002:7f00:1::]:{port}"),
    *("localhost:{port}", "LOCALHOST:{port}", "localhost.:{port}", "a.localhost:{port}", "localhost.localdomain:{port}"),
    *("[fe80::1]:{port}", "[fe80::1%25lo]:{port}", "{name}:{port}", "ip6-localhost:{port}"),
    *("169.254.169.254", "169.254.169.254.", "0xa9fea9fe", "2852039166", "[::ffff:169.254.169.254]", "[fd00:ec2::254]"),
    *("[64:ff9b::a9fe:a9fe]", "169.254.170.2", "168.63.129.16", "100.100.100.200", "metadata.google.internal.:8080"),
    *("10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "[fc00::1]", "192.0.2.1", "198.18.0.1", "224.0.0.1"),
    *("255.255.255.255", "240.0.0.1", "[ff02::1]", "[2001:db8::1]", "[100::1]", "example.com", "granted.invalid:8443"),
    *("wild.invalid", "x.wild.invalid:8443", "xwild.invalid", "granted.invalid.example.com", "notgranted.invalid"),
]
# Texts that one reader takes for the granted server and another for the one behind it.
TRICKS = [
    *("http://{granted}@{other}/", "http://{granted}:x@{other}/", "http://user:pw@{granted}/"),
    *("http://{other}#@{granted}/", "http://{other}?@{granted}/", "http://{granted}\\@{other}/", "http://{other}\\@{granted}/"),
    *("http://{other}/@{granted}/", "http://{granted}%40{other}/", "http://{other}%23@{granted}/", "http://{granted}\t@{other}/"),
    *("http://{granted}\r\n@{other}/", "http://{other}\n/", " http://{other}/", "http:{other}/", "http:/{other}/"),
    *("http:///{other}/", "//{other}/", "http:\\\\{other}\\", "http://{granted}:80@{other}/", "http://{granted};{other}/"),
    *("https://{other}/", "ftp://{other}/", "file:///etc/passwd", "gopher://{other}/_x", "data:text/plain,x", "unix:/run/x"),
    *("ws://{other}/", "javascript:0", "", "http://", "http://:80/", "http://{granted}.{other}/", "http://{granted}0/"),
    *("http://[{granted}]/", "http://{other}", "HTTP://{other}/", "http://{granted},{other}/", "http://{granted} {other}/"),
]
HEADERS = [
    *(("Host", "elsewhere.example"), ("host", "{granted}"), ("Authorization", "Bearer mine"), ("Cookie", "a=b")),
    *(("Connection", "close, authorization"), ("Content-Length", "0"), ("Transfer-Encoding", "chunked"), ("TE", "trailers")),
    *(("Upgrade", "h2c"), ("HTTP2-Settings", "x"), ("Expect", "100-continue"), ("Trailer", "x"), ("Keep-Alive", "x")),
    *(("Proxy-Authorization", "x"), ("Proxy-Connection", "x"), ("Forwarded", "for=1"), ("X-Forwarded-For", "127.0.0.1")),
    *(("X-Forwarded-Host", "x"), ("X-Amz-Security-Token", "x"), ("X-Amz-Date", "x"), ("Metadata-Flavor", "Google")),
    *(("X-aws-ec2-metadata-token", "x"), ("X-A", "b\r\nHost: elsewhere.example"), ("X-A", "b\nX-B: c"), ("X-A", "b\0")),
    *(("X-A\r\nX-B", "c"), ("X-A:", "c"), ("X A", "c"), ("", "c"), (":authority", "x"), ("X-A\0", "c"), ("Ünïcode", "c")),
]
# An answer like any other: nothing is switched.
HARMLESS = {"switch"}
METHODS = ("CONNECT", "TRACE", "OPTIONS", "get", "", "GET / HTTP/1.1\r\nX-A: b", "PRI", "GE T", "PROPFIND")


def sends(urls: list[str], **more: Any) -> list[dict[str, Any]]:
    return [{"do": "send", "url": url} | more for url in urls]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("auth", [None, BEARER], ids=["plain", "with a secret"])
def test_no_server_that_was_not_granted(arena: Arena, scheme: str, auth: dict[str, str] | None) -> None:
    words = {"port": arena.forbidden.port, "name": socket.gethostname()}
    urls = [f"{scheme}://{address.format(**words)}/latest/meta-data/" for address in ADDRESSES]
    out = arena.script(*sends(urls, auth=auth))
    for url, seen in zip(urls, out.seen, strict=True):
        assert seen.get("failed") in ("Denied", "Invalid"), (url, seen)


@pytest.mark.parametrize("auth", [None, BEARER], ids=["plain", "with a secret"])
def test_no_text_that_two_readers_read_differently(arena: Arena, auth: dict[str, str] | None) -> None:
    words = {"granted": arena.granted.url[7:], "other": f"127.0.0.1:{arena.forbidden.port}"}
    before = arena.granted.mark()
    urls = [trick.format(**words) for trick in TRICKS]
    out = arena.script(*sends(urls, auth=auth))
    for url, seen in zip(urls, out.seen, strict=True):
        assert seen.get("failed") in ("Denied", "Invalid"), (url, seen)
    assert arena.granted.since(before) == []


def test_no_header_of_the_host_and_none_that_makes_two(arena: Arena) -> None:
    before = arena.granted.mark()
    steps = [{"do": "send", "url": "{upstream}/x", "headers": [pair], "auth": BEARER} for pair in HEADERS]
    steps += [{"do": "send", "url": "{upstream}/x", "headers": [["X-A", "b"]] * 65}]
    out = arena.script(*steps)
    for step, seen in zip(steps, out.seen, strict=True):
        assert seen.get("failed") in ("Denied", "Invalid"), (step, seen)
    assert arena.granted.since(before) == []


def test_one_request_stays_one(arena: Arena) -> None:
    before = arena.granted.mark()
    out = arena.script(
        {"do": "send", "url": "{upstream}/a%0d%0aX-B:%20c?d%0a=%00", "headers": [["X-A", "a: b; c"]], "body": "\r\n\r\nGET /"},
        *[{"do": "send", "url": "{upstream}/x", "method": name} for name in METHODS],
    )
    assert out.seen[0]["status"] == 200
    for method, seen in zip(METHODS, out.seen[1:], strict=True):
        assert seen.get("failed") == "Invalid", (method, seen)
    [raw] = arena.granted.since(before)
    head = raw.partition(b"\r\n\r\n")[0].lower().split(b"\r\n")
    assert head[0] == b"get /a%0d%0ax-b:%20c?d%0a=%00 http/1.1", head
    names = sorted(line.partition(b":")[0] for line in head[1:])
    assert names.count(b"host") == 1 and b"x-b" not in names, head
    assert f"host: 127.0.0.1:{arena.granted.port}".encode() in head


@pytest.mark.parametrize("auth", [None, BEARER], ids=["plain", "with a secret"])
def test_redirects_are_answers(arena: Arena, auth: dict[str, str] | None) -> None:
    targets = [f"http://127.0.0.1:{arena.forbidden.port}/", "http://169.254.169.254/", "//elsewhere.example/", "file:///etc/passwd"]
    urls = [f"{{upstream}}/redirect/{status}?to={to}" for status in (301, 302, 303, 307, 308, 300) for to in targets]
    before = arena.granted.mark()
    out = arena.script(*sends(urls, auth=auth))
    assert [seen["status"] // 100 for seen in out.seen] == [3] * len(urls)
    assert len(arena.granted.since(before)) == len(urls)


@pytest.mark.parametrize("path", ["endless", "gigabyte", "slow", "silent"])
def test_a_server_that_never_ends_costs_this_call_only(arena: Arena, path: str) -> None:
    out = arena.script({"do": "send", "url": f"{{upstream}}/{path}", "auth": BEARER, "timeout": 400})
    assert out.seen[0]["failed"] in ("Timeout", "TooLarge"), out.seen
    assert out.seconds < 4
    # Without a word of its own how long it waits it is the call that ends.
    if path in ("slow", "silent"):
        began = time.monotonic()
        out = arena.attack("script", script={"steps": sends([f"{{upstream}}/{path}"])})
        assert out.code in ("upstream-timeout", "plugin-timeout"), out
        assert time.monotonic() - began < 6


def test_a_server_that_breaks_the_protocol_is_a_failure(arena: Arena) -> None:
    kinds = list(MALFORMED)
    out = arena.script(*sends([f"{{upstream}}/malformed/{kind}" for kind in kinds], auth=BEARER, timeout=1000))
    for kind, seen in zip(kinds, out.seen, strict=True):
        assert "failed" in seen or kind in HARMLESS, (kind, seen)


def test_no_more_requests_than_granted(arena: Arena) -> None:
    before = arena.granted.mark()
    out = arena.attack("script", script={"steps": sends(["{upstream}/x"] * 80)})
    assert out.code == "egress-denied", out
    assert len(arena.granted.since(before)) == 64


def test_no_more_bytes_than_granted(arena: Arena) -> None:
    before = arena.granted.mark()
    body = {"repeat": ["x", 1 << 20]}
    out = arena.attack("script", script={"steps": [{"do": "send", "method": "POST", "url": "{upstream}/x", "body": body}] * 12})
    assert out.status in (403, 502), out
    assert len(arena.granted.since(before)) < 9
