"""The headline figures of the published tables, for a terminal."""

from dataclasses import dataclass
from decimal import Decimal

from deltalake import DeltaTable

from ingestion.lake.delta import query
from ingestion.lake.ledger import Publication
from ingestion.settings import PathSettings, load


@dataclass(frozen=True)
class Headline:
    """Revenue in EUR, in all and by name, the largest first."""

    ventes: int
    montant: Decimal
    by_produit: list[tuple[str, Decimal]]
    by_pays: list[tuple[str, Decimal]]


def headline(publication: Publication) -> Headline:
    """The figures as they stood when that slice closed."""
    tables = {
        name: DeltaTable(str(load(PathSettings).silver / name), version=publication.versions[name])
        for name in ("cube_horaire", "ventes_aggreges")
    }
    ventes, montant = query(
        "select coalesce(sum(nombre_ventes), 0)::bigint, coalesce(sum(total_montant), 0)::decimal(18, 2) "
        "from cube_horaire",
        None,
        **tables,
    )[0]
    return Headline(ventes, montant, _by("produit_nom", tables), _by("pays", tables))


def _by(column: str, tables: dict[str, DeltaTable]) -> list[tuple[str, Decimal]]:
    return [
        (name, montant)
        for name, montant in query(
            f"select {column}, sum(total_montant)::decimal(18, 2) as montant from ventes_aggreges "
            f"group by {column} order by montant desc, {column}",
            None,
            **tables,
        )
    ]
