"""The charts of the marts: days beside the week before, the week's rhythm, cohorts."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import altair as alt

from ingestion.queries import Cohort, DailySales, TypicalHour
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
from streamlit_app.languages import Language


def days_and_the_week_before(words: Language, days: Sequence[DailySales], *, dark: bool) -> Spec:
    """A bar for each day, and a tick where the same day of the week before was; the last day is paler: it may go on."""
    last = max((each.jour for each in days), default=date.min)
    rows: list[Values] = [
        {
            "start": f"{each.jour.isoformat()}T00:00:00Z",
            "revenue": float(each.total_montant),
            "before": float(each.total_montant_j7),
            "is_complete": each.jour < last,
            "jour": day_of_week(words, each.jour),
            "revenue_text": words.formats.euros(each.total_montant),
            "total_montant_j7": words.formats.euros(each.total_montant_j7),
            "change": words.formats.evolution(each.total_montant, each.total_montant_j7) or "-",
        }
        for each in days
    ]
    base = chart_of(rows, labelled(words, "jour", "revenue_text", "total_montant_j7", "change")).encode(
        x=alt.X(
            "start:T",
            timeUnit="utcyearmonthdate",
            title=None,
            axis=alt.Axis(grid=False, format=words.formats.ticks["day"], labelOverlap=True, labelSeparation=8),
        )
    )
    amounts = alt.Axis(labelExpr=short_amount(words.formats, "datum.value"), tickCount=5, title=None, **PLAIN)
    paler = alt.condition("datum.is_complete", alt.value(1), alt.value(0.45))
    bars = base.mark_bar(cornerRadiusEnd=3).encode(y=alt.Y("revenue:Q", axis=amounts), opacity=paler, description=SAID)
    ticks = base.mark_tick(thickness=2, color=INK[dark], aria=False).encode(y=alt.Y("before:Q", axis=amounts))
    return finished(words, bars + ticks, 260, sentence(words, words["days"], rows))


def day_of_week(words: Language, day: date) -> str:
    """The day with the name of its weekday; `short_days` begins with Sunday."""
    moment = datetime(day.year, day.month, day.day)
    return f"{words.formats.short_days[day.isoweekday() % 7]} {words.formats.period(moment, 'day')}"


def rhythm_of_the_week(words: Language, hours: Sequence[TypicalHour]) -> Spec:
    """A cell for each hour of the week; the scale is a square root, or the best hours would hide the rest."""
    names = words.formats.short_days
    rows: list[Values] = [
        {
            "weekday": names[each.jour_semaine % 7],
            "hour": each.heure_locale,
            "revenue": float(each.montant_typique),
            "moment": f"{words.formats.days[each.jour_semaine % 7]} {words.formats.clock_hour(_at(each.heure_locale))}",
            "montant_typique": words.formats.euros(each.montant_typique),
            "spread": words["from_to"].format(
                words.formats.euros(each.premier_quartile), words.formats.euros(each.troisieme_quartile)
            ),
            "ventes_typiques": words.formats.number(each.ventes_typiques),
        }
        for each in hours
    ]
    order = [names[day % 7] for day in range(1, 8)]
    chart = (
        chart_of(rows, labelled(words, "moment", "montant_typique", "spread", "ventes_typiques"))
        .mark_rect(cornerRadius=2)
        .encode(
            x=alt.X("hour:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True, **PLAIN)),
            y=alt.Y("weekday:N", sort=order, title=None, axis=alt.Axis(**PLAIN)),
            color=alt.Color("revenue:Q", legend=None, scale=alt.Scale(type="sqrt", domainMin=0)),
            description=SAID,
        )
    )
    return finished(words, chart, 230, sentence(words, words["rhythm"], rows))


def _at(hour: int) -> datetime:
    return datetime(2000, 1, 1, hour)


def cohorts_by_month(words: Language, cohorts: Sequence[Cohort], *, dark: bool) -> Spec:
    """A row for each month of first purchase, a cell for each month since, with the share that bought in it."""

    def month(day: date) -> str:
        return words.formats.period(datetime(day.year, day.month, day.day), "month")

    rows: list[Values] = [
        {
            "cohorte": month(each.cohorte),
            "since": each.mois_depuis,
            "rate": float(each.taux_retention),
            "mois_depuis": words.formats.number(each.mois_depuis),
            "taux_retention": words.formats.percentage(each.taux_retention, 0),
            "clients_actifs": words["of"].format(
                words.formats.number(each.clients_actifs), words.formats.number(each.nombre_clients)
            ),
            "revenue_text": words.formats.euros(each.total_montant),
        }
        for each in cohorts
    ]
    order = list(dict.fromkeys(row["cohorte"] for row in rows))
    columns = labelled(words, "cohorte", "mois_depuis", "taux_retention", "clients_actifs", "revenue_text")
    base = chart_of(rows, columns).encode(
        x=alt.X("since:O", title=None, axis=alt.Axis(orient="top", labelAngle=0, labelOverlap=True, **PLAIN)),
        y=alt.Y("cohorte:N", sort=order, title=None, axis=alt.Axis(labelLimit=120, **PLAIN)),
    )
    cells = base.mark_rect(cornerRadius=3).encode(
        color=alt.Color("rate:Q", legend=None, scale=alt.Scale(domain=[0, 100])), description=SAID
    )
    drawn: Any = cells
    if max((each.mois_depuis for each in cohorts), default=0) < 12:
        # with more months a cell is too narrow for its figure
        ink = alt.condition("datum.rate > 45", alt.value(INK[not dark]), alt.value(INK[dark]))
        drawn = cells + base.mark_text(fontSize=12, aria=False).encode(text="taux_retention:N", color=ink)
    return finished(words, drawn, max(30 * len(order), 60) + 30, sentence(words, words["cohorts"], rows))


def classes_of_clients(words: Language, counts: dict[str, tuple[int, Decimal]], *, dark: bool) -> Spec:
    """A bar of revenue for each class, with its number of clients above."""
    rows: list[Values] = [
        {
            "classe_rfm": words[f"rfm_{name}"],
            "revenue": float(amount),
            "nombre_clients": words.formats.number(clients),
            "revenue_text": words.formats.euros(amount),
        }
        for name, (clients, amount) in counts.items()
    ]
    widest = max((float(amount) for _, amount in counts.values()), default=0.0) or 1.0
    base = chart_of(rows, labelled(words, "classe_rfm", "nombre_clients", "revenue_text")).encode(
        y=alt.Y("classe_rfm:N", sort=None, axis=None)
    )
    bars = base.mark_bar(cornerRadius=3, height=10, yOffset=9).encode(
        x=alt.X("revenue:Q", axis=None, scale=alt.Scale(domain=[0, widest])), description=SAID
    )
    line: Values = {"baseline": "middle", "dy": -7, "fontSize": 13, "color": INK[dark], "aria": False}
    names = (
        base.transform_calculate(text="datum.classe_rfm + '  ·  ' + datum.nombre_clients")
        .mark_text(align="left", **line)
        .encode(x=alt.value(0), text="text:N")
    )
    amounts = base.mark_text(align="right", **line).encode(x=alt.value("width"), text="revenue_text:N")
    return finished(words, bars + names + amounts, max(44 * len(rows), 60), sentence(words, words["classes"], rows))
