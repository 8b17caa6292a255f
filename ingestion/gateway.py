"""Fill the gateway's catalogue when it has started, then call it ready.  Run: python -m ingestion.gateway

The catalogue lives in the gateway's memory; what is true of the tables stands in their Delta logs.  So every start
registers the tables again, from the folders that hold a log, before anybody is told that the gateway is ready.
"""

import logging
from pathlib import Path
from typing import Any

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from ingestion.bronze_table import CREATE_BRONZE
from ingestion.process import alive, configure_logging
from ingestion.settings import PathSettings, load
from ingestion.state import read_state, write_state
from ingestion.thrift import NoGatewayError, Session, StatementError, session

logger = logging.getLogger(__name__)
_when_open = Retrying(
    retry=retry_if_exception_type(NoGatewayError), wait=wait_fixed(0.2), stop=stop_after_delay(300), reraise=True
)


def main() -> None:
    configure_logging()
    start = read_state("gateway")
    facts: dict[str, Any]
    try:
        state, facts = "ready", {"tables": _when_open(fill_catalogue)}
    except StatementError as error:
        state, facts = "failed", {"error": str(error)}
    # a gateway that was killed meanwhile has a successor, which registers for itself
    if read_state("gateway").get("session_id") == start["session_id"]:
        write_state("gateway", state, **facts, session_id=start["session_id"], pid=start["pid"])
        logger.info("gateway %s: %s", state, facts)


def fill_catalogue() -> int:
    """Register every Delta table of the lake and create an empty Bronze; return how many tables there are."""
    lake = load(PathSettings).lake_dir
    with session() as gateway:
        return sum(_register_schema(gateway, lake / schema) for schema in ("bronze", "silver"))


def _register_schema(gateway: Session, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    gateway.run(f"create schema if not exists {folder.name} location '{folder}'")
    if folder.name == "bronze":
        gateway.run(CREATE_BRONZE.format(location=folder / "ventes_raw"))
    tables = sorted(log.parent for log in folder.glob("*/_delta_log"))
    for table in tables:
        gateway.run(f"create table if not exists {folder.name}.{table.name} using delta location '{table}'")
    return len(tables)


def ready() -> bool:
    """Whether the gateway that runs now has its catalogue."""
    state = read_state("gateway")
    return state.get("state") == "ready" and alive(state["pid"])


if __name__ == "__main__":
    main()
