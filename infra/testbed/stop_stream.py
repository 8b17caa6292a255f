"""End the Bronze stream of the stack that the environment names.  Run: python -m infra.testbed.stop_stream

The stream survives its process inside the gateway, and would spoil a measurement or test of a new start.
"""

from ingestion.bronze.stream import QUERY_NAME
from ingestion.gateway.connect import connect, gateway_session


def main() -> None:
    spark = connect(gateway_session())
    for query in spark.streams.active:
        if query.name == QUERY_NAME:
            query.stop()


if __name__ == "__main__":
    main()
