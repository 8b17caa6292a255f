"""The parts of the pages that are not charts: headline figures, tables, downloads."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import astuple, fields
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pandas as pd  # type: ignore[import-untyped]
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ingestion import queries
from ingestion.queries import CustomerSegment, Filters, HourOfSales, Snapshot, TopProduct
from streamlit_app import chart_parts
from streamlit_app.figures import Figures, complete_hours
from streamlit_app.formats import Formats
from streamlit_app.language_choice import language

_RIGHT = st.column_config.TextColumn(alignment="right")
# the columns that hold figures in a chart's table
_FIGURES = (
    *("total_montant", "nombre_ventes", "total_quantite", "share", "number"),
    *("prevision", "prevision_naive", "intervalle_80", "intervalle_95"),
    *("observe", "attendu", "bande"),
)


def headlines(figures: Figures, running: datetime) -> None:
    """The four figures, each with the change in the last complete hour against the hour before."""
    words, formats = language(), language().formats
    last, before = complete_hours(figures.recent, running)
    against = words["against"].format(formats.clock_hour(last.heure), formats.clock_hour(before.heure))
    overall = figures.overall
    values = (
        ("total_montant", formats.euros(overall.total_montant), last.total_montant, before.total_montant),
        (
            "nombre_ventes",
            formats.number(overall.nombre_ventes),
            Decimal(last.nombre_ventes),
            Decimal(before.nombre_ventes),
        ),
        (
            "total_quantite",
            formats.number(overall.total_quantite),
            Decimal(last.total_quantite),
            Decimal(before.total_quantite),
        ),
        ("panier_moyen", formats.euros(overall.panier_moyen), _basket(last), _basket(before)),
    )
    with st.container(horizontal=True, key="headlines"):
        for name, value, new, old in values:
            change = formats.evolution(new, old)
            st.metric(
                words[name],
                value,
                change,
                delta_description=against if change else None,
                border=True,
                help=words["evolution"],
            )


def _basket(hour: HourOfSales) -> Decimal:
    return hour.total_montant / hour.nombre_ventes if hour.nombre_ventes else Decimal(0)


def card(column: DeltaGenerator, name: str) -> DeltaGenerator:
    """A frame under its heading, as high as its neighbour."""
    frame = column.container(border=True, height="stretch")
    frame.subheader(language()[name])
    return frame


def chart(place: DeltaGenerator, spec: chart_parts.Spec) -> None:
    """A chart, and the same figures as a table."""
    place.vega_lite_chart(spec=spec)
    chart_table(place, spec)


def chart_table(place: DeltaGenerator, spec: chart_parts.Spec) -> None:
    words = language()
    place.expander(words["table"]).dataframe(
        chart_parts.table(spec), hide_index=True, column_config={words[name]: _RIGHT for name in _FIGURES}
    )


def table(rows: Sequence[dict[str, Any]], numbers: Sequence[str]) -> None:
    """Rows by label; `numbers` stay numbers, which sort correctly, and are written as the language writes them."""
    words = language()
    styled = pd.DataFrame(rows).style.format(words.formats.number, subset=[words[name] for name in numbers])
    st.dataframe(styled, hide_index=True)


def top_table(top: Sequence[TopProduct]) -> None:
    words = language()
    st.dataframe(
        [
            {
                words["rank"]: row.rank,
                words["produit"]: row.produit_nom,
                words["total_montant"]: words.formats.euros(row.total_montant),
            }
            for row in top
        ],
        hide_index=True,
        column_config={
            words["rank"]: st.column_config.NumberColumn(width=55),
            words["total_montant"]: _RIGHT,
        },
    )


def segment_table(segments: Sequence[CustomerSegment]) -> None:
    words, formats = language(), language().formats
    st.dataframe(
        [
            {
                words["segment"]: row.segment,
                words["nombre_clients"]: formats.number(row.nombre_clients),
                words["total_montant"]: formats.euros(row.total_montant),
                words["panier_moyen"]: formats.euros(row.panier_moyen),
            }
            for row in segments
        ],
        hide_index=True,
        column_config={words[name]: _RIGHT for name in ("nombre_clients", "total_montant", "panier_moyen")},
    )


def downloads(snapshot: Snapshot, filters: Filters) -> None:
    """Offer downloads, which are read and written only on request: there may be very many hours."""
    words = language()
    with st.popover(words["download"], icon=":material/download:"):
        for question, name in (
            (queries.aggregated_sales, "aggregated_sales"),
            (queries.hours, "hourly_sales"),
            (queries.top_products, "top_products"),
        ):
            st.download_button(
                words[f"csv_{name}"],
                # it runs without a session, so the language is passed now
                partial(_csv_of, question, snapshot, filters, words.formats),
                file_name=f"{name}.csv",
                mime="text/csv",
                on_click="ignore",
                icon=":material/table:",
            )


def _csv_of(
    question: Callable[[Snapshot, Filters], Sequence[Any]], snapshot: Snapshot, filters: Filters, formats: Formats
) -> bytes:
    return to_csv(question(snapshot, filters), formats)


def to_csv(rows: Sequence[Any], formats: Formats) -> bytes:
    """Rows as a spreadsheet in that language opens them: its separators and decimal marks; a byte order mark."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=formats.field_separator, lineterminator="\r\n")
    if rows:
        writer.writerow(field.name for field in fields(rows[0]))
    for row in rows:
        writer.writerow(_cell(value, formats) for value in astuple(row))
    return text.getvalue().encode("utf-8-sig")


def _cell(value: Any, formats: Formats) -> str:
    if isinstance(value, Decimal):
        return formats.csv_decimal(value)
    text = "" if value is None else str(value)
    # a spreadsheet would take such a text for a formula
    return f"'{text}" if text[:1] in "=+-@\t\r" and isinstance(value, str) else text
