"""The built strategies import what they need and nothing else: the list is the ceiling of their reach."""

import re
from pathlib import Path

import pytest

from harness.component import EXPORTS, IMPORTS, interfaces
from harness.tools import plugin_dir

ROOT = Path(__file__).parent.parent
VERSION = "1.0.0"
# File, imports, exports beside `strategy`.
EXPECTED = {
    "aws_static.wasm": ({"types"}, set()),
    "aws_sts.wasm": ({"types", "log", "crypto", "sts"}, set()),
    "azure_oauth.wasm": ({"types", "clock", "azure"}, {"presign"}),
    "azure_sas.wasm": ({"types", "clock", "azure"}, {"presign"}),
    "gcp_downscoped.wasm": ({"types", "clock", "gcp"}, {"presign"}),
    "vast_s3keys.wasm": ({"types", "http"}, {"leases"}),
}


def named(interfaces: set[str]) -> set[str]:
    return {f"pangolin:vending/{name}@{VERSION}" for name in interfaces}


def test_every_strategy_is_built_and_no_other() -> None:
    assert {file.name for file in plugin_dir().glob("*.wasm")} == set(EXPECTED)


@pytest.mark.parametrize("file", EXPECTED)
def test_a_component_reaches_what_it_needs_and_nothing_else(file: str) -> None:
    imports, exports = EXPECTED[file]
    assert interfaces(plugin_dir() / file, IMPORTS) == named(imports)
    assert interfaces(plugin_dir() / file, EXPORTS) == named({"strategy"} | exports)


def test_the_table_of_the_documentation_says_the_same() -> None:
    rows = re.findall(r"^\| \[`([a-z0-9-]+)`\].*\| ([^|]*) \|$", (ROOT / "plugins/README.md").read_text(), re.M)
    table = {name.replace("-", "_") + ".wasm": set(re.findall(r"`([a-z]+)`", cell)) for name, cell in rows}
    assert table == {file: imports for file, (imports, _) in EXPECTED.items()}
