"""The charts; a language supplies their words and the format of their figures.

The text that a mark shows under the pointer is also what a screen reader says of it, and its row in the chart's table.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

import altair as alt

from ingestion.queries import AggregatedSales, Grain, PeriodOfSales, ProductBySegment, RevenueByCountry, Trend
from streamlit_app.formats import Formats
from streamlit_app.languages import Language

Values: TypeAlias = dict[str, Any]
# a chart as Vega-Lite: plain values, which can be cached and sent to many pages
Spec: TypeAlias = dict[str, Any]

_PLAIN: dict[str, Any] = {"domain": False, "ticks": False}
_BY_REVENUE = alt.EncodingSortField(field="revenue", op="sum", order="descending")
BARS_UP_TO = 72
_TIME_UNITS: dict[Grain, Any] = {
    "hour": "utcyearmonthdatehours",
    "day": "utcyearmonthdate",
    "month": "utcyearmonth",
    "year": "utcyear",
}
# name of the format and distance of the ticks: those of the grain under bars, wider ones under an area
_TICKS: dict[Grain, tuple[tuple[str, Any], tuple[str, Any]]] = {
    "hour": (("day_hour", "hour"), ("day", "day")),
    "day": (("day", "day"), ("month", "month")),
    "month": (("month", "month"), ("year", "year")),
    "year": (("year", 12), ("year", 12)),
}
# a chart's description names this many rows; its table has all
SPOKEN_ROWS = 40
# the label of a text, if its name is not that of a column
_LABELS = {"revenue_text": "total_montant"}
# what a screen reader says of one mark, if there is one mark for each row
_SAID = "said:N"
# text that charts draw themselves, on light and dark pages
INK = {False: "#1b1f33", True: "#e8e9f3"}


def revenue_trend(words: Language, trend: Trend, running: datetime) -> Spec:
    """Bars for a few periods, an area for more; the bar of the running period is paler, because it is not over.

    `running`: the first hour that is not complete.
    """
    count, first_open = len(trend.periods), _start(running, trend.grain)
    columns = {"period": words[trend.grain], **_labelled(words, "revenue_text", "nombre_ventes")}
    rows = [_period(words, each, trend.grain, is_complete=each.debut < first_open) for each in trend.periods]
    base = _chart(rows, columns).encode(
        x=alt.X(
            "start:T",
            timeUnit=_TIME_UNITS[trend.grain],
            title=None,
            axis=_time_axis(words.formats, trend.grain, count),
        ),
        y=alt.Y(
            "revenue:Q",
            axis=alt.Axis(labelExpr=_short(words.formats, "datum.value"), tickCount=5, title=None, **_PLAIN),
        ),
    )
    said = _said_of_trend(words, trend)
    if count > BARS_UP_TO:
        # one mark for all periods: if each had a description, Vega-Lite would stack them as separate series
        area = base.mark_area(line=True, fillOpacity=0.25, interpolate="monotone", aria=False)
        return _finished(words, area, 260, said)
    paler = alt.condition("datum.is_complete", alt.value(1), alt.value(0.45))
    bars = base.mark_bar(cornerRadiusEnd=3).encode(opacity=paler, description=_SAID)
    return _finished(words, bars, 260, said)


def _said_of_trend(words: Language, trend: Trend) -> str:
    """The trend in words: its total, its highest and its lowest period."""
    heading, periods, formats = words[f"trend_{trend.grain}"], trend.periods, words.formats
    if not periods:
        return _said(words, heading, [])

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


def _short(formats: Formats, value: str) -> str:
    """Vega's expression for a short amount on axes and in cells, 12 k€ or 3,4 M€; the tooltip has the exact one."""
    euros, thousands, millions = (f"'{each}'".replace("{}", "' + format({}) + '") for each in formats.short_money)
    in_millions, in_thousands = millions.format(f"{value} / 1e6, ',.3~r'"), thousands.format(f"{value} / 1e3, ',.3~r'")
    in_euros = euros.format(f"{value}, ',.0f'")
    return f"{value} >= 1e6 ? {in_millions} : {value} >= 1e4 ? {in_thousands} : {in_euros}"


def revenue_by_product(words: Language, rows: Sequence[AggregatedSales], *, dark: bool) -> Spec:
    return _bars(words, _by_name(rows, "produit_nom"), "produit", "by_product", dark)


def revenue_by_country(words: Language, rows: Sequence[RevenueByCountry], *, dark: bool) -> Spec:
    return _bars(words, _by_name(rows, "pays"), "pays", "by_country", dark)


def _by_name(rows: Sequence[Any], name: str) -> dict[str, Decimal]:
    """The revenue of each name, highest first."""
    totals: dict[str, Decimal] = {}
    for row in rows:
        totals[getattr(row, name)] = totals.get(getattr(row, name), Decimal(0)) + row.total_montant
    return dict(sorted(totals.items(), key=lambda each: -each[1]))


def _bars(words: Language, totals: dict[str, Decimal], name: str, heading: str, dark: bool) -> Spec:
    """Bars with a line of text above each, because a phone has no room for text beside the bar."""
    whole, widest = sum(totals.values()) or Decimal(1), max(totals.values(), default=Decimal(0))
    rows: list[Values] = [
        {
            name: key,
            "revenue": float(value),
            "revenue_text": words.formats.euros(value),
            "share": words.formats.percentage(100 * value / whole),
        }
        for key, value in totals.items()
    ]
    base = _chart(rows, _labelled(words, name, "revenue_text", "share")).encode(
        y=alt.Y(f"{name}:N", sort=None, axis=None)
    )
    length = alt.X("revenue:Q", axis=None, scale=alt.Scale(domain=[0, float(widest) or 1.0]))
    bars = base.mark_bar(cornerRadius=3, height=10, yOffset=9).encode(x=length, description=_SAID)
    line: Values = {"baseline": "middle", "dy": -7, "fontSize": 13, "color": INK[dark], "aria": False}
    names = base.mark_text(align="left", **line).encode(x=alt.value(0), text=f"{name}:N")
    amounts = (
        base.transform_calculate(text="datum.revenue_text + '  ·  ' + datum.share")
        .mark_text(align="right", **line)
        .encode(x=alt.value("width"), text="text:N")
    )
    return _finished(words, bars + names + amounts, max(44 * len(rows), 60), _said(words, words[heading], rows))


def product_by_country(words: Language, rows: Sequence[AggregatedSales], *, dark: bool) -> Spec:
    """Darker (brighter on a dark page) is more; the scale is a square root, or the top product would hide the rest."""
    products, countries = list(_by_name(rows, "produit_nom")), list(_by_name(rows, "pays"))
    across = alt.Axis(orient="top", labelAngle=0, labelFlush=False, labelOverlap=False, **_PLAIN)
    values = [_cell(words.formats, row) for row in rows]
    base = _chart(values, _labelled(words, "produit", "pays", "revenue_text", "total_quantite")).encode(
        x=alt.X("pays:N", sort=countries, title=None, axis=across),
        y=alt.Y("produit:N", sort=products, title=None, axis=alt.Axis(labelLimit=120, **_PLAIN)),
    )
    color = alt.Color("revenue:Q", legend=None, scale=alt.Scale(type="sqrt", domainMin=0))
    # where the cell's colour is strong, its figure switches to the other ink
    strong = float(max((row.total_montant for row in rows), default=0)) * (0.42 if dark else 0.3)
    ink = alt.condition(f"datum.revenue > {strong}", alt.value(INK[not dark]), alt.value(INK[dark]))
    figures = base.transform_calculate(short=_short(words.formats, "datum.revenue")).mark_text(fontSize=12, aria=False)
    cells = base.mark_rect(cornerRadius=4).encode(color=color, description=_SAID) + figures.encode(
        text="short:N", color=ink
    )
    said = _said(words, words["product_by_country"], values)
    return _finished(words, cells, max(46 * len(products), 60) + 30, said)


def _cell(formats: Formats, row: AggregatedSales) -> Values:
    return {
        "pays": row.pays,
        "produit": row.produit_nom,
        "revenue": float(row.total_montant),
        "revenue_text": formats.euros(row.total_montant),
        "total_quantite": formats.number(row.total_quantite),
    }


def segments_by_product(words: Language, rows: Sequence[ProductBySegment]) -> Spec:
    """How the segments share the revenue of each product."""
    values = [
        {
            "produit": row.produit,
            "segment": row.segment,
            "revenue": float(row.montant),
            "revenue_text": words.formats.euros(row.montant),
        }
        for row in rows
    ]
    chart = (
        _chart(values, _labelled(words, "produit", "segment", "revenue_text"))
        .mark_bar(cornerRadius=2, height=22)
        .encode(
            y=alt.Y("produit:N", sort=_BY_REVENUE, title=None, axis=alt.Axis(labelLimit=120, **_PLAIN)),
            x=alt.X(
                "revenue:Q",
                stack="normalize",
                title=None,
                axis=alt.Axis(format=".0%", tickCount=5, **_PLAIN),
            ),
            color=alt.Color("segment:N", title=None, legend=alt.Legend(orient="top", offset=4)),
            description=_SAID,
        )
    )
    height = max(40 * len({row.produit for row in rows}), 90) + 40
    return _finished(words, chart, height, _said(words, words["segments"], values))


def rejections(words: Language, counts: dict[str, int], *, dark: bool) -> Spec:
    rows: list[Values] = [
        {"raison": words.reason(raison), "count": count, "number": words.formats.number(count)}
        for raison, count in counts.items()
    ]
    base = _chart(rows, _labelled(words, "raison", "number")).encode(
        y=alt.Y("raison:N", sort=None, title=None, axis=alt.Axis(labelLimit=200, **_PLAIN)),
        # leave room after the longest bar for its figure
        x=alt.X(
            "count:Q",
            axis=None,
            scale=alt.Scale(domain=[0, max(counts.values(), default=1) * 1.25]),
        ),
    )
    figures = base.mark_text(align="left", dx=6, color=INK[dark], aria=False).encode(text="number:N")
    bars = base.mark_bar(cornerRadiusEnd=3, height=14).encode(description=_SAID)
    return _finished(words, bars + figures, max(28 * len(rows), 60), _said(words, words["rejections"], rows))


def table(chart: Spec) -> list[dict[str, str]]:
    """What the chart shows, row by row, under the labels of its columns."""
    drawn = chart["layer"][0] if "layer" in chart else chart
    columns = drawn["encoding"]["tooltip"]
    return [{each["title"]: row[each["field"]] for each in columns} for row in chart["data"]["values"]]


def _labelled(words: Language, *names: str) -> dict[str, str]:
    return {name: words[_LABELS.get(name, name)] for name in names}


def _chart(rows: list[Values], columns: dict[str, str]) -> alt.Chart:
    """A chart of `rows`; `columns` gives the label of each text that the pointer shows and a screen reader says."""
    for row in rows:
        row["said"] = ", ".join(row[name] for name in columns)
    chart = alt.Chart(alt.Data(values=rows))  # type: ignore[no-untyped-call]
    return chart.encode(tooltip=[alt.Tooltip(f"{name}:N", title=label) for name, label in columns.items()])


def _said(words: Language, heading: str, rows: Sequence[Values]) -> str:
    """The chart in one sentence."""
    if not rows:
        return words["chart_said"].format(heading, words["nothing"])
    said = words["between_rows"].join(row["said"] for row in rows[:SPOKEN_ROWS])
    more = words.count("and_others", len(rows) - SPOKEN_ROWS) if len(rows) > SPOKEN_ROWS else ""
    return words["chart_said"].format(heading, said) + more


def _finished(words: Language, chart: Any, height: int, said: str) -> Spec:
    chart = chart.properties(height=height, description=said).configure(locale=words.formats.vega_locale())
    # Vega would describe axes and legends in English, though each mark already says what they show
    drawn = chart.configure_view(strokeWidth=0).configure_axis(aria=False).configure_legend(aria=False)
    spec: Spec = drawn.to_dict(validate=False)
    return spec
