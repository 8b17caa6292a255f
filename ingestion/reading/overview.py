"""How far Bronze and Silver have got, unknown fields, and disk use.  The stack need not be running."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingestion.event import Offsets
from ingestion.lake.gold_ledger import GoldPublication
from ingestion.settings import KafkaSettings, PathSettings, load
from ingestion.topic.client import BrokerError, offset_range, topic_faults

# how far back the search for unknown fields goes: limited in time and in files, of which a stream writes one a second
DRIFT_WINDOW = timedelta(days=1)
DRIFT_FILES = 300


@dataclass(frozen=True)
class BronzeStatus:
    """How far Bronze has got; offsets are exclusive.

    `end` is the end of the committed events, None if the broker does not answer; `read` is what the stream has passed;
    `newest_at` is the newest event's Kafka time.
    """

    end: Offsets | None
    read: Offsets
    newest_at: datetime | None
    topic_faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class SilverStatus:
    """The newest closed slice (0: none yet), the totals over all closed slices, the open slice, and Gold's last run."""

    tranche: int = 0
    closed_at: datetime | None = None
    published: Offsets = field(default_factory=dict)
    open_tranche: int | None = None
    rows_read: int = 0
    rows_clean: int = 0
    rows_rejected: int = 0
    rows_duplicates: int = 0
    gold: GoldPublication | None = None


@dataclass(frozen=True)
class UnknownField:
    """A field that events have and the schema does not know."""

    name: str
    events: int
    last_at: datetime


@dataclass(frozen=True)
class Drift:
    """The unknown fields of the events that Kafka received after `since`, most frequent first."""

    since: datetime
    fields: list[UnknownField]


@dataclass(frozen=True)
class DiskStatus:
    """Bytes on disk; None if that part has no folder here."""

    lake: int | None
    broker: int | None
    logs: int | None
    free: int


def bronze_status() -> BronzeStatus:
    from ingestion.bronze.ends import BronzeEnds
    from ingestion.bronze.resume import read_ends

    try:
        end, faults = offset_range(load(KafkaSettings))[1], topic_faults(load(KafkaSettings))
    except BrokerError:
        end, faults = None, []
    read = read_ends(load(PathSettings), BronzeEnds())
    files = _bronze_files()
    return BronzeStatus(end, read, max((newest for _, newest in files), default=None), faults)


def silver_status() -> SilverStatus:
    from ingestion.queries.snapshot import Lake

    paths = load(PathSettings)
    lake = Lake(paths.silver, paths.bronze)
    current, opened = lake.current(), lake.open_slice()
    open_tranche = opened.tranche if opened else None
    if current.publication is None:
        return SilverStatus(open_tranche=open_tranche)
    published, totals = current.publication, current.totals
    return SilverStatus(
        tranche=published.tranche,
        closed_at=published.closed_at,
        published=published.offsets,
        open_tranche=open_tranche,
        rows_read=totals.rows_read,
        rows_clean=totals.rows_clean,
        rows_rejected=totals.rows_rejected,
        rows_duplicates=totals.rows_duplicates,
        gold=lake.gold().publication,
    )


def schema_drift() -> Drift:
    """Fields outside the schema in the newest files of Bronze."""
    import duckdb

    newest_first = sorted(_bronze_files(), key=lambda file: file[1], reverse=True)
    # every event newer than the newest file left out is in a searched file; the log truncates times to milliseconds
    left_out = [newest + timedelta(milliseconds=1) for _, newest in newest_first[DRIFT_FILES : DRIFT_FILES + 1]]
    since = max([datetime.now(UTC) - DRIFT_WINDOW, *left_out])
    files = [str(path) for path, newest in newest_first[:DRIFT_FILES] if newest > since]
    if not files:
        return Drift(since, [])
    rows = duckdb.execute(
        """
        select name, count(*), max(arrived)
        from (
            select epoch_us(kafka_timestamp) as arrived, unnest(map_keys(unknown_fields)) as name
            from read_parquet(?) where unknown_fields is not null
        )
        where arrived > ? group by name order by count(*) desc, name
        """,
        [files, round(since.timestamp() * 1e6)],
    ).fetchall()
    fields = [UnknownField(name, events, datetime.fromtimestamp(micros / 1e6, UTC)) for name, events, micros in rows]
    return Drift(since, fields)


def _bronze_files() -> list[tuple[Path, datetime]]:
    """Bronze's data files, each with the Kafka time of its newest event, from the Delta log alone."""
    import pyarrow as pa
    from deltalake import DeltaTable

    from ingestion.lake.delta_tables import table_exists

    bronze = load(PathSettings).bronze
    if not table_exists(bronze):
        return []
    actions = pa.table(DeltaTable(str(bronze)).get_add_actions(flatten=True))
    if "max.kafka_timestamp" not in actions.column_names:
        return []
    names = actions.column("path").to_pylist()
    newest = actions.column("max.kafka_timestamp").to_pylist()
    return [(bronze / name, at.astimezone(UTC)) for name, at in zip(names, newest, strict=True) if at is not None]


def disk_status() -> DiskStatus:
    import shutil

    paths = load(PathSettings)
    existing = next(folder for folder in (paths.lake_dir, *paths.lake_dir.parents) if folder.exists())
    return DiskStatus(
        lake=_used(paths.lake_dir),
        broker=_used(paths.var_dir / "kafka"),
        logs=_used(paths.log_dir),
        free=shutil.disk_usage(existing).free,
    )


def _used(folder: Path) -> int | None:
    """Bytes that the folder's files occupy; the broker's index files are longer than the space they occupy."""
    if not folder.exists():
        return None
    return sum(entry.stat(follow_symlinks=False).st_blocks * 512 for entry in _files(folder))


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        else:
            yield entry
