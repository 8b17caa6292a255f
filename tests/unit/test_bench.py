"""The bench's statistics, and how it reads times out of Delta logs; the measurements themselves are never tests."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from infra.bench.bronze_commits import Commit, Window, bronze_latencies, commits, published_latencies
from infra.bench.cases.api import ENDPOINTS, MOST_HOURS_CUT, _windows
from infra.bench.cases.catchup import Watch, _rates
from infra.bench.cases.demo import seconds, step_seconds
from infra.bench.cases.history import exponent
from infra.bench.cases.sale_to_page import shown_for_good
from infra.bench.results import Figure, Unit, by_name, percentile, percentiles
from infra.bench.sample_lake import CLEAN, write_lake
from infra.cli import app, bench_commands, main
from infra.cli.bench_commands import DIGITS
from infra.cli.console import span
from infra.testbed.embedded import Stack, isolated, until
from ingestion.errors import SalesError
from ingestion.lake.ledger import publications
from ingestion.queries import Lake, overall_statistics

ARRIVED = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
BRONZE = pa.schema(
    [
        ("kafka_partition", pa.int32()),
        ("kafka_offset", pa.int64()),
        ("kafka_timestamp", pa.timestamp("us", "UTC")),
        ("date", pa.date32()),
    ]
)
LEDGER = pa.schema(
    [("tranche", pa.int32()), ("kafka_partition", pa.int32()), ("from_offset", pa.int64()), ("to_offset", pa.int64())]
)


def write_bronze(table: Path, *events: tuple[int, int, float], committed: float) -> None:
    """One commit of events (partition, offset, arrived), seconds after ARRIVED as `committed` is."""
    moments = [ARRIVED + timedelta(seconds=arrived) for _, _, arrived in events]
    columns = [[each[0] for each in events], [each[1] for each in events], moments, [at.date() for at in moments]]
    write_deltalake(str(table), pa.table(columns, schema=BRONZE), mode="append", partition_by=["date"])
    date_newest_commit(table, committed)


def write_ledger(table: Path, *ranges: tuple[int, int, int, int], committed: float) -> None:
    """One commit of ranges (slice, partition, from, to)."""
    rows = [list(column) for column in zip(*ranges, strict=True)]
    write_deltalake(str(table), pa.table(rows, schema=LEDGER), mode="append")
    date_newest_commit(table, committed)


def date_newest_commit(table: Path, committed: float) -> None:
    newest = max((table / "_delta_log").glob("*.json"))
    at = ARRIVED.timestamp() + committed
    os.utime(newest, (at, at))


def test_every_unit_can_be_shown() -> None:
    assert set(DIGITS) == set(get_args(Unit))


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([7.0], 0.99, 7.0),
        ([1.0, 2.0], 0.5, 1.5),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([float(n) for n in range(101)], 0.99, 99.0),
        ([1.0, 2.0, 3.0, 4.0], 0.0, 1.0),
        ([1.0, 2.0, 3.0, 4.0], 1.0, 4.0),
        ([1.0, 2.0, 3.0, 4.0], 0.9, 3.7),
    ],
)
def test_a_percentile_lies_between_its_neighbours(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == pytest.approx(expected)


def test_a_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="0 values"):
        percentile([], 0.5)


def test_percentiles_are_named() -> None:
    found = percentiles("quiet", [1.0, 2.0, 3.0], (50, 99))
    assert found == pytest.approx({"quiet, p50": 2.0, "quiet, p99": 2.98, "quiet, max": 3.0})


def test_a_figure_knows_its_median_and_its_spread() -> None:
    figure = Figure("all", "s", (9.0, 4.0, 5.0, 6.0))
    assert (figure.median, figure.spread) == (5.5, (4.0, 9.0))


def test_runs_become_one_figure_for_each_name() -> None:
    figures = by_name("s", [{"all": 3.0, "start": 1.0}, {"all": 4.0, "verify": 2.0}])
    assert figures == [
        Figure("all", "s", (3.0, 4.0)),
        Figure("start", "s", (1.0,)),
        Figure("verify", "s", (2.0,)),
    ]


def test_commits_that_bring_no_rows_are_left_out(tmp_path: Path) -> None:
    table = tmp_path / "table"
    write_bronze(table, (0, 0, 0), committed=2)
    write_bronze(table, (0, 1, 1), (0, 2, 1), committed=3)
    DeltaTable(str(table)).optimize.compact()
    date_newest_commit(table, 99)
    start = ARRIVED.timestamp()
    assert [(each.version, each.at - start, each.rows) for each in commits(table)] == [(0, 2, 1), (1, 3, 2)]
    assert [each.version for each in commits(table, after=0)] == [1]


def test_latency_runs_from_the_brokers_time_to_the_commit(tmp_path: Path) -> None:
    write_bronze(tmp_path, (0, 0, 0), (0, 1, 1), committed=1.5)
    write_bronze(tmp_path, (0, 2, 2), (1, 5, 2.25), committed=3)
    window = Window(from_offsets={0: 1, 1: 5}, to_offsets={0: 3, 1: 6})
    assert window.count == 3
    assert sorted(bronze_latencies(tmp_path, window)) == pytest.approx([0.5, 0.75, 1.0])


def test_a_compacted_bronze_keeps_its_latencies(tmp_path: Path) -> None:
    write_bronze(tmp_path, (0, 0, 0), committed=1)
    write_bronze(tmp_path, (0, 1, 0), committed=2)
    DeltaTable(str(tmp_path)).optimize.compact()
    assert sorted(bronze_latencies(tmp_path, Window({0: 0}, {0: 2}))) == pytest.approx([1.0, 2.0])


def test_an_event_is_published_when_its_slice_closes(tmp_path: Path) -> None:
    bronze, ledger = tmp_path / "bronze", tmp_path / "ledger"
    write_bronze(bronze, (0, 0, 0), (0, 1, 1), (0, 2, 2), (1, 0, 2), committed=3)
    write_ledger(ledger, (1, 0, 0, 2), (1, 1, 0, 0), committed=10)
    write_ledger(ledger, (2, 0, 2, 3), (2, 1, 0, 1), committed=20)
    found = published_latencies(bronze, ledger, Window({0: 0, 1: 0}, {0: 3, 1: 1}))
    assert sorted(found) == pytest.approx([9.0, 10.0, 18.0, 18.0])


@pytest.mark.parametrize("length", [0.0, 4.2, 59.9, 65.0, 605.0])
def test_a_length_of_time_is_read_as_the_command_writes_it(length: float) -> None:
    assert seconds(span(length)) == length


def test_the_steps_of_a_demo_are_read_from_its_last_line() -> None:
    said = "\n1 min 41 s in total (start 1 min 05 s, produce 0.4 s, Bronze 12.0 s); the stack keeps running (...)\n"
    assert step_seconds(said) == {"start": 65.0, "produce": 0.4, "Bronze": 12.0}
    with pytest.raises(SalesError, match="no such line"):
        step_seconds("no such line")


def test_the_demo_still_ends_with_the_line_that_is_read() -> None:
    source = (Path(bench_commands.__file__).parent / "demo_commands.py").read_text()
    assert "in total ({times}); the stack keeps running" in source


def watch(running: float, batches: list[tuple[float, int, int]], last: float, rows: int, folder: Path) -> Watch:
    """Batches as (start, rows, milliseconds); all times in seconds after ARRIVED."""
    seen = Watch(Stack(folder, {}), -1)
    seen.running_at = ARRIVED.timestamp() + running
    seen.commits = [Commit(1, ARRIVED.timestamp() + last, (), rows)]
    for number, (start, count, milliseconds) in enumerate(batches):
        at = (ARRIVED + timedelta(seconds=start)).isoformat().replace("+00:00", "Z")
        seen.batches[number] = {"rows": count, "batch_ms": milliseconds, "batch_at": at}
    return seen


def test_the_rates_of_a_catch_up_say_what_they_count_from(tmp_path: Path) -> None:
    seen = watch(running=1, batches=[(0, 600, 5000), (5, 400, 5000)], last=11, rows=1000, folder=tmp_path)
    assert _rates(seen) == pytest.approx(
        {"since the stream runs": 100.0, "since the first batch": 1000 / 11, "batches": 100.0}
    )


def test_a_watch_ignores_what_was_said_before_it_began(tmp_path: Path) -> None:
    state = tmp_path / "var" / "run" / "bronze.json"
    state.parent.mkdir(parents=True)
    old = {"state": "running", "at": ARRIVED.replace(year=2000).isoformat(), "rows": 5, "batch": 7}
    state.write_text(json.dumps(old))
    seen = Watch(Stack(tmp_path, {}), -1)
    seen.look()
    assert (seen.running_at, seen.batches) == (None, {})
    state.write_text(json.dumps(old | {"at": datetime.now(UTC).isoformat()}))
    seen.look()
    assert list(seen.batches) == [7]


def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    stack = Stack(tmp_path, dict(os.environ))
    failing = ("python", "-c", "print('its last words'); raise SystemExit(3)")
    assert stack.attempt(*failing) == (3, "its last words\n")
    with pytest.raises(SalesError, match="ended with 3: its last words"):
        stack.run(*failing)
    assert stack.run("python", "-c", "print('well')") == "well\n"


def test_what_never_comes_is_named() -> None:
    with pytest.raises(SalesError, match=r"waited 0\.01 s in vain: the sky falls"):
        until(lambda: None, "the sky falls", 0.01)


@pytest.mark.parametrize("keep", [True, False])
def test_an_isolated_stack_leaves_its_folder_only_where_it_is_to_be_kept(
    keep: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with isolated(keep=keep, COLUMNS="200") as stack:
        assert stack.folder.parent == tmp_path
        assert stack.environment["COLUMNS"] == "200"
        assert stack.environment["LAKE_DIR"] == str(stack.lake)
    assert stack.folder.exists() == keep


def test_every_uncached_question_is_another_one() -> None:
    windows = _windows(ARRIVED)
    asked = [next(windows) for _ in range(MOST_HOURS_CUT**2)]
    assert len(set(asked)) == len(asked)
    assert asked[0] == "from=2026-10-25T10%3A00%3A00Z&to=2026-11-22T10%3A00%3A00Z"


def test_the_sample_lake_is_one_that_the_api_reads(tmp_path: Path) -> None:
    write_lake(tmp_path, 1000, ARRIVED)
    (publication,) = publications(tmp_path)
    assert (publication.rows_clean, sum(publication.offsets.values())) == (1000, 1000)
    table = DeltaTable(str(tmp_path / "ventes_clean"))
    assert {field.name for field in table.schema().fields} == set(CLEAN.names)
    assert table.metadata().partition_columns == ["date_vente"]
    assert overall_statistics(Lake(tmp_path, tmp_path / "bronze").current()).nombre_ventes == 1000


def test_the_measured_endpoints_are_the_apis() -> None:
    from streamlit_app.api.routes import router

    paths = {route.path.removeprefix("/api/") for route in router.routes}
    assert set(ENDPOINTS) == paths - {"status", "rejected"}


def test_an_unknown_case_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["bench", "nothing"])
    assert ended.value.code == 2
    assert "there is no case nothing; choose from demo, pipeline" in " ".join(capsys.readouterr().err.split())


def test_a_running_stack_is_a_reason_not_to_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.bench.machine.running_stacks", lambda: {"/somewhere/var"})
    with pytest.raises(SalesError, match="VAR_DIR=/somewhere/var"):
        app(["bench", "demo"], standalone_mode=False)


def test_a_sale_is_shown_when_the_page_never_shows_fewer_again() -> None:
    """Two sales; the second look has the first one twice, and the fourth has it in neither number."""
    looks = [(1.0, 0), (2.0, 2), (3.0, 1), (4.0, 0), (5.0, 1), (6.0, 2)]
    assert shown_for_good(looks, 2) == [5.0, 6.0]


def test_the_exponent_is_the_slope_between_the_logarithms():
    assert exponent([(100, 2.0), (10_000, 2.0)]) == 0
    assert exponent([(100, 2.0), (1000, 20.0), (10_000, 200.0)]) == pytest.approx(1)
