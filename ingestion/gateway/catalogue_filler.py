"""Fill the gateway's catalogue after each start of the gateway, then report it ready.

Run: python -m ingestion.gateway.catalogue_filler

The catalogue exists only in the gateway's memory; the tables themselves are defined by their Delta logs.  So each start
registers the tables again, from the folders that hold a log, before the gateway is reported ready.

The filler is a separate process that ends when it is done.  The `bronze` process keeps one running until the gateway is
ready (`Filler`), and supervisor keeps `bronze` running: whichever of them is killed, and whenever, another one starts
again.  The filler writes its result to a separate file, with the session id of the gateway to which it applies.
"""

import logging
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ingestion.bronze_table import CREATE_BRONZE
from ingestion.errors import for_operators
from ingestion.gateway.connect import in_sql
from ingestion.gateway.sql import NoGatewayError, StatementError, session
from ingestion.lake.gold_ledger import newest_gold
from ingestion.lake.ledger import newest_publication
from ingestion.printable import printable
from ingestion.processes.liveness import alive
from ingestion.processes.logs import configure_logging
from ingestion.processes.states import CatalogueState, GatewayState, read_state, write_state
from ingestion.settings import PathSettings, load

# a filler that failed or was killed is replaced, but not so often that repeated failures keep the machine busy
RETRY_SECONDS = 5.0
SCHEMAS = ("bronze", "silver", "gold")
NAME = "[a-z0-9_]+"
logger = logging.getLogger(__name__)


class Filler:
    """Keeps a filler running while one is needed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._not_before = 0.0

    def ensure_filled(self) -> bool:
        """Whether the gateway is ready; if it runs without its catalogue and our filler is not running, start one."""
        if ready():
            if self._process is not None:
                # the filler is done; without this, the dead child would stay in the process table
                self._process.wait()
            return True
        if _session() and not self._at_work() and time.monotonic() > self._not_before:
            self._not_before = time.monotonic() + RETRY_SECONDS
            self._process = subprocess.Popen([sys.executable, "-m", "ingestion.gateway.catalogue_filler"])
        return False

    def _at_work(self) -> bool:
        return self._process is not None and self._process.poll() is None


def main() -> None:
    configure_logging()
    # the kernel releases the lock of a filler that is killed; its successor repeats its work, which changes nothing
    with suppress(Timeout), FileLock(load(PathSettings).run_dir / ".catalogue.lock", timeout=0):
        _fill()


def _fill() -> None:
    """Wait until the gateway that runs now answers, fill its catalogue, and report the result."""
    wanted = _session()
    # if the gateway is killed meanwhile, it gets a successor, which gets another filler
    while wanted and _session() == wanted:
        try:
            tables = fill_catalogue()
        except NoGatewayError:
            time.sleep(0.2)
            continue
        except Exception as error:
            # report any reason, because others wait for the gateway
            reason = printable(" ".join(for_operators(error).split())) or type(error).__name__
            write_state(CatalogueState(state="failed", session_id=wanted, error=reason))
            logger.error("gateway failed: %s", reason)
            return
        write_state(CatalogueState(state="ready", session_id=wanted, tables=tables))
        logger.info("gateway ready: %d tables", tables)
        return


def fill_catalogue() -> int:
    """Register every Delta table of the lake and create an empty Bronze; return how many tables there are."""
    lake = load(PathSettings).lake_dir
    for name in SCHEMAS:
        (lake / name).mkdir(parents=True, exist_ok=True)
    set_unfinished_aside(lake)
    set_replaced_aside(lake)
    schemas = schema_folders(lake)
    with session() as gateway:
        for schema in schemas:
            gateway.run(f"create schema if not exists `{schema.name}` location {_text(schema)}")
        gateway.run(CREATE_BRONZE.format(location=_text(lake / "bronze" / "ventes_raw")))
        tables = [table for schema in schemas for table in delta_tables(schema)]
        for table in tables:
            gateway.run(_creation(table, "delta"))
        for table in scratch_tables(lake, schemas):
            try:
                gateway.run(_creation(table, "parquet"))
            except StatementError as error:
                # the next run writes it again
                logger.warning("left out of the catalogue, because it cannot be read: %s (%s)", table, error)
    return len(tables)


def _creation(table: Path, file_format: str) -> str:
    name = f"`{table.parent.name}`.`{table.name}`"
    return f"create table if not exists {name} using {file_format} location {_text(table)}"


def schema_folders(lake: Path) -> list[Path]:
    """Bronze, Silver, and the lake's other folders with Delta tables, such as what dbt has stored of failed tests."""
    others = {log.parent.parent for log in lake.glob("*/*/_delta_log")}
    return [lake / name for name in SCHEMAS] + sorted(
        folder for folder in others if folder.name not in SCHEMAS and re.fullmatch(NAME, folder.name)
    )


def delta_tables(folder: Path) -> Iterator[Path]:
    """The folder's Delta tables, except those that the catalogue cannot hold."""
    for table in sorted(log.parent for log in folder.glob("*/_delta_log")):
        # Spark accepts no other names, and would read a capital as its small letter, which is another folder's table
        if not re.fullmatch(NAME, table.name):
            logger.warning("left out of the catalogue, because its name is not valid for a table: %s", table)
        elif _is_unfinished(table):
            logger.warning("left out of the catalogue, because its log holds no commit: %s", table)
        else:
            yield table


def scratch_tables(lake: Path, schemas: Iterable[Path]) -> list[Path]:
    """What a run has written for itself alone (dbt_sales/macros/spark/scratch.sql): its next task may read it.

    Without its mark it is not finished, and no schema can be read from it.
    """
    marks = (mark for schema in schemas for mark in (lake / "scratch" / schema.name).glob("*/_SUCCESS"))
    return [mark.parent for mark in sorted(marks) if re.fullmatch(NAME, mark.parent.name)]


def set_unfinished_aside(lake: Path) -> None:
    """Move away what a killed `create table` has left behind, because no table could be created there again.

    Bronze stays, and so do Silver and Gold once they have published something: a table without its log was finished and
    has lost it.
    """
    published = {"silver": newest_publication(lake / "silver"), "gold": newest_gold(lake / "gold")}
    kept = {"bronze", *(schema for schema, newest in published.items() if newest)}
    for schema in schema_folders(lake):
        for table in (log.parent for log in schema.glob("*/_delta_log") if schema.name not in kept):
            if _is_unfinished(table):
                _set_aside(table, "it was never finished")


def set_replaced_aside(lake: Path) -> None:
    """Move away a Delta table of an older version of this project that is a scratch table now."""
    for scratch in sorted((lake / "scratch").glob("*/*")):
        replaced = lake / scratch.relative_to(lake / "scratch")
        if (replaced / "_delta_log").exists():
            _set_aside(replaced, "a scratch table has taken its place")


def _set_aside(table: Path, reason: str) -> None:
    aside = table.parents[1] / ".unfinished" / f"{table.parent.name}.{table.name}.{time.time_ns()}"
    aside.parent.mkdir(exist_ok=True)
    table.rename(aside)
    logger.warning("moved %s to %s: %s", table, aside, reason)


def _is_unfinished(table: Path) -> bool:
    """Whether the table's log has neither a commit nor a checkpoint."""
    return next((table / "_delta_log").glob("[0-9]*"), None) is None


def _text(path: Path) -> str:
    """The path as a string in Spark's SQL."""
    return f"'{in_sql(path)}'"


def ready() -> bool:
    """Whether the gateway that runs now has its catalogue."""
    return fault() is None


def fault() -> str | None:
    """What the gateway that runs now lacks; None when it has its catalogue."""
    wanted, said = _session(), read_state(CatalogueState)
    if wanted is None:
        gateway = read_state(GatewayState)
        return (gateway and gateway.error) or "is starting"
    if said is None or said.session_id != wanted:
        return "is starting"
    return None if said.state == "ready" else said.error


def runs() -> bool:
    return _session() is not None


def _session() -> str | None:
    """The session id of the gateway that runs now; None if none runs, or if it was refused the lake."""
    gateway = read_state(GatewayState)
    return gateway.session_id if gateway and alive(gateway.life) else None


if __name__ == "__main__":
    main()
