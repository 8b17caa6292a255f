"""The chart of a forecast: what was sold as a line, then what is expected as dashes in their bands."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import altair as alt

from ingestion.queries import DailyForecast, DailySales, HourlyForecast
from streamlit_app.chart_parts import (
    PLAIN,
    SAID,
    Spec,
    Values,
    chart_of,
    finished,
    labelled,
    sentence,
    short_amount,
)
from streamlit_app.gold.mart_charts import day_of_week
from streamlit_app.languages import Language

_NOTHING = "-"
# the opacity of the outer band, then that of the inner one on top of it
_BANDS = (("95", 0.16), ("80", 0.26))


def days_ahead(words: Language, sold: Sequence[DailySales], ahead: Sequence[DailyForecast], *, naive: bool) -> Spec:
    """`naive`: show the naive forecast instead of the model's, without a band."""
    said = [_sold(words, each) for each in sold]
    if said:
        # the dashes begin where the line ends
        said[-1]["expected"] = said[-1]["revenue"]
    rows = [_expected(words, each, day_of_week(words, each.jour), each.jour, naive) for each in ahead]
    return _drawn(words, said, rows, ("jour", *_columns(naive)))


def hours_ahead(words: Language, ahead: Sequence[HourlyForecast], zone: str, *, naive: bool) -> Spec:
    """The hours as the clocks of `zone` show them."""
    rows = []
    for each in ahead:
        local = each.heure.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        rows.append(_expected(words, each, words.formats.period(local, "hour"), local, naive))
    return _drawn(words, [], rows, ("heure", *_columns(naive)))


def _columns(naive: bool) -> tuple[str, ...]:
    return ("prevision_naive",) if naive else ("prevision", "intervalle_80", "intervalle_95")


def _sold(words: Language, day: DailySales) -> Values:
    return {
        "start": _utc(day.jour),
        "jour": day_of_week(words, day.jour),
        "revenue": float(day.total_montant),
        "revenue_text": words.formats.euros(day.total_montant),
        "is_ahead": False,
        **dict.fromkeys((*_columns(True), *_columns(False)), _NOTHING),
    }


def _expected(
    words: Language, row: DailyForecast | HourlyForecast, named: str, start: date | datetime, naive: bool
) -> Values:
    shown = row.prevision_naive if naive else row.prevision
    values: Values = {
        "start": _utc(start),
        "jour": named,
        "heure": named,
        "revenue_text": _NOTHING,
        "expected": float(shown),
        "prevision": words.formats.euros(shown),
        "prevision_naive": words.formats.euros(shown),
        "intervalle_80": _between(words, row.bas_80, row.haut_80),
        "intervalle_95": _between(words, row.bas_95, row.haut_95),
        "is_ahead": True,
    }
    if not naive:
        for level, low, high in (("80", row.bas_80, row.haut_80), ("95", row.bas_95, row.haut_95)):
            if low is not None and high is not None:
                values |= {f"low_{level}": float(low), f"high_{level}": float(high)}
    return values


def _between(words: Language, low: Decimal | None, high: Decimal | None) -> str:
    if low is None or high is None:
        return _NOTHING
    return words["from_to"].format(words.formats.euros(low), words.formats.euros(high))


def _utc(moment: date | datetime) -> str:
    """With a zone, or a browser would read it as its own time."""
    return datetime(*moment.timetuple()[:5], tzinfo=UTC).isoformat().replace("+00:00", "Z")


def _drawn(words: Language, sold: list[Values], ahead: list[Values], columns: tuple[str, ...]) -> Spec:
    """`columns`: what is said of the rows `ahead`, first when."""
    when, *others = columns
    of_sold = (when, "revenue_text")
    base = chart_of([*sold, *ahead], labelled(words, *(of_sold if sold else (when,)), *others))
    for row in (*sold, *ahead):
        row["said"] = ", ".join(row[name] for name in (columns if row["is_ahead"] else of_sold))
    unit: Any
    unit, ticks = ("utcyearmonthdate", "day") if when == "jour" else ("utcyearmonthdatehours", "day_hour")
    base = base.encode(
        x=alt.X(
            "start:T",
            timeUnit=unit,
            title=None,
            axis=alt.Axis(grid=False, format=words.formats.ticks[ticks], labelOverlap=True, labelSeparation=8),
        )
    )
    amounts = alt.Axis(labelExpr=short_amount(words.formats, "datum.value"), tickCount=5, title=None, **PLAIN)
    layers: list[Any] = []
    # a mark of several rows has no words of its own: those are of the strips on top, one for each row
    if sold:
        line = base.transform_filter("isValid(datum.revenue)").mark_line(aria=False)
        layers.append(line.encode(y=alt.Y("revenue:Q", axis=amounts)))
    for level, opacity in _BANDS:
        if any(f"low_{level}" in row for row in ahead):
            band = base.transform_filter(f"isValid(datum.low_{level})").mark_area(opacity=opacity, aria=False)
            layers.append(band.encode(y=alt.Y(f"low_{level}:Q", axis=amounts), y2=f"high_{level}:Q"))
    dashes = base.transform_filter("isValid(datum.expected)").mark_line(strokeDash=[5, 4], aria=False)
    layers.append(dashes.encode(y=alt.Y("expected:Q", axis=amounts)))
    for is_ahead, names in ((False, of_sold), (True, columns)):
        if is_ahead or sold:
            strips = base.transform_filter(alt.datum.is_ahead == is_ahead).mark_bar(opacity=0)
            tooltip = [alt.Tooltip(f"{name}:N", title=label) for name, label in labelled(words, *names).items()]
            layers.append(strips.encode(y=alt.value(0), y2=alt.value("height"), tooltip=tooltip, description=SAID))
    return finished(words, alt.layer(*layers), 260, sentence(words, words["forecast"], ahead))
