"""The seed decides everything except `vente_id` and time, and the shapes are worth looking at."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ingestion.catalogue import clients, produits
from ingestion.event import EVENT_FIELDS, VenteEvent
from ingestion.source.generator import make_ventes, past_times

MIDNIGHT = datetime(2025, 12, 22, tzinfo=UTC)
BY_TIME_AND_ID = ("vente_id", "timestamp")


def ventes(seed: int, count: int, first_id: int = 1, start: datetime = MIDNIGHT) -> list[VenteEvent]:
    return list(make_ventes(seed, [(first_id + n, start + timedelta(seconds=n)) for n in range(count)]))


def without_id_and_time(vente: VenteEvent) -> list[object]:
    return [getattr(vente, name) for name in EVENT_FIELDS if name not in BY_TIME_AND_ID]


def test_same_seed_gives_the_same_sales_but_for_ids_and_times() -> None:
    one, other = ventes(7, 200), ventes(7, 200, first_id=9_000, start=MIDNIGHT + timedelta(days=3))
    assert [without_id_and_time(vente) for vente in one] == [without_id_and_time(vente) for vente in other]
    assert [vente.vente_id for vente in other] == list(range(9_000, 9_200))


def test_other_seed_gives_other_sales() -> None:
    assert [without_id_and_time(v) for v in ventes(1, 50)] != [without_id_and_time(v) for v in ventes(2, 50)]


def test_shorter_run_is_the_beginning_of_the_longer_one() -> None:
    assert ventes(3, 10) == ventes(3, 100)[:10]


def test_montant_is_the_catalogue_price_times_quantite_to_the_cent() -> None:
    prix = {produit.produit_id: produit.prix for produit in produits()}
    for vente in ventes(5, 500):
        assert vente.montant == prix[vente.produit_id] * vente.quantite
        assert -int(vente.montant.as_tuple().exponent) == 2
        assert 1 <= vente.quantite <= 5


def test_texts_are_those_of_the_catalogues() -> None:
    by_client = {client.client_id: (client.client_nom, client.pays, client.segment) for client in clients()}
    by_produit = {produit.produit_id: (produit.produit_nom, produit.categorie) for produit in produits()}
    for vente in ventes(5, 300):
        assert (vente.client_nom, vente.pays, vente.segment) == by_client[vente.client_id]
        assert (vente.produit_nom, vente.categorie) == by_produit[vente.produit_id]


def test_every_client_and_product_sells_and_not_equally() -> None:
    sold = ventes(11, 2000)
    by_produit = Counter(vente.produit_nom for vente in sold)
    assert set(by_produit) == {produit.produit_nom for produit in produits()}
    assert {vente.client_id for vente in sold} == {client.client_id for client in clients()}
    assert max(by_produit.values()) > 2 * min(by_produit.values())


def test_catalogue_is_the_one_of_the_specification() -> None:
    assert [(p.produit_id, p.produit_nom, p.prix) for p in produits()] == [
        (101, "Ordinateur portable", Decimal("899.99")),
        (102, "Souris sans fil", Decimal("25.50")),
        (103, "Clavier mecanique", Decimal("75.00")),
        (104, "Casque audio", Decimal("59.99")),
        (105, "Livre Data Science", Decimal("19.99")),
    ]


def test_past_times_ascend_within_the_span() -> None:
    until, span = MIDNIGHT + timedelta(hours=5, minutes=17), timedelta(days=7)
    times = past_times(1, 3000, until, span)
    assert len(times) == 3000
    assert times == sorted(times)
    assert until - span <= times[0]
    assert times[-1] < until


def test_past_times_follow_the_seed() -> None:
    span = timedelta(days=2)
    assert past_times(1, 100, MIDNIGHT, span) == past_times(1, 100, MIDNIGHT, span)
    assert past_times(1, 100, MIDNIGHT, span) != past_times(2, 100, MIDNIGHT, span)


def test_past_times_have_a_daily_and_a_weekly_rhythm() -> None:
    times = past_times(1, 20_000, MIDNIGHT, timedelta(days=28))
    hours = Counter(time.hour for time in times)
    days = Counter(time.weekday() for time in times)
    assert hours[18] > 5 * hours[3]
    assert days[5] > days[0]


def test_past_times_of_less_than_an_hour_stay_in_it() -> None:
    times = past_times(1, 50, MIDNIGHT, timedelta(minutes=10))
    assert MIDNIGHT - timedelta(minutes=10) <= times[0] <= times[-1] < MIDNIGHT
