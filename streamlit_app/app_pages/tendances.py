"""Do we sell more than a week ago, and when do we sell?"""

from datetime import timedelta

import streamlit as st

from ingestion import queries
from ingestion.queries import DayFilters
from streamlit_app import panels, singletons
from streamlit_app.figures import is_dark
from streamlit_app.filter_bar import value_filters
from streamlit_app.gold import mart_charts, mart_panels
from streamlit_app.gold.forecast_panel import forecast_card
from streamlit_app.language_choice import language

SHOWN_DAYS = 28
words = language()
st.header(words["trends_question"])
gold, last = mart_panels.published_marts()

with st.container(horizontal=True, vertical_alignment="bottom"):
    pays, produit, segment = value_filters(singletons.lake().current())
    filters = DayFilters(pays, produit, segment, last - timedelta(days=SHOWN_DAYS - 1), last + timedelta(days=1))
    days = queries.daily_sales(gold, filters)
    mart_panels.download("ventes_journalieres", lambda: days)

if not days:
    st.info(words["no_match"], icon=":material/filter_alt_off:")
    st.stop()
st.caption(words["last_week"].format(*(mart_charts.day_of_week(words, last - timedelta(days=ago)) for ago in (7, 1))))
mart_panels.week_against_week([each for each in days if last - timedelta(days=7) <= each.jour < last])
frame = panels.card(st.container(), "days")
frame.caption(words["days_intro"])
panels.chart(frame, mart_charts.days_and_the_week_before(words, days, dark=is_dark()))
forecast_card(gold, filters)
frame = panels.card(st.container(), "rhythm")
frame.caption(words["rhythm_intro"])
panels.chart(frame, mart_charts.rhythm_of_the_week(words, queries.seasonality(gold)))
