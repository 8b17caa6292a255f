"""The clients and products of the company: the same two CSV files that dbt loads as seeds."""

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from ingestion.settings import DBT_PROJECT

SEEDS = DBT_PROJECT / "seeds"


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
    return tuple(
        Client(int(row["client_id"]), row["client_nom"], row["pays"], row["segment"]) for row in _rows("clients")
    )


@cache
def produits() -> tuple[Produit, ...]:
    return tuple(
        Produit(int(row["produit_id"]), row["produit_nom"], row["categorie"], Decimal(row["prix"]))
        for row in _rows("produits")
    )


def _rows(seed: str) -> list[dict[str, str]]:
    with (SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
