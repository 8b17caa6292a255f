"""Can I trust this?  The balance of all events, one sale's way, the ledger, the quarantine."""

import streamlit as st

from ingestion import queries
from streamlit_app import live, trust_panels
from streamlit_app.freshness_banner import shown
from streamlit_app.labels import LABELS

snapshot = shown()
slices = live.lake().ledger.slices()

st.header(LABELS["page_confiance"])
st.markdown(LABELS["confiance_intro"])
trust_panels.balance(snapshot.totals)
trust_panels.backlog()
trust_panels.losses(queries.accepted_gaps(live.lake()))
trust_panels.isolated(queries.isolated_events(live.lake()))

with st.container(border=True):
    st.subheader(LABELS["suivre"])
    st.caption(LABELS["suivre_intro"])
    trust_panels.search(snapshot.key)

with st.container(border=True):
    st.subheader(LABELS["grand_livre"])
    st.caption(LABELS["grand_livre_intro"])
    trust_panels.ledger(slices)

with st.container(border=True):
    st.subheader(LABELS["quarantaine"])
    st.caption(LABELS["quarantaine_intro"])
    trust_panels.quarantine(snapshot)
