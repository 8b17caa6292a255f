"""The resident dbt, as far as it needs no gateway."""

import os
import shutil

import pyarrow as pa
import pytest
from dbt.cli.main import dbtRunnerResult
from deltalake import write_deltalake

from ingestion.settings import DBT_PROJECT, PathSettings, load
from ingestion.silver import slices


@pytest.fixture
def project(own_folders, monkeypatch):
    """A copy of the dbt project that a test may edit."""
    copy = own_folders / "dbt_sales"
    shutil.copytree(DBT_PROJECT, copy, ignore=shutil.ignore_patterns("target", "logs"))
    monkeypatch.setattr(slices, "DBT_PROJECT", copy)
    return copy


def test_an_edited_rule_is_read_again(project):
    resident = slices.Silver()
    assert not resident.edited()
    resident.parse()
    assert not resident.edited()
    model = project / "models" / "silver" / "published" / "top_produits.sql"
    model.write_text(model.read_text() + "\n-- mended\n")
    os.utime(model, (4e9, 4e9))
    assert resident.edited()
    resident.parse()
    assert not resident.edited()
    (node,) = (node for node in resident._manifest.nodes.values() if node.name == "top_produits")
    assert node.raw_code.endswith("-- mended")


def test_an_interruption_is_named():
    assert slices._failure(dbtRunnerResult(False, KeyboardInterrupt())).startswith(
        "interrupted; the next run finishes a slice that is open"
    )
    assert slices._failure(dbtRunnerResult(False, MemoryError())) == "MemoryError"


def test_the_commits_of_a_slice_are_known_once_the_ledger_has_one(own_folders):
    """By them a run knows whether what the last run remembered is still true."""
    silver, row = load(PathSettings).silver, pa.table({"tranche": [1]})
    assert slices.slice_commits() == ""
    write_deltalake(str(silver / "tranches"), row)
    assert slices.slice_commits() == ""
    write_deltalake(str(silver / "bilan_ingestion"), row)
    write_deltalake(str(silver / "tranches"), row, mode="append")
    assert slices.slice_commits() == "1 0"
