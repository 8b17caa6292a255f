"""`sales status` says of schema drift what it has searched, from a real Bronze."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from infra.cli.status_view import _show_drift
from ingestion.reading import overview
from ingestion.reading.overview import schema_drift

SCHEMA = pa.schema(
    [
        ("kafka_timestamp", pa.timestamp("us", "UTC")),
        ("unknown_fields", pa.map_(pa.string(), pa.string())),
        ("date", pa.date32()),
    ]
)


@pytest.fixture(autouse=True)
def lake(own_folders: Path) -> Path:
    return own_folders / "lake"


def arrive(lake: Path, *events: tuple[timedelta, str | None]) -> datetime:
    """Write one file of events, so long ago and each with this field; return when the first of them came."""
    now = datetime.now(UTC)
    rows = [(now - ago, [(name, "1")] if name else None, date(2026, 11, 22)) for ago, name in events]
    content = [dict(zip(SCHEMA.names, row, strict=True)) for row in rows]
    path = lake / "bronze" / "ventes_raw"
    write_deltalake(str(path), pa.Table.from_pylist(content, SCHEMA), mode="append", partition_by=["date"])
    return rows[0][0]


def test_events_of_the_last_day_are_counted_and_no_others(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hour = timedelta(hours=1)
    arrive(lake, (30 * hour, "old"), (20 * hour, "canal"))
    newest = arrive(lake, (hour, "canal"), (2 * hour, "remise"), (2 * hour, None))
    drift = schema_drift()
    assert [(field.name, field.events) for field in drift.fields] == [("canal", 2), ("remise", 1)]
    assert drift.fields[0].last_at == newest
    _show_drift(drift)
    assert "Schema drift in the last 1 d 0 h: " in capsys.readouterr().out


def test_search_of_fewer_files_says_how_far_it_went(
    lake: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(overview, "DRIFT_FILES", 2)
    unsearched = arrive(lake, (timedelta(minutes=10), "canal"))
    for minutes in (3, 2):
        arrive(lake, (timedelta(minutes=minutes), None))
    drift = schema_drift()
    assert unsearched < drift.since <= unsearched + timedelta(milliseconds=1)
    assert drift.fields == []
    _show_drift(drift)
    assert capsys.readouterr().out == "schema drift: none in the last 10 min 00 s\n"


def test_empty_lake_has_no_drift(capsys: pytest.CaptureFixture[str]) -> None:
    _show_drift(schema_drift())
    assert capsys.readouterr().out == "schema drift: none in the last 1 d 0 h\n"
