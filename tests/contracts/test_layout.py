"""Where code may stand: imports point one way, between the top folders and between the rooms of `ingestion`."""

import ast
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from ingestion.settings import PROJECT

# what stands further on imports what stands before it; those of one line do not know each other
TOP = (("ingestion",), ("streamlit_app", "airflow"), ("infra",), ("tests",))
# the modules directly in `ingestion` are the vocabulary, which every room speaks
ROOMS = (
    "",
    "processes",
    "topic",
    "lake",
    "gateway",
    "bronze",
    "source",
    "silver",
    "queries",
    "reading",
    "verify",
    "tail",
    "orchestration",
)
WIDEST = 17
LONGEST = 300
RANK = {folder: rank for rank, folders in enumerate(TOP) for folder in folders}
PRODUCT = [folder for folders in TOP[:-1] for folder in folders]


def modules(*folders: str) -> list[Path]:
    return [path.relative_to(PROJECT) for folder in folders for path in sorted((PROJECT / folder).rglob("*.py"))]


def imported(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse((PROJECT / module).read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def room(dotted: str) -> str:
    """Of a module of `ingestion`."""
    second = dotted.split(".")[1]
    return second if (PROJECT / "ingestion" / second).is_dir() else ""


@pytest.mark.parametrize("folder", PRODUCT)
def test_no_top_folder_imports_one_above_it(folder: str) -> None:
    # Airflow's own package has the folder's name, and nobody imports from the folder
    known = {name: rank for name, rank in RANK.items() if name != "airflow"}
    upward = [
        f"{module} imports {name}"
        for module in modules(folder)
        for name in imported(module)
        if (top := name.split(".")[0]) in known
        and top != folder
        and (known[top] > RANK[folder] or (known[top] == RANK[folder]))
    ]
    assert upward == []


def test_no_room_imports_one_above_it() -> None:
    upward = [
        f"{module} imports {name}"
        for module in modules("ingestion")
        for name in imported(module)
        if name.startswith("ingestion.")
        and ROOMS.index(room(name)) > ROOMS.index(room(".".join(module.with_suffix("").parts)))
    ]
    assert upward == []


def test_every_room_is_known_and_says_its_purpose_in_one_line() -> None:
    rooms = [path.name for path in (PROJECT / "ingestion").iterdir() if (path / "__init__.py").exists()]
    assert sorted(rooms) == sorted(ROOMS[1:])
    for name in rooms:
        purpose = ast.get_docstring(ast.parse((PROJECT / "ingestion" / name / "__init__.py").read_text()))
        assert purpose, name
        assert purpose.splitlines()[0].endswith("."), name


def test_no_file_name_stands_twice_in_the_product() -> None:
    places: dict[str, list[str]] = {}
    for module in modules(*PRODUCT):
        if not module.name.startswith("__"):
            places.setdefault(module.name, []).append(str(module.parent))
    assert {name: folders for name, folders in places.items() if len(folders) > 1} == {}


def test_no_module_is_named_like_an_installed_package() -> None:
    installed = set(packages_distributions()) - set(PRODUCT)
    assert [str(module) for module in modules(*PRODUCT) if module.stem in installed] == []


def test_no_module_is_called_after_the_tool_it_uses() -> None:
    """Everything here is about dbt; the name says what of it."""
    assert [str(module) for module in modules(*PRODUCT) if module.name.startswith("dbt_")] == []


def test_no_module_is_longer_than_contributing_says() -> None:
    counts = {str(module): len((PROJECT / module).read_text().splitlines()) for module in modules(*PRODUCT)}
    assert {module: count for module, count in counts.items() if count >= LONGEST} == {}
    assert f"modules of fewer than {LONGEST} lines" in (PROJECT / "CONTRIBUTING.md").read_text()


def test_no_folder_is_wider_than_one_look() -> None:
    counts: dict[Path, int] = {}
    for module in modules(*PRODUCT):
        counts[module.parent] = counts.get(module.parent, 0) + (module.name != "__init__.py")
    assert {str(folder): count for folder, count in counts.items() if count > WIDEST} == {}
