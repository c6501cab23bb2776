"""The commands of plugins/README.md, as a newcomer types them: from nothing to an own strategy that vends."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.host import Host
from harness.tools import ROOT, TARGET, free_ports, host_binary

OPEN = {"PANGOLIN_NO_AUTH": "true", "PANGOLIN_JWT_SECRET": None, "PANGOLIN_ROOT_USER": None, "PANGOLIN_ROOT_PASSWORD": None}
LANGUAGES = ("Rust", "JavaScript", "Python", "C")
COMMON = "Then, in any language"
FEW = 10


def commands(language: str) -> list[str]:
    """What the page tells to type, line by line."""
    page = (ROOT / "plugins" / "README.md").read_text().split("## Your own strategy in nine commands", 1)[1]
    blocks = dict(re.findall(r"^### (.+?)\n.*?```sh\n(.*?)```", page, re.DOTALL | re.MULTILINE))
    return (blocks[language] + blocks[COMMON]).strip().splitlines()


@pytest.fixture
def open_host(make_host: Callable[..., Host]) -> Host:
    """As `cargo xtask serve` starts one: an empty plugin directory of the newcomer's, and a grant file."""
    host = make_host(settings=OPEN)
    plugins, grants = host.dir / "plugins", host.dir / "grants.toml"
    plugins.mkdir(mode=0o755)
    grants.touch(mode=0o600)
    host.settings |= {"PANGOLIN_PLUGIN_DIR": str(plugins), "PANGOLIN_PLUGIN_GRANTS": str(grants), "PANGOLIN_PLUGIN_SCAN_SECS": "1"}
    return host.start()


def environment(host: Host) -> dict[str, str]:
    path = [str(host_binary().parent), str(Path(sys.prefix) / "bin"), os.environ["PATH"]]
    env = {"PATH": ":".join(path), "HOME": os.environ["HOME"], "PANGOLIN_URL": host.url}
    env |= {name: str(host.settings[name]) for name in ("PANGOLIN_PLUGIN_DIR", "PANGOLIN_PLUGIN_GRANTS")}
    # Crates of the registry are compiled once; the project's own are not.
    env["CARGO_BUILD_BUILD_DIR"] = str(TARGET / "newcomer")
    return env | {name: os.environ[name] for name in ("CARGO_HOME", "RUSTUP_HOME") if name in os.environ}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_documented_commands_lead_to_a_vended_credential(open_host: Host, tmp_path: Path, language: str) -> None:
    typed = commands(language)
    assert len(typed) < FEW, typed
    (port,) = free_ports(1)
    script = "\n".join(typed).replace("9099", str(port))
    env = environment(open_host) | {"TOKEN_URL": f"http://127.0.0.1:{port}/v1/credentials"}
    # What was started in the background ends with the shell.
    script = f"trap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n{script}"
    command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{open_host.logged()[-4000:]}"
    table = json.loads(done.stdout.strip().splitlines()[-1])
    (credential,) = table["storage-credentials"]
    for config in (table["config"], credential["config"]):
        assert config["s3.access-key-id"] == "EXAMPLEKEYID"
        assert int(config["s3.session-token-expires-at-ms"]) > 0
    assert credential["prefix"].startswith("s3://example-bucket/warehouse/")
    # What a form is drawn from came from the component alone.
    loaded = open_host.api().get("/api/v1/plugins/TokenShop")
    assert {"token_url", "api_key"} <= {field["name"] for field in loaded["fields"]}
    # The lines that were appended give what the strategy uses, and no identity of the host.
    assert loaded["imports"] == ["pangolin:vending/http@1.0.0", "pangolin:vending/types@1.0.0"]
    assert loaded["rights"]["hosts"] == ["field:token_url"]
    assert loaded["rights"]["host_identity"] is False
