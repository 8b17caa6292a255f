"""How good forecasts were, from one origin after another; each, and its interval, knows only what was sold before it.

WAPE: the sum of absolute errors divided by what was sold.  MASE: the mean absolute error divided by that of last week's
value in the four weeks before the first origin.  Bias: the sum of errors divided by what was sold, positive if the
forecast was too high.  Coverage: the share of steps that lay in the interval.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from statistics import fmean

from infra.bench.forecasting.candidates import Candidate, Forecast
from infra.bench.forecasting.sold_weeks import FIRST_ORIGIN, WEEK, Grain, History
from ingestion.verify.forecast_model import Series, bound, quantile, score

# by origin
Forecasts = dict[int, Forecast]
Interval = tuple[int, int]


@dataclass(frozen=True)
class Accuracy:
    """Of the forecasts of one series; all are ratios."""

    wape: float
    mase: float
    bias: float


def forecast_all(candidate: Candidate, history: History, grain: Grain) -> tuple[Forecasts, float]:
    """Also from the origins that only the intervals learn from; and the seconds of processor time."""
    began = time.process_time()
    made = {day: candidate(history, grain, day) for day in range(FIRST_ORIGIN, grain.origins.stop)}
    return made, time.process_time() - began


def accuracy(history: History, grain: Grain, made: Forecasts, series: Series, origins: Iterable[int]) -> Accuracy:
    pairs = [
        pair for day in origins for pair in zip(history.observed(grain, series, day), made[day][series], strict=True)
    ]
    sold = sum(observed for observed, _ in pairs)
    absolute = sum(abs(forecast - observed) for observed, forecast in pairs)
    return Accuracy(
        wape=absolute / sold,
        mase=absolute / len(pairs) / _usual_error(history, grain, series),
        bias=sum(forecast - observed for observed, forecast in pairs) / sold,
    )


def _usual_error(history: History, grain: Grain, series: Series) -> float:
    """Mean distance of a step from that of the week before, in units, before the first origin that is judged."""
    known = history.units(grain)[series][: grain.origins.start * grain.steps_a_day]
    return fmean(abs(now - before) for before, now in zip(known, known[WEEK // grain.hours :], strict=False))


def intervals(
    history: History, grain: Grain, made: Forecasts, series: Series, percent: int
) -> dict[int, list[Interval]]:
    """Around the forecasts of each origin that is judged, as the project makes them; none where errors are too few."""
    scores = {
        day: list(map(score, history.observed(grain, series, day), forecast[series])) for day, forecast in made.items()
    }
    found = {}
    for day in grain.origins:
        # of an earlier forecast, the steps that were over by then
        past = range(max(FIRST_ORIGIN, day - grain.lookback), day)
        known = list(chain.from_iterable(scores[other][: (day - other) * grain.steps_a_day] for other in past))
        if (width := quantile(known, percent, grain.caution)) is not None:
            found[day] = [(bound(forecast, -width), bound(forecast, width)) for forecast in made[day][series]]
    return found


def coverage(
    history: History, grain: Grain, found: dict[int, list[Interval]], series: Series, origins: Iterable[int]
) -> float:
    """The share of steps within their interval, of the origins that have one."""
    return fmean(
        low <= observed <= high
        for day in origins
        if day in found
        for observed, (low, high) in zip(history.observed(grain, series, day), found[day], strict=True)
    )
