"""What is published, how old it is and how far behind: the answer of `/api/status`."""

from typing import Any

from ingestion.queries import Lake, Snapshot, accepted_gaps, isolated_events, newest_vente_at
from ingestion.reading.freshness import CAUSES
from streamlit_app.api.answers import age_seconds
from streamlit_app.singletons import Sampler, utc_now

NEWEST_ISOLATED = 20


def status_of(lake: Lake, snapshot: Snapshot, sampler: Sampler) -> dict[str, Any]:
    """The answer's members in the order of `models.Status`; lag, `stale` and gaps are current, not the snapshot's."""
    publication, freshness = snapshot.publication, sampler.latest()
    cause = sampler.cause(utc_now())
    newest = newest_vente_at(snapshot)
    return {
        "state": "empty" if publication is None else "stale" if cause else "fresh",
        "stale": cause is not None,
        "stale_reason": cause and CAUSES[cause],
        "tranche": publication and publication.tranche,
        "as_of": publication and publication.closed_at,
        "data_age_seconds": publication and age_seconds(publication.closed_at),
        "newest_vente_at": newest,
        "newest_vente_age_seconds": newest and age_seconds(newest),
        "lag": freshness and freshness.lag,
        "oldest_unpublished_at": freshness and freshness.oldest_unpublished_at,
        "open_transaction_at": freshness and freshness.open_transaction_at,
        "versions": publication.versions if publication else {},
        "offsets": publication.offsets if publication else {},
        "rows": _rows(snapshot),
        "accepted_gaps": [
            {
                "kafka_partition": gap.partition,
                "from_offset": gap.from_offset,
                "to_offset": gap.to_offset,
                "accepted_at": gap.accepted_at,
            }
            for gap in accepted_gaps(lake)
        ],
        "isolated_events": _isolated(lake),
    }


def _isolated(lake: Lake) -> dict[str, Any]:
    events = isolated_events(lake)
    newest = sorted(events, key=lambda event: event.isolated_at, reverse=True)[:NEWEST_ISOLATED]
    return {
        "total": len(events),
        "newest": [
            {
                "kafka_partition": event.partition,
                "kafka_offset": event.offset,
                "value_size": event.size,
                "isolated_at": event.isolated_at,
            }
            for event in newest
        ],
    }


def _rows(snapshot: Snapshot) -> dict[str, int]:
    counted = snapshot.totals
    return {
        "read": counted.rows_read,
        "clean": counted.rows_clean,
        "rejected": counted.rows_rejected,
        "duplicates": counted.rows_duplicates,
    }
