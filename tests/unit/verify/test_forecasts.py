"""Verification of the forecasts: the second implementation by hand, and any cell that is changed is found."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from ingestion.lake.gold_ledger import FORECASTS, GoldPublication, newest_gold
from ingestion.source.generator import make_ventes
from ingestion.verify import forecast_checks as checks
from ingestion.verify.forecast_model import TOTAL, Calendar, bound, forecasts, quantile, score
from ingestion.verify.workbench import open_workbench
from tests.unit.app.gold_lake import TYPES
from tests.unit.verify.lake import VERSIONS, sound_lake
from tests.unit.verify.test_gold import columns, near

AMOUNT = ("total_montant", "total", "total")
ORIGIN = date(2026, 3, 9)  # a Monday
LAST_SALE = datetime(2026, 11, 22, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def hours_before(origin: date, days: int) -> list[datetime]:
    start = datetime(origin.year, origin.month, origin.day, tzinfo=UTC) - timedelta(days=days)
    return [start + number * HOUR for number in range(24 * days)]


def forecast(sold: dict[datetime, int], days: int = 2) -> list[int]:
    """Of the number of sales, hour by hour, in ten-thousandths."""
    calendar = Calendar("UTC", ORIGIN - timedelta(days=60), ORIGIN + timedelta(days=days))
    found = forecasts({TOTAL: sold}, calendar, ORIGIN, min(sold).date(), days)
    return [value for _, _, value in found[TOTAL]]


def test_what_never_changes_goes_on():
    assert forecast(dict.fromkeys(hours_before(ORIGIN, 21), 3)) == [30_000] * 48


def test_a_weekend_of_its_own_returns():
    sold = {hour: 4 if hour.isoweekday() >= 6 else 1 for hour in hours_before(ORIGIN, 56)}
    ahead = forecast(sold, days=7)
    assert all(abs(value - 10_000) < 100 for value in ahead[: 5 * 24])
    assert all(abs(value - 40_000) < 400 for value in ahead[5 * 24 :])


def test_a_holiday_is_not_expected_again():
    hours = hours_before(ORIGIN, 28)
    holiday = ORIGIN - timedelta(days=7)
    assert forecast({hour: 3 for hour in hours if hour.date() != holiday}) == [30_000] * 48


def test_three_days_in_a_row_are_a_new_level():
    hours = hours_before(ORIGIN, 28)
    ahead = forecast({hour: 9 if hour.date() >= ORIGIN - timedelta(days=3) else 3 for hour in hours})
    assert all(50_000 < value < 90_000 for value in ahead)


def test_what_chance_does_to_few_sales_is_no_holiday():
    """Half of the days have a sale or two, as a small shop has."""
    hours = hours_before(ORIGIN, 28)
    sold = {hour: 1 + hour.day % 2 for hour in hours if hour.hour == 10 and hour.day % 3}
    ahead = sum(forecast(sold, days=14)) / 10_000
    assert 0.5 * sum(sold.values()) / 2 < ahead < 1.5 * sum(sold.values()) / 2


def test_an_absurd_sale_stops_no_forecast():
    """It is valid: 9 999 999 999.99 EUR, after weeks of ten EUR an hour."""
    hours = hours_before(ORIGIN, 28)
    amounts = dict.fromkeys(hours, 1000) | {hours[-5]: 999_999_999_999}
    calendar = Calendar("UTC", ORIGIN - timedelta(days=60), ORIGIN + timedelta(days=14))
    found = forecasts({TOTAL: dict.fromkeys(hours, 1), AMOUNT: amounts}, calendar, ORIGIN, hours[0].date(), 14)
    largest = max(value for _, _, value in found[AMOUNT])
    # what decimal(18, 4) holds, in its last digit
    assert 24 * largest < bound(largest, 1e12) < 10**18


def test_a_day_has_the_hours_that_its_clock_shows():
    """In Paris, clocks went forward on 29 March 2026."""
    calendar = Calendar("Europe/Paris", date(2026, 3, 28), date(2026, 3, 30))
    assert [len(calendar.days[date(2026, 3, day)]) for day in (28, 29, 30)] == [24, 23, 24]
    assert calendar.days[date(2026, 3, 29)][0].start == datetime(2026, 3, 28, 23, tzinfo=UTC)


def test_an_interval_is_an_error_that_occurred():
    scores = list(range(100, 2000, 100))  # 19 of them
    assert quantile(scores, 80, caution=1) == 1600 / 1e6
    assert quantile(scores, 95, caution=1) == 1900 / 1e6
    assert quantile(scores[1:], 95, caution=1) is None
    # a forecast of 16 sales spreads by 8: 16 to the power of 3/4
    assert score(200_000, 160_000) == 500_000
    assert bound(160_000, 0.5) == 200_000
    assert bound(160_000, -0.5) == 120_000
    assert bound(160_000, -3) == 0


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With forecasts that verification itself has computed, from 24 days of sales."""
    folder = tmp_path_factory.mktemp("lake")
    moments = [(n, LAST_SALE - timedelta(minutes=36 * n)) for n in range(960)]
    sound_lake([vente.to_json() for vente in make_ventes(5, moments)], (960,)).write(folder)
    made, stored = publish(folder), {name: [] for name in FORECASTS}
    with open_workbench() as bench:
        bench.register("sales_of_forecasts", DeltaTable(str(folder / "silver" / "ventes_clean")).to_pyarrow_dataset())
        sold = checks.read_sold(bench, made)
    # how good they were is judged by what is stored
    for names in (FORECASTS[:2], FORECASTS[2:]):
        rows = checks.recomputed(stored, sold, made)
        stored |= {name: rows[name] for name in names}
    for name in FORECASTS:
        schema = pa.schema([(column, TYPES[kind]) for column, kind in columns(name).items()])
        written = [dict(zip(schema.names, row, strict=True)) for row in stored[name]]
        write_deltalake(str(folder / "gold" / name), pa.Table.from_pylist(written, schema))
    return folder


def publish(folder: Path, **values: object) -> GoldPublication:
    """Write the only row of the ledger of Gold; return it as read."""
    row = {
        "publication": 1,
        "tranche": 1,
        "fuseau": "UTC",
        "jour_reference": LAST_SALE.date(),
        "nombre_ventes": 960,
        "versions": json.dumps(dict.fromkeys(FORECASTS, 0)),
        "versions_silver": VERSIONS,
        "origine": "an id",
        "published_at": datetime.now(UTC),
    } | values
    schema = pa.schema([(name, TYPES[kind]) for name, kind in columns("bilan_gold").items()])
    path = folder / "gold" / "bilan_gold"
    write_deltalake(str(path), pa.Table.from_pylist([row], schema), mode="overwrite")
    found = newest_gold(folder / "gold")
    assert found is not None
    return found


def examples(folder: Path) -> dict[str, tuple[str, ...]]:
    """What differs, by check."""
    with open_workbench() as bench:
        found = checks.forecast_checks(bench, folder, publish(folder))
        assert all(check.count for check in found)
        return {check.name: check.examples for check in found if not check.ok}


def test_sound_forecasts_agree(lake: Path):
    assert examples(lake) == {}


@pytest.mark.parametrize("name", FORECASTS)
def test_a_changed_cell_is_found(lake: Path, name: str):
    made = publish(lake)
    stored = checks.stored_rows(lake, name, 0)
    for place, value in enumerate(stored[-1][:-1]):
        changed = (*stored[-1][:place], near(value), *stored[-1][place + 1 :])
        check = checks.compared(name, [*stored[:-1], changed], stored, made)
        assert [text.partition(":")[0] for text in check.examples] == [
            "stored, not recomputed",
            "recomputed, not stored",
        ]
        assert check.differences == 2, columns(name)


def test_forecasts_that_are_missing_are_found(lake: Path, tmp_path: Path):
    shutil.copytree(lake, tmp_path / "lake")
    table = DeltaTable(str(tmp_path / "lake" / "gold" / "previsions_journalieres"))
    table.delete("horizon = 3")
    with open_workbench() as bench:
        made = publish(
            tmp_path / "lake", versions=json.dumps(dict.fromkeys(FORECASTS, 0) | {"previsions_journalieres": 1})
        )
        found = {check.name: check for check in checks.forecast_checks(bench, tmp_path / "lake", made)}
    assert "recomputed, not stored" in found["previsions_journalieres"].examples[0]


def test_sales_that_are_no_longer_kept_are_no_difference(lake: Path, tmp_path: Path):
    shutil.copytree(lake, tmp_path / "lake")
    shutil.rmtree(tmp_path / "lake" / "silver" / "ventes_clean")
    with open_workbench() as bench:
        (young,) = checks.forecast_checks(bench, tmp_path / "lake", publish(tmp_path / "lake"))
        old = publish(tmp_path / "lake", published_at=datetime.now(UTC) - timedelta(days=10))
        (aged,) = checks.forecast_checks(bench, tmp_path / "lake", old)
    assert not young.ok
    assert aged.ok
    assert "no longer kept" in aged.compared


def test_a_lake_of_before_has_none(lake: Path):
    with open_workbench() as bench:
        assert checks.forecast_checks(bench, lake, replace(publish(lake), versions={})) == []
