"""One definition each: what is said in several places is the same everywhere."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from ingestion.bronze_table import _EXPRESSIONS, BRONZE_COLUMNS
from ingestion.event import EVENT_FIELDS
from ingestion.settings import DBT_PROJECT, EMBEDDED_ENV, PROJECT, _Settings
from ingestion.silver.maintenance import REMEMBERED
from ingestion.silver.slices import OUTSIDE_SLICES
from ingestion.source.faulty import KINDS
from streamlit_app.languages import languages

MODELS = PROJECT / "dbt_sales" / "models"
MODEL_FILES = {path.stem: path for path in MODELS.rglob("*.sql")}
MODEL_NAMES = sorted(MODEL_FILES)


def model_yaml(name: str) -> dict:
    (model,) = yaml.safe_load(MODEL_FILES[name].with_suffix(".yml").read_text())["models"]
    return model


def test_there_are_models():
    assert len(MODEL_NAMES) == 24


def test_delta_remembers_as_long_as_upkeep_counts_on():
    project = yaml.safe_load((PROJECT / "dbt_sales" / "dbt_project.yml").read_text())
    remembered = project["models"]["dbt_sales"]["+tblproperties"]["delta.deletedFileRetentionDuration"]
    assert remembered == f"interval {REMEMBERED.days} days"


def test_dbt_refuses_another_version_than_the_locked_range():
    project = yaml.safe_load((PROJECT / "dbt_sales" / "dbt_project.yml").read_text())
    (installed,) = re.findall(r'"dbt-core([^"]+)"', (PROJECT / "pyproject.toml").read_text())
    assert ",".join(project["require-dbt-version"]).removesuffix(".0") == installed


def test_every_event_field_is_a_bronze_column():
    assert [name for name in BRONZE_COLUMNS if name in EVENT_FIELDS] == list(EVENT_FIELDS)
    assert {BRONZE_COLUMNS[name] for name in EVENT_FIELDS} == {"string"}


def test_the_dbt_source_is_the_bronze_table():
    (source,) = yaml.safe_load((MODELS / "sources.yml").read_text())["sources"]
    (table,) = source["tables"]
    declared = {column["name"]: column["data_type"] for column in table["columns"]}
    assert declared == {name: kind.replace(": ", ":").replace(", ", ",") for name, kind in BRONZE_COLUMNS.items()}


def test_the_parse_errors_are_those_of_bronze():
    known = set(re.findall(r"(?:then|else) '(\w+)'", _EXPRESSIONS["parse_error"]))
    (source,) = yaml.safe_load((MODELS / "sources.yml").read_text())["sources"]
    (column,) = [each for each in source["tables"][0]["columns"] if each["name"] == "parse_error"]
    glossary = (PROJECT / "docs" / "glossary.md").read_text().partition("### Parse errors")[2].partition("\n## ")[0]
    assert known
    assert set(re.findall(r"`(\w+)`", column["description"])) == known
    assert set(re.findall(r"^\| `(\w+)` \|", glossary, re.MULTILINE)) - {"parse_error"} == known
    assert all(known <= set(language.parse_errors) for language in languages().values())


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_every_model_is_described_and_tested(name):
    model = model_yaml(name)
    assert model["name"] == name
    assert model["description"].startswith("One ")
    assert all(column["description"] and column["data_type"] for column in model["columns"])
    (holds,) = [test["holds"] for test in model["data_tests"] if "holds" in test]
    assert holds["arguments"]["key"]


@pytest.mark.parametrize("name", ["clients", "produits"])
def test_every_seed_column_is_tested_outside_slices(name):
    (seed,) = yaml.safe_load((DBT_PROJECT / "seeds" / f"{name}.yml").read_text())["seeds"]
    tests = [{kind for test in column["data_tests"] for kind in test} for column in seed["columns"]]
    assert tests == [{"unique", "not_null"}] + [{"not_null"}] * (len(tests) - 1)
    settings = [given for column in seed["columns"] for test in column["data_tests"] for given in test.values()]
    assert all(given == {"config": {"tags": [OUTSIDE_SLICES]}} for given in settings)


def test_every_column_description_is_in_the_glossary():
    glossary = set(re.findall(r"{% docs (\w+) %}", (MODELS / "glossary.md").read_text()))
    used = {
        re.fullmatch(r"{{ doc\('(\w+)'\) }}", column["description"])[1]
        for name in MODEL_NAMES
        for column in model_yaml(name)["columns"]
    }
    assert used == glossary


def test_every_raison_has_a_faulty_event():
    """What Silver may say, the generator can provoke."""
    (holds,) = model_yaml("ventes_evaluees")["data_tests"]
    known = set(re.findall(r"'(\w+)'", holds["holds"]["arguments"]["invariants"]["known rule"]))
    assert {kind.verdict for kind in KINDS} == known | {"valide", "doublon"}


def test_every_setting_has_its_embedded_value():
    fields = {
        f"{kind.model_config.get('env_prefix', '')}{name}".upper()
        for kind in _Settings.__subclasses__()
        for name in kind.model_fields
    }
    written = set(re.findall(r"^(\w+)=", EMBEDDED_ENV.read_text(), re.MULTILINE))
    assert written == fields


def test_dbt_finds_the_embedded_gateway_without_help():
    profile = (PROJECT / "dbt_sales" / "profiles.yml").read_text()
    defaults = dict(re.findall(r"env_var\('(\w+)', '([^']*)'\)", profile))
    embedded = dict(re.findall(r"^(\w+)=(.*)$", EMBEDDED_ENV.read_text(), re.MULTILINE))
    assert defaults
    assert {name: embedded[name] for name in defaults} == defaults


def test_every_scheduler_pool_is_one_of_the_allocation_file():
    """Spark makes a pool of any other name, of one share and no say."""
    spark = PROJECT / "infra" / "spark"
    pools = set(re.findall(r'<pool name="(\w+)">', (spark / "fairscheduler.xml").read_text()))
    asked = [PROJECT / "dbt_sales" / "profiles.yml", spark / "spark-defaults.conf"]
    named = [re.findall(r'scheduler\.pool"?:? +(\w+)', path.read_text()) for path in asked]
    assert named == [["silver"], ["readers"]]
    assert pools == {"default", "silver", "readers"}


def test_every_make_target_has_help():
    makefile = (PROJECT / "Makefile").read_text()
    phony = set(re.search(r"\.PHONY: (.*)", makefile)[1].split())
    assert phony == set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))


def test_nothing_tracked_names_a_machine_or_a_registry():
    files = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout.split()
    # a file may be deleted and not committed yet
    paths = [PROJECT / file for file in files if Path(file).suffix != ".png" and (PROJECT / file).exists()]
    registries = ["repo1?[.]maven", "pypi[.]org", "files[.]pythonhosted", "registry[.]npmjs"]
    # this checkout's place and anybody's home; the first letters in brackets keep this file out
    places = [re.escape(str(PROJECT)) + r"\b", r"/[h]ome/\w", r"/[r]oot/\w", r"/[U]sers/\w"]
    # not what only ends like one: an address, a folder below another
    names = re.compile("|".join(registries + [rf"(?<![\w.]){place}" for place in places]))
    assert [str(path) for path in paths if names.search(path.read_text(errors="replace"))] == []
