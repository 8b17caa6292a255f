"""SQL on the gateway over Thrift, for what needs Spark and not a Connect client: light to import, quick to connect."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ingestion.settings import SparkSettings, load


class StatementError(Exception):
    """The gateway refused a statement or does not answer; the message is its first line."""


class NoGatewayError(StatementError):
    """Nothing answers at the gateway's port."""


class Session:
    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self.columns: list[str] = []

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """Execute one statement and return its rows; raises StatementError with Spark's own first line."""
        from pyhive.exc import Error
        from thrift.transport.TTransport import TTransportException

        try:
            self._cursor.execute(statement)
            described = self._cursor.description or []
            self.columns = [name.split(".")[-1] for name, *_ in described]
            return list(self._cursor.fetchall()) if described else []
        except Error as error:
            raise StatementError(_first_line(error)) from error
        except (TTransportException, OSError, EOFError) as error:
            raise StatementError(f"the gateway went away in mid-statement ({error}); see sales status") from error


@contextmanager
def session() -> Iterator[Session]:
    """A Thrift session on the gateway; raises NoGatewayError where nothing answers."""
    from pyhive import hive
    from thrift.transport.TTransport import TTransportException

    spark = load(SparkSettings)
    try:
        connection = hive.connect(host=spark.host, port=spark.thrift_port, username="sales", auth="NONE")
    except (TTransportException, OSError) as error:
        raise NoGatewayError(
            f"no gateway answers at {spark.host}:{spark.thrift_port}; is the stack up? (sales status)"
        ) from error
    try:
        yield Session(connection.cursor())
    finally:
        # nothing to close where the gateway has gone
        with suppress(TTransportException, OSError, EOFError):
            connection.close()


def _first_line(error: Exception) -> str:
    answer = error.args[0] if error.args else error
    message: str = getattr(getattr(answer, "status", None), "errorMessage", None) or str(answer)
    # "[CODE] some.java.Exception: [CODE] what it means ...", over several lines
    meaning = re.sub(r"^\[[A-Z0-9_.]+\] [\w.$]+:\s*", "", message.removeprefix("Error running query: "))
    return meaning.split("\n")[0]
