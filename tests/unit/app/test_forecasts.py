"""The forecasts: as queries and API answer them, worked by hand, and what the page makes of them."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient

from ingestion import queries
from ingestion.lake.gold_ledger import FORECASTS, MARTS
from ingestion.queries import DailyForecast, DailySales, HourlyForecast
from streamlit_app import chart_parts, panels
from streamlit_app.api.application import create_app
from streamlit_app.formats import UNIT
from streamlit_app.gold import forecast_charts
from streamlit_app.languages import languages
from tests.unit.app.gold_lake import MIDNIGHT, ONE, ROWS, SATURDAY, SUNDAY, TOMORROW, publish_gold

FRENCH = languages()["fr"]
WITHOUT = {name: ROWS[name] for name in MARTS}
EMPTY = ROWS | {name: [] for name in FORECASTS}
each_language = pytest.mark.parametrize("code", languages())


@pytest.fixture
def gold(published):
    publish_gold(published, tranche=2)
    return published.lake.gold()


@pytest.fixture
def client(gold, published, sampler):
    return TestClient(create_app(published.lake, sampler))


def rows(client, address):
    answer = client.get(f"/api/gold/{address}")
    assert answer.status_code == 200, answer.text
    return answer.json(parse_float=Decimal)


def quality(gold, *series, **options):
    return [each for each in queries.forecast_quality(gold, **options) if (each.dimension, each.pas) == series]


def test_only_the_newest_origin_of_the_time_zone_is_read(gold):
    first, second = queries.daily_forecast(gold, "total_montant")
    assert first == DailyForecast(SUNDAY, 1, *map(Decimal, ("50.125", "40", "60.5", "30", "70.25", "45")))
    assert (second.jour, second.haut_80, second.prevision_naive) == (TOMORROW, None, Decimal("10.005"))
    unbound, bound = queries.hourly_forecast(gold, "total_montant")
    assert unbound == HourlyForecast(MIDNIGHT, 1, Decimal(5), None, None, None, None, Decimal("6.25"))
    assert (bound.heure, bound.prevision, bound.bas_95) == (ONE, Decimal("4.1234"), 0)


def test_a_series_is_a_measure_of_a_product_or_country(gold):
    (headset,) = queries.daily_forecast(gold, "nombre_ventes", "produit", "Casque audio")
    assert headset.prevision == Decimal("2.5")
    assert queries.daily_forecast(gold, "total_montant", "produit", "Casque audio") == []
    assert queries.daily_forecast(gold, "total_montant", "pays", "Atlantis") == []


def test_quality_is_that_of_all_horizons_together(gold):
    (by_day,) = quality(gold, "total", "jour")
    assert (by_day.nombre_previsions, by_day.horizons, by_day.est_meilleure) == (3, None, True)
    # of 300: 30.5, 45 and 4.5; 30.5 of three times 4; one of two, and three of three
    assert (by_day.wape, by_day.wape_naive, by_day.biais) == (Decimal("10.17"), 15, Decimal("1.5"))
    assert (by_day.mase, by_day.couverture_80, by_day.couverture_95) == (Decimal("2.54"), 50, 100)


def test_quality_may_be_of_each_class_of_horizons_the_nearest_first(gold):
    near, far = quality(gold, "total", "jour", by_horizon=True)
    assert (near.horizons, near.wape, near.wape_naive, near.est_meilleure) == (
        "1",
        Decimal("10.25"),
        Decimal("7.5"),
        False,
    )
    assert (near.biais, near.mase, near.couverture_80) == (Decimal("-2.75"), Decimal("2.56"), 0)
    assert (far.horizons, far.wape, far.wape_naive, far.mase) == ("8-14", 10, 30, Decimal("2.5"))
    assert [each.horizons for each in quality(gold, "total", "heure", by_horizon=True)] == ["7-12", "13-24"]


def test_a_quotient_is_rounded_half_away_from_zero(gold):
    (france,) = quality(gold, "pays", "jour")
    # of 800: 1, 0.5 and -1
    assert (france.wape, france.wape_naive, france.biais) == tuple(map(Decimal, ("0.13", "0.06", "-0.13")))


def test_without_a_divisor_there_is_no_quotient(gold):
    (nothing_sold,) = quality(gold, "total", "heure")
    assert (nothing_sold.wape, nothing_sold.wape_naive, nothing_sold.biais, nothing_sold.mase) == (None,) * 4
    assert (nothing_sold.couverture_80, nothing_sold.est_meilleure) == (50, False)
    (france,) = quality(gold, "pays", "jour")
    assert (france.mase, france.couverture_80, france.couverture_95) == (None,) * 3


@pytest.mark.parametrize("tables", [WITHOUT, EMPTY], ids=["before there were any", "too early"])
def test_without_forecasts_every_answer_is_empty(published, sampler, tables):
    publish_gold(published, rows=tables)
    client = TestClient(create_app(published.lake, sampler))
    for address in ("hourly_forecast", "daily_forecast", "forecast_quality", "forecast_quality?horizons=apart"):
        assert rows(client, address) == []
    assert len(rows(client, "seasonality")) == 1


def test_before_the_first_run_every_answer_is_empty(published):
    gold = published.lake.gold()
    assert queries.daily_forecast(gold, "total_montant") == queries.forecast_quality(gold) == []


def test_the_api_answers_with_two_decimals(client):
    first, second = rows(client, "daily_forecast")
    assert first == {
        "jour": str(SUNDAY),
        "horizon": 1,
        "prevision": Decimal("50.12"),
        "bas_80": Decimal("40.00"),
        "haut_80": Decimal("60.50"),
        "bas_95": Decimal("30.00"),
        "haut_95": Decimal("70.25"),
        "prevision_naive": Decimal("45.00"),
    }
    assert (second["jour"], second["haut_95"]) == (str(TOMORROW), None)
    assert [row["heure"] for row in rows(client, "hourly_forecast")] == [
        "2025-12-28T00:00:00.000Z",
        "2025-12-28T01:00:00.000Z",
    ]


def test_the_api_takes_a_series(client):
    (headset,) = rows(client, "daily_forecast?mesure=nombre_ventes&dimension=produit&cle=Casque%20audio")
    assert headset["prevision"] == Decimal("2.50")
    assert rows(client, "daily_forecast?dimension=pays&cle=Atlantis") == []
    assert rows(client, "hourly_forecast?cle=France") == []


def test_the_api_tells_quality_together_and_apart(client):
    together, apart = (rows(client, f"forecast_quality?horizons={each}") for each in ("together", "apart"))
    assert (len(together), len(apart)) == (3, 5)
    assert {row["horizons"] for row in together} == {None}
    assert together == rows(client, "forecast_quality")


def test_forecasts_are_of_a_publication(client, published):
    answer = client.get("/api/gold/daily_forecast")
    known = {"If-None-Match": answer.headers["ETag"]}
    assert client.get("/api/gold/daily_forecast", headers=known).status_code == 304
    # what is the default means the same, and has the same ETag
    same = client.get("/api/gold/daily_forecast?mesure=total_montant&cle=total", headers=known)
    assert same.status_code == 304
    publish_gold(published, tranche=2, published_at="2026-01-01T02:00:00", rows=EMPTY)
    assert rows(client, "daily_forecast") == []
    assert len(rows(client, "daily_forecast?as_of=2026-01-01T01:30:00Z")) == 2


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ("daily_forecast?mesure=quantite", "must be one of nombre_ventes, total_montant"),
        ("hourly_forecast?dimension=segment", "must be one of total, produit, pays"),
        ("daily_forecast?cle=", "at least 1"),
        ("daily_forecast?cle=%00", "control characters"),
        ("daily_forecast?cle=a&cle=b", "given once"),
        ("daily_forecast?horizon=1", "unknown parameter"),
        ("forecast_quality?horizons=1-6", "must be one of together, apart"),
        ("forecast_quality?mesure=total_montant", "unknown parameter"),
    ],
)
def test_what_cannot_be_asked_is_refused(client, query, rule):
    refused = client.get(f"/api/gold/{query}")
    assert refused.status_code == 422
    assert rule in refused.text


def texts(app):
    return " ".join(each.value for each in (*app.caption, *app.info))


def table(app, column):
    """The table of the chart of forecasts, as rows of texts."""
    return next(each.value for each in app.dataframe if column in each.value.columns).to_dict("records")


@each_language
def test_the_page_shows_what_was_sold_and_what_is_expected(page, gold, published, code):
    words = languages()[code]
    app = page(published.lake, "tendances", lang=code)
    assert words["forecast"] in [each.value for each in app.subheader]
    assert words["forecast_days"].format(words["forecast_all"]) in texts(app)
    assert words["forecast_bands"] in texts(app)
    percent = words.formats.percentage
    assert words["forecast_off_by"].format(percent(Decimal("10.17")), percent(Decimal(15))) in texts(app)
    assert words["forecast_covered"].format(percent(Decimal(50), 0)) in texts(app)
    shown = table(app, words["prevision"])
    # from the first day with a sale, the 22nd
    assert [row[words["total_montant"]] for row in shown] == [
        words.formats.euros(Decimal(amount)) for amount in ("40.01", 0, 0, 0, 0, 0)
    ] + ["-", "-"]
    assert [row[words["prevision"]] for row in shown][-2:] == [
        words.formats.euros(Decimal(amount)) for amount in ("50.125", "51")
    ]
    assert shown[-1][words["intervalle_80"]] == "-"
    assert len(app.get("download_button")) == 2


@each_language
def test_where_the_model_is_not_better_the_page_says_so_and_repeats_the_week(page, gold, published, code):
    words = languages()[code]
    app = page(published.lake, "tendances", lang=code)
    app.multiselect(key="pays").set_value(["France"]).run()
    assert not app.exception
    percent = words.formats.percentage
    said = words["forecast_not_better"].format(percent(Decimal("0.13")), percent(Decimal("0.06")))
    assert f"{said} {words['forecast_repeats']}" in [each.value for each in app.info]
    assert words["forecast_of"].format("France") in texts(app)
    assert words["forecast_bands"] not in texts(app)
    shown = table(app, words["prevision_naive"])
    assert shown[-1][words["prevision_naive"]] == words.formats.euros(Decimal(35))
    assert words["intervalle_80"] not in shown[-1]


def test_hours_are_a_choice(page, gold, published):
    app = page(published.lake, "tendances")
    app.segmented_control(key="pas").set_value("heure").run()
    assert not app.exception
    assert FRENCH["forecast_nothing_sold"] in texts(app)
    shown = table(app, FRENCH["heure"])
    assert [row[FRENCH["heure"]].replace(UNIT, " ") for row in shown] == ["28 déc. 2025, 0 h", "28 déc. 2025, 1 h"]
    assert [row[FRENCH["prevision_naive"]] for row in shown] == [f"6,25{UNIT}€", f"3,00{UNIT}€"]


def test_other_filters_leave_the_forecast_of_all_sales(page, gold, published):
    app = page(published.lake, "tendances")
    app.multiselect(key="segment").set_value(["Particulier"]).run()
    assert FRENCH["forecast_only"] in texts(app)
    app.multiselect(key="pays").set_value(["France"]).run()
    assert not app.exception
    assert FRENCH["forecast_only"] in texts(app)


@each_language
@pytest.mark.parametrize(("tables", "why"), [(WITHOUT, "forecast_before"), (EMPTY, "forecast_too_early")])
def test_without_forecasts_the_page_says_why(page, published, code, tables, why):
    publish_gold(published, tranche=2, rows=tables)
    app = page(published.lake, "tendances", lang=code)
    assert languages()[code][why] in [each.value for each in app.info]
    app.segmented_control(key="pas").set_value("heure").run()
    assert not app.exception
    assert languages()[code][why] in [each.value for each in app.info]
    assert [each.value for each in app.subheader][-1] == languages()[code]["rhythm"]
    assert len(app.get("download_button")) == 1


def test_before_the_first_comparison_the_page_says_so(page, published):
    publish_gold(published, tranche=2, rows=ROWS | {"evaluation_previsions": []})
    app = page(published.lake, "tendances")
    assert FRENCH["forecast_unjudged"] in texts(app)
    assert table(app, FRENCH["prevision"])


def layers(chart):
    return [each["mark"]["type"] for each in chart["layer"]]


def test_a_chart_has_bands_only_where_they_are_known(gold):
    ahead = queries.daily_forecast(gold, "total_montant")
    sold = [DailySales(SATURDAY, Decimal("12.50"), 1, 1, Decimal("12.50"), Decimal(0), 0, 0)]
    both = forecast_charts.days_ahead(FRENCH, sold, ahead, naive=False)
    assert layers(both) == ["line", "area", "area", "line", "bar", "bar"]
    unknown = [replace(each, bas_80=None, haut_80=None, bas_95=None, haut_95=None) for each in ahead]
    assert layers(forecast_charts.days_ahead(FRENCH, sold, unknown, naive=False)) == ["line", "line", "bar", "bar"]
    assert layers(forecast_charts.days_ahead(FRENCH, [], ahead, naive=False)) == ["area", "area", "line", "bar"]
    naive = forecast_charts.days_ahead(FRENCH, sold, ahead, naive=True)
    assert "area" not in layers(naive)
    assert [row["expected"] for row in naive["data"]["values"]] == [12.5, 45, 10.005]
    # a day without a word on bounds that it does not have
    assert [row["said"].replace(UNIT, " ") for row in naive["data"]["values"]] == [
        "sam. 27 déc. 2025, 12,50 €", "dim. 28 déc. 2025, 45,00 €", "lun. 29 déc. 2025, 10,00 €",
    ]  # fmt: skip
    assert naive["description"].startswith("Prévisions")
    assert "27" not in naive["description"]
    assert len(chart_parts.table(naive)) == 3


def test_what_is_not_known_is_an_empty_cell_of_a_spreadsheet(gold):
    _, unbound = panels.to_csv(queries.daily_forecast(gold, "total_montant")[1:], FRENCH.formats).splitlines()
    assert unbound == b"2025-12-29;2;51,00;;;;;10,00"


def test_hours_are_those_of_the_clocks_of_the_reports():
    hour = HourlyForecast(datetime(2025, 12, 28, 23, tzinfo=UTC), 1, *[Decimal(1)] * 6)
    drawn = forecast_charts.hours_ahead(FRENCH, [hour], "Europe/Paris", naive=False)
    (row,) = drawn["data"]["values"]
    assert (row["start"], row["heure"].replace(UNIT, " ")) == ("2025-12-29T00:00:00Z", "29 déc. 2025, 0 h")
