"""The VMS double itself: managers' calls, faults and barriers, and the commands of the vendor's document."""

import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from harness import documents
from harness.s3 import Keys
from harness.vms import Vms
from harness.vms_calls import TOO_MANY
from harness.vms_client import Ask
from harness.vms_directory import Account
from harness.vms_store import KeyStore, identity_policy

DOCUMENT = documents.read("002_secure_deployment.txt")


@pytest.fixture
def manager(vms: Vms) -> Account:
    return vms.user(kind="local", manager=True)


def test_a_manager_makes_keys_for_directory_users(
    vms: Vms, key_store: KeyStore, vast_bucket: str, vast_writer: Account, manager: Account, ask: Ask
) -> None:
    path = "/api/users/non_local_keys/"
    assert ask("POST", path, vast_writer, json={"uid": vast_writer.uid}).status_code == 403
    found = ask("GET", f"/api/users/query/?username={vast_writer.name}&context=ad", manager).json()
    assert (found["uid"], found["sid"], found["access_keys"]) == (vast_writer.uid, vast_writer.sid, [])
    made = ask("POST", path, manager, json={"uid": found["uid"]})
    assert made.status_code == 200
    keys = Keys(made.json()["access_key"], made.json()["secret_key"])
    assert key_store.opens(keys, vast_bucket, "lake/file")
    assert not key_store.opens(keys, vast_bucket, "other/file")
    assert ask("POST", path, manager, json={"sid": found["sid"], "username": vast_writer.name}).status_code == 200
    third = ask("POST", path, manager, json={"sid": found["sid"]})
    assert (third.status_code, third.json()["detail"]) == (400, TOO_MANY)

    change = {"access_key": keys.access_key_id, "uid": vast_writer.uid}
    assert ask("PATCH", path, manager, json=change | {"enabled": False}).status_code == 204
    assert key_store.stops(keys, vast_bucket, "lake/file")
    assert ask("PATCH", path, manager, json=change | {"enabled": True}).status_code == 204
    assert ask("DELETE", path, manager, json={"access_key": keys.access_key_id, "sid": vast_writer.sid}).status_code == 204
    assert key_store.stops(keys, vast_bucket, "lake/file")
    listed = ask("GET", f"/api/users/query/?uid={vast_writer.uid}", manager).json()["access_keys"]
    assert [entry["access_key"] for entry in listed] == list(vms.keys(vast_writer))


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 400), ({"uid": "10001"}, 400), ({"uid": 1}, 404), ({"sid": "S-1-0"}, 404), ({"name": "x"}, 400), ([], 400)],
)
def test_a_manager_names_the_user_exactly(manager: Account, ask: Ask, body: object, status: int) -> None:
    assert ask("POST", "/api/users/non_local_keys/", manager, json=body).status_code == status


def test_unknown_users_and_contexts(vms: Vms, vast_writer: Account, manager: Account, ask: Ask) -> None:
    queries = {"username=nobody": 404, f"username={vast_writer.name}&context=local": 404, "": 400, "username=x&context=y": 400}
    for query, status in queries.items():
        assert ask("GET", f"/api/users/query/?{query}", manager).status_code == status, query


def test_a_manager_makes_keys_for_local_users(
    vms: Vms, key_store: KeyStore, vast_bucket: str, manager: Account, ask: Ask
) -> None:
    local = vms.user(policy=identity_policy(vast_bucket), kind="local")
    (found,) = ask("GET", f"/api/users/?name={local.name}", manager).json()
    path = f"/api/users/{found['id']}/access_keys/"
    made = ask("POST", path, manager, json={}).json()
    assert key_store.opens(Keys(made["access_key"], made["secret_key"]), vast_bucket, "lake/file")
    (entry,) = ask("GET", f"/api/locals3keys/?user_id={found['id']}", manager).json()
    assert entry["access_key"] == made["access_key"]
    change = {"access_key": made["access_key"], "enabled": False}
    assert ask("PATCH", path, manager, json=change).status_code == 204
    assert ask("DELETE", path, manager, json={"access_key": made["access_key"]}).status_code == 204
    assert vms.keys(local) == set()


def test_faults_answer_cut_and_slow(vms: Vms, vast_writer: Account, ask: Ask) -> None:
    vms.faults.answer("POST", "/s3keys/", 429, {"detail": "Request was throttled."}, headers={"Retry-After": "7"})
    throttled = ask("POST", "/api/s3keys/", vast_writer)
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "7")
    vms.faults.answer("POST", "/s3keys/", 200, b"<html>", stage="after")
    assert ask("POST", "/api/s3keys/", vast_writer).text == "<html>"
    assert len(vms.keys(vast_writer)) == 1
    for stage, keys in (("before", 1), ("after", 2)):
        vms.faults.cut("POST", "/s3keys/", stage=stage)  # type: ignore[arg-type]
        with pytest.raises(requests.exceptions.ConnectionError):
            ask("POST", "/api/s3keys/", vast_writer)
        assert len(vms.keys(vast_writer)) == keys, stage
    vms.faults.slow("GET", "/s3keys/", 0.5)
    began = time.monotonic()
    assert ask("GET", "/api/s3keys/", vast_writer).status_code == 200
    assert time.monotonic() - began >= 0.5
    vms.faults.answer("GET", "/s3keys/", 200, b"[     ]", drip=0.1)
    began = time.monotonic()
    assert ask("GET", "/api/s3keys/", vast_writer).json() == []
    assert time.monotonic() - began >= 0.5
    vms.faults.answer("GET", "/s3keys/", 503, times=None)
    assert [ask("GET", "/api/s3keys/", vast_writer).status_code for _ in range(3)] == [503] * 3
    vms.faults.clear()
    assert ask("GET", "/api/s3keys/", vast_writer).status_code == 200
    assert [call.status for call in vms.calls("POST", "/s3keys/")] == [429, 200, None, None]


@pytest.mark.parametrize(("stage", "during"), [("before", 0), ("after", 1)])
def test_a_barrier_holds_a_request_at_its_stage(vms: Vms, vast_writer: Account, ask: Ask, stage: str, during: int) -> None:
    with ThreadPoolExecutor(1) as pool:
        with vms.faults.hold("POST", "/s3keys/", stage=stage) as barrier:  # type: ignore[arg-type]
            asked = pool.submit(ask, "POST", "/api/s3keys/", vast_writer)
            barrier.wait()
            assert len(vms.keys(vast_writer)) == during
            assert not asked.done()
            barrier.release()
            assert asked.result(10).status_code == 200
        assert len(vms.keys(vast_writer)) == 1
        # A request that is dropped has no effect where it was held before it had one.
        with vms.faults.hold("POST", "/s3keys/", stage=stage) as barrier:  # type: ignore[arg-type]
            asked = pool.submit(ask, "POST", "/api/s3keys/", vast_writer)
            barrier.wait()
        with pytest.raises(requests.exceptions.ConnectionError):
            asked.result(10)
    assert len(vms.keys(vast_writer)) == 1 + during


def test_stopping_ends_what_is_held(vms: Vms, vast_writer: Account, ask: Ask) -> None:
    vms.faults.slow("GET", "/s3keys/", 60)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, "GET", "/api/s3keys/", vast_writer)
        time.sleep(0.2)
        vms.faults.stop()
        with pytest.raises(requests.exceptions.ConnectionError):
            asked.result(5)


def test_it_tells_whose_keys_were_deleted(vms: Vms, vast_writer: Account, ask: Ask) -> None:
    foreign = vms.make_elsewhere(vast_writer)
    ours = ask("POST", "/api/s3keys/", vast_writer).json()["access_key"]
    assert vms.made(vast_writer) == [ours]
    for name in (foreign.access_key, ours):
        assert ask("DELETE", "/api/s3keys/", vast_writer, json={"access_key": name}).status_code == 204
    assert (vms.deleted(vast_writer), vms.deleted_of_others(vast_writer)) == ([ours], [foreign.access_key])
    assert [call.access_key for call in vms.calls("DELETE")] == [foreign.access_key, ours]
    third = vms.make_elsewhere(vast_writer)
    vms.delete_elsewhere(vast_writer, third)
    assert vms.deleted_of_others(vast_writer) == [foreign.access_key]


def test_the_document_s_program_gets_a_key(vms: Vms, key_store: KeyStore, vast_bucket: str, vast_writer: Account) -> None:
    program = DOCUMENT[DOCUMENT.index("```python\n") + len("```python\n") :].split("```")[0]
    env = {"VAST_VIP": vms.address, "VAST_USERNAME": vast_writer.name, "VAST_PASSWORD": vast_writer.password}
    run = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(run, env=env, capture_output=True, text=True, timeout=30, check=True)
    printed = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert printed.keys() == {"Access Key", "Secret Key"}
    assert key_store.opens(Keys(printed["Access Key"], printed["Secret Key"]), vast_bucket, "lake/file")
    assert vms.keys(vast_writer) == {printed["Access Key"]}
    for _ in range(2):
        done = subprocess.run(run, env=env, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == f'Failed to get S3 keys: 400 - {{"detail": "{TOO_MANY}"}}'
    done = subprocess.run(run, env={}, capture_output=True, text=True, timeout=30, check=False)
    assert "Missing one or more environment variables" in done.stderr


def test_the_document_s_commands_make_and_delete(vms: Vms, vast_bucket: str) -> None:
    leon = vms.user("leon", "vastdata", policy=identity_policy(vast_bucket))
    make, again, delete = documents.curl_commands(re.sub(r"(?m)^\$ ", "", DOCUMENT))
    assert make.replace(" ", "") == again.replace(" ", "")
    first, second, third = (curl(command, vms) for command in (make, again, again))
    assert (first.status, second.status, third.status) == (200, 200, 400)
    assert third.body == {"detail": TOO_MANY}
    assert vms.keys(leon) == {first.body["access_key"], second.body["access_key"]}

    user = vms.user("vms_ad_user", "vastdata", policy=identity_policy(vast_bucket))
    key = vms.make_elsewhere(user)
    assert curl(delete.replace("<VMS_VIP>", vms.address).replace("<ACCESS_KEY>", key.access_key), vms).status == 204
    assert vms.keys(user) == set()


def curl(command: str, vms: Vms) -> documents.Answer:
    """Runs a command as it stands; the address in it leads to the double."""
    settings = ["silent", "show-error", 'write-out = "\\n%{http_code}"', "max-time = 30"]
    settings.append(f'connect-to = "10.143.11.204:443:{vms.address}"')
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / ".curlrc").write_text("\n".join(settings) + "\n")
        env = {"PATH": "/usr/bin:/bin", "HOME": home, "CURL_HOME": home}
        done = subprocess.run(["bash", "-c", command], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    text, _, status = done.stdout.rpartition("\n")
    return documents.Answer(int(status), text)
