"""What alarms, in small worlds."""

import math
from datetime import timedelta
from decimal import Decimal

import pytest

from ingestion.verify.anomalies.alarm_rows import Alarm, moment_of, tick_of
from ingestion.verify.anomalies.scoring import scored
from ingestion.verify.anomalies.training import trained
from tests.unit.verify.anomaly_worlds import DAY, START, WEEKS, World, alarms_of, change, steady


def test_a_silence_is_found_when_nine_events_are_missing() -> None:
    world = change(steady(volume=1), "volume", 100, 287, 0)
    found = alarms_of(world, range(START, START + 288), "silence")
    first = found[0]

    def z(missing: float, phi: float = 0.0045) -> float:
        kc, r = 0.5, 1 / phi
        return -math.sqrt(2 * (kc * math.log(kc / missing) - (kc + r) * math.log((kc + r) / (missing + r))))

    missing = next(count for count in range(1, 99) if z(count) <= -3.8)
    assert 9 <= missing <= 11
    assert first.moment == moment_of(START + 99 + missing)
    assert first[1:] == (
        "silence", "total", "depuis", Decimal(0), Decimal(missing),
        Decimal(f"{math.sqrt(missing + 0.0045 * missing**2):.2f}"), None, Decimal(f"{z(missing):.4f}"), missing, 7,
    )  # fmt: skip
    assert len(found) == 188 - missing + 1


def test_a_silence_is_counted_for_a_day_at_most() -> None:
    world = change(steady(volume=1), "volume", -288 * 2, 287, 0)
    assert alarms_of(world, [START], "silence")[0].ticks == 288


def test_an_ordinary_day_raises_nothing() -> None:
    world = steady(volume=4, valide=4, partition_0=2, partition_1=2, produit_A=3, produit_B=1, montant_A=600)
    # no two neighbours are the same: a sender that sends the same again and again is found
    world["volume", "total"] = {tick: 2 + 4 * (tick % 2) for tick in world["volume", "total"]}
    assert alarms_of(world, range(START, START + 288)) == []


@pytest.mark.parametrize(("count", "found"), [(4, []), (5, ["rejet"])])
def test_an_excess_of_less_than_five_is_none(count: int, found: list[str]) -> None:
    world = steady(volume=1) | {("rejet", "conflit"): {START + 20: count}}
    assert [each.detecteur for each in alarms_of(world, [START + 20])] == found


def test_the_strongest_window_is_told_and_the_shorter_if_two_are_as_strong() -> None:
    world = change(steady(volume=1), "volume", 50, 52, 9)
    found = {each.detecteur: each for each in alarms_of(world, [START + 52, START + 61], "volume")}
    assert (found["volume"].moment, found["volume"].fenetre) == (moment_of(START + 61), "1h")
    (at_once,) = alarms_of(world, [START + 52], "volume")
    assert (at_once.fenetre, at_once.observe, at_once.attendu) == ("15min", 27, 3)
    # both windows have the same count of the same number, the longer has ticks without anything
    world = steady(volume=1) | {("rejet", "conflit"): {START + 20: 20}}
    quiet = dict.fromkeys(range(START + 9, START + 18), 0)
    world["volume", "total"] |= quiet
    assert alarms_of(world, [START + 20], "rejet")[0].fenetre == "15min"


def test_a_product_that_disappears_is_found() -> None:
    world = steady(valide=4, volume=4, produit_A=3, produit_B=1)
    world = change(change(world, "produit_B", 100, 287, 0), "produit_A", 100, 287, 4)
    last = next(each for each in alarms_of(world, [START + 250], "produit") if each.cle == "B")
    assert (last.cle, last.fenetre, last.ticks) == ("B", "depuis", 151)
    assert (last.observe, last.sur) == (0, 604)
    assert last.score < 0


def test_a_product_never_seen_is_found() -> None:
    world = change(steady(valide=4, volume=4, produit_A=4), "produit_C", 100, 104, 1)
    found = alarms_of(world, range(START, START + 288), "produit")
    assert (found[0].moment, found[0].cle, found[0].fenetre) == (moment_of(START + 104), "C", "1h")
    assert found[0].score > 0
    assert {each.cle for each in found} == {"C"}


def amounts(factor: int, sales: int) -> World:
    """Amounts of one or three euros in turn, and `factor` times as much in one hour."""
    world = steady(volume=sales, valide=sales, produit_A=sales)
    ticks = world["produit", "A"]
    world["montant", "A"] = {tick: sales * (100 + 200 * (tick // 12 % 2)) for tick in ticks}
    for tick in range(START + 24, START + 36):
        world["montant", "A"][tick] *= factor
    return world


@pytest.mark.parametrize(("factor", "sales", "found"), [(1, 2, 0), (40, 2, 1), (40, 1, 0)])
def test_amounts_are_compared_once_twenty_were_sold(factor: int, sales: int, found: int) -> None:
    world = amounts(factor, sales)
    found_alarms = [each for each in alarms_of(world, [START + 35], "panier") if each.fenetre == "1h"]
    assert len(found_alarms) == found
    if found:
        # in euros: 24 sales of a mean of two
        assert (found_alarms[0].observe, found_alarms[0].attendu, found_alarms[0].sur) == (960, 48, 24)


@pytest.mark.parametrize(("count", "found"), [(2, 0), (3, 1)])
def test_always_the_same_is_too_regular(count: int, found: int) -> None:
    world = steady(volume=count)
    world["volume", "total"] = {
        tick: count + (tick % 2 if tick < START + 24 else 0) for tick in world["volume", "total"]
    }
    raised = alarms_of(world, [START + 48], "plat")
    assert len(raised) == found
    if found:
        root = math.sqrt(2 / 144)
        assert raised[0].score == Decimal(f"{-(1 - 2 / 144) / root:.4f}")
        assert (raised[0].fenetre, raised[0].ticks, raised[0].attendu, raised[0].sur) == ("2h", 24, 48 * count, None)


def test_what_was_as_regular_a_day_before_is_not_too_regular() -> None:
    def raised(since: int) -> list[Alarm]:
        world = steady(volume=3)
        world["volume", "total"] = dict.fromkeys(range(START - WEEKS - 12, START + 600), 3) | {
            tick: 3 + tick % 2 for tick in range(START - WEEKS - 12, since)
        }
        days = {DAY + timedelta(days=number): number for number in (0, 1)}
        rows = {day: trained(day, world, [], "UTC") for day in days}
        return [each for each in scored(range(START, START + 576), world, rows, 1) if each.detecteur == "plat"]

    assert raised(START - WEEKS - 12) == []
    ticks = [tick_of(each.moment) for each in raised(START + 24)]
    # the last differences of the window may still be large
    assert START + 24 < ticks[0] <= START + 48
    assert ticks == list(range(ticks[0], ticks[0] + 288))


def test_the_day_before_counts_from_72_events_and_from_the_threshold() -> None:
    def count(before: int, noisy: int) -> int:
        world = steady(volume=3)
        world["volume", "total"] |= {tick: 9 * (tick % 2) for tick in range(START - 312, START + 80)}
        world["volume", "total"] |= dict.fromkeys(range(START - 189, START - 164), before)
        world["volume", "total"] |= {START - 189 + place: before + 2 * (place % 2) for place in range(noisy)}
        world["volume", "total"] |= dict.fromkeys(range(START + 99, START + 124), 3)
        return len(alarms_of(world, [START + 123], "plat"))

    assert (count(3, 0), count(2, 0)) == (0, 1)
    assert (count(3, 2), count(3, 4)) == (0, 1)


def test_a_drop_shows_against_the_hours_before() -> None:
    world = change(steady(volume=5), "volume", 100, 287, 1)
    found = alarms_of(world, range(START + 95, START + 130), "rupture")
    assert found[0].cle == "total"
    assert START + 100 < tick_of(found[0].moment) < START + 112
    assert found[0].score < 0
