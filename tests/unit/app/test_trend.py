"""The revenue over time, over sales of any time: exact sums in few points."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ingestion import queries
from ingestion.queries import Filters
from streamlit_app import trend_chart
from streamlit_app.filter_bar import PERIODS, _start
from streamlit_app.languages import languages

NOW = "2025-12-23T10:30:00"


def sold(moment, montant="0.10"):
    return (1, "Casque audio", "France", "Particulier", moment, 1, montant)


def trend(tiny, *moments):
    tiny.publish([sold(moment) for moment in moments])
    return queries.trend(tiny.lake.current(), Filters())


def with_sales(trend):
    """The periods that have one, and how many."""
    return [(f"{each.debut:%Y-%m-%d %H}", each.nombre_ventes) for each in trend.periods if each.nombre_ventes]


@pytest.mark.parametrize(
    ("first", "grain", "points"),
    [
        (NOW, "hour", 12),
        ("2025-12-23T00:00:00", "hour", 12),
        ("2025-12-22T00:00:00", "hour", 35),
        ("2025-12-15T10:00:00", "hour", 193),
        ("2025-12-15T09:59:59", "day", 9),
        ("2023-12-23T10:00:00", "day", 732),
        ("2023-12-22T10:00:00", "month", 25),
        ("1970-01-01T00:00:00", "month", 672),
        ("1966-01-07T10:00:00", "month", 720),
        ("1966-01-07T09:00:00", "year", 60),
        ("0001-01-01T00:00:00", "year", 2025),
    ],
)
def test_a_sale_of_any_time_gives_few_points(tiny, first, grain, points):
    shown = trend(tiny, first, NOW, NOW)
    assert (shown.grain, len(shown.periods)) == (grain, points)
    assert sum(each.nombre_ventes for each in shown.periods) == 3
    assert sum(each.total_montant for each in shown.periods) == Decimal("0.30")
    drawn = trend_chart.revenue_trend(languages()["fr"], shown, datetime(2025, 12, 23, 11))
    assert len(drawn["data"]["values"]) == points


def test_periods_are_those_of_utc_and_have_no_gaps(tiny):
    shown = trend(tiny, "2025-11-30T23:59:59.999999", "2025-12-01T00:00:00", "2025-12-23T23:00:00")
    assert shown.grain == "day"
    assert with_sales(shown) == [("2025-11-30 00", 1), ("2025-12-01 00", 1), ("2025-12-23 00", 1)]
    assert [each.debut.day for each in shown.periods] == [30, *range(1, 24)]


def test_months_and_years_sum_what_their_days_hold(tiny):
    by_month = trend(tiny, "2020-02-29T12:00:00", "2020-02-01T00:00:00", "2024-12-31T23:00:00")
    assert with_sales(by_month) == [("2020-02-01 00", 2), ("2024-12-01 00", 1)]
    by_year = trend(tiny, "1825-06-01T12:00:00")
    assert with_sales(by_year) == [("1825-01-01 00", 1), ("2020-01-01 00", 2), ("2024-01-01 00", 1)]


def test_the_first_hour_of_all_has_none_before_it(tiny):
    shown = trend(tiny, "0001-01-01T03:00:00")
    assert [each.debut.hour for each in shown.periods] == [0, 1, 2, 3]
    assert _start(24, tiny.lake.current()) == datetime.min


def test_the_grain_follows_the_sales_that_are_asked_for(tiny):
    tiny.publish([sold("1970-01-01T00:00:00"), sold(NOW)])
    snapshot = tiny.lake.current()
    assert queries.trend(snapshot, Filters()).grain == "month"
    recent = queries.trend(snapshot, Filters(start=_start(PERIODS["30d"], snapshot)))
    assert (recent.grain, with_sales(recent)) == ("hour", [("2025-12-23 10", 1)])
    assert queries.trend(snapshot, Filters(pays=("Japan",))).periods == []


def test_a_lake_without_a_sale_has_no_trend(tiny):
    assert queries.trend(tiny.lake.current(), Filters()).periods == []
    tiny.publish(rejected=[(0, "illisible", b"x")])
    assert queries.trend(tiny.lake.current(), Filters()).periods == []
    assert _start(24, tiny.lake.current()) is None


@pytest.mark.parametrize(
    ("newest", "start"),
    [
        # a shop that has closed still shows its last day
        ("2020-05-05T10:59:00", datetime(2020, 5, 4, 11)),
        # a sale of tomorrow does not move the day on
        ("2026-01-01T20:00:00", datetime(2025, 12, 31, 1)),
    ],
)
def test_a_period_ends_with_the_newest_sale(tiny, newest, start):
    tiny.publish([sold("2020-01-01T00:00:00"), sold(newest)], closed_at="2026-01-01T00:01:00")
    assert _start(PERIODS["24h"], tiny.lake.current()) == start
    assert _start(PERIODS["all"], tiny.lake.current()) is None
    assert queries.newest_vente_at(tiny.lake.current()) == datetime.fromisoformat(newest).replace(tzinfo=UTC)
