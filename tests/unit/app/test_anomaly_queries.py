"""Incidents, their pictures and the state of the watch, from Delta tables with numbers worked by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from ingestion import queries
from ingestion.queries import GoldSnapshot, Quarter
from tests.unit.app.anomaly_lake import count, expectation, incident, publish_watch
from tests.unit.app.gold_lake import publish_gold

DAY = datetime(2026, 11, 30, tzinfo=UTC)
BEGAN, LAST = DAY.replace(hour=12), DAY.replace(hour=13)
TICK, QUARTER = timedelta(minutes=5), timedelta(minutes=15)
VOLUME = incident("volume", BEGAN, LAST)
SILENCE = incident("silence", BEGAN + timedelta(hours=5), LAST + timedelta(hours=5), severite="critique")
OLD = incident("produit", BEGAN - timedelta(days=9), LAST - timedelta(days=9), cle="Casque audio", is_open=False)
# the first and the last tick that were counted
FIRST, COMPLETE = count(DAY - timedelta(days=20), "volume", "total", 1), DAY.replace(hour=15, minute=25)


@pytest.fixture
def gold_of(tiny):
    def publish(anomalies=(), mesures=(), attentes=(), complete=COMPLETE, published_at=None):
        ends = [count(complete, "complet", "total", 1)] if complete else []
        rows = {"anomalies": list(anomalies), "mesures": [*mesures, *ends], "attentes": list(attentes)}
        publish_watch(tiny.silver.parent / "gold", published_at or (complete or DAY) + TICK, **rows)
        return tiny.lake.gold()

    return publish


def ids(found):
    return [each.anomalie_id for each in found]


def test_incidents_come_newest_first_with_every_column(gold_of):
    found = queries.anomalies(gold_of([OLD, VOLUME, SILENCE]))
    assert ids(found) == ["20261130-1700-silence", "20261130-1200-volume", "20261121-1200-produit"]
    assert {name: getattr(found[1], name) for name in VOLUME} == VOLUME
    assert found[2].fin == OLD["fin"]


@pytest.mark.parametrize(
    ("filters", "causes"),
    [
        ({"statut": "ouverte"}, ["silence", "volume"]),
        ({"statut": "fermee"}, ["produit"]),
        ({"severite": "critique"}, ["silence"]),
        ({"cause": "produit"}, ["produit"]),
        ({"severite": "haute", "statut": "ouverte"}, ["volume"]),
        # an alarm at that very moment counts, a beginning at that moment does not
        ({"since": LAST}, ["silence", "volume"]),
        ({"since": LAST + TICK}, ["silence"]),
        ({"until": BEGAN}, ["produit"]),
        ({"until": BEGAN + TICK}, ["volume", "produit"]),
        ({"anomalie_id": "20261130-1200-volume"}, ["volume"]),
    ],
)
def test_filters_narrow_the_incidents(gold_of, filters, causes):
    gold = gold_of([OLD, VOLUME, SILENCE])
    assert [each.cause for each in queries.anomalies(gold, **filters)] == causes


def test_gold_of_before_has_no_incident_no_picture_and_no_watch(published):
    assert queries.watch_state(published.lake.gold()) is None
    publish_gold(published, tranche=2)
    gold = published.lake.gold()
    assert queries.anomalies(gold) == []
    assert queries.anomaly_picture(gold, "20261130-1200-volume") is None
    assert queries.watch_state(gold) is None


def test_the_watch_learns_from_the_first_hour_on(gold_of):
    first = DAY - timedelta(days=5, minutes=-40)
    state = queries.watch_state(gold_of(mesures=[count(first, "volume", "total", 1)]))
    assert (state.mesures_depuis, state.complet_jusque) == (first, COMPLETE + TICK)
    # from 00:00 of the fifth day before
    assert (state.attentes_du, state.apprend, state.jours_connus, state.jours_requis) == (None, True, 5, 14)
    later = queries.watch_state(gold_of(mesures=[count(first + timedelta(hours=1), "volume", "total", 1)]))
    assert later.jours_connus == 4


def test_the_watch_has_learned_when_the_newest_day_has_expectations(gold_of):
    yesterday = expectation(DAY - timedelta(days=1), "volume", "total", 1, attendu=1)
    assert queries.watch_state(gold_of(mesures=[FIRST], attentes=[yesterday])).apprend is True
    state = queries.watch_state(gold_of(mesures=[FIRST], attentes=[yesterday, expectation(DAY, "volume", "total", 1)]))
    assert (state.apprend, state.attentes_du) == (False, date(2026, 11, 30))
    assert (state.mesures_depuis, state.jours_connus) == (None, None)


def test_only_a_watch_that_learns_reads_the_whole_history(gold_of, monkeypatch):
    read, rows = [], GoldSnapshot.rows
    monkeypatch.setattr(
        GoldSnapshot, "rows", lambda gold, mart, sql, **more: read.append(sql) or rows(gold, mart, sql, **more)
    )
    learned = gold_of([VOLUME], [FIRST], [expectation(DAY, "volume", "total", 1)])
    assert queries.watch_state(learned).apprend is False
    assert queries.anomaly_picture(learned, VOLUME["anomalie_id"]).quarts
    assert not [sql for sql in read if "anomalie_id" not in sql and "date_arrivee" not in sql]
    assert queries.watch_state(gold_of(mesures=[FIRST])).mesures_depuis == FIRST["moment"]
    assert [sql for sql in read if "date_arrivee" not in sql][-1].startswith("select min(moment)")


@pytest.mark.parametrize(("days", "known"), [(40, True), (41, False)])
def test_a_watch_that_has_not_looked_for_more_than_40_days_is_as_one_that_never_has(gold_of, days, known):
    learned = [expectation(COMPLETE, "volume", "total", 1)]
    gold = gold_of(mesures=[FIRST], attentes=learned, published_at=COMPLETE + timedelta(days=days))
    state = queries.watch_state(gold)
    assert state.complet_jusque == (COMPLETE + TICK if known else None)
    assert (state.attentes_du is not None, state.apprend) == (known, not known)


@pytest.mark.parametrize("ahead", [timedelta(minutes=6), timedelta(days=400)])
def test_what_was_complete_by_a_clock_that_was_ahead_does_not_count(gold_of, ahead):
    wrong = count(COMPLETE + ahead, "complet", "total", 1)
    learned = [expectation(moment, "volume", "total", 1) for moment in (DAY, DAY + timedelta(days=1))]
    gold = gold_of([VOLUME], [FIRST, wrong], learned)
    state = queries.watch_state(gold)
    assert (state.complet_jusque, state.attentes_du, state.apprend) == (COMPLETE + TICK, DAY.date(), False)
    assert queries.watch_state(gold_of([], [FIRST, wrong], learned[1:])).apprend is True
    gold = gold_of([VOLUME], [FIRST, wrong], learned)
    assert queries.anomaly_picture(gold, VOLUME["anomalie_id"]).quarts[-1].moment == DAY.replace(hour=15, minute=15)


def test_a_watch_that_has_counted_nothing_knows_nothing(gold_of):
    state = queries.watch_state(gold_of(complete=None))
    assert (state.mesures_depuis, state.complet_jusque, state.apprend, state.jours_connus) == (None, None, True, 0)


def quarter_of(gold, moment, number="20261130-1200-volume"):
    picture = queries.anomaly_picture(gold, number)
    (found,) = [each for each in picture.quarts if each.moment == moment]
    return picture, found


def amounts(*values):
    return tuple(map(Decimal, values))


def test_the_picture_of_the_volume_is_that_of_all_events(gold_of):
    learned = [expectation(BEGAN, "volume", "total", 10_000_000, attendu=40_000_000, date_arrivee=DAY.date())]
    # of the same quarter, learned the day before
    learned.append(expectation(BEGAN, "volume", "total", 0, attendu=1, date_arrivee=DAY.date() - timedelta(days=1)))
    counted = [count(BEGAN + number * TICK, "volume", "total", 7 + number) for number in range(4)]
    picture, found = quarter_of(gold_of([VOLUME], [FIRST, *counted], learned), BEGAN)
    assert (picture.mesure, picture.cle, picture.unite) == ("volume", "total", "evenements")
    # 40, and 4.4 times the root of 40 + 0.01 * 40 * 40
    assert found == Quarter(BEGAN, *amounts("24", "40.00", "7.07", "72.93"))
    later = next(each for each in picture.quarts if each.moment == BEGAN + QUARTER)
    assert later == Quarter(BEGAN + QUARTER, Decimal(10), None, None, None)


def test_a_picture_has_every_quarter_up_to_the_last_whole_one(gold_of):
    picture = queries.anomaly_picture(gold_of([VOLUME], [FIRST]), VOLUME["anomalie_id"])
    moments = [each.moment for each in picture.quarts]
    # complete until 15:30, and the alarms ended at 13:00
    assert (moments[0], moments[-1]) == (BEGAN - timedelta(hours=12), datetime(2026, 11, 30, 15, 15, tzinfo=UTC))
    assert {later - moment for moment, later in pairwise(moments)} == {QUARTER}
    assert {each.observe for each in picture.quarts} == {0}


@pytest.mark.parametrize(
    ("complete", "last"),
    [
        # 15:20 is complete, but the quarter goes on until 15:30
        (COMPLETE - TICK, datetime(2026, 11, 30, 15, tzinfo=UTC)),
        # six hours after the last alarm
        (DAY + timedelta(days=2), datetime(2026, 11, 30, 18, 45, tzinfo=UTC)),
    ],
)
def test_a_picture_ends_with_what_is_complete_or_six_hours_later(gold_of, complete, last):
    picture = queries.anomaly_picture(gold_of([VOLUME], [FIRST], complete=complete), VOLUME["anomalie_id"])
    assert picture.quarts[-1].moment == last


def test_a_picture_is_of_three_days_at_most(gold_of):
    long = incident("volume", BEGAN - timedelta(days=5), LAST)
    picture = queries.anomaly_picture(gold_of([long], [FIRST]), long["anomalie_id"])
    assert len(picture.quarts) == 3 * 96
    nothing = queries.anomaly_picture(gold_of([VOLUME], complete=None), VOLUME["anomalie_id"])
    assert nothing.quarts == []


@pytest.mark.parametrize(
    ("cause", "cle", "whole", "dispersion", "part", "bounds"),
    [
        # 20 of 100, and 4.4 times the root of 20 * 0.8 * (1 + 99 * 0.0005)
        ("produit", "Casque audio", ("valide", "total"), 500_000, 200_000_000, ("20.00", "1.97", "38.03")),
        ("partition", "2", ("volume", "total"), 500_000, 200_000_000, ("20.00", "1.97", "38.03")),
        # 2 of 100, and 4.4 times the root of 2 + 0.05 * 2 * 2
        ("rejet", "illisible", ("volume", "total"), 50_000_000, 20_000_000, ("2.00", "0.00", "8.53")),
        ("retard", "total", ("valide", "total"), 50_000_000, 20_000_000, ("2.00", "0.00", "8.53")),
        ("prix", "Casque audio", ("produit", "Casque audio"), 50_000_000, 20_000_000, ("2.00", "0.00", "8.53")),
    ],
)
def test_the_picture_of_a_share_follows_what_it_is_a_share_of(gold_of, cause, cle, whole, dispersion, part, bounds):
    shown = incident(cause, BEGAN, LAST, cle=cle)
    counted = [count(BEGAN, cause, cle, 9), count(BEGAN, cause, "another", 50), count(BEGAN + TICK, *whole, 100)]
    learned = [expectation(DAY, cause, cle, dispersion, part=part), expectation(DAY, cause, "", 1, part=1)]
    picture, found = quarter_of(gold_of([shown], [FIRST, *counted], learned), BEGAN, shown["anomalie_id"])
    assert (picture.mesure, picture.cle) == (cause, cle)
    assert picture.unite == ("evenements" if whole[0] == "volume" else "ventes")
    assert found == Quarter(BEGAN, Decimal(9), *amounts(*bounds))
    # none of nothing
    assert picture.quarts[-1] == Quarter(picture.quarts[-1].moment, *amounts("0", "0.00", "0.00", "0.00"))


def test_a_key_that_was_never_seen_is_expected_as_one_that_is_new(gold_of):
    shown = incident("pays", BEGAN, LAST, cle="Atlantis")
    learned = [expectation(DAY, "pays", "", 500_000, part=1_000_000), expectation(DAY, "pays", "France", 1, part=9)]
    gold = gold_of([shown], [FIRST, count(BEGAN, "valide", "total", 1000)], learned)
    assert quarter_of(gold, BEGAN, shown["anomalie_id"])[1].attendu == 1


def test_the_picture_of_the_amounts_is_in_euros_and_follows_the_products(gold_of):
    shown = incident("panier", BEGAN, LAST)
    counted = [count(BEGAN, "montant", "A", 3500), count(BEGAN + TICK, "montant", "B", 1000)]
    counted += [count(BEGAN, "produit", "A", 3), count(BEGAN + TICK, "produit", "B", 2)]
    learned = [expectation(DAY, "montant", "A", 10_000, attendu=1_000_000_000)]
    learned.append(expectation(DAY, "montant", "B", 2_500, attendu=500_000_000))
    picture, found = quarter_of(gold_of([shown], [FIRST, *counted], learned), BEGAN, shown["anomalie_id"])
    assert (picture.mesure, picture.unite) == ("montant", "EUR")
    # 3 * 10 + 2 * 5, and 4.4 times the root of 3 * 10000 + 2 * 2500, in cents
    assert found == Quarter(BEGAN, *amounts("45", "40.00", "31.77", "48.23"))


def test_a_silence_has_a_narrower_band(gold_of):
    learned = [expectation(BEGAN, "volume", "total", 10_000_000, attendu=40_000_000, date_arrivee=DAY.date())]
    silence = incident("silence", BEGAN, LAST)
    _, found = quarter_of(gold_of([silence], [FIRST], learned), BEGAN, silence["anomalie_id"])
    # 3.8 times the root of 56
    assert (found.attendu_bas, found.attendu_haut) == amounts("11.56", "68.44")
