"""What is added up of the stream's batches, from progress as Connect hands it over."""

import json
import warnings
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ingestion.bronze.progress import Progress
from ingestion.processes.states import BronzeState, read_state, write_state

AT = "2026-11-29T11:50:00.123Z"


def batch(number: int, rows: int, start: dict[str, int] | None, end: dict[str, int]) -> SimpleNamespace:
    source = {
        "numInputRows": rows,
        "startOffset": None if start is None else json.dumps({"ventes_stream": start}),
        "endOffset": json.dumps({"ventes_stream": end}),
    }
    facts = {
        "batchId": number,
        "sources": [source],
        "durationMs": {"triggerExecution": 900},
        "timestamp": "2026-11-29T11:50:00.123Z",
    }
    return SimpleNamespace(batchId=number, json=json.dumps(facts))


def query(*batches: SimpleNamespace) -> Any:
    return SimpleNamespace(recentProgress=list(batches))


def test_each_batch_counts_once() -> None:
    progress = Progress(None)
    first = batch(0, 5, None, {"0": 5})
    assert progress.of(query(first))["rows_total"] == 5
    told = progress.of(query(first, batch(1, 3, {"0": 5}, {"0": 6, "1": 2})))
    assert (told["rows_total"], told["batches_total"], told["batch"]) == (8, 2, 1)
    assert not progress.passed_over


def test_what_is_told_fits_the_state_file(own_folders: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_state(BronzeState(state="running", **Progress(None).of(query(batch(0, 5, None, {"0": 5})))))
    said = read_state(BronzeState)
    assert said is not None
    assert said.batch_at == datetime(2026, 11, 29, 11, 50, 0, 123000, tzinfo=UTC)


def test_a_batch_with_fewer_events_than_offsets_has_passed_some_over() -> None:
    progress = Progress(None)
    progress.of(query(batch(0, 5, {"0": 0}, {"0": 5})))
    assert not progress.passed_over
    # only markers: no batch with events, and yet read
    told = progress.of(query(batch(1, 0, {"0": 5}, {"0": 7})))
    assert progress.passed_over
    assert (told["batches_total"], told["batch"]) == (1, 0)


def test_a_batch_that_is_only_announced_is_none() -> None:
    progress = Progress(None)
    progress.of(query(batch(4, 0, {"0": 5}, {"0": 5})))
    assert progress.of(query(batch(4, 2, {"0": 5}, {"0": 7})))["rows_total"] == 2


def test_what_was_read_before_is_not_counted_again() -> None:
    found = query(batch(3, 5, {"0": 0}, {"0": 5}))
    assert Progress(found).of(found)["rows_total"] == 0
