"""`verify` as a whole: a sound lake passes, one that is not there yet too, and of many differences five are told."""

from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest

from ingestion.processes.states import GatewayState, write_state
from ingestion.verify import TopicLog, verify
from tests.unit.verify.lake import ARRIVED, dirty_lake, failed, sound_lake, ventes


def test_sound_lake_passes(tmp_path: Path) -> None:
    found = dirty_lake().verify(tmp_path)
    assert failed(found) == {}
    assert found.ok
    assert found.note is None
    assert found.examples == {}
    assert found.raisons["valide"] >= 12
    assert {"doublon", "conflit", "illisible", "client_inconnu"} <= set(found.raisons)
    assert {check.name: check.count for check in found.checks}["not yet published"] == 3


def test_empty_lake_passes_and_says_so(tmp_path: Path) -> None:
    found = verify(topic_log=lambda: nullcontext(TopicLog({0: 0}, {0: 0}, [])), lake=tmp_path)
    assert found.ok
    assert found.note == "the lake is empty: nothing in the topic, nothing published"


def test_events_that_no_slice_holds_are_waiting(tmp_path: Path) -> None:
    lake = sound_lake([vente.to_json() for vente in ventes(6)])
    del lake.ventes_raw[4:]
    found = lake.verify(tmp_path)
    assert found.ok
    assert found.note == "nothing has been published yet"
    assert {check.name: check.count for check in found.checks}["not yet published"] == 6


@pytest.mark.parametrize(
    ("minutes", "slices", "stuck"),
    [
        pytest.param(4, (), 0, id="a slice may be at work"),
        pytest.param(6, (), 2, id="no slice has ever taken them"),
        pytest.param(6, (4,), 2, id="slices have gone on without them"),
    ],
)
def test_events_that_wait_longer_than_a_slice_can_take_are_a_fault(
    minutes: int, slices: tuple[int, ...], stuck: int, tmp_path: Path
) -> None:
    lake = sound_lake([vente.to_json() for vente in ventes(6)], slices)
    lake.now = ARRIVED + timedelta(minutes=minutes)
    found = lake.verify(tmp_path)
    assert failed(found) == ({"not yet published": stuck} if stuck else {})
    told = found.examples.get("not yet published", ())
    assert [f"events wait, the oldest for {minutes} minutes" in line for line in told] == [True] * stuck


@pytest.mark.parametrize(("minutes", "stuck"), [(4, 0), (6, 2)])
def test_what_waited_while_nothing_was_running_is_on_its_way(
    minutes: int, stuck: int, tmp_path: Path, own_folders: Path
) -> None:
    lake = sound_lake([vente.to_json() for vente in ventes(6)])
    del lake.ventes_raw[4:]
    lake.now = ARRIVED + timedelta(hours=1)
    assert failed(lake.verify(tmp_path / "stopped")) == {"not yet published": 2}
    write_state(GatewayState(state="started", session_id="s", at=lake.now - timedelta(minutes=minutes)))
    assert failed(lake.verify(tmp_path / "running")) == ({"not yet published": stuck} if stuck else {})


def test_a_backlog_that_is_published_in_parts_is_no_fault(tmp_path: Path) -> None:
    lake = sound_lake([vente.to_json() for vente in ventes(6)], (4,))
    for row in lake.bilan_ingestion:
        row["closed_at"] = ARRIVED + timedelta(minutes=10)
    lake.now = ARRIVED + timedelta(minutes=12)
    assert lake.verify(tmp_path).ok


def test_many_differences_are_counted_and_five_are_told(tmp_path: Path) -> None:
    lake = dirty_lake()
    for row in lake.ventes_rejetees:
        row["raison"] = "?"
    found = lake.verify(tmp_path)
    assert failed(found) == {"rejected events": len(lake.ventes_rejetees)}
    assert len(found.examples["rejected events"]) == 5
