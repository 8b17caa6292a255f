"""Can I trust this?  The balance of all events, the path of one sale, the ledger, the quarantine."""

import streamlit as st

from ingestion import queries
from streamlit_app import singletons, trust_panels
from streamlit_app.freshness_banner import shown
from streamlit_app.language_choice import language

words = language()
snapshot = shown()
slices = singletons.lake().ledger.slices()

st.header(words["page_trust"])
st.markdown(words["trust_intro"])
trust_panels.balance(snapshot.totals)
trust_panels.backlog()
trust_panels.losses(queries.accepted_gaps(singletons.lake()))
trust_panels.isolated(queries.isolated_events(singletons.lake()))

with st.container(border=True):
    st.subheader(words["follow"])
    st.caption(words["follow_intro"])
    trust_panels.search(snapshot.key)

with st.container(border=True):
    st.subheader(words["ledger"])
    st.caption(words["ledger_intro"])
    trust_panels.ledger(slices)

with st.container(border=True):
    st.subheader(words["quarantine"])
    st.caption(words["quarantine_intro"])
    trust_panels.quarantine(snapshot)
