"""A `dbt seed` typed by hand, in a copy of the project whose catalogues somebody has edited."""

import shutil

import pytest
from deltalake import DeltaTable

from ingestion.catalogue import read_clients
from ingestion.settings import DBT_PROJECT

pytestmark = pytest.mark.e2e

HEADER = "client_id,client_nom,pays,segment\n"
NAMES = [
    "Null",
    "null",
    "NA",
    "None",
    "nan",
    "true",
    "1e5",
    "2024-01-01",
    "L'Oréal",
    "a\\b",
    "${spark.app.name}",
    "日本",
]
FAULTS = {
    "1,Zoé,,Particulier\n": "row 2, column pays: must not be empty",
    "1,a,b,c\n1,d,e,f\n": "row 3, column client_id: 1 is already in an earlier row",
    "un,a,b,c\n": "row 2, column client_id: must be int, got",
    "2147483648,a,b,c\n": "CAST_INVALID_INPUT",
}


@pytest.fixture(scope="module")
def edited(stack, tmp_path_factory):
    """The clients of a copy; afterwards the table is what it was."""
    copy = tmp_path_factory.mktemp("edited") / "dbt_sales"
    shutil.copytree(DBT_PROJECT, copy, ignore=shutil.ignore_patterns("target", "logs"))
    yield copy / "seeds" / "clients.csv"
    stack.dbt("seed")


def seed(stack, clients):
    project = str(clients.parents[1])
    return stack.attempt("dbt", "--no-use-colors", "seed", "--project-dir", project, "--profiles-dir", project)


def test_every_name_is_loaded_as_it_is_written(stack, edited):
    rows = "".join(f"{number},{name},NULL,Particulier\n" for number, name in enumerate(NAMES))
    edited.write_text(HEADER + rows, encoding="utf-8-sig")
    code, said = seed(stack, edited)
    assert code == 0, said
    read = [(each.client_id, each.client_nom, each.pays, each.segment) for each in read_clients(edited)]
    assert sorted(stack.table("silver/clients").fetchall()) == read


@pytest.mark.parametrize("rows", FAULTS)
def test_a_faulty_catalogue_writes_nothing(stack, edited, rows):
    before = DeltaTable(str(stack.silver / "clients")).version()
    edited.write_text(HEADER + rows)
    code, said = seed(stack, edited)
    assert code != 0
    assert FAULTS[rows] in said
    assert DeltaTable(str(stack.silver / "clients")).version() == before
