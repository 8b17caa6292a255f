"""The second implementation of the anomaly detector, by hand: what is expected, what alarms, what is one incident."""

import math
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.verify import forecast_model
from ingestion.verify.anomalies.detectors import (
    DETECTORS,
    LINKED,
    Alarm,
    Expectation,
    Series,
    moment_of,
    rounded,
    tick_of,
)
from ingestion.verify.anomalies.grouping import Incident, gathered, incidents
from ingestion.verify.anomalies.scoring import scored
from ingestion.verify.anomalies.training import trained

DAY = date(2026, 3, 30)  # a Monday
START = tick_of(datetime.fromisoformat("2026-03-30T00:00Z"))
WEEKS = 28 * 288
World = dict[Series, dict[int, int]]


def steady(days: int = 28, **counts: int) -> World:
    """The same in each tick, before the day and on it; `produit_A=3` counts three of the key A."""
    ticks = range(START - 288 * days - 12, START + 288)
    return {_series(name): dict.fromkeys(ticks, count) for name, count in counts.items()}


def _series(name: str) -> Series:
    mesure, _, cle = name.partition("_")
    return mesure, cle or "total"


def expected(world: World, alarms: Iterable[Alarm] = (), day: date = DAY) -> dict[Series, Expectation]:
    """By measure and key; of the volume the last quarter."""
    return {(row.mesure, row.cle): row for row in trained(day, world, alarms, "UTC")}


def alarms_of(world: World, ticks: Iterable[int], *detectors: str) -> list[Alarm]:
    found = scored(ticks, world, {DAY: trained(DAY, world, [], "UTC")}, tranche=7)
    return [alarm for alarm in found if not detectors or alarm.detecteur in detectors]


def change(world: World, name: str, first: int, last: int, count: int) -> World:
    """From one tick of the day to another."""
    series = _series(name)
    return world | {series: world.get(series, {}) | dict.fromkeys(range(START + first, START + last + 1), count)}


def alarm(detecteur: str, tick: int, score: float = 5, cle: str = "total", ticks: int = 3, tranche: int = 1) -> Alarm:
    of = Decimal(10)
    return Alarm(moment_of(tick), detecteur, cle, "15min", of, of, of, None, Decimal(str(score)), ticks, tranche)


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


# by window: ticks, and the dispersion of the expectations below
WINDOWS = {"15min": (3, 0.01), "1h": (12, 0.01), "4h": (48, 0.015)}


def said(counts: World, detecteur: str, tick: int = START + 100) -> Alarm:
    """The alarm of a tick of a day of which four events are expected in each tick, half of them of the key A."""
    quarters = range(START - 288, START + 288, 3)
    rows = [Expectation("volume", "total", moment_of(each), 12_000_000, None, 10**7, 15 * 10**6) for each in quarters]
    rows.append(Expectation("rupture", "total", moment_of(START), None, None, 10**7, 10**7))
    for mesure in ("partition", "rejet"):
        rows.append(Expectation(mesure, "A", moment_of(START), None, 500_000_000, 10**7, 15 * 10**6))
    rows.append(Expectation("montant", "A", moment_of(START), 200_000_000, None, 10_000, 30_000))
    (found,) = (each for each in scored([tick], counts, {DAY: rows}, 7) if each.detecteur == detecteur)
    return found


def deviance(k: float, m: float) -> float:
    return k * math.log(k / m)


def score(z_squared: float, sign: int) -> Decimal:
    return Decimal(f"{sign * math.sqrt(z_squared):.4f}")


@pytest.mark.parametrize("count", [1, 9])
def test_the_score_of_a_count(count: int) -> None:
    found = said({("volume", "total"): dict.fromkeys(range(START, START + 288), count)}, "volume")
    ticks, phi = WINDOWS["4h"]
    sign = 1 if count > 4 else -1
    k, m, r = count * ticks - sign / 2, 4 * ticks, 1 / phi
    assert found.fenetre == "4h"
    assert found.score == score(2 * (deviance(k, m) - deviance(k + r, m + r)), sign)
    assert found.ecart_type == Decimal(f"{math.sqrt(m + phi * m * m):.2f}")


@pytest.mark.parametrize("count", [0, 4])
def test_the_score_of_a_share(count: int) -> None:
    """Of four a tick, in the last hour."""
    ticks = range(START, START + 288)
    sold = {tick: count if tick > START + 88 else 2 for tick in ticks}
    found = said({("volume", "total"): dict.fromkeys(ticks, 4), ("partition", "A"): sold}, "partition")
    sign, width, rho = (1 if count > 2 else -1), 12, 0.01
    k, n, m = count * width - sign / 2, 4 * width, 2 * width
    z_squared = 2 * (deviance(k, m) + deviance(n - k, n - m)) / (1 + (n - 1) * rho)
    assert (found.fenetre, found.sur, found.attendu) == ("1h", n, m)
    assert found.score == score(z_squared, sign)
    assert found.ecart_type == Decimal(f"{math.sqrt(m * 0.5 * (1 + (n - 1) * rho)):.2f}")


@pytest.mark.parametrize(("since", "window", "variance"), [(89, "1h", 10_000), (53, "4h", 30_000)])
def test_the_score_of_amounts(since: int, window: str, variance: int) -> None:
    """Three times as much: two euros are expected, with a standard deviation of one by sale."""
    ticks = range(START, START + 288)
    cents = {tick: 4 * (600 if tick >= START + since else 200) for tick in ticks}
    found = said({("produit", "A"): dict.fromkeys(ticks, 4), ("montant", "A"): cents}, "panier")
    n = 4 * WINDOWS[window][0]
    mean, v = n * 200.0, n * variance
    root = (3.0 ** (1 / 3) - 1 + v / (9 * mean**2)) * 3 * mean / math.sqrt(v)
    assert (found.fenetre, found.sur, found.observe, found.attendu) == (window, n, 6 * n, 2 * n)
    assert found.score == Decimal(f"{root:.4f}")
    assert found.ecart_type == Decimal(f"{math.sqrt(v) / 100:.2f}")


def test_the_score_of_a_drop_is_that_of_the_last_hour_in_five() -> None:
    ticks = range(START, START + 288)
    found = said({("volume", "total"): {tick: 40 if tick <= START + 88 else 4 for tick in ticks}}, "rupture")
    k, n = 12 * 4, 12 * 4 + 48 * 40
    m = n / 5
    z_squared = 2 * (deviance(k + 0.5, m) + deviance(n - k - 0.5, n - m)) / (1 + (n - 1) * 0.01)
    assert (found.fenetre, found.sur, found.observe, found.attendu) == ("1h", n, k, Decimal(f"{m:.2f}"))
    assert found.score == score(z_squared, -1)


def test_ticks_may_come_one_by_one() -> None:
    world = change(steady(volume=4, valide=4, produit_A=3, produit_B=1), "produit_B", 90, 200, 5)
    ticks = range(START + 80, START + 220)
    assert sorted(alarms_of(world, ticks)) == sorted(each for tick in ticks for each in alarms_of(world, [tick]))


def test_rows_that_nobody_can_have_learned_raise_nothing() -> None:
    """`sales verify` scores with the rows that it finds, also with damaged ones."""
    world = steady(volume=4, valide=4, partition_0=4, produit_A=4, montant_A=600)
    rows = trained(DAY, world, [], "UTC")
    ticks = range(START, START + 288, 7)
    for mesure in {row.mesure for row in rows}:
        scored(ticks, world, {DAY: [row for row in rows if row.mesure != mesure]}, 1)
        for damage in ({"dispersion_1h": 0}, {"dispersion_4h": -(10**9)}, {"part": 10**10}, {"attendu": -(10**9)}):
            damaged = [row._replace(**damage) if row.mesure == mesure else row for row in rows]
            scored(ticks, world, {DAY: damaged}, 1)
    few = [row for row in rows if row.mesure != "volume" or row.moment.hour < 12]
    scored(ticks, world, {DAY: few}, 1)


def test_links_go_in_both_directions() -> None:
    assert all(name in LINKED[other] for name, others in LINKED.items() for other in others)
    assert set(LINKED) == set(DETECTORS)
    assert LINKED["silence"] == {"silence", "volume", "rupture", "partition", "retard", "plat"}
    assert LINKED["vide"] == {"vide", "rejet"}


def grouped(*alarms: Alarm, complete: int = START + 999) -> list[Incident]:
    return incidents(alarms, complete)


def test_linked_alarms_are_one_incident_named_by_the_nearest_to_the_root() -> None:
    (found,) = grouped(
        alarm("volume", START, score=-9, tranche=4),
        alarm("volume", START + 3, score=-20),
        alarm("rupture", START, score=-6),
        alarm("silence", START + 12, score=-4.5),
        alarm("silence", START + 20, score=-7.25),
    )
    assert (found.anomalie_id, found.detecteur, found.cause) == ("20260330-0000-volume", "volume", "silence")
    assert (found.detecteurs, found.tranche) == ("rupture, silence, volume", 4)
    assert (found.score, found.sens, found.severite) == (Decimal("-7.25"), "baisse", "critique")
    # 10 and 3.8 times 10 on either side, not below zero
    assert (found.attendu_bas, found.attendu_haut) == (0, 48)
    assert (found.debut, found.derniere_alerte) == (moment_of(START), moment_of(START + 20))


@pytest.mark.parametrize(("tick", "cause"), [(12, "doublon"), (13, "volume")])
def test_a_cause_shows_itself_within_an_hour(tick: int, cause: str) -> None:
    (found,) = grouped(alarm("volume", START), alarm("volume", START + 10), alarm("doublon", START + tick))
    assert found.cause == cause
    assert (found.attendu_bas, found.attendu_haut) == (0, 54)


def test_what_is_not_linked_is_an_incident_of_its_own() -> None:
    assert [each.detecteur for each in grouped(alarm("vide", START), alarm("prix", START))] == ["prix", "vide"]


def detectors_of(*alarms: Alarm) -> list[str]:
    return [each.anomalie_id[9:] for each in grouped(*alarms)]


def test_a_linked_detector_starts_one_after_an_hour_the_same_after_half_a_day() -> None:
    assert detectors_of(alarm("volume", START), alarm("produit", START + 12)) == ["0000-volume"]
    assert detectors_of(alarm("volume", START), alarm("produit", START + 13)) == ["0000-volume", "0105-produit"]
    assert detectors_of(alarm("volume", START), alarm("volume", START + 144)) == ["0000-volume"]
    assert detectors_of(alarm("volume", START), alarm("volume", START + 145)) == ["0000-volume", "1205-volume"]


def of_episode(detecteur: str, first: int, last: int, score: float = 5, cle: str = "total") -> list[Alarm]:
    """An alarm in every tick of the day from one to another."""
    return [alarm(detecteur, START + tick, score, cle) for tick in range(first, last + 1)]


def told(*alarms: Iterable[Alarm]) -> list[tuple[str, str, int]]:
    """Of each incident who began it and when, its cause, and its last tick."""
    found = grouped(*(each for of in alarms for each in of))
    return [(each.anomalie_id[9:], each.cause, tick_of(each.derniere_alerte) - START) for each in found]


def test_an_incident_takes_in_episodes_until_half_a_day_after_the_one_that_began_it() -> None:
    """And each of them to its end."""
    volume, produit = of_episode("volume", 0, 2), of_episode("produit", 13, 300, cle="A")
    assert told(volume, produit) == [("0000-volume", "volume", 300)]
    # explained by `rejet`, whose incident has begun with `vide`, which is not linked with `produit`
    other = [*of_episode("vide", 130, 131, cle="pays"), *of_episode("rejet", 138, 150, cle="conflit")]
    assert told(volume, other, of_episode("produit", 146, 200, cle="A")) == [
        ("0000-volume", "volume", 200),
        ("1050-vide", "rejet", 150),
    ]
    assert told(volume, other, of_episode("produit", 147, 200, cle="A")) == [
        ("0000-volume", "volume", 2),
        ("1050-vide", "rejet", 150),
        ("1215-produit", "produit", 200),
    ]


def test_an_episode_ends_when_half_a_day_is_quiet() -> None:
    ticks = (0, 144, 289)
    found = grouped(*(alarm("vide", START + tick, tranche=tick) for tick in ticks))
    assert [(each.debut, each.derniere_alerte, each.tranche) for each in found] == [
        (moment_of(START), moment_of(START + 144), 0),
        (moment_of(START + 289), moment_of(START + 289), 289),
    ]


def test_of_several_incidents_the_one_nearest_to_the_root_is_joined_then_the_earliest() -> None:
    both = [*of_episode("rupture", 0, 20), *of_episode("partition", 15, 20, cle="1")]
    assert told(both, of_episode("plat", 22, 24, -5)) == [
        ("0000-rupture", "rupture", 20),
        ("0115-partition", "partition", 24),
    ]
    keys = [*of_episode("rejet", 0, 20, cle="B"), *of_episode("rejet", 13, 20, -5, cle="A")]
    assert told(keys, of_episode("vide", 22, 24, cle="pays")) == [("0000-rejet", "rejet", 24)]


def test_a_silence_after_late_duplicates_is_an_incident_of_its_own() -> None:
    found = told(of_episode("doublon", 0, 3), of_episode("retard", 8, 11), of_episode("silence", 20, 224, -5))
    assert found == [("0000-doublon", "doublon", 11), ("0140-silence", "silence", 224)]
    found = told(of_episode("doublon", 0, 3), of_episode("retard", 8, 19), of_episode("silence", 21, 225, -5))
    assert found == [("0000-doublon", "doublon", 19), ("0145-silence", "silence", 225)]


def test_a_chain_of_links_hides_no_product_that_vanishes() -> None:
    chain = [*of_episode("vide", 0, 2, cle="pays"), *of_episode("rejet", 8, 10, cle="conflit")]
    assert told(chain, of_episode("produit", 16, 90, -5, cle="A")) == [
        ("0000-vide", "rejet", 10),
        ("0120-produit", "produit", 90),
    ]


def test_incidents_of_one_detector_and_tick_are_numbered() -> None:
    chain = [*of_episode("vide", 0, 2, cle="pays"), *of_episode("rejet", 8, 10, cle="conflit")]
    products = [*of_episode("produit", 16, 20, 5, cle="B"), *of_episode("produit", 16, 20, -5, cle="A")]
    found = grouped(*chain, *products, *of_episode("produit", 16, 20, -5, cle="B"))
    assert [(each.anomalie_id[9:], each.cle, each.sens) for each in found[1:]] == [
        ("0120-produit", "A", "baisse"),
        ("0120-produit-2", "B", "baisse"),
        ("0120-produit-3", "B", "hausse"),
    ]


def test_a_silence_after_a_surge_is_an_incident_of_its_own() -> None:
    surge = [*of_episode("volume", 0, 40), *of_episode("rupture", 1, 10)]
    fall = [*of_episode("silence", 37, 120, -5), *of_episode("volume", 38, 120, -5), *of_episode("rupture", 38, 80, -5)]
    assert told(surge, fall)[1] == ("0305-silence", "silence", 120)
    assert [each.severite for each in grouped(*surge, *fall)] == ["haute", "critique"]


def test_a_silence_that_shows_itself_within_an_hour_of_another_detector_is_one_incident() -> None:
    assert told(of_episode("volume", 0, 50, -5), of_episode("silence", 12, 50, -5)) == [("0000-volume", "silence", 50)]
    assert len(told(of_episode("volume", 0, 50, -5), of_episode("silence", 13, 50, -5))) == 2
    # what is nearer to the root explains, however long it has gone on
    found = told(of_episode("silence", 0, 50, -5), of_episode("partition", 40, 60, -5, "1"))
    assert found == [("0000-silence", "silence", 60)]


def test_partitions_that_stop_one_after_the_other_are_two_incidents() -> None:
    found = told(of_episode("partition", 0, 200, -5, "1"), of_episode("partition", 36, 200, -5, "0"))
    assert found == [("0000-partition", "partition", 200), ("0300-partition", "partition", 200)]


@pytest.mark.parametrize("rising", ["", "2"])
def test_also_if_the_first_has_the_smaller_number_or_the_shares_of_others_rise(rising: str) -> None:
    rise = [each for cle in rising for each in of_episode("partition", 2, 200, 5, cle)]
    stops = [*of_episode("partition", 0, 200, -5, "0"), *of_episode("partition", 36, 200, -5, "1")]
    assert len(told(rise, stops)) == 2


def test_if_a_partition_stops_the_others_rise_in_the_same_incident() -> None:
    rise = [each for cle in ("1", "2") for each in of_episode("partition", 50, 200, 5, cle)]
    assert told(of_episode("partition", 0, 190, -5, "0"), rise) == [("0000-partition", "partition", 200)]
    # also half a day after the last alarm, but not of the same key
    assert len(told(of_episode("partition", 0, 1, -5, "0"), of_episode("partition", 145, 146, 5, "1"))) == 1
    assert len(told(of_episode("partition", 0, 1, -5, "0"), of_episode("partition", 146, 147, 5, "1"))) == 2
    assert len(told(of_episode("partition", 0, 1, -5, "0"), of_episode("partition", 145, 146, 5, "0"))) == 2


_ALARMS = st.lists(
    st.tuples(st.sampled_from(list(DETECTORS)), st.integers(0, 700), st.sampled_from("AB"), st.sampled_from((-5, 5))),
    unique_by=lambda row: row[:3],
    max_size=60,
)


@given(_ALARMS)
def test_every_alarm_is_in_exactly_one_incident(rows: list[tuple[str, int, str, int]]) -> None:
    alarms = [alarm(detecteur, START + tick, score, cle) for detecteur, tick, cle, score in rows]
    groups = gathered(alarms)
    assert sorted(each for group in groups.values() for each in group) == sorted(alarms)
    found = incidents(reversed(alarms), START + 700)
    assert [each.anomalie_id for each in found] == list(groups)
    assert [each.debut for each in found] == [min(each.moment for each in group) for group in groups.values()]


@pytest.mark.parametrize(("complete", "status"), [(143, "ouverte"), (144, "fermee")])
def test_an_incident_closes_after_half_a_day(complete: int, status: str) -> None:
    (found,) = grouped(alarm("vide", START), complete=START + complete)
    assert found.statut == status
    assert found.fin == (None if status == "ouverte" else moment_of(START + 1))


@pytest.mark.parametrize(
    ("detecteur", "score", "severity"),
    [
        ("partition", 4.4, "critique"),
        ("produit", 8, "critique"),
        ("produit", -7.9999, "haute"),
        ("produit", 5.9999, "moyenne"),
        ("doublon", 4.4, "haute"),
    ],
)
def test_severity_is_of_cause_and_score(detecteur: str, score: float, severity: str) -> None:
    assert grouped(alarm(detecteur, START, score=score))[0].severite == severity


def test_the_strongest_alarm_is_told_then_the_earliest_then_the_smallest_key() -> None:
    def strongest(*alarms: Alarm) -> tuple[str, Decimal]:
        (found,) = grouped(*alarms)
        return found.cle, found.score

    assert strongest(alarm("pays", START, 5, "B"), alarm("pays", START + 1, -6, "C")) == ("C", -6)
    assert strongest(alarm("pays", START, 5, "B"), alarm("pays", START + 1, 5, "A")) == ("B", 5)
    assert strongest(alarm("pays", START, 5, "B"), alarm("pays", START, -5, "A")) == ("A", -5)
