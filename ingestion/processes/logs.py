"""What our resident processes share: how they log."""

import logging
import sys
import time

from ingestion.printable import printable


class _Printable(logging.Formatter):
    """A message is one line, and nothing in it is obeyed by the terminal that shows it; a traceback keeps its lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = printable(record.message)
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record), keep="\n")


def configure_logging() -> None:
    """One line per state change on standard error, in UTC; supervisor keeps and bounds the file."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = _Printable("%(asctime)sZ %(levelname)-7s %(message)s", datefmt="%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("kafka", "pyhive", "py4j", "httpx"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # logs a traceback for each refused connection; whoever connects has the error anyway
    logging.getLogger("thrift").setLevel(logging.CRITICAL)
