"""The revenue over time, by hour or by a longer period, so that a chart has few points whatever the sales' times."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ingestion.queries.filters import Filters
from ingestion.queries.rows import PeriodOfSales, in_years
from ingestion.queries.snapshot import Snapshot

Grain = Literal["hour", "day", "month", "year"]

HOUR = timedelta(hours=1)
AT_LEAST_HOURS = 12
# the longest time from the first sale to the last for which each grain is used: at most 193, 732 or 721 points; beyond
# that, one point for each year
_LONGEST: dict[Grain, timedelta] = {
    "hour": timedelta(days=8),
    "day": timedelta(days=731),
    "month": timedelta(days=60 * 365),
}


@dataclass(frozen=True)
class Trend:
    """Every period from the first sale to the last or, by hour, at least enough for a chart; none without a sale."""

    grain: Grain
    periods: list[PeriodOfSales]


def trend(snapshot: Snapshot, filters: Filters) -> Trend:
    ends = snapshot.rows(
        "cube_horaire",
        f"select min({in_years('heure')}), max({in_years('heure')}) from read_parquet($files) {filters.where()}",
        **filters.parameters,
    )
    first, last = ends[0] if ends else (None, None)
    if first is None:
        return Trend("hour", [])
    grain = _grain(last - first)
    if grain == "hour":
        # no hour precedes the first one of year 1
        first = min(first, last - min((AT_LEAST_HOURS - 1) * HOUR, last - datetime.min))
    return Trend(grain, _periods(snapshot, filters, grain, first, last))


def _grain(span: timedelta) -> Grain:
    return next((grain for grain, longest in _LONGEST.items() if span <= longest), "year")


def _periods(
    snapshot: Snapshot, filters: Filters, grain: Grain, first: datetime, last: datetime
) -> list[PeriodOfSales]:
    """The periods; one without a sale has zeros, because an area chart would otherwise join its neighbours."""
    rows = snapshot.rows(
        "cube_horaire",
        f"""
        with ventes as (
            select date_trunc($grain, heure::timestamp) as debut, total_montant, nombre_ventes
            from read_parquet($files) {filters.where()}
        )
        select debut, coalesce(sum(total_montant), 0), coalesce(sum(nombre_ventes), 0)::bigint
        from generate_series(date_trunc($grain, $first), $last, $step::interval) as periods(debut)
        left join ventes using (debut)
        group by debut
        order by debut
        """,
        grain=grain,
        first=first,
        last=last,
        step=f"1 {grain}",
        **filters.parameters,
    )
    return [PeriodOfSales(*row) for row in rows]
