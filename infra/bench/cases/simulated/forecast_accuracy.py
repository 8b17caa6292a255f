"""How good the project's forecasts are, beside simple candidates, on simulated sales; needs no stack and no engine.

A run is a seed.  For each volume (200, 2 000 and 20 000 sales a day) it simulates eight weeks, and forecasts 48 hours
and 14 days of 22 series: numbers and amounts of the total, five products and five countries.  It does so from every day
that has enough behind it and ahead.  A figure is the mean over the series, then over the volumes.

`gain` is what a series' WAPE gains on that of the seasonal naive.  All candidates have intervals as the project makes
them, each from its own errors.  Processor times are those of all forecasts of a seed, also those from which only the
intervals learn.

Accuracy does not depend on the machine or its load.
"""

import math
from collections.abc import Callable, Iterable
from statistics import fmean, median

from infra.bench.forecasting import anchor
from infra.bench.forecasting.backtest import Accuracy, Forecasts, accuracy, coverage, forecast_all, intervals
from infra.bench.forecasting.candidates import CANDIDATES, NAIVE, PROJECT
from infra.bench.forecasting.simulated_sales import simulate
from infra.bench.forecasting.sold_weeks import GRAINS, Grain, History
from infra.bench.results import Figure, Measured, Tell, Unit, by_name
from ingestion.verify.forecast_model import Series

VOLUMES = (200, 2_000, 20_000)
ANCHORED_SEEDS = 2
UNIT_OF: dict[str, Unit] = {
    "WAPE": "%",
    "gain": "%",
    "MASE": "",
    "bias": "%",
    "coverage of 80 %": "%",
    "coverage of 95 %": "%",
    "processor time": "s",
}
# grain, metric; lowest and highest for the floor and for the aim, in percent
WANTED = (
    ("hourly", "gain", (20, math.inf), (30, math.inf)),
    ("hourly", "coverage of 80 %", (75, 85), (78, 82)),
    ("daily", "coverage of 80 %", (75, 85), (78, 82)),
)

# by grain, candidate and metric
Values = dict[tuple[str, str, str], float]
# coverage of one series by an interval of so many percent
Covered = Callable[[Series, int], float]


def measure(runs: int, tell: Tell) -> Measured:
    by_seed: list[list[Values]] = []
    anchored: list[Values] = []
    for seed in range(1, runs + 1):
        with_anchor = seed <= ANCHORED_SEEDS and anchor.is_installed()
        found, few = [], []
        for volume in VOLUMES:
            tell(f"seed {seed} of {runs}, {volume} sales a day")
            history = simulate(seed, volume)
            every, some = zip(*(_of_grain(history, grain, with_anchor) for grain in GRAINS), strict=True)
            found.append(_joined(every))
            few.append(_joined(some))
        by_seed.append(found)
        anchored += [over_volumes(few)] if with_anchor else []
    values = [over_volumes(found) for found in by_seed]
    return Measured(
        figures(values) + figures(anchored, "few origins, "),
        [
            f"seeds 1 to {runs}, {len(VOLUMES)} volumes each; one value for each seed",
            *judged(values),
            *_by_volume(by_seed),
            _about_anchor(len(anchored)),
        ],
    )


def _of_grain(history: History, grain: Grain, with_anchor: bool) -> tuple[Values, Values]:
    """Every candidate on all series and origins; and on a few of them, beside the anchor."""
    made, values = {}, Values()
    for name, candidate in CANDIDATES.items():
        made[name], values[grain.name, name, "processor time"] = forecast_all(candidate, history, grain)
    values |= _candidates(history, grain, made, list(history.hourly), grain.origins)
    return values, _beside_anchor(history, grain, made) if with_anchor else {}


def _candidates(
    history: History, grain: Grain, made: dict[str, Forecasts], series: Iterable[Series], origins: range
) -> Values:
    naive = _accuracies(history, grain, made[NAIVE], series, origins)
    found: Values = {}
    for name, forecasts in made.items():
        covered = _conformal(history, grain, forecasts, origins)
        values = _summary(_accuracies(history, grain, forecasts, series, origins), naive, covered)
        found |= _named(grain, name, values)
    return found


def _beside_anchor(history: History, grain: Grain, made: dict[str, Forecasts]) -> Values:
    series, origins = anchor.SERIES, anchor.origins(grain)
    few, own, seconds = anchor.forecast_few(history, grain)
    naive = _accuracies(history, grain, made[NAIVE], series, origins)

    def covered(each: Series, percent: int) -> float:
        return coverage(history, grain, own[percent, each], each, origins)

    values = _summary(_accuracies(history, grain, few, series, origins), naive, covered)
    return _candidates(history, grain, made, series, origins) | _named(
        grain, anchor.ANCHOR, values | {"processor time": seconds}
    )


def _accuracies(
    history: History, grain: Grain, made: Forecasts, series: Iterable[Series], origins: range
) -> dict[Series, Accuracy]:
    return {each: accuracy(history, grain, made, each, origins) for each in series}


def _conformal(history: History, grain: Grain, made: Forecasts, origins: range) -> Covered:
    def covered(series: Series, percent: int) -> float:
        return coverage(history, grain, intervals(history, grain, made, series, percent), series, origins)

    return covered


def _summary(found: dict[Series, Accuracy], naive: dict[Series, Accuracy], covered: Covered) -> dict[str, float]:
    """Means over the series; all but MASE in percent."""
    return {
        "WAPE": 100 * fmean(each.wape for each in found.values()),
        "gain": 100 * fmean(1 - each.wape / naive[series].wape for series, each in found.items()),
        "MASE": fmean(each.mase for each in found.values()),
        "bias": 100 * fmean(each.bias for each in found.values()),
        **{f"coverage of {percent} %": 100 * fmean(covered(each, percent) for each in found) for percent in (80, 95)},
    }


def _named(grain: Grain, candidate: str, values: dict[str, float]) -> Values:
    return {(grain.name, candidate, metric): value for metric, value in values.items()}


def _joined(parts: Iterable[Values]) -> Values:
    return {key: value for part in parts for key, value in part.items()}


def over_volumes(found: list[Values]) -> Values:
    """The mean, but of times the sum."""
    return {key: (sum if key[2] == "processor time" else fmean)([values[key] for values in found]) for key in found[0]}


def figures(values: list[Values], prefix: str = "") -> list[Figure]:
    """One value for each seed; candidates side by side for each grain and metric."""
    return [
        figure
        for grain in GRAINS
        for metric, unit in UNIT_OF.items()
        for figure in by_name(
            unit,
            [
                {
                    f"{prefix}{grain.name} {metric}, {name}": value
                    for (of_grain, name, of_metric), value in each.items()
                    # the naive gains nothing on itself
                    if (of_grain, of_metric) == (grain.name, metric) and (name, metric) != (NAIVE, "gain")
                }
                for each in values
            ],
        )
    ]


def judged(values: list[Values]) -> list[str]:
    """What the project reaches of what is wanted, by the median over the seeds."""
    lines = []
    for grain, metric, floor, aim in WANTED:
        reached = median(each[grain, PROJECT, metric] for each in values)
        said = [f"{name} {_range(wanted)} {_met(reached, wanted)}" for name, wanted in (("floor", floor), ("aim", aim))]
        lines.append(f"{grain} {metric}, {PROJECT}: {reached:.1f} %; {', '.join(said)}")
    return lines


def _range(wanted: tuple[float, float]) -> str:
    lowest, highest = wanted
    return f"{lowest:g} % or more" if highest == math.inf else f"{lowest:g} to {highest:g} %"


def _met(reached: float, wanted: tuple[float, float]) -> str:
    return "met" if wanted[0] <= reached <= wanted[1] else "missed"


def _by_volume(by_seed: list[list[Values]]) -> list[str]:
    lines = []
    for grain in GRAINS:
        gains = [
            f"{median(found[place][grain.name, PROJECT, 'gain'] for found in by_seed):.1f} % at {volume} sales a day"
            for place, volume in enumerate(VOLUMES)
        ]
        lines.append(f"{grain.name} gain, {PROJECT}: {', '.join(gains)}")
    return lines


def _about_anchor(seeds: int) -> str:
    if not seeds:
        return anchor.HOW_TO_GET_IT
    counts = f"{len(anchor.SERIES)} series, {len(anchor.origins(GRAINS[0]))} origins, seeds 1 to {seeds}"
    return f"few origins: {counts}, so take the order, not the decimals; {anchor.ANCHOR} has intervals of its own"
