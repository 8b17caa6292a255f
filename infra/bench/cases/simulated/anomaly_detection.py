"""How good the anomaly detector is, on simulated events; needs no stack and no engine.

A run is a pair of seeds.  The first makes worlds without faults, on which thresholds are compared.  The second makes
worlds without and with faults, on which the built-in threshold is judged.  A world is eight weeks of events at 200,
2 000 or 20 000 sales a day, of which the first two are learned from.  Each faulty world has twenty faults, at any time
of the day.

A fault is found if an incident begins during it or in the hour after.  Its delay runs from its start to the end of the
tick that alarms, so the delay of the pipeline comes on top.  An alarm on a holiday, or in the five hours after, is no
false alarm, and has a figure of its own: the detector knows no holidays.  A detector's precision is the share of
incidents that it is the cause of and that belong to a fault.  Its recall and delay are those of its own alarms, on
faults by a factor of two or more.  "Enough information": a test that knows all but whether the fault is there would
score 6.

The figures do not depend on the machine or its load.
"""

from collections.abc import Iterable

from infra.bench.detection.faults import FAULTS
from infra.bench.detection.playing import TRIED, alarms_of
from infra.bench.detection.scorecard import (
    BUILT_IN,
    Judged,
    Played,
    alarms_with_holidays,
    false_alarms,
    holiday_alarms,
    judged,
    summary,
    summary_of,
)
from infra.bench.detection.simulated_events import simulate
from infra.bench.results import Figure, Measured, Tell, Unit
from ingestion.detectors import DETECTORS

VOLUMES = (200, 2_000, 20_000)
# a week, over all detectors and in each volume
MOST_FALSE_ALARMS = 1.0


def measure(runs: int, tell: Tell) -> Measured:
    calibration: list[Played] = []
    clean: list[Played] = []
    faulty: list[Played] = []
    for run in range(1, runs + 1):
        for volume in VOLUMES:
            tell(f"run {run} of {runs}, {volume} sales a day")
            calibration.append(play(2 * run - 1, volume, is_faulty=False))
            clean.append(play(2 * run, volume, is_faulty=False))
            faulty.append(play(2 * run, volume, is_faulty=True))
    found = {volume: judged(_of(faulty, volume)) for volume in VOLUMES}
    return Measured(
        figures(clean, found),
        [
            f"seeds 1 to {2 * runs}: thresholds compared on the odd ones, judged on the even ones; "
            "of `silence`, the threshold stays as it is",
            *_thresholds(calibration, clean),
            *_causes(clean),
            *_kinds(found),
        ],
    )


def play(seed: int, volume: int, is_faulty: bool) -> Played:
    world = simulate(seed, volume, is_faulty)
    return Played(volume, world.holidays, world.faults, alarms_of(world.measures))


def figures(clean: list[Played], found: dict[int, Judged]) -> list[Figure]:
    every = joined(found.values())
    made = _of_worlds("all volumes", clean, every)
    for volume in VOLUMES:
        made += _of_worlds(f"{volume} sales a day", _of(clean, volume), found[volume])
    for detector in DETECTORS:
        made.append(_figure(f"{detector}: false alarms a week", false_alarms(clean, cause=detector).a_week))
        made += [_figure(f"{detector}: {name}", value) for name, value in summary_of(detector, every).items()]
    return made


def joined(found: Iterable[Judged]) -> Judged:
    parts = list(found)
    return Judged(
        [outcome for each in parts for outcome in each.outcomes],
        [cause for each in parts for cause in each.right],
        [cause for each in parts for cause in each.wrong],
    )


def _of_worlds(label: str, clean: list[Played], found: Judged) -> list[Figure]:
    on_holidays, holidays = holiday_alarms(clean)
    values = {
        "false alarms a week": false_alarms(clean).a_week,
        "alarms on a holiday": on_holidays / holidays,
        "alarms a week with those on holidays": alarms_with_holidays(clean).a_week,
        **summary(found.outcomes),
    }
    if incidents := len(found.right) + len(found.wrong):
        values["precision"] = 100 * len(found.right) / incidents
    return [_figure(f"{label}: {name}", value) for name, value in values.items()]


def _figure(name: str, value: float) -> Figure:
    """One value over all runs: a world has too few faults and alarms for a figure of its own."""
    what = name.partition(": ")[2]
    unit: Unit = "min" if what.startswith("delay") else "" if "alarms" in what or "each" in what else "%"
    return Figure(name, unit, (value,))


def _of(played: list[Played], volume: int) -> list[Played]:
    return [each for each in played if each.volume == volume]


def _thresholds(calibration: list[Played], clean: list[Played]) -> list[str]:
    at = ", ".join(map(str, VOLUMES))
    lines = [
        f"threshold {threshold}: false alarms a week at {at} sales a day: "
        + ", ".join(str(false_alarms(_of(calibration, volume), threshold)) for volume in VOLUMES)
        + (" (built in)" if threshold == BUILT_IN else "")
        for threshold in TRIED
    ]
    rates = [false_alarms(_of(clean, volume)) for volume in VOLUMES]
    met = "met" if all(each.a_week <= MOST_FALSE_ALARMS for each in rates) else "missed"
    told = ", ".join(map(str, rates))
    return [
        *lines,
        f"judged, threshold {BUILT_IN}: {told}; at most {MOST_FALSE_ALARMS:g} in each {met}",
        f"all volumes, threshold {BUILT_IN}: {false_alarms(clean)}; with holidays {alarms_with_holidays(clean)}",
    ]


def _causes(clean: list[Played]) -> list[str]:
    return [f"false alarms a week, {detector}: {false_alarms(clean, cause=detector)}" for detector in DETECTORS]


def _kinds(found: dict[int, Judged]) -> list[str]:
    """How many of each kind were found, in each volume."""
    lines = []
    for kind, size in dict.fromkeys((fault.kind, fault.size) for fault in FAULTS):
        told = []
        for volume in VOLUMES:
            own = [
                each
                for each in found[volume].outcomes
                if (each.injected.fault.kind, each.injected.fault.size) == (kind, size)
            ]
            told.append(f"{sum(each.delay is not None for each in own)} of {len(own)}")
        lines.append(f"found, {kind} {size:g}: {', '.join(told)}")
    return lines
