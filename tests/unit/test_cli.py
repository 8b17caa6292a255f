"""The `sales` command: one line for an error, exit codes, quick help."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
import typer
from deltalake import write_deltalake

from infra import cli
from infra.cli import data_commands
from infra.cli.console import number, size, span
from infra.cli.stack_commands import _added
from ingestion.bronze.gaps import Gap, accept_gaps, accepted_gaps
from ingestion.bronze.isolated_record import Isolated, remember
from ingestion.gateway.sql import _first_line
from ingestion.orchestration import dag_reports
from ingestion.settings import PathSettings, load
from tests.unit.test_explain import write, write_bronze, write_ledger

VERBS = ["demo", "start", "stop", "status", "logs", "produce", "drain", "sql", "silver", "verify", "explain", "docs"]
VERBS += ["jars", "doctor", "warm", "anomalies"]


pytestmark = pytest.mark.usefixtures("own_folders")


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a verb in this process; returns the exit code and what it wrote."""

    def run_verb(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        written = capfd.readouterr()
        return int(ended.value.code or 0), written.out, written.err

    return run_verb


def test_help_lists_every_verb(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert all(f" {verb} " in out for verb in VERBS)


def test_help_imports_nothing_heavy() -> None:
    heavy = {"pyspark", "kafka", "duckdb", "deltalake", "dbt", "pydantic", "httpx", "psutil", "pyarrow"}
    script = f"import sys, infra.cli; print(*{heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == ""


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["produce", "--rate", "0"], "--rate must be more than 0 and at most 1000000, got 0"),
        (["produce", "--count", "0"], "'--count': Input should be greater than or equal to 1"),
        (["produce", "--forever", "--count", "5"], "--forever and --count cannot be combined; use one of them"),
        (["produce", "--forever", "--since", "7d"], "--forever and --since cannot be combined; use one of them"),
        (["produce", "--since", "7"], "must be a number and one of m, h, d, w, as in 7d or 12h, got '7'"),
        (["produce", "--since", "0d"], "must be a number and one of m, h, d, w, as in 7d or 12h, got '0d'"),
        (["logs", "kafak"], "there is no log of kafak; choose from kafka, gateway, bronze, silver, app, airflow-api"),
        (["sql", " "], "the statement is empty"),
        (["explain", "abc"], "must be a vente_id, as 1795329562159001, or PARTITION:OFFSET, as 1:5230, got 'abc'"),
        (["explain", "12", "1:-3"], "got '1:-3'"),
        (["explain", "--nope"], "got '--nope'"),
        (["explain"], "Missing argument 'EVENT...'"),
        (["frobnicate"], "No such command 'frobnicate'"),
        (["start", "--nope"], "No such option: --nope"),
    ],
)
def test_wrong_call_is_one_line_and_exit_code_2(
    run: Callable[..., tuple[int, str, str]], arguments: list[str], complaint: str
) -> None:
    code, out, err = run(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert complaint in err


def test_expected_error_is_one_line_and_exit_code_1(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_PARTITIONS", "0")
    code, out, err = run("drain")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("sales: KAFKA_PARTITIONS: input should be greater than or equal to 1, got '0'")


def test_folder_that_cannot_be_written_is_an_expected_error() -> None:
    assert cli._expected(PermissionError(13, "Permission denied"))
    assert not cli._expected(FileNotFoundError(2, "No such file"))


def test_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = typer.Typer(callback=lambda: None)

    @broken.command()
    def verb() -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(cli, "app", broken)
    with pytest.raises(KeyError):
        cli.main(["verb"])


def test_down_where_nothing_runs_is_fine(run: Callable[..., tuple[int, str, str]]) -> None:
    assert run("stop") == run("down") == (0, "the embedded stack is not running\n", "")


def test_status_of_an_empty_lake_without_stack(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    code, out, _ = run("status")
    assert code == 0
    for line in ("the stack is not running (sales start)", "Bronze is empty", "the broker does not answer"):
        assert line in out
    assert "Accepted gaps" not in out


def test_in_containers_there_are_no_verbs_that_start_or_install() -> None:
    environment = os.environ | {"SALES_ENV_FILE": "", "COLUMNS": "200"}
    command = [sys.executable, "-m", "infra.cli", "--help"]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    verbs = set(re.findall(r"^│ ([a-z][a-z-]+) ", told, re.MULTILINE))
    assert verbs == {
        *("status", "produce", "drain", "sql", "accept-gap"),
        *("compact", "maintain", "verify", "explain", "silver", "gold", "anomalies"),
    }


def test_status_shows_what_was_accepted_as_lost(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    bronze = load(PathSettings).bronze
    bronze.mkdir(parents=True)
    accept_gaps(bronze, [Gap(2, 1200, 2000)])
    (gap,) = accepted_gaps(bronze)
    _, out, _ = run("status")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "partition from offset to offset (exclusive) offsets accepted at" in lines
    assert f"2 1 200 2 000 800 {gap.accepted_at:%Y-%m-%d %H:%M:%S UTC}" in lines


def test_status_shows_what_was_isolated(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    bronze = load(PathSettings).bronze
    bronze.mkdir(parents=True)
    moments = [datetime(2026, 11, 25, 10, minute, tzinfo=UTC) for minute in range(30)]
    remember(bronze, [Isolated(1, 100 + n, 250_000_000, moment) for n, moment in enumerate(moments)])
    _, out, _ = run("status")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    shown = [line for line in lines if line.startswith("1 1")]
    assert shown[0] == "1 129 250 000 000 2026-11-25 10:29:00 UTC"
    assert len(shown) == 20
    assert "the newest 20 of 30" in lines


def test_status_says_how_the_last_run_of_the_dag_went(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    assert "succeeded" not in run("status")[1]
    ran = SimpleNamespace(dag_id="ventes", run_id="r1")
    context = {"task_instance": SimpleNamespace(task_id="produce_sales_data"), "dag_run": ran}
    dag_reports.task_failed(context | {"exception": ValueError("no Kafka broker answers\nat 127.0.0.1:1")})
    _, out, _ = run("status")
    told = [line for line in out.splitlines() if line.startswith("ventes failed")]
    assert [line.partition(" in ")[2] for line in told] == [
        "produce_sales_data: no Kafka broker answers at 127.0.0.1:1"
    ]
    dag_reports.run_succeeded(context)
    assert "ventes: last run succeeded" in run("status")[1]
    assert dag_reports.dag_states()["ventes"].failures == 1


def test_status_shortens_the_names_of_unknown_fields(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    names = ["canal", "n" * 60, "x" * 50_000]
    columns = {
        "kafka_partition": pa.array([0], pa.int32()),
        "kafka_offset": pa.array([0], pa.int64()),
        "kafka_timestamp": pa.array([datetime.now(UTC)], pa.timestamp("us", "UTC")),
        "unknown_fields": pa.array([[(name, "1") for name in names]], pa.map_(pa.string(), pa.string())),
    }
    write_deltalake(str(load(PathSettings).bronze), pa.table(columns))
    _, out, _ = run("status")
    shown = [line.split()[0] for line in out.splitlines() if line.startswith(("canal", "nn", "xx"))]
    assert shown == ["canal", "n" * 60, "x" * 59 + "…"]


def test_explain_shows_an_event_at_its_place(run: Callable[..., tuple[int, str, str]]) -> None:
    lake = load(PathSettings).lake_dir
    write_bronze(lake, (1, 4, "0012"), (1, 5, None))
    write(lake, "silver/ventes_clean", [(12, 1, 4)])
    write(lake, "silver/ventes_rejetees", [(1, 5, "illisible")])
    write_ledger(lake, (1, 1, 0, 6))
    code, out, _ = run("explain", "1:4", "1:5")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert code == 0
    assert lines[0] == "event 1:4, vente_id 0012"
    assert lines[4] == "event 1:5, without a vente_id"
    assert lines[6] == "1 5 2026-11-27 10:00:00 UTC 1 rejete illisible (json_invalide) 1-5"


def test_explain_says_of_each_what_it_found(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = run("explain", "-5", "0:1")
    assert (code, err) == (1, "")
    first, second = out.splitlines()
    assert first.startswith("no event in Bronze carries vente_id -5; PARTITION:OFFSET finds an event")
    assert second == "Bronze holds no event of partition 0 or any other"


@pytest.mark.parametrize(
    ("text", "length"),
    [("30m", timedelta(minutes=30)), ("12h", timedelta(hours=12)), ("7d", timedelta(days=7)), ("2w", timedelta(14))],
)
def test_span_of_time_is_read(text: str, length: timedelta) -> None:
    assert data_commands._parse_span(text) == length


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (
            "Error running query: [PARSE_SYNTAX_ERROR] org.apache.spark.sql.catalyst.parser.ParseException: \n"
            "[PARSE_SYNTAX_ERROR] Syntax error at or near 'selec'. SQLSTATE: 42601 (line 1, pos 0)\n\n== SQL ==",
            "[PARSE_SYNTAX_ERROR] Syntax error at or near 'selec'. SQLSTATE: 42601 (line 1, pos 0)",
        ),
        (
            "Error running query: [DIVIDE_BY_ZERO] org.apache.spark.SparkArithmeticException: [DIVIDE_BY_ZERO] "
            "Division by zero.\n== SQL",
            "[DIVIDE_BY_ZERO] Division by zero.",
        ),
        ("Expected state FINISHED, but found ERROR", "Expected state FINISHED, but found ERROR"),
    ],
)
def test_error_of_spark_is_the_line_that_tells_what_it_means(answer: str, line: str) -> None:
    assert _first_line(Exception(answer)) == line


def test_amounts_are_written_for_people() -> None:
    assert [size(512), size(1536), size(3 << 30)] == ["512 B", "1.5 KiB", "3.0 GiB"]
    assert [span(4.25), span(200), span(18_120), span(273_600)] == ["4.2 s", "3 min 20 s", "5 h 02 min", "3 d 4 h"]
    assert number(1234567) == "1 234 567"


def test_followed_log_gives_whole_lines_and_starts_again_when_it_was_turned_over(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    assert _added(log, 0) == ([], 0)
    log.write_text("one\ntwo\nthr")
    lines, position = _added(log, 0)
    assert (lines, position) == (["one", "two"], 8)
    log.write_text("one\ntwo\nthree\n")
    assert _added(log, position) == (["three"], 14)
    log.write_text("new\n")
    assert _added(log, 14) == (["new"], 4)
