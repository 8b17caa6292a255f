"""Does anything grow?  A stack that takes 5 sales/s for two hours, looked at every ten minutes.

Each run is one window of ten minutes.  The windows follow each other on one stack, so the values of a figure are in the
order of time, and the page of plots shows them as a line.  Event to figure as in `fresh`; a slice lasts from the start
of its run until its row for the ledger is made; the sizes are those at the window's end, after everything is published.
Nothing is deleted in the meantime: old versions are kept for a week (`sales maintain`).
"""

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from deltalake import DeltaTable

from infra.bench.bronze_commits import published_latencies
from infra.bench.cases.fresh import SHARES, wait_until_published
from infra.bench.cases.memory import MIB, of_stack
from infra.bench.results import Figure, Measured, Tell, by_name, percentiles
from infra.bench.traffic import send_for
from infra.testbed.embedded import Stack, started
from ingestion.errors import SalesError
from ingestion.lake.ledger import PUBLISHED

RATE = 5.0
WINDOW_SECONDS = 600.0
WARM_UP_SECONDS = 120.0


def measure(runs: int, tell: Tell) -> Measured:
    tell("starting a stack")
    with started(with_gold=True) as stack:
        tell("warm-up")
        wait_until_published(stack, send_for(stack, WARM_UP_SECONDS, RATE))
        windows = []
        for number in range(1, runs + 1):
            tell(f"window {number} of {runs}: {WINDOW_SECONDS:g} s at {RATE:g} events/s")
            windows.append(_window(stack))
            # two hours are not to be lost, whatever happens in the last minute
            tell(f"window {number} of {runs}: {windows[-1]['s']}")
        tell("verifying")
        stack.run("sales", "verify")
    return Measured(_figures(windows), in_order=True)


def _window(stack: Stack) -> dict[str, dict[str, float]]:
    """The figures of one window, by unit."""
    began = datetime.now(UTC)
    window = send_for(stack, WINDOW_SECONDS, RATE)
    wait_until_published(stack, window)
    latencies = published_latencies(stack.bronze, stack.silver / "bilan_ingestion", window)
    if len(latencies) != window.count:
        raise SalesError(f"the slices must hold the {window.count} events that were sent, got {len(latencies)}")
    slices, memory = _slice_seconds(stack.silver, began), of_stack(stack)
    return {
        "s": percentiles("event to figure", latencies, SHARES) | percentiles("slice", slices, (50,)),
        "MiB": {name: value for name, value in memory.items() if name.startswith("PSS")}
        | {"on disk, lake": _size(stack.lake), "on disk, broker": _size(stack.folder / "var" / "kafka")},
        "": {"files on disk, lake": float(len(_files(stack.lake)))}
        | {f"files of {name}": float(len(DeltaTable(str(path)).file_uris())) for name, path in _tables(stack).items()},
    }


def _figures(windows: list[dict[str, dict[str, float]]]) -> list[Figure]:
    return [
        *by_name("s", [window["s"] for window in windows]),
        *by_name("MiB", [window["MiB"] for window in windows]),
        *by_name("", [window[""] for window in windows]),
    ]


def _tables(stack: Stack) -> dict[str, Path]:
    names = ("tranches", *PUBLISHED, "bilan_ingestion")
    return {"ventes_raw": stack.bronze} | {name: stack.silver / name for name in names}


def _slice_seconds(silver: Path, began: datetime) -> list[float]:
    """From opened to closed, for each slice that was closed since then."""
    opened, closed = (
        duckdb.from_arrow(DeltaTable(str(silver / name)).to_pyarrow_dataset()).aggregate(f"tranche, max({at}) as {at}")
        for name, at in (("tranches", "opened_at"), ("bilan_ingestion", "closed_at"))
    )
    rows = opened.join(closed, "tranche").filter(f"closed_at > '{began.isoformat()}'")
    return [seconds for (seconds,) in rows.select("epoch_ms(closed_at - opened_at) / 1000").fetchall()]


def _size(folder: Path) -> float:
    found = 0
    for file in _files(folder):
        # the stream and the broker replace some of their files
        with suppress(FileNotFoundError):
            found += file.lstat().st_size
    return found / MIB


def _files(folder: Path) -> list[Path]:
    return [Path(parent, name) for parent, _, names in os.walk(folder) for name in names]
