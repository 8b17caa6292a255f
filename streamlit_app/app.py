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
page = st.navigation(
    [
        st.Page(
            "app_pages/ventes.py",
            title=language["page_sales"],
            icon=":material/monitoring:",
            default=True,
        ),
        st.Page(
            "app_pages/tendances.py",
            title=language["page_trends"],
            icon=":material/trending_up:",
            url_path="tendances",
        ),
        st.Page(
            "app_pages/produits.py",
            title=language["page_products"],
            icon=":material/inventory_2:",
            url_path="produits",
        ),
        st.Page(
            "app_pages/clients.py",
            title=language["page_clients"],
            icon=":material/group:",
            url_path="clients",
        ),
        st.Page(
            "app_pages/confiance.py",
            title=language["page_trust"],
            icon=":material/verified_user:",
            url_path="confiance",
        ),
    ],
    position="top",
)
run_under_banner(page)
st.caption(language["footer"])
