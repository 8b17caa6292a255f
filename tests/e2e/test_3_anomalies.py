"""Anomalies: three weeks arrive in a minute, with faults in the last hours; `sales verify` recomputes every table."""

import random
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from deltalake import DeltaTable

from infra.testbed.embedded import isolated, until
from infra.testbed.past_arrivals import let_producers_date, send_as_of
from ingestion.lake.gold_ledger import ANOMALIES, newest_gold
from tests.e2e.conftest import StackUnderTest

pytestmark = pytest.mark.e2e

PER_DAY = 700
NOW = datetime.now(UTC).replace(microsecond=0)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# until then everything is ordinary
QUIET_UNTIL = NOW - 26 * HOUR
MOUSE = 102


@pytest.fixture(scope="module")
def stack():
    """A stack of its own, whose topic takes the time of arrival from the producer."""
    with isolated(SILVER_INTERVAL_SECONDS="1", COLUMNS="200") as own:
        under_test = StackUnderTest(own.folder, own.environment)
        under_test.wait_ready()
        let_producers_date(under_test)
        yield under_test


def arrive(stack, first, last, change=None):
    """Sales at an even rate, at random."""
    chance = random.Random(str(first - NOW))
    count = int((last - first) / DAY * PER_DAY)
    send_as_of(stack, sorted(first + (last - first) * chance.random() for _ in range(count)), 7, change)
    stack.publish_all()


def mouse_in_euros_for_cents(event, moment):
    if event["produit_id"] == MOUSE and NOW - moment < 4 * HOUR:
        event["montant"] = round(event["montant"] / 100, 2)
    return event


def table(stack, name):
    """The rows that readers see, as dicts."""
    made = newest_gold(stack.lake / "gold")
    rows = DeltaTable(str(stack.lake / "gold" / name), version=made.versions[name]).to_pyarrow_dataset()
    return duckdb.from_arrow(rows).fetch_arrow_table().to_pylist()


def verified(stack):
    """Verification agrees; returns by table how many rows it has compared."""
    lines = [line.split() for line in stack.verify().splitlines()]
    found = {
        line[0]: int("".join(word for word in line[-4:-2] if word.isdigit()))
        for line in lines
        if line and line[0] in ANOMALIES
    }
    assert set(found) == set(ANOMALIES)
    return found


def look(stack, moment, *selected):
    """A run of dbt by hand that is told up to when everything has arrived."""
    stack.environment["ARRIVED_UNTIL"] = moment.isoformat()
    try:
        stack.dbt("build", "--select", *selected, "--exclude", "resource_type:unit_test", "tag:outside_slices")
    finally:
        del stack.environment["ARRIVED_UNTIL"]


def arrived_until(stack):
    code = "from ingestion.silver.arrivals import arrived_until; print(arrived_until())"
    said = stack.run("python", "-c", code).strip().splitlines()
    return datetime.fromisoformat(said[-1]) if said and said[-1].startswith("20") else None


def test_nothing_is_looked_for_before_there_are_two_weeks(stack):
    arrive(stack, QUIET_UNTIL - 20 * DAY, QUIET_UNTIL - 10 * DAY)
    look(stack, QUIET_UNTIL - 10 * DAY, "tag:gold")
    assert {row["mesure"] for row in table(stack, "mesures")} > {"volume", "partition", "produit", "montant", "complet"}
    assert table(stack, "attentes") == table(stack, "alertes") == table(stack, "anomalies") == []
    verified(stack)


def test_what_is_ordinary_is_learned(stack):
    arrive(stack, QUIET_UNTIL - 10 * DAY, QUIET_UNTIL)
    look(stack, QUIET_UNTIL, "tag:gold")
    compared = verified(stack)
    learned = table(stack, "attentes")
    # the ticks of a day lie on two of them, unless it ends at midnight
    assert {row["date_arrivee"] for row in learned} >= {QUIET_UNTIL.date()}
    assert compared["attentes"] == len(learned)
    by_quarter = [row["attendu"] / 1e6 for row in learned if row["mesure"] == "volume"]
    assert PER_DAY / 96 * 0.6 < sum(by_quarter) / len(by_quarter) < PER_DAY / 96 * 1.4


def test_a_silence_and_wrong_prices_are_seen_each_with_one_anomaly(stack):
    arrive(stack, QUIET_UNTIL, NOW - HOUR, mouse_in_euros_for_cents)
    look(stack, NOW - 25 * MINUTE, "tag:gold")
    compared = verified(stack)
    assert compared["alertes"] > 0
    found = [row for row in table(stack, "anomalies") if row["statut"] == "ouverte"]
    (silence,) = [row for row in found if row["cause"] == "silence"]
    assert NOW - HOUR < silence["debut"].replace(tzinfo=UTC) < NOW
    assert silence["severite"] == "critique"
    (prices,) = [row for row in found if row["cause"] == "prix"]
    assert prices["cle"] == "Souris sans fil"
    assert NOW - 4 * HOUR <= prices["debut"].replace(tzinfo=UTC) < NOW - 2 * HOUR


def test_a_run_without_a_slice_looks_on_and_keeps_the_marts(stack):
    before, alarms = newest_gold(stack.lake / "gold"), table(stack, "alertes")
    look(stack, NOW, "tag:watch")
    after = newest_gold(stack.lake / "gold")
    assert after.publication == before.publication + 1
    moved = {name for name in after.versions if after.versions[name] != before.versions[name]}
    assert {"mesures", "alertes", "anomalies"} <= moved <= set(ANOMALIES)
    assert after.silver_versions == before.silver_versions
    # 25 minutes more of silence, by an alarm each five minutes
    new = [row for row in table(stack, "alertes") if row not in alarms]
    assert sum(row["detecteur"] == "silence" for row in new) == 5
    assert len([row for row in table(stack, "anomalies") if row["cause"] == "silence"]) == 1
    verified(stack)


def test_a_rebuild_keeps_what_was_said(stack):
    before = {name: table(stack, name) for name in ANOMALIES}
    stack.sales("gold", "--rebuild")
    after = {name: table(stack, name) for name in ANOMALIES}
    assert [row for row in after["attentes"] if row in before["attentes"]] == before["attentes"]
    assert [row for row in after["alertes"] if row in before["alertes"]] == before["alertes"]
    counted, again = ([row for row in of["mesures"] if row["mesure"] != "complet"] for of in (before, after))
    assert sorted(counted, key=str) == sorted(again, key=str)
    # how far was looked is not forgotten
    looked_at = [max(row["moment"] for row in of["mesures"] if row["mesure"] == "complet") for of in (before, after)]
    assert looked_at[0] <= looked_at[1]
    verified(stack)


def test_a_pipeline_that_stands_still_is_no_silence(stack):
    moment = arrived_until(stack)
    assert abs(moment - datetime.now(UTC)) < timedelta(seconds=30)
    stack.stop_stream()
    sent = datetime.now(UTC)
    stack.sales("produce", "--count", "1")
    waiting = arrived_until(stack)
    assert abs(waiting - sent) < timedelta(seconds=30)
    assert arrived_until(stack) == waiting
    with stack.supervisor() as supervisor:
        supervisor.stopProcess("kafka")
        assert arrived_until(stack) is None
        supervisor.startProcess("kafka")
    until(lambda: arrived_until(stack), "the broker is back", 60)
    stack.start_stream()
    stack.publish_all()
    stack.sales("gold")
    looked_at = [row["moment"] for row in table(stack, "mesures") if row["mesure"] == "complet"]
    assert datetime.now(UTC) - max(looked_at).replace(tzinfo=UTC) < 11 * MINUTE
