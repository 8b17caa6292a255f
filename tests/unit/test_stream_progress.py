"""What is added up of the stream's batches, from progress as Connect hands it over."""

import json
from types import SimpleNamespace
from typing import Any

from ingestion.bronze.progress import Progress


def batch(number: int, rows: int, start: dict[str, int] | None, end: dict[str, int]) -> SimpleNamespace:
    source = {
        "numInputRows": rows,
        "startOffset": None if start is None else json.dumps({"ventes_stream": start}),
        "endOffset": json.dumps({"ventes_stream": end}),
    }
    facts = {"batchId": number, "sources": [source], "durationMs": {"triggerExecution": 900}, "timestamp": "now"}
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
