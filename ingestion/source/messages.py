"""What `sales produce` sends: sales with their numbers and times, and faulty events between them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from math import ceil

from ingestion.event import Message, VenteEvent
from ingestion.source.faulty import KINDS, Kind
from ingestion.source.generator import make_ventes, past_times
from ingestion.source.ids import reserve_ids

# one full set of faulty events for this many sales
DIRTY_EVERY = 1000
BLOCK = 10_000
Reserve = Callable[[int], range]


def feed(
    seed: int,
    count: int | None,
    *,
    rate: float | None = None,
    since: timedelta | None = None,
    dirty: bool = False,
    reserve: Reserve = reserve_ids,
) -> Iterator[Message]:
    """`count` sales, or an endless series of sales.

    With `since` and a `count`, they are spread over that span up to now, in time order; otherwise each is dated when it
    is made.  With `dirty`, each thousand sales is mixed with one event of every kind in `ingestion.source.faulty`.
    """
    ids = _ids(reserve, BLOCK if rate is None else ceil(rate), count)
    times = _times(seed, count, since)
    ventes = make_ventes(seed, islice(zip(ids, times, strict=False), count))
    if not dirty:
        return (_sale(vente) for vente in ventes)
    return _with_faults(ventes, lambda: reserve(1)[0])


def _ids(reserve: Reserve, block: int, count: int | None) -> Iterator[int]:
    """Ids, reserved in blocks when they are needed; small blocks for a slow feed, so that its ids follow the clock."""
    left = count
    while left is None or left > 0:
        size = block if left is None else min(block, left)
        yield from reserve(size)
        left = None if left is None else left - size


def _times(seed: int, count: int | None, since: timedelta | None) -> Iterator[datetime]:
    if since is not None and count is not None:
        yield from past_times(seed, count, datetime.now(UTC), since)
        return
    while True:
        yield datetime.now(UTC)


def _with_faults(ventes: Iterable[VenteEvent], new_id: Callable[[], int]) -> Iterator[Message]:
    waiting: list[Kind] = []
    vente = None
    for number, vente in enumerate(ventes):
        yield _sale(vente)
        if number % DIRTY_EVERY == 0:
            waiting += KINDS
        if waiting:
            yield _fault(waiting.pop(0), vente, new_id)
    if vente is not None:
        yield from [_fault(kind, vente, new_id) for kind in waiting]


def _sale(vente: VenteEvent) -> Message:
    return Message("vente", _key(vente), vente.to_json())


def _fault(kind: Kind, vente: VenteEvent, new_id: Callable[[], int]) -> Message:
    """A faulty event, made from the sale that was just sent, or from a new sale, dated now, with the same content."""
    base = vente if kind.copies else replace(vente, vente_id=new_id(), timestamp=datetime.now(UTC))
    return Message(kind.name, _key(base), kind.make(base))


def _key(vente: VenteEvent) -> bytes:
    return str(vente.vente_id).encode()
