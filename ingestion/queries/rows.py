"""The rows of the answers.  Money is Decimal with two decimals, in EUR; `heure` and `debut` are UTC without a zone."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


def in_years(moment: str) -> str:
    """SQL that keeps a UTC time within the range of Python's datetime: an older lake may hold one in the year 0."""
    return f"least(greatest({moment}::timestamp, timestamp '0001-01-01'), timestamp '9999-12-31 23:59:59')"


@dataclass(frozen=True, slots=True)
class AggregatedSales:
    produit_nom: str
    pays: str
    total_montant: Decimal
    total_quantite: int


@dataclass(frozen=True, slots=True)
class TopProduct:
    rank: int
    produit_nom: str
    total_montant: Decimal


@dataclass(frozen=True, slots=True)
class HourlySales:
    heure: datetime
    total_montant: Decimal
    total_quantite: int


@dataclass(frozen=True, slots=True)
class HourOfSales:
    """An hour with its number of sales, for the page; the API's hours do not have this number."""

    heure: datetime
    total_montant: Decimal
    total_quantite: int
    nombre_ventes: int


@dataclass(frozen=True, slots=True)
class PeriodOfSales:
    """An hour, day, month or year in UTC; `debut` is its first moment."""

    debut: datetime
    total_montant: Decimal
    nombre_ventes: int


@dataclass(frozen=True, slots=True)
class ProductBySegment:
    produit: str
    segment: str
    montant: Decimal


@dataclass(frozen=True, slots=True)
class OverallStatistics:
    """`panier_moyen` is None if there is no sale."""

    total_montant: Decimal
    total_quantite: int
    nombre_ventes: int
    nombre_clients: int
    panier_moyen: Decimal | None


@dataclass(frozen=True, slots=True)
class RevenueByCountry:
    """`part`: percentage of the revenue of all rows, with two decimals."""

    pays: str
    total_montant: Decimal
    part: Decimal


@dataclass(frozen=True, slots=True)
class CustomerSegment:
    segment: str
    nombre_clients: int
    total_montant: Decimal
    panier_moyen: Decimal


@dataclass(frozen=True, slots=True)
class RejectedEvent:
    """`value` holds at most the first `VALUE_LIMIT` bytes of the `value_size` that arrived.

    Both are None for a tombstone, and for an event above 2 MiB.  `parse_error` says why an unreadable event could not
    be read; None for any other.
    """

    kafka_partition: int
    kafka_offset: int
    kafka_timestamp: datetime
    raison: str
    parse_error: str | None
    tranche: int
    value_size: int | None
    value: bytes | None
