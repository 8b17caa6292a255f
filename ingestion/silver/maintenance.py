"""The daily upkeep of the lake: merge small files, and delete files that no reader can request any more.

A reader may request the figures of any moment in the last seven days (`?as_of=`).  The slice that was current at that
moment may be older, because a slice stays current until the next one closes.  So a file is kept for seven days, or
since that slice closed, whichever is longer; if that is longer than Delta remembers, nothing is deleted.
"""

import logging
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path

from ingestion.gateway import sql
from ingestion.gateway.catalogue_filler import SCHEMAS, delta_tables
from ingestion.lake.engine import Engine
from ingestion.lake.gold_ledger import GoldLedger
from ingestion.lake.ledger import publications
from ingestion.lake.ownership import refuse_strangers
from ingestion.processes.states import MaintenanceState, Upkeep, write_state
from ingestion.settings import PathSettings, load
from ingestion.silver.compaction import compact

PROMISED = timedelta(days=7)
# how long Delta remembers which files were removed from a table, and when (delta.deletedFileRetentionDuration in
# dbt_project.yml); VACUUM deletes the files that Delta has forgotten, whatever it is told to keep
REMEMBERED = timedelta(days=9)
# a run that has just read its files may still be working with them
MARGIN = timedelta(hours=1)
logger = logging.getLogger(__name__)


def maintain() -> list[Upkeep]:
    """Compact the tables that grow and vacuum all tables, through the gateway; safe beside the stream and a Silver run.

    Deletes nothing while the promised figures rest on a slice older than Delta remembers, that is, until a week after
    publishing has resumed.  Raises StatementError.
    """
    paths = load(PathSettings)
    tables = {
        f"{schema}.{folder.name}": folder
        for schema in SCHEMAS
        for folder in delta_tables(paths.lake_dir / schema)
        # the next start of the gateway moves away what a scratch table has replaced
        if not (paths.lake_dir / "scratch" / schema / folder.name).exists()
    }
    before = {table: _on_disk(folder) for table, folder in tables.items()}
    compact(at_least=1)
    of_silver, of_gold = hours_of_silver(paths), hours_of_gold(paths)
    hours = {"bronze": of_silver, "silver": of_silver, "gold": of_gold}
    for schema in (schema for schema in ("silver", "gold") if hours[schema] is None):
        logger.info("nothing of %s is deleted: figures of seven days ago need what Delta no longer remembers", schema)
    with sql.session() as gateway:
        refuse_strangers()
        known = {f"{schema}.{name}" for schema in SCHEMAS for _, name, _ in gateway.run(f"show tables in {schema}")}
        for table, folder in tables.items():
            kept = hours[folder.parent.name]
            if kept is not None and table in known:
                # in quotes, because Delta takes `history`, the usual name of a snapshot, for a word of its own
                gateway.run(f"vacuum `{folder.parent.name}`.`{folder.name}` retain {kept} hours")
            elif kept is not None:
                logger.warning("not vacuumed, because the catalogue does not have it: %s", table)
    done = [Upkeep(table, *before[table], *_on_disk(folder)) for table, folder in tables.items()]
    write_state(MaintenanceState(state="done", tables=done))
    return done


def hours_of_silver(paths: PathSettings) -> int | None:
    return retention_hours([each.closed_at for each in publications(paths.silver)], datetime.now(UTC))


def hours_of_gold(paths: PathSettings) -> int | None:
    made = GoldLedger(paths.gold / "bilan_gold", Engine()).publications()
    return retention_hours([each.published_at for each in made], datetime.now(UTC))


def retention_hours(published: list[datetime], now: datetime) -> int | None:
    """For how many hours a file is kept after the last version that needs it, at least 168; None: delete nothing.

    `published`: when the versions were published that readers may ask for.
    """
    promised_since = now - PROMISED
    older = [each for each in published if each <= promised_since]
    kept = max(PROMISED, now - max(older) + MARGIN) if older else PROMISED
    return ceil(kept / timedelta(hours=1)) if kept <= REMEMBERED else None


def _on_disk(table: Path) -> tuple[int, int]:
    sizes = [file.stat().st_size for file in table.rglob("*.parquet") if "_delta_log" not in file.parts]
    return len(sizes), sum(sizes)
