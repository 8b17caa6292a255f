"""The charts but the trend; a language supplies their words and the format of their figures."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import altair as alt

from ingestion.queries import AggregatedSales, ProductBySegment, ProductPerformance, RevenueByCountry
from streamlit_app.chart_parts import (
    INK,
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
from streamlit_app.formats import Formats
from streamlit_app.languages import Language

_BY_REVENUE = alt.EncodingSortField(field="revenue", op="sum", order="descending")


def revenue_by_product(words: Language, rows: Sequence[AggregatedSales | ProductPerformance], *, dark: bool) -> Spec:
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
    base = chart_of(rows, labelled(words, name, "revenue_text", "share")).encode(
        y=alt.Y(f"{name}:N", sort=None, axis=None)
    )
    length = alt.X("revenue:Q", axis=None, scale=alt.Scale(domain=[0, float(widest) or 1.0]))
    bars = base.mark_bar(cornerRadius=3, height=10, yOffset=9).encode(x=length, description=SAID)
    line: Values = {"baseline": "middle", "dy": -7, "fontSize": 13, "color": INK[dark], "aria": False}
    names = base.mark_text(align="left", **line).encode(x=alt.value(0), text=f"{name}:N")
    amounts = (
        base.transform_calculate(text="datum.revenue_text + '  ·  ' + datum.share")
        .mark_text(align="right", **line)
        .encode(x=alt.value("width"), text="text:N")
    )
    return finished(words, bars + names + amounts, max(44 * len(rows), 60), sentence(words, words[heading], rows))


def product_by_country(words: Language, rows: Sequence[AggregatedSales], *, dark: bool) -> Spec:
    """Darker (brighter on a dark page) is more; the scale is a square root, or the top product would hide the rest."""
    products, countries = list(_by_name(rows, "produit_nom")), list(_by_name(rows, "pays"))
    across = alt.Axis(orient="top", labelAngle=0, labelFlush=False, labelOverlap=False, **PLAIN)
    values = [_cell(words.formats, row) for row in rows]
    base = chart_of(values, labelled(words, "produit", "pays", "revenue_text", "total_quantite")).encode(
        x=alt.X("pays:N", sort=countries, title=None, axis=across),
        y=alt.Y("produit:N", sort=products, title=None, axis=alt.Axis(labelLimit=120, **PLAIN)),
    )
    color = alt.Color("revenue:Q", legend=None, scale=alt.Scale(type="sqrt", domainMin=0))
    # where the cell's colour is strong, its figure switches to the other ink
    strong = float(max((row.total_montant for row in rows), default=0)) * (0.42 if dark else 0.3)
    ink = alt.condition(f"datum.revenue > {strong}", alt.value(INK[not dark]), alt.value(INK[dark]))
    figures = base.transform_calculate(short=short_amount(words.formats, "datum.revenue")).mark_text(
        fontSize=12, aria=False
    )
    cells = base.mark_rect(cornerRadius=4).encode(color=color, description=SAID) + figures.encode(
        text="short:N", color=ink
    )
    said = sentence(words, words["product_by_country"], values)
    return finished(words, cells, max(46 * len(products), 60) + 30, said)


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
        chart_of(values, labelled(words, "produit", "segment", "revenue_text"))
        .mark_bar(cornerRadius=2, height=22)
        .encode(
            y=alt.Y("produit:N", sort=_BY_REVENUE, title=None, axis=alt.Axis(labelLimit=120, **PLAIN)),
            x=alt.X(
                "revenue:Q",
                stack="normalize",
                title=None,
                axis=alt.Axis(format=".0%", tickCount=5, **PLAIN),
            ),
            color=alt.Color("segment:N", title=None, legend=alt.Legend(orient="top", offset=4)),
            description=SAID,
        )
    )
    height = max(40 * len({row.produit for row in rows}), 90) + 40
    return finished(words, chart, height, sentence(words, words["segments"], values))


def rejections(words: Language, counts: dict[str, int], *, dark: bool) -> Spec:
    rows: list[Values] = [
        {"raison": words.reason(raison), "count": count, "number": words.formats.number(count)}
        for raison, count in counts.items()
    ]
    base = chart_of(rows, labelled(words, "raison", "number")).encode(
        y=alt.Y("raison:N", sort=None, title=None, axis=alt.Axis(labelLimit=200, **PLAIN)),
        # leave room after the longest bar for its figure
        x=alt.X(
            "count:Q",
            axis=None,
            scale=alt.Scale(domain=[0, max(counts.values(), default=1) * 1.25]),
        ),
    )
    figures = base.mark_text(align="left", dx=6, color=INK[dark], aria=False).encode(text="number:N")
    bars = base.mark_bar(cornerRadiusEnd=3, height=14).encode(description=SAID)
    return finished(words, bars + figures, max(28 * len(rows), 60), sentence(words, words["rejections"], rows))
