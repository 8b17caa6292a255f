"""The story: clean and faulty events go in, known tables come out, and everything agrees."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ingestion.source.faulty import KINDS
from ingestion.source.generator import make_ventes

pytestmark = pytest.mark.e2e
SEED, COUNT = 7, 50


@pytest.fixture(scope="module")
def story(stack):
    stack.sales("produce", "--count", str(COUNT), "--seed", str(SEED), "--dirty")
    stack.publish_all()
    return stack


def test_every_event_is_in_bronze_once(story):
    assert story.value("bronze/ventes_raw", "count(*)") == COUNT + len(KINDS)
    assert story.value("bronze/ventes_raw", "count(distinct (kafka_partition, kafka_offset))") == COUNT + len(KINDS)


def test_every_event_got_the_verdict_it_deserves(story):
    rejected = Counter(raison for *_, raison, _ in story.rows("ventes_rejetees"))
    assert rejected == Counter(kind.verdict for kind in KINDS if kind.verdict not in ("valide", "doublon"))
    valid_kinds = sum(kind.verdict == "valide" for kind in KINDS)
    assert len(story.rows("ventes_clean")) == COUNT + valid_kinds


def test_generated_sales_are_published_to_the_cent(story):
    now = datetime.now(UTC)
    expected = sum((vente.montant for vente in make_ventes(SEED, ((n, now) for n in range(COUNT)))), Decimal(0))
    clean = story.table("silver/ventes_clean")
    # the faulty events that are valid sales come behind the generated ones
    first_ids = clean.order("vente_id").limit(COUNT)
    assert first_ids.aggregate("sum(montant)").fetchall() == [(expected,)]


def test_the_api_says_what_the_tables_say(story):
    published = {(nom, pays): total for nom, pays, total, _ in story.rows("ventes_aggreges")}
    answered = story.get("/api/aggregated_sales")
    rows = answered if isinstance(answered, list) else answered["rows"]
    assert {(row["produit_nom"], row["pays"]): Decimal(str(row["total_montant"])) for row in rows} == published


def test_verify_agrees(story):
    assert "everything agrees" in story.verify()


def test_a_second_run_changes_nothing(story):
    """It evaluates nothing: else a mended catalogue would judge a closed slice again."""
    before = {table: story.rows(table) for table in story.versions()}
    story.sales("silver")
    story.dbt("build", "--exclude-resource-type", "unit_test")
    assert story.sales("sql", "select count(*) from silver.ventes_evaluees").split()[1] == "0"
    assert {table: story.rows(table) for table in story.versions()} == before


def test_a_full_rebuild_gives_the_same_rows(story):
    story.sales("produce", "--count", "30")
    story.publish_all()
    before = {table: story.rows(table) for table in story.versions()}
    story.sales("silver", "rebuild")
    assert {table: story.rows(table) for table in story.versions()} == before
    story.verify()
