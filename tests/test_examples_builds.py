"""Every example as it is built: what it can reach, with and without WASI, and what its own tests say."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.component import EXPORTS, IMPORTS, interfaces
from harness.examples.r2 import R2
from harness.examples.sessions import bucket_policy
from harness.examples.vault import Role, Vault
from harness.examples.world import Scene, example_scene
from harness.host import Host
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.tools import ROOT, example_component, host_binary
from harness.world import new_tenant

EXAMPLES = ROOT / "examples"
# File, folder with its scenario.
BUILT = {
    "r2-temporary.wasm": "plugin-js",
    "r2-temporary-wasi.wasm": "plugin-js",
    "vault-aws.wasm": "plugin-python",
    "vault-aws-wasi.wasm": "plugin-python",
    "minio-ldap.wasm": "plugin-c",
    "token-shop.wasm": "plugin-rust",
}


def ours(file: str) -> set[str]:
    return {name.partition("@")[0] for name in interfaces(example_component(file), IMPORTS)}


@pytest.mark.parametrize("file", BUILT)
def test_it_exports_a_strategy(file: str) -> None:
    """What makes components of JavaScript and Python leaves exports of its own beside it, which nobody calls."""
    exports = interfaces(example_component(file), EXPORTS, functions=True)
    assert {name for name in exports if ":" in name} == {"pangolin:vending/strategy@1.0.0"}


@pytest.mark.parametrize("file", [file for file in BUILT if "wasi" not in file])
def test_it_imports_the_contract_and_nothing_else(file: str) -> None:
    assert {name.partition("/")[0] for name in ours(file)} == {"pangolin:vending"}


def test_they_import_what_they_call() -> None:
    """Those of JavaScript and Python import all of their world, which is therefore one of their own."""
    used = {"pangolin:vending/types", "pangolin:vending/http"}
    assert ours("token-shop.wasm") == used
    assert ours("minio-ldap.wasm") <= used
    assert ours("r2-temporary.wasm") == ours("vault-aws.wasm") == used | {"pangolin:vending/clock"}


@pytest.mark.parametrize("file", ["r2-temporary-wasi.wasm", "vault-aws-wasi.wasm"])
def test_the_unstubbed_import_wasi(file: str) -> None:
    """Else the tests below would not show what they say they show."""
    assert any(name.startswith("wasi:") for name in ours(file))


@pytest.fixture(params=["stubbed", "unstubbed"])
def host(request: pytest.FixtureRequest) -> Host:
    return request.getfixturevalue(f"{request.param}_host")


def reads_and_writes(scene: Scene) -> None:
    store, bucket = scene.store(scene.vend(scene.tenant.user("Writer"))), scene.lake.bucket
    assert store.put(bucket, "lake/orders/data/new") == store.get(bucket, "lake/orders/data/file") == "ok"
    assert store.put(bucket, "elsewhere") == "AccessDenied"


def test_javascript_vends_with_and_without_wasi(host: Host, planted: Planted, seaweed: Seaweed, r2: R2) -> None:
    bucket = seaweed.bucket()
    r2.buckets[bucket] = "default"
    given = {"account_id": r2.account, "parent_access_key_id": r2.key_id, "api_token": r2.token, "api_url": r2.api_url}
    reads_and_writes(example_scene(host, planted, seaweed, {"R2Temporary": given}, bucket))


def test_python_vends_with_and_without_wasi(host: Host, planted: Planted, seaweed: Seaweed, vault: Vault) -> None:
    bucket = seaweed.bucket()
    vault.roles |= {f"{name}-{bucket}": Role(bucket_policy(bucket, ["lake/"], name == "w")) for name in ("r", "w")}
    given: dict[str, Any] = {"vault_addr": vault.wire.url, "vault_token": vault.token, "mount": vault.mount}
    given |= {"read_role": f"r-{bucket}", "write_role": f"w-{bucket}", "ca_certificate": vault.ca}
    reads_and_writes(example_scene(host, planted, seaweed, {"VaultAws": given}, bucket))


# To compile Python takes longest, and its two components differ in what they import alone.
@pytest.mark.parametrize("file", [file for file in BUILT if file != "vault-aws-wasi.wasm"])
def test_it_passes_the_conformance_suite(file: str, tmp_path: Path) -> None:
    scenario = EXAMPLES / BUILT[file] / "scenario.toml"
    command = [str(host_binary()), "plugin", "test", str(example_component(file)), "--scenario", str(scenario)]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("folder", ["plugin-js", "plugin-python", "plugin-c"])
def test_the_warehouse_of_its_page_can_be_made(stubbed_host: Host, planted: Planted, folder: str) -> None:
    (body,) = re.findall(r"```json\n(.*?)```", (EXAMPLES / folder / "README.md").read_text(), re.DOTALL)
    new_tenant(stubbed_host, planted).admin.api.post("/api/v1/warehouses", json.loads(body), status=201)


@pytest.mark.parametrize(
    ("folder", "command"),
    [("plugin-js", ["node", "--test"]), ("plugin-python", [sys.executable, "-B", "-m", "unittest"])],
)
def test_its_own_tests_pass(folder: str, command: list[str]) -> None:
    done = subprocess.run(command, cwd=EXAMPLES / folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rust_example_is_the_sdk_s_documentation() -> None:
    assert (ROOT / "plugins/sdk/doc/token_shop.rs").resolve() == EXAMPLES / "plugin-rust/src/lib.rs"
