"""What is said of the events behind the last slice, and how it is compared when slices close."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ingestion import catalogue
from ingestion.catalogue import clients, produits
from ingestion.event import Offsets
from ingestion.lake.ledger import Publication
from ingestion.queries import Filters
from ingestion.tail import judging
from ingestion.tail.judging import Catalogues, Event, Tail, TailTotals
from tests.sales import SALE

NOW = datetime(2026, 1, 2, 10, tzinfo=UTC)
CLIENT = clients()[0]
CATALOGUES = Catalogues(
    {client.client_id: client for client in clients()}, {produit.produit_id: produit for produit in produits()}
)


def event(partition: int, offset: int, vente_id: int, **changed: object) -> Event:
    usual = {"vente_id": vente_id, "montant": 10.5, "quantite": 2, "timestamp": "2026-01-02T09:30:00"}
    value = json.dumps(json.loads(SALE.to_json()) | usual | {"client_id": CLIENT.client_id} | changed)
    return Event(partition, offset, value.encode(), int(NOW.timestamp() * 1000))


def published(tranche: int, offsets: Offsets) -> Publication:
    return Publication(tranche, NOW, {}, offsets, 0, 0, 0, 0)


def tail_of(*events: Event, begins: Offsets | None = None) -> Tail:
    tail = Tail(begins or {0: 0, 1: 0}, published(4, begins or {}), CATALOGUES)
    tail.add(events, {each.partition: each.offset + 1 for each in events})
    return tail


def said(tail: Tail) -> TailTotals:
    return tail.view(NOW, is_whole=True).totals()


def test_valid_sales_are_added_up_to_the_cent() -> None:
    tail = tail_of(event(0, 0, 1), event(1, 0, 2, montant=0.07, quantite=1))
    assert said(tail) == TailTotals(2, Decimal("10.57"), 3)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"montant": -1}, id="a rule on one event"),
        pytest.param({"client_id": 999}, id="no such client"),
        pytest.param({"produit_id": 999}, id="no such product"),
        pytest.param({"timestamp": "2026-01-09T00:00:00"}, id="dated ahead"),
    ],
)
def test_a_rejected_event_adds_nothing(changed: dict[str, object]) -> None:
    assert said(tail_of(event(0, 0, 1, **changed))) == TailTotals(0, Decimal("0.00"), 0)
    assert said(tail_of(Event(0, 0, None, 0), Event(0, 1, b"{", 0))).nombre_ventes == 0


def test_of_several_copies_the_first_by_partition_and_offset_counts() -> None:
    tail = tail_of(event(1, 0, 7, montant=1), event(1, 1, 7, montant=1), event(0, 5, 7, montant=3))
    assert said(tail) == TailTotals(1, Decimal("3.00"), 2)


def test_what_is_published_already_is_a_copy() -> None:
    tail = Tail({0: 0}, None, CATALOGUES)
    assert tail.add([event(0, 0, 1), event(0, 1, 2)], {0: 2}) == {1, 2}
    tail.know([1])
    assert said(tail).nombre_ventes == 1
    assert tail.add([event(0, 2, 1)], {0: 3}) == set()
    assert said(tail).nombre_ventes == 1


def test_filters_are_those_of_the_queries() -> None:
    tail = tail_of(event(0, 0, 1), event(0, 1, 2, timestamp="2026-01-02T10:59:59"))
    view = tail.view(NOW, is_whole=True)
    ten = datetime(2026, 1, 2, 10)
    assert view.totals(Filters(start=ten)).nombre_ventes == 1
    assert view.totals(Filters(end=ten)).nombre_ventes == 1
    assert view.totals(Filters(pays=(CLIENT.pays,), segment=(CLIENT.segment,))).nombre_ventes == 2
    assert view.totals(Filters(pays=("Nowhere",))).nombre_ventes == 0
    assert view.totals(Filters(produit=("Nothing",))).nombre_ventes == 0


def test_a_view_moves_behind_the_slice_that_a_reader_shows() -> None:
    tail = tail_of(event(0, 0, 1), event(0, 1, 2), event(1, 0, 3))
    view = tail.view(NOW, is_whole=True)
    later = view.behind(published(5, {0: 1, 1: 1}))
    assert (later.tranche, later.from_offsets, later.to_offsets) == (5, {0: 1, 1: 1}, {0: 2, 1: 1})
    assert later.totals().nombre_ventes == 1
    assert view.behind(published(4, {0: 1})) is view.behind(None) is view


def test_a_sale_is_not_shown_beside_its_published_copy() -> None:
    """A reader may show a newer slice than the tail, one that has taken the later copy, in partition 1."""
    view = tail_of(event(0, 5, 7), event(1, 2, 7), event(1, 3, 7), event(0, 6, 8)).view(NOW, is_whole=True)
    assert [sale.offset for sale in view.sales if sale.vente_id == 7] == [5]
    assert [sale.vente_id for sale in view.behind(published(5, {0: 5, 1: 3})).sales] == [8]
    assert [sale.vente_id for sale in view.behind(published(5, {0: 5, 1: 2})).sales] == [7, 8]
    assert view.behind(published(5, {0: 5, 1: 4})).is_whole
    # that slice has taken an event that the tail has not read
    assert not view.behind(published(5, {0: 5, 1: 5})).is_whole


def test_a_slice_is_compared_with_what_was_said_of_its_events() -> None:
    tail = tail_of(event(0, 0, 1), event(0, 1, 2), event(1, 0, 3), event(1, 1, 4))
    assert tail.has_read({0: 2, 1: 1})
    assert not tail.has_read({0: 3})
    assert tail.said_of([{0: 1, 1: 1}]) == TailTotals(2, Decimal("21.00"), 4)
    assert tail.said_of([{0: 1}, {0: 1, 1: 2}]) == TailTotals(3, Decimal("31.50"), 6)


def test_a_copy_in_an_earlier_slice_is_the_sale() -> None:
    """The copy in partition 0 comes first, until a slice has taken the other one without it."""
    tail = tail_of(event(0, 0, 7, montant=1), event(1, 0, 7, montant=2))
    assert said(tail).total_montant == Decimal("1.00")
    assert tail.said_of([{0: 0, 1: 1}]).total_montant == Decimal("2.00")
    later = tail.behind(published(5, {0: 0, 1: 1}))
    assert later.vente_ids == {7}
    later.know([7])
    assert said(later).nombre_ventes == 0


def test_the_tail_goes_on_behind_a_slice() -> None:
    tail = tail_of(event(0, 0, 1), event(0, 1, 2))
    later = tail.behind(published(5, {0: 1, 2: 4}))
    later.add([event(2, 4, 3)], {2: 5})
    view = later.view(NOW, is_whole=True)
    assert (view.from_offsets, view.to_offsets) == ({0: 1, 1: 0}, {0: 2, 1: 0, 2: 5})
    assert view.totals().nombre_ventes == 2


def test_a_tail_behind_a_hole_is_whole_again_behind_a_later_slice() -> None:
    """Kafka has dropped offsets that are not published; what Bronze has of them, the tail does not know."""
    tail = Tail({0: 10}, published(4, {0: 5}), CATALOGUES, has_all=False)
    assert not tail.behind(published(5, {0: 8})).has_all
    assert tail.behind(published(5, {0: 10})).has_all


def test_an_edited_catalogue_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLIENTS", "PRODUITS"):
        copy = tmp_path / name
        copy.write_bytes(getattr(catalogue, name).read_bytes())
        monkeypatch.setattr(catalogue, name, copy)
    before = Catalogues.read()
    assert not before.are_edited()
    with (tmp_path / "CLIENTS").open("a") as file:
        file.write("77,Zoe,France,Particulier\n")
    assert before.are_edited()
    assert Catalogues.read() != before


def test_a_tail_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "MOST_SALES", 2)
    tail = tail_of(event(0, 0, 1))
    assert not tail.is_full
    tail.add([event(0, 1, 2)], {0: 2})
    assert tail.is_full
