"""The published tables are the same everywhere: ledger, dbt's folders, access and exposures, verification, docs."""

import re

import pytest
import yaml
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import ModelNode

from infra.bench.sample_lake import SUM_QUERIES
from ingestion.lake.ledger import INSERT_ONLY, PUBLISHED, REBUILT
from ingestion.settings import DBT_PROJECT, PROJECT
from ingestion.verify.tables import _RECOMPUTED

MODELS = DBT_PROJECT / "models"
LEDGER = "bilan_ingestion"


def models_in(folder: str) -> set[str]:
    return {path.stem for path in (MODELS / folder).glob("*.sql")}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModelNode]:
    scratch = str(tmp_path_factory.mktemp("dbt"))
    folders = ("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT))
    written = ("--target-path", scratch, "--log-path", scratch)
    manifest = dbtRunner().invoke(["--quiet", "parse", *folders, *written]).result
    assert isinstance(manifest, Manifest)
    return {node.name: node for node in manifest.nodes.values() if isinstance(node, ModelNode)}


def test_every_model_has_its_folder():
    assert models_in("published") == set(PUBLISHED)
    assert models_in("ledger") == {LEDGER}
    assert {path.stem for path in MODELS.rglob("*.sql")} == models_in("internal") | {*PUBLISHED, LEDGER}


def test_dbts_access_says_who_reads_a_model(models):
    assert {node.group for node in models.values()} == {"silver"}
    access = {name: str(node.access) for name, node in models.items()}
    assert access == dict.fromkeys(models_in("internal"), "private") | dict.fromkeys([*PUBLISHED, LEDGER], "public")


def test_the_ledger_names_the_version_of_every_published_table():
    sql = (MODELS / "ledger" / f"{LEDGER}.sql").read_text()
    (versions,) = re.findall(r"published_versions\(\[(.*?)\]\)", sql, re.DOTALL)
    assert re.findall(r"ref\('(\w+)'\)", versions) == list(PUBLISHED)


def test_a_growing_table_is_one_whose_rows_are_only_inserted(models):
    meta = {name: node.config.meta for name, node in models.items() if name in PUBLISHED}
    assert {name for name, given in meta.items() if given.get("insert_only")} == set(INSERT_ONLY)


def test_what_is_recomputed_are_the_sums():
    assert tuple(_RECOMPUTED) == tuple(SUM_QUERIES) == REBUILT


def test_every_exposure_reads_the_ledger_and_every_published_table():
    exposures = yaml.safe_load((MODELS / "exposures.yml").read_text())["exposures"]
    assert exposures
    for exposure in exposures:
        assert set(exposure["depends_on"]) == {f"ref('{name}')" for name in (*PUBLISHED, LEDGER)}, exposure["name"]


@pytest.mark.parametrize("folder", ["internal", "published", "ledger"])
def test_the_docs_list_the_models_of_each_folder(folder: str):
    text = (PROJECT / "docs" / "architecture.md").read_text()
    (row,) = re.findall(rf"^\| `models/{folder}/` \| (.*?) \|", text, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", row)) == models_in(folder)


def test_the_glossary_lists_the_published_tables():
    text = (PROJECT / "docs" / "glossary.md").read_text()
    (row,) = re.findall(r"^\| published table \| (.*?) \|$", text, re.MULTILINE)
    assert re.findall(r"`(\w+)`", row) == list(PUBLISHED)


def test_the_restored_tables_are_those_that_a_slice_adds_to(models):
    """The others are made whole, so what a failed run has left in them is never read."""
    macro = (DBT_PROJECT / "macros" / "silver" / "restore.sql").read_text()
    (listed,) = re.findall(r"return\(\[(.*?)\]\)", macro)
    incremental = {name for name in PUBLISHED if models[name].config.materialized == "incremental"}
    assert set(re.findall(r"'(\w+)'", listed)) == incremental
