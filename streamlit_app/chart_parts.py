"""What every chart is made of: its rows with their texts, the sentence that says them, the format of amounts.

The text that a mark shows under the pointer is also what a screen reader says of it, and its row in the chart's table.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import altair as alt

from streamlit_app.formats import Formats
from streamlit_app.languages import Language

Values: TypeAlias = dict[str, Any]
# a chart as Vega-Lite: plain values, which can be cached and sent to many pages
Spec: TypeAlias = dict[str, Any]

PLAIN: dict[str, Any] = {"domain": False, "ticks": False}
# a chart's description names this many rows; its table has all
SPOKEN_ROWS = 40
# the label of a text, if its name is not that of a column
_LABELS = {"revenue_text": "total_montant"}
# what a screen reader says of one mark, if there is one mark for each row
SAID = "said:N"
# text that charts draw themselves, on light and dark pages
INK = {False: "#1b1f33", True: "#e8e9f3"}


def table(chart: Spec) -> list[dict[str, str]]:
    """What the chart shows, row by row, under the labels of its columns."""
    drawn = chart["layer"][0] if "layer" in chart else chart
    columns = drawn["encoding"]["tooltip"]
    return [{each["title"]: row[each["field"]] for each in columns} for row in chart["data"]["values"]]


def labelled(words: Language, *names: str) -> dict[str, str]:
    return {name: words[_LABELS.get(name, name)] for name in names}


def chart_of(rows: list[Values], columns: dict[str, str]) -> alt.Chart:
    """A chart of `rows`; `columns` gives the label of each text that the pointer shows and a screen reader says."""
    for row in rows:
        row["said"] = ", ".join(row[name] for name in columns)
    chart = alt.Chart(alt.Data(values=rows))  # type: ignore[no-untyped-call]
    return chart.encode(tooltip=[alt.Tooltip(f"{name}:N", title=label) for name, label in columns.items()])


def sentence(words: Language, heading: str, rows: Sequence[Values]) -> str:
    """The chart in one sentence."""
    if not rows:
        return words["chart_said"].format(heading, words["nothing"])
    said = words["between_rows"].join(row["said"] for row in rows[:SPOKEN_ROWS])
    more = words.count("and_others", len(rows) - SPOKEN_ROWS) if len(rows) > SPOKEN_ROWS else ""
    return words["chart_said"].format(heading, said) + more


def finished(words: Language, chart: Any, height: int, said: str) -> Spec:
    chart = chart.properties(height=height, description=said).configure(locale=words.formats.vega_locale())
    # Vega would describe axes and legends in English, though each mark already says what they show
    drawn = chart.configure_view(strokeWidth=0).configure_axis(aria=False).configure_legend(aria=False)
    spec: Spec = drawn.to_dict(validate=False)
    return spec


def short_amount(formats: Formats, value: str) -> str:
    """Vega's expression for a short amount on axes and in cells, 12 k€ or 3,4 M€; the tooltip has the exact one."""
    euros, thousands, millions = (f"'{each}'".replace("{}", "' + format({}) + '") for each in formats.short_money)
    in_millions, in_thousands = millions.format(f"{value} / 1e6, ',.3~r'"), thousands.format(f"{value} / 1e3, ',.3~r'")
    in_euros = euros.format(f"{value}, ',.0f'")
    return f"{value} >= 1e6 ? {in_millions} : {value} >= 1e4 ? {in_thousands} : {in_euros}"
