"""`verify` finds a ledger whose slices, counts or versions are wrong."""

from pathlib import Path

import pytest

from tests.unit.verify.damage import Damage, more, move_slice, remove, repeat
from tests.unit.verify.lake import VERSIONS, dirty_lake

BROKEN_LEDGERS: dict[str, tuple[Damage, str, str]] = {
    "gap": (move_slice("from_offset", 1, 2), "slices", "slice 2, partition 0: starts at 7, slice 1 ended at 6"),
    "overlap": (move_slice("from_offset", -1, 2), "slices", "slice 2, partition 0: starts at 5, slice 1 ended at 6"),
    "late start": (
        move_slice("from_offset", 1, 0),
        "slices",
        "slice 1, partition 0: is the first and starts at 1, Bronze at 0",
    ),
    "backwards": (move_slice("to_offset", -99, 3), "slices", "slice 2, partition 1: ends at -"),
    "twice": (repeat("bilan_ingestion", 1), "slices", "slice 1, partition 1: appears twice"),
    "never opened": (
        remove("tranches", 1),
        "slices",
        "slice 1, partition 1: the ledger says 0 to 6, the slice was opened as nothing",
    ),
    "a partition missing": (
        remove("bilan_ingestion", 3),
        "slices",
        "slice 2, partition 1: the ledger says nothing, the slice was opened as 6 to ",
    ),
    "opened otherwise": (
        more("tranches", 0, "to_offset", -1),
        "slices",
        "slice 1, partition 0: the ledger says 0 to 6, the slice was opened as 0 to 5",
    ),
    "unbalanced": (
        more("bilan_ingestion", 0, "rows_duplicates", 1),
        "ledger",
        "slice 1, partition 0: read 6 is not 6 clean + 0 rejected + 1 duplicates",
    ),
    "balanced, read count wrong": (
        lambda lake: [more("bilan_ingestion", 0, name, 1)(lake) for name in ("rows_read", "rows_duplicates")],
        "ledger",
        "slice 1, partition 0: read 7 in the ledger, read 6 in Bronze",
    ),
    "balanced, clean and rejected wrong": (
        lambda lake: [
            more("bilan_ingestion", 0, name, step)(lake) for name, step in (("rows_clean", -1), ("rows_rejected", 1))
        ],
        "ledger",
        "slice 1, partition 0: clean 5 in the ledger, clean 6 in ventes_clean",
    ),
    "a version that is not there": (
        lambda lake: [row.update(versions=VERSIONS.replace("0", "5")) for row in lake.bilan_ingestion],
        "published tables",
        "cube_horaire, version 5, cannot be read: ",
    ),
    "a version not named": (
        lambda lake: [row.update(versions="{}") for row in lake.bilan_ingestion],
        "published tables",
        "cube_horaire: the ledger names no version",
    ),
}


@pytest.mark.parametrize("name", BROKEN_LEDGERS)
def test_broken_ledger_is_found_and_told(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.verify.workbench.MOST_EXAMPLES", 100)
    damage, check, text = BROKEN_LEDGERS[name]
    lake = dirty_lake()
    damage(lake)
    found = lake.verify(tmp_path)
    assert any(example.startswith(text) for example in found.examples[check]), found.examples
    assert not found.ok
