"""How many events each five minutes of a world bring on average, before any fault, and what they are like.

The weights of hours, weekdays, products, clients and quantities are the generator's.  Added is what a detector meets in
life and the generator does not have: growth, holidays, later weekend mornings, noise of ticks, hours and days, shares
that move, and rare events that come in bursts.  In odd seeds the day has no steps at the full hour.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ingestion.source.generator import (
    CLIENT_WEIGHTS,
    HOUR_WEIGHTS,
    PRODUCT_WEIGHTS,
    QUANTITY_WEIGHTS,
    WEEKDAY_WEIGHTS,
)

Numbers = NDArray[np.float64]
DAYS = 56
TICKS_OF_HOUR, TICKS_OF_DAY = 12, 288
TICKS = DAYS * TICKS_OF_DAY
HOLIDAYS = 2
# before it the detector learns; no holiday and no fault comes earlier
FIRST_DAY = 15
PRICES = (89_999, 2_550, 7_500, 5_999, 1_999)  # cents
# of the sixth, which is not sold at first
NEW_PRICE = 4_999


def _shares(weights: tuple[int, ...]) -> Numbers:
    return np.array(weights, np.float64) / sum(weights)


PRODUCT_SHARES, CLIENT_SHARES, QUANTITY_SHARES = map(_shares, (PRODUCT_WEIGHTS, CLIENT_WEIGHTS, QUANTITY_WEIGHTS))
# which clients are companies
ENTERPRISE = np.array([False, False, True, False, True])
REASONS = {
    "montant_invalide": 0.003,
    "timestamp_invalide": 0.002,
    "produit_inconnu": 0.002,
    "client_inconnu": 0.001,
    "conflit": 0.0005,
    "illisible": 0.0002,
}
NULLS = {"client_nom": 0.003, "produit_nom": 0.002, "categorie": 0.002, "pays": 0.005, "segment": 0.010}
PARTITIONS = 3
LATE, DUPLICATES, WRONG_PRICES = 0.01, 0.005, 0.002
HOUR_NOISE, DAY_NOISE, TICK_NOISE, SHARE_NOISE = 0.06, 0.04, 0.05, 0.04


@dataclass
class Rates:
    """By tick: the sales on average, and shares of them; those of products and clients have a column for a new one."""

    sales: Numbers
    products: Numbers
    clients: Numbers
    partitions: Numbers
    reasons: Numbers
    nulls: Numbers
    quantities: Numbers
    duplicates: Numbers
    late: Numbers


def usual_rates(random: Generator, seed: int, volume: int) -> tuple[Rates, list[int]]:
    """Without faults; and the holidays, as numbers of days.  `volume`: sales a day, about halfway."""
    sales, holidays = _sales(random, volume, is_smooth=seed % 2 == 1)
    rates = Rates(
        sales=sales,
        products=_moving(random, PRODUCT_SHARES),
        clients=_moving(random, CLIENT_SHARES),
        partitions=np.full((TICKS, PARTITIONS), 1 / PARTITIONS),
        reasons=np.stack([_bursty(random, share, 0.3) for share in REASONS.values()], 1),
        nulls=np.stack([_bursty(random, share, 0.2) for share in NULLS.values()], 1),
        quantities=np.tile(QUANTITY_SHARES, (TICKS, 1)),
        duplicates=_bursty(random, DUPLICATES, 0.4),
        late=_bursty(random, LATE, 0.4),
    )
    return rates, holidays


def _sales(random: Generator, volume: int, is_smooth: bool) -> tuple[Numbers, list[int]]:
    ticks = np.arange(TICKS)
    hour, day = ticks // TICKS_OF_HOUR % 24, ticks // TICKS_OF_DAY
    hours, weekdays = np.array(HOUR_WEIGHTS, np.float64), np.array(WEEKDAY_WEIGHTS, np.float64)
    by_hour = hours[hour]
    if is_smooth:
        position = ticks % TICKS_OF_DAY / TICKS_OF_HOUR - 0.5
        below = np.floor(position).astype(int)
        part = position - below
        by_hour = hours[below % 24] * (1 - part) + hours[(below + 1) % 24] * part
    later = np.where(day % 7 >= 5, 1 + 0.15 * np.cos(2 * np.pi * (hour - 15) / 24), 1)
    rhythm = by_hour * later / hours.sum() / TICKS_OF_HOUR * weekdays[day % 7] / weekdays.mean()
    growth = (1 + random.uniform(-0.01, 0.03)) ** (ticks / (7 * TICKS_OF_DAY) - DAYS / 14)
    sales = volume * rhythm * growth
    holidays = [int(each) for each in random.choice(np.arange(FIRST_DAY, DAYS), HOLIDAYS, replace=False)]
    for holiday in holidays:
        sales[day == holiday] *= random.uniform(0.5, 0.9) if random.random() < 0.5 else random.uniform(1.2, 1.9)
    return sales * np.exp(_noise(random)), holidays


def _noise(random: Generator) -> Numbers:
    """Of each tick, of each day, and of hours that resemble the one before."""
    hours, shocks = np.zeros(24 * DAYS), random.normal(0, 1, 24 * DAYS)
    for hour in range(1, len(hours)):
        hours[hour] = 0.7 * hours[hour - 1] + np.sqrt(1 - 0.7**2) * shocks[hour]
    by_day = np.repeat(random.normal(0, 1, DAYS), TICKS_OF_DAY)
    by_tick = random.normal(0, 1, TICKS)
    noise: Numbers = HOUR_NOISE * np.repeat(hours, TICKS_OF_HOUR) + DAY_NOISE * by_day + TICK_NOISE * by_tick
    return noise


def _moving(random: Generator, shares: Numbers) -> Numbers:
    """A little different on each day; the last column is that of one without sales."""
    by_day = shares * np.exp(SHARE_NOISE * random.normal(0, 1, (DAYS, len(shares))))
    return np.pad(np.repeat(by_day, TICKS_OF_DAY, axis=0), ((0, 0), (0, 1)))


def _bursty(random: Generator, share: float, spread: float) -> Numbers:
    """A share that moves from hour to hour."""
    return np.repeat(share * random.gamma(spread**-2, spread**2, 24 * DAYS), TICKS_OF_HOUR)
