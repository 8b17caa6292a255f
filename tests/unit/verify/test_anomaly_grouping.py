"""Which alarms are one incident, and what is said of it."""

from collections.abc import Iterable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.detectors import DETECTORS, LINKED
from ingestion.queries.anomalies import Anomaly
from ingestion.verify.anomalies.alarm_rows import Alarm, moment_of, tick_of
from ingestion.verify.anomalies.grouping import gathered, incidents
from tests.unit.verify.anomaly_worlds import START, alarm


def test_links_go_in_both_directions() -> None:
    assert all(name in LINKED[other] for name, others in LINKED.items() for other in others)
    assert set(LINKED) == set(DETECTORS)
    assert LINKED["silence"] == {"silence", "volume", "rupture", "partition", "retard", "plat"}
    assert LINKED["vide"] == {"vide", "rejet"}


def grouped(*alarms: Alarm, complete: int = START + 999) -> list[Anomaly]:
    return incidents(alarms, complete)


def test_linked_alarms_are_one_incident_named_by_the_nearest_to_the_root() -> None:
    (found,) = grouped(
        alarm("volume", START, score=-9, tranche=4),
        alarm("volume", START + 3, score=-20),
        alarm("rupture", START, score=-6),
        alarm("silence", START + 12, score=-4.5),
        alarm("silence", START + 20, score=-7.25),
    )
    assert (found.anomalie_id, found.detecteur, found.cause) == ("20260330-0000-volume", "volume", "silence")
    assert (found.detecteurs, found.tranche) == ("rupture, silence, volume", 4)
    assert (found.score, found.sens, found.severite) == (Decimal("-7.25"), "baisse", "critique")
    # 10 and 3.8 times 10 on either side, not below zero
    assert (found.attendu_bas, found.attendu_haut) == (0, 48)
    assert (found.debut, found.derniere_alerte) == (moment_of(START), moment_of(START + 20))


@pytest.mark.parametrize(("tick", "cause"), [(12, "doublon"), (13, "volume")])
def test_a_cause_shows_itself_within_an_hour(tick: int, cause: str) -> None:
    (found,) = grouped(alarm("volume", START), alarm("volume", START + 10), alarm("doublon", START + tick))
    assert found.cause == cause
    assert (found.attendu_bas, found.attendu_haut) == (0, 54)


def test_what_is_not_linked_is_an_incident_of_its_own() -> None:
    assert [each.detecteur for each in grouped(alarm("vide", START), alarm("prix", START))] == ["prix", "vide"]


def detectors_of(*alarms: Alarm) -> list[str]:
    return [each.anomalie_id[9:] for each in grouped(*alarms)]


def test_a_linked_detector_starts_one_after_an_hour_the_same_after_half_a_day() -> None:
    assert detectors_of(alarm("volume", START), alarm("produit", START + 12)) == ["0000-volume"]
    assert detectors_of(alarm("volume", START), alarm("produit", START + 13)) == ["0000-volume", "0105-produit"]
    assert detectors_of(alarm("volume", START), alarm("volume", START + 144)) == ["0000-volume"]
    assert detectors_of(alarm("volume", START), alarm("volume", START + 145)) == ["0000-volume", "1205-volume"]


def of_episode(detecteur: str, first: int, last: int, score: float = 5, cle: str = "total") -> list[Alarm]:
    """An alarm in every tick of the day from one to another."""
    return [alarm(detecteur, START + tick, score, cle) for tick in range(first, last + 1)]


def told(*alarms: Iterable[Alarm]) -> list[tuple[str, str, int]]:
    """Of each incident who began it and when, its cause, and its last tick."""
    found = grouped(*(each for of in alarms for each in of))
    return [(each.anomalie_id[9:], each.cause, tick_of(each.derniere_alerte) - START) for each in found]


def test_an_incident_takes_in_episodes_until_half_a_day_after_the_one_that_began_it() -> None:
    """And each of them to its end."""
    volume, produit = of_episode("volume", 0, 2), of_episode("produit", 13, 300, cle="A")
    assert told(volume, produit) == [("0000-volume", "volume", 300)]
    # explained by `rejet`, whose incident has begun with `vide`, which is not linked with `produit`
    other = [*of_episode("vide", 130, 131, cle="pays"), *of_episode("rejet", 138, 150, cle="conflit")]
    assert told(volume, other, of_episode("produit", 146, 200, cle="A")) == [
        ("0000-volume", "volume", 200),
        ("1050-vide", "rejet", 150),
    ]
    assert told(volume, other, of_episode("produit", 147, 200, cle="A")) == [
        ("0000-volume", "volume", 2),
        ("1050-vide", "rejet", 150),
        ("1215-produit", "produit", 200),
    ]


def test_an_episode_ends_when_half_a_day_is_quiet() -> None:
    ticks = (0, 144, 289)
    found = grouped(*(alarm("vide", START + tick, tranche=tick) for tick in ticks))
    assert [(each.debut, each.derniere_alerte, each.tranche) for each in found] == [
        (moment_of(START), moment_of(START + 144), 0),
        (moment_of(START + 289), moment_of(START + 289), 289),
    ]


def test_of_several_incidents_the_one_nearest_to_the_root_is_joined_then_the_earliest() -> None:
    both = [*of_episode("rupture", 0, 20), *of_episode("partition", 15, 20, cle="1")]
    assert told(both, of_episode("plat", 22, 24, -5)) == [
        ("0000-rupture", "rupture", 20),
        ("0115-partition", "partition", 24),
    ]
    keys = [*of_episode("rejet", 0, 20, cle="B"), *of_episode("rejet", 13, 20, -5, cle="A")]
    assert told(keys, of_episode("vide", 22, 24, cle="pays")) == [("0000-rejet", "rejet", 24)]


def test_a_silence_after_late_duplicates_is_an_incident_of_its_own() -> None:
    found = told(of_episode("doublon", 0, 3), of_episode("retard", 8, 11), of_episode("silence", 20, 224, -5))
    assert found == [("0000-doublon", "doublon", 11), ("0140-silence", "silence", 224)]
    found = told(of_episode("doublon", 0, 3), of_episode("retard", 8, 19), of_episode("silence", 21, 225, -5))
    assert found == [("0000-doublon", "doublon", 19), ("0145-silence", "silence", 225)]


def test_a_chain_of_links_hides_no_product_that_vanishes() -> None:
    chain = [*of_episode("vide", 0, 2, cle="pays"), *of_episode("rejet", 8, 10, cle="conflit")]
    assert told(chain, of_episode("produit", 16, 90, -5, cle="A")) == [
        ("0000-vide", "rejet", 10),
        ("0120-produit", "produit", 90),
    ]


def test_incidents_of_one_detector_and_tick_are_numbered() -> None:
    chain = [*of_episode("vide", 0, 2, cle="pays"), *of_episode("rejet", 8, 10, cle="conflit")]
    products = [*of_episode("produit", 16, 20, 5, cle="B"), *of_episode("produit", 16, 20, -5, cle="A")]
    found = grouped(*chain, *products, *of_episode("produit", 16, 20, -5, cle="B"))
    assert [(each.anomalie_id[9:], each.cle, each.sens) for each in found[1:]] == [
        ("0120-produit", "A", "baisse"),
        ("0120-produit-2", "B", "baisse"),
        ("0120-produit-3", "B", "hausse"),
    ]


def test_a_silence_after_a_surge_is_an_incident_of_its_own() -> None:
    surge = [*of_episode("volume", 0, 40), *of_episode("rupture", 1, 10)]
    fall = [*of_episode("silence", 37, 120, -5), *of_episode("volume", 38, 120, -5), *of_episode("rupture", 38, 80, -5)]
    assert told(surge, fall)[1] == ("0305-silence", "silence", 120)
    assert [each.severite for each in grouped(*surge, *fall)] == ["haute", "critique"]


def test_a_silence_that_shows_itself_within_an_hour_of_another_detector_is_one_incident() -> None:
    assert told(of_episode("volume", 0, 50, -5), of_episode("silence", 12, 50, -5)) == [("0000-volume", "silence", 50)]
    assert len(told(of_episode("volume", 0, 50, -5), of_episode("silence", 13, 50, -5))) == 2
    # what is nearer to the root explains, however long it has gone on
    found = told(of_episode("silence", 0, 50, -5), of_episode("partition", 40, 60, -5, "1"))
    assert found == [("0000-silence", "silence", 60)]


def test_partitions_that_stop_one_after_the_other_are_two_incidents() -> None:
    found = told(of_episode("partition", 0, 200, -5, "1"), of_episode("partition", 36, 200, -5, "0"))
    assert found == [("0000-partition", "partition", 200), ("0300-partition", "partition", 200)]


@pytest.mark.parametrize("rising", ["", "2"])
def test_also_if_the_first_has_the_smaller_number_or_the_shares_of_others_rise(rising: str) -> None:
    rise = [each for cle in rising for each in of_episode("partition", 2, 200, 5, cle)]
    stops = [*of_episode("partition", 0, 200, -5, "0"), *of_episode("partition", 36, 200, -5, "1")]
    assert len(told(rise, stops)) == 2


def test_if_a_partition_stops_the_others_rise_in_the_same_incident() -> None:
    rise = [each for cle in ("1", "2") for each in of_episode("partition", 50, 200, 5, cle)]
    assert told(of_episode("partition", 0, 190, -5, "0"), rise) == [("0000-partition", "partition", 200)]
    # also half a day after the last alarm, but not of the same key
    assert len(told(of_episode("partition", 0, 1, -5, "0"), of_episode("partition", 145, 146, 5, "1"))) == 1
    assert len(told(of_episode("partition", 0, 1, -5, "0"), of_episode("partition", 146, 147, 5, "1"))) == 2
    assert len(told(of_episode("partition", 0, 1, -5, "0"), of_episode("partition", 145, 146, 5, "0"))) == 2


_ALARMS = st.lists(
    st.tuples(st.sampled_from(list(DETECTORS)), st.integers(0, 700), st.sampled_from("AB"), st.sampled_from((-5, 5))),
    unique_by=lambda row: row[:3],
    max_size=60,
)


@given(_ALARMS)
def test_every_alarm_is_in_exactly_one_incident(rows: list[tuple[str, int, str, int]]) -> None:
    alarms = [alarm(detecteur, START + tick, score, cle) for detecteur, tick, cle, score in rows]
    groups = gathered(alarms)
    assert sorted(each for group in groups.values() for each in group) == sorted(alarms)
    found = incidents(reversed(alarms), START + 700)
    assert [each.anomalie_id for each in found] == list(groups)
    assert [each.debut for each in found] == [min(each.moment for each in group) for group in groups.values()]


@pytest.mark.parametrize(("complete", "status"), [(143, "ouverte"), (144, "fermee")])
def test_an_incident_closes_after_half_a_day(complete: int, status: str) -> None:
    (found,) = grouped(alarm("vide", START), complete=START + complete)
    assert found.statut == status
    assert found.fin == (None if status == "ouverte" else moment_of(START + 1))


@pytest.mark.parametrize(
    ("detecteur", "score", "severity"),
    [
        ("partition", 4.4, "critique"),
        ("produit", 8, "critique"),
        ("produit", -7.9999, "haute"),
        ("produit", 5.9999, "moyenne"),
        ("doublon", 4.4, "haute"),
    ],
)
def test_severity_is_of_cause_and_score(detecteur: str, score: float, severity: str) -> None:
    assert grouped(alarm(detecteur, START, score=score))[0].severite == severity


def test_the_strongest_alarm_is_told_then_the_earliest_then_the_smallest_key() -> None:
    def strongest(*alarms: Alarm) -> tuple[str, Decimal]:
        (found,) = grouped(*alarms)
        return found.cle, found.score

    assert strongest(alarm("pays", START, 5, "B"), alarm("pays", START + 1, -6, "C")) == ("C", -6)
    assert strongest(alarm("pays", START, 5, "B"), alarm("pays", START + 1, 5, "A")) == ("B", 5)
    assert strongest(alarm("pays", START, 5, "B"), alarm("pays", START, -5, "A")) == ("A", -5)
