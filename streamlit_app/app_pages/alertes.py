"""What is out of the ordinary?"""

import streamlit as st

from ingestion.reading.incidents import CLOSED
from streamlit_app import singletons
from streamlit_app.gold import incident_panels, mart_panels
from streamlit_app.language_choice import language

words = language()
st.header(words["alerts_question"])
gold, _ = mart_panels.published_marts()
seen = singletons.watch().seen()
if seen.state is None:
    st.info(words["no_watch"], icon=":material/hourglass_empty:")
    st.stop()

closed = [each for each in seen.incidents if each.statut == CLOSED]
still_open = [each for each in seen.incidents if each.statut != CLOSED]
incident_panels.how_far(seen.state)
incident_panels.open_incidents(still_open, seen.state)
if seen.incidents:
    incident_panels.one_incident(gold, [*still_open, *closed])
incident_panels.closed_incidents(closed, seen.incidents)
