"""The card of the forecasts: which series, how good the last forecasts were, and the chart that follows from it."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeAlias

import streamlit as st

from ingestion import queries
from ingestion.printable import printable
from ingestion.queries import DailyForecast, DailySales, DayFilters, ForecastQuality, GoldSnapshot, HourlyForecast
from streamlit_app import panels
from streamlit_app.chart_parts import Spec
from streamlit_app.gold import forecast_charts, mart_panels
from streamlit_app.language_choice import language

MESURE, TOTAL = "total_montant", "total"
SOLD_DAYS = 28
DAY = timedelta(days=1)
Ahead: TypeAlias = Sequence[DailyForecast | HourlyForecast]
_STEPS: dict[str, tuple[str, Callable[[GoldSnapshot, str, str, str], Ahead]]] = {
    "jour": ("previsions_journalieres", queries.daily_forecast),
    "heure": ("previsions_horaires", queries.hourly_forecast),
}


def forecast_card(gold: GoldSnapshot, filters: DayFilters) -> None:
    """The forecast of the chosen product or country if it is the only choice, else of all sales."""
    words, series = language(), _series(filters)
    with panels.card(st.container(), "forecast"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            step = st.segmented_control(
                words["forecast_step"],
                ("jour", "heure"),
                format_func=lambda each: words[f"forecast_{each}"],
                default="jour",
                required=True,
                label_visibility="collapsed",
                key="pas",
            )
            table, ask = _STEPS[step]
            ahead = ask(gold, MESURE, *series)
            if ahead:
                mart_panels.download(table, lambda: ahead)
        if ahead:
            _show(gold, filters, series, ahead)
        else:
            is_older = table not in (gold.publication.versions if gold.publication else {})
            st.info(words["forecast_before" if is_older else "forecast_too_early"], icon=":material/hourglass_empty:")


def _series(filters: DayFilters) -> tuple[str, str]:
    """Dimension and key of the series that the filters choose; of all sales if that one is not forecast."""
    match filters.produit, filters.pays, filters.segment:
        case (produit,), (), ():
            return "produit", produit
        case (), (pays,), ():
            return "pays", pays
    return TOTAL, TOTAL


def _show(gold: GoldSnapshot, filters: DayFilters, series: tuple[str, str], ahead: Ahead) -> None:
    words, is_by_day = language(), isinstance(ahead[0], DailyForecast)
    quality = _quality(gold, series, "jour" if is_by_day else "heure")
    is_naive = quality is not None and not quality.est_meilleure
    about = _about(filters, series, "forecast_days" if is_by_day else "forecast_hours")
    has_bands = not is_naive and ahead[0].haut_80 is not None
    st.caption(f"{about} {words['forecast_bands']}" if has_bands else about)
    if is_naive:
        st.info(_how_good(quality), icon=":material/history:")
    else:
        st.caption(_how_good(quality))
    panels.chart(st.container(), _chart(gold, series, ahead, naive=is_naive))


def _quality(gold: GoldSnapshot, series: tuple[str, str], step: str) -> ForecastQuality | None:
    """How good the forecasts of this series and step were; None if none could be compared yet."""
    wanted = (MESURE, *map(queries.composed, series), step)
    for each in queries.forecast_quality(gold):
        if (each.mesure, each.dimension, queries.composed(each.cle), each.pas) == wanted:
            return each
    return None


def _about(filters: DayFilters, series: tuple[str, str], label: str) -> str:
    """What the chart shows."""
    words = language()
    dimension, cle = series
    if dimension == TOTAL:
        is_filtered = filters.pays or filters.produit or filters.segment
        return words[label].format(words["forecast_only" if is_filtered else "forecast_all"])
    return words[label].format(words["forecast_of"].format(printable(cle)))


def _how_good(quality: ForecastQuality | None) -> str:
    """How far the forecasts of the last two weeks were off, in words."""
    words, percentage = language(), language().formats.percentage
    if quality is None:
        return words["forecast_unjudged"]
    if quality.wape is None or quality.wape_naive is None:
        said = [words["forecast_nothing_sold"]]
    else:
        label = "forecast_off_by" if quality.est_meilleure else "forecast_not_better"
        said = [words[label].format(percentage(quality.wape), percentage(quality.wape_naive))]
    if not quality.est_meilleure:
        said.append(words["forecast_repeats"])
    elif quality.couverture_80 is not None:
        said.append(words["forecast_covered"].format(percentage(quality.couverture_80, 0)))
    return " ".join(said)


def _chart(gold: GoldSnapshot, series: tuple[str, str], ahead: Ahead, *, naive: bool) -> Spec:
    words = language()
    days = [each for each in ahead if isinstance(each, DailyForecast)]
    if days:
        return forecast_charts.days_ahead(words, _sold(gold, series, days[0].jour), days, naive=naive)
    hours = [each for each in ahead if isinstance(each, HourlyForecast)]
    return forecast_charts.hours_ahead(
        words, hours, gold.publication.fuseau if gold.publication else "UTC", naive=naive
    )


def _sold(gold: GoldSnapshot, series: tuple[str, str], end: date) -> list[DailySales]:
    """The days before `end`, also those without a sale, from the first that is known."""
    dimension, cle = series
    of_series = {} if dimension == TOTAL else {dimension: (cle,)}
    rows = queries.daily_sales(gold, DayFilters(**of_series, start=end - SOLD_DAYS * DAY, end=end))
    known = {each.jour: each for each in rows}
    first = min(known, default=end)
    nothing = Decimal("0.00")
    return [
        known.get(day, DailySales(day, nothing, 0, 0, None, nothing, 0, 0))
        for day in (first + number * DAY for number in range((end - first).days))
    ]
