"""Complete hours, hours without a gap, charts and downloads."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from ingestion.verdict import RAISONS
from streamlit_app import charts, labels, panels, queries
from streamlit_app.figures import complete_hours, without_gaps
from streamlit_app.queries import HourOfSales

NOON = datetime(2025, 12, 22, 12)


def hour(moment, montant="10.00", ventes=1):
    return HourOfSales(moment, Decimal(montant), ventes, ventes)


def test_the_hour_that_runs_is_not_compared():
    hours = [hour(NOON - timedelta(hours=2), "5.00"), hour(NOON - timedelta(hours=1), "7.00"), hour(NOON, "1.00")]
    last, before = complete_hours(hours, current=NOON)
    assert (last.total_montant, before.total_montant) == (Decimal("7.00"), Decimal("5.00"))


def test_an_hour_without_a_sale_counts_as_zero():
    last, before = complete_hours([hour(NOON - timedelta(hours=2))], current=NOON)
    assert (last.heure, last.nombre_ventes) == (NOON - timedelta(hours=1), 0)
    assert before.nombre_ventes == 1


def test_hours_have_no_gaps_and_are_enough_for_a_chart():
    few = without_gaps([hour(NOON - timedelta(hours=3)), hour(NOON)], NOON)
    assert len(few) == 12
    assert [each.nombre_ventes for each in few[-4:]] == [1, 0, 0, 1]
    assert len(without_gaps([hour(NOON - timedelta(hours=99)), hour(NOON)], NOON)) == 100


@pytest.mark.parametrize("dark", [False, True])
def test_charts_are_valid_also_without_a_row(published, dark):
    snapshot = published.lake.current()
    aggregated = queries.aggregated_sales(snapshot)
    for drawn in (
        charts.hourly_trend(without_gaps(queries.hours(snapshot), NOON), NOON),
        charts.hourly_trend(without_gaps([hour(NOON), hour(NOON + timedelta(days=5))], NOON), NOON),
        charts.revenue_by_product(aggregated, dark=dark),
        charts.revenue_by_product([], dark=dark),
        charts.revenue_by_country(queries.revenue_by_country(snapshot), dark=dark),
        charts.product_by_country(aggregated, dark=dark),
        charts.product_by_country([], dark=dark),
        charts.segments_by_product(queries.product_by_segment(snapshot)),
        charts.rejections({"illisible": 3, "conflit": 1}, dark=dark),
    ):
        assert drawn["config"]["locale"]["number"]["decimal"] == ","


def test_a_french_spreadsheet_opens_the_download(published):
    content = panels.to_csv(queries.aggregated_sales(published.lake.current()))
    lines = content.decode("utf-8-sig").splitlines()
    assert content.startswith(b"\xef\xbb\xbf")
    assert lines[0] == "produit_nom;pays;total_montant;total_quantite"
    assert lines[1] == "Casque audio;France;59,99;1"
    assert panels.to_csv([]) == b"\xef\xbb\xbf"


def test_a_name_is_never_a_formula():
    rows = [queries.AggregatedSales("=1+1", "France", Decimal("-1.00"), 1)]
    assert panels.to_csv(rows).decode("utf-8-sig").splitlines()[1] == "'=1+1;France;-1,00;1"


def test_every_reason_has_its_label():
    assert set(labels.RAISONS) == set(RAISONS)
