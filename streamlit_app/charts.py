"""The charts; their words are in LABELS, their figures written as a French reader expects.

What a mark shows under the pointer is also what a screen reader says of it, and its row in the chart's table.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

import altair as alt

from ingestion.queries import AggregatedSales, Grain, PeriodOfSales, ProductBySegment, RevenueByCountry, Trend
from streamlit_app.formats import THOUSANDS, UNIT, euros, nombre, periode, pourcent
from streamlit_app.labels import LABELS, RAISONS

Values: TypeAlias = dict[str, Any]
# a chart as Vega-Lite: plain values, which can be kept and sent to many pages
Spec: TypeAlias = dict[str, Any]

FRENCH: dict[str, Any] = {
    "number": {
        "decimal": ",",
        "thousands": THOUSANDS,
        "grouping": [3],
        "currency": ["", f"{UNIT}€"],
        "percent": f"{UNIT}%",
    },
    "time": {
        "dateTime": "%A %e %B %Y à %X",
        "date": "%d/%m/%Y",
        "time": "%H:%M:%S",
        "periods": ["", ""],
        "days": ["dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"],
        "shortDays": ["dim.", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam."],
        "months": [
            "janvier", "février", "mars", "avril", "mai", "juin",
            "juillet", "août", "septembre", "octobre", "novembre", "décembre",
        ],
        "shortMonths": [
            "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.",
        ],
    },
}  # fmt: skip
# 12 k€ and 3,4 M€ on axes and in cells: the exact figure is in the tooltip
_SHORT = (
    "{0} >= 1e6 ? format({0} / 1e6, ',.3~r') + ' M€' : {0} >= 1e4 ? format({0} / 1e3, ',.3~r') + ' k€'"
    " : format({0}, ',.0f') + ' €'"
)
_MONEY_AXIS: dict[str, Any] = {"labelExpr": _SHORT.format("datum.value"), "tickCount": 5, "title": None}
_PLAIN: dict[str, Any] = {"domain": False, "ticks": False}
_BY_REVENUE = alt.EncodingSortField(field="montant", op="sum", order="descending")
BARS_UP_TO = 72
_TIME_UNITS: dict[Grain, Any] = {
    "hour": "utcyearmonthdatehours",
    "day": "utcyearmonthdate",
    "month": "utcyearmonth",
    "year": "utcyear",
}
# format and distance of the ticks: under bars those of the grain, under an area wider ones
_TICKS: dict[Grain, tuple[tuple[str, Any], tuple[str, Any]]] = {
    "hour": ((f"%a %-H{UNIT}h", "hour"), ("%e %b", "day")),
    "day": (("%e %b", "day"), ("%b %Y", "month")),
    "month": (("%b %Y", "month"), ("%Y", "year")),
    "year": (("%Y", 12), ("%Y", 12)),
}
# as many rows a chart's description names; its table has all
SPOKEN_ROWS = 40
# what a screen reader says of one mark, where there is one for each row
_SAID = "dit:N"
# text that charts draw themselves, on a light and on a dark page
INK = {False: "#1b1f33", True: "#e8e9f3"}


def revenue_trend(trend: Trend, running: datetime) -> Spec:
    """Bars for a few periods, an area for more; the bar of the period that runs is paler, as it is not over.

    `running`: the first hour that is not complete.
    """
    count, first_open = len(trend.periods), _start(running, trend.grain)
    columns = {"periode": LABELS[trend.grain], **_labelled("total_montant", "nombre_ventes")}
    rows = [_period(each, trend.grain, is_complete=each.debut < first_open) for each in trend.periods]
    base = _chart(rows, columns).encode(
        x=alt.X("start:T", timeUnit=_TIME_UNITS[trend.grain], title=None, axis=_time_axis(trend.grain, count)),
        y=alt.Y("montant:Q", axis=alt.Axis(**_MONEY_AXIS, **_PLAIN)),
    )
    said = _said_of_trend(trend)
    if count > BARS_UP_TO:
        # one mark for all periods: described one by one, Vega-Lite would stack them as so many series
        return _french(base.mark_area(line=True, fillOpacity=0.25, interpolate="monotone", aria=False), 260, said)
    paler = alt.condition("datum.is_complete", alt.value(1), alt.value(0.45))
    return _french(base.mark_bar(cornerRadiusEnd=3).encode(opacity=paler, description=_SAID), 260, said)


def _said_of_trend(trend: Trend) -> str:
    """Its whole, its highest and its lowest period."""
    heading, periods = LABELS[f"tendance_{trend.grain}"], trend.periods
    if not periods:
        return _said(heading, [])

    def named(row: PeriodOfSales) -> str:
        return f"{periode(row.debut, trend.grain)}, {euros(row.total_montant)}"

    return LABELS["tendance_dite"].format(
        heading,
        periode(periods[0].debut, trend.grain),
        periode(periods[-1].debut, trend.grain),
        euros(sum((each.total_montant for each in periods), Decimal(0))),
        nombre(sum(each.nombre_ventes for each in periods)),
        named(max(periods, key=lambda each: each.total_montant)),
        named(min(periods, key=lambda each: each.total_montant)),
    )


def _start(hour: datetime, grain: Grain) -> datetime:
    """When the period of that hour begins."""
    match grain:
        case "hour":
            return hour
        case "day":
            return hour.replace(hour=0)
        case "month":
            return hour.replace(day=1, hour=0)
        case "year":
            return hour.replace(month=1, day=1, hour=0)


def _period(row: PeriodOfSales, grain: Grain, *, is_complete: bool) -> Values:
    return {
        # with its zone, or a browser would take it for its own time
        "start": f"{row.debut.isoformat()}Z",
        "montant": float(row.total_montant),
        "is_complete": is_complete,
        "periode": periode(row.debut, grain) + ("" if is_complete else LABELS["en_cours"]),
        "total_montant": euros(row.total_montant),
        "nombre_ventes": nombre(row.nombre_ventes),
    }


def _time_axis(grain: Grain, count: int) -> alt.Axis:
    is_wide = count > BARS_UP_TO
    form, ticks = _TICKS[grain][is_wide]
    if grain == "hour" and count <= 24:
        form = f"%-H{UNIT}h"
    return alt.Axis(grid=False, format=form, tickCount=ticks, labelOverlap=True, labelSeparation=16 if is_wide else 8)


def revenue_by_product(rows: Sequence[AggregatedSales], *, dark: bool) -> Spec:
    return _bars(_by_name(rows, "produit_nom"), "produit", dark)


def revenue_by_country(rows: Sequence[RevenueByCountry], *, dark: bool) -> Spec:
    return _bars(_by_name(rows, "pays"), "pays", dark)


def _by_name(rows: Sequence[Any], name: str) -> dict[str, Decimal]:
    """The revenue of each name, the best first."""
    totals: dict[str, Decimal] = {}
    for row in rows:
        totals[getattr(row, name)] = totals.get(getattr(row, name), Decimal(0)) + row.total_montant
    return dict(sorted(totals.items(), key=lambda each: -each[1]))


def _bars(totals: dict[str, Decimal], name: str, dark: bool) -> Spec:
    """A line of text over each bar: it needs no room beside the bar, which a phone has not."""
    whole, widest = sum(totals.values()) or Decimal(1), max(totals.values(), default=Decimal(0))
    rows: list[Values] = [
        {name: key, "montant": float(value), "total_montant": euros(value), "part": pourcent(100 * value / whole)}
        for key, value in totals.items()
    ]
    base = _chart(rows, _labelled(name, "total_montant", "part")).encode(y=alt.Y(f"{name}:N", sort=None, axis=None))
    length = alt.X("montant:Q", axis=None, scale=alt.Scale(domain=[0, float(widest) or 1.0]))
    bars = base.mark_bar(cornerRadius=3, height=10, yOffset=9).encode(x=length, description=_SAID)
    line: Values = {"baseline": "middle", "dy": -7, "fontSize": 13, "color": INK[dark], "aria": False}
    names = base.mark_text(align="left", **line).encode(x=alt.value(0), text=f"{name}:N")
    amounts = (
        base.transform_calculate(text="datum.total_montant + '  ·  ' + datum.part")
        .mark_text(align="right", **line)
        .encode(x=alt.value("width"), text="text:N")
    )
    return _french(bars + names + amounts, max(44 * len(rows), 60), _said(LABELS[f"par_{name}"], rows))


def product_by_country(rows: Sequence[AggregatedSales], *, dark: bool) -> Spec:
    """Darker (on a dark page: brighter) is more; the scale is a square root, or the dearest product hides the rest."""
    products, countries = list(_by_name(rows, "produit_nom")), list(_by_name(rows, "pays"))
    across = alt.Axis(orient="top", labelAngle=0, labelFlush=False, labelOverlap=False, **_PLAIN)
    values = [_cell(row) for row in rows]
    base = _chart(values, _labelled("produit", "pays", "total_montant", "total_quantite")).encode(
        x=alt.X("pays:N", sort=countries, title=None, axis=across),
        y=alt.Y("produit:N", sort=products, title=None, axis=alt.Axis(labelLimit=120, **_PLAIN)),
    )
    color = alt.Color("montant:Q", legend=None, scale=alt.Scale(type="sqrt", domainMin=0))
    # where the cell's colour has become strong, its figure changes to the other ink
    strong = float(max((row.total_montant for row in rows), default=0)) * (0.42 if dark else 0.3)
    ink = alt.condition(f"datum.montant > {strong}", alt.value(INK[not dark]), alt.value(INK[dark]))
    figures = base.transform_calculate(short=_SHORT.format("datum.montant")).mark_text(fontSize=12, aria=False)
    cells = base.mark_rect(cornerRadius=4).encode(color=color, description=_SAID) + figures.encode(
        text="short:N", color=ink
    )
    return _french(cells, max(46 * len(products), 60) + 30, _said(LABELS["produit_pays"], values))


def _cell(row: AggregatedSales) -> Values:
    return {
        "pays": row.pays,
        "produit": row.produit_nom,
        "montant": float(row.total_montant),
        "total_montant": euros(row.total_montant),
        "total_quantite": nombre(row.total_quantite),
    }


def segments_by_product(rows: Sequence[ProductBySegment]) -> Spec:
    """How the segments share the revenue of each product."""
    values = [
        {
            "produit": row.produit,
            "segment": row.segment,
            "montant": float(row.montant),
            "total_montant": euros(row.montant),
        }
        for row in rows
    ]
    chart = (
        _chart(values, _labelled("produit", "segment", "total_montant"))
        .mark_bar(cornerRadius=2, height=22)
        .encode(
            y=alt.Y("produit:N", sort=_BY_REVENUE, title=None, axis=alt.Axis(labelLimit=120, **_PLAIN)),
            x=alt.X(
                "montant:Q",
                stack="normalize",
                title=None,
                axis=alt.Axis(format=".0%", tickCount=5, **_PLAIN),
            ),
            color=alt.Color("segment:N", title=None, legend=alt.Legend(orient="top", offset=4)),
            description=_SAID,
        )
    )
    height = max(40 * len({row.produit for row in rows}), 90) + 40
    return _french(chart, height, _said(LABELS["segments"], values))


def rejections(counts: dict[str, int], *, dark: bool) -> Spec:
    rows: list[Values] = [
        {"raison": RAISONS.get(raison, raison), "count": count, "nombre": nombre(count)}
        for raison, count in counts.items()
    ]
    base = _chart(rows, _labelled("raison", "nombre")).encode(
        y=alt.Y("raison:N", sort=None, title=None, axis=alt.Axis(labelLimit=200, **_PLAIN)),
        # room behind the longest bar for its figure
        x=alt.X(
            "count:Q",
            axis=None,
            scale=alt.Scale(domain=[0, max(counts.values(), default=1) * 1.25]),
        ),
    )
    figures = base.mark_text(align="left", dx=6, color=INK[dark], aria=False).encode(text="nombre:N")
    bars = base.mark_bar(cornerRadiusEnd=3, height=14).encode(description=_SAID)
    return _french(bars + figures, max(28 * len(rows), 60), _said(LABELS["rejets"], rows))


def table(chart: Spec) -> list[dict[str, str]]:
    """What the chart shows, row by row, under the labels of its columns."""
    drawn = chart["layer"][0] if "layer" in chart else chart
    columns = drawn["encoding"]["tooltip"]
    return [{each["title"]: row[each["field"]] for each in columns} for row in chart["data"]["values"]]


def _labelled(*names: str) -> dict[str, str]:
    return {name: LABELS[name] for name in names}


def _chart(rows: list[Values], columns: dict[str, str]) -> alt.Chart:
    """`columns`: the texts of a row by their labels, which the pointer shows and a screen reader says."""
    for row in rows:
        row["dit"] = ", ".join(row[name] for name in columns)
    chart = alt.Chart(alt.Data(values=rows))  # type: ignore[no-untyped-call]
    return chart.encode(tooltip=[alt.Tooltip(f"{name}:N", title=label) for name, label in columns.items()])


def _said(heading: str, rows: Sequence[Values]) -> str:
    """The chart in one sentence."""
    if not rows:
        return f"{heading}{UNIT}: {LABELS['rien']}"
    more = LABELS["et_autres"].format(nombre(len(rows) - SPOKEN_ROWS)) if len(rows) > SPOKEN_ROWS else ""
    return f"{heading}{UNIT}: " + f"{UNIT}; ".join(row["dit"] for row in rows[:SPOKEN_ROWS]) + more


def _french(chart: Any, height: int, said: str) -> Spec:
    chart = chart.properties(height=height, description=said).configure(locale=FRENCH).configure_view(strokeWidth=0)
    # of axes and legends Vega would say in English what each mark says
    drawn = chart.configure_axis(aria=False).configure_legend(aria=False)
    spec: Spec = drawn.to_dict(validate=False)
    return spec
