"""The dashboard: what every page shares, then the page."""

from pathlib import Path

import streamlit as st

from streamlit_app.freshness_banner import run_under_banner
from streamlit_app.labels import LABELS

HERE = Path(__file__).parent
st.set_page_config(page_title=LABELS["title"], page_icon=HERE / "icon.svg", layout="wide")
st.html(HERE / "style.css")
page = st.navigation(
    [
        st.Page(
            "app_pages/ventes.py",
            title=LABELS["page_ventes"],
            icon=":material/monitoring:",
            default=True,
        ),
        st.Page(
            "app_pages/confiance.py",
            title=LABELS["page_confiance"],
            icon=":material/verified_user:",
            url_path="confiance",
        ),
    ],
    position="top",
)
run_under_banner(page)
st.caption("[API](/api/docs) · [Lignage des tables](/lineage/) · [Mesures](/metrics)")
