"""The catalogues: what spreadsheets make of them is refused in one line, and both readers agree on the rest."""

import shutil
import time
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from infra.local import doctor
from ingestion import catalogue
from ingestion.catalogue import CatalogueError, read_clients, read_produits
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
    "key twice": (CLIENTS + ROW + "2,a,b,c\n01,a,b,c\n", "row 4, column client_id: 1 is already in row 2"),
    "id is a text": (CLIENTS + "un,a,b,c\n", "column client_id: must be a whole number of 32 bits, got 'un'"),
    "id is a decimal": (CLIENTS + "1.0,a,b,c\n", "column client_id: must be a whole number"),
    "id of Arabic digits": (CLIENTS + "\u0661,a,b,c\n", "column client_id: must be a whole number"),
    "id beyond 32 bits": (CLIENTS + "2147483648,a,b,c\n", "must be a whole number of 32 bits, got '2147483648'"),
    "open quotes": (CLIENTS + ROW + '2,"Léa,b,c\n', "row 3: must be CSV with commas and closed quotes"),
    "text behind quotes": (CLIENTS + '2,"Léa" x,b,c\n', "row 2: must be CSV with commas and closed quotes"),
    "line break in a name": (CLIENTS + '1,"Zoé\nLéa",b,c\n', r"row 2, column client_nom: must not contain control"),
    "escape sequence": (CLIENTS + "1,\x1b[31mZoé,b,c\n", r"control or invisible characters, got '\x1b"),
    "mark that turns the writing": (CLIENTS + "1,Zoé\u202eeóL,b,c\n", r"got 'Zoé\u202eeóL'"),
    "NUL": (CLIENTS + "1,Zo\0,b,c\n", r"got 'Zo\x00'"),
    "decomposed accent": (CLIENTS + "1,Zoe\u0301,b,c\n", r"NFC), got 'Zoe\u0301'"),
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
    with pytest.raises(CatalogueError, match=r"clients\.csv: cannot be read \(No such file"):
        read_clients(tmp_path / "clients.csv")


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
    assert stages._check_catalogues() == [f"{FAULT}; fix the file"]


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
