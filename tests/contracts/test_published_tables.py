"""The published tables are the same everywhere: ledger, dbt's folders, access and exposures, verification, docs."""

import re

import pytest
import yaml
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import ModelNode

from infra.bench.sample_lake import SUM_QUERIES
from ingestion.lake.gold_ledger import ANOMALIES, FORECASTS, INTERNAL, MARTS, SCRATCH
from ingestion.lake.ledger import INSERT_ONLY, PUBLISHED, REBUILT
from ingestion.settings import DBT_PROJECT, PROJECT
from ingestion.verify.gold_checks import _RECOMPUTED as RECOMPUTED_MARTS
from ingestion.verify.tables import _RECOMPUTED

MODELS = DBT_PROJECT / "models"
LEDGER, GOLD_LEDGER = "bilan_ingestion", "bilan_gold"


FOLDERS = [
    "silver/internal",
    "silver/published",
    "silver/ledger",
    "gold/internal",
    "gold/marts",
    "gold/forecasts",
    "gold/anomalies",
    "gold/ledger",
]


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
    assert models_in("silver/published") == set(PUBLISHED)
    assert models_in("silver/ledger") == {LEDGER}
    assert models_in("gold/marts") == set(MARTS)
    assert models_in("gold/forecasts") == set(FORECASTS)
    assert models_in("gold/anomalies") == set(ANOMALIES)
    assert models_in("gold/internal") == {*INTERNAL, *SCRATCH}
    assert models_in("gold/ledger") == {GOLD_LEDGER}
    assert {path.stem for path in MODELS.rglob("*.sql")} == set().union(*map(models_in, FOLDERS))


def test_dbts_access_says_who_reads_a_model(models):
    assert {name: node.group for name, node in models.items()} == {
        path.stem: path.relative_to(MODELS).parts[0] for path in MODELS.rglob("*.sql")
    }
    access = {name: str(node.access) for name, node in models.items()}
    private = models_in("silver/internal") | models_in("gold/internal")
    assert access == dict.fromkeys(models, "public") | dict.fromkeys(private, "private")


def test_the_ledger_names_the_version_of_every_published_table():
    sql = (MODELS / "silver" / "ledger" / f"{LEDGER}.sql").read_text()
    (versions,) = re.findall(r"published_versions\(\[(.*?)\]\)", sql, re.DOTALL)
    assert re.findall(r"ref\('(\w+)'\)", versions) == list(PUBLISHED)


def test_the_ledger_of_gold_names_the_version_of_every_mart():
    sql = (MODELS / "gold" / "ledger" / f"{GOLD_LEDGER}.sql").read_text()
    (versions,) = re.findall(r"versions_of_this_run\(\[(.*?)\]\)", sql, re.DOTALL)
    assert re.findall(r"ref\('(\w+)'\)", versions) == [*MARTS, *INTERNAL, *FORECASTS, *ANOMALIES]


def test_every_mart_is_recomputed_and_tested_in_every_run():
    assert set(RECOMPUTED_MARTS) == {*MARTS, *INTERNAL}
    sql = (DBT_PROJECT / "tests" / "gold" / "assert_gold_holds.sql").read_text()
    assert re.findall(r"ref\('(\w+)'\)", sql) == [*MARTS, *INTERNAL, *FORECASTS]
    watch = (DBT_PROJECT / "tests" / "gold" / "assert_anomalies_hold.sql").read_text()
    assert re.findall(r"ref\('(\w+)'\)", watch) == list(ANOMALIES)


def test_a_mart_that_a_run_changes_in_part_is_restored_first(models):
    """The others are made whole, so what a failed run has left in them is never read."""
    for name in (*MARTS, *INTERNAL, *FORECASTS, *ANOMALIES):
        config = models[name].config
        hook = "restore_what_was_said" if name in (*FORECASTS, "attentes", "alertes") else "restore_mart"
        restores = any(hook in each.sql for each in config.pre_hook)
        assert restores == (config.materialized == "incremental"), name


def test_a_run_without_a_slice_makes_what_looks_for_anomalies_and_the_ledger(models):
    """The marts stand on the same slice, so the ledger names the versions that they have."""
    assert {name for name, node in models.items() if "watch" in node.tags} == {*ANOMALIES, GOLD_LEDGER}


def test_a_growing_table_is_one_whose_rows_are_only_inserted(models):
    meta = {name: node.config.meta for name, node in models.items() if name in PUBLISHED}
    assert {name for name, given in meta.items() if given.get("insert_only")} == set(INSERT_ONLY)


def test_what_is_recomputed_are_the_sums():
    assert tuple(_RECOMPUTED) == tuple(SUM_QUERIES) == REBUILT


def test_every_exposure_reads_the_ledgers_and_everything_that_they_name_for_readers():
    exposures = yaml.safe_load((MODELS / "exposures.yml").read_text())["exposures"]
    assert exposures
    readers_tables = (*PUBLISHED, LEDGER, *MARTS, *FORECASTS, *ANOMALIES, GOLD_LEDGER)
    for exposure in exposures:
        assert set(exposure["depends_on"]) == {f"ref('{name}')" for name in readers_tables}, exposure["name"]


@pytest.mark.parametrize("folder", FOLDERS)
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
