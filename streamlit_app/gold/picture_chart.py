"""The picture of an incident: what was observed as a line, what was expected as dashes in their band."""

from typing import Any

import altair as alt

from ingestion.queries import AnomalyPicture, Quarter
from ingestion.queries.pictures import QUARTER
from streamlit_app.chart_parts import (
    INK,
    PLAIN,
    SAID,
    Spec,
    Values,
    chart_of,
    finished,
    labelled,
    sentence,
    short_amount,
)
from streamlit_app.gold.incident_texts import figure
from streamlit_app.languages import Language

_NOTHING = "-"
_ALARM = "#dc2626"
# on light and dark pages
_EXPECTED = {False: "#4f46e5", True: "#8b85f5"}


def picture(words: Language, found: AnomalyPicture, *, dark: bool) -> Spec:
    rows = [_row(words, found, each) for each in found.quarts]
    base = chart_of(rows, labelled(words, "quart", "observe", "attendu", "bande"))
    amounts = _axis(words, found)
    # always in UTC, wherever the browser is
    ticks = alt.Axis(grid=False, format=words.formats.ticks["day_hour"], labelOverlap=True, labelSeparation=8)
    time = alt.X("start:T", scale=alt.Scale(type="utc"), axis=ticks, title=None)
    middle = alt.X("middle:T", scale=alt.Scale(type="utc"), axis=ticks, title=None)
    strips = base.encode(x=time, x2="end:T", y=alt.value(0), y2=alt.value("height"))
    layers: list[Any] = [
        strips.transform_filter(alt.datum.is_incident).mark_rect(color=_ALARM, opacity=0.13, aria=False)
    ]
    if any(each.attendu is not None for each in found.quarts):
        expected = base.transform_filter("isValid(datum.expected)").encode(x=middle)
        band = expected.mark_area(color=_EXPECTED[dark], opacity=0.2, aria=False, interpolate="monotone")
        layers.append(band.encode(y=alt.Y("low:Q", axis=amounts), y2="high:Q"))
        dashes = expected.mark_line(
            color=_EXPECTED[dark], strokeDash=[5, 4], strokeWidth=1.5, aria=False, interpolate="monotone"
        )
        layers.append(dashes.encode(y=alt.Y("expected:Q", axis=amounts)))
    line = base.mark_line(color=INK[dark], strokeWidth=1.75, aria=False)
    layers.append(line.encode(x=middle, y=alt.Y("observed:Q", axis=amounts)))
    # what the pointer shows and a screen reader says, one for each quarter
    layers.append(strips.mark_rect(opacity=0).encode(description=SAID))
    return finished(words, alt.layer(*layers), 300, sentence(words, words[f"unit_{found.unite}"], rows))


def _axis(words: Language, found: AnomalyPicture) -> alt.Axis:
    if found.unite == "EUR":
        return alt.Axis(labelExpr=short_amount(words.formats, "datum.value"), tickCount=5, title=None, **PLAIN)
    return alt.Axis(format=",d", tickCount=5, tickMinStep=1, title=None, **PLAIN)


def _row(words: Language, found: AnomalyPicture, quarter: Quarter) -> Values:
    is_money, end = found.unite == "EUR", quarter.moment + QUARTER
    values: Values = {
        "start": quarter.moment.isoformat(),
        "middle": (quarter.moment + QUARTER / 2).isoformat(),
        "end": end.isoformat(),
        "quart": words.formats.minute(quarter.moment),
        "observed": float(quarter.observe),
        "observe": figure(words, quarter.observe, is_money=is_money),
        "attendu": _NOTHING,
        "bande": _NOTHING,
        "is_incident": quarter.moment <= found.derniere_alerte and end > found.debut,
    }
    if quarter.attendu is not None and quarter.attendu_bas is not None and quarter.attendu_haut is not None:
        low, high = (figure(words, each, is_money=is_money) for each in (quarter.attendu_bas, quarter.attendu_haut))
        values |= {
            "expected": float(quarter.attendu),
            "low": float(quarter.attendu_bas),
            "high": float(quarter.attendu_haut),
            "attendu": figure(words, quarter.attendu, is_money=is_money),
            "bande": words["from_to"].format(low, high),
        }
    return values
