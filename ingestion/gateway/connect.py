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
    """The gateway's session with this id, perhaps from an earlier client.  Never call its `stop`: that ends streams."""
    from pyspark.sql.connect.client import DefaultChannelBuilder
    from pyspark.sql.connect.client.retries import DefaultPolicy
    from pyspark.sql.connect.session import SparkSession

    spark = load(SparkSettings)
    address = f"sc://{reached_at(spark.host, spark.connect_port)}/;session_id={session_id};user_id=sales"
    # gRPC would use a proxy even for this machine
    channel = DefaultChannelBuilder(address, [("grpc.enable_http_proxy", 0)])
    session = SparkSession.builder.channelBuilder(channel).create()
    # supervisor restarts a dead gateway; a client should not wait ten minutes for it
    session.client.set_retry_policies([DefaultPolicy(max_retries=2, max_backoff=1000)])
    return session


def gateway_session() -> str:
    """The id of the Connect session of the last gateway started.  Raises SalesError if none has been started."""
    gateway = read_state(GatewayState)
    if gateway is None or gateway.session_id is None:
        raise SalesError(f"no gateway has been started; start the stack ({hints.start()})")
    return gateway.session_id


def in_sql(path: Path) -> str:
    """The path as it must be written between single quotes in Spark's SQL."""
    return str(path).replace("\\", "\\\\").replace("'", "\\'")
