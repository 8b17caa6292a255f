"""Is every published table what `ventes_clean` adds up to, to the cent and row for row?"""

from ingestion.verify.report import Check
from ingestion.verify.workbench import Workbench

# Wider than any published decimal, so that a third decimal or a float's rounding error would show.
_MONEY = "decimal(38, 6)"
_TOTALS = "sum(montant) as total_montant, sum(quantite) as total_quantite"

_RECOMPUTED = {
    "cube_horaire": f"""
        select
            date_trunc('hour', "timestamp") as heure, produit_nom, pays, segment, {_TOTALS}, count(*) as nombre_ventes
        from ventes_clean group by all
    """,
    "ventes_aggreges": f"select produit_nom, pays, {_TOTALS} from ventes_clean group by all",
    "top_produits": """
        select * from (
            select
                row_number() over (order by sum(montant) desc, produit_nom) as rank,
                produit_nom,
                sum(montant) as total_montant
            from ventes_clean group by produit_nom
        ) where rank <= 10
    """,
    "hourly_sales": f"""
        select date_trunc('hour', "timestamp") as heure, {_TOTALS} from ventes_clean group by all
    """,
}

_COLUMNS = {
    "cube_horaire": ("heure", "produit_nom", "pays", "segment", "total_montant", "total_quantite", "nombre_ventes"),
    "ventes_aggreges": ("produit_nom", "pays", "total_montant", "total_quantite"),
    "top_produits": ("rank", "produit_nom", "total_montant"),
    "hourly_sales": ("heure", "total_montant", "total_quantite"),
}
_CASTS = {
    "heure": "epoch_us(heure) as heure",
    "total_montant": f"total_montant::{_MONEY} as total_montant",
    "total_quantite": "total_quantite::bigint as total_quantite",
}


def table_checks(bench: Workbench) -> list[Check]:
    return [
        bench.check(
            table,
            "each row against a recomputation from ventes_clean",
            f"select count(*) from {table}",
            _differences(table),
        )
        for table in _RECOMPUTED
    ]


def _differences(table: str) -> str:
    columns = ", ".join(_CASTS.get(name, name) for name in _COLUMNS[table])
    stored, recomputed = f"select {columns} from {table}", f"select {columns} from ({_RECOMPUTED[table]})"
    row = ", ".join(
        {
            "heure": "make_timestamp(heure)::varchar",
            "total_montant": "rtrim(rtrim(total_montant::varchar, '0'), '.')",
        }.get(name, f"{name}::varchar")
        for name in _COLUMNS[table]
    )
    return f"""
        select 'stored, not recomputed: ' || concat_ws(', ', {row}) from (({stored}) except all ({recomputed}))
        union all
        select 'recomputed, not stored: ' || concat_ws(', ', {row}) from (({recomputed}) except all ({stored}))
    """
