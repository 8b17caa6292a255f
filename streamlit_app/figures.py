"""The figures of the sales page: read once for each publication and choice of filters."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import streamlit as st

from streamlit_app import charts, queries
from streamlit_app.queries import Filters, HourOfSales, Snapshot

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Figures:
    overall: queries.OverallStatistics
    aggregated: list[queries.AggregatedSales]
    countries: list[queries.RevenueByCountry]
    top: list[queries.TopProduct]
    by_segment: list[queries.ProductBySegment]
    segments: list[queries.CustomerSegment]
    hours: list[HourOfSales]


@st.cache_data(ttl="10m", max_entries=64, show_spinner=False)
def figures(key: str, filters: Filters, _snapshot: Snapshot) -> Figures:
    """Everything that the page shows; `key` is the snapshot's, which itself cannot be hashed."""
    return Figures(
        overall=queries.overall_statistics(_snapshot, filters),
        aggregated=queries.aggregated_sales(_snapshot, filters),
        countries=queries.revenue_by_country(_snapshot, filters),
        top=queries.top_products(_snapshot, filters),
        by_segment=queries.product_by_segment(_snapshot, filters),
        segments=queries.customer_segmentation(_snapshot, filters),
        hours=queries.hours(_snapshot, filters),
    )


@st.cache_data(ttl="10m", max_entries=64, show_spinner=False)
def drawings(key: str, filters: Filters, dark: bool, _figures: Figures, _current: datetime) -> dict[str, charts.Spec]:
    """The page's charts by the label of their heading; drawn once for all who look at the same figures."""
    hours = without_gaps(_figures.hours, _current)
    return {
        "tendance": charts.hourly_trend(hours, _current),
        "par_produit": charts.revenue_by_product(_figures.aggregated, dark=dark),
        "par_pays": charts.revenue_by_country(_figures.countries, dark=dark),
        "produit_pays": charts.product_by_country(_figures.aggregated, dark=dark),
        "segments": charts.segments_by_product(_figures.by_segment),
    }


def current_hour(snapshot: Snapshot) -> datetime:
    """The hour in which the newest slice closed (without a publication: this hour); it is not complete."""
    closed_at = snapshot.publication.closed_at if snapshot.publication else datetime.now(UTC)
    return closed_at.astimezone(UTC).replace(tzinfo=None, minute=0, second=0, microsecond=0)


def complete_hours(hours: Iterable[HourOfSales], current: datetime) -> tuple[HourOfSales, HourOfSales]:
    """The last complete hour and the one before it; an hour without a sale counts as zero."""
    known = {each.heure: each for each in hours}
    last, before = current - HOUR, current - 2 * HOUR
    return known.get(last, _nothing(last)), known.get(before, _nothing(before))


def without_gaps(hours: list[HourOfSales], current: datetime, at_least: int = 12) -> list[HourOfSales]:
    """Every hour from the first sale, or from so many hours before the last, to the last sale."""
    known = {each.heure: each for each in hours}
    end = max(known, default=current)
    start = min(min(known, default=end), end - (at_least - 1) * HOUR)
    count = int((end - start) / HOUR) + 1
    moments = (start + n * HOUR for n in range(count))
    return [known.get(moment, _nothing(moment)) for moment in moments]


def _nothing(moment: datetime) -> HourOfSales:
    return HourOfSales(moment, Decimal("0.00"), 0, 0)


def is_dark() -> bool:
    return st.context.theme.type == "dark"
