"""A Python session on the gateway, over Spark Connect."""

from typing import TYPE_CHECKING

from ingestion.settings import SparkSettings, load

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession


def connect(session_id: str) -> "SparkSession":
    """The gateway's session of that id, which another client may have left.  Never call its `stop`: streams end."""
    from pyspark.sql.connect.client.retries import DefaultPolicy
    from pyspark.sql.connect.session import SparkSession

    spark = load(SparkSettings)
    session = SparkSession.builder.remote(
        f"sc://{spark.host}:{spark.connect_port}/;session_id={session_id};user_id=sales"
    ).create()
    # a dead gateway is for supervisor to restart, not for a client to wait ten minutes for
    session.client.set_retry_policies([DefaultPolicy(max_retries=2, max_backoff=1000)])
    return session
