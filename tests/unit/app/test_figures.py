"""Complete hours, charts and downloads."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from ingestion import queries
from ingestion.queries import Filters, HourOfSales, PeriodOfSales, Trend
from ingestion.reading.freshness import Freshness
from ingestion.verify.verdict import RAISONS
from streamlit_app import chart_parts, charts, panels, trend_chart
from streamlit_app.figures import complete_hours, load_figures, running_hour
from streamlit_app.languages import languages

NOON = datetime(2025, 12, 22, 12)
FRENCH, ENGLISH = languages()["fr"], languages()["en"]


def hour(moment, montant="10.00", ventes=1):
    return HourOfSales(moment, Decimal(montant), ventes, ventes)


def test_the_hour_that_runs_is_not_compared():
    hours = [hour(NOON - timedelta(hours=2), "5.00"), hour(NOON - timedelta(hours=1), "7.00"), hour(NOON, "1.00")]
    last, before = complete_hours(hours, running=NOON)
    assert (last.total_montant, before.total_montant) == (Decimal("7.00"), Decimal("5.00"))


def test_an_hour_without_a_sale_counts_as_zero():
    last, before = complete_hours([hour(NOON - timedelta(hours=2))], running=NOON)
    assert (last.heure, last.nombre_ventes) == (NOON - timedelta(hours=1), 0)
    assert before.nombre_ventes == 1


@pytest.mark.parametrize(
    ("lag", "measured", "running"),
    [
        # nothing waits: what the clock has left is complete, also when the last slice closed hours before
        (0, "15:00:00", 15),
        (0, "14:59:59", 14),
        (0, "10:05:01", 10),
        # an event waits, or nobody knows: it may belong to the hour in which the last slice closed
        (3, "15:00:00", 10),
        (None, "15:00:00", 10),
        # measured before the slice closed
        (0, "09:59:59", 10),
    ],
)
def test_an_hour_is_complete_when_nothing_can_add_to_it(published, lag, measured, running):
    published.publish(closed_at="2026-01-01T10:05:00")
    measured_at = datetime.fromisoformat(f"2026-01-01T{measured}").replace(tzinfo=UTC)
    publication = published.lake.current().publication
    assert running_hour(publication, Freshness(measured_at, lag, None, None)) == datetime(2026, 1, 1, running)
    assert running_hour(publication, None) == datetime(2026, 1, 1, 10)


def test_the_hours_compared_are_there_whatever_the_clock_says(tiny):
    def sold(moment):
        return (1, "Casque audio", "France", "Particulier", f"2026-01-01T{moment}", 1, "59.99")

    tiny.publish(
        [sold("07:30:00"), sold("08:30:00"), sold("09:30:00"), sold("10:01:00")], closed_at="2026-01-01T10:05:00"
    )
    snapshot = tiny.lake.current()
    recent = load_figures.__wrapped__(snapshot.key, Filters(pays=("France",)), snapshot).recent

    def sales(running):
        return [each.nombre_ventes for each in complete_hours(recent, datetime(2026, 1, 1, running))]

    assert [sales(running) for running in (10, 11, 12, 15)] == [[1, 1], [1, 1], [0, 1], [0, 0]]


@pytest.mark.parametrize("dark", [False, True])
def test_charts_are_valid_also_without_a_row(published, dark):
    snapshot = published.lake.current()
    aggregated = queries.aggregated_sales(snapshot)
    for drawn in (
        trend_chart.revenue_trend(FRENCH, queries.trend(snapshot, Filters()), NOON),
        trend_chart.revenue_trend(FRENCH, Trend("hour", []), NOON),
        charts.revenue_by_product(FRENCH, aggregated, dark=dark),
        charts.revenue_by_product(FRENCH, [], dark=dark),
        charts.revenue_by_country(FRENCH, queries.revenue_by_country(snapshot), dark=dark),
        charts.product_by_country(FRENCH, aggregated, dark=dark),
        charts.product_by_country(FRENCH, [], dark=dark),
        charts.segments_by_product(FRENCH, queries.product_by_segment(snapshot)),
        charts.rejections(FRENCH, {"illisible": 3, "conflit": 1}, dark=dark),
    ):
        assert drawn["config"]["locale"]["number"]["decimal"] == ","


def all_charts(published):
    snapshot = published.lake.current()
    aggregated = queries.aggregated_sales(snapshot)
    return {
        "trend_hour": trend_chart.revenue_trend(FRENCH, queries.trend(snapshot, Filters()), NOON),
        "by_product": charts.revenue_by_product(FRENCH, aggregated, dark=False),
        "by_country": charts.revenue_by_country(FRENCH, queries.revenue_by_country(snapshot), dark=True),
        "product_by_country": charts.product_by_country(FRENCH, aggregated, dark=False),
        "segments": charts.segments_by_product(FRENCH, queries.product_by_segment(snapshot)),
        "rejections": charts.rejections(FRENCH, {"illisible": 3, "conflit": 1200}, dark=False),
    }


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "trend_hour",
            ", de «_22_déc._2025, 9_h_» à «_23_déc._2025, 0_h_»_: 148,99_€ en tout pour 4 ventes_; "
            "le plus haut_: 22_déc._2025, 10_h, 85,49_€_; le plus bas_: 22_déc._2025, 11_h, 0,00_€.",
        ),
        (
            "by_product",
            "_: Souris sans fil, 76,50_€, 51,3_%_; Casque audio, 59,99_€, 40,3_%_; Livre Data Science, 12,50_€, 8,4_%",
        ),
        ("by_country", "_: France, 110,99_€, 74,5_%_; UK, 25,50_€, 17,1_%_; Italy, 12,50_€, 8,4_%"),
        (
            "product_by_country",
            "_: Casque audio, France, 59,99_€, 1_; Souris sans fil, France, 51,00_€, 2"
            "_; Souris sans fil, UK, 25,50_€, 1_; Livre Data Science, Italy, 12,50_€, 3",
        ),
        (
            "segments",
            "_: Casque audio, Particulier, 59,99_€_; Livre Data Science, Enterprise, 12,50_€"
            "_; Souris sans fil, Enterprise, 25,50_€_; Souris sans fil, Particulier, 51,00_€",
        ),
        ("rejections", "_: Illisible, 3_; En conflit avec une vente connue, 1\u202f200"),
    ],
)
def test_a_chart_says_its_figures_to_those_who_do_not_see_it(published, name, said):
    drawn = all_charts(published)[name]
    assert drawn["description"] == FRENCH[name] + said.replace("_", "\xa0")
    assert drawn["config"]["axis"] == drawn["config"]["legend"] == {"aria": False}
    marks = drawn.get("layer", [drawn])
    assert marks[0]["encoding"]["description"]["field"] == "said"
    # figures written beside a mark would be said a second time
    assert all(each["mark"]["aria"] is False for each in marks[1:])


def test_a_chart_is_also_a_table(published):
    drawn = all_charts(published)
    tables = {name: chart_parts.table(chart) for name, chart in drawn.items()}
    assert {name: len(rows) for name, rows in tables.items()} == {
        "trend_hour": 16, "by_product": 3, "by_country": 3, "product_by_country": 4, "segments": 4, "rejections": 2,
    }  # fmt: skip
    assert tables["product_by_country"][0] == {
        "Produit": "Casque audio", "Pays": "France", "Chiffre d'affaires": "59,99\xa0€", "Articles vendus": "1",
    }  # fmt: skip
    assert tables["trend_hour"][0] == {
        "Heure (UTC)": "22\xa0déc.\xa02025, 9\xa0h", "Chiffre d'affaires": "51,00\xa0€", "Ventes": "1",
    }  # fmt: skip
    assert tables["rejections"][1] == {"Raison": "En conflit avec une vente connue", "Nombre": "1\u202f200"}


def test_a_chart_of_many_rows_says_the_first_and_how_many_follow():
    rows = [queries.AggregatedSales(f"Produit {n}", "France", Decimal(n), 1) for n in range(50, 0, -1)]
    drawn = charts.product_by_country(FRENCH, rows, dark=False)
    assert drawn["description"].count(", France, ") == 40
    assert drawn["description"].endswith("et 10 autres, dans le tableau.")
    assert len(chart_parts.table(drawn)) == 50
    assert charts.product_by_country(FRENCH, [], dark=False)["description"].endswith("rien à montrer.")


@pytest.mark.parametrize("count", [2, 72, 73])
@pytest.mark.parametrize("grain", ["hour", "day", "month", "year"])
def test_the_trend_says_its_grain_and_which_period_runs(grain, count):
    """Bars up to 72; the last period is that of the running hour."""
    running = datetime(2025, 12, 22, 12)
    last = {
        "hour": (running, "22\xa0déc.\xa02025, 12\xa0h (en cours)", "Heure (UTC)"),
        "day": (datetime(2025, 12, 22), "22\xa0déc.\xa02025 (en cours)", "Jour (UTC)"),
        "month": (datetime(2025, 12, 1), "déc.\xa02025 (en cours)", "Mois (UTC)"),
        "year": (datetime(2025, 1, 1), "2025 (en cours)", "Année (UTC)"),
    }[grain]
    before = [PeriodOfSales(datetime(1900 + n, 1, 1), Decimal("1.00"), 1) for n in range(count - 1)]
    drawn = trend_chart.revenue_trend(
        FRENCH, Trend(grain, [*before, PeriodOfSales(last[0], Decimal("1.00"), 1)]), running
    )
    values = drawn["data"]["values"]
    assert (values[-1]["period"], drawn["encoding"]["tooltip"][0]["title"]) == last[1:]
    assert [each["is_complete"] for each in values] == [True] * (count - 1) + [False]
    assert drawn["mark"]["type"] == ("bar" if count <= 72 else "area")
    assert ("description" in drawn["encoding"]) == (count <= 72)


def test_a_french_spreadsheet_opens_the_download(published):
    content = panels.to_csv(queries.aggregated_sales(published.lake.current()), FRENCH.formats)
    lines = content.decode("utf-8-sig").splitlines()
    assert content.startswith(b"\xef\xbb\xbf")
    assert lines[0] == "produit_nom;pays;total_montant;total_quantite"
    assert lines[1] == "Casque audio;France;59,99;1"
    assert panels.to_csv([], FRENCH.formats) == b"\xef\xbb\xbf"


def test_a_name_is_never_a_formula():
    rows = [queries.AggregatedSales("=1+1", "France", Decimal("-1.00"), 1)]
    assert panels.to_csv(rows, FRENCH.formats).decode("utf-8-sig").splitlines()[1] == "'=1+1;France;-1,00;1"


@pytest.mark.parametrize("code", languages())
def test_every_reason_has_its_label(code):
    assert set(languages()[code].reasons) == set(RAISONS)
