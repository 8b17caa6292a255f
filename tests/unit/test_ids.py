"""A `vente_id` is unique for ever and ordered in time, over processes and runs."""

import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from ingestion.errors import SalesError
from ingestion.source.ids import LIMIT, reserve_ids


@pytest.fixture(autouse=True)
def lake(own_folders: Path) -> Path:
    folder = own_folders / "lake"
    folder.mkdir()
    return folder


def test_block_starts_at_the_clock_in_microseconds() -> None:
    before = time.time_ns() // 1000
    block = reserve_ids(10)
    assert before <= block.start <= time.time_ns() // 1000
    assert len(block) == 10
    assert block.stop < LIMIT


def test_blocks_follow_each_other_without_overlap() -> None:
    blocks = [reserve_ids(count) for count in (1000, 1, 50_000, 3)]
    assert all(earlier.stop <= later.start for earlier, later in pairwise(blocks))


def test_ids_go_on_from_the_last_one_when_the_clock_is_behind(lake: Path) -> None:
    ahead = time.time_ns() // 1000 + 3_600_000_000
    (lake / "dernier_vente_id").write_text(str(ahead))
    assert reserve_ids(5) == range(ahead + 1, ahead + 6)


def test_processes_at_once_never_get_the_same_id() -> None:
    script = "from ingestion.source.ids import reserve_ids\nfor _ in range(40): print(*reserve_ids(7))"
    running = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    given = [number for process in running for number in process.communicate()[0].split()]
    assert len(given) == 3 * 40 * 7
    assert len(set(given)) == len(given)


def test_spoilt_file_is_refused_by_name(lake: Path) -> None:
    (lake / "dernier_vente_id").write_text("")
    with pytest.raises(SalesError, match=r"dernier_vente_id must hold the last vente_id, got ''"):
        reserve_ids(1)


def test_more_than_53_bits_is_refused(lake: Path) -> None:
    (lake / "dernier_vente_id").write_text(str(LIMIT - 2))
    with pytest.raises(SalesError, match="53 bits"):
        reserve_ids(5)
