"""The queries of the page, API, command line and `explain` on the published lake, at one closed slice's versions."""

from ingestion.lake.failures import LakeUnreadableError, NeverPublishedError, VersionGoneError, reading
from ingestion.lake.ledger import Totals
from ingestion.queries.filters import Filters, composed
from ingestion.queries.rows import (
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
from ingestion.queries.sales import (
    aggregated_sales,
    customer_segmentation,
    hourly_sales,
    hours,
    overall_statistics,
    product_by_segment,
    revenue_by_country,
    top_products,
)
from ingestion.queries.snapshot import Lake, Snapshot
from ingestion.queries.trend import Grain, Trend, trend
from ingestion.queries.trust import (
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
