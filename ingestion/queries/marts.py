"""The marts of Gold, as rows.  Money is Decimal in EUR; days and months are those of the reporting time zone.

Shares are percentages with two decimals, as in the other answers.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ingestion.queries.filters import composed
from ingestion.queries.snapshot import GoldSnapshot, Snapshot

# the classes of clients, in the order in which the mart tries them (dbt_sales/models/gold/marts/valeur_clients.sql)
CLASSES_RFM = ("champion", "fidele", "nouveau", "prometteur", "regulier", "a_risque", "perdu")
# shares are stored with six digits, from 0 to 1
_PERCENT = "round(100 * {}, 2)::decimal(5, 2)"


@dataclass(frozen=True, slots=True)
class DailySales:
    """One day; the fields in `j7` are those of the same day a week before.  `panier_moyen` is None without a sale."""

    jour: date
    total_montant: Decimal
    total_quantite: int
    nombre_ventes: int
    panier_moyen: Decimal | None
    total_montant_j7: Decimal
    total_quantite_j7: int
    nombre_ventes_j7: int


@dataclass(frozen=True, slots=True)
class ProductPerformance:
    """One product over the last 30 days, `debut` to `fin`; a rank is None for a period in which it was not sold."""

    produit_nom: str
    rang: int | None
    rang_precedent: int | None
    gain_rang: int | None
    total_montant: Decimal
    total_quantite: int
    nombre_ventes: int
    part: Decimal | None
    classe_abc: str
    total_montant_precedent: Decimal
    debut: date
    fin: date


@dataclass(frozen=True, slots=True)
class ClientValue:
    """One client who has bought."""

    client_id: int
    client_nom: str
    pays: str
    segment: str
    premier_achat: datetime
    dernier_achat: datetime
    recence_jours: int
    nombre_ventes: int
    total_montant: Decimal
    panier_moyen: Decimal
    part_recurrente: Decimal | None
    score_recence: int
    score_frequence: int
    score_montant: int
    classe_rfm: str


@dataclass(frozen=True, slots=True)
class Cohort:
    """One month of first purchase x number of months since."""

    cohorte: date
    mois_depuis: int
    nombre_clients: int
    clients_actifs: int
    taux_retention: Decimal
    nombre_ventes: int
    total_montant: Decimal


@dataclass(frozen=True, slots=True)
class TypicalHour:
    """One hour of the week: `jour_semaine` is 1 (Monday) to 7."""

    jour_semaine: int
    heure_locale: int
    nombre_heures: int
    ventes_typiques: int
    premier_quartile: Decimal
    montant_typique: Decimal
    troisieme_quartile: Decimal


@dataclass(frozen=True, slots=True)
class SaleOfClient:
    vente_id: int
    timestamp: datetime
    produit_nom: str
    quantite: int
    montant: Decimal


@dataclass(frozen=True)
class DayFilters:
    """Any of a field's values matches; `start` is inclusive, `end` exclusive."""

    pays: tuple[str, ...] = ()
    produit: tuple[str, ...] = ()
    segment: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None


def _where(wanted: dict[str, tuple[str, Any]]) -> tuple[str, dict[str, Any]]:
    """A where clause of the conditions whose parameter (name and value) is given, and these parameters."""
    given = {condition: parameter for condition, parameter in wanted.items() if parameter[1]}
    return f"where {' and '.join(given)}" if given else "", dict(given.values())


def daily_sales(gold: GoldSnapshot, filters: DayFilters) -> list[DailySales]:
    """Days, oldest first.  A day without a sale that matches has a row if the day a week before had one."""
    where, parameters = _where(
        {
            "nfc_normalize(pays) = any($pays)": ("pays", list(map(composed, filters.pays))),
            "nfc_normalize(produit_nom) = any($produit)": ("produit", list(map(composed, filters.produit))),
            "nfc_normalize(segment) = any($segment)": ("segment", list(map(composed, filters.segment))),
            "jour >= $start": ("start", filters.start),
            "jour < $end": ("end", filters.end),
        }
    )
    rows = gold.rows(
        "ventes_journalieres",
        f"""
        select
            jour, sum(total_montant), sum(total_quantite)::bigint, sum(nombre_ventes)::bigint,
            -- half up, in whole cents
            ((200 * sum(total_montant)::decimal(38, 2) + sum(nombre_ventes))::hugeint
                // nullif(2 * sum(nombre_ventes), 0))::bigint,
            sum(total_montant_j7), sum(total_quantite_j7)::bigint, sum(nombre_ventes_j7)::bigint
        from read_parquet($files) {where}
        group by jour order by jour
        """,
        **parameters,
    )
    return [
        DailySales(day, amount, pieces, sales, None if cents is None else Decimal(cents).scaleb(-2), *before)
        for day, amount, pieces, sales, cents, *before in rows
    ]


def product_performance(gold: GoldSnapshot) -> list[ProductPerformance]:
    """Products by rank; those that were sold only before come last."""
    rows = gold.rows(
        "performance_produits",
        f"""
        select
            produit_nom, rang, rang_precedent, gain_rang, total_montant, total_quantite, nombre_ventes,
            {_PERCENT.format("part")}, classe_abc, total_montant_precedent, debut, fin
        from read_parquet($files) order by rang nulls last, rang_precedent
        """,
    )
    return [ProductPerformance(*row) for row in rows]


def client_values(
    gold: GoldSnapshot,
    pays: tuple[str, ...] = (),
    segment: tuple[str, ...] = (),
    classe: str | None = None,
    named: str = "",
    limit: int | None = 200,
    offset: int = 0,
) -> list[ClientValue]:
    """Clients, highest revenue first; `named`: a part of the name, or the number."""
    where, parameters = _where(
        {
            "nfc_normalize(pays) = any($pays)": ("pays", list(map(composed, pays))),
            "nfc_normalize(segment) = any($segment)": ("segment", list(map(composed, segment))),
            "classe_rfm = $classe": ("classe", classe),
            "(contains(lower(nfc_normalize(client_nom)), lower($named)) or client_id::varchar = $named)": (
                "named",
                composed(named),
            ),
        }
    )
    rows = gold.rows(
        "valeur_clients",
        f"""
        select
            client_id, client_nom, pays, segment, premier_achat, dernier_achat, recence_jours, nombre_ventes,
            total_montant, panier_moyen, {_PERCENT.format("part_recurrente")}, score_recence, score_frequence,
            score_montant, classe_rfm
        from read_parquet($files) {where}
        order by total_montant desc, client_id limit $limit offset $offset
        """,
        limit=limit,
        offset=offset,
        **parameters,
    )
    return [ClientValue(*row) for row in rows]


def classes_of_clients(gold: GoldSnapshot) -> dict[str, tuple[int, Decimal]]:
    """The number of clients and their revenue by class, highest revenue first; a class without clients is left out."""
    rows = gold.rows(
        "valeur_clients",
        """
        select classe_rfm, count(*), sum(total_montant)
        from read_parquet($files) group by classe_rfm order by sum(total_montant) desc, classe_rfm
        """,
    )
    return {name: (clients, amount) for name, clients, amount in rows}


def sales_of_client(snapshot: Snapshot, client_id: int, limit: int) -> list[SaleOfClient]:
    """A client's published sales, newest first."""
    rows = snapshot.rows(
        "ventes_clean",
        """
        select vente_id, "timestamp", produit_nom, quantite, montant
        from read_parquet($files) where client_id = $client_id
        order by "timestamp" desc, vente_id desc limit $limit
        """,
        client_id=client_id,
        limit=limit,
    )
    return [SaleOfClient(*row) for row in rows]


def cohorts(gold: GoldSnapshot, months: int | None = None) -> list[Cohort]:
    """Cohorts, oldest first, each with its months; `months`: only the newest cohorts, and so many months of each."""
    rows = gold.rows(
        "cohortes_clients",
        f"""
        select
            cohorte, mois_depuis, nombre_clients, clients_actifs, {_PERCENT.format("taux_retention")}, nombre_ventes,
            total_montant
        from read_parquet($files)
        where $months is null or (
            mois_depuis < $months
            and cohorte > (select max(cohorte) from read_parquet($files)) - to_months($months)
        )
        order by cohorte, mois_depuis
        """,
        months=months,
    )
    return [Cohort(*row) for row in rows]


def seasonality(gold: GoldSnapshot) -> list[TypicalHour]:
    """The hours of a week, from Monday."""
    rows = gold.rows(
        "saisonnalite",
        """
        select
            jour_semaine, heure_locale, nombre_heures, ventes_typiques, premier_quartile, montant_typique,
            troisieme_quartile
        from read_parquet($files) order by jour_semaine, heure_locale
        """,
    )
    return [TypicalHour(*row) for row in rows]
