"""The answers over a tiny lake whose sums can be done by hand."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest
from deltalake import DeltaTable, write_deltalake

from ingestion import queries
from ingestion.queries import Filters, NeverPublishedError, VersionGoneError
from tests.unit.app.conftest import FIRST, TinyLake

NINE, TEN, MIDNIGHT = datetime(2025, 12, 22, 9), datetime(2025, 12, 22, 10), datetime(2025, 12, 23)


def tuples(rows):
    return [tuple(str(each) if isinstance(each, Decimal) else each for each in astuple(row)) for row in rows]


def test_aggregated_sales_sum_by_product_and_country_best_first(published):
    assert tuples(queries.aggregated_sales(published.lake.current())) == [
        ("Casque audio", "France", "59.99", 1),
        ("Souris sans fil", "France", "51.00", 2),
        ("Souris sans fil", "UK", "25.50", 1),
        ("Livre Data Science", "Italy", "12.50", 3),
    ]


@pytest.mark.parametrize("name", ["mes ventes", "été", "l'eau à 50%", "a+b=c@d~(e)&f!"])
def test_a_lake_is_read_in_a_folder_of_any_name(tmp_path, name):
    """Delta's reader gives back the names of files percent-encoded."""
    there = TinyLake(tmp_path / name / "silver")
    there.publish(FIRST)
    assert [row[-1] for row in tuples(queries.top_products(there.lake.current()))] == ["76.50", "59.99"]
    assert there.lake.current().totals.rows_clean == len(FIRST)


def test_top_products_carry_the_published_rank(published):
    assert tuples(queries.top_products(published.lake.current(), limit=2)) == [
        (1, "Souris sans fil", "76.50"),
        (2, "Casque audio", "59.99"),
    ]


def test_filtered_top_products_are_ranked_anew(published):
    french = queries.top_products(published.lake.current(), Filters(pays=("France",)))
    assert tuples(french) == [(1, "Casque audio", "59.99"), (2, "Souris sans fil", "51.00")]


def test_an_hour_begins_at_its_first_microsecond(published):
    assert tuples(queries.hourly_sales(published.lake.current())) == [
        (NINE, "51.00", 2),
        (TEN, "85.49", 2),
        (MIDNIGHT, "12.50", 3),
    ]


def test_hourly_limit_keeps_the_newest(published):
    assert [row.heure for row in queries.hourly_sales(published.lake.current(), limit=1)] == [MIDNIGHT]


def test_from_is_inclusive_and_to_exclusive(published):
    hours = queries.hourly_sales(published.lake.current(), Filters(start=NINE, end=TEN))
    assert [row.heure for row in hours] == [NINE]


def test_product_by_segment(published):
    assert tuples(queries.product_by_segment(published.lake.current())) == [
        ("Casque audio", "Particulier", "59.99"),
        ("Livre Data Science", "Enterprise", "12.50"),
        ("Souris sans fil", "Enterprise", "25.50"),
        ("Souris sans fil", "Particulier", "51.00"),
    ]


def test_overall_statistics_count_distinct_clients_and_round_the_basket_half_up(published):
    overall = queries.overall_statistics(published.lake.current())
    assert tuples([overall]) == [("148.99", 7, 4, 3, "37.25")]


def test_filtered_statistics_take_clients_from_the_same_hours(published):
    overall = queries.overall_statistics(published.lake.current(), Filters(start=TEN, end=MIDNIGHT))
    assert tuples([overall]) == [("85.49", 2, 2, 2, "42.75")]


def test_clients_are_those_of_the_hours_wherever_the_days_end(tiny):
    """One sale for each client, at both ends of the hours around midnights."""
    first = datetime(2025, 12, 20)
    moments = [first + timedelta(hours=hour) for hour in (0, 23, 24, 47, 48, 71, 72)]
    moments += [moment + timedelta(minutes=59, seconds=59) for moment in moments]
    sold = [
        (client, "Casque audio", "France", "Particulier", moment.isoformat(), 1, "10.00")
        for client, moment in enumerate(moments, start=1)
    ]
    tiny.publish(sold)
    hours = [None, *(first + timedelta(hours=hour) for hour in (0, 1, 23, 24, 30, 47, 48, 71, 72, 96))]
    for start, end in product(hours, hours):
        overall = queries.overall_statistics(tiny.lake.current(), Filters(start=start, end=end))
        chosen = [at for at in moments if (start or at) <= at and (end is None or at < end)]
        assert overall.nombre_clients == overall.nombre_ventes == len(chosen), (start, end)


def test_shares_of_countries_are_percent(published):
    assert tuples(queries.revenue_by_country(published.lake.current())) == [
        ("France", "110.99", "74.49"),
        ("UK", "25.50", "17.12"),
        ("Italy", "12.50", "8.39"),
    ]


def test_customer_segmentation(published):
    assert tuples(queries.customer_segmentation(published.lake.current())) == [
        ("Particulier", 1, "110.99", "55.50"),
        ("Enterprise", 2, "38.00", "19.00"),
    ]


def test_filters_combine(published):
    both = Filters(pays=("France", "UK"), produit=("Souris sans fil",), segment=("Enterprise",))
    assert tuples(queries.revenue_by_country(published.lake.current(), both)) == [("UK", "25.50", "100.00")]


def test_a_value_that_looks_like_sql_matches_nothing(published):
    assert queries.aggregated_sales(published.lake.current(), Filters(pays=("France' or '1'='1",))) == []


def test_whole_answers_come_from_the_published_table(published):
    """Only the published table knows this figure, so only an unfiltered answer can show it."""
    path = str(published.silver / "top_produits")
    write_deltalake(path, DeltaTable(path).to_pyarrow_table().slice(0, 1), mode="overwrite")
    published.tranche += 1
    published.close(0, 0)
    snapshot = published.lake.current()
    assert len(queries.top_products(snapshot)) == 1
    assert len(queries.top_products(snapshot, Filters(start=NINE))) == 3


def test_an_empty_lake_has_empty_answers(tiny):
    snapshot = tiny.lake.current()
    assert snapshot.publication is None
    assert queries.aggregated_sales(snapshot) == []
    assert queries.hours(snapshot, Filters(pays=("France",))) == []
    assert tuples([queries.overall_statistics(snapshot)]) == [("0.00", 0, 0, 0, None)]
    assert queries.newest_vente_at(snapshot) is None
    assert queries.rejected(snapshot) == []


def test_a_slice_without_a_sale_has_empty_answers(tiny):
    tiny.publish(rejected=[(0, "illisible", b"x")])
    snapshot = tiny.lake.current()
    assert queries.revenue_by_country(snapshot) == []
    assert queries.customer_segmentation(snapshot) == []
    assert queries.choices(snapshot) == {"pays": [], "produit": [], "segment": []}


def test_a_new_slice_is_seen_and_an_open_one_is_not(published):
    before = published.lake.current()
    assert published.lake.current() is before
    published.write([(2, "Casque audio", "Spain", "Particulier", "2025-12-23T01:00:00", 1, "59.99")])
    assert published.lake.current() is before
    assert queries.overall_statistics(published.lake.current()).nombre_ventes == 4
    published.close(1, 0)
    after = published.lake.current()
    assert after.key != before.key
    assert queries.overall_statistics(after).nombre_ventes == 5
    assert queries.overall_statistics(before).nombre_ventes == 4


def test_the_lake_can_be_asked_as_it_was(published):
    by_number = published.lake.at(1)
    by_time = published.lake.at(datetime(2026, 1, 1, 0, 1, 30, tzinfo=UTC))
    assert queries.overall_statistics(by_number).nombre_ventes == 3
    assert queries.overall_statistics(by_time).nombre_ventes == 3
    assert published.lake.at(2) is published.lake.current()


@pytest.mark.parametrize("as_of", [0, 3, 2**31, datetime(2025, 1, 1, tzinfo=UTC)])
def test_what_was_never_published_is_named(published, as_of):
    with pytest.raises(NeverPublishedError, match="slices 1 to 2"):
        published.lake.at(as_of)


def test_a_vacuumed_slice_is_gone_and_the_current_one_is_not(published):
    published.vacuum()
    with pytest.raises(VersionGoneError):
        queries.aggregated_sales(published.lake.at(1))
    assert len(queries.aggregated_sales(published.lake.current())) == 4


@pytest.mark.parametrize("rewrite", ["compact", "overwrite"])
def test_a_ledger_that_was_rewritten_is_read_again(published, rewrite):
    assert len(published.lake.ledger.slices()) == 2
    path = str(published.silver / "bilan_ingestion")
    if rewrite == "compact":
        DeltaTable(path).optimize.compact()
    else:
        write_deltalake(path, DeltaTable(path).to_pyarrow_table(), mode="overwrite")
    published.publish([(2, "Casque audio", "Spain", "Particulier", "2025-12-23T01:00:00", 1, "59.99")])
    assert [each.tranche for each in published.lake.ledger.slices()] == [1, 2, 3]
    assert published.lake.current().totals.rows_clean == 5


def test_threads_share_one_lake(published):
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda _: queries.overall_statistics(published.lake.current()), range(64))
    assert {answer.nombre_ventes for answer in answers} == {4}


def test_rejected_events_are_paged_and_cut(tiny):
    tiny.publish(rejected=[(0, "illisible", b"\xff" * 5000), (1, "illisible", None), (2, "conflit", b"{}")])
    snapshot = tiny.lake.current()
    assert [row.kafka_offset for row in queries.rejected(snapshot)] == [2, 1, 0]
    (cut,) = queries.rejected(snapshot, "illisible", limit=1, offset=1)
    assert (cut.value_size, len(cut.value)) == (5000, 4096)
    assert queries.rejected_by_raison(snapshot) == {"illisible": 2, "conflit": 1}
