"""The choice of period and values; it stands in the page's address, so that a view can be sent to somebody."""

from datetime import datetime, timedelta

import streamlit as st

from streamlit_app.figures import current_hour
from streamlit_app.labels import LABELS
from streamlit_app.queries import Filters, Snapshot, choices

# hours back from the current one, which counts
PERIODS = {"24 h": 24, "7 j": 7 * 24, "30 j": 30 * 24, "Tout": None}


def filter_bar(snapshot: Snapshot) -> Filters:
    options = choices(snapshot)
    period = st.segmented_control(
        LABELS["periode"],
        PERIODS,
        default="Tout",
        required=True,
        key="periode",
        bind="query-params",
    )
    count = sum(len(st.session_state.get(name, ())) for name in options)
    with st.popover(f"{LABELS['filtres']} ({count})" if count else LABELS["filtres"], icon=":material/tune:"):
        pays, produit, segment = (_pick(name, options[name]) for name in ("pays", "produit", "segment"))
    return Filters(pays, produit, segment, start=_start(period, current_hour(snapshot)))


def _pick(name: str, options: list[str]) -> tuple[str, ...]:
    chosen = st.multiselect(LABELS[name], options, placeholder=LABELS["tous"], key=name, bind="query-params")
    return tuple(sorted(chosen))


def _start(period: str | None, current: datetime) -> datetime | None:
    hours = PERIODS[period or "Tout"]
    return None if hours is None else current - timedelta(hours=hours - 1)
