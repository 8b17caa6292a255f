"""The charts, and every word that the pages show."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import altair as alt

from streamlit_app.formats import THOUSANDS, UNIT, euros, heure, nombre, pourcent
from streamlit_app.queries import AggregatedSales, HourOfSales, ProductBySegment, RevenueByCountry

LABELS = {
    # pages
    "title": "Ventes",
    "page_ventes": "Ventes",
    "page_confiance": "Puis-je m'y fier\u00a0?",
    # freshness
    "fresh": "À jour",
    "stale": "Chiffres en retard",
    "empty": "Rien n'est encore publié\u00a0: les premiers chiffres s'afficheront ici dès que des ventes arriveront.",
    "as_of": "Chiffres arrêtés au",
    "newest_vente": "dernière vente",
    "tranche": "tranche",
    "no_process": "Le flux est à l'arrêt\u00a0: le processus Bronze ne tourne pas.",
    "failed": "Le flux est à l'arrêt\u00a0: le processus Bronze a échoué.",
    "waiting": "Le flux est à l'arrêt\u00a0: le processus Bronze attend Kafka ou Spark.",
    "no_broker": "Le flux est à l'arrêt\u00a0: Kafka ne répond pas.",
    "unpublished": "Un événement attend dans Kafka depuis plus de 60 secondes sans être publié.",
    "unmeasured": "La fraîcheur n'a pas pu être mesurée depuis 30 secondes.",
    # filters
    "periode": "Période",
    "filtres": "Filtres",
    "pays": "Pays",
    "produit": "Produit",
    "segment": "Segment",
    "tous": "Tous",
    "toutes": "Toutes",
    "telecharger": "Télécharger",
    "no_match": "Aucune vente ne correspond à ces filtres.",
    # figures
    "total_montant": "Chiffre d'affaires",
    "nombre_ventes": "Ventes",
    "total_quantite": "Articles vendus",
    "panier_moyen": "Panier moyen",
    "nombre_clients": "Clients",
    "part": "Part",
    "rank": "Rang",
    "heure": "Heure (UTC)",
    # headings
    "tendance": "Chiffre d'affaires par heure",
    "par_produit": "Par produit",
    "par_pays": "Par pays",
    "produit_pays": "Produit × pays",
    "segments": "Segments de clientèle",
    "top": "Les dix meilleurs produits",
    "par_segment": "Par segment",
    "en_cours": " (en cours)",
    "against": "à {}\u00a0h, contre {}\u00a0h",
    "evolution": "Dernière heure complète comparée à la précédente (heures UTC).",
    "csv_produit_pays": "Par produit et pays (CSV)",
    "csv_heures": "Par heure (CSV)",
    "csv_top": "Meilleurs produits (CSV)",
    # trust
    "confiance_intro": (
        "Chaque événement reçu de Kafka a un verdict et un seul\u00a0: **valide**, **rejeté** ou **doublon**. "
        "Rien n'est publié tant que le compte n'est pas juste."
    ),
    "rows_read": "Lus",
    "rows_clean": "Valides",
    "rows_rejected": "Rejetés",
    "rows_duplicates": "Doublons",
    "balanced": "Le compte est juste\u00a0: lus = valides + rejetés + doublons.",
    "unbalanced": "Le compte n'est pas juste\u00a0: {} événements d'écart.",
    "lag": "{} événements sont dans Kafka et pas encore publiés.",
    "no_lag": "Tout ce qui est dans Kafka est publié.",
    "lag_unknown": "Kafka ne répond pas\u00a0: on ne sait pas combien d'événements attendent.",
    "suivre": "Suivre une vente",
    "suivre_intro": "Un numéro de vente mène à son verdict, à sa tranche, à sa place dans Kafka et à ses octets.",
    "searching": "Recherche…",
    "not_a_number": "Un vente_id est un nombre entier.",
    "not_found": "Aucun événement lisible ne porte ce vente_id.",
    "grand_livre": "Le grand livre",
    "grand_livre_intro": "Une ligne par tranche close, la plus récente d'abord.",
    "more_slices": "Les {} dernières tranches sur {}.",
    "quarantaine": "La quarantaine",
    "quarantaine_intro": "Les événements rejetés, gardés octet pour octet avec leur raison.",
    "nothing_rejected": "Aucun événement n'a été rejeté.",
    "raison": "Raison",
    "nombre": "Nombre",
    "page": "Page (sur {})",
    "contenu": "Contenu",
    "recu": "Reçu le",
    "partition": "Partition",
    "offset": "Offset",
    "tranche_no": "Tranche",
    "closed_at": "Close le",
    "octets": "{} octets, en hexadécimal",
    "vide": "(sans contenu)",
    "tombstone": "Sans contenu (tombstone).",
}

# label, colour and icon of each verdict
VERDICTS: dict[str, tuple[str, Any, str]] = {
    "valide": ("Valide", "green", ":material/check_circle:"),
    "doublon": ("Doublon", "blue", ":material/content_copy:"),
    "rejete": ("Rejeté", "red", ":material/block:"),
    "en_attente": ("En attente", "orange", ":material/hourglass_empty:"),
}

RAISONS = {
    "illisible": "Illisible",
    "vente_id_invalide": "vente_id invalide",
    "client_id_invalide": "client_id invalide",
    "produit_id_invalide": "produit_id invalide",
    "timestamp_invalide": "Horodatage invalide",
    "quantite_invalide": "Quantité invalide",
    "montant_invalide": "Montant invalide",
    "quantite_inferieure_a_1": "Quantité inférieure à 1",
    "montant_negatif": "Montant négatif",
    "client_inconnu": "Client inconnu",
    "produit_inconnu": "Produit inconnu",
    "timestamp_futur": "Horodatage dans le futur",
    "conflit": "En conflit avec une vente connue",
}

FRENCH: dict[str, Any] = {
    "number": {"decimal": ",", "thousands": THOUSANDS, "grouping": [3], "currency": ["", f"{UNIT}€"], "percent": f"{UNIT}%"},
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
_MONEY_AXIS = {"labelExpr": _SHORT.format("datum.value"), "tickCount": 5, "title": None}
_PLAIN = {"domain": False, "ticks": False}
_BY_REVENUE = alt.EncodingSortField(field="montant", op="sum", order="descending")
BARS_UP_TO_HOURS = 72
# text that charts draw themselves, on a light and on a dark page
INK = {False: "#1b1f33", True: "#e8e9f3"}


def hourly_trend(hours: Sequence[HourOfSales], current: datetime) -> alt.Chart:
    """Bars for a few days, an area for more; the current hour's bar is paler, as it is not over."""
    rows = [
        {
            # with its zone, or a browser would take it for its own time
            "start": f"{each.heure.isoformat()}Z",
            "montant": float(each.total_montant),
            "complete": each.heure < current,
            "heure": heure(each.heure) + ("" if each.heure < current else LABELS["en_cours"]),
            "total_montant": euros(each.total_montant),
            "nombre_ventes": nombre(each.nombre_ventes),
        }
        for each in hours
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("start:T", timeUnit="utcyearmonthdatehours", title=None, axis=_time_axis(len(rows))),
        y=alt.Y("montant:Q", axis=alt.Axis(**_MONEY_AXIS, **_PLAIN)),
        tooltip=_tooltip("heure", "total_montant", "nombre_ventes"),
    )
    if len(rows) > BARS_UP_TO_HOURS:
        return _french(base.mark_area(line=True, fillOpacity=0.25, interpolate="monotone"), 260)
    paler = alt.condition("datum.complete", alt.value(1), alt.value(0.45))
    return _french(base.mark_bar(cornerRadiusEnd=3).encode(opacity=paler), 260)


def _time_axis(hours: int) -> alt.Axis:
    """Hours for up to three days, days beyond."""
    if hours > BARS_UP_TO_HOURS:
        return alt.Axis(grid=False, format="%e %b", tickCount="day", labelOverlap=True, labelSeparation=16)
    form = f"%-H{UNIT}h" if hours <= 24 else f"%a %-H{UNIT}h"
    return alt.Axis(grid=False, format=form, tickCount="hour", labelOverlap=True, labelSeparation=8)


def revenue_by_product(rows: Sequence[AggregatedSales], *, dark: bool) -> alt.LayerChart:
    return _bars(_by_name(rows, "produit_nom"), LABELS["produit"], dark)


def revenue_by_country(rows: Sequence[RevenueByCountry], *, dark: bool) -> alt.LayerChart:
    return _bars(_by_name(rows, "pays"), LABELS["pays"], dark)


def _by_name(rows: Sequence[Any], name: str) -> dict[str, Decimal]:
    """The revenue of each name, the best first."""
    totals: dict[str, Decimal] = {}
    for row in rows:
        totals[getattr(row, name)] = totals.get(getattr(row, name), Decimal(0)) + row.total_montant
    return dict(sorted(totals.items(), key=lambda each: -each[1]))


def _bars(totals: dict[str, Decimal], label: str, dark: bool) -> alt.LayerChart:
    """A line of text over each bar: it needs no room beside the bar, which a phone has not."""
    whole = sum(totals.values()) or Decimal(1)
    rows = [
        {
            "name": name,
            "montant": float(montant),
            "total_montant": euros(montant),
            "part": pourcent(100 * montant / whole),
        }
        for name, montant in totals.items()
    ]
    widest = max((row["montant"] for row in rows), default=1.0)
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("name:N", sort=None, axis=None),
        tooltip=[alt.Tooltip("name:N", title=label), *_tooltip("total_montant", "part")],
    )
    length = alt.X("montant:Q", axis=None, scale=alt.Scale(domain=[0, widest or 1.0]))
    bars = base.mark_bar(cornerRadius=3, height=10, yOffset=9).encode(x=length)
    line = {"baseline": "middle", "dy": -7, "fontSize": 13, "color": INK[dark]}
    names = base.mark_text(align="left", **line).encode(x=alt.value(0), text="name:N")
    amounts = (
        base.transform_calculate(text="datum.total_montant + '  ·  ' + datum.part")
        .mark_text(align="right", **line)
        .encode(x=alt.value("width"), text="text:N")
    )
    return _french(bars + names + amounts, max(44 * len(rows), 60))


def product_by_country(rows: Sequence[AggregatedSales], *, dark: bool) -> alt.LayerChart:
    """Darker (on a dark page: brighter) is more; the scale is a square root, or the dearest product hides the rest."""
    values = [
        {
            "pays": row.pays,
            "produit": row.produit_nom,
            "montant": float(row.total_montant),
            "total_montant": euros(row.total_montant),
            "total_quantite": nombre(row.total_quantite),
        }
        for row in rows
    ]
    threshold = max((each["montant"] for each in values), default=0) * (0.42 if dark else 0.3)
    products, countries = list(_by_name(rows, "produit_nom")), list(_by_name(rows, "pays"))
    across = alt.Axis(orient="top", labelAngle=0, labelFlush=False, labelOverlap=False, **_PLAIN)
    base = alt.Chart(alt.Data(values=values)).encode(
        x=alt.X("pays:N", sort=countries, title=None, axis=across),
        y=alt.Y("produit:N", sort=products, title=None, axis=alt.Axis(labelLimit=120, **_PLAIN)),
        tooltip=_tooltip("produit", "pays", "total_montant", "total_quantite"),
    )
    cells = base.mark_rect(cornerRadius=4).encode(
        color=alt.Color("montant:Q", legend=None, scale=alt.Scale(type="sqrt", domainMin=0))
    )
    text = (
        base.transform_calculate(short=_SHORT.format("datum.montant"))
        .mark_text(fontSize=12)
        .encode(
            text="short:N",
            color=alt.condition(f"datum.montant > {threshold}", alt.value(INK[not dark]), alt.value(INK[dark])),
        )
    )
    return _french(cells + text, max(46 * len(products), 60) + 30)


def segments_by_product(rows: Sequence[ProductBySegment]) -> alt.Chart:
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
    chart = alt.Chart(alt.Data(values=values)).mark_bar(cornerRadius=2, height=22).encode(
        y=alt.Y("produit:N", sort=_BY_REVENUE, title=None, axis=alt.Axis(labelLimit=120, **_PLAIN)),
        x=alt.X("montant:Q", stack="normalize", title=None, axis=alt.Axis(format=".0%", tickCount=5, **_PLAIN)),
        color=alt.Color("segment:N", title=None, legend=alt.Legend(orient="top", offset=4)),
        tooltip=_tooltip("produit", "segment", "total_montant"),
    )
    return _french(chart, max(40 * len({row.produit for row in rows}), 90) + 40)


def rejections(counts: dict[str, int], *, dark: bool) -> alt.LayerChart:
    rows = [
        {"raison": RAISONS.get(raison, raison), "count": count, "nombre": nombre(count)}
        for raison, count in counts.items()
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("raison:N", sort=None, title=None, axis=alt.Axis(labelLimit=160, **_PLAIN)),
        # room behind the longest bar for its figure
        x=alt.X("count:Q", axis=None, scale=alt.Scale(domain=[0, max(counts.values(), default=1) * 1.25])),
        tooltip=_tooltip("raison", "nombre"),
    )
    figures = base.mark_text(align="left", dx=6, color=INK[dark]).encode(text="nombre:N")
    return _french(base.mark_bar(cornerRadiusEnd=3, height=14) + figures, max(28 * len(rows), 60))


def _tooltip(*names: str) -> list[alt.Tooltip]:
    """Texts that are written already, each under its label."""
    return [alt.Tooltip(f"{name}:N", title=LABELS[name]) for name in names]


def _french(chart: Any, height: int) -> Any:
    return chart.properties(height=height).configure(locale=FRENCH).configure_view(strokeWidth=0)
