"""The bench of the forecasts: its data, its candidates, and the sums that judge them."""

import sys
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest

from infra.bench.cases.simulated import forecast_accuracy as case
from infra.bench.forecasting import anchor
from infra.bench.forecasting.backtest import accuracy, coverage, forecast_all, intervals
from infra.bench.forecasting.candidates import CANDIDATES, NAIVE, PROJECT
from infra.bench.forecasting.simulated_sales import DAYS, simulate
from infra.bench.forecasting.sold_weeks import DAILY, GRAINS, HOURLY, Grain, History
from ingestion.verify.forecast_model import TOTAL, Series

REVENUE: Series = ("total_montant", "total", "total")
MONDAY = date(2026, 1, 5)


@pytest.fixture(scope="module")
def simulated() -> History:
    return simulate(seed=3, volume=200)


def constant(sales: int, cents: int) -> History:
    return History(MONDAY, {TOTAL: [sales] * (24 * DAYS), REVENUE: [cents] * (24 * DAYS)})


def test_a_seed_and_a_volume_give_the_same_sales_twice(simulated: History):
    assert simulate(3, 200) == simulated
    assert simulate(4, 200) != simulated


def test_products_and_countries_add_up_to_the_total(simulated: History):
    assert len(simulated.hourly) == 22
    for measure in ("nombre_ventes", "total_montant"):
        for dimension in ("produit", "pays"):
            parts = [values for series, values in simulated.hourly.items() if series[:2] == (measure, dimension)]
            assert list(map(sum, zip(*parts, strict=True))) == simulated.hourly[measure, "total", "total"]


@pytest.mark.parametrize("volume", [200, 2_000])
def test_the_volume_is_that_of_a_day(volume: int):
    means = [sum(simulate(seed, volume).hourly[TOTAL]) / DAYS for seed in range(1, 7)]
    assert sum(means) / len(means) == pytest.approx(volume, rel=0.1)


def test_odd_seeds_begin_their_weekends_later():
    def share_before_noon(seed: int, weekend: bool) -> float:
        history = simulate(seed, 2_000)
        days = [day for day in range(DAYS) if ((history.first_day.weekday() + day) % 7 >= 5) == weekend]
        sold = history.hourly[TOTAL]
        whole = sum(sum(sold[24 * day : 24 * day + 24]) for day in days)
        return sum(sum(sold[24 * day : 24 * day + 12]) for day in days) / whole

    assert share_before_noon(1, weekend=True) < share_before_noon(1, weekend=False) - 0.05
    assert share_before_noon(2, weekend=True) == pytest.approx(share_before_noon(2, weekend=False), abs=0.02)


@pytest.mark.parametrize("grain", GRAINS, ids=lambda grain: grain.name)
@pytest.mark.parametrize("name", CANDIDATES)
def test_what_never_changes_is_forecast_exactly(name: str, grain: Grain):
    history = constant(sales=3, cents=700)
    for day in (14, grain.origins.start, grain.origins[-1]):
        made = CANDIDATES[name](history, grain, day)
        assert made == {TOTAL: [30_000 * grain.hours] * grain.steps, REVENUE: [70_000 * grain.hours] * grain.steps}


@pytest.mark.parametrize("grain", GRAINS, ids=lambda grain: grain.name)
@pytest.mark.parametrize("name", CANDIDATES)
def test_a_forecast_knows_nothing_of_what_came_later(name: str, grain: Grain, simulated: History):
    day = 30
    changed = {series: values[: 24 * day] + [9] * 24 * (DAYS - day) for series, values in simulated.hourly.items()}
    later = replace(simulated, hourly=changed)
    assert CANDIDATES[name](later, grain, day) == CANDIDATES[name](simulated, grain, day)


def test_simple_candidates_look_at_the_same_day_of_the_week():
    """Weeks of 24, 48, 72 and 192 sales on each day; and 24 more on Mondays."""
    days = [hours + (day == 0) for hours in (1, 2, 3, 8) for day in range(7)]
    history = History(MONDAY, {TOTAL: [hours for hours in days for _ in range(24)]})
    expected = {NAIVE: (9, 8), "mean of four weeks": (4.5, 3.5), "median of four weeks": (3.5, 2.5)}
    for name, (monday, other) in expected.items():
        week = [240_000 * monday, *[240_000 * other] * 6]
        assert CANDIDATES[name](history, DAILY, 28)[TOTAL] == week * 2
        assert CANDIDATES[name](history, HOURLY, 28)[TOTAL] == [10_000 * monday] * 24 + [10_000 * other] * 24


def alternating() -> History:
    """Days of 48 and 24 sales in turn, so that a week is never like the one before it."""
    return History(MONDAY, {TOTAL: [1 + day % 2 for day in range(DAYS) for _ in range(24)]})


def test_errors_become_ratios():
    """Half a sale too much in each hour, where last week's hour is always one sale off."""
    history = alternating()
    made = {day: {TOTAL: [value + 5_000 for value in history.observed(HOURLY, TOTAL, day)]} for day in HOURLY.origins}
    found = accuracy(history, HOURLY, made, TOTAL, [28, 30])
    assert (found.wape, found.mase, found.bias) == pytest.approx((1 / 3, 0.5, 1 / 3))
    too_low = {day: {TOTAL: [value - 10_000 for value in each[TOTAL]]} for day, each in made.items()}
    assert accuracy(history, HOURLY, too_low, TOTAL, [28]).bias == pytest.approx(-1 / 3)


def test_what_was_never_off_has_intervals_without_width():
    history = alternating()
    made = {day: {TOTAL: history.observed(DAILY, TOTAL, day)} for day in range(14, DAILY.origins.stop)}
    found = intervals(history, DAILY, made, TOTAL, 80)
    assert found[28] == [(value, value) for value in made[28][TOTAL]]
    assert coverage(history, DAILY, found, TOTAL, DAILY.origins) == 1
    beside = {28: [(low + 1, high + 1) for low, high in found[28][:7]] + found[28][7:]}
    assert coverage(history, DAILY, beside, TOTAL, DAILY.origins) == 0.5


def test_an_interval_learns_only_from_steps_that_were_over():
    """What happens from its origin on changes nothing; the day before it does."""
    history = simulate(3, 200)
    made, _ = forecast_all(CANDIDATES[NAIVE], history, HOURLY)

    def interval(since: int) -> list[tuple[int, int]]:
        hourly = {TOTAL: history.hourly[TOTAL][: 24 * since] + [900] * 24 * (DAYS - since)}
        return intervals(replace(history, hourly=hourly), HOURLY, made, TOTAL, 95)[28]

    assert interval(since=28) == intervals(history, HOURLY, made, TOTAL, 95)[28]
    assert interval(since=27) != interval(since=28)


def test_few_errors_make_no_interval():
    """Six origins make 21 errors, and with five in caution 80 % need 21 of them; five make 15, and 16 are needed."""
    history = alternating()
    made = {day: {TOTAL: history.observed(DAILY, TOTAL, day)} for day in range(14, 21)}
    early = replace(DAILY, origins=range(19, 21))
    assert list(intervals(history, early, made, TOTAL, 80)) == [20]
    assert list(intervals(history, early, made, TOTAL, 95)) == []


def values(gain: float, hourly: float, daily: float) -> case.Values:
    return {
        ("hourly", PROJECT, "gain"): gain,
        ("hourly", PROJECT, "coverage of 80 %"): hourly,
        ("daily", PROJECT, "coverage of 80 %"): daily,
    }


def test_the_floor_and_the_aim_are_judged_by_the_median():
    assert case.judged([values(19, 78, 74), values(25, 80, 74.9), values(31, 90, 99)]) == [
        "hourly gain, project: 25.0 %; floor 20 % or more met, aim 30 % or more missed",
        "hourly coverage of 80 %, project: 80.0 %; floor 75 to 85 % met, aim 78 to 82 % met",
        "daily coverage of 80 %, project: 74.9 %; floor 75 to 85 % missed, aim 78 to 82 % missed",
    ]


def test_volumes_are_averaged_and_times_added():
    wape, seconds = ("daily", NAIVE, "WAPE"), ("daily", NAIVE, "processor time")
    assert case.over_volumes([{wape: 20.0, seconds: 1.0}, {wape: 10.0, seconds: 2.0}]) == {wape: 15.0, seconds: 3.0}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A case of one volume, two origins and the four series of the anchor."""

    def few_series(seed: int, volume: int) -> History:
        history = simulate(seed, volume)
        return History(history.first_day, {series: history.hourly[series] for series in anchor.SERIES})

    monkeypatch.setattr(case, "simulate", few_series)
    monkeypatch.setattr(case, "VOLUMES", (200,))
    monkeypatch.setattr(case, "GRAINS", tuple(replace(grain, origins=range(28, 32)) for grain in GRAINS))


def test_the_case_measures_every_candidate_with_one_value_for_each_seed(small: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(anchor, "is_installed", lambda: False)
    measured = case.measure(2, lambda text: None)
    figures = {figure.name: figure for figure in measured.figures}
    for grain in GRAINS:
        for metric, unit in case.UNIT_OF.items():
            for name in CANDIDATES:
                found = figures.pop(f"{grain.name} {metric}, {name}", None)
                assert (found is None) == ((metric, name) == ("gain", NAIVE))
                assert found is None or (found.unit, len(found.runs)) == (unit, 2)
    assert not figures
    assert measured.notes[-1] == anchor.HOW_TO_GET_IT


class LastWeek:
    """As the library's models: what it is given and gives are sales."""

    def __init__(self, season_length: list[int]) -> None:
        self.season = season_length[-1]

    def forecast(self, y: list[float], h: int, level: list[int]) -> dict[str, list[float]]:
        assert level == [80, 95]
        mean = [float(y[len(y) - self.season + step % self.season]) for step in range(h)]
        return {"mean": mean} | {
            f"{side}-{percent}": [value + sign * percent for value in mean]
            for side, sign in (("lo", -1), ("hi", 1))
            for percent in level
        }


def test_the_anchor_stands_beside_the_candidates_on_the_same_few(small: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "statsforecast.models", SimpleNamespace(MSTL=LastWeek))
    monkeypatch.setattr(anchor, "is_installed", lambda: True)
    measured = case.measure(1, lambda text: None)
    runs = {figure.name: figure.runs for figure in measured.figures}
    for grain in GRAINS:
        for metric in ("WAPE", "MASE", "bias"):
            of_anchor = runs[f"few origins, {grain.name} {metric}, MSTL"]
            assert of_anchor == pytest.approx(runs[f"few origins, {grain.name} {metric}, {NAIVE}"])
        assert runs[f"few origins, {grain.name} gain, MSTL"] == pytest.approx((0,))
    assert "few origins: 4 series" in measured.notes[-1]
