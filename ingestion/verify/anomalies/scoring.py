"""How far what was counted is from what was expected, in standard deviations of a normal distribution.

The order of the operations on floats is that of the SQL, so the figures are equal to the last digit, not close.
docs/anomalies.md derives the formulas.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import accumulate, groupby
from operator import mul
from typing import NamedTuple

from ingestion.detectors import DETECTORS, SHARES, THRESHOLDS, total_of
from ingestion.verify.anomalies.alarm_rows import TICKS_OF_DAY, Alarm, Expectation, Measures, day_of, moment_of, rounded

# name, ticks, and whether its dispersion is that of four hours; the shorter first, because it wins a tie
_WINDOWS = (("15min", 3, False), ("1h", 12, False), ("4h", 48, True))
_LEAST_EXCESS = 5
_LEAST_SALES = 20
_TICKS_BEFORE = 48
_FLAT_TICKS, _LEAST_FLAT_SUM = 24, 72
# a day, and the window of `plat` that ends there
_LOOK_BACK = TICKS_OF_DAY + _FLAT_TICKS
# in ten-thousandths: the column holds no larger score
_MOST = 99_999_999
_CENT, _SCORE = Decimal("0.01"), Decimal("0.0001")


class _Window(NamedTuple):
    """What a detector saw in a window: `expected`, and what was counted, out of `total`."""

    place: int
    name: str
    ticks: int
    counted: int
    expected: float
    total: int | None
    dispersion: float


def scored(
    ticks: Iterable[int],
    measures: Measures,
    expectations: Mapping[date, Iterable[Expectation]],
    tranche: int,
    thresholds: Mapping[str, Decimal] = THRESHOLDS,
) -> list[Alarm]:
    """The alarms of these ticks; none on a day of which nothing is expected.

    `expectations`: by day, of which each also covers the day before; with rows that are missing or that nobody can
    have learned, there are other alarms, and no exception.  `measures` go back 312 ticks before the first one.
    """
    alarms: list[Alarm] = []
    for day, of_day in groupby(sorted(ticks), key=day_of):
        if expected := list(expectations.get(day, ())):
            alarms += _Day(list(of_day), measures, expected, tranche, thresholds).alarms()
    return alarms


class _Day:
    """The ticks of one day.  A place is that of a tick in the sums: what came up to its end, since `_LOOK_BACK`."""

    def __init__(
        self,
        ticks: list[int],
        measures: Measures,
        expected: list[Expectation],
        tranche: int,
        thresholds: Mapping[str, Decimal],
    ) -> None:
        self._range = range(ticks[0] - _LOOK_BACK, ticks[-1] + 1)
        self._places = [tick - self._range.start + 1 for tick in ticks]
        self._measures, self._tranche = measures, tranche
        self._least = {name: rounded(1e4 * float(each)) for name, each in thresholds.items()}
        # twice the squared distance in standard deviations is more than any deviance, see `_is_near`
        self._near = {name: (float(each) - 0.001) ** 2 / 2 for name, each in thresholds.items()}
        self._expected = {(row.mesure, row.cle): row for row in expected if row.mesure != "volume"}
        self._volume = next((row for row in expected if row.mesure == "volume"), None)
        quarters = {row.moment: row.attendu or 0 for row in expected if row.mesure == "volume"}
        by_quarter = {tick // 3: quarters.get(moment_of(tick // 3 * 3), 0) for tick in self._range}
        self._usual = list(accumulate((by_quarter[tick // 3] for tick in self._range), initial=0))
        self._strongest: dict[tuple[int, str, str], Alarm] = {}

    def alarms(self) -> Iterable[Alarm]:
        if self._volume:
            self._volumes(self._volume)
            self._silences(self._volume)
        if rupture := self._expected.get(("rupture", "total")):
            self._ruptures(rupture)
        self._flat()
        for mesure in SHARES:
            keys = {cle for name, cle in (*self._expected, *self._measures) if name == mesure and cle}
            for cle in keys:
                # a product without a known price has no expectation, nor one for keys never seen
                if expected := self._expected.get((mesure, cle)) or self._expected.get((mesure, "")):
                    self._share(mesure, cle, expected)
        self._amounts()
        return self._strongest.values()

    def _counts(self, mesure: str, cle: str) -> list[int]:
        counts = self._measures.get((mesure, cle), {})
        return [counts.get(tick, 0) for tick in self._range]

    def _sums(self, mesure: str, cle: str) -> list[int]:
        return list(accumulate(self._counts(mesure, cle), initial=0))

    def _volumes(self, row: Expectation) -> None:
        counts = self._sums("volume", "total")
        for name, ticks, is_long in _WINDOWS:
            dispersion = _dispersion(row, is_long)
            for place in self._places:
                count = counts[place] - counts[place - ticks]
                expected = (self._usual[place] - self._usual[place - ticks]) / 3e6
                self._compare("volume", "total", _Window(place, name, ticks, count, expected, None, dispersion))

    def _silences(self, row: Expectation) -> None:
        dispersion = _dispersion(row, False)
        for place, ticks in self._since_last(self._counts("volume", "total")):
            expected = (self._usual[place] - self._usual[place - ticks]) / 3e6
            self._compare("silence", "total", _Window(place, "depuis", ticks, 0, expected, None, dispersion))

    def _ruptures(self, row: Expectation) -> None:
        """The end of some hours as a share of them: the level of the day cancels out."""
        counts, usual = self._sums("volume", "total"), self._usual
        dispersion = _dispersion(row, False)
        for name, ticks, _ in _WINDOWS[:2]:
            for place in self._places:
                before = place - ticks - _TICKS_BEFORE
                count, total = counts[place] - counts[place - ticks], counts[place] - counts[before]
                whole = usual[place] - usual[before]
                if total >= _LEAST_EXCESS and whole > 0:
                    expected = total * ((usual[place] - usual[place - ticks]) / whole)
                    self._compare("rupture", "total", _Window(place, name, ticks, count, expected, total, dispersion))

    def _flat(self) -> None:
        """Neighbours that differ less than chance makes them, and did not so a day before."""
        counts = self._counts("volume", "total")
        sums = list(accumulate(counts, initial=0))
        differences = (after - before for before, after in zip([0, *counts], counts, strict=False))
        squares = list(accumulate((each * each for each in differences), initial=0))
        for place in self._places:
            z, window = _flatness(sums, squares, place)
            usual, _ = _flatness(sums, squares, place - TICKS_OF_DAY)
            if _in_score(usual) > -self._least["plat"]:
                self._raise("plat", "total", window, z, 0.0)

    def _share(self, mesure: str, cle: str, row: Expectation) -> None:
        of_tick, part = self._counts(mesure, cle), row.part or 0
        counts, totals = list(accumulate(of_tick, initial=0)), self._sums(*total_of(mesure, cle))
        only_up, near = DETECTORS[mesure].side == "up", self._near[mesure]
        for name, ticks, is_long in _WINDOWS:
            dispersion = _dispersion(row, is_long)
            for place in self._places:
                count, total = counts[place] - counts[place - ticks], totals[place] - totals[place - ticks]
                expected = total * part / 1e9
                if (only_up and count < _LEAST_EXCESS) or _is_near(count, expected, total, near):
                    continue
                self._compare(mesure, cle, _Window(place, name, ticks, count, expected, total, dispersion))
        if DETECTORS[mesure].kind == "part":
            dispersion = _dispersion(row, False)
            for place, ticks in self._since_last(of_tick):
                total = totals[place] - totals[place - ticks]
                expected = total * part / 1e9
                if not _is_near(0, expected, total, near):
                    self._compare(mesure, cle, _Window(place, "depuis", ticks, 0, expected, total, dispersion))

    def _amounts(self) -> None:
        """The amount of what was sold, given how much of each product: a gamma, by Wilson and Hilferty."""
        rows = [row for (mesure, _), row in self._expected.items() if mesure == "montant"]
        if not rows:
            return
        sold = [self._counts("produit", row.cle) for row in rows]
        amounts, totals = (
            list(accumulate(map(sum, zip(*each, strict=True)), initial=0))
            for each in ([self._counts("montant", row.cle) for row in rows], sold)
        )
        means, short, long = (
            list(accumulate((sum(map(mul, each, of)) for each in zip(*sold, strict=True)), initial=0))
            for of in zip(*((row.attendu or 0, row.dispersion_1h, row.dispersion_4h) for row in rows), strict=True)
        )
        for name, ticks, is_long in _WINDOWS:
            variances = long if is_long else short
            for place in self._places:
                amount, total, mean, variance = (
                    sums[place] - sums[place - ticks] for sums in (amounts, totals, means, variances)
                )
                if total >= _LEAST_SALES and mean > 0 and variance > 0:
                    self._amount(_Window(place, name, ticks, amount, mean / 1e6, total, float(variance)))

    def _amount(self, window: _Window) -> None:
        amount, mean, variance = float(window.counted), window.expected, window.dispersion
        lean = math.pow(amount / mean, 1.0 / 3.0) - 1.0 + variance / (9.0 * mean * mean)
        z = 3.0 * mean / math.sqrt(variance) * lean
        self._raise("panier", "total", window, z, math.sqrt(variance), units=1e2)

    def _since_last(self, counts: list[int]) -> Iterator[tuple[int, int]]:
        """The places without any, and how many ticks have been so; at most a day."""
        since, found = 0, {}
        for place, count in enumerate(counts, start=1):
            since = 0 if count else since + 1
            found[place] = since
        for place in self._places:
            if ticks := min(found[place], TICKS_OF_DAY):
                yield place, ticks

    def _compare(self, detector: str, cle: str, window: _Window) -> None:
        count, mean, total, dispersion = window.counted, window.expected, window.total, window.dispersion
        if mean <= 0 or dispersion <= 0 or (total is not None and mean >= total):
            return
        # half a unit of continuity towards what is expected
        corrected = max(count - 0.5, mean) if count > mean else min(count + 0.5, mean)
        if total is None or DETECTORS[detector].kind == "nb":
            deviance = _deviance(corrected, mean, dispersion)
            deviation = math.sqrt(mean + dispersion * mean * mean)
        else:
            deviance = _deviance_of_share(corrected, mean, total, dispersion)
            deviation = math.sqrt(mean * (1.0 - mean / total) * (1.0 + (total - 1) * dispersion))
        z = (1.0 if count > mean else -1.0) * math.sqrt(max(deviance, 0.0))
        self._raise(detector, cle, window, z, deviation)

    def _raise(self, detector: str, cle: str, window: _Window, z: float, deviation: float, units: float = 1.0) -> None:
        score, side = _in_score(z), DETECTORS[detector].side
        is_wanted = side == "both" or (side == "up") == (score > 0)
        is_enough = score < 0 or window.counted >= _LEAST_EXCESS or detector in ("panier", "rupture")
        if abs(score) < self._least[detector] or not (is_wanted and is_enough):
            return
        tick = self._range.start + window.place - 1
        known = self._strongest.get((tick, detector, cle))
        if known is None or abs(score * _SCORE) > abs(known.score):
            amounts = (window.counted, window.expected, deviation)
            observe, attendu, ecart_type = (_hundredths(each / units) for each in amounts)
            self._strongest[tick, detector, cle] = Alarm(
                moment=moment_of(tick),
                detecteur=detector,
                cle=cle,
                fenetre=window.name,
                observe=observe,
                attendu=attendu,
                ecart_type=ecart_type,
                sur=window.total,
                score=score * _SCORE,
                ticks=window.ticks,
                tranche=self._tranche,
            )


def _in_score(z: float) -> int:
    """In ten-thousandths."""
    return max(-_MOST, min(rounded(1e4 * z), _MOST))


def _flatness(sums: list[int], squares: list[int], place: int) -> tuple[float, _Window]:
    """A chi-square of sixteen degrees of freedom, 0 of too few events.  `squares`: of differences of neighbours."""
    count, square = (each[place] - each[place - _FLAT_TICKS] for each in (sums, squares))
    expected = 48.0 * (count / 24.0)
    window = _Window(place, "2h", _FLAT_TICKS, square, expected, None, 0.0)
    if count < _LEAST_FLAT_SUM:
        return 0.0, window
    return (math.pow(square / expected, 1.0 / 3.0) - (1.0 - 2.0 / 144.0)) / math.sqrt(2.0 / 144.0), window


def _dispersion(row: Expectation, is_long: bool) -> float:
    return (row.dispersion_4h if is_long else row.dispersion_1h) / 1e9


def _is_near(count: int, mean: float, total: int, near: float) -> bool:
    """Too near to alarm, which saves two logarithms: a deviance is at most twice this squared distance."""
    return not total or total * (count - mean) * (count - mean) < near * mean * (total - mean)


def _deviance(count: float, mean: float, dispersion: float) -> float:
    """Of a negative binomial: twice the logarithm of how much better the count explains itself than the mean does."""
    shape = 1.0 / dispersion
    return 2.0 * (
        count * math.log(max(count, 1e-9) / mean) - (count + shape) * math.log((count + shape) / (mean + shape))
    )


def _deviance_of_share(count: float, mean: float, total: int, dispersion: float) -> float:
    """Of a binomial whose share moves."""
    rest = (total - count) * math.log(max(total - count, 1e-9) / max(total - mean, 1e-9))
    return 2.0 * (count * math.log(max(count, 1e-9) / mean) + rest) / (1.0 + max(total - 1, 0) * dispersion)


def _hundredths(value: float) -> Decimal:
    return rounded(1e2 * value) * _CENT
