"""What is expected of a day: the volume of each quarter of an hour, and the share of each key.

The order of the operations on floats is that of the SQL, so the figures are equal to the last digit, not close.
docs/anomalies.md derives the formulas.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import product
from zoneinfo import ZoneInfo

from ingestion.detectors import DETECTORS, SHARES, measure_of, total_of
from ingestion.verify.anomalies.alarm_rows import Alarm, Expectation, Measures, Series, moment_of, rounded, tick_of

_HISTORY, _LEAST_HISTORY, _WEEK = 24 * 28, 24 * 14, 168
# so many hours of a week stay out; of a change that lasts longer, the rest counts as normal, but for silence
_MOST_KEPT_OUT = 72
# a forecast errs more than the fit that its dispersion is measured on
_INFLATION, _INFLATION_OF_SHARES = 1.8, 1.2


def trained(day: date, measures: Measures, alarms: Iterable[Alarm], zone: str) -> list[Expectation]:
    """What is expected of a day of UTC, from the four weeks before it; nothing before two weeks are known.

    `alarms`: those raised before, whose hours are not learned from.
    """
    volume = measures.get(("volume", "total"))
    start = tick_of(datetime(day.year, day.month, day.day, tzinfo=UTC))
    end = start // 12
    if not volume or min(volume) // 12 > end - _LEAST_HISTORY:
        return []
    history = _History(measures, range(max(end - _HISTORY, min(volume) // 12 + 1), end), alarms)
    moment = moment_of(start)
    rows = _volume(history, start, ZoneInfo(zone))
    for mesure in SHARES:
        rows += _shares(history, mesure, moment)
    return rows + [_mean_amount(history, cle, moment) for cle in history.sold_products("montant")]


class _History:
    """The hours to learn from: for each measure those that no alarm of it touches, and the counts in them."""

    def __init__(self, measures: Measures, hours: range, alarms: Iterable[Alarm]) -> None:
        self.measures, self.hours = measures, hours
        out = _kept_out(alarms)
        names = {"volume", "montant", *SHARES}
        self.kept = {name: [hour for hour in hours if hour not in out.get(name, ())] for name in names}
        self._sums: dict[Series, list[int]] = {}

    def counts(self, series: Series, mesure: str) -> list[int]:
        """The counts of a series in each hour kept for a measure."""
        if series not in self._sums:
            found = self.measures.get(series, {})
            ticks = [found.get(tick, 0) for tick in range(12 * self.hours.start, 12 * self.hours.stop)]
            self._sums[series] = [sum(ticks[first : first + 12]) for first in range(0, len(ticks), 12)]
        sums, start = self._sums[series], self.hours.start
        return [sums[hour - start] for hour in self.kept[mesure]]

    def keys(self, mesure: str) -> list[str]:
        return [cle for name, cle in self.measures if name == mesure]

    def sold_products(self, mesure: str) -> list[str]:
        return [cle for cle in self.keys("produit") if any(self.counts(("produit", cle), mesure))]

    def blocks(self, mesure: str, counts: list[int]) -> list[int]:
        """Sums of counts by four hours."""
        sums: dict[int, int] = defaultdict(int)
        for hour, count in zip(self.kept[mesure], counts, strict=True):
            sums[hour // 4] += count
        return list(sums.values())


def _kept_out(alarms: Iterable[Alarm]) -> dict[str, set[int]]:
    """By measure, the hours that the windows of its alarms touch, as long as they are few; those of silence always."""
    touched: dict[str, set[int]] = defaultdict(set)
    silent: set[int] = set()
    for alarm in alarms:
        tick = tick_of(alarm.moment)
        hours = range((tick - alarm.ticks + 1) // 12, tick // 12 + 1)
        touched[measure_of(alarm.detecteur)].update(hours)
        if alarm.detecteur == "silence":
            silent.update(hours)
    out = {name: set(_few_a_week(sorted(hours))) for name, hours in touched.items()}
    return out | {"volume": out.get("volume", set()) | silent}


def _few_a_week(hours: list[int]) -> Iterator[int]:
    first = 0
    for place, hour in enumerate(hours):
        while hours[first] <= hour - _WEEK:
            first += 1
        if place - first < _MOST_KEPT_OUT:
            yield hour


# weekday (1 is Monday) and hour of the day
_Place = tuple[int, int]


def _volume(history: _History, start: int, zone: ZoneInfo) -> list[Expectation]:
    """The events of each quarter of an hour of the day and of the day before; and how much an hour moves by itself."""
    kept, known = history.kept["volume"], range(history.hours.start, start // 12 + 24)
    counts = history.counts(("volume", "total"), "volume")
    places = {hour: _place(hour, zone) for hour in {*known, *range(start // 12 - 24, start // 12)}}
    profile = _profile([places[hour] for hour in kept], counts)
    expected = [profile[places[hour]] for hour in kept]
    last = [place for place, hour in enumerate(kept) if hour >= start // 12 - _WEEK]
    recent, usual = (sum(values[place] for place in last) for values in (counts, expected))
    level = rounded(1e9 * (recent + 50) / (usual / 1e6 + 50))
    shape = _shape(history, places)
    dispersions = [
        _volume_dispersion(counts, expected),
        _volume_dispersion(history.blocks("volume", counts), history.blocks("volume", expected)),
    ]
    rows = []
    for quarter in range(start // 3 - 96, start // 3 + 96):
        place = places[quarter // 4]
        part = shape[place[1], quarter % 4]
        each = rounded(level / 1e9 * profile[place] / 4.0 * part / 1e9)
        rows.append(Expectation("volume", "total", moment_of(3 * quarter), each, None, *dispersions))
    jump = _rupture_dispersion(kept, counts, expected)
    return [*rows, Expectation("rupture", "total", moment_of(start), None, None, jump, jump)]


def _place(hour: int, zone: ZoneInfo) -> _Place:
    local = moment_of(12 * hour).astimezone(zone)
    return local.isoweekday(), local.hour


def _profile(places: list[_Place], counts: list[int]) -> dict[_Place, int]:
    """Millionths of events in an hour of the week: its own mean, drawn to what hour of day and weekday say."""
    sums, hours = Counter[_Place](), Counter(places)
    for place, count in zip(places, counts, strict=True):
        sums[place] += count
    of_hour, of_weekday = {}, {}
    for hour in range(24):
        total, number = (sum(each[day, hour] for day in range(1, 8)) for each in (sums, hours))
        of_hour[hour] = rounded(1e6 * total / number) if number else 0
    for day in range(1, 8):
        total = sum(sums[day, hour] for hour in range(24))
        usual = sum(hours[day, hour] * of_hour[hour] for hour in range(24))
        of_weekday[day] = rounded(1e9 * (1e6 * total) / usual) if usual else 0
    profile = {}
    for day, hour in product(range(1, 8), range(24)):
        simple = max(1000, rounded(float(of_hour[hour]) * float(of_weekday[day]) / 1e9))
        weight = 2.0 + 6e7 / simple
        profile[day, hour] = rounded((1e6 * sums[day, hour] + weight * simple) / (hours[day, hour] + weight))
    return profile


def _shape(history: _History, places: Mapping[int, _Place]) -> dict[_Place, int]:
    """By hour of the day and quarter: how many billionths of a mean quarter the quarter has."""
    counts, sums, of_hour = history.measures["volume", "total"], Counter[_Place](), Counter[int]()
    for hour in history.kept["volume"]:
        for quarter in range(4):
            first = 12 * hour + 3 * quarter
            count = counts.get(first, 0) + counts.get(first + 1, 0) + counts.get(first + 2, 0)
            sums[places[hour][1], quarter] += count
            of_hour[places[hour][1]] += count
    return {
        (hour, quarter): rounded(1e9 * 4.0 * (sums[hour, quarter] + 25) / (of_hour[hour] + 100))
        for hour, quarter in product(range(24), range(4))
    }


def _volume_dispersion(counts: list[int], expected: list[int]) -> int:
    excess, scale = 0, 0
    for count, millionths in zip(counts, expected, strict=True):
        mean = millionths / 1e6
        excess += rounded(1e3 * ((count - mean) * (count - mean) - mean))
        scale += rounded(1e3 * (mean * mean))
    return rounded(1e9 * (_INFLATION * max(DETECTORS["volume"].floor, float(excess) / float(max(scale, 1)))))


def _rupture_dispersion(kept: list[int], counts: list[int], expected: list[int]) -> int:
    """Of an hour as a share of the five hours that it ends."""
    excess, scale = 0, 0
    for place in range(4, len(kept)):
        if kept[place] - kept[place - 4] == 4:
            total, usual = sum(counts[place - 4 : place + 1]), sum(expected[place - 4 : place + 1])
            share = expected[place] / usual
            t, u = _moments("part", counts[place], total, share)
            excess, scale = excess + t, scale + u
    return _dispersion("rupture", excess, scale)


def _shares(history: _History, mesure: str, moment: datetime) -> Iterator[Expectation]:
    floor = rounded(1e9 * DETECTORS[mesure].floor)
    for cle in history.sold_products(mesure) if mesure == "prix" else history.keys(mesure):
        counts, totals = history.counts((mesure, cle), mesure), history.counts(total_of(mesure, cle), mesure)
        if mesure == "prix" or any(counts):
            part = _part(counts, totals)
            blocks = history.blocks(mesure, counts), history.blocks(mesure, totals)
            dispersions = [_share_dispersion(mesure, part, *each) for each in ((counts, totals), blocks)]
            yield Expectation(mesure, cle, moment, None, part, *dispersions)
    if mesure != "prix":
        # a key that was never seen
        part = _part([], history.counts(total_of(mesure, ""), mesure))
        yield Expectation(mesure, "", moment, None, part, floor, floor)


def _part(counts: Collection[int], totals: Collection[int]) -> int:
    return rounded(1e9 * (sum(counts) + 0.5) / (sum(totals) + 1))


def _share_dispersion(mesure: str, part: int, counts: list[int], totals: list[int]) -> int:
    excess, scale, share, kind = 0, 0, part / 1e9, DETECTORS[mesure].kind
    for count, total in zip(counts, totals, strict=True):
        # nothing of nothing adds zero
        if total or count:
            t, u = _moments(kind, count, total, share)
            excess, scale = excess + t, scale + u
    return _dispersion(mesure, excess, scale)


def _moments(kind: str, count: int, total: int, share: float) -> tuple[int, int]:
    """Squared error beyond the binomial's own, and what it is relative to, in thousandths."""
    mean = total * share
    excess = rounded(1e3 * ((count - mean) * (count - mean) - mean * (1 - share)))
    scale = mean * mean if kind == "nb" else total * (total - 1) * share * (1 - share)
    return excess, rounded(1e3 * scale)


def _dispersion(detector: str, excess: int, scale: int) -> int:
    ratio = float(max(0, excess)) / float(max(scale, 1))
    return rounded(1e9 * max(DETECTORS[detector].floor, _INFLATION_OF_SHARES * ratio))


def _mean_amount(history: _History, cle: str, moment: datetime) -> Expectation:
    """Of a sale of a product, in millionths of a cent; and the variance by sale in square cents."""
    amounts, sales = history.counts(("montant", cle), "montant"), history.counts(("produit", cle), "montant")
    mean = rounded(1e6 * sum(amounts) / sum(sales))
    blocks = history.blocks("montant", amounts), history.blocks("montant", sales)
    squares = [
        sum(_square(amount - number * mean / 1e6) for amount, number in zip(*each, strict=True))
        for each in ((amounts, sales), blocks)
    ]
    variances = [rounded(float(each) / sum(sales)) for each in squares]
    return Expectation("montant", cle, moment, mean, None, *variances)


def _square(error: float) -> int:
    return rounded(error * error)
