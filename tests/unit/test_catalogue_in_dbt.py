"""The catalogues as dbt's seeds read them: both readers agree, and dbt refuses what Python refuses."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt_common.clients.agate_helper import from_csv
from dbt_common.clients.jinja import get_environment

from ingestion.catalogue import Client, read_clients, read_produits
from ingestion.settings import DBT_PROJECT
from tests.unit.test_catalogue import CLIENTS, FAULTS, PRODUITS, write


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
