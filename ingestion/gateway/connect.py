"""A Python session on the gateway, over Spark Connect."""

from pathlib import Path
from typing import TYPE_CHECKING

from ingestion import hints
from ingestion.addresses import reached_at
from ingestion.errors import SalesError
from ingestion.processes.states import GatewayState, read_state
from ingestion.settings import SparkSettings, load

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession


def connect(session_id: str) -> "SparkSession":
    """The gateway's session of that id, which another client may have left.  Never call its `stop`: streams end."""
    from pyspark.sql.connect.client import DefaultChannelBuilder
    from pyspark.sql.connect.client.retries import DefaultPolicy
    from pyspark.sql.connect.session import SparkSession

    spark = load(SparkSettings)
    address = f"sc://{reached_at(spark.host, spark.connect_port)}/;session_id={session_id};user_id=sales"
    # gRPC would go through a proxy, even to this machine
    channel = DefaultChannelBuilder(address, [("grpc.enable_http_proxy", 0)])
    session = SparkSession.builder.channelBuilder(channel).create()
    # a dead gateway is for supervisor to restart, not for a client to wait ten minutes for
    session.client.set_retry_policies([DefaultPolicy(max_retries=2, max_backoff=1000)])
    return session


def gateway_session() -> str:
    """The Connect session of the gateway that was started last.  Raises SalesError where none was."""
    gateway = read_state(GatewayState)
    if gateway is None or gateway.session_id is None:
        raise SalesError(f"no gateway has been started; start the stack ({hints.start()})")
    return gateway.session_id


def in_sql(path: Path) -> str:
    """The path as it stands between single quotes in Spark's SQL."""
    return str(path).replace("\\", "\\\\").replace("'", "\\'")
