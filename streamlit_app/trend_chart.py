"""The revenue over time."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

import altair as alt
import pandas as pd  # type: ignore[import-untyped]

from ingestion.queries import Grain, PeriodOfSales, Trend
from ingestion.tail.judging import TailSale, TailTotals
from streamlit_app.chart_parts import PLAIN, SAID, Spec, Values, chart_of, finished, labelled, sentence, short_amount
from streamlit_app.formats import Formats
from streamlit_app.languages import Language

BARS_UP_TO = 72
_TIME_UNITS: dict[Grain, Any] = {
    "hour": "utcyearmonthdatehours",
    "day": "utcyearmonthdate",
    "month": "utcyearmonth",
    "year": "utcyear",
}
# the name of the dataset that holds what is not published
TAIL = "tail"
_TAIL_COLUMNS = ["start", "low", "high", "said"]
# name of the format and distance of the ticks: those of the grain under bars, wider ones under an area
_TICKS: dict[Grain, tuple[tuple[str, Any], tuple[str, Any]]] = {
    "hour": (("day_hour", "hour"), ("day", "day")),
    "day": (("day", "day"), ("month", "month")),
    "month": (("month", "month"), ("year", "year")),
    "year": (("year", 12), ("year", 12)),
}


def revenue_trend(words: Language, trend: Trend, running: datetime) -> Spec:
    """Bars for a few periods, an area for more; the bar of the running period is paler, because it is not over.

    `running`: the first hour that is not complete.
    """
    count, first_open = len(trend.periods), _start(running, trend.grain)
    columns = {"period": words[trend.grain], **labelled(words, "revenue_text", "nombre_ventes")}
    rows = [_period(words, each, trend.grain, is_complete=each.debut < first_open) for each in trend.periods]
    base = chart_of(rows, columns).encode(
        x=alt.X(
            "start:T",
            timeUnit=_TIME_UNITS[trend.grain],
            title=None,
            axis=_time_axis(words.formats, trend.grain, count),
        ),
        y=alt.Y(
            "revenue:Q",
            axis=alt.Axis(labelExpr=short_amount(words.formats, "datum.value"), tickCount=5, title=None, **PLAIN),
        ),
    )
    said = _said_of_trend(words, trend)
    if count > BARS_UP_TO:
        # one mark for all periods: if each had a description, Vega-Lite would stack them as separate series
        area = base.mark_area(line=True, fillOpacity=0.25, interpolate="monotone", aria=False)
        return finished(words, area, 260, said)
    paler = alt.condition("datum.is_complete", alt.value(1), alt.value(0.45))
    bars = base.mark_bar(cornerRadiusEnd=3).encode(opacity=paler, description=SAID)
    return finished(words, bars, 260, said)


def with_tail(spec: Spec, rows: list[Values]) -> Spec:
    """The trend with provisional revenue on top of each period, paler than any bar.

    The rows are a dataset of their own, so a page that already shows the chart exchanges nothing else.
    """
    drawn = {name: spec[name] for name in ("data", "mark", "encoding")}
    x, y = spec["encoding"]["x"], spec["encoding"]["y"]
    is_area = spec["mark"]["type"] == "area"
    mark = {"type": "rule", "strokeWidth": 3} if is_area else {"type": "bar"}
    provisional = {
        "data": {"name": TAIL},
        "mark": mark | {"opacity": 0.25, "aria": False},
        "encoding": {
            "x": x,
            "y": {"field": "low", "type": "quantitative", "axis": y["axis"]},
            "y2": {"field": "high"},
            "tooltip": [{"field": "said", "type": "nominal", "title": " "}],
        },
    }
    frame = {name: value for name, value in spec.items() if name not in drawn}
    return frame | {"layer": [drawn, provisional], "datasets": {TAIL: pd.DataFrame(rows, columns=_TAIL_COLUMNS)}}


def tail_rows(words: Language, trend: Trend, sales: Iterable[TailSale]) -> list[Values]:
    """For each period with provisional sales, from its published revenue to that and theirs.

    A sale from before the first period is left to the line above: one late sale would squeeze all bars into a corner.
    """
    published = {each.debut: each.total_montant for each in trend.periods}
    earliest = min(published, default=datetime.min)
    periods: dict[datetime, list[TailSale]] = {}
    for sale in sales:
        if (start := _start(sale.heure, trend.grain)) >= earliest:
            periods.setdefault(start, []).append(sale)
    rows = []
    for start, found in sorted(periods.items()):
        low, added = published.get(start, Decimal(0)), TailTotals.of(found)
        said = words.count("on_the_way", added.nombre_ventes, words.formats.euros(added.total_montant))
        high = float(low + added.total_montant)
        rows.append({"start": f"{start.isoformat()}Z", "low": float(low), "high": high, "said": said})
    return rows


def _said_of_trend(words: Language, trend: Trend) -> str:
    """The trend in words: its total, its highest and its lowest period."""
    heading, periods, formats = words[f"trend_{trend.grain}"], trend.periods, words.formats
    if not periods:
        return sentence(words, heading, [])

    def named(row: PeriodOfSales) -> str:
        return f"{formats.period(row.debut, trend.grain)}, {formats.euros(row.total_montant)}"

    first, last = (formats.period(each.debut, trend.grain) for each in (periods[0], periods[-1]))
    total = formats.euros(sum((each.total_montant for each in periods), Decimal(0)))
    highest, lowest = (named(most(periods, key=lambda each: each.total_montant)) for most in (max, min))
    return (
        words["trend_range"].format(heading, first, last)
        + words.count("trend_total", sum(each.nombre_ventes for each in periods), total)
        + words["trend_extremes"].format(highest, lowest)
    )


def _start(hour: datetime, grain: Grain) -> datetime:
    """When the period that contains the hour begins."""
    match grain:
        case "hour":
            return hour
        case "day":
            return hour.replace(hour=0)
        case "month":
            return hour.replace(day=1, hour=0)
        case "year":
            return hour.replace(month=1, day=1, hour=0)


def _period(words: Language, row: PeriodOfSales, grain: Grain, *, is_complete: bool) -> Values:
    period = words.formats.period(row.debut, grain)
    return {
        # with its zone, or a browser would read it as local time
        "start": f"{row.debut.isoformat()}Z",
        "revenue": float(row.total_montant),
        "is_complete": is_complete,
        "period": period if is_complete else words["running"].format(period),
        "revenue_text": words.formats.euros(row.total_montant),
        "nombre_ventes": words.formats.number(row.nombre_ventes),
    }


def _time_axis(formats: Formats, grain: Grain, count: int) -> alt.Axis:
    is_wide = count > BARS_UP_TO
    form, ticks = _TICKS[grain][is_wide]
    if grain == "hour" and count <= 24:
        form = "hour"
    return alt.Axis(
        grid=False,
        format=formats.ticks[form],
        tickCount=ticks,
        labelOverlap=True,
        labelSeparation=16 if is_wide else 8,
    )
