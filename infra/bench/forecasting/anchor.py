"""A method of a well-known library, to see the candidates beside it: MSTL of statsforecast, with intervals of its own.

An hourly forecast of one series takes it a quarter of a second, so it makes few: four series, five origins.  The
library is no dependency of the project.
"""

import time
from importlib import import_module
from importlib.util import find_spec

from infra.bench.forecasting.backtest import Forecasts, Interval
from infra.bench.forecasting.sold_weeks import WEEK, Grain, History
from ingestion.verify.forecast_model import TOTAL, Series, rounded

ANCHOR = "MSTL"
HOW_TO_GET_IT = "without MSTL of statsforecast as an anchor; to have it: uv pip install statsforecast"
SERIES: tuple[Series, ...] = (
    TOTAL,
    ("nombre_ventes", "produit", "produit 0"),
    ("nombre_ventes", "pays", "pays 0"),
    ("total_montant", "total", "total"),
)
# by percent and series, then by origin
Intervals = dict[tuple[int, Series], dict[int, list[Interval]]]


def is_installed() -> bool:
    return find_spec("statsforecast") is not None


def origins(grain: Grain) -> range:
    return grain.origins[:: len(grain.origins) // 4]


def forecast_few(history: History, grain: Grain) -> tuple[Forecasts, Intervals, float]:
    """Forecasts of a few series and origins, their intervals of 80 and 95 %, and the seconds of processor time."""
    # by name, because type checkers and readers of the dependencies need not know the library
    numpy, models = import_module("numpy"), import_module("statsforecast.models")
    seasons = [24, WEEK] if grain.hours == 1 else [7]
    made: Forecasts = {}
    intervals: Intervals = {(percent, series): {} for percent in (80, 95) for series in SERIES}
    began = time.process_time()
    for day in origins(grain):
        made[day] = {}
        for series in SERIES:
            known = numpy.array(history.units(grain)[series][: day * grain.steps_a_day], dtype=float) / 1e4
            said = models.MSTL(season_length=seasons).forecast(y=known, h=grain.steps, level=[80, 95])
            made[day][series] = _units(said["mean"])
            for percent in (80, 95):
                low, high = _units(said[f"lo-{percent}"]), _units(said[f"hi-{percent}"])
                intervals[percent, series][day] = list(zip(low, high, strict=True))
    return made, intervals, time.process_time() - began


def _units(values: list[float]) -> list[int]:
    return [rounded(1e4 * float(value)) for value in values]
