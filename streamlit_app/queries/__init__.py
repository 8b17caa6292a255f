"""Everything that the API and the pages ask the lake, and the only place that asks it."""

from streamlit_app.queries.failures import LakeUnreadableError, NeverPublishedError, VersionGoneError, reading
from streamlit_app.queries.filters import Filters, composed
from streamlit_app.queries.lake import Lake, Snapshot
from streamlit_app.queries.rows import (
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
    Totals,
)
from streamlit_app.queries.sales import (
    aggregated_sales,
    customer_segmentation,
    hourly_sales,
    hours,
    overall_statistics,
    product_by_segment,
    revenue_by_country,
    top_products,
)
from streamlit_app.queries.trend import Grain, Trend, trend
from streamlit_app.queries.trust import (
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
