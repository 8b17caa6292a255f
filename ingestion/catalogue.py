"""The clients and products of the company: the same two CSV files that dbt loads as seeds.

People edit them, often with a spreadsheet.  Anything but exactly one row of plain values per line is refused, naming
file, row and column; dbt's own reader reads what remains as the same values (dbt_sales/macros/spark/seed_rows.sql).
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from ingestion.errors import SalesError
from ingestion.settings import DBT_PROJECT

SEEDS = DBT_PROJECT / "seeds"
CLIENTS, PRODUITS = SEEDS / "clients.csv", SEEDS / "produits.csv"
# the longest name that a filter of the API accepts
MAX_NAME = 100


class CatalogueError(SalesError):
    """A catalogue cannot be used; the message names file, row (the header is row 1) and column, the rule, the value."""


@dataclass(frozen=True, slots=True)
class Client:
    client_id: int
    client_nom: str
    pays: str
    segment: str


@dataclass(frozen=True, slots=True)
class Produit:
    """`prix` in EUR."""

    produit_id: int
    produit_nom: str
    categorie: str
    prix: Decimal


@cache
def clients() -> tuple[Client, ...]:
    return read_clients(CLIENTS)


@cache
def produits() -> tuple[Produit, ...]:
    return read_produits(PRODUITS)


def check() -> None:
    """Read both files as they are now.  Raises CatalogueError."""
    read_clients(CLIENTS)
    read_produits(PRODUITS)


def read_clients(path: Path) -> tuple[Client, ...]:
    rules = {"client_id": _key, "client_nom": _name, "pays": _name, "segment": _name}
    return tuple(Client(**row) for row in _rows(path, rules))


def read_produits(path: Path) -> tuple[Produit, ...]:
    rules = {"produit_id": _key, "produit_nom": _name, "categorie": _name, "prix": _price}
    return tuple(Produit(**row) for row in _rows(path, rules))


Rule = Callable[[str], Any]


def _key(text: str) -> int:
    if not re.fullmatch("-?[0-9]{1,10}", text) or not -(2**31) <= int(text) < 2**31:
        raise ValueError(f"must be a whole number of 32 bits, got {text!r}")
    return int(text)


def _name(text: str) -> str:
    if not text.isprintable():
        raise ValueError(f"must not contain control or invisible characters, got {text!r}")
    if not unicodedata.is_normalized("NFC", text):
        raise ValueError(f"must write each accented letter as one character (Unicode NFC), got {text!a}")
    if len(text) > MAX_NAME:
        raise ValueError(f"must have at most {MAX_NAME} characters, got {len(text)}")
    return text


def _price(text: str) -> Decimal:
    if not re.fullmatch("[0-9]{1,10}([.][0-9]{1,2})?", text):
        raise ValueError(f"must be an amount with a point and at most two decimals, as 25.50, got {text!r}")
    return Decimal(text).quantize(Decimal("0.01"))


def _rows(path: Path, rules: Mapping[str, Rule]) -> list[dict[str, Any]]:
    """The rows, each value converted by its column's rule; the first column is the key."""
    header, *lines = _lines(path) or [[]]
    if header != list(rules):
        raise CatalogueError(f"{path.name}, row 1: must be {','.join(rules)}, got {','.join(header)!r}")
    rows, key, seen = [], next(iter(rules)), dict[Any, int]()
    for number, cells in enumerate(lines, start=2):
        row = _row(f"{path.name}, row {number}", cells, rules)
        if earlier := seen.get(row[key]):
            raise CatalogueError(f"{path.name}, row {number}, column {key}: {row[key]} is already in row {earlier}")
        seen[row[key]] = number
        rows.append(row)
    if not rows:
        raise CatalogueError(f"{path.name}: must have at least one row below the header")
    return rows


def _row(place: str, cells: list[str], rules: Mapping[str, Rule]) -> dict[str, Any]:
    if not cells:
        raise CatalogueError(f"{place}: must not be blank")
    if len(cells) != len(rules):
        raise CatalogueError(f"{place}: must have {len(rules)} cells, got {len(cells)}")
    row = {}
    for (column, rule), text in zip(rules.items(), cells, strict=True):
        try:
            row[column] = rule(_trimmed(text))
        except ValueError as error:
            raise CatalogueError(f"{place}, column {column}: {error}") from error
    return row


def _trimmed(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    if text != text.strip():
        raise ValueError(f"must not have white space around it, got {text!r}")
    return text


def _lines(path: Path) -> list[list[str]]:
    """The cells of each row, as dbt splits them; a blank line has none."""
    lines: list[list[str]] = []
    try:
        for cells in csv.reader(io.StringIO(_text(path), newline=None), strict=True):
            lines.append(cells)
    except csv.Error as error:
        place = f"{path.name}, row {len(lines) + 1}"
        raise CatalogueError(f"{place}: must be CSV with commas and closed quotes, {error}") from error
    return lines


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        # a spreadsheet puts a byte order mark at the beginning
        return content.decode("utf-8-sig")
    except OSError as error:
        raise CatalogueError(f"{path.name}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        raise CatalogueError(
            f"{path.name}, row {row}: must be UTF-8, got the byte {content[error.start]:#04x}; save it as CSV UTF-8"
        ) from error
