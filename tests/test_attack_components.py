"""Files that are laid into the plugin directory: broken, disguised, under another's name, or none that can be read."""

import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.api import SCHEMA
from harness.attack_arena import LIMITS, install, missing_grants
from harness.component import PREAMBLE
from harness.host import Host
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.tools import hostile_component, plugin_dir
from harness.world import Lake, new_lake, new_tenant

# What a component may not import, whatever else it has. What runtimes of languages find empty is not among them.
IMPORTS = ["wasi:http/outgoing-handler@0.2.0", "wasi:nn/graph@0.2.0", "evil:host/shell@1.0.0", "pangolin:vending/secrets@1.0.0"]
IMPORTS += ["pangolin:vending/http@9.0.0", "wasi:sockets/tcp@0.2.0", "wasi:filesystem/types@0.2.0"]
# Names that are put in the place of `Hostile` in its description: as long, and none that a warehouse could write.
NAMES = {"no-text": b"Ho\xff\xfeile", "a-blank": b"Hos ile", "an-escape": b"\x1b[31mxx", "a-line": b"Ho\r\nile", "a-digit": b"1ostile"}


def importing(name: str) -> bytes:
    """A component that imports an interface without any function, and exports nothing."""
    instance_type = bytes([7, 3, 1, 0x42, 0])
    raw = name.encode()
    content = bytes([1, 0, len(raw)]) + raw + bytes([5, 0])
    return PREAMBLE + instance_type + bytes([10, len(content)]) + content


def broken() -> dict[str, bytes]:
    hostile = hostile_component().read_bytes()
    assert hostile.count(b"Hostile") >= 1
    files = {f"imports-{at}.wasm": importing(name) for at, name in enumerate(IMPORTS)}
    files |= {f"named-{what}.wasm": hostile.replace(b"Hostile", name) for what, name in NAMES.items()}
    files |= {f"cut-{at}.wasm": hostile[: len(hostile) * at // 7] for at in range(1, 7)}
    chance = random.Random(1925)
    for at in range(8):
        flipped = bytearray(hostile)
        for _ in range(40):
            flipped[chance.randrange(8, len(flipped))] ^= 1 << chance.randrange(8)
        files[f"flipped-{at}.wasm"] = bytes(flipped)
    files["empty.wasm"] = b""
    files["core.wasm"] = b"\0asm\x01\0\0\0"
    files["component.wasm"] = PREAMBLE
    files["text.wasm"] = b'(component (import "wasi:sockets/tcp@0.2.0" (instance)))'
    files["elf.wasm"] = b"\x7fELF" + os.urandom(4096)
    files["script.wasm"] = b"#!/bin/sh\ntouch /tmp/owned\n"
    files["noise.wasm"] = os.urandom(100_000)
    # A size that says more than there is.
    files["sized.wasm"] = PREAMBLE + b"\x01\xff\xff\xff\xff\x0f" + b"x" * 100
    files["nested.wasm"] = PREAMBLE + bytes([4, 8]) + PREAMBLE
    return files


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return broken()


@pytest.fixture(scope="module")
def laden(make_host: Callable[..., Host], seaweed: Seaweed, files: dict[str, bytes]) -> Iterator[Host]:
    """A host that was started once with what is good, and once more with all of it in its directory."""
    host = make_host(seaweed)
    folder = install(host.dir / "plugins", hostile_component())
    host.settings["PANGOLIN_PLUGIN_DIR"] = str(folder)
    host.start()
    host.stop()
    grants = host.dir / "grants.toml"
    grants.write_text(missing_grants(host) + LIMITS)
    grants.chmod(0o600)
    host.settings["PANGOLIN_PLUGIN_GRANTS"] = str(grants)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    # Native code as the host itself keeps it, under the name of a component.
    native = [file for file in host.data.rglob("*") if file.is_file() and b"\x7fELF" in file.read_bytes()[:4096]]
    assert native, "the host keeps native code of components"
    for at, file in enumerate(native[:2]):
        shutil.copy(file, folder / f"native-{at}.wasm")
        code = file.read_bytes()
        (folder / f"bare-{at}.wasm").write_bytes(code[code.index(b"\x7fELF") :])
    # One of the release's under its own name, changed, and before it in the order of the alphabet.
    ours = (plugin_dir() / "aws_sts.wasm").read_bytes()
    assert b"the role to assume" in ours.lower() or b"role" in ours
    (folder / "aaa.wasm").write_bytes(ours.replace(b"AwsSts", b"AwsSts", 1) + bytes([0, 5, 4]) + b"evil")
    with (folder / "huge.wasm").open("wb") as huge:
        huge.write(PREAMBLE)
        huge.truncate(8 << 30)
    for file in folder.iterdir():
        file.chmod(0o600)
    os.mkfifo(folder / "pipe.wasm", 0o600)
    (folder / "folder.wasm").mkdir(mode=0o700)
    (folder / "passwd.wasm").symlink_to("/etc/passwd")
    (folder / "zero.wasm").symlink_to("/dev/zero")
    (folder / "nowhere.wasm").symlink_to("nowhere")
    (folder / "loop.wasm").symlink_to("loop.wasm")
    (folder / "up.wasm").symlink_to(host.data / "pangolin.db")
    yield host.start()


@pytest.fixture(scope="module")
def lake(laden: Host, planted: Planted, seaweed: Seaweed) -> Lake:
    lake = new_lake(new_tenant(laden, planted), seaweed)
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "t")
    return lake


def rejected(host: Host) -> dict[str, str]:
    return {one["file"]: one["reason"] for one in host.root().get("/api/v1/plugins")["rejected"]}


def test_what_is_no_component_of_ours_is_refused_by_name(laden: Host, files: dict[str, bytes]) -> None:
    reasons = rejected(laden)
    kept = {name for name in files if name not in reasons}
    # What was flipped may by chance be what nobody looks at.
    assert all(name.startswith("flipped-") for name in kept), kept
    for name in ("huge.wasm", "pipe.wasm", "passwd.wasm", "zero.wasm", "loop.wasm", "up.wasm", "native-0.wasm", "bare-0.wasm"):
        assert name in reasons, name
    for at, name in enumerate(IMPORTS[:5]):
        package = name.partition("/")[0]
        assert package in reasons[f"imports-{at}.wasm"], reasons[f"imports-{at}.wasm"]
    for reason in reasons.values():
        assert len(reason) < 3000
        assert reason.replace("\n", " ").isprintable(), reason
        assert "root:" not in reason
    assert "\x1b" not in laden.logged()
    assert not Path("/tmp/owned").exists()


def test_native_code_is_named_as_such(laden: Host) -> None:
    reasons = rejected(laden)
    for name in ("native-0.wasm", "bare-0.wasm"):
        assert "native" in reasons[name] or "component" in reasons[name], reasons[name]


def test_nobody_takes_the_name_of_one_of_the_release_s(laden: Host, lake: Lake) -> None:
    listed = laden.root().get("/api/v1/plugins")["plugins"]
    [ours] = [one for one in listed if one["name"] == "AwsSts"]
    row = vend(lake)
    assert row["plugin_digest"] == ours["digest"]
    assert "aaa.wasm" in rejected(laden)
    assert "AwsSts" in rejected(laden)["aaa.wasm"]


def test_the_host_is_ready_and_vends(laden: Host, lake: Lake) -> None:
    ready = laden.api().get("/health/ready")
    assert ready["status"] == "ready"
    assert ready["plugins_rejected"] == len(rejected(laden))
    assert vend(lake)["strategy"] == "AwsSts"
    # The reasons are for Root: a tenant does not see what else lies there.
    assert not lake.tenant.admin.api.get("/api/v1/plugins").get("rejected")


def vend(lake: Lake) -> dict[str, str]:
    api = lake.tenant.admin.api
    api.post(api.table_path(lake.catalog, "sales", "t") + "/credentials")
    rows = api.get("/api/v1/audit", params={"limit": 4, "action": "vend_credentials"})
    return next(row["metadata"] for row in rows if row["result"] == "success")


def test_one_of_the_release_s_that_was_changed_may_do_nothing(
    make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed
) -> None:
    host = make_host(seaweed)
    folder = install(host.dir / "plugins")
    component = folder / "aws_sts.wasm"
    component.write_bytes(component.read_bytes() + bytes([0, 5, 4]) + b"evil")
    host.settings["PANGOLIN_PLUGIN_DIR"] = str(folder)
    host.start()
    [listed] = [one for one in host.root().get("/api/v1/plugins")["plugins"] if one["name"] == "AwsSts"]
    assert listed["granted"] is False
    lake = new_lake(new_tenant(host, planted), seaweed)
    api = lake.tenant.admin.api
    path = api.table_path(lake.catalog, "sales", "").removesuffix("/")
    reply = api.request("POST", path, json={"name": "t", "schema": SCHEMA})
    assert reply.status_code >= 400 and "grant" in reply.text, reply.text
