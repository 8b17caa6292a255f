"""`verify` where a table's file cannot be read: a difference like any other, which hides none."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.verify import verify
from tests.unit.verify.lake import dirty_lake, failed


@pytest.fixture(scope="module")
def written_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lake")
    dirty_lake().write(folder)
    return folder


def delete(file: Path) -> None:
    file.unlink()


def tear(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def garble(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:8] + bytes(200) + content[208:])


@pytest.mark.parametrize("damage", [delete, tear, garble])
@pytest.mark.parametrize(
    ("table", "failing"),
    [
        ("bronze/ventes_raw", {"files of Bronze", "topic in Bronze", "ledger", "valid sales", "rejected events"}),
        ("silver/ventes_rejetees", {"verdicts"}),
        ("silver/cube_horaire", {"cube_horaire"}),
        ("silver/tranches", {"slices"}),
        ("silver/bilan_ingestion", {"published tables"}),
    ],
)
def test_file_that_cannot_be_read_is_a_difference_and_hides_no_other(
    table: str, failing: set[str], damage: Callable[[Path], None], written_once: Path, tmp_path: Path
) -> None:
    shutil.copytree(written_once, tmp_path, dirs_exist_ok=True)
    (file,) = (tmp_path / table).glob("*.parquet")
    damage(file)
    found = verify(topic_log=dirty_lake().log, lake=tmp_path, now=dirty_lake().now)
    assert set(failed(found)) == failing
    assert "cannot be read: " in found.examples[next(name for name in found.examples if name != "topic in Bronze")][0]
