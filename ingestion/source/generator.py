"""Make sales.  Pure: the seed decides everything except `vente_id` and the time, which the caller gives."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import accumulate, cycle, islice
from random import Random

from ingestion.catalogue import clients, produits
from ingestion.event import VenteEvent

# Unequal on purpose, in the catalogue's order: a page on which all bars are equal says nothing.
PRODUCT_WEIGHTS = (12, 34, 18, 22, 14)
CLIENT_WEIGHTS = (30, 18, 22, 20, 10)
# Share of a day's sales by hour (UTC), and of a week's by weekday from Monday.
HOUR_WEIGHTS = (1, 1, 1, 1, 1, 2, 4, 7, 10, 12, 13, 12, 11, 12, 11, 10, 11, 13, 15, 14, 11, 8, 4, 2)
WEEKDAY_WEIGHTS = (9, 9, 10, 11, 14, 17, 12)
QUANTITY_WEIGHTS = (50, 25, 13, 8, 4)


def make_ventes(seed: int, numbered_times: Iterable[tuple[int, datetime]]) -> Iterator[VenteEvent]:
    """One sale for each (`vente_id`, time) pair, in their order."""
    random = Random(seed)
    # before the first number is taken, because a catalogue may be refused
    client_weights, product_weights = (
        _weights(CLIENT_WEIGHTS, len(clients())),
        _weights(PRODUCT_WEIGHTS, len(produits())),
    )
    for vente_id, timestamp in numbered_times:
        client = random.choices(clients(), client_weights)[0]
        produit = random.choices(produits(), product_weights)[0]
        quantite = random.choices((1, 2, 3, 4, 5), QUANTITY_WEIGHTS)[0]
        yield VenteEvent(
            vente_id=vente_id,
            client_id=client.client_id,
            produit_id=produit.produit_id,
            timestamp=timestamp,
            quantite=quantite,
            montant=produit.prix * quantite,
            client_nom=client.client_nom,
            produit_nom=produit.produit_nom,
            categorie=produit.categorie,
            pays=client.pays,
            segment=client.segment,
        )


def _weights(weights: tuple[int, ...], count: int) -> tuple[int, ...]:
    """As many weights as needed, starting again with the first for rows that were added to a catalogue."""
    return tuple(islice(cycle(weights), count))


def past_times(seed: int, count: int, until: datetime, span: timedelta) -> list[datetime]:
    """`count` times in [until - span, until), ascending, with a daily and a weekly rhythm."""
    random = Random(f"{seed}-times")
    hours = [until - span + timedelta(hours=n) for n in range(max(1, round(span / timedelta(hours=1))))]
    step = span / len(hours)
    weights = list(accumulate(HOUR_WEIGHTS[hour.hour] * WEEKDAY_WEIGHTS[hour.weekday()] for hour in hours))
    chosen = random.choices(range(len(hours)), cum_weights=weights, k=count)
    return sorted(until - span + step * (n + random.random() * 0.999999) for n in chosen)
