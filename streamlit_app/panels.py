"""The parts of the pages that are not charts: headline figures, tables, downloads."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import astuple, fields
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ingestion import queries
from ingestion.queries import CustomerSegment, Filters, HourOfSales, Snapshot, TopProduct
from streamlit_app import charts
from streamlit_app.figures import Figures, complete_hours
from streamlit_app.formats import euros, evolution, nombre
from streamlit_app.labels import LABELS

_RIGHT = st.column_config.TextColumn(alignment="right")
_FIGURES = {LABELS[name]: _RIGHT for name in ("total_montant", "nombre_ventes", "total_quantite", "part", "nombre")}


def headlines(figures: Figures, running: datetime) -> None:
    """The four figures, each with what the last complete hour changed against the one before."""
    last, before = complete_hours(figures.recent, running)
    against = LABELS["against"].format(last.heure.hour, before.heure.hour)
    overall = figures.overall
    values = (
        ("total_montant", euros(overall.total_montant), last.total_montant, before.total_montant),
        (
            "nombre_ventes",
            nombre(overall.nombre_ventes),
            Decimal(last.nombre_ventes),
            Decimal(before.nombre_ventes),
        ),
        (
            "total_quantite",
            nombre(overall.total_quantite),
            Decimal(last.total_quantite),
            Decimal(before.total_quantite),
        ),
        ("panier_moyen", euros(overall.panier_moyen), _basket(last), _basket(before)),
    )
    with st.container(horizontal=True, key="headlines"):
        for name, value, new, old in values:
            change = evolution(new, old)
            st.metric(
                LABELS[name],
                value,
                change,
                delta_description=against if change else None,
                border=True,
                help=LABELS["evolution"],
            )


def _basket(hour: HourOfSales) -> Decimal:
    return hour.total_montant / hour.nombre_ventes if hour.nombre_ventes else Decimal(0)


def card(column: DeltaGenerator, name: str) -> DeltaGenerator:
    """A frame under its heading, as high as its neighbour."""
    frame = column.container(border=True, height="stretch")
    frame.subheader(LABELS[name])
    return frame


def chart(place: DeltaGenerator, spec: charts.Spec) -> None:
    """A chart, and the same figures as a table."""
    place.vega_lite_chart(spec=spec)
    place.expander(LABELS["tableau"]).dataframe(charts.table(spec), hide_index=True, column_config=_FIGURES)


def top_table(top: Sequence[TopProduct]) -> None:
    st.dataframe(
        [
            {
                LABELS["rank"]: row.rank,
                LABELS["produit"]: row.produit_nom,
                LABELS["total_montant"]: euros(row.total_montant),
            }
            for row in top
        ],
        hide_index=True,
        column_config={
            LABELS["rank"]: st.column_config.NumberColumn(width=55),
            LABELS["total_montant"]: _RIGHT,
        },
    )


def segment_table(segments: Sequence[CustomerSegment]) -> None:
    st.dataframe(
        [
            {
                LABELS["segment"]: row.segment,
                LABELS["nombre_clients"]: row.nombre_clients,
                LABELS["total_montant"]: euros(row.total_montant),
                LABELS["panier_moyen"]: euros(row.panier_moyen),
            }
            for row in segments
        ],
        hide_index=True,
        column_config={LABELS["total_montant"]: _RIGHT, LABELS["panier_moyen"]: _RIGHT},
    )


def downloads(snapshot: Snapshot, filters: Filters) -> None:
    """Read and written when they are asked for: of hours there may be very many."""
    with st.popover(LABELS["telecharger"], icon=":material/download:"):
        for question, label in (
            (queries.aggregated_sales, "csv_produit_pays"),
            (queries.hours, "csv_heures"),
            (queries.top_products, "csv_top"),
        ):
            st.download_button(
                LABELS[label],
                partial(_csv_of, question, snapshot, filters),
                file_name=f"{label.removeprefix('csv_')}.csv",
                mime="text/csv",
                on_click="ignore",
                icon=":material/table:",
            )


def _csv_of(question: Callable[[Snapshot, Filters], Sequence[Any]], snapshot: Snapshot, filters: Filters) -> bytes:
    return to_csv(question(snapshot, filters))


def to_csv(rows: Sequence[Any]) -> bytes:
    """Rows as a French spreadsheet opens them: semicolons, decimal commas, a byte order mark."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    if rows:
        writer.writerow(field.name for field in fields(rows[0]))
    for row in rows:
        writer.writerow(map(_cell, astuple(row)))
    return text.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:.2f}".replace(".", ",")
    text = str(value)
    # a spreadsheet takes such a text for a formula
    return f"'{text}" if text[:1] in "=+-@\t\r" and isinstance(value, str) else text
