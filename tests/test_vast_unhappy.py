"""Each thing that can go wrong at the VMS has a code of its own, and none of them leaves a key."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import requests

from harness.api import SCHEMA
from harness.host import Host
from harness.planted import Planted
from harness.tools import free_ports
from harness.vms import Vms
from harness.vms_world import VastLake, eventually, new_vast_lake

LIST, MAKE = ("GET", "/s3keys/"), ("POST", "/s3keys/")
TROUBLE: dict[str, tuple[int, Callable[[VastLake], Any]]] = {
    "wrong-password": (422, lambda vast: setattr(vast.reader, "password", "another one")),
    "not-a-directory-user": (403, lambda vast: setattr(vast.reader, "kind", "local")),
    "unknown-tenant": (422, lambda vast: fault(vast, 403, {"detail": "Tenant blue does not exist."})),
    "vms-call-unknown": (422, lambda vast: fault(vast, 404, b"<h1>Not Found</h1>")),
    "vms-throttled": (503, lambda vast: fault(vast, 429, {"detail": "Request was throttled."}, {"Retry-After": "7"})),
    "vms-unavailable": (503, lambda vast: fault(vast, 503, b"<h1>Service Unavailable</h1>")),
    "vms-fault": (502, lambda vast: fault(vast, 500, b"<h1>Server Error</h1>")),
    "vms-unreadable": (502, lambda vast: fault(vast, 200, b"<html>Welcome</html>")),
    "upstream-protocol": (502, lambda vast: vast.vms.faults.cut(*LIST, times=None)),
}


def fault(vast: VastLake, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
    vast.vms.faults.answer(*LIST, status, body, headers=headers, times=None)


@pytest.fixture(scope="module", autouse=True)
def slow(vast_host: Host, new_vms: Callable[[], Vms], planted: Planted) -> Iterator[Future[requests.Response]]:
    """Lasts as long as the host waits for a VMS: meanwhile the other tests run."""
    vms = new_vms()
    vast = new_vast_lake(vast_host, vms, planted)
    vast.table("orders")
    vast.settle()
    vms.faults.slow(*LIST, 60, times=None)
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(vast.ask, vast.tenant.user("Reader"))


@pytest.mark.parametrize("code", TROUBLE)
def test_each_has_its_own_code(vast: VastLake, vms: Vms, code: str) -> None:
    status, trouble = TROUBLE[code]
    reader = vast.tenant.user("Reader")
    trouble(vast)
    error = vast.refused(reader, status)
    assert error["reason"] == code, error
    assert len(error["message"]) > 20
    assert (error["retry-after"] == "7") == (code == "vms-throttled")
    assert vms.made(vast.reader) == []
    (row,) = (row for row in vast.admin.audit(result="failure") if row["action"] == "vend_credentials")
    assert row["username"] == reader.name


def test_a_vms_that_is_not_there(vast_host: Host, vms: Vms, planted: Planted) -> None:
    """The host needs a key for the table's first metadata; no table is made."""
    (port,) = free_ports(1)
    vast = new_vast_lake(vast_host, vms, planted, vms_endpoint=f"https://127.0.0.1:{port}")
    path = vast.admin.table_path(vast.lake.catalog, "sales", "").removesuffix("/")
    reply = vast.admin.request("POST", path, json={"name": "orders", "schema": SCHEMA})
    assert (reply.status_code, reply.json()["error"]["reason"]) == (503, "vms-unreachable")
    assert vast.admin.get(path)["identifiers"] == []


@pytest.mark.parametrize(
    "answer",
    [b"", b'{"access_key": "x"}', b'{"access_key": "", "secret_key": ""}'],
)
def test_an_answer_without_a_key_is_cleaned_up_after(vast: VastLake, vms: Vms, answer: bytes) -> None:
    """The key was made, and only its name is lost."""
    vms.faults.answer(*MAKE, 200, answer, stage="after")
    error = vast.refused(vast.tenant.user("Reader"), 502)
    assert error["reason"] == "vms-unreadable"
    assert eventually(lambda: vms.keys(vast.reader) == set())
    assert len(vms.deleted(vast.reader)) == 1


def test_a_refusal_of_the_mint_leaves_nothing_to_recover(vast: VastLake, vms: Vms) -> None:
    reader = vast.tenant.user("Reader")
    for status in (401, 403, 429, 500, 503):
        vms.faults.answer(*MAKE, status, {"detail": "no"})
        assert vast.ask(reader).status_code in (403, 422, 502, 503)
        assert vms.keys(vast.reader) == set()
    assert eventually(lambda: vast.leases(state="minting") == [])
    assert vast.opens(vast.vend(reader))


def test_a_vms_that_does_not_answer_is_not_waited_for_longer(slow: Future[requests.Response]) -> None:
    reply = slow.result(40)
    assert (reply.status_code, reply.json()["error"]["reason"]) == (503, "vms-timeout")
