"""The first screen of README.md works as it is printed."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.documents import run
from harness.host import Host
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.tools import ROOT, host_binary, plugin_dir
from harness.world import new_tenant, s3_config


def blocks(language: str, file: str = "README.md") -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / file).read_text(), re.DOTALL)


def test_a_first_table_without_any_cloud(make_host: Callable[..., Host]) -> None:
    opened = {"PANGOLIN_NO_AUTH": "true", "PANGOLIN_JWT_SECRET": None, "PANGOLIN_ENCRYPTION_KEY": None}
    host = make_host(settings=opened).start()

    def here(text: str) -> str:
        return text.replace("http://127.0.0.1:8080", host.url).replace("DATA", str(host.dir / "local"))

    shell = next(block for block in blocks("sh") if '"type": "local"' in block)
    for command in re.split(r"\n(?=curl )", shell.strip()):
        answer = run(here(command))
        assert answer.status == 201, answer.text
    script = next(block for block in blocks("python") if "load_catalog" in block)
    done = subprocess.run([sys.executable, "-c", here(script)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "id" in done.stdout


def test_a_warehouse_on_s3(make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed) -> None:
    host = make_host(seaweed).start()
    admin = new_tenant(host, planted).admin.api
    command = next(block for block in blocks("sh") if '"type": "s3"' in block)
    command = command.replace("http://localhost:8080", host.url).replace("$TOKEN", admin.token or "")
    answer = run(command.strip())
    assert answer.status == 201, answer.text
    assert "AwsSts" in str(admin.get("/api/v1/warehouses/production")["vending_strategy"])


@pytest.mark.parametrize("strategy", ["aws-static", "azure-oauth", "azure-sas", "gcp-downscoped", "vast-s3keys"])
def test_the_warehouse_of_a_strategys_own_page_can_be_made(
    make_host: Callable[..., Host], planted: Planted, strategy: str
) -> None:
    bodies = [block for block in blocks("json", f"plugins/{strategy}/README.md") if '"storage_config"' in block]
    assert len(bodies) == 1
    admin = new_tenant(make_host().start(), planted).admin.api
    admin.post("/api/v1/warehouses", json.loads(bodies[0]), status=201)


def test_what_a_client_asks_with_curl(make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed) -> None:
    host = make_host(seaweed).start()
    tenant = new_tenant(host, planted)
    body = {"vending_strategy": {"AwsSts": {}}, "storage_config": s3_config(seaweed, seaweed.bucket())}
    tenant.catalog(tenant.warehouse(body)["name"], name="analytics")
    tenant.admin.api.create_namespace("analytics", "sales")
    tenant.admin.api.create_table("analytics", "sales", "orders")
    script = blocks("sh", "examples/clients/README.md")[0].replace("http://localhost:8080", host.url)
    script = re.sub(r"^curl -s ", "curl -sf ", script, flags=re.MULTILINE)
    env = {"PATH": os.environ["PATH"], "HOME": str(host.dir), "TOKEN": tenant.admin.api.token or ""}
    command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"storage-credentials"') == 2
    assert done.stdout.count("X-Amz-Signature=") == 2, done.stdout


def test_log_in_a_tenant_a_user_a_grant(make_host: Callable[..., Host]) -> None:
    host = make_host().start()
    script = next(block for block in blocks("sh") if "$API/tenants" in block).replace("http://localhost:8080", host.url)
    env = {"PATH": os.environ["PATH"], "HOME": str(host.dir), "PANGOLIN_ROOT_PASSWORD": host.root_password}
    script = f"set -euo pipefail\n{script}\ncurl -sf $API/users/$BEN -H \"Authorization: Bearer $TOKEN\""
    done = subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert '"actions":["list","read"]' in done.stdout or '"actions":["read","list"]' in done.stdout, done.stdout
    assert '"username":"ben"' in done.stdout


def test_a_program_with_a_key_of_its_own(make_host: Callable[..., Host], planted: Planted) -> None:
    host = make_host().start()
    written = blocks("sh")
    script = "\n".join(block for block in written if "$API/tenants" in block or "$API/service-users" in block)
    script = script.replace("http://localhost:8080", host.url)
    env = {"PATH": os.environ["PATH"], "HOME": str(host.dir), "PANGOLIN_ROOT_PASSWORD": host.root_password}
    script = f"set -euo pipefail\n{script}\necho; echo $KEY"
    done = subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    planted.note("API key of the README", done.stdout.splitlines()[-1])
    assert '"username":"nightly-etl"' in done.stdout
    assert '"access_token"' in done.stdout and '"expires_in":3600' in done.stdout, done.stdout


def test_every_setting_is_documented() -> None:
    source = (ROOT / "host" / "server" / "src" / "config" / "read.rs").read_text()
    known = set(re.findall(r'"(PANGOLIN_[A-Z_]+)"', source.split("const KNOWN")[1].split("];")[0]))
    assert len(known) > 15
    missing = known - set(re.findall(r"PANGOLIN_[A-Z_]+", (ROOT / "README.md").read_text()))
    assert not missing, missing


def test_every_documented_setting_is_one(make_host: Callable[..., Host]) -> None:
    table = (ROOT / "README.md").read_text().split("| variable | meaning |")[1].split("\n\n")[0]
    names = set(re.findall(r"PANGOLIN_[A-Z_]+", table))
    assert len(names) > 15
    host = make_host(settings={"PANGOLIN_NO_SUCH_SETTING": "1"})
    # What is unknown is warned of, what is known is not. An empty value counts as not set.
    host.settings |= dict.fromkeys(names - host.settings.keys(), "")
    said = host.command("check").stdout
    assert "PANGOLIN_NO_SUCH_SETTING" in said
    assert not [name for name in names if f"{name} is not a setting" in said], said


def test_the_grant_file_of_the_page_has_every_key(tmp_path: Path) -> None:
    (page,) = blocks("toml", "plugins/README.md")
    grants = tmp_path / "grants.toml"
    grants.write_text(page)
    grants.chmod(0o600)
    command = [host_binary(), "plugin", "inspect", "--grants", grants, plugin_dir() / "aws_static.wasm"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    runtime = ROOT / "host" / "runtime" / "src"
    right = (runtime / "grants" / "file.rs").read_text().split("pub struct Grant {")[1].split("\n}")[0]
    limit = (runtime / "limits.rs").read_text().split("pub struct Limits {")[1].split("\n}")[0]
    keys = re.findall(r"^    pub ([a-z0-9_]+):", right + limit, re.MULTILINE)
    assert len(keys) > 15
    written = tomllib.loads(page)["plugins"]["TokenShop"]
    assert set(keys) == written.keys() | written["limits"].keys()


def test_the_commands_exist() -> None:
    readme = (ROOT / "README.md").read_text()
    for command in ("demo", "test", "serve"):
        assert f"cargo xtask {command}" in readme
    script = (ROOT / ".ci" / "run").read_text()
    assert "cargo xtask test" in script
