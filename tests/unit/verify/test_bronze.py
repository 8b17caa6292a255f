"""`verify` between the topic and Bronze: replays, what the broker has dropped, and gaps that were accepted."""

from pathlib import Path

import pytest

from ingestion.bronze.eventless import Range
from ingestion.bronze.gaps import Gap
from ingestion.sizes import LARGEST_EVENT
from ingestion.topic.client import BrokerError
from ingestion.verify import verify
from ingestion.verify.verdict import Evaluation
from tests.unit.verify.damage import move_slice, repeat
from tests.unit.verify.lake import Lake, close_slice, dirty_lake, failed, sound_lake, ventes


def test_replayed_and_dropped_events_are_lines_of_their_own(tmp_path: Path) -> None:
    lake = dirty_lake()
    lake.ventes_raw.append(dict(lake.ventes_raw[3]))
    lake.first = {0: 5, 1: 2}
    found = lake.verify(tmp_path)
    counts = {check.name: check.count for check in found.checks}
    assert found.ok, found.examples
    assert counts["replayed copies"] == 1
    assert counts["no longer in the topic"] == 7


def test_replayed_copy_with_another_value_is_a_fault(tmp_path: Path) -> None:
    lake = dirty_lake()
    repeat("ventes_raw", 4, value=b"{}")(lake)
    assert set(failed(lake.verify(tmp_path))) >= {"topic in Bronze", "replayed copies"}


def lake_with_gap(missing: range, first: int, gaps: list[Gap]) -> Lake:
    """Twelve events of one partition in two slices; Bronze never got `missing`, the broker begins at `first`."""
    lake = sound_lake([vente.to_json() for vente in ventes(12)], partitions=1)
    lake.ventes_raw[:] = [row for row in lake.ventes_raw if row["kafka_offset"] not in missing]
    taken: dict[int, Evaluation] = {}
    close_slice(lake, 1, lake.topic[:4], taken, 1)
    if missing.stop < 12:
        close_slice(lake, 2, lake.topic[missing.stop :], taken, 1)
        move_slice("to_offset", missing.stop - 4, 1)(lake)
    lake.first, lake.gaps = {0: first}, gaps
    return lake


@pytest.mark.parametrize("first", [0, 5, 7, 9], ids="the broker begins at {}".format)
def test_accepted_gap_is_counted_and_is_no_fault(first: int, tmp_path: Path) -> None:
    """Also where a broker whose data was restored holds its events again, or some of them."""
    found = lake_with_gap(range(4, 7), first, [Gap(0, 4, 7)]).verify(tmp_path)
    counts = {check.name: check.count for check in found.checks}
    assert found.ok, found.examples
    assert found.gaps == (Gap(0, 4, 7),)
    assert counts["accepted gaps"] == 3
    assert counts["no longer in the topic"] == len(set(range(first)) - {4, 5, 6})


def test_an_accepted_gap_at_the_end_is_no_fault(tmp_path: Path) -> None:
    found = lake_with_gap(range(4, 12), 12, [Gap(0, 4, 12)]).verify(tmp_path)
    assert found.ok, found.examples
    assert {check.name: check.count for check in found.checks}["accepted gaps"] == 8


def test_what_came_back_after_all_is_not_counted_as_lost(tmp_path: Path) -> None:
    found = lake_with_gap(range(4, 7), 7, [Gap(0, 3, 7)]).verify(tmp_path)
    assert found.ok, found.examples
    assert {check.name: check.count for check in found.checks}["accepted gaps"] == 3


LOST = "neither in Bronze nor in the topic, and not accepted as lost"


@pytest.mark.parametrize(
    ("missing", "first", "gaps", "expected"),
    [
        pytest.param(range(4, 7), 7, [], f"partition 0, offsets 4 to 6: 3 {LOST}", id="not accepted"),
        pytest.param(range(4, 7), 7, [Gap(0, 4, 6)], f"partition 0, offsets 4 to 6: 1 {LOST}", id="more missing"),
        pytest.param(range(4, 7), 7, [Gap(0, 5, 6)], f"partition 0, offsets 4 to 6: 2 {LOST}", id="around it"),
        pytest.param(range(4, 7), 7, [Gap(1, 4, 7)], f"partition 0, offsets 4 to 6: 3 {LOST}", id="in another"),
        pytest.param(range(4, 12), 6, [], f"partition 0, offsets 4 to 5: 2 {LOST}", id="at the end"),
    ],
)
def test_any_other_offset_that_the_broker_has_dropped_is_missed(
    missing: range, first: int, gaps: list[Gap], expected: str, tmp_path: Path
) -> None:
    found = lake_with_gap(missing, first, gaps).verify(tmp_path)
    assert failed(found) == {"no longer in the topic": 1}
    assert found.examples["no longer in the topic"] == (expected,)


def test_what_the_broker_holds_is_missed_one_by_one_beside_an_accepted_gap(tmp_path: Path) -> None:
    found = lake_with_gap(range(4, 7), 0, [Gap(0, 5, 6)]).verify(tmp_path)
    assert failed(found) == {"topic in Bronze": 2}
    places = [text.split(": ")[0] for text in found.examples["topic in Bronze"]]
    assert places == ["partition 0, offset 4", "partition 0, offset 6"]


def test_silent_broker_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ingestion.settings import KafkaSettings, load
    from ingestion.verify import topic_log

    nowhere = load(KafkaSettings).model_copy(update={"bootstrap_servers": "127.0.0.1:9"})
    monkeypatch.setattr(topic_log, "load", lambda kind: nowhere)
    with pytest.raises(BrokerError, match=r"no Kafka broker answers at 127\.0\.0\.1:9"):
        verify(lake=tmp_path)


def test_offsets_without_an_event_are_no_loss_once_the_topic_has_dropped_them(tmp_path: Path) -> None:
    """Transaction markers and aborted events, which nobody could ever read."""
    lake = lake_with_gap(range(4, 7), 9, [])
    assert failed(lake.verify(tmp_path / "unknown")) == {"no longer in the topic": 1}
    lake.eventless = [Range(0, 4, 6), Range(0, 6, 7)]
    found = lake.verify(tmp_path / "on record")
    assert found.ok, found.examples
    assert {check.name: check.count for check in found.checks}["offsets without an event"] == 3


def test_an_event_that_is_lost_beside_offsets_without_one_is_a_fault(tmp_path: Path) -> None:
    lake = lake_with_gap(range(4, 7), 9, [])
    lake.eventless = [Range(0, 4, 6)]
    (told,) = lake.verify(tmp_path).examples["no longer in the topic"]
    assert "offsets 4 to 6: 1 neither in Bronze nor in the topic" in told


SALES = [vente.to_json() for vente in ventes(4)]
LARGE = b'{"a": "' + b"x" * LARGEST_EVENT + b'"}'


def test_what_is_too_large_is_rejected_without_its_bytes_in_silver(tmp_path: Path) -> None:
    found = sound_lake([*SALES, LARGE], slices=(5,)).verify(tmp_path)
    assert failed(found) == {}
    assert (found.raisons["illisible"], found.left) == (1, 0)


def left_in_kafka() -> Lake:
    """The last event is larger than what Bronze keeps."""
    lake = sound_lake([*SALES, LARGE], slices=(5,))
    lake.topic[-1] = lake.topic[-1]._replace(value=None)
    lake.ventes_raw[-1]["value"] = None
    return lake


def test_what_only_kafka_has_is_counted(tmp_path: Path) -> None:
    found = left_in_kafka().verify(tmp_path)
    assert failed(found) == {}
    assert found.left == 1


def test_bytes_that_bronze_should_have_are_a_difference(tmp_path: Path) -> None:
    lake = left_in_kafka()
    lake.topic[-1] = lake.topic[-1]._replace(value=LARGE)
    assert failed(lake.verify(tmp_path)) == {"topic in Bronze": 1}


def test_what_is_too_large_is_no_tombstone(tmp_path: Path) -> None:
    lake = left_in_kafka()
    lake.ventes_raw[-1]["parse_error"] = "vide"
    assert failed(lake.verify(tmp_path)) == {"topic in Bronze": 1}
