"""Where a request comes from: proxies that are trusted, and everybody else; the trace that it belongs to."""

import pytest

from harness.federated import MakeHost
from harness.host import Host, unused_name
from harness.planted import Planted

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def address_of(host: Host, **headers: str) -> str:
    """The address that the audit trail has of a failed login."""
    name = unused_name("nobody")
    body = {"username": name, "password": "not the password", "tenant-id": None}
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    host.api().request("POST", "/api/v1/users/login", json=body, headers=named)
    return next(row["ip_address"] for row in host.root().audit() if row["username"] == name)


@pytest.fixture(scope="module")
def behind(make_host: MakeHost) -> Host:
    settings = {"PANGOLIN_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8, fd00::/8", "PANGOLIN_AUTH_RATE_LIMIT": "100000"}
    return make_host(settings=settings).start()


@pytest.fixture(scope="module")
def exposed(make_host: MakeHost) -> Host:
    return make_host(settings={"PANGOLIN_AUTH_RATE_LIMIT": "100000"}).start()


@pytest.mark.parametrize(
    ("written", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("2001:db8::7, fd00::1", "2001:db8::7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("unknown", "127.0.0.1"),
        ("203.0.113.7, unknown", "127.0.0.1"),
        ("<script>", "127.0.0.1"),
        ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
    ],
)
def test_behind_a_trusted_proxy(behind: Host, written: str, client: str) -> None:
    assert address_of(behind, X_Forwarded_For=written) == client


def test_other_headers_count_for_nothing(behind: Host, exposed: Host) -> None:
    for host in (behind, exposed):
        assert address_of(host, Forwarded="for=203.0.113.7", X_Real_IP="203.0.113.7", True_Client_IP="203.0.113.7") == "127.0.0.1"


def test_a_stranger_spoofs_nothing(exposed: Host) -> None:
    for written in ("203.0.113.7", "127.0.0.1, 203.0.113.7", "10.0.0.1"):
        assert address_of(exposed, X_Forwarded_For=written) == "127.0.0.1"


def test_the_throttle_counts_clients_and_not_the_proxy(make_host: MakeHost) -> None:
    host = make_host(settings={"PANGOLIN_TRUSTED_PROXIES": "127.0.0.0/8"}).start()

    def failed(source: str) -> int:
        body = {"username": unused_name("u"), "password": "not the password", "tenant-id": None}
        headers = {"X-Forwarded-For": source}
        return host.api().request("POST", "/api/v1/users/login", json=body, headers=headers).status_code

    assert [failed("203.0.113.7") for _ in range(12)][-1] == 429
    assert failed("203.0.113.8") == 401
    assert failed("203.0.113.7, 203.0.113.9") == 401


def test_a_stranger_does_not_escape_the_throttle(make_host: MakeHost) -> None:
    host = make_host().start()
    host.root()
    found = []
    for at in range(12):
        body = {"username": unused_name("u"), "password": "not the password", "tenant-id": None}
        headers = {"X-Forwarded-For": f"203.0.113.{at}"}
        found.append(host.api().request("POST", "/api/v1/users/login", json=body, headers=headers).status_code)
    assert found[-1] == 429


def test_wrong_ranges_are_said(make_host: MakeHost) -> None:
    host = make_host(settings={"PANGOLIN_TRUSTED_PROXIES": "10.0.0.0/8, proxy.example"})
    done = host.command("check")
    assert done.returncode != 0
    assert "PANGOLIN_TRUSTED_PROXIES" in done.stdout + done.stderr


def test_a_trace_is_taken_only_as_it_must_be(exposed: Host, planted: Planted) -> None:
    def trace_of(value: str) -> str | None:
        name = unused_name("nobody")
        body = {"username": name, "password": "not the password", "tenant-id": None}
        exposed.api().request("POST", "/api/v1/users/login", json=body, headers={"traceparent": value})
        return next(row for row in exposed.root().audit() if row["username"] == name).get("trace_id")

    parent = "00f067aa0ba902b7"
    assert trace_of(f"00-{TRACE}-{parent}-01") == TRACE
    assert trace_of(f"cc-{TRACE}-{parent}-01-later") == TRACE
    for wrong in (
        f"00-{TRACE.upper()}-{parent}-01", f"00-{'0' * 32}-{parent}-01", f"00-{TRACE}-{'0' * 16}-01", f"ff-{TRACE}-{parent}-01",
        f"00-{TRACE}-{parent}-01-x", TRACE, "'; DROP TABLE audit_events; --",
    ):  # fmt: skip
        assert trace_of(wrong) is None, wrong
