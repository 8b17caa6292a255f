"""The published lake: what page, API, command line and explain ask it, at the versions of one closed slice."""

from ingestion.lake.failures import LakeUnreadableError, NeverPublishedError, VersionGoneError, reading
from ingestion.lake.ledger import Totals
from ingestion.published.filters import Filters, composed
from ingestion.published.rows import (
    AggregatedSales,
    CustomerSegment,
    HourlySales,
    HourOfSales,
    OverallStatistics,
    PeriodOfSales,
    ProductBySegment,
    RejectedEvent,
    RevenueByCountry,
    TopProduct,
)
from ingestion.published.sales import (
    aggregated_sales,
    customer_segmentation,
    hourly_sales,
    hours,
    overall_statistics,
    product_by_segment,
    revenue_by_country,
    top_products,
)
from ingestion.published.snapshot import Lake, Snapshot
from ingestion.published.trend import Grain, Trend, trend
from ingestion.published.trust import (
    accepted_gaps,
    choices,
    clean_count,
    isolated_events,
    newest_vente_at,
    rejected,
    rejected_by_raison,
)

__all__ = [
    "AggregatedSales",
    "CustomerSegment",
    "Filters",
    "Grain",
    "HourOfSales",
    "HourlySales",
    "Lake",
    "LakeUnreadableError",
    "NeverPublishedError",
    "OverallStatistics",
    "PeriodOfSales",
    "ProductBySegment",
    "RejectedEvent",
    "RevenueByCountry",
    "Snapshot",
    "TopProduct",
    "Totals",
    "Trend",
    "VersionGoneError",
    "accepted_gaps",
    "aggregated_sales",
    "choices",
    "clean_count",
    "composed",
    "customer_segmentation",
    "hourly_sales",
    "hours",
    "isolated_events",
    "newest_vente_at",
    "overall_statistics",
    "product_by_segment",
    "reading",
    "rejected",
    "rejected_by_raison",
    "revenue_by_country",
    "top_products",
    "trend",
]
