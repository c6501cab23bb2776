"""A broken or hostile component costs its own request, and nothing else."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.host import Host
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.tools import hostile_component, plugin_dir
from harness.world import Lake, new_lake, new_tenant

GRANTS = """
[plugins.Hostile]
[plugins.Hostile.limits]
wall_ms = 3000
"""
# What it does, and a word of the refusal that names it.
MISDEEDS = {
    "spin": "cpu",
    "allocate": "memory",
    "recurse": "stack",
    "trap": "trap",
    "flood": "",
    "wide": "scope",
    "long": "life",
    "huge": "",
    "many": "",
    "nothing": "",
    "foreign-slot": "slot",
}
BROKEN = {
    "garbage.wasm": b"this is no component",
    "empty.wasm": b"",
    "cut.wasm": b"\0asm\x0d\0\x01\0",
    "module.wasm": b"\0asm\x01\0\0\0",
}


def install(folder: Path) -> Path:
    """A plugin directory with the real components, the hostile one, and files that are none."""
    folder.mkdir(mode=0o700)
    for component in [*plugin_dir().glob("*.wasm"), hostile_component()]:
        shutil.copy(component, folder / component.name)
    for name, content in BROKEN.items():
        (folder / name).write_bytes(content)
    (folder / "native.wasm").write_bytes(b"\x7fELF" + os.urandom(4096))
    (folder / "link.wasm").symlink_to("/etc/passwd")
    for file in folder.iterdir():
        if not file.is_symlink():
            file.chmod(0o600)
    return folder


@pytest.fixture(scope="module")
def plugin_host(make_host: Callable[..., Host], seaweed: Seaweed) -> Iterator[Host]:
    host = make_host(seaweed)
    grants = host.dir / "grants.toml"
    grants.write_text(GRANTS)
    grants.chmod(0o600)
    host.settings |= {
        "PANGOLIN_PLUGIN_DIR": str(install(host.dir / "plugins")),
        "PANGOLIN_PLUGIN_GRANTS": str(grants),
    }
    yield host.start()


@pytest.fixture(scope="module")
def lakes(plugin_host: Host, planted: Planted, seaweed: Seaweed) -> tuple[Lake, Lake]:
    """One whose strategy turns hostile, and one of another tenant that stays honest."""
    made = tuple(new_lake(new_tenant(plugin_host, planted), seaweed) for _ in range(2))
    for lake in made:
        lake.tenant.admin.api.create_table(lake.catalog, "sales", "t")
    return made  # type: ignore[return-value]


def turn(lake: Lake, strategy: object) -> None:
    lake.tenant.admin.api.put(f"/api/v1/warehouses/{lake.warehouse}", {"vending_strategy": strategy})


def vend(lake: Lake) -> tuple[int, str, float]:
    api = lake.tenant.host.api(lake.tenant.admin.api.token)
    began = time.monotonic()
    reply = api.request("POST", api.table_path(lake.catalog, "sales", "t") + "/credentials")
    return reply.status_code, reply.text, time.monotonic() - began


def test_the_good_are_loaded_and_the_bad_are_named(plugin_host: Host, lakes: tuple[Lake, Lake]) -> None:
    listed = lakes[0].tenant.admin.api.get("/api/v1/plugins")
    text = str(listed)
    assert all(name in text for name in ("AwsSts", "AwsStatic", "Hostile"))
    ready = plugin_host.api().get("/health/ready")
    assert ready["status"] == "ready"
    assert ready["plugins_rejected"] >= len(BROKEN)
    shown = plugin_host.command("plugin", "list").stdout
    assert all(name in shown for name in BROKEN), shown
    assert "root:" not in shown + plugin_host.logged()


@pytest.mark.parametrize("mode", MISDEEDS)
def test_a_misdeed_costs_its_own_request(lakes: tuple[Lake, Lake], mode: str) -> None:
    hostile, honest = lakes
    turn(hostile, {"Hostile": {"mode": mode}})
    with ThreadPoolExecutor(3) as pool:
        bad = [pool.submit(vend, hostile) for _ in range(2)]
        good = pool.submit(vend, honest)
    assert good.result()[0] == 200, good.result()
    assert good.result()[2] < 5
    for status, text, seconds in (future.result() for future in bad):
        assert 400 <= status < 600, f"{mode}: {status} {text}"
        assert MISDEEDS[mode] in text.lower(), text
        assert "PLAIN" not in text
        assert seconds < 10
    # The same warehouse vends again as soon as its strategy is an honest one.
    turn(hostile, {"AwsSts": {}})
    assert vend(hostile)[0] == 200


def test_the_same_component_vends_when_it_behaves(lakes: tuple[Lake, Lake]) -> None:
    hostile, _ = lakes
    turn(hostile, {"Hostile": {"mode": "honest"}})
    status, text, _ = vend(hostile)
    assert status == 200, text
    assert "PLAIN" in text
    turn(hostile, {"AwsSts": {}})


def test_a_component_without_a_grant_may_do_nothing(make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed) -> None:
    host = make_host(seaweed)
    host.settings["PANGOLIN_PLUGIN_DIR"] = str(install(host.dir / "plugins"))
    host.start()
    lake = new_lake(new_tenant(host, planted), seaweed)
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "t")
    strategy = {"Hostile": {"mode": "honest"}}
    reply = lake.tenant.admin.api.request("PUT", f"/api/v1/warehouses/{lake.warehouse}", json={"vending_strategy": strategy})
    if reply.status_code == 200:
        status, text, _ = vend(lake)
        assert status >= 400
        assert "grant" in text
    # The log has the lines that the operator would add.
    assert "plugins.Hostile" in host.logged()


def test_a_host_without_plugins_starts_and_says_so(make_host: Callable[..., Host], planted: Planted) -> None:
    host = make_host(settings={"PANGOLIN_PLUGIN_DIR": None}).start()
    assert host.api().get("/health/ready")["plugins"] == 0
    assert "PANGOLIN_PLUGIN_DIR" in host.logged()
    body = {"name": "w", "storage_config": {"type": "s3", "bucket": "b-b-b"}, "vending_strategy": "AwsSts"}
    reply = new_tenant(host, planted).admin.api.request("POST", "/api/v1/warehouses", json=body)
    assert 400 <= reply.status_code < 500
