"""The choice of period and values; it stands in the page's address, so that a view can be sent to somebody."""

from datetime import datetime

import streamlit as st

from ingestion.printable import printable
from ingestion.queries import Filters, Snapshot, choices, newest_vente_at
from streamlit_app.figures import HOUR, hour_of
from streamlit_app.labels import LABELS

# hours, the last of them that of the newest sale
PERIODS = {"24 h": 24, "7 j": 7 * 24, "30 j": 30 * 24, "Tout": None}
DEFAULT = "30 j"


def filter_bar(snapshot: Snapshot) -> Filters:
    options = choices(snapshot)
    period = st.segmented_control(
        LABELS["periode"],
        PERIODS,
        default=DEFAULT,
        required=True,
        help=LABELS["periode_help"],
        key="periode",
        bind="query-params",
    )
    count = sum(len(st.session_state.get(name, ())) for name in options)
    with st.popover(f"{LABELS['filtres']} ({count})" if count else LABELS["filtres"], icon=":material/tune:"):
        pays, produit, segment = (_pick(name, options[name]) for name in ("pays", "produit", "segment"))
    return Filters(pays, produit, segment, start=_start(PERIODS[period or DEFAULT], snapshot))


def _pick(name: str, options: list[str]) -> tuple[str, ...]:
    _tell_unknown(name, options)
    chosen = st.multiselect(LABELS[name], options, placeholder=LABELS["tous"], key=name, bind="query-params")
    return tuple(sorted(chosen))


def _tell_unknown(name: str, options: list[str]) -> None:
    """Say which of the address's values are none of the options: Streamlit leaves them out without a word."""
    if name not in st.session_state:
        for each in st.query_params.get_all(name):
            if each not in options:
                st.toast(LABELS["unknown_choice"].format(printable(each[:100])), icon=":material/filter_alt_off:")


def _start(hours: int | None, snapshot: Snapshot) -> datetime | None:
    """The first hour, where the last is that of the newest sale: a shop that has closed still shows its last days."""
    newest = newest_vente_at(snapshot)
    if hours is None or newest is None or snapshot.publication is None:
        return None
    # a sale may be of tomorrow
    last = hour_of(min(newest, snapshot.publication.closed_at))
    # nothing lies before the first hour of year 1
    return last - min((hours - 1) * HOUR, last - datetime.min)
