"""What shows whether the figures can be trusted: accepted losses, isolated events, the quarantine, the newest sale."""

from datetime import UTC, datetime
from functools import lru_cache

from ingestion.bronze import gaps, isolated_record
from ingestion.bronze.isolated_record import Isolated
from ingestion.lake.failures import reading
from ingestion.queries.parse_errors import Place
from ingestion.queries.rows import RejectedEvent, in_years
from ingestion.queries.snapshot import Lake, Snapshot

VALUE_LIMIT = 4096
UNREADABLE = "illisible"


def accepted_gaps(lake: Lake) -> list[gaps.Gap]:
    """The events lost before Bronze read them and accepted as lost until now; they belong to no slice."""
    with reading("the record of accepted gaps"):
        return gaps.accepted_gaps(lake.bronze)


def isolated_events(lake: Lake) -> list[Isolated]:
    """The events that bypassed the stream until now; each is in a slice like any other event."""
    with reading("the record of isolated events"):
        return isolated_record.isolated_events(lake.bronze)


def rejected(snapshot: Snapshot, raison: str | None = None, limit: int = 50, offset: int = 0) -> list[RejectedEvent]:
    """Rejected events, newest first."""
    rows = snapshot.rows(
        "ventes_rejetees",
        f"""
        select
            kafka_partition, kafka_offset, {in_years("kafka_timestamp")}, raison, tranche,
            octet_length(value), value[1:$value_limit]
        from read_parquet($files)
        where raison = coalesce($raison, raison)
        order by kafka_timestamp desc, kafka_partition, kafka_offset desc
        limit $limit offset $offset
        """,
        raison=raison,
        limit=limit,
        offset=offset,
        value_limit=VALUE_LIMIT,
    )
    errors = snapshot.parse_errors(
        [
            Place(partition, offset, moment.date())
            for partition, offset, moment, raison, *_ in rows
            if raison == UNREADABLE
        ]
    )
    return [
        RejectedEvent(partition, offset, moment.replace(tzinfo=UTC), raison, errors.get((partition, offset)), *rest)
        for partition, offset, moment, raison, *rest in rows
    ]


@lru_cache(maxsize=16)
def rejected_by_raison(snapshot: Snapshot) -> dict[str, int]:
    """The number of rejected events by reason, most frequent first."""
    rows = snapshot.rows(
        "ventes_rejetees",
        "select raison, count(*) from read_parquet($files) group by raison order by count(*) desc, raison",
    )
    return dict(rows)


@lru_cache(maxsize=16)
def clean_count(snapshot: Snapshot) -> int:
    """The number of valid sales, counted in the table whatever the ledger says."""
    rows = snapshot.rows("ventes_clean", "select count(*) from read_parquet($files)")
    # a table without files returns no row
    return rows[0][0] if rows else 0


@lru_cache(maxsize=16)
def newest_vente_at(snapshot: Snapshot) -> datetime | None:
    """The time of the newest published sale; None if there is no sale."""
    rows = snapshot.rows("ventes_clean", f"""select max({in_years('"timestamp"')}) from read_parquet($files)""")
    newest: datetime | None = rows[0][0] if rows else None
    return newest and newest.replace(tzinfo=UTC)


@lru_cache(maxsize=16)
def choices(snapshot: Snapshot) -> dict[str, list[str]]:
    """The values that `pays`, `produit` and `segment` can be filtered by."""
    rows = snapshot.rows(
        "cube_horaire",
        """
        select list_sort(list(distinct pays)), list_sort(list(distinct produit_nom)), list_sort(list(distinct segment))
        from read_parquet($files)
        """,
    )
    return dict(zip(("pays", "produit", "segment"), rows[0] if rows else ([], [], []), strict=True))
