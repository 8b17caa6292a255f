"""The bench of the anomaly detection: its worlds, its faults, and the sums that judge what was found."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from infra.bench.cases.simulated import anomaly_detection as case
from infra.bench.detection import playing
from infra.bench.detection.faults import ENOUGH, FAULTS, Fault, information
from infra.bench.detection.rates import DAYS, FIRST_DAY, TICKS_OF_DAY
from infra.bench.detection.scorecard import (
    Played,
    Rate,
    alarms_with_holidays,
    false_alarms,
    holiday_alarms,
    judged,
    summary,
    summary_of,
)
from infra.bench.detection.simulated_events import FIRST_TICK, Injected, World, simulate
from ingestion.detectors import DETECTORS
from ingestion.verify.anomalies.alarm_rows import Alarm, moment_of
from ingestion.verify.anomalies.training import trained

DROP = Fault("drop", 0.5, 6, "volume rupture")
START = FIRST_TICK + 20 * TICKS_OF_DAY


@pytest.fixture(scope="module")
def faulty() -> World:
    return simulate(seed=4, volume=2_000, is_faulty=True)


def test_a_seed_a_volume_and_faults_decide_everything(faulty: World) -> None:
    assert simulate(4, 2_000, is_faulty=True) == faulty
    assert simulate(6, 2_000, is_faulty=True).measures != faulty.measures
    assert simulate(4, 2_000, is_faulty=False).faults == []


@pytest.mark.parametrize("volume", [200, 2_000])
def test_the_volume_is_that_of_a_day(volume: int) -> None:
    sold = [sum(simulate(seed, volume, False).measures["valide", "total"].values()) / DAYS for seed in range(1, 5)]
    assert sum(sold) / len(sold) == pytest.approx(volume, rel=0.1)


def test_parts_add_up(faulty: World) -> None:
    def total(mesure: str) -> int:
        return sum(sum(counts.values()) for (name, _), counts in faulty.measures.items() if name == mesure)

    assert total("volume") == total("partition") == total("valide") + total("rejet") + total("doublon")
    assert total("valide") == total("produit") == total("pays") == total("segment")
    assert all(count > 0 for counts in faulty.measures.values() for count in counts.values())


def test_twenty_different_faults_come_one_after_another(faulty: World) -> None:
    assert len(faulty.faults) == 20
    assert len({fault.kind for fault in FAULTS}) >= 8
    ends = [FIRST_TICK + FIRST_DAY * TICKS_OF_DAY, *(each.end for each in faulty.faults)]
    assert all(each.first >= end for each, end in zip(faulty.faults, ends, strict=False))
    assert ends[-1] < FIRST_TICK + DAYS * TICKS_OF_DAY
    for each in faulty.faults:
        assert each.end - each.first == each.fault.hours * 12
        assert set(each.fault.names) <= set(DETECTORS)


def test_a_fault_changes_what_it_says() -> None:
    for world in (simulate(seed, 20_000, is_faulty=True) for seed in (1, 2, 3)):
        for each in world.faults:
            ticks = range(each.first, each.end)
            if each.fault.kind == "stop":
                assert not any(world.measures["volume", "total"].get(tick) for tick in ticks)
            elif each.fault.kind == "product gone":
                sold = world.measures["produit", f"produit {each.fault.place}"]
                assert not any(sold.get(tick) for tick in ticks)
                assert any(sold.get(tick) for tick in range(each.first - 288, each.first))
            elif each.fault.kind == "partition" and not each.fault.size:
                assert not any(world.measures["partition", str(each.fault.place)].get(tick) for tick in ticks)


def test_information_grows_with_the_sales_and_the_fault() -> None:
    few, many = np.full(72, 0.5), np.full(72, 50.0)
    assert information(DROP, few) < ENOUGH < information(DROP, many)
    assert information(replace(DROP, size=0.3), many) > information(DROP, many)
    # half of 3600 is 30 roots of 3600 less; in likelihood a little more
    assert information(DROP, many) == pytest.approx((2 * 3600 * (0.5 * np.log(0.5) + 0.5)) ** 0.5)
    assert all(information(fault, many) > ENOUGH for fault in FAULTS)


def test_each_day_is_learned_from_the_days_before_and_without_the_hours_of_alarms(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known: list[tuple[int, int]] = []

    def observed(day, measures, alarms, zone):  # type: ignore[no-untyped-def]
        known.append(((day - playing.MONDAY).days, len(alarms)))
        return trained(day, measures, alarms, zone)

    monkeypatch.setattr(playing, "trained", observed)
    volume = dict.fromkeys(range(FIRST_TICK, FIRST_TICK + 17 * TICKS_OF_DAY, 2), 2)
    stop = range(FIRST_TICK + 15 * TICKS_OF_DAY + 100, FIRST_TICK + 15 * TICKS_OF_DAY + 120)
    measures = {("volume", "total"): {tick: count for tick, count in volume.items() if tick not in stop}}
    alarms = playing.alarms_of(measures, days=17)
    strong = [alarm for alarm in alarms if abs(alarm.score) >= DETECTORS[alarm.detecteur].threshold]
    assert known == [(14, 0), (15, 0), (16, len(strong))]
    assert strong
    assert {alarm.detecteur for alarm in strong} <= {"silence", "volume", "rupture"}


def alarm(detecteur: str, tick: int, score: str = "5") -> Alarm:
    of = Decimal(1)
    return Alarm(moment_of(tick), detecteur, "total", "1h", of, of, of, None, Decimal(score), 12, 0)


def played(*alarms: Alarm, fault: Fault | None = None, known: float = 9.0) -> Played:
    """With a holiday on day 30, and perhaps a fault of six hours on day 20."""
    faults = [Injected(fault, START, START + 72, known)] if fault else []
    return Played(200, [30], faults, list(alarms))


def test_alarms_on_a_holiday_and_in_the_five_hours_after_are_counted_apart() -> None:
    holiday = FIRST_TICK + 30 * TICKS_OF_DAY
    ticks = (holiday - 1, holiday, holiday + TICKS_OF_DAY + 59, holiday + TICKS_OF_DAY + 60)
    for tick, counts in zip(ticks, (1, 0, 0, 1), strict=True):
        worlds = [played(alarm("vide", tick)), played()]
        rate = false_alarms(worlds)
        assert (rate.count, holiday_alarms(worlds)) == (counts, (1 - counts, 2))
        assert (alarms_with_holidays(worlds).count, alarms_with_holidays(worlds).weeks) == (1, 12)
        assert rate.weeks == pytest.approx(2 * (42 - 1 - 5 / 24) / 7)
    assert false_alarms([played(alarm("vide", START))], cause="vide").count == 1
    assert false_alarms([played(alarm("vide", START))], cause="rejet").count == 0


def test_a_higher_threshold_leaves_fewer_alarms_but_of_silence() -> None:
    worlds = [played(alarm("vide", START, "4.5"), alarm("silence", START, "-3.9"))]
    assert [false_alarms(worlds, Decimal(each)).count for each in ("4.4", "4.6")] == [2, 1]


def test_the_interval_of_a_rate_is_that_of_a_poisson_process() -> None:
    assert Rate(10, 2).interval == pytest.approx((4.795 / 2, 18.39 / 2), rel=0.005)
    assert Rate(0, 1).interval == pytest.approx((0, 3.689), rel=0.05)


@pytest.mark.parametrize(
    ("tick", "delay"), [(START - 1, None), (START, 5), (START + 71, 360), (START + 83, 420), (START + 84, None)]
)
def test_a_fault_is_found_by_an_incident_that_begins_in_it_or_an_hour_later(tick: int, delay: int | None) -> None:
    found = judged([played(alarm("vide", tick), fault=DROP)])
    assert found.outcomes[0].delay == delay
    assert (found.right, found.wrong) == ((["vide"], []) if delay else ([], ["vide"]))


def test_what_was_found_is_summed_up() -> None:
    found = judged(
        [
            played(alarm("volume", START + 1), alarm("rupture", START + 3), fault=DROP),
            played(alarm("prix", START + 5), fault=DROP),
            played(fault=DROP, known=5.9),
            # joins an incident that is open
            played(alarm("volume", START - 20), alarm("volume", START + 9), fault=DROP),
            played(fault=replace(DROP, is_large=False)),
        ]
    )
    told = summary(found.outcomes)
    assert told["recall, factor two or more"] == 50
    assert told["recall, factor two or more with enough information"] == pytest.approx(200 / 3)
    assert told["recall, factor two or more, or joined to an open incident"] == 75
    assert told["recall, smaller faults"] == 0
    assert told["named rightly, of those found"] == 50
    assert (told["incidents for each fault found"], told["delay p50"]) == (1, 20)
    assert summary_of("volume", found) == {
        "precision": 50,
        "recall": 50,
        "recall with enough information": pytest.approx(200 / 3),
        "delay p50": 30,
    }
    assert summary_of("rupture", found)["delay p50"] == 20
    assert summary_of("prix", found) == {"precision": 100}
    assert summary([]) == {}


def test_the_case_tells_each_volume_and_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[tuple[int, int, bool]] = []

    def play(seed: int, volume: int, is_faulty: bool) -> Played:
        seeds.append((seed, volume, is_faulty))
        return replace(played(alarm("volume", START), fault=DROP if is_faulty else None), volume=volume)

    monkeypatch.setattr(case, "play", play)
    measured = case.measure(2, lambda text: None)
    assert {(seed, is_faulty) for seed, _, is_faulty in seeds} == {
        (1, False), (2, False), (2, True), (3, False), (4, False), (4, True),
    }  # fmt: skip
    found = {figure.name: (figure.unit, figure.runs) for figure in measured.figures}
    assert len(found) == len(measured.figures)
    for label in ("all volumes", *(f"{volume} sales a day" for volume in case.VOLUMES)):
        assert found[f"{label}: recall, factor two or more"] == ("%", (100,))
        assert found[f"{label}: precision"] == ("%", (100,))
        assert found[f"{label}: delay p50"] == ("min", (5,))
        assert found[f"{label}: alarms on a holiday"] == ("", (0,))
        assert found[f"{label}: false alarms a week"][1][0] == pytest.approx(7 / (42 - 1 - 5 / 24))
    assert all(f"{detector}: false alarms a week" in found for detector in DETECTORS)
    assert found["volume: recall"] == ("%", (100,))
    notes = "\n".join(measured.notes)
    for threshold in playing.TRIED:
        assert f"threshold {threshold}: " in notes
    assert "threshold 4.4: false alarms a week at 200, 2000, 20000 sales a day: 0.17" in notes
    assert "at most 1 in each met" in notes
    assert "found, drop 0.5: 2 of 2, 2 of 2, 2 of 2" in notes
