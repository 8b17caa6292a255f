"""The parts of the pages of the marts that are not charts: what they stand on, headlines, tables, downloads."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import streamlit as st

from ingestion.queries import ClientValue, DailySales, GoldSnapshot, ProductPerformance, SaleOfClient
from streamlit_app import panels, singletons
from streamlit_app.formats import Formats
from streamlit_app.language_choice import PARAMETER, language, language_code

_RIGHT = st.column_config.TextColumn(alignment="right")


def published_marts() -> tuple[GoldSnapshot, date]:
    """The marts that this run of the page shows, and the last day with a sale; the page ends here if there are none."""
    gold, words = singletons.lake().gold(), language()
    made = gold.publication
    if made is None or made.reference_day is None:
        st.info(words["no_gold"], icon=":material/hourglass_empty:")
        st.stop()
    age = words.formats.ago((singletons.utc_now() - made.published_at).total_seconds())
    st.caption(words["gold_of"].format(made.tranche, age, made.fuseau))
    return gold, made.reference_day


def week_against_week(days: Sequence[DailySales]) -> None:
    """The last seven complete days, each beside the same day a week before."""
    words, formats = language(), language().formats
    amount, before = _total(days, "total_montant")
    sales, sales_before = _total(days, "nombre_ventes")
    pieces, pieces_before = _total(days, "total_quantite")
    basket, basket_before = _basket(amount, sales), _basket(before, sales_before)
    values = (
        ("total_montant", formats.euros(amount), amount, before),
        ("nombre_ventes", formats.number(int(sales)), sales, sales_before),
        ("total_quantite", formats.number(int(pieces)), pieces, pieces_before),
        ("panier_moyen", formats.euros(basket if sales else None), basket, basket_before),
    )
    with st.container(horizontal=True, key="headlines"):
        for name, value, new, old in values:
            st.metric(words[name], value, formats.evolution(new, old), border=True)


def _total(days: Sequence[DailySales], name: str) -> tuple[Decimal, Decimal]:
    """The sum of a column over these days, and over those a week before."""
    now, before = (sum((Decimal(getattr(day, each)) for day in days), Decimal(0)) for each in (name, f"{name}_j7"))
    return now, before


def _basket(amount: Decimal, sales: Decimal) -> Decimal:
    return amount / sales if sales else Decimal(0)


def product_table(products: Sequence[ProductPerformance]) -> None:
    words, formats = language(), language().formats
    st.dataframe(
        [
            {
                words["rank"]: "-" if row.rang is None else str(row.rang),
                words["gain_rang"]: _gain(row.gain_rang),
                words["produit"]: row.produit_nom,
                words["total_montant"]: formats.euros(row.total_montant),
                words["change"]: formats.evolution(row.total_montant, row.total_montant_precedent) or "-",
                words["share"]: "-" if row.part is None else formats.percentage(row.part),
                words["classe_abc"]: row.classe_abc,
                words["nombre_ventes"]: formats.number(row.nombre_ventes),
            }
            for row in products
        ],
        hide_index=True,
        column_config={
            words["rank"]: st.column_config.TextColumn(width=55),
            words["gain_rang"]: st.column_config.TextColumn(width=60),
            **{words[name]: _RIGHT for name in ("total_montant", "change", "share", "nombre_ventes")},
        },
    )


def _gain(places: int | None) -> str:
    if not places:
        return "-" if places is None else "="
    return f"▲ {places}" if places > 0 else f"▼ {-places}"


def client_table(clients: Sequence[ClientValue]) -> None:
    words, formats = language(), language().formats
    st.dataframe(
        [
            {
                words["client"]: row.client_nom,
                words["pays"]: row.pays,
                words["classe_rfm"]: words[f"rfm_{row.classe_rfm}"],
                words["total_montant"]: formats.euros(row.total_montant),
                words["nombre_ventes"]: formats.number(row.nombre_ventes),
                words["panier_moyen"]: formats.euros(row.panier_moyen),
                words["recence_jours"]: formats.number(row.recence_jours),
                words["part_recurrente"]: "-"
                if row.part_recurrente is None
                else formats.percentage(row.part_recurrente),
                "R F M": f"{row.score_recence} {row.score_frequence} {row.score_montant}",
            }
            for row in clients
        ],
        hide_index=True,
        column_config={
            words[name]: _RIGHT
            for name in ("total_montant", "nombre_ventes", "panier_moyen", "recence_jours", "part_recurrente")
        },
    )


def sales_of_client(sales: Sequence[SaleOfClient]) -> None:
    """A client's newest sales; the number of each leads to its path."""
    words, formats = language(), language().formats
    st.dataframe(
        [
            {
                words["vente"]: f"/confiance?vente_id={row.vente_id}&{PARAMETER}={language_code()}",
                words["sold_at"]: formats.instant(row.timestamp),
                words["produit"]: row.produit_nom,
                words["total_quantite"]: formats.number(row.quantite),
                words["total_montant"]: formats.euros(row.montant),
            }
            for row in sales
        ],
        hide_index=True,
        column_config={
            words["vente"]: st.column_config.LinkColumn(display_text=r"vente_id=(-?\d+)"),
            **{words[name]: _RIGHT for name in ("total_quantite", "total_montant")},
        },
    )


def download(name: str, ask: Callable[[], Sequence[Any]]) -> None:
    """Offer the rows as CSV, read and written only on request."""
    words = language()
    st.download_button(
        words["csv"],
        # it runs without a session, so the language is passed now
        partial(_csv_of, ask, words.formats),
        file_name=f"{name}.csv",
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
    )


def _csv_of(ask: Callable[[], Sequence[Any]], formats: Formats) -> bytes:
    return panels.to_csv(ask(), formats)
