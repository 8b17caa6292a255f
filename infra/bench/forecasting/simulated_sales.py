"""Eight weeks of sales by the hour: the total, five products and five countries, as numbers and amounts.

The weights of hours, weekdays, products, clients and quantities are the generator's.  Added is what a forecast meets in
life and the generator does not have: growth, a change of level, holidays, a promotion, and noise of hours, days and
products.  In odd seeds the hours of the weekend come later; in every third seed one product has hours of its own.
"""

import math
from datetime import date, timedelta
from itertools import accumulate
from random import Random

from infra.bench.forecasting.sold_weeks import History
from ingestion.source.generator import (
    CLIENT_WEIGHTS,
    HOUR_WEIGHTS,
    PRODUCT_WEIGHTS,
    QUANTITY_WEIGHTS,
    WEEKDAY_WEIGHTS,
)

DAYS = 56
PRICES = (89_999, 2_550, 7_500, 5_999, 24_900)  # cents
PRODUCTS, COUNTRIES = range(len(PRODUCT_WEIGHTS)), range(len(CLIENT_WEIGHTS))
DAY_NOISE, PRODUCT_NOISE, HOUR_NOISE = 0.06, 0.10, 0.13


def simulate(seed: int, volume: int) -> History:
    """`volume`: sales a day, about halfway.  Seed and volume decide everything."""
    random = Random(f"{seed}-{volume}")
    first_day = date(2026, 1, 5) + timedelta(days=random.randrange(7))
    weekdays = [(first_day + timedelta(days=day)).weekday() for day in range(DAYS)]
    rates, hours, shares = _rates(random, volume, weekdays), _hours(random, seed), _product_shares(random)
    names = ["total", *(f"produit {each}" for each in PRODUCTS), *(f"pays {each}" for each in COUNTRIES)]
    counts, cents = ({name: [0] * (24 * DAYS) for name in names} for _ in range(2))
    quantity_weights = list(accumulate(QUANTITY_WEIGHTS))
    for day, rate in enumerate(rates):
        for hour in range(24):
            of_hour = rate * random.gammavariate(HOUR_NOISE**-2, HOUR_NOISE**2)
            for product in PRODUCTS:
                expected = of_hour * hours[product][weekdays[day] >= 5][hour] * shares[day][product]
                for country in COUNTRIES:
                    count = _poisson(random, expected * CLIENT_WEIGHTS[country] / sum(CLIENT_WEIGHTS))
                    quantity = sum(random.choices((1, 2, 3, 4, 5), cum_weights=quantity_weights, k=count))
                    for name in ("total", f"produit {product}", f"pays {country}"):
                        counts[name][24 * day + hour] += count
                        cents[name][24 * day + hour] += quantity * PRICES[product]
    return History(
        first_day,
        {
            (measure, name.partition(" ")[0], name): values[name]
            for measure, values in (("nombre_ventes", counts), ("total_montant", cents))
            for name in names
        },
    )


def _rates(random: Random, volume: int, weekdays: list[int]) -> list[float]:
    """Sales expected on each day."""
    growth = random.uniform(-0.002, 0.008)  # a day
    rates = [
        7 * volume * WEEKDAY_WEIGHTS[weekday] / sum(WEEKDAY_WEIGHTS) * math.exp(growth * (day - DAYS / 2))
        for day, weekday in enumerate(weekdays)
    ]
    if random.random() < 0.4:
        since, jump = random.randrange(14, DAYS - 7), random.choice((0.85, 1.2))
        rates[since:] = [rate * jump for rate in rates[since:]]
    for holiday in random.sample(range(DAYS), 2):
        rates[holiday] *= random.choice((0.45, 0.6, 1.6))
    return [rate * noise for rate, noise in zip(rates, _noise(random, DAY_NOISE, memory=0.5), strict=True)]


def _hours(random: Random, seed: int) -> list[tuple[list[float], list[float]]]:
    """Shares of the hours of a day, by product: on working days, and at the weekend."""
    usual = [float(weight) for weight in HOUR_WEIGHTS]
    weekend = [(usual[hour - 1] + usual[hour - 2]) / 2 for hour in range(24)] if seed % 2 else usual
    late = random.choice(PRODUCTS) if seed % 3 == 0 else None
    of_all = [
        [hours[-3:] + hours[:-3] if product == late else hours for hours in (usual, weekend)] for product in PRODUCTS
    ]
    working_day, at_weekend = ([_shares(each[kind]) for each in of_all] for kind in (0, 1))
    return list(zip(working_day, at_weekend, strict=True))


def _product_shares(random: Random) -> list[list[float]]:
    """By day and product; they add up to about one.  One product has a promotion of two to four days."""
    noise = [_noise(random, PRODUCT_NOISE, memory=0.7) for _ in PRODUCTS]
    usual = _shares([float(weight) for weight in PRODUCT_WEIGHTS])
    shares = [[usual[product] * noise[product][day] for product in PRODUCTS] for day in range(DAYS)]
    promoted, first = random.choice(PRODUCTS), random.randrange(10, DAYS - 7)
    for day in range(first, first + random.randrange(2, 5)):
        shares[day][promoted] *= 1.7
    return shares


def _noise(random: Random, spread: float, memory: float) -> list[float]:
    """A factor around one for each day; a day resembles the one before it."""
    states = [random.gauss(0, 1)]
    while len(states) < DAYS:
        states.append(memory * states[-1] + math.sqrt(1 - memory**2) * random.gauss(0, 1))
    return [math.exp(spread * state - spread**2 / 2) for state in states]


def _poisson(random: Random, expected: float) -> int:
    """How many arrivals, a unit of time apart on average, come before `expected`."""
    count, clock = 0, random.expovariate(1.0)
    while clock < expected:
        count, clock = count + 1, clock + random.expovariate(1.0)
    return count


def _shares(weights: list[float]) -> list[float]:
    return [weight / sum(weights) for weight in weights]
