"""The marts of Gold, one address each.  They are published every few minutes, all at once."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from ingestion import queries
from streamlit_app.api import gold_models as models
from streamlit_app.api.answers import answer_of_gold
from streamlit_app.api.params import AsOfParams, ClientParams, DailyParams, ForecastParams, QualityParams, well_formed
from streamlit_app.api.refusals import REFUSALS
from streamlit_app.api.routes import CACHED, KNOWN_ETAG

router = APIRouter(prefix="/api/gold", dependencies=[Depends(well_formed)], responses=REFUSALS, tags=["gold"])
question = partial(router.get, responses=CACHED, openapi_extra={"parameters": [KNOWN_ETAG]})
Anytime = Annotated[AsOfParams, Query()]


@question("/daily_sales", response_model=list[models.DailySales])
async def daily_sales(request: Request, params: Annotated[DailyParams, Query()]) -> Response:
    """Revenue by day beside the same day a week before, the oldest first.

    A day without a sale has a row if there were sales a week before.
    """
    return await answer_of_gold(request, params, partial(queries.daily_sales, filters=params.filters))


@question("/product_performance", response_model=list[models.ProductPerformance])
async def product_performance(request: Request, params: Anytime) -> Response:
    """Products over the last 30 days by rank, with their share, their class, and the 30 days before."""
    return await answer_of_gold(request, params, queries.product_performance)


@question("/client_values", response_model=list[models.ClientValue])
async def client_values(request: Request, params: Annotated[ClientParams, Query()]) -> Response:
    """Clients with recency, frequency and revenue, their scores and class, highest revenue first."""
    return await answer_of_gold(
        request,
        params,
        partial(
            queries.client_values,
            pays=tuple(params.pays),
            segment=tuple(params.segment),
            classe=params.classe_rfm,
            limit=params.limit,
            offset=params.offset,
        ),
    )


@question("/cohorts", response_model=list[models.Cohort])
async def cohorts(request: Request, params: Anytime) -> Response:
    """By month of first purchase: how many of the clients bought in each month since."""
    return await answer_of_gold(request, params, queries.cohorts)


@question("/seasonality", response_model=list[models.TypicalHour])
async def seasonality(request: Request, params: Anytime) -> Response:
    """What an hour of the week typically brings, and its spread, from Monday."""
    return await answer_of_gold(request, params, queries.seasonality)


@question("/hourly_forecast", response_model=list[models.HourlyForecast])
async def hourly_forecast(request: Request, params: Annotated[ForecastParams, Query()]) -> Response:
    """What is expected of each hour of two days, EUR or number of sales, from the start of the last day with a sale.

    Empty with less than two weeks of sales, and for an unknown product or country.
    """
    return await answer_of_gold(
        request,
        params,
        partial(queries.hourly_forecast, mesure=params.mesure, dimension=params.dimension, cle=params.cle),
    )


@question("/daily_forecast", response_model=list[models.DailyForecast])
async def daily_forecast(request: Request, params: Annotated[ForecastParams, Query()]) -> Response:
    """What is expected of each of fourteen days, EUR or number of sales, the first being the last day with a sale.

    Empty with less than two weeks of sales, and for an unknown product or country.
    """
    return await answer_of_gold(
        request,
        params,
        partial(queries.daily_forecast, mesure=params.mesure, dimension=params.dimension, cle=params.cle),
    )


@question("/forecast_quality", response_model=list[models.ForecastQuality])
async def forecast_quality(request: Request, params: Annotated[QualityParams, Query()]) -> Response:
    """How far the forecasts of the last two weeks were from what came, beside those of the naive one."""
    apart = params.horizons == "apart"
    return await answer_of_gold(request, params, partial(queries.forecast_quality, by_horizon=apart))
