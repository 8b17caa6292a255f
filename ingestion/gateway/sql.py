"""SQL on the gateway over Thrift, for work that needs Spark but no Connect client.

It is light to import and quick to connect.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ingestion import hints
from ingestion.addresses import reached_at
from ingestion.errors import SalesError
from ingestion.printable import printable
from ingestion.settings import SparkSettings, load

# in one fetch
FEW_ROWS = 10


class StatementError(SalesError):
    """The gateway refused a statement (the message is the first line of its reason) or does not answer."""


class NoGatewayError(StatementError):
    """Nothing answers at the gateway's port."""


class Session:
    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self.columns: list[str] = []

    def run(self, statement: str, at_most: int | None = None) -> list[tuple[Any, ...]]:
        """Execute one statement and return its rows, or the first `at_most`: the gateway does not compute the others.

        Raises StatementError with Spark's own first line.
        """
        with _translated("the gateway stopped during the statement ({}); see sales status"):
            self._cursor.execute(statement)
            described = self._cursor.description or []
            self.columns = [name.split(".")[-1] for name, *_ in described]
            if not described:
                return []
            if at_most is None:
                return list(self._cursor.fetchall())
            # the gateway holds what one fetch asks for, and a row may have megabytes
            self._cursor.arraysize = FEW_ROWS
            return list(self._cursor.fetchmany(at_most))


@contextmanager
def session() -> Iterator[Session]:
    """A Thrift session on the gateway; raises NoGatewayError if nothing answers, StatementError if it refuses."""
    from pyhive import hive

    spark = load(SparkSettings)
    address = reached_at(spark.host, spark.thrift_port)
    nobody = f"no gateway answers at {address}; is the stack up? ({hints.start()} starts it)"
    with _translated(nobody, NoGatewayError):
        connection = hive.connect(host=spark.host, port=spark.thrift_port, username="sales", auth="NONE")
    try:
        yield Session(connection.cursor())
    finally:
        # there is nothing to close if the gateway has gone
        with suppress(StatementError), _translated("{}"):
            connection.close()


@contextmanager
def _translated(lost: str, kind: type[StatementError] = StatementError) -> Iterator[None]:
    """Turn a refusal by Spark into a StatementError with its reason, a lost connection into `kind` saying `lost`."""
    from pyhive.exc import Error
    from thrift.Thrift import TException

    try:
        yield
    except Error as error:
        raise StatementError(_first_line(error)) from error
    except (TException, OSError, EOFError) as error:
        raise kind(lost.format(error)) from error


def _first_line(error: Exception) -> str:
    answer = error.args[0] if error.args else error
    message: str = getattr(getattr(answer, "status", None), "errorMessage", None) or str(answer)
    # "[CODE] some.java.Exception: [CODE] what it means ...", over several lines
    meaning = re.sub(r"^\[[A-Z0-9_.]+\] [\w.$]+:\s*", "", message.removeprefix("Error running query: "))
    # it may quote values from the data
    return printable(meaning.split("\n")[0])
