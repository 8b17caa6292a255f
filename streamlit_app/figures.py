"""The figures of the sales page, read once for each publication and choice of filters."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import streamlit as st

from ingestion import queries
from ingestion.lake.ledger import Publication
from ingestion.queries import Filters, HourOfSales, Snapshot
from ingestion.reading.freshness import Freshness
from streamlit_app import chart_parts, charts, trend_chart
from streamlit_app.languages import languages

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Figures:
    """Everything that the sales page shows; `recent`: the hours that may be the last two complete ones."""

    overall: queries.OverallStatistics
    aggregated: list[queries.AggregatedSales]
    countries: list[queries.RevenueByCountry]
    top: list[queries.TopProduct]
    by_segment: list[queries.ProductBySegment]
    segments: list[queries.CustomerSegment]
    trend: queries.Trend
    recent: list[HourOfSales]


@st.cache_data(ttl="10m", max_entries=64, show_spinner=False)
def load_figures(key: str, filters: Filters, _snapshot: Snapshot) -> Figures:
    """Everything that the page shows; `key` is that of the snapshot, which itself cannot be hashed."""
    return Figures(
        overall=queries.overall_statistics(_snapshot, filters),
        aggregated=queries.aggregated_sales(_snapshot, filters),
        countries=queries.revenue_by_country(_snapshot, filters),
        top=queries.top_products(_snapshot, filters),
        by_segment=queries.product_by_segment(_snapshot, filters),
        segments=queries.customer_segmentation(_snapshot, filters),
        trend=queries.trend(_snapshot, filters),
        recent=_recent(_snapshot, filters),
    )


def _recent(snapshot: Snapshot, filters: Filters) -> list[HourOfSales]:
    """The hours from two before the one in which the slice closed: earlier hours are never compared."""
    if snapshot.publication is None:
        return []
    since = hour_of(snapshot.publication.closed_at) - 2 * HOUR
    return queries.hours(snapshot, replace(filters, start=max(since, filters.start or since)))


@st.cache_data(ttl="10m", max_entries=64, show_spinner=False)
def drawings(
    key: str, filters: Filters, dark: bool, running: datetime, code: str, _figures: Figures
) -> dict[str, chart_parts.Spec]:
    """The page's charts by the label of their heading, drawn once for all who read the same figures in one language."""
    words = languages()[code]
    return {
        trend_heading(_figures): trend_chart.revenue_trend(words, _figures.trend, running),
        "by_product": charts.revenue_by_product(words, _figures.aggregated, dark=dark),
        "by_country": charts.revenue_by_country(words, _figures.countries, dark=dark),
        "product_by_country": charts.product_by_country(words, _figures.aggregated, dark=dark),
        "segments": charts.segments_by_product(words, _figures.by_segment),
    }


def trend_heading(figures: Figures) -> str:
    """The label of the heading that names the trend's period."""
    return f"trend_{figures.trend.grain}"


def running_hour(publication: Publication, freshness: Freshness | None) -> datetime:
    """The first hour that is not complete.

    While all of Kafka is published, this is the hour of the measurement: every hour before it is complete, however long
    ago the last slice closed.  Otherwise, or while Kafka does not answer, events that wait may belong to the hour in
    which that slice closed.
    """
    if freshness is not None and freshness.all_published:
        return hour_of(max(publication.closed_at, freshness.measured_at))
    return hour_of(publication.closed_at)


def hour_of(moment: datetime) -> datetime:
    """The hour in UTC, without a zone, as hours are stored."""
    return moment.astimezone(UTC).replace(tzinfo=None, minute=0, second=0, microsecond=0)


def complete_hours(hours: Iterable[HourOfSales], running: datetime) -> tuple[HourOfSales, HourOfSales]:
    """The last complete hour and the one before it; an hour without a sale counts as zero."""
    known = {each.heure: each for each in hours}
    last, before = running - HOUR, running - 2 * HOUR
    return known.get(last, _nothing(last)), known.get(before, _nothing(before))


def _nothing(moment: datetime) -> HourOfSales:
    return HourOfSales(moment, Decimal("0.00"), 0, 0)


def is_dark() -> bool:
    return st.context.theme.type == "dark"
