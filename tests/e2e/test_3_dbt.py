"""dbt typed by hand, in dbt_sales/, while the follower runs."""

import json
import os
import time

import pytest

from ingestion.settings import DBT_PROJECT

pytestmark = pytest.mark.e2e
# to these, a slice adds its sales
SUMS = ("cube_horaire", "hourly_sales", "ventes_aggreges")


def test_what_readers_see_may_be_old_and_not_the_newest_version(stack):
    """As after a week without sales: the upkeep and a run without news make versions, and publish none."""
    # without news, the cube is not written
    replaced = [table for table in SUMS if table != "cube_horaire"]
    stack.sales("produce", "--count", "10")
    stack.publish_all()
    assert "Completed successfully" in stack.dbt("run", "--select", *replaced)
    published, ten_days_ago = stack.versions(), time.time() - 10 * 86_400
    for table in replaced:
        assert stack.delta(f"silver/{table}").version() > published[table]
        for number in range(published[table] + 1):
            commit = stack.silver / table / "_delta_log" / f"{number:020}.json"
            if commit.exists():
                os.utime(commit, (ten_days_ago, ten_days_ago))
    stack.sales("produce", "--count", "10")
    stack.publish_all()
    stack.verify()


def test_a_model_that_runs_again_adds_nothing_twice(stack):
    """The run that restores the tables appends to them; one of single models, as a task of the DAG, merges."""
    growing = ("ventes_clean", "ventes_rejetees")

    def counted():
        return [stack.value(f"silver/{table}", "count(*)") for table in growing]

    def summed():
        return [stack.value(f"silver/{table}", "sum(total_quantite)") for table in SUMS]

    stack.publish_all()
    before = counted()
    stack.dbt("run", "--select", *growing)
    assert counted() == before
    with stack.follower_held():
        stack.sales("produce", "--count", "10", "--dirty")
        stack.sales("drain")
        stack.dbt("run", "--select", "tranches", "ventes_evaluees", *growing)
        open_slice = counted()
        assert all(now > then for now, then in zip(open_slice, before, strict=True))
        stack.dbt("run", "--select", *growing, *SUMS)
        assert counted() == open_slice
        open_sums = summed()
        assert len(set(open_sums)) == 1
        stack.dbt("run", "--select", *SUMS)
        assert summed() == open_sums
        # what it finds is rolled back, and made again
        stack.sales("silver")
        assert counted() == open_slice
        assert summed() == open_sums
    stack.verify()


def remembered(stack):
    """What the last run has left for the next one; None if nothing."""
    if "newest_slice" not in str(list(stack.query("show views in default"))):
        return None
    ((found,),) = stack.query("select slice from default.newest_slice")
    return json.loads(found)


def test_a_run_remembers_the_newest_slice_for_the_next(stack):
    """It is used if it is still true, and a run that closes no slice takes it away."""
    said = "is the newest, as the last run remembered"
    log = stack.folder / "var" / "dbt" / "log" / "dbt.log"

    def publish():
        before = log.read_text().count(said)
        stack.sales("produce", "--count", "3")
        stack.sales("drain")
        stack.sales("silver")
        return log.read_text().count(said) > before

    stack.publish_all()
    with stack.follower_held():
        publish()
        found, tranche = remembered(stack), stack.value("silver/tranches", "max(tranche)")
        ends = stack.table("silver/tranches").filter(f"tranche = {tranche}").select("kafka_partition, to_offset")
        assert (found["tranche"], found["is_closed"], found["versions"]) == (tranche, True, stack.versions())
        assert {end["kafka_partition"]: end["to_offset"] for end in found["ends"]} == dict(ends.fetchall())
        assert publish()
        # as code that knows nothing of it would leave it: of an earlier slice
        list(stack.query(f"create or replace view default.newest_slice as select '{json.dumps(found)}' as slice"))
        assert not publish()
        assert remembered(stack)["tranche"] == tranche + 2
        stack.dbt("run", "--select", "top_produits")
        assert remembered(stack) is None
    stack.verify()


def test_a_slice_without_a_single_number_is_published(stack, send):
    stack.publish_all()
    send({b"pierre tombale": None})
    stack.publish_all()
    stack.verify()


def test_every_dbt_test_passes(stack):
    """Data tests, those that run outside slices too, and the unit test of every verdict and mart."""
    # a `dbt test` needs the tables
    stack.sales("gold")
    printed = stack.dbt("test")
    assert "WARN=0 ERROR=0 SKIP=0" in printed, printed[-2000:]


def test_dbt_tells_how_old_the_newest_event_is(stack):
    stack.sales("produce", "--count", "10")
    stack.sales("drain")
    assert "PASS freshness of bronze.ventes_raw" in stack.dbt("source", "freshness")


def test_dbt_docs_show_the_lineage(stack):
    stack.dbt("docs", "generate")
    catalog = json.loads((stack.folder / "dbt" / "target" / "catalog.json").read_text())
    models = {path.stem for path in (DBT_PROJECT / "models").rglob("*.sql")}
    assert {node.split(".")[-1] for node in catalog["nodes"]} == models | {"clients", "produits"}


def test_dbt_waits_its_turn(stack):
    """A run meets the follower's: both end well, and nothing is published twice."""
    stack.sales("produce", "--count", "20")
    assert "Completed successfully" in stack.dbt("build", "--exclude-resource-type", "unit_test")
    stack.publish_all()
    stack.verify()


def test_a_lost_catalogue_replaces_no_table(stack):
    """The gateway forgets a table that has a history: dbt refuses to make it anew."""
    stack.publish_all()
    before = stack.rows("ventes_clean")
    with stack.follower_held():
        stack.sales("sql", "drop table silver.ventes_clean")
        code, said = stack.attempt("dbt", "--no-use-colors", "run", "--select", "ventes_clean")
        assert code != 0
        assert "DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION" in said
        # as every start of a gateway does
        stack.sales("sql", f"create table silver.ventes_clean using delta location '{stack.silver / 'ventes_clean'}'")
    assert stack.rows("ventes_clean") == before
    assert "Completed successfully" in stack.dbt("run")
    stack.verify()
