"""Spark with Iceberg: one session for a whole test file."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from typing import TYPE_CHECKING, Any

from harness.tools import iceberg_jars, java_program, spark_home

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_SETTINGS = {
    "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
    "spark.driver.memory": "640m",
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "1",
}


class Spark:
    """A session on one thread."""

    def __init__(self) -> None:
        home = spark_home()
        self._dir = tempfile.mkdtemp(prefix="spark-")
        os.environ |= {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "JAVA_HOME": str(java_program().resolve().parents[1])}
        # Not installed into the venv: it would bring what it requires.
        sys.path[:0] = [str(home.parent), str(next((home / "python" / "lib").glob("py4j-*-src.zip")))]
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master("local[1]").appName("black box")
        settings = _SETTINGS | {
            # What `spark.jars.packages` would fetch.
            "spark.jars": ",".join(map(str, iceberg_jars())),
            "spark.local.dir": self._dir,
            "spark.sql.warehouse.dir": self._dir,
        }
        for key, value in settings.items():
            builder = builder.config(key, value)
        self._session: SparkSession = builder.getOrCreate()
        self._session.sparkContext.setLogLevel("OFF")

    def catalog(self, name: str, **properties: str) -> None:
        """A catalog with exactly these properties below `spark.sql.catalog.<name>`."""
        self.set(f"spark.sql.catalog.{name}", "org.apache.iceberg.spark.SparkCatalog")
        for key, value in ({"type": "rest"} | properties).items():
            self.set(f"spark.sql.catalog.{name}.{key}", value)

    def set(self, key: str, value: str) -> None:
        self._session.conf.set(key, value)

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._session.sql(query).collect()]

    def stop(self) -> None:
        """Ends the JVM as well, which would else stay until the run ends."""
        from pyspark import SparkContext

        gateway = SparkContext._gateway
        self._session.stop()
        assert gateway is not None
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(20)
        SparkContext._gateway = SparkContext._jvm = None
        shutil.rmtree(self._dir, ignore_errors=True)
