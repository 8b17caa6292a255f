"""The seven answers.

An unfiltered answer comes from the table made for it if there is one, any other from the cube.  Clients are counted in
`ventes_clean`.
"""

from decimal import ROUND_HALF_UP, Decimal

from ingestion.lake.engine import Row
from ingestion.queries.filters import Filters
from ingestion.queries.rows import (
    AggregatedSales,
    CustomerSegment,
    HourlySales,
    HourOfSales,
    OverallStatistics,
    ProductBySegment,
    RevenueByCountry,
    TopProduct,
)
from ingestion.queries.snapshot import Snapshot

ALL = Filters()


def aggregated_sales(snapshot: Snapshot, filters: Filters = ALL) -> list[AggregatedSales]:
    """Sales by product and country, highest revenue first."""
    table = "cube_horaire" if filters else "ventes_aggreges"
    rows = snapshot.rows(
        table,
        f"""
        select produit_nom, pays, sum(total_montant), sum(total_quantite)::bigint
        from read_parquet($files) {filters.where()}
        group by produit_nom, pays
        order by sum(total_montant) desc, produit_nom, pays
        """,
        **filters.parameters,
    )
    return [AggregatedSales(*row) for row in rows]


def top_products(snapshot: Snapshot, filters: Filters = ALL, limit: int = 10) -> list[TopProduct]:
    """Products in order of rank; no two products share a rank."""
    if filters:
        return _top_of_cube(snapshot, filters, limit)
    rows = snapshot.rows(
        "top_produits",
        """select "rank", produit_nom, total_montant from read_parquet($files) order by "rank" limit $limit""",
        limit=limit,
    )
    return [TopProduct(*row) for row in rows]


def _top_of_cube(snapshot: Snapshot, filters: Filters, limit: int) -> list[TopProduct]:
    rows = snapshot.rows(
        "cube_horaire",
        f"""
        select produit_nom, sum(total_montant)
        from read_parquet($files) {filters.where()}
        group by produit_nom
        order by sum(total_montant) desc, produit_nom
        limit $limit
        """,
        limit=limit,
        **filters.parameters,
    )
    return [TopProduct(rank, *row) for rank, row in enumerate(rows, start=1)]


def hourly_sales(snapshot: Snapshot, filters: Filters = ALL, limit: int | None = None) -> list[HourlySales]:
    """Sales by hour, oldest first; `limit` keeps the newest hours.  An hour without a sale has no row."""
    table = "cube_horaire" if filters else "hourly_sales"
    rows = snapshot.rows(
        table,
        f"""
        select heure::timestamp, sum(total_montant), sum(total_quantite)::bigint
        from read_parquet($files) {filters.where()}
        group by heure
        order by heure desc
        limit $limit
        """,
        limit=limit,
        **filters.parameters,
    )
    return [HourlySales(*row) for row in reversed(rows)]


def hours(snapshot: Snapshot, filters: Filters = ALL) -> list[HourOfSales]:
    """Like `hourly_sales`, with the number of sales."""
    rows = snapshot.rows(
        "cube_horaire",
        f"""
        select heure::timestamp, sum(total_montant), sum(total_quantite)::bigint, sum(nombre_ventes)::bigint
        from read_parquet($files) {filters.where()}
        group by heure
        order by heure
        """,
        **filters.parameters,
    )
    return [HourOfSales(*row) for row in rows]


def product_by_segment(snapshot: Snapshot, filters: Filters = ALL) -> list[ProductBySegment]:
    rows = snapshot.rows(
        "cube_horaire",
        f"""
        select produit_nom, segment, sum(total_montant)
        from read_parquet($files) {filters.where()}
        group by produit_nom, segment
        order by produit_nom, segment
        """,
        **filters.parameters,
    )
    return [ProductBySegment(*row) for row in rows]


def overall_statistics(snapshot: Snapshot, filters: Filters = ALL) -> OverallStatistics:
    """The totals of all sales; zeros, and no average basket, if there is no sale."""
    montant, quantite, ventes = _totals(snapshot, filters)
    clients = sum(_clients(snapshot, filters, "''").values())
    return OverallStatistics(montant, quantite, ventes, clients, _basket(montant, ventes))


def _totals(snapshot: Snapshot, filters: Filters) -> tuple[Decimal, int, int]:
    cube = _total(
        snapshot.rows(
            "cube_horaire",
            f"""
            select sum(total_montant), sum(total_quantite)::bigint, sum(nombre_ventes)::bigint
            from read_parquet($files) {filters.where()}
            """,
            **filters.parameters,
        )
    )
    if filters:
        return cube
    published = snapshot.rows(
        "ventes_aggreges",
        "select sum(total_montant), sum(total_quantite)::bigint, null from read_parquet($files)",
    )
    montant, quantite, _ = _total(published)
    return montant, quantite, cube[2]


def _total(rows: list[Row]) -> tuple[Decimal, int, int]:
    montant, quantite, ventes = rows[0] if rows else (None, None, None)
    return montant or Decimal("0.00"), quantite or 0, ventes or 0


def revenue_by_country(snapshot: Snapshot, filters: Filters = ALL) -> list[RevenueByCountry]:
    """Revenue by country, highest first."""
    table = "cube_horaire" if filters else "ventes_aggreges"
    rows = snapshot.rows(
        table,
        f"""
        select pays, sum(total_montant)
        from read_parquet($files) {filters.where()}
        group by pays
        order by sum(total_montant) desc, pays
        """,
        **filters.parameters,
    )
    total = sum((montant for _, montant in rows), Decimal(0))
    return [RevenueByCountry(pays, montant, _percent(montant, total)) for pays, montant in rows]


def customer_segmentation(snapshot: Snapshot, filters: Filters = ALL) -> list[CustomerSegment]:
    """Segments, highest revenue first; clients are distinct within their segment."""
    rows = snapshot.rows(
        "cube_horaire",
        f"""
        select segment, sum(total_montant), sum(nombre_ventes)::bigint
        from read_parquet($files) {filters.where()}
        group by segment
        order by sum(total_montant) desc, segment
        """,
        **filters.parameters,
    )
    clients = _clients(snapshot, filters, "segment")
    return [
        CustomerSegment(segment, clients.get(segment, 0), montant, _basket(montant, ventes) or Decimal("0.00"))
        for segment, montant, ventes in rows
    ]


def _clients(snapshot: Snapshot, filters: Filters, group: str) -> dict[str, int]:
    """Distinct clients by group (a column of `ventes_clean`, or a constant for all of them)."""
    sales = " union all ".join(
        f"select {group} as grouped, client_id from read_parquet($files, hive_partitioning = true) {where}"
        for where in filters.wheres_by_day()
    )
    rows = snapshot.rows(
        "ventes_clean",
        f"select grouped, count(distinct client_id) from ({sales}) group by all",
        **filters.parameters,
    )
    return dict(rows)


def _basket(montant: Decimal, ventes: int) -> Decimal | None:
    return _two_decimals(montant / ventes) if ventes else None


def _percent(montant: Decimal, total: Decimal) -> Decimal:
    return _two_decimals(100 * montant / total) if total else Decimal("0.00")


def _two_decimals(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)
