"""Which products make the revenue?"""

import streamlit as st

from ingestion import queries
from streamlit_app import charts, panels
from streamlit_app.figures import is_dark
from streamlit_app.gold import mart_charts, mart_panels
from streamlit_app.language_choice import PARAMETER, language, language_code

words = language()
st.header(words["products_question"])
gold, _ = mart_panels.published_marts()
products = queries.product_performance(gold)
first = products[0]

with st.container(horizontal=True, vertical_alignment="center"):
    days = (mart_charts.day_of_week(words, day) for day in (first.debut, first.fin))
    st.caption(words["thirty_days"].format(*days), width="stretch")
    mart_panels.download("performance_produits", lambda: products)
left, right = st.columns([2, 3])
sold = [each for each in products if each.rang is not None]
panels.chart(panels.card(left, "by_product"), charts.revenue_by_product(words, sold, dark=is_dark()))
with panels.card(right, "performance"):
    mart_panels.product_table(products)
    st.caption(words["abc_intro"])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(words["sales_of"], [each.produit_nom for each in products])
        st.page_link(
            "app_pages/ventes.py",
            label=words["open_sales"],
            icon=":material/arrow_forward:",
            query_params={"produit": chosen, PARAMETER: language_code()},
        )
