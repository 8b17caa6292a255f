"""What the page shows of the sales that no slice has published yet: apart from the figures, and in another tone."""

import streamlit as st

from ingestion.queries import Filters, Snapshot, Trend
from streamlit_app import singletons
from streamlit_app.chart_parts import Spec
from streamlit_app.language_choice import language
from streamlit_app.trend_chart import tail_rows, with_tail


@st.fragment(run_every="2s")
def on_the_way(snapshot: Snapshot, filters: Filters) -> None:
    """One line, always as high, so that nothing moves when a figure changes."""
    words, view = language(), singletons.tail().view(snapshot)
    if view is None:
        text = words["way_unknown"]
    else:
        totals = view.totals(filters)
        label = "on_the_way" if view.is_whole else "more_on_the_way"
        text = words.count(label, totals.nombre_ventes, words.formats.euros(totals.total_montant))
        if not totals.nombre_ventes:
            text = words["none_on_the_way" if view.is_whole else "way_unknown"]
    st.caption(f":material/hourglass_top: _{text}_", help=words["on_the_way_help"])


@st.fragment(run_every="2s")
def trend_with_tail(spec: Spec, trend: Trend, snapshot: Snapshot, filters: Filters) -> None:
    view = singletons.tail().view(snapshot)
    st.vega_lite_chart(spec=with_tail(spec, tail_rows(language(), trend, view.matching(filters) if view else [])))
