"""Who are our clients, and do they come back?"""

from functools import partial

import streamlit as st

from ingestion import queries
from ingestion.queries import CLASSES_RFM
from streamlit_app import panels
from streamlit_app.figures import is_dark
from streamlit_app.freshness_banner import shown
from streamlit_app.gold import mart_charts, mart_panels
from streamlit_app.language_choice import language

MOST_CLIENTS, MOST_SALES, MOST_MONTHS = 200, 50, 24
words = language()
st.header(words["clients_question"])
gold, _ = mart_panels.published_marts()
counts = queries.classes_of_clients(gold)

left, right = st.columns(2)
panels.chart(panels.card(left, "classes"), mart_charts.classes_of_clients(words, counts, dark=is_dark()))
frame = panels.card(right, "cohorts")
frame.caption(words["cohorts_intro"])
panels.chart(frame, mart_charts.cohorts_by_month(words, queries.cohorts(gold, MOST_MONTHS), dark=is_dark()))

with panels.card(st.container(), "clients"):
    with st.container(horizontal=True, vertical_alignment="bottom"):
        classe = st.selectbox(
            words["classe_rfm"],
            [name for name in CLASSES_RFM if name in counts],
            index=None,
            key="classe",
            placeholder=words["all_classes"],
            format_func=lambda name: f"{words[f'rfm_{name}']} ({words.formats.number(counts[name][0])})",
        )
        named = st.text_input(words["client_search"], key="client", max_chars=100, icon=":material/search:")
        wanted = partial(queries.client_values, gold, classe=classe, named=(named or "").strip())
        clients = wanted(limit=MOST_CLIENTS)
        mart_panels.download("valeur_clients", partial(wanted, limit=None))
    mart_panels.client_table(clients)
    number = counts[classe][0] if classe else sum(clients for clients, _ in counts.values())
    if number > MOST_CLIENTS and not named:
        st.caption(words["best_clients"].format(MOST_CLIENTS, words.formats.number(number)))
    st.caption(words["rfm_intro"])
    chosen = st.selectbox(
        words["sales_of_client"],
        clients,
        index=None,
        key="ventes_de",
        format_func=lambda each: f"{each.client_nom} ({each.client_id})",
        placeholder=words["choose"],
    )
    if chosen:
        mart_panels.sales_of_client(queries.sales_of_client(shown(), chosen.client_id, MOST_SALES))
