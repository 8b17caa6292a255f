"""The catalogues: what spreadsheets make of them is refused in one line, and both readers agree on the rest."""

import json
import re
import shutil
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml
from dbt_common.clients.agate_helper import from_csv
from dbt_common.clients.jinja import get_environment

from infra.local import doctor
from ingestion import catalogue
from ingestion.catalogue import CatalogueError, Client, read_clients, read_produits
from ingestion.event import VenteEvent
from ingestion.orchestration import stages
from ingestion.processes.states import SilverState, read_state
from ingestion.settings import DBT_PROJECT
from ingestion.silver import follower, slices
from ingestion.silver.slices import Silver
from ingestion.source.generator import make_ventes
from tests.unit.test_generator import MIDNIGHT

CLIENTS = "client_id,client_nom,pays,segment\n"
PRODUITS = "produit_id,produit_nom,categorie,prix\n"
ROW = "1,Zoé,France,Particulier\n"


def write(folder: Path, content: str | bytes, name: str = "clients.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


FAULTS: dict[str, tuple[str | bytes, str]] = {
    "empty file": ("", "row 1: must be client_id,client_nom,pays,segment, got ''"),
    "header only": (CLIENTS, ": must have at least one row below the header"),
    "semicolons": ((CLIENTS + ROW).replace(",", ";"), "must be client_id,client_nom,pays,segment, got 'client_id;"),
    "Latin-1": ((CLIENTS + ROW).encode("latin-1"), "row 2: must be UTF-8, got the byte 0xe9; save it as CSV UTF-8"),
    "UTF-16": ((CLIENTS + ROW).encode("utf-16"), "row 1: must be UTF-8, got the byte 0xff"),
    "header in capitals": (CLIENTS.upper() + ROW, "row 1: must be client_id,client_nom,pays,segment, got 'CLIENT_ID"),
    "missing column": ("client_id,client_nom,pays\n1,Zoé,France\n", "row 1: must be"),
    "extra column": (CLIENTS.replace("\n", ",ville\n") + ROW.replace("\n", ",Lyon\n"), "row 1: must be"),
    "missing cell": (CLIENTS + ROW + "2,Léa,France\n", "row 3: must have 4 cells, got 3"),
    "extra cell": (CLIENTS + ROW + "2,Léa,France,Enterprise,x\n", "row 3: must have 4 cells, got 5"),
    "blank line": (CLIENTS + ROW + "\n" + ROW, "row 3: must not be blank"),
    "blank line at the end": (CLIENTS + ROW + "\n", "row 3: must not be blank"),
    "row of empty cells": (CLIENTS + ROW + ",,,\n", "row 3, column client_id: must not be empty"),
    "empty cell": (CLIENTS + ROW + "2,Léa,,Enterprise\n", "row 3, column pays: must not be empty"),
    "space for a cell": (CLIENTS + "1, \u00a0,France,Enterprise\n", "row 2, column client_nom: must not be empty"),
    "white space": (CLIENTS + "1,Léa ,France,Enterprise\n", "column client_nom: must not have white space around it"),
    "key twice": (CLIENTS + ROW + "2,a,b,c\n01,a,b,c\n", "row 4, column client_id: 1 stands in row 2 already"),
    "id is a text": (CLIENTS + "un,a,b,c\n", "column client_id: must be a whole number of 32 bits, got 'un'"),
    "id is a decimal": (CLIENTS + "1.0,a,b,c\n", "column client_id: must be a whole number"),
    "id of Arabic digits": (CLIENTS + "\u0661,a,b,c\n", "column client_id: must be a whole number"),
    "id beyond 32 bits": (CLIENTS + "2147483648,a,b,c\n", "must be a whole number of 32 bits, got '2147483648'"),
    "open quotes": (CLIENTS + ROW + '2,"Léa,b,c\n', "row 3: must be CSV with commas and closed quotes"),
    "text behind quotes": (CLIENTS + '2,"Léa" x,b,c\n', "row 2: must be CSV with commas and closed quotes"),
    "line break in a name": (CLIENTS + '1,"Zoé\nLéa",b,c\n', r"row 2, column client_nom: must not contain control"),
    "escape sequence": (CLIENTS + "1,\x1b[31mZoé,b,c\n", r"control characters or invisible ones, got '\x1b"),
    "mark that turns the writing": (CLIENTS + "1,Zoé\u202eeóL,b,c\n", r"got 'Zoé\u202eeóL'"),
    "NUL": (CLIENTS + "1,Zo\0,b,c\n", r"got 'Zo\x00'"),
    "decomposed accent": (CLIENTS + "1,Zoe\u0301,b,c\n", r"(NFC), got 'Zoe\u0301'"),
    "long name": (CLIENTS + f"1,{'x' * 101},b,c\n", "must have at most 100 characters, got 101"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "words"), FAULTS.values(), ids=FAULTS)
def test_a_faulty_catalogue_is_refused_by_file_row_and_column(tmp_path: Path, content: str | bytes, words: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        read_clients(write(tmp_path, content))
    message = str(refused.value)
    assert message.startswith("clients.csv")
    assert words in message
    assert message.isprintable()


@pytest.mark.parametrize(
    "prix",
    ["cher", "12,50", '"12,50"', "12.345", "-1.00", "NaN", "Infinity", "1e2", "+1", "1_0", "12345678901", ".5", "5."],
)
def test_a_faulty_price_is_refused(tmp_path: Path, prix: str) -> None:
    with pytest.raises(CatalogueError, match=r"produits\.csv, row 2"):
        read_produits(write(tmp_path, PRODUITS + f"101,a,b,{prix}\n", "produits.csv"))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"clients\.csv: must be a file that can be read, No such file"):
        read_clients(tmp_path / "clients.csv")


# dbt's side -----------------------------------------------------------------------------------------------------------


class Returned(Exception):
    """What a macro of dbt gives back."""


class Refused(Exception):
    """What a macro of dbt refuses."""


def give_back(value: Any) -> None:
    raise Returned(value)


class Raiser:
    def raise_compiler_error(self, message: str) -> None:
        raise Refused(message)


def macro(name: str) -> Callable[..., Any]:
    """One of the seed's macros, in dbt's own Jinja."""
    sql = (DBT_PROJECT / "macros" / "spark" / "seed_rows.sql").read_text()
    names = {"return": give_back, "exceptions": Raiser(), "modules": {"re": re}, "tojson": json.dumps}
    module = get_environment().from_string(sql).make_module(names)

    def call(*arguments: Any) -> Any:
        try:
            return getattr(module, f"dbt_macro__{name}")(*arguments)
        except Returned as returned:
            return returned.args[0]

    return call


def types_of(name: str) -> dict[str, str]:
    (seed,) = yaml.safe_load((DBT_PROJECT / "seeds" / f"{name}.yml").read_text())["seeds"]
    types: dict[str, str] = seed["config"]["column_types"]
    return types


def as_dbt_reads(path: Path) -> Any:
    """The table that the seed is made from; raises Refused."""
    types = types_of(path.stem)
    # as `load_agate_table` does it
    loaded: Any = from_csv(str(path), text_columns=types)
    loaded.original_abspath = str(path)
    table = macro("seed_as_written")(loaded, types)
    if fault := macro("seed_fault")(table, types):
        raise Refused(fault)
    return table


NAMES = [
    *("Null", "null", "NULL", "NA", "N/A", "None", "nan", "true", "1e5", "2024-01-01", "007", "-", ".", "#N/A"),
    *("L'Oréal", 'dit ""le Grand""', "a\\b", "日本", "=1+1", "{{ x }}", "$1$", "Dupont, Jean"),
]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "BOM"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_both_readers_agree_on_every_name(tmp_path: Path, mark: bytes, end: str) -> None:
    rows = [f'{number},"{name}",{"Null" if number % 2 else "NA"},x\n' for number, name in enumerate(NAMES)]
    path = write(tmp_path, mark + (CLIENTS + "".join(rows)).replace("\n", end).encode())
    read = read_clients(path)
    assert [client.client_nom for client in read] == [name.replace('""', '"') for name in NAMES]
    assert [Client(int(row[0]), *row.values()[1:]) for row in as_dbt_reads(path).rows] == list(read)


@pytest.mark.parametrize("name", ["clients", "produits"])
def test_both_readers_agree_on_the_committed_files(name: str) -> None:
    path = DBT_PROJECT / "seeds" / f"{name}.csv"
    read = {"clients": read_clients, "produits": read_produits}[name](path)
    assert [tuple(row.values()) for row in as_dbt_reads(path).rows] == [
        tuple(str(getattr(each, column)) for column in types_of(name)) for each in read
    ]


def test_a_price_without_cents_has_them(tmp_path: Path) -> None:
    (produit,) = read_produits(write(tmp_path, PRODUITS + "101,a,b,5\n", "produits.csv"))
    assert str(produit.prix) == "5.00"


NOT_OF_DBT = {
    # its reader pads a row, and takes any quotes
    *("missing cell", "open quotes", "text behind quotes"),
    # the cast in SQL refuses it
    "id beyond 32 bits",
    # harmless to a table
    *("decomposed accent", "long name"),
}


@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in NOT_OF_DBT])
def test_what_python_refuses_dbt_refuses_too(tmp_path: Path, fault: str) -> None:
    # an empty file, another encoding or one cell too many is dbt's own error
    with pytest.raises((Refused, StopIteration, UnicodeDecodeError, ValueError)):
        as_dbt_reads(write(tmp_path, FAULTS[fault][0]))


def test_a_missing_cell_is_refused_by_dbt_as_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="row 3, column segment: must not be empty"):
        as_dbt_reads(write(tmp_path, FAULTS["missing cell"][0]))


@pytest.mark.parametrize("prix", ["cher", "12.345", "-1.00", "NaN"])
def test_a_faulty_price_is_refused_by_dbt(tmp_path: Path, prix: str) -> None:
    with pytest.raises(Refused, match=r"row 2, column prix: must be decimal\(12,2\), got"):
        as_dbt_reads(write(tmp_path, PRODUITS + f"101,a,b,{prix}\n", "produits.csv"))


def test_the_table_is_made_of_the_texts_as_written(tmp_path: Path) -> None:
    table = as_dbt_reads(write(tmp_path, CLIENTS + "1,Null,L'Île,a\\b${x}\n"))
    sql = " ".join(macro("seed_select")(table, types_of("clients")).split())
    assert "cast(client_id as int) as client_id" in sql
    assert r"from values ('1', 'Null', 'L\'Île', 'a\\b\u0024{x}') as seed (client_id, client_nom, pays, segment)" in sql


# whoever needs them ---------------------------------------------------------------------------------------------------


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = write(tmp_path, CLIENTS + "1,a,,c\n")
    monkeypatch.setattr(catalogue, "CLIENTS", path)
    monkeypatch.setattr(doctor, "CLIENTS", path)
    catalogue.clients.cache_clear()
    return path


FAULT = "clients.csv, row 2, column pays: must not be empty"


def test_no_number_is_reserved_for_sales_of_a_faulty_catalogue(faulty: Path) -> None:
    taken: list[int] = []
    numbers = ((taken.append(n) or n, MIDNIGHT) for n in range(3))  # type: ignore[func-returns-value]
    with pytest.raises(CatalogueError, match=FAULT):
        next(make_ventes(1, numbers))
    assert taken == []


@pytest.mark.usefixtures("own_folders")
def test_silver_refuses_before_it_asks_the_gateway_and_again_once_the_file_is_edited(faulty: Path) -> None:
    silver = Silver()
    for step in (silver.parse, silver.run_slice, silver.rebuild):
        with pytest.raises(CatalogueError, match=FAULT):
            step()


@pytest.mark.usefixtures("own_folders")
def test_the_follower_says_the_fault_and_goes_on_once_the_file_is_edited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "dbt_sales"
    shutil.copytree(DBT_PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    clients, told = project / "seeds" / "clients.csv", []
    right = clients.read_text()
    clients.write_text(CLIENTS + "1,a,,c\n")
    monkeypatch.setattr(slices, "DBT_PROJECT", project)
    monkeypatch.setattr(catalogue, "CLIENTS", clients)
    silver = Silver()

    def mend() -> None:
        while (said := read_state(SilverState)) is None or said.state != "failed":
            time.sleep(0.05)
        # it does not try again and again what has not changed
        told.append((said.error, silver.edited()))
        clients.write_text(right)

    mender = Thread(target=mend, daemon=True)
    mender.start()
    follower._parse(silver)
    mender.join()
    assert told == [(FAULT, False)]
    assert (said := read_state(SilverState)) is not None
    assert said.state == "waiting"
    assert silver._manifest is not None


def test_doctor_names_the_fault(faulty: Path) -> None:
    check = doctor._catalogues()
    assert (check.found, bool(check.remedy)) == (FAULT, True)
    faulty.write_text(CLIENTS + ROW)
    assert doctor._catalogues() == doctor.Check("catalogues", "1 clients, 5 products")


@pytest.mark.usefixtures("faulty")
def test_the_first_task_of_the_dag_names_the_fault() -> None:
    assert stages._check_catalogues() == [f"{FAULT}; mend the file"]


def test_clients_and_products_that_are_added_sell_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "CLIENTS", write(tmp_path, CLIENTS + "".join(f"{n},c{n},p,s\n" for n in range(7))))
    monkeypatch.setattr(catalogue, "PRODUITS", write(tmp_path, PRODUITS + "9,seul,x,0.5\n", "produits.csv"))
    catalogue.clients.cache_clear()
    catalogue.produits.cache_clear()
    sold: list[VenteEvent] = list(make_ventes(1, [(n, MIDNIGHT) for n in range(300)]))
    assert {vente.client_id for vente in sold} == set(range(7))
    assert {vente.montant / vente.quantite for vente in sold} == {Decimal("0.50")}


@pytest.fixture(autouse=True)
def read_anew() -> Any:
    yield
    catalogue.clients.cache_clear()
    catalogue.produits.cache_clear()
