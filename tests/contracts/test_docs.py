"""The documents say what is so: commands, links, folders, ports, variables, and the entries that errors refer to."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer

from infra.cli import app
from ingestion.settings import EMBEDDED_ENV, PROJECT, _Settings
from ingestion.verify.verdict import RAISONS

README = PROJECT / "README.md"
RUNBOOK = PROJECT / "docs" / "runbook.md"
DOCUMENTS = [README, PROJECT / "CONTRIBUTING.md", PROJECT / "CHANGELOG.md", *sorted((PROJECT / "docs").rglob("*.md"))]
OUR_CODE = ("infra", "ingestion", "streamlit_app", "tests")


def name_of(path: Path) -> str:
    return str(path.relative_to(PROJECT))


each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)


def listed_files(*options: str) -> list[str]:
    """The project's files, those too that are not committed yet."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *options]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout.splitlines()


def code_of(document: Path) -> list[str]:
    """The lines of code of a document: fenced, indented by four in its own paragraph, or between backticks."""
    text = document.read_text()
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```\w*\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"(?:\A|\n\n)((?: {4}.*(?:\n|\Z))+)", rest)
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", rest)]
    return [line.partition(" # ")[0] for block in (*fenced, *blocks) for line in block.splitlines()] + spans


def code_words(document: Path, pattern: str) -> set[str]:
    return {found for line in code_of(document) for found in re.findall(pattern, line)}


def prose_of(document: Path) -> str:
    return re.sub(r"^```\w*\n.*?^```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)


def embedded() -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", EMBEDDED_ENV.read_text(), re.MULTILINE))


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", (PROJECT / "Makefile").read_text(), re.MULTILINE))


def known_variables() -> set[str]:
    """Every setting, and whatever else our code names as a string or make takes as a variable."""
    settings = {
        f"{kind.model_config.get('env_prefix', '')}{name}".upper()
        for kind in _Settings.__subclasses__()
        for name in kind.model_fields
    }
    python = [path for folder in OUR_CODE for path in (PROJECT / folder).rglob("*.py") if path != Path(__file__)]
    named = {name for path in python for name in re.findall(r'"((?:SALES|PYTEST)_[A-Z_]+)"', path.read_text())}
    # of the full stack: what Compose reads, and what it hands to a service that is not ours
    stack = [PROJECT / name for name in (".env.example", "docker-compose.yml", "infra/docker/Dockerfile")]
    given = {name for path in stack for name in re.findall(r"\b[A-Z][A-Z0-9_]+\b", path.read_text())}
    return settings | named | given | set(re.findall(r"\$\(([A-Z_]+)\)", (PROJECT / "Makefile").read_text()))


def slug(heading: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")


def headings(document: Path) -> set[str]:
    return set(re.findall(r"^#+ (.+)$", prose_of(document), re.MULTILINE))


def test_there_is_code_to_check() -> None:
    """The reader of documents sees all three kinds of code."""
    lines = code_of(README)
    assert "make demo" in {line.strip() for line in lines}
    assert "sales --help" in lines
    assert any("tests/" in line for line in lines)


def test_the_readme_is_short() -> None:
    assert len(README.read_text().splitlines()) <= 120


@each_document
def test_every_make_target_exists(document: Path) -> None:
    assert code_words(document, r"(?<![\w./-])make ([a-z][a-z-]*)") <= make_targets()


@each_document
def test_every_sales_command_exists_with_its_options(document: Path) -> None:
    group: Any = typer.main.get_command(app)
    for line in code_of(document):
        # `sales` is a service of the full stack, too, in which other programs are run
        line = re.sub(r"--entrypoint \w+ sales ", "", line)
        for words in re.findall(r"(?<![\w./-])sales ([a-z]+(?:-[a-z]+)*(?: [^&|;]*)?)", line):
            verb, *rest = words.split()
            assert verb in group.commands, f"sales {verb}"
            command = group.commands[verb]
            if rest and rest[0] in getattr(command, "commands", {}):
                command = command.commands[rest[0]]
            options = {option for parameter in command.params for option in parameter.opts}
            assert {word for word in rest if word.startswith("--")} <= options | {"--help"}, line


@pytest.mark.parametrize(
    "document", [PROJECT / file for file in listed_files("*.md") if (PROJECT / file).exists()], ids=name_of
)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)", prose_of(document)):
        path = (document.parent / target).resolve() if target else document
        assert path.exists(), target
        if anchor:
            assert anchor in {slug(heading) for heading in headings(path)}, f"{target}#{anchor}"


@each_document
def test_every_path_into_the_project_exists(document: Path) -> None:
    folders = "|".join({file.partition("/")[0] for file in listed_files("--", "*/*") if not file.startswith(".")})
    named = {word.rstrip(".") for word in code_words(document, rf"(?<![\w./-])(?:{folders})/[\w./-]+")}
    written = ("infra/jars/lib", "dbt_sales/target", "dbt_sales/logs")
    assert {path for path in named if not (PROJECT / path).exists() and not path.startswith(written)} == set()


def test_the_readmes_tree_is_the_real_one() -> None:
    written = re.findall(r"^([.\w]+)/ +\S", README.read_text(), re.MULTILINE)
    assert written == sorted({file.split("/")[0] for file in listed_files() if "/" in file})


def test_every_port_in_the_readme_is_the_embedded_one() -> None:
    values = embedded()
    rows = re.findall(r"^\|.*?:(\d{4,5})[/`].*`(\w+_PORT)` \|$", README.read_text(), re.MULTILINE)
    assert {variable for _, variable in rows} == {name for name in values if name.endswith("_PORT")}
    assert [(values[variable], variable) for _, variable in rows] == rows
    assert set(re.findall(r":(\d{4,5})\b", README.read_text())) <= set(values.values())


@each_document
def test_every_variable_exists(document: Path) -> None:
    words = code_words(document, r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
    # an error class of Delta's, an argument of `sales explain`, and dbt's name for a merge's table
    variables = {word for word in words if not word.startswith("DELTA_")} - {"VENTE_ID", "DBT_INTERNAL_DEST"}
    assert variables <= known_variables()


def test_every_entry_that_an_error_refers_to_is_in_the_runbook() -> None:
    python = [path for folder in ("infra", "ingestion", "streamlit_app") for path in (PROJECT / folder).rglob("*.py")]
    # a message may go on from one line to the next
    texts = [re.sub(r'"\s+f?"', "", path.read_text()) for path in python]
    wanted = {entry for text in texts for entry in re.findall(r"'([^'\n]+)' in docs/runbook\.md", text)}
    assert wanted
    assert wanted <= headings(RUNBOOK)


def test_the_glossary_lists_every_raison_in_the_order_of_the_rules() -> None:
    rows = re.findall(r"^\| \d+ \| `(\w+)` \|", (PROJECT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    assert tuple(rows) == RAISONS
