"""The choice of period and values, kept in the page's address so that a view can be sent to somebody."""

from datetime import datetime

import streamlit as st

from ingestion.printable import printable
from ingestion.queries import Filters, Snapshot, choices, newest_vente_at
from streamlit_app.figures import HOUR, hour_of
from streamlit_app.language_choice import language
from streamlit_app.languages import languages

# in hours; the last hour is that of the newest sale
PERIODS = {"24h": 24, "7d": 7 * 24, "30d": 30 * 24, "all": None}
DEFAULT = "30d"


def filter_bar(snapshot: Snapshot) -> Filters:
    words = language()
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
    return Filters(*value_filters(snapshot), start=_start(PERIODS[period or DEFAULT], snapshot))


def value_filters(snapshot: Snapshot) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The chosen countries, products and segments; an empty choice means all."""
    words, options = language(), choices(snapshot)
    count = sum(len(st.session_state.get(name, ())) for name in options)
    with st.popover(f"{words['filters']} ({count})" if count else words["filters"], icon=":material/tune:"):
        pays, produit, segment = (_pick(name, options[name]) for name in ("pays", "produit", "segment"))
    return pays, produit, segment


def _take_period_of_another_language() -> None:
    """Translate the period in the address, which is a label: a link may come from a reader of another language."""
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
    """Report values in the address that are not among the options: Streamlit drops them silently."""
    if name not in st.session_state:
        for each in st.query_params.get_all(name):
            if each not in options:
                st.toast(language()["unknown_choice"].format(printable(each[:100])), icon=":material/filter_alt_off:")


def _start(hours: int | None, snapshot: Snapshot) -> datetime | None:
    """The first hour of a period that ends with the newest sale: a shop that has closed still shows its last days."""
    newest = newest_vente_at(snapshot)
    if hours is None or newest is None or snapshot.publication is None:
        return None
    # a sale may be dated tomorrow
    last = hour_of(min(newest, snapshot.publication.closed_at))
    # there is no hour before the first of year 1
    return last - min((hours - 1) * HOUR, last - datetime.min)
