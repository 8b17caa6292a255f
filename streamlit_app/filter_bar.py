"""The choice of period and values; it stands in the page's address, so that a view can be sent to somebody."""

from datetime import datetime

import streamlit as st

from ingestion.printable import printable
from ingestion.queries import Filters, Snapshot, choices, newest_vente_at
from streamlit_app.figures import HOUR, hour_of
from streamlit_app.language_choice import language
from streamlit_app.languages import languages

# hours, the last of them that of the newest sale
PERIODS = {"24h": 24, "7d": 7 * 24, "30d": 30 * 24, "all": None}
DEFAULT = "30d"


def filter_bar(snapshot: Snapshot) -> Filters:
    words, options = language(), choices(snapshot)
    _take_period_of_another_language()
    period = st.segmented_control(
        words["period"],
        PERIODS,
        format_func=lambda each: words[f"period_{each}"],
        default=DEFAULT,
        required=True,
        help=words["period_help"],
        key="periode",
        bind="query-params",
    )
    count = sum(len(st.session_state.get(name, ())) for name in options)
    with st.popover(f"{words['filters']} ({count})" if count else words["filters"], icon=":material/tune:"):
        pays, produit, segment = (_pick(name, options[name]) for name in ("pays", "produit", "segment"))
    return Filters(pays, produit, segment, start=_start(PERIODS[period or DEFAULT], snapshot))


def _take_period_of_another_language() -> None:
    """The address holds the period by its label, and a link may be opened in another language than its sender's."""
    asked = st.query_params.get("periode")
    if asked is None or "periode" in st.session_state:
        return
    known = {words[f"period_{each}"]: each for words in languages().values() for each in PERIODS}
    label = language()[f"period_{known.get(asked, DEFAULT)}"]
    if asked in known and asked != label:
        st.query_params["periode"] = label
        st.rerun()


def _pick(name: str, options: list[str]) -> tuple[str, ...]:
    _tell_unknown(name, options)
    chosen = st.multiselect(language()[name], options, placeholder=language()["any"], key=name, bind="query-params")
    return tuple(sorted(chosen))


def _tell_unknown(name: str, options: list[str]) -> None:
    """Say which of the address's values are none of the options: Streamlit leaves them out without a word."""
    if name not in st.session_state:
        for each in st.query_params.get_all(name):
            if each not in options:
                st.toast(language()["unknown_choice"].format(printable(each[:100])), icon=":material/filter_alt_off:")


def _start(hours: int | None, snapshot: Snapshot) -> datetime | None:
    """The first hour, where the last is that of the newest sale: a shop that has closed still shows its last days."""
    newest = newest_vente_at(snapshot)
    if hours is None or newest is None or snapshot.publication is None:
        return None
    # a sale may be of tomorrow
    last = hour_of(min(newest, snapshot.publication.closed_at))
    # nothing lies before the first hour of year 1
    return last - min((hours - 1) * HOUR, last - datetime.min)
