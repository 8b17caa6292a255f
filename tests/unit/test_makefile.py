"""make in a clone in any folder, called from anywhere, and after a move."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ingestion.settings import PROJECT


def make(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "PYTHON=python3", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


def clone(folder: Path) -> Path:
    """As much of one as make needs to know what to do."""
    folder.mkdir(parents=True)
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(PROJECT / name, folder)
    return folder


def installed(folder: Path, path: Path) -> None:
    """A Python environment that was made when the clone had that path."""
    packages = folder / ".venv" / "lib" / "python3.11" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "_sales_lakehouse.pth").write_text(str(path))
    shutil.copy(folder / "requirements.lock", folder / ".venv" / ".installed")


@pytest.mark.parametrize("name", ["clone", "mes ventes", "l'été à 50%", "a+b=c@d~(e)&f!"])
def test_a_clone_may_have_most_names(name: str, tmp_path: Path) -> None:
    folder = clone(tmp_path / name)
    there, elsewhere = make(cwd=folder), make("-f", str(folder / "Makefile"), cwd=tmp_path)
    assert (there.returncode, elsewhere.returncode) == (0, 0), there.stderr + elsewhere.stderr
    assert "setup" in there.stdout
    assert elsewhere.stdout == there.stdout


@pytest.mark.parametrize("character", list(',:;#$*?[]{}|^<>`"\\'))
def test_a_clone_in_a_folder_that_is_refused_says_so_in_one_line(character: str, tmp_path: Path) -> None:
    folder = clone(tmp_path / f"mes{character}ventes")
    refused = make("demo", cwd=folder)
    assert refused.returncode == 2
    assert f"the path of a clone must not contain {character}, got {folder}; move it" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_an_environment_is_made_again_where_the_clone_was_moved(tmp_path: Path) -> None:
    folder = clone(tmp_path / "mes ventes")
    installed(folder, folder)
    assert "rm -rf .venv" not in make("--dry-run", "setup", cwd=folder).stdout
    moved = folder.rename(tmp_path / "l'été")
    assert "rm -rf .venv" in make("--dry-run", "setup", cwd=moved).stdout


def test_an_environment_stays_where_the_clone_is_reached_by_a_link(tmp_path: Path) -> None:
    folder = clone(tmp_path / "clone")
    installed(folder, folder)
    (tmp_path / "link").symlink_to(folder)
    assert "rm -rf .venv" not in make("--dry-run", "setup", cwd=tmp_path / "link").stdout
    assert "rm -rf .venv" not in make("-f", "link/Makefile", "--dry-run", "setup", cwd=tmp_path).stdout
