"""How all of our resident processes log."""

import logging
import sys
import time

from ingestion.printable import printable


class _Printable(logging.Formatter):
    """Keeps a message on one line and escapes what a terminal would obey in it; a traceback keeps its lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = printable(record.message)
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record), keep="\n")


def configure_logging() -> None:
    """Log one line per state change to standard error, in UTC; supervisor keeps the file and limits its size."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = _Printable("%(asctime)sZ %(levelname)-7s %(message)s", datefmt="%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("kafka", "pyhive", "py4j", "httpx"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # it logs a traceback for each refused connection, but the caller gets the error anyway
    logging.getLogger("thrift").setLevel(logging.CRITICAL)
