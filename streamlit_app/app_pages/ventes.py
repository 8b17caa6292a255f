"""What was sold: filters, headline figures, charts."""

import streamlit as st

from streamlit_app import charts, panels
from streamlit_app.figures import current_hour, figures, is_dark, without_gaps
from streamlit_app.filter_bar import filter_bar
from streamlit_app.freshness_banner import shown
from streamlit_app.labels import LABELS

snapshot = shown()
if snapshot.publication is None:
    st.stop()

bar = st.container(horizontal=True, vertical_alignment="bottom")
with bar:
    filters = filter_bar(snapshot)
data, current, dark = figures(snapshot.key, filters, snapshot), current_hour(snapshot), is_dark()
if not data.hours:
    st.info(LABELS["no_match"], icon=":material/filter_alt_off:")
    st.stop()
with bar:
    panels.downloads(data)

panels.headlines(data, current)

with st.container(border=True):
    st.subheader(LABELS["tendance"])
    st.altair_chart(charts.hourly_trend(without_gaps(data.hours, current), current))

left, right = st.columns(2)
with left.container(border=True, height="stretch"):
    st.subheader(LABELS["par_produit"])
    st.altair_chart(charts.revenue_by_product(data.aggregated, dark=dark))
with right.container(border=True, height="stretch"):
    st.subheader(LABELS["par_pays"])
    st.altair_chart(charts.revenue_by_country(data.countries, dark=dark))

left, right = st.columns(2)
with left.container(border=True, height="stretch"):
    st.subheader(LABELS["produit_pays"])
    st.altair_chart(charts.product_by_country(data.aggregated, dark=dark))
with right.container(border=True, height="stretch"):
    st.subheader(LABELS["segments"])
    st.altair_chart(charts.segments_by_product(data.by_segment))

left, right = st.columns(2)
with left.container(border=True, height="stretch"):
    st.subheader(LABELS["top"])
    panels.top_table(data.top)
with right.container(border=True, height="stretch"):
    st.subheader(LABELS["par_segment"])
    panels.segment_table(data.segments)
