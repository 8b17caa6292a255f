"""The gateway's catalogue: a filler is at work until it is filled, and its words count for one gateway only."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from pyhive.exc import OperationalError
from TCLIService.ttypes import TOpenSessionResp, TStatus, TStatusCode
from thrift.Thrift import TApplicationException

from ingestion.gateway import catalogue_filler, sql
from ingestion.gateway.catalogue_filler import Filler, _text, delta_tables, schema_folders
from ingestion.gateway.sql import NoGatewayError, StatementError, session
from ingestion.processes.states import CatalogueState, write_state
from ingestion.settings import load

Start = Callable[[str], "subprocess.Popen[bytes]"]


GATEWAY = """
import os, sys
from ingestion.processes.states import GatewayState, write_state
write_state(GatewayState(state="started", session_id=sys.argv[1]))
print(flush=True)
# as the JVM takes the place of the process that says it
os.execlp("sleep", "sleep", "60")
"""


@pytest.fixture(autouse=True)
def lake(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Folders of our own, and a Thrift port that nobody listens at."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        monkeypatch.setenv("SPARK_THRIFT_PORT", str(held.getsockname()[1]))
        load.cache_clear()
        yield own_folders / "lake"


@pytest.fixture
def start() -> Iterator[Start]:
    """A process that says it is a gateway."""
    started = []

    def start_gateway(session_id: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen([sys.executable, "-c", GATEWAY, session_id], stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return process

    yield start_gateway
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def filler(monkeypatch: pytest.MonkeyPatch) -> Iterator[Filler]:
    monkeypatch.setattr(catalogue_filler, "RETRY_SECONDS", 0.1)
    filler = Filler()
    yield filler
    if filler._process is not None:
        filler._process.kill()
        filler._process.wait()


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_no_filler_without_a_gateway(filler: Filler) -> None:
    assert not filler.ensure_filled()
    assert filler._process is None
    assert catalogue_filler.fault() == "is starting"


def test_filler_that_is_killed_is_replaced_and_ends_with_its_gateway(filler: Filler, start: Start) -> None:
    running = start("one")
    assert not filler.ensure_filled()
    first = filler._process
    assert first is not None
    first.send_signal(signal.SIGKILL)
    first.wait()
    time.sleep(0.2)
    assert not filler.ensure_filled()
    second = filler._process
    assert second is not None
    assert second is not first
    assert not filler.ensure_filled()
    assert filler._process is second
    running.kill()
    running.wait()
    assert second.wait(20) == 0
    assert not filler.ensure_filled()


def test_second_filler_leaves_the_work_to_the_first(start: Start) -> None:
    start("one")
    lock = load(catalogue_filler.PathSettings).run_dir / ".catalogue.lock"
    with catalogue_filler.FileLock(lock):
        assert subprocess.run([sys.executable, "-m", "ingestion.gateway.catalogue_filler"], timeout=20).returncode == 0
    assert catalogue_filler.fault() == "is starting"


def test_reason_is_told_and_a_mended_lake_needs_no_restart(filler: Filler, start: Start, lake: Path) -> None:
    start("one")
    lake.touch()
    filler.ensure_filled()
    until(lambda: catalogue_filler.fault() != "is starting")
    assert "lake" in (catalogue_filler.fault() or "")
    lake.unlink()
    until(lambda: filler.ensure_filled() or (lake / "silver").exists())


def test_ready_is_said_of_one_gateway_only(filler: Filler, start: Start) -> None:
    running = start("one")
    write_state(CatalogueState(state="ready", session_id="one", tables=3))
    assert filler.ensure_filled()
    running.kill()
    running.wait()
    assert not catalogue_filler.ready()
    start("two")
    assert catalogue_filler.fault() == "is starting"


def test_only_folders_that_can_be_tables_are_registered(lake: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("ventes_clean", "ventes_clean-old", "Ventes_clean", "ventes clean", "2025_copy", "`x`"):
        (lake / "silver" / name / "_delta_log").mkdir(parents=True)
        (lake / "silver" / name / "_delta_log" / f"{0:020}.json").touch()
    (lake / "silver" / "no_table").mkdir()
    assert [table.name for table in delta_tables(lake / "silver")] == ["2025_copy", "ventes_clean"]
    left_out = [record.getMessage().rsplit("/", 1)[1] for record in caplog.records]
    assert left_out == ["Ventes_clean", "`x`", "ventes clean", "ventes_clean-old"]


def test_other_folders_with_tables_are_schemas_too(lake: Path) -> None:
    for name in ("silver/ventes_clean", "silver_dbt_test__audit/a_test", "Other/table", "copy of silver/ventes_clean"):
        (lake / name / "_delta_log").mkdir(parents=True)
    (lake / "empty").mkdir()
    assert [folder.name for folder in schema_folders(lake)] == ["bronze", "silver", "gold", "silver_dbt_test__audit"]


def scratch(lake: Path, name: str, *, finished: bool = True) -> Path:
    table = lake / "scratch" / name
    table.mkdir(parents=True)
    if finished:
        (table / "_SUCCESS").touch()
    return table


def test_only_finished_scratch_tables_of_known_schemas_are_registered(lake: Path) -> None:
    wanted = scratch(lake, "silver/ventes_evaluees")
    scratch(lake, "silver/half", finished=False)
    scratch(lake, "silver/No name")
    scratch(lake, "dev/ventes_evaluees")
    assert catalogue_filler.scratch_tables(lake, [lake / "silver"]) == [wanted]


def test_the_delta_table_that_a_scratch_table_has_replaced_is_moved_away(lake: Path) -> None:
    scratch(lake, "silver/ventes_evaluees")
    for name in ("ventes_evaluees", "ventes_clean"):
        write_deltalake(str(lake / "silver" / name), pa.table({"a": [1]}))
    catalogue_filler.set_replaced_aside(lake)
    assert [table.name for table in catalogue_filler.delta_tables(lake / "silver")] == ["ventes_clean"]
    assert list((lake / ".unfinished").glob("silver.ventes_evaluees.*/_delta_log"))


def test_path_is_one_string_whatever_it_holds() -> None:
    assert _text(Path("/data/l'été/a\\b")) == r"'/data/l\'été/a\\b'"


def test_nothing_at_the_port_is_one_line() -> None:
    with pytest.raises(NoGatewayError, match=r"no gateway answers at 127\.0\.0\.1:\d+; is the stack up\?"), session():
        pass


def test_refused_session_and_lost_connection_are_one_line() -> None:
    answer = TOpenSessionResp(status=TStatus(TStatusCode.ERROR_STATUS, errorMessage="Failed to open\nat org.apache"))
    with (
        pytest.raises(StatementError, match=r"^Failed to open$") as refused,
        sql._translated("gone", NoGatewayError),
    ):
        raise OperationalError(answer)
    assert not isinstance(refused.value, NoGatewayError)
    with pytest.raises(NoGatewayError, match=r"^gone$"), sql._translated("gone", NoGatewayError):
        raise TApplicationException(0, "another service")


def unfinished(table: Path) -> Path:
    """As a `create table … as select` leaves it that is killed before its commit."""
    (table / "_delta_log").mkdir(parents=True)
    (table / "part-0.parquet").write_bytes(b"PAR1")
    return table


def test_a_table_that_was_never_finished_keeps_no_other_from_its_catalogue(lake: Path) -> None:
    whole = lake / "bronze" / "ventes_raw"
    write_deltalake(str(whole), pa.table({"a": [1]}))
    unfinished(lake / "bronze" / "beaucoup")
    assert list(catalogue_filler.delta_tables(lake / "bronze")) == [whole]


def test_what_was_never_finished_is_moved_away_while_nothing_is_published(lake: Path) -> None:
    table, other = unfinished(lake / "silver" / "ventes_clean"), unfinished(lake / "essai" / "base")
    catalogue_filler.set_unfinished_aside(lake)
    assert not table.exists()
    assert not other.exists()
    assert len(list((lake / ".unfinished").glob("*/part-0.parquet"))) == 2
    assert catalogue_filler.schema_folders(lake) == [lake / name for name in ("bronze", "silver", "gold")]


def test_a_published_table_that_has_lost_its_log_stays_where_it_is(lake: Path) -> None:
    ledger = {"tranche": [1], "kafka_partition": [0], "from_offset": [0], "to_offset": [1], "versions": ['{"a": 0}']}
    counts = {name: [0] for name in ("rows_read", "rows_clean", "rows_rejected", "rows_duplicates")}
    closed = {"closed_at": [datetime(2026, 1, 1, tzinfo=UTC)]}
    write_deltalake(str(lake / "silver" / "bilan_ingestion"), pa.table(ledger | counts | closed))
    table = unfinished(lake / "silver" / "ventes_clean")
    catalogue_filler.set_unfinished_aside(lake)
    assert table.exists()
