"""How far off a count is, by hand; and what nobody can have learned."""

import math
from decimal import Decimal

import pytest

from ingestion.verify.anomalies.alarm_rows import Alarm, Expectation, moment_of
from ingestion.verify.anomalies.scoring import scored
from ingestion.verify.anomalies.training import trained
from tests.unit.verify.anomaly_worlds import DAY, START, World, alarms_of, change, steady

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
