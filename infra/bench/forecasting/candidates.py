"""The candidates.  Each forecasts every series from a day: one value for each step of the grain, in units."""

from collections.abc import Callable
from datetime import timedelta
from statistics import fmean, median

from infra.bench.forecasting.sold_weeks import WEEK, Grain, History, in_steps
from ingestion.verify.forecast_model import Series, forecasts, rounded

Forecast = dict[Series, list[int]]
Candidate = Callable[[History, Grain, int], Forecast]


def seasonal_naive(history: History, grain: Grain, day: int) -> Forecast:
    """The same hour or day of the last week."""
    return _of_last_weeks(history, grain, day, 1, fmean)


def mean_of_four(history: History, grain: Grain, day: int) -> Forecast:
    return _of_last_weeks(history, grain, day, 4, fmean)


def median_of_four(history: History, grain: Grain, day: int) -> Forecast:
    """Of days, the median of four days: hours whose medians are added up would miss a part of a skewed amount."""
    return _of_last_weeks(history, grain, day, 4, median)


def project(history: History, grain: Grain, day: int) -> Forecast:
    """What the project publishes: its model in plain Python, equal to the SQL to the last digit."""
    origin, days = history.first_day + timedelta(days=day), grain.steps // grain.steps_a_day
    made = forecasts(history.sold, history.calendar, origin, history.first_day, days)
    return {series: in_steps([value for _, _, value in hours], grain) for series, hours in made.items()}


def _of_last_weeks(
    history: History, grain: Grain, day: int, weeks: int, middle: Callable[[list[int]], float]
) -> Forecast:
    """The same steps of the last weeks, or of those that there are."""
    origin, week = day * grain.steps_a_day, WEEK // grain.hours
    backs = range(1, min(weeks, origin // week) + 1)
    return {
        series: [
            rounded(middle([values[origin - week * back + step % week] for back in backs]))
            for step in range(grain.steps)
        ]
        for series, values in history.units(grain).items()
    }


NAIVE, PROJECT = "seasonal naive", "project"
CANDIDATES: dict[str, Candidate] = {
    NAIVE: seasonal_naive,
    "mean of four weeks": mean_of_four,
    "median of four weeks": median_of_four,
    PROJECT: project,
}
