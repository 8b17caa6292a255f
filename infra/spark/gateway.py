"""Run the gateway in the foreground, on this machine or on a cluster.  Run: python -m infra.spark.gateway"""

import logging
import os
import shutil
import sys
import uuid
from pathlib import Path

import pyspark

from infra.spark.java import java_binary, java_version, log_settings, resident_jvm_options, spark_jvm_options
from ingestion.addresses import in_brackets
from ingestion.environment import own_environment
from ingestion.gateway import catalogue_filler
from ingestion.gateway.connect import in_sql
from ingestion.lake.ownership import LakeOwnedError, own_lake
from ingestion.processes.logs import configure_logging
from ingestion.processes.states import GatewayState, write_state
from ingestion.settings import PROJECT, PathSettings, SparkSettings, load

SPARK_CONFIG = PROJECT / "infra" / "spark"
SPARK_HOME = Path(pyspark.__file__).parent
LOGGING = log_settings(SPARK_CONFIG / "log4j2.properties")
# three executors share few cores and have little to do: the optimising compiler would never repay its cost
EXECUTOR_OPTIONS = f"{LOGGING} -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Duser.timezone=UTC"
THRIFT_SERVER = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"

# The optimising compiler does half of a fresh gateway's work, most of it for code that never repays the effort.  So it
# waits for ten times the default number of calls and loops.
LAZY_COMPILER = [
    "-XX:Tier4InvocationThreshold=50000",
    "-XX:Tier4MinInvocationThreshold=6000",
    "-XX:Tier4CompileThreshold=150000",
    "-XX:Tier4BackEdgeThreshold=400000",
]
IDLE_READER, IDLE_CHECK = "30m", "5m"
logger = logging.getLogger(__name__)


def main() -> None:
    configure_logging()
    _own_lake()
    # each start of the gateway needs a new Connect session ID, because Spark never reopens an old one
    write_state(GatewayState(state="started", session_id=str(uuid.uuid4())))
    _empty_scratch(load(PathSettings).var_dir / "spark")
    command = gateway_command()
    spark = {
        "SPARK_HOME": str(SPARK_HOME),
        # otherwise the UI listens on every address of the machine
        "SPARK_LOCAL_IP": load(SparkSettings).host,
        # Spark starts a Python to ask for its data sources; the first one in PATH may be another
        "PYSPARK_PYTHON": sys.executable,
    }
    os.execve(command[0], command, own_environment() | spark)


def _own_lake() -> None:
    try:
        own_lake()
    except LakeOwnedError as error:
        # do not overwrite the state of a running gateway
        if not catalogue_filler.runs():
            write_state(GatewayState(state="refused", error=str(error)))
        logger.error("%s", error)
        raise SystemExit(1) from error


def _empty_scratch(scratch: Path) -> None:
    """Remove what a killed gateway has left; only one gateway uses a VAR_DIR."""
    shutil.rmtree(scratch, ignore_errors=True)
    # the Hive part of the Thrift server keeps files for each session there
    (scratch / "hive").mkdir(parents=True)


def gateway_command() -> list[str]:
    """Start the JVM directly, because Spark's launcher scripts need a Java module that the wheel's Java lacks."""
    paths, spark = load(PathSettings), load(SparkSettings)
    scratch = paths.var_dir / "spark"
    # every jar by name, sorted: the start-up cache is valid only for exactly this class path
    jars = sorted((paths.jars_dir / "spark").glob("*.jar")) + sorted((SPARK_HOME / "jars").glob("*.jar"))
    settings = {
        "spark.master": spark.master,
        "spark.ui.port": str(spark.ui_port),
        "spark.driver.host": in_brackets(spark.host),
        "spark.driver.bindAddress": in_brackets(spark.host),
        "spark.connect.grpc.binding.address": spark.host,
        "spark.connect.grpc.binding.port": str(spark.connect_port),
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": str(paths.lake_dir),
        # the lake's path, escaped for dbt's SQL, where it appears between quotes
        "spark.sales.lake": in_sql(paths.lake_dir),
        "spark.scheduler.allocation.file": f"file://{SPARK_CONFIG / 'fairscheduler.xml'}",
        # used on a cluster, whose workers have the same image
        "spark.executor.extraClassPath": f"{paths.jars_dir / 'spark'}/*",
        "spark.executor.extraJavaOptions": EXECUTOR_OPTIONS,
    }
    return [
        *(str(java_binary()), *spark_jvm_options(), *_start_up_cache(paths.jars_dir)),
        *(f"-Xmx{spark.driver_memory}", "-XX:+UseSerialGC", *LAZY_COMPILER, *resident_jvm_options("gateway")),
        *(f"-Djava.io.tmpdir={scratch}", f"-Dderby.system.home={scratch}"),
        LOGGING,
        *("-cp", ":".join(map(str, jars)), "org.apache.spark.deploy.SparkSubmit"),
        *("--properties-file", str(SPARK_CONFIG / "spark-defaults.conf")),
        *(part for key, value in settings.items() for part in ("--conf", f"{key}={value}")),
        *("--class", THRIFT_SERVER, "spark-internal"),
        *("--hiveconf", f"hive.server2.thrift.port={spark.thrift_port}"),
        *("--hiveconf", f"hive.server2.thrift.bind.host={spark.host}"),
        *("--hiveconf", f"hive.exec.local.scratchdir={scratch / 'hive'}"),
        # a session deletes this folder when it closes, so each needs its own
        *("--hiveconf", f"hive.downloaded.resources.dir={scratch}/hive/${{hive.session.id}}"),
        # a client that stops fetching but stays connected keeps part of its answer in memory
        *("--hiveconf", f"hive.server2.idle.operation.timeout={IDLE_READER}"),
        *("--hiveconf", f"hive.server2.idle.session.timeout={IDLE_READER}"),
        *("--hiveconf", f"hive.server2.session.check.interval={IDLE_CHECK}"),
    ]


def _start_up_cache(jars_dir: Path) -> list[str]:
    """Options for the JVM's start-up cache, which a training run writes (`make warm`).

    It holds parsed classes and method profiles; the JVM ignores a cache that does not fit.
    """
    cache, training = jars_dir / "gateway.aot", os.environ.get("SALES_AOT_TRAINING")
    if java_version() < 25:
        return []
    if training:
        return [f"-XX:AOTCacheOutput={training}"]
    return [f"-XX:AOTCache={cache}", "-Xlog:aot*=off,cds*=off"] if cache.exists() else []


if __name__ == "__main__":
    main()
