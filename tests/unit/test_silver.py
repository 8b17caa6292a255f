"""The resident dbt, as far as it needs no gateway."""

import os
import shutil

import pytest
from dbt.cli.main import dbtRunnerResult

from ingestion.settings import DBT_PROJECT
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
    model = project / "models" / "published" / "top_produits.sql"
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
