"""What is good in the plugin directory is loaded; what is broken, or was granted nothing, is named."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.host import Host
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.tools import hostile_component, plugin_dir
from harness.world import new_lake, new_tenant

GRANTS = """
[plugins.Hostile]
[plugins.Hostile.limits]
wall_ms = 3000
"""
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


def test_the_good_are_loaded_and_the_bad_are_named(plugin_host: Host, planted: Planted) -> None:
    listed = new_tenant(plugin_host, planted).admin.api.get("/api/v1/plugins")
    text = str(listed)
    assert all(name in text for name in ("AwsSts", "AwsStatic", "Hostile"))
    ready = plugin_host.api().get("/health/ready")
    assert ready["status"] == "ready"
    assert ready["plugins_rejected"] >= len(BROKEN)
    shown = plugin_host.command("plugin", "list").stdout
    assert all(name in shown for name in BROKEN), shown
    assert "root:" not in shown + plugin_host.logged()


def test_a_component_without_a_grant_may_do_nothing(make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed) -> None:
    host = make_host(seaweed)
    host.settings["PANGOLIN_PLUGIN_DIR"] = str(install(host.dir / "plugins"))
    host.start()
    lake = new_lake(new_tenant(host, planted), seaweed)
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "t")
    keys = {"access_key_id": "PLAIN", "secret_access_key": planted.key("key of a warehouse")}
    strategy = {"Hostile": {"mode": "honest"} | keys}
    reply = lake.tenant.admin.api.request("PUT", f"/api/v1/warehouses/{lake.warehouse}", json={"vending_strategy": strategy})
    assert reply.status_code == 200, reply.text
    reply = lake.tenant.admin.api.request("POST", lake.tenant.admin.api.table_path(lake.catalog, "sales", "t") + "/credentials")
    assert reply.status_code == 403
    assert "grant" in reply.text
    # The log has the lines that the operator would add.
    assert "plugins.Hostile" in host.logged()


def test_a_host_without_plugins_starts_and_says_so(make_host: Callable[..., Host], planted: Planted) -> None:
    host = make_host(settings={"PANGOLIN_PLUGIN_DIR": None}).start()
    assert host.api().get("/health/ready")["plugins"] == 0
    assert "PANGOLIN_PLUGIN_DIR" in host.logged()
    body = {"name": "w", "storage_config": {"type": "s3", "bucket": "b-b-b"}, "vending_strategy": "AwsSts"}
    reply = new_tenant(host, planted).admin.api.request("POST", "/api/v1/warehouses", json=body)
    assert 400 <= reply.status_code < 500
