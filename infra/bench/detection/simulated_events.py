"""A world: eight weeks of events, as the measures that the detector reads, with or without faults at known times."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from infra.bench.detection.faults import FAULTS, Fault, information
from infra.bench.detection.rates import (
    CLIENT_SHARES,
    DAYS,
    ENTERPRISE,
    FIRST_DAY,
    NEW_PRICE,
    NULLS,
    PARTITIONS,
    PRICES,
    PRODUCT_SHARES,
    REASONS,
    TICKS_OF_DAY,
    TICKS_OF_HOUR,
    WRONG_PRICES,
    Numbers,
    Rates,
    usual_rates,
)
from ingestion.verify.anomalies.alarm_rows import Measures, Series, tick_of

FAULTS_OF_WORLD = 20
MONDAY = date(2026, 1, 5)
FIRST_TICK = tick_of(datetime(2026, 1, 5, tzinfo=UTC))
COUNTRIES = ("France", "Spain", "UK", "Germany", "Italy", "Portugal")
Counts = NDArray[Any]


@dataclass(frozen=True)
class Injected:
    """A fault from a tick up to another, and what can be known of it (`information`)."""

    fault: Fault
    first: int
    end: int
    information: float


@dataclass(frozen=True)
class World:
    measures: Measures
    holidays: list[int]
    faults: list[Injected]


def simulate(seed: int, volume: int, is_faulty: bool) -> World:
    """Seed, volume and `is_faulty` decide everything."""
    random = np.random.default_rng([seed, volume, int(is_faulty)])
    rates, holidays = usual_rates(random, seed, volume)
    chosen = _chosen(random) if is_faulty else []
    faults = [
        Injected(fault, FIRST_TICK + span.start, FIRST_TICK + span.stop, information(fault, rates.sales[span]))
        for fault, span in chosen
    ]
    for fault, span in chosen:
        if fault.kind in _ON_RATES:
            _ON_RATES[fault.kind](rates, span, fault)
    return World(_measures(_drawn(random, rates, chosen)), holidays, faults)


Chosen = list[tuple[Fault, slice]]


def _chosen(random: Generator) -> Chosen:
    """One fault in each slot of two days, at any time of the day."""
    slot = (DAYS - FIRST_DAY) * TICKS_OF_DAY // FAULTS_OF_WORLD
    chosen = []
    for place, which in enumerate(random.choice(len(FAULTS), FAULTS_OF_WORLD, replace=False)):
        fault = FAULTS[which]
        latest = slot - int(fault.hours * TICKS_OF_HOUR) - TICKS_OF_HOUR
        first = FIRST_DAY * TICKS_OF_DAY + place * slot + int(random.integers(0, latest))
        chosen.append((fault, slice(first, first + int(fault.hours * TICKS_OF_HOUR))))
    return chosen


def _change_sales(rates: Rates, span: slice, fault: Fault) -> None:
    rates.sales[span] *= fault.size


def _lose_partition(rates: Rates, span: slice, fault: Fault) -> None:
    rates.partitions[span, fault.place] *= fault.size
    rates.sales[span] *= rates.partitions[span].sum(1)


def _lose_product(rates: Rates, span: slice, fault: Fault) -> None:
    rates.sales[span] *= 1 - PRODUCT_SHARES[fault.place]
    rates.products[span, fault.place] = 0


def _lose_country(rates: Rates, span: slice, fault: Fault) -> None:
    rates.sales[span] *= 1 - CLIENT_SHARES[fault.place]
    rates.clients[span, fault.place] = 0


def _lose_companies(rates: Rates, span: slice, fault: Fault) -> None:
    rates.sales[span] *= 1 - CLIENT_SHARES[ENTERPRISE].sum()
    rates.clients[span, :-1][:, ENTERPRISE] = 0


def _add_product(rates: Rates, span: slice, fault: Fault) -> None:
    rates.products[span, -1] = fault.size


def _add_country(rates: Rates, span: slice, fault: Fault) -> None:
    rates.clients[span, -1] = fault.size


def _reject(rates: Rates, span: slice, fault: Fault) -> None:
    rates.reasons[span, fault.place] = fault.size


def _empty(rates: Rates, span: slice, fault: Fault) -> None:
    rates.nulls[span, fault.place] = fault.size


def _duplicate(rates: Rates, span: slice, fault: Fault) -> None:
    rates.duplicates[span] = fault.size


def _delay(rates: Rates, span: slice, fault: Fault) -> None:
    rates.late[span] = fault.size


def _change_quantities(rates: Rates, span: slice, fault: Fault) -> None:
    rates.quantities[span] = (0.05, 0.15, 0.25, 0.25, 0.30) if fault.size > 1 else (1, 0, 0, 0, 0)


_ON_RATES: dict[str, Callable[[Rates, slice, Fault], None]] = {
    "stop": _change_sales,
    "drop": _change_sales,
    "surge": _change_sales,
    "partition": _lose_partition,
    "product gone": _lose_product,
    "country gone": _lose_country,
    "segment gone": _lose_companies,
    "product new": _add_product,
    "country new": _add_country,
    "reject": _reject,
    "null": _empty,
    "duplicate": _duplicate,
    "late": _delay,
    "basket": _change_quantities,
}


@dataclass
class _Drawn:
    """By tick: events and those of each partition, rejected by reason, sales by product, client and quantity, ..."""

    events: Counts
    partitions: Counts
    rejected: Counts
    duplicates: Counts
    sold: Counts
    late: Counts
    nulls: Counts
    wrong_prices: Counts
    cents: Counts


def _drawn(random: Generator, rates: Rates, chosen: Chosen) -> _Drawn:
    sent = random.poisson(rates.sales)
    for span in _spans(chosen, "flat"):
        sent[span] = _always_the_same(rates.sales[span])
    accepted = 1 - rates.reasons.sum(1, keepdims=True)
    outcome = random.multinomial(sent, np.concatenate([accepted, rates.reasons], 1))
    valid, rejected = outcome[:, 0], outcome[:, 1:]
    duplicates = random.poisson(sent * rates.duplicates)
    cells = (_whole(rates.products)[:, :, None] * _whole(rates.clients)[:, None, :]).reshape(len(sent), -1)
    kinds = random.multinomial(valid, _whole(cells)).reshape(len(sent), rates.products.shape[1], -1)
    sold = random.multinomial(kinds, rates.quantities[:, None, None, :])
    late = random.binomial(valid, np.minimum(rates.late, 1))
    for span in _spans(chosen, "replay"):
        again = slice(span.start - TICKS_OF_HOUR, span.stop - TICKS_OF_HOUR)
        # the last hour once more, under new numbers and with its old times
        sold[span] += sold[again]
        late[span] += valid[again]
        sent[span] += valid[again]
    events = sent + duplicates
    wrong, cents = _amounts(random, sold, chosen)
    return _Drawn(
        events=events,
        partitions=random.multinomial(events, _whole(rates.partitions)),
        rejected=rejected,
        duplicates=duplicates,
        sold=sold,
        late=late,
        nulls=np.stack([random.binomial(events, np.minimum(each, 1)) for each in rates.nulls.T], 1),
        wrong_prices=wrong,
        cents=cents,
    )


def _amounts(random: Generator, sold: Counts, chosen: Chosen) -> tuple[Counts, Counts]:
    """By tick and product: sales at a price of their own, and cents."""
    number, units = sold.sum((2, 3)), (sold * np.arange(1, 6)).sum((2, 3))
    wrong = random.binomial(number, WRONG_PRICES)
    cents = units * np.array((*PRICES, NEW_PRICE)) * (1 + 0.05 * random.normal(0, 1, units.shape) * (wrong > 0))
    for fault, span in chosen:
        if fault.kind == "price":
            wrong[span, fault.place] = number[span, fault.place]
            cents[span, fault.place] *= fault.size
    return wrong, np.rint(cents).astype(np.int64)


def _always_the_same(sales: Numbers) -> Counts:
    """A stuck sender: the same number in every five minutes, or in every hour if there are few."""
    mean = float(sales.mean())
    same = np.zeros(len(sales), np.int64)
    if mean >= 3:
        same[:] = round(mean)
    else:
        same[::TICKS_OF_HOUR] = max(1, round(mean * TICKS_OF_HOUR))
    return same


def _spans(chosen: Chosen, kind: str) -> list[slice]:
    return [span for fault, span in chosen if fault.kind == kind]


def _whole(shares: Numbers) -> Numbers:
    whole: Numbers = shares / shares.sum(1, keepdims=True)
    return whole


def _measures(drawn: _Drawn) -> dict[Series, dict[int, int]]:
    by_product, by_client = drawn.sold.sum((2, 3)), drawn.sold.sum((1, 3))
    valid = by_product.sum(1)
    companies = by_client[:, :-1][:, ENTERPRISE].sum(1)
    products = [f"produit {place}" for place in range(by_product.shape[1])]
    of_total = {"volume": drawn.events, "valide": valid, "doublon": drawn.duplicates, "retard": drawn.late}
    counts: dict[Series, Counts] = {(mesure, "total"): each for mesure, each in of_total.items()}
    counts |= {("segment", "Enterprise"): companies, ("segment", "Particulier"): valid - companies}
    for mesure, names, columns in (
        ("partition", [str(number) for number in range(PARTITIONS)], drawn.partitions),
        ("rejet", list(REASONS), drawn.rejected),
        ("vide", list(NULLS), drawn.nulls),
        ("produit", products, by_product),
        ("montant", products, drawn.cents),
        ("prix", products, drawn.wrong_prices),
        ("pays", list(COUNTRIES), by_client),
    ):
        counts |= {(mesure, name): column for name, column in zip(names, columns.T, strict=True)}
    return {series: _by_tick(each) for series, each in counts.items()}


def _by_tick(counts: Counts) -> dict[int, int]:
    (ticks,) = counts.nonzero()
    return dict(zip((FIRST_TICK + ticks).tolist(), counts[ticks].tolist(), strict=True))
