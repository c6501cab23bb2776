"""The first screen of README.md works as it is printed."""

import re
import subprocess
import sys
from collections.abc import Callable

from harness.documents import run
from harness.host import Host
from harness.tools import ROOT


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


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


def test_the_commands_exist() -> None:
    readme = (ROOT / "README.md").read_text()
    for command in ("demo", "test", "serve"):
        assert f"cargo xtask {command}" in readme
    script = (ROOT / ".ci" / "run").read_text()
    assert "cargo xtask test" in script
