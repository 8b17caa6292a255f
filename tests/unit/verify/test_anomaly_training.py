"""What is expected of a day, by hand."""

from datetime import timedelta

import pytest

from ingestion.verify import forecast_model
from ingestion.verify.anomalies.alarm_rows import Alarm, moment_of, rounded
from ingestion.verify.anomalies.grouping import incidents
from ingestion.verify.anomalies.scoring import scored
from ingestion.verify.anomalies.training import trained
from tests.unit.verify.anomaly_worlds import DAY, START, WEEKS, World, alarm, change, expected, steady


@pytest.mark.parametrize("value", [0.49999999999999994, 0.5, 1.5, 2.4999, -0.5, -2.5, 4503599627370497.5, 1e17, 3e18])
def test_rounding_is_that_of_the_forecasts(value: float) -> None:
    assert rounded(value) == forecast_model.rounded(value)


def test_two_weeks_are_learned_before_anything_is_expected() -> None:
    world: World = {("volume", "total"): {START - 14 * 288 + 11: 1, START: 1}}
    assert trained(DAY, world, [], "UTC") != []
    world = {("volume", "total"): {START - 14 * 288 + 12: 1, START: 1}}
    assert trained(DAY, world, [], "UTC") == []
    assert trained(DAY, {}, [], "UTC") == []
    assert scored([START], world, {DAY: []}, 1) == scored([START], world, {}, 1) == []


def test_what_never_changes_goes_on_with_the_least_dispersion() -> None:
    rows = trained(DAY, steady(volume=1), [], "UTC")
    quarters = [row for row in rows if row.mesure == "volume"]
    assert [row.moment for row in quarters] == [moment_of(START - 288 + 3 * number) for number in range(192)]
    assert {row[3:] for row in quarters} == {(3_000_000, None, 4_500_000, 4_500_000)}
    rupture = next(row for row in rows if row.mesure == "rupture")
    assert rupture == ("rupture", "total", moment_of(START), None, None, 500_000, 500_000)


def test_the_profile_is_that_of_the_local_time() -> None:
    """Twice as much from eight to nine: in Paris, summer time has begun the day before, and UTC is two hours behind."""
    local = [tick for tick in range(START - WEEKS, START) if (moment_of(tick) + timedelta(hours=1)).hour == 8]
    world = steady(volume=1)
    world["volume", "total"] |= dict.fromkeys(local[:-12], 2)
    rows = [row for row in trained(DAY, world, [], "Europe/Paris") if row.mesure == "volume"]
    most = max(row.attendu or 0 for row in rows[96:])
    assert [(row.moment.hour, row.moment.minute) for row in rows[96:] if row.attendu == most] == [
        (6, minute) for minute in (0, 15, 30, 45)
    ]


def test_a_share_is_that_of_four_weeks_and_of_a_key_never_seen_almost_nothing() -> None:
    world = steady(volume=4, valide=4, produit_A=3, produit_B=1, montant_A=600)
    found = expected(world)
    assert found["produit", "A"][3:] == (None, round(1e9 * (3 * WEEKS + 0.5) / (4 * WEEKS + 1)), 500_000, 500_000)
    assert found["produit", ""][3:] == (None, round(1e9 * 0.5 / (4 * WEEKS + 1)), 500_000, 500_000)
    assert found["montant", "A"][3:] == (200_000_000, None, 0, 0)
    # every product that was sold has a share of wrong prices, and no other has
    assert {cle for mesure, cle in found if mesure == "prix"} == {"A", "B"}
    assert found["prix", "B"].part == round(1e9 * 0.5 / (WEEKS + 1))


def test_dispersion_is_what_chance_does_not_explain() -> None:
    """Rejections in every other hour: of hours they vary, and in four hours they are always the same."""
    world = steady(volume=10)
    hours = range(START // 12 - 672, START // 12, 2)
    world["rejet", "conflit"] = {12 * hour + tick: 2 for hour in hours for tick in range(12)}
    row = expected(world)["rejet", "conflit"]
    assert row.dispersion_1h == pytest.approx(1.2e9 * (144 - 12 * 0.9) / 144, rel=1e-3)
    assert row.dispersion_4h == 50_000_000


def test_hours_of_an_alarm_are_not_learned_from() -> None:
    world = change(steady(volume=2, rejet_conflit=0), "rejet_conflit", -26, -24, 2)
    usual, without = expected(world), expected(world, [alarm("rejet", START - 24)])
    assert usual["rejet", "conflit"].part == round(1e9 * 6.5 / (2 * WEEKS + 1))
    assert ("rejet", "conflit") not in without
    assert without["rejet", ""].part == round(1e9 * 0.5 / (2 * (WEEKS - 24) + 1))
    # other measures learn from them, and the alarm of another touches other hours
    assert without["vide", ""] == usual["vide", ""]
    assert expected(world, [alarm("vide", START - 24)])["rejet", "conflit"] == usual["rejet", "conflit"]


def test_after_72_hours_of_a_week_the_new_state_is_learned() -> None:
    world, first = steady(volume=1), START - 100 * 12
    for hours, kept_out in ((72, 72), (73, 72), (80, 72)):
        alarms = [alarm("partition", first + 12 * hour + 5) for hour in range(hours)]
        assert expected(world, alarms)["partition", ""].part == round(1e9 * 0.5 / (WEEKS - 12 * kept_out + 1))


def test_hours_of_silence_are_never_learned_from() -> None:
    world, first = steady(volume=1), START - 100 * 12
    world["volume", "total"] |= dict.fromkeys(range(first, START), 0)

    def learned(detecteur: str) -> int:
        alarms = [alarm(detecteur, first + 12 * hour + 11, ticks=12) for hour in range(100)]
        return expected(world, alarms)["volume", "total"].attendu or 0

    assert learned("volume") < learned("silence") == 3_000_000


def test_an_outage_of_days_stays_out_of_what_is_learned_and_open() -> None:
    world, raised = steady(volume=1), list[Alarm]()
    world["volume", "total"] |= dict.fromkeys(range(START + 100, START + 288), 0)
    for number in range(6):
        day, first = DAY + timedelta(days=number), START + 288 * number
        rows = trained(day, world, raised, "UTC")
        raised += scored(range(first, first + 288), world, {day: rows}, tranche=number)
    # as on the day before the outage; the level is that of the days of the week that are left
    assert next(row for row in reversed(rows) if row.mesure == "volume").attendu == 3_000_000
    (found,) = incidents(raised, START + 6 * 288 - 1)
    assert (found.cause, found.statut, found.severite) == ("silence", "ouverte", "critique")
    assert found.derniere_alerte == moment_of(START + 6 * 288 - 1)
