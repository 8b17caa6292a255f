"""The questions that the API answers, one function each."""

import base64
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from ingestion import queries
from ingestion.queries import Snapshot
from streamlit_app.api import models
from streamlit_app.api.answers import answer
from streamlit_app.api.encoding import to_json
from streamlit_app.api.params import (
    AsOfParams,
    HourlyParams,
    RejectedParams,
    SalesParams,
    TopParams,
    well_formed,
)
from streamlit_app.api.refusals import REFUSALS
from streamlit_app.api.state_of_the_lake import status_of
from streamlit_app.event_text import as_text

CACHED: dict[int | str, dict[str, Any]] = {
    200: {"description": "the rows of one publication", "headers": models.HEADERS},
    304: {"description": "unchanged since the ETag of If-None-Match", "headers": models.HEADERS},
}
router = APIRouter(prefix="/api", dependencies=[Depends(well_formed)], responses=REFUSALS)
KNOWN_ETAG = {
    "name": "If-None-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "the ETag of an answer that is known: 304 while it holds",
}
question = partial(router.get, responses=CACHED, openapi_extra={"parameters": [KNOWN_ETAG]})
Sales = Annotated[SalesParams, Query()]


@question("/aggregated_sales", response_model=list[models.AggregatedSales], tags=["sales"])
async def aggregated_sales(request: Request, params: Sales) -> Response:
    """Revenue and quantity by product and country, highest revenue first."""
    return await answer(request, params, partial(queries.aggregated_sales, filters=params.filters))


@question("/top_products", response_model=list[models.TopProduct], tags=["sales"])
async def top_products(request: Request, params: Annotated[TopParams, Query()]) -> Response:
    """The best products by revenue."""
    return await answer(request, params, partial(queries.top_products, filters=params.filters, limit=params.limit))


@question("/hourly_sales", response_model=list[models.HourlySales], tags=["sales"])
async def hourly_sales(request: Request, params: Annotated[HourlyParams, Query()]) -> Response:
    """Revenue and quantity by hour, the oldest first; an hour without a sale has no row."""
    return await answer(request, params, partial(queries.hourly_sales, filters=params.filters, limit=params.limit))


@question("/product_by_segment", response_model=list[models.ProductBySegment], tags=["sales"])
async def product_by_segment(request: Request, params: Sales) -> Response:
    """Revenue by product and customer segment."""
    return await answer(request, params, partial(queries.product_by_segment, filters=params.filters))


@question("/overall_statistics", response_model=models.OverallStatistics, tags=["sales"])
async def overall_statistics(request: Request, params: Sales) -> Response:
    """The totals: revenue, quantity, sales, distinct clients, average basket."""
    return await answer(request, params, partial(queries.overall_statistics, filters=params.filters))


@question("/revenue_by_country", response_model=list[models.RevenueByCountry], tags=["sales"])
async def revenue_by_country(request: Request, params: Sales) -> Response:
    """Revenue and its share by country, the best first."""
    return await answer(request, params, partial(queries.revenue_by_country, filters=params.filters))


@question("/customer_segmentation", response_model=list[models.CustomerSegment], tags=["sales"])
async def customer_segmentation(request: Request, params: Sales) -> Response:
    """Distinct clients, revenue and average basket by segment, the best first."""
    return await answer(request, params, partial(queries.customer_segmentation, filters=params.filters))


@question("/rejected", response_model=models.RejectedPage, tags=["trust"])
async def rejected(request: Request, params: Annotated[RejectedParams, Query()]) -> Response:
    """The rejected events with their reason and their bytes, the newest first.

    Pages shift when more events are rejected; `as_of` keeps them fixed.
    """
    return await answer(request, params, partial(_rejected_page, params=params))


@router.get("/status", response_model=models.Status, tags=["trust"])
def status(request: Request, params: Annotated[AsOfParams, Query()]) -> Response:
    """What is published, how old it is, and how far it is behind Kafka."""
    state = request.app.state
    snapshot = state.lake.at(params.as_of) if params.as_of else state.lake.current()
    body = to_json(status_of(state.lake, snapshot, state.sampler))
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


def _rejected_page(snapshot: Snapshot, params: RejectedParams) -> dict[str, Any]:
    counts = queries.rejected_by_raison(snapshot)
    rows = queries.rejected(snapshot, params.raison, params.limit, params.offset)
    return {
        "total": counts.get(params.raison, 0) if params.raison else sum(counts.values()),
        "limit": params.limit,
        "offset": params.offset,
        "rows": [
            {
                "kafka_partition": row.kafka_partition,
                "kafka_offset": row.kafka_offset,
                "kafka_timestamp": row.kafka_timestamp,
                "raison": row.raison,
                "parse_error": row.parse_error,
                "tranche": row.tranche,
                "value_size": row.value_size,
                "value_text": None if row.value is None else as_text(row.value, row.value_size or 0),
                "value_base64": None if row.value is None else base64.b64encode(row.value).decode(),
            }
            for row in rows
        ],
    }
