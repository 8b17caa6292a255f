"""Each top folder has a short README, and what it names exists: paths, rooms, verbs and targets."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from infra.cli import app
from ingestion.settings import PROJECT
from tests.contracts.test_docs import code_of, code_words, known_variables, make_targets

FOLDERS = ("airflow", "dbt_sales", "infra", "ingestion", "streamlit_app", "tests")
LONGEST = 20

each_folder = pytest.mark.parametrize("folder", FOLDERS)


def readme(folder: str) -> Path:
    return PROJECT / folder / "README.md"


def paths_in(document: Path) -> set[str]:
    """Words of its code that look like a path: with a slash, or a file's name with its ending."""
    words = {word.strip("()") for line in code_of(document) for word in line.split()}
    return {word for word in words if re.fullmatch(r"[\w./-]*(?:/|\w\.(?:py|md|yml|env|sql|csv))[\w./-]*", word)}


def test_paths_are_told_from_other_words(tmp_path: Path) -> None:
    document = tmp_path / "README.md"
    document.write_text("`a/`, `b.py`, `a/b.yml`, `pytest -q a/c.py`, `python -m a.b`, `.sql`, `sales start`\n")
    assert paths_in(document) == {"a/", "b.py", "a/b.yml", "a/c.py"}


@each_folder
def test_a_readme_is_short_and_says_how_to_run_test_and_change(folder: str) -> None:
    lines = readme(folder).read_text().splitlines()
    assert len(lines) <= LONGEST
    assert lines[0] == f"# {folder}"
    answers = [line.partition(":")[0] for line in lines if re.match(r"(?:Run|Test|Change):", line)]
    assert answers == ["Run", "Test", "Change"]


@each_folder
def test_every_path_in_a_readme_exists(folder: str) -> None:
    paths = paths_in(readme(folder))
    assert paths
    assert [path for path in paths if not any((root / path).exists() for root in (PROJECT / folder, PROJECT))] == []


@each_folder
def test_every_module_that_a_readme_runs_exists(folder: str) -> None:
    modules = code_words(readme(folder), r"python -m ([a-z_]+(?:\.\w+)+)")
    assert [name for name in modules if not (PROJECT / f"{name.replace('.', '/')}.py").exists()] == []


@each_folder
def test_every_verb_target_and_variable_in_a_readme_exists(folder: str) -> None:
    group: Any = typer.main.get_command(app)
    document = readme(folder)
    for verb, word in re.findall(r"(?<![\w./-])sales ([a-z-]+)(?: ([a-z]+))?", "\n".join(code_of(document))):
        assert verb in group.commands, f"sales {verb}"
        assert not word or word in group.commands[verb].commands, f"sales {verb} {word}"
    assert code_words(document, r"(?<![\w./-])make ([a-z][a-z-]*)") <= make_targets()
    assert code_words(document, r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b") <= known_variables()


def test_the_rooms_in_the_readme_are_those_of_ingestion() -> None:
    rooms = {path.parent.name for path in (PROJECT / "ingestion").glob("*/__init__.py")}
    assert set(re.findall(r"^- `(\w+)/`: \S", readme("ingestion").read_text(), re.MULTILINE)) == rooms


def test_the_readme_names_every_folder_of_infra() -> None:
    folders = {path.name for path in (PROJECT / "infra").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert {path.rstrip("/") for path in paths_in(readme("infra")) if path.count("/") == 1} >= folders
