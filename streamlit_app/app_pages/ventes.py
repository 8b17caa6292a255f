"""What was sold: filters, headline figures, charts, tables."""

import streamlit as st

from ingestion.queries import Filters
from streamlit_app import panels, provisional_panels, singletons
from streamlit_app.figures import drawings, is_dark, load_figures, running_hour, trend_heading
from streamlit_app.filter_bar import filter_bar
from streamlit_app.freshness_banner import shown
from streamlit_app.language_choice import language, language_code

snapshot = shown()
if snapshot.publication is None:
    provisional_panels.on_the_way(snapshot, Filters())
    st.stop()

bar = st.container(horizontal=True, vertical_alignment="bottom")
with bar:
    filters = filter_bar(snapshot)

data = load_figures(snapshot.key, filters, snapshot)
if not data.trend.periods:
    st.info(language()["no_match"], icon=":material/filter_alt_off:")
    provisional_panels.on_the_way(snapshot, filters)
    st.stop()

with bar:
    panels.downloads(snapshot, filters)
running = running_hour(snapshot.publication, singletons.sampler().latest())
panels.headlines(data, running)
provisional_panels.on_the_way(snapshot, filters)

drawn = drawings(snapshot.key, filters, is_dark(), running, language_code(), data)
trend, frame = drawn[trend_heading(data)], panels.card(st.container(), trend_heading(data))
with frame:
    provisional_panels.trend_with_tail(trend, data.trend, snapshot, filters)
panels.chart_table(frame, trend)
for row in (["by_product", "by_country"], ["product_by_country", "segments"]):
    for column, name in zip(st.columns(len(row)), row, strict=True):
        panels.chart(panels.card(column, name), drawn[name])

left, right = st.columns(2)
with panels.card(left, "top"):
    panels.top_table(data.top)
with panels.card(right, "by_segment"):
    panels.segment_table(data.segments)
