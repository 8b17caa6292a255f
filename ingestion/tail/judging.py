"""Judge the events behind the last slice as the next slices will, and compare afterwards.

The rules are those of `ingestion.verify.verdict`.  What they do not know comes from the catalogues and from the
published sales.  One thing cannot be known before a slice is cut: which events it takes.  Of several copies of a sale,
the first by partition and offset counts until then.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple, cast

from ingestion import catalogue
from ingestion.catalogue import Client, Produit
from ingestion.event import Offsets
from ingestion.lake.ledger import Publication
from ingestion.queries.filters import Filters
from ingestion.verify.verdict import evaluate

# of a tail with more sales only the first so many are held, about 10 MB
MOST_SALES = 20_000
CENT = Decimal("0.01")


class Event(NamedTuple):
    """One event of the topic; `kafka_timestamp` in milliseconds since 1970."""

    partition: int
    offset: int
    value: bytes | None
    kafka_timestamp: int


@dataclass(frozen=True, slots=True)
class TailSale:
    """An event that breaks no rule on a single event; `timestamp` in microseconds since 1970, `montant` in cents."""

    partition: int
    offset: int
    vente_id: int
    timestamp: int
    quantite: int
    montant: int
    produit_nom: str
    pays: str
    segment: str

    @property
    def heure(self) -> datetime:
        """The sale's hour in UTC, without a zone, as hours are stored."""
        moment = datetime.fromtimestamp(self.timestamp // 1_000_000, UTC)
        return moment.replace(tzinfo=None, minute=0, second=0)


@dataclass(frozen=True)
class TailTotals:
    """What sales add up to; `total_montant` in EUR."""

    nombre_ventes: int
    total_montant: Decimal
    total_quantite: int

    def __str__(self) -> str:
        return f"{self.nombre_ventes} sales, {self.total_montant} EUR, {self.total_quantite} pieces"

    @classmethod
    def of(cls, sales: Iterable[TailSale]) -> "TailTotals":
        count = cents = pieces = 0
        for sale in sales:
            count, cents, pieces = count + 1, cents + sale.montant, pieces + sale.quantite
        return cls(count, cents * CENT, pieces)


@dataclass(frozen=True)
class TailView:
    """The valid sales of the tail at one moment, behind the slice `tranche` (0: nothing was published).

    By partition, the offsets [from, to) were judged.  `is_whole` is False if there are more sales behind them.
    `copies`: of each `vente_id` that is there more than once, its first offset in each partition.
    """

    measured_at: datetime
    tranche: int
    from_offsets: Offsets
    to_offsets: Offsets
    sales: tuple[TailSale, ...]
    is_whole: bool
    copies: Mapping[int, Offsets] = field(default_factory=dict)

    def behind(self, published: Publication | None) -> "TailView":
        """The part behind a newer slice."""
        if published is None or published.tranche <= self.tranche:
            return self
        starts = {n: max(start, published.offsets.get(n, 0)) for n, start in self.from_offsets.items()}

        def is_later(sale: TailSale) -> bool:
            first = self.copies.get(sale.vente_id, {sale.partition: sale.offset})
            return all(offset >= starts[n] for n, offset in first.items())

        return replace(
            self,
            tranche=published.tranche,
            from_offsets=starts,
            to_offsets={n: max(end, starts.get(n, 0)) for n, end in self.to_offsets.items()},
            sales=tuple(filter(is_later, self.sales)),
            # a slice that has taken what is not read yet may hold a copy of these
            is_whole=self.is_whole and all(end <= self.to_offsets.get(n, 0) for n, end in published.offsets.items()),
        )

    def matching(self, filters: Filters | None) -> list[TailSale]:
        if not filters:
            return list(self.sales)
        matches = filters.matching()
        return [sale for sale in self.sales if matches(sale.pays, sale.produit_nom, sale.segment, sale.heure)]

    def totals(self, filters: Filters | None = None) -> TailTotals:
        return TailTotals.of(self.matching(filters))


@dataclass(frozen=True)
class Comparison:
    """What the tail had said of the events up to this slice, and what was published of them."""

    tranche: int
    said: TailTotals
    published: TailTotals

    @property
    def is_equal(self) -> bool:
        return self.said == self.published

    def __str__(self) -> str:
        return f"slice {self.tranche}: provisional {self.said}, published {self.published}"


@dataclass(frozen=True)
class Catalogues:
    clients: dict[int, Client]
    produits: dict[int, Produit]
    # when the files were written; not part of what they say
    written_at: tuple[int, ...] = field(default=(), compare=False)

    @classmethod
    def read(cls) -> "Catalogues":
        """Both files as they are now.  Raises CatalogueError."""
        written_at = _written_at()
        return cls(
            {client.client_id: client for client in catalogue.read_clients(catalogue.CLIENTS)},
            {produit.produit_id: produit for produit in catalogue.read_produits(catalogue.PRODUITS)},
            written_at,
        )

    def are_edited(self) -> bool:
        return self.written_at != _written_at()


def _written_at() -> tuple[int, ...]:
    return tuple(path.stat().st_mtime_ns for path in (catalogue.CLIENTS, catalogue.PRODUITS))


class Tail:
    """The events read behind one slice.  Not safe to share between threads; its views are."""

    def __init__(
        self, begins: Offsets, published: Publication | None, catalogues: Catalogues, *, has_all: bool = True
    ) -> None:
        """`begins`: by partition, the first offset to read; `has_all`: whether it is the first one not published."""
        self.published, self.catalogues, self.has_all = published, catalogues, has_all
        self._begins, self._to_offsets = begins, begins
        self._sales: list[TailSale] = []
        # of each vente_id the copy that counts
        self._first: dict[int, TailSale] = {}
        # and of each that has several, the first in each partition
        self._copies: dict[int, Offsets] = {}
        self._known: set[int] = set()

    @property
    def tranche(self) -> int:
        return self.published.tranche if self.published else 0

    @property
    def is_full(self) -> bool:
        return len(self._sales) >= MOST_SALES

    def add(self, events: Iterable[Event], to_offsets: Offsets) -> set[int]:
        """Judge events, in order within each partition; return the vente_ids that are new to the tail.

        `to_offsets`: up to where the topic has been read with them.
        """
        new: set[int] = set()
        for event in events:
            sale = self._judged(event)
            if sale is None:
                continue
            self._sales.append(sale)
            if sale.vente_id not in self._first:
                new.add(sale.vente_id)
            self._take(sale, _place)
        self._to_offsets = self._to_offsets | to_offsets
        return new

    def know(self, published: Iterable[int]) -> None:
        """These vente_ids were published before the tail begins: its copies are duplicates or conflicts."""
        self._known.update(published)

    def view(self, at: datetime, *, is_whole: bool) -> TailView:
        sales, copies = tuple(self._valid()), dict(self._copies)
        return TailView(at, self.tranche, self._begins, self._to_offsets, sales, is_whole, copies)

    def has_read(self, offsets: Offsets) -> bool:
        return all(self._to_offsets.get(n, 0) >= offset for n, offset in offsets.items())

    def said_of(self, slices: list[Offsets]) -> TailTotals:
        """The totals of the events that these slices have taken, which are known by their ends, oldest first."""
        ends = slices[-1]

        def in_order(sale: TailSale) -> tuple[int, ...]:
            taken_by = (n for n, end in enumerate(slices) if sale.offset < end.get(sale.partition, 0))
            return (next(taken_by, len(slices)), *_place(sale))

        self._order_again(in_order)
        return TailTotals.of(sale for sale in self._valid() if sale.offset < ends.get(sale.partition, 0))

    def behind(self, published: Publication) -> "Tail":
        """The tail behind a newer slice; which of its vente_ids are known has to be asked again."""
        starts = {n: max(start, published.offsets.get(n, 0)) for n, start in self._begins.items()}
        has_all = all(starts.get(n, 0) <= end for n, end in published.offsets.items())
        later = Tail(starts, published, self.catalogues, has_all=has_all)
        later._to_offsets = {n: max(end, starts.get(n, 0)) for n, end in self._to_offsets.items()}
        later._sales = [sale for sale in self._sales if sale.offset >= starts[sale.partition]]
        later._order_again(_place)
        return later

    @property
    def vente_ids(self) -> set[int]:
        return set(self._first)

    def _valid(self) -> Iterable[TailSale]:
        return (sale for sale in self._first.values() if sale.vente_id not in self._known)

    def _judged(self, event: Event) -> TailSale | None:
        found = evaluate(event.value, event.kafka_timestamp * 1000)
        if found.raison is not None:
            return None
        # an event that breaks no rule has them all
        vente_id, client_id, produit_id, timestamp, quantite, montant = cast(
            "tuple[int, ...]",
            (found.vente_id, found.client_id, found.produit_id, found.timestamp, found.quantite, found.montant),
        )
        client = self.catalogues.clients.get(client_id)
        produit = self.catalogues.produits.get(produit_id)
        if client is None or produit is None:
            return None
        return TailSale(
            event.partition,
            event.offset,
            vente_id,
            timestamp,
            quantite,
            montant,
            produit.produit_nom,
            client.pays,
            client.segment,
        )

    def _order_again(self, order: Callable[[TailSale], tuple[int, ...]]) -> None:
        self._first.clear()
        self._copies.clear()
        for sale in self._sales:
            self._take(sale, order)

    def _take(self, sale: TailSale, order: Callable[[TailSale], tuple[int, ...]]) -> None:
        first = self._first.get(sale.vente_id)
        if first is not None:
            lowest = self._copies.get(sale.vente_id, {first.partition: first.offset})
            offset = min(sale.offset, lowest.get(sale.partition, sale.offset))
            self._copies[sale.vente_id] = lowest | {sale.partition: offset}
        if first is None or order(sale) < order(first):
            self._first[sale.vente_id] = sale


def _place(sale: TailSale) -> tuple[int, ...]:
    return (sale.partition, sale.offset)
