"""The dashboard: what every page shares, then the page."""

from pathlib import Path

import streamlit as st

from streamlit_app.freshness_banner import run_under_banner
from streamlit_app.language_choice import settle_language, tell_browser

HERE = Path(__file__).parent
language = settle_language()
st.set_page_config(page_title=language["title"], page_icon=HERE / "icon.svg", layout="wide")
st.html(HERE / "style.css")
tell_browser()
# file in app_pages/ and its address, label of its title, icon; the first is the start page
PAGES = (
    ("ventes", "page_sales", "monitoring"),
    ("tendances", "page_trends", "trending_up"),
    ("produits", "page_products", "inventory_2"),
    ("clients", "page_clients", "group"),
    ("alertes", "page_alerts", "notifications"),
    ("confiance", "page_trust", "verified_user"),
)
page = st.navigation(
    [
        st.Page(
            f"app_pages/{name}.py",
            title=language[title],
            icon=f":material/{icon}:",
            url_path="" if name == "ventes" else name,
            default=name == "ventes",
        )
        for name, title, icon in PAGES
    ],
    position="top",
)
run_under_banner(page)
with st.container(horizontal=True, vertical_alignment="center", key="footer"):
    st.caption(language["footer"])
    # as a PDF or on paper, in the browser's own dialogue
    if st.button(language["print"], icon=":material/print:", type="tertiary"):
        st.html("<script>window.print()</script>", unsafe_allow_javascript=True)
