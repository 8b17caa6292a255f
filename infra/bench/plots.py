"""A report as one HTML page; it needs nothing from elsewhere.

Each figure has a point for each run and a line at the median; runs that follow each other are a line over time.
"""

from pathlib import Path

import altair as alt

from infra.bench.result_file import Report
from infra.bench.results import CaseResult, Figure, Unit

WIDTH, ROW_HEIGHT = 520, 24


def draw(file: Path, report: Report) -> None:
    machine = report.machine
    cache = "with" if machine.start_up_cache else "without"
    title = alt.TitleParams(
        "sales bench",
        subtitle=f"{machine.cores} cores, {machine.cpu}, {machine.kernel}, Java {machine.java}, {cache} start-up cache",
        fontSize=20,
    )
    page = alt.vconcat(*(_case(case) for case in report.cases), title=title).configure_view(stroke=None)
    page.save(str(file), format="html", inline=True)


def _case(case: CaseResult) -> alt.VConcatChart:
    """The figures of one case, those of each unit on an axis of their own."""
    units = list(dict.fromkeys(figure.unit for figure in case.measured.figures))
    title = f"{case.name}, {case.started_at}, load average before it {case.load_average:.2f}"
    axis = _over_time if case.measured.in_order else _axis
    charts = [axis(unit, [each for each in case.measured.figures if each.unit == unit]) for unit in units]
    return alt.vconcat(*charts, title=alt.TitleParams(title, anchor="start"))


def _axis(unit: Unit, figures: list[Figure]) -> alt.LayerChart | alt.FacetChart:
    runs = [{"figure": figure.name, "value": value} for figure in figures for value in figure.runs]
    medians = [{"figure": figure.name, "value": figure.median} for figure in figures]
    rows = alt.Y("figure:N", sort=[figure.name for figure in figures], title=None, axis=alt.Axis(labelLimit=360))
    values = alt.X("value:Q", title=unit or None, scale=alt.Scale(zero=True))
    points = alt.Chart(alt.InlineData(values=runs)).mark_circle(size=50, opacity=0.6)
    line = alt.Chart(alt.InlineData(values=medians)).mark_tick(thickness=2, size=16, color="black")
    drawn = [each.encode(x=values, y=rows, tooltip=["figure:N", "value:Q"]) for each in (points, line)]
    return alt.layer(*drawn).properties(width=WIDTH, height=ROW_HEIGHT * len(figures))


def _over_time(unit: Unit, figures: list[Figure]) -> alt.FacetChart:
    """A small chart for each figure, its runs in their order."""
    runs = [
        {"figure": figure.name, "run": run, "value": value}
        for figure in figures
        for run, value in enumerate(figure.runs, start=1)
    ]
    names = [figure.name for figure in figures]
    lines = alt.Chart(alt.InlineData(values=runs)).mark_line(point=True)
    drawn = lines.encode(
        x=alt.X("run:O", title="run"),
        y=alt.Y("value:Q", title=unit or None, scale=alt.Scale(zero=True)),
        tooltip=["figure:N", "run:O", "value:Q"],
    ).properties(width=WIDTH // 2, height=ROW_HEIGHT * 5)
    faceted: alt.FacetChart = drawn.facet(alt.Facet("figure:N", sort=names, title=None), columns=2)
    faceted.resolve = alt.Resolve(scale=alt.ScaleResolveMap(y="independent"))
    return faceted
