"""The stack: start, stop, status, logs."""

import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.console import BAD, DIM, GOOD, out, quote, say, show, span, waiting
from ingestion.hints import embedded
from ingestion.printable import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from rich.console import RenderableType

PANEL = "Stack"


def register(app: typer.Typer) -> None:
    for verb in (start, airflow, stop, status, logs) if embedded() else (status,):
        app.command(rich_help_panel=PANEL)(verb)
    if embedded():
        # the former names; `make up` and `make down` are for the full stack
        app.command("up", hidden=True)(start)
        app.command("down", hidden=True)(stop)


def start(
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait until every process answers.")] = 180.0,
) -> None:
    """Start the stack and wait until every process answers; a running stack is left alone."""
    start_stack(timeout)
    show_addresses()


def start_stack(timeout: float) -> None:
    from infra.local.supervision import PROGRAMS

    _begin_stack()
    _wait_for(PROGRAMS, timeout)


def _begin_stack() -> None:
    from infra.local import stack

    say("starting the stack" if stack.start() else "the stack is already running", DIM)


def airflow(
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait until every process answers.")] = 180.0,
) -> None:
    """Start Airflow, and the stack if it is not running; from then on the DAG publishes."""
    from infra.local import airflow_process
    from infra.local.stack import refuse_taken_ports, start_airflow
    from infra.local.supervision import AIRFLOW, PROGRAMS, stopped

    if len(stopped(AIRFLOW)) == len(AIRFLOW):
        refuse_taken_ports(AIRFLOW)
    # the stack starts while Airflow's database is being created
    _begin_stack()
    say("starting Airflow" if start_airflow() else "Airflow is already running", DIM)
    _wait_for([*PROGRAMS, *AIRFLOW], timeout)
    rows = [
        ["Airflow", airflow_process.address()],
        ["user", airflow_process.USER],
        ["password", airflow_process.password()],
    ]
    show("", ["what", "value"], rows)
    say(
        f"the password is in {airflow_process.passwords_file()}; the Silver follower pauses while Airflow is running",
        DIM,
    )


def _wait_for(names: "Collection[str]", timeout: float) -> None:
    from infra.local.readiness import NotReadyError, last_lines, wait_until_ready

    progress = _Progress(names)
    try:
        with progress.display():
            wait_until_ready(names, progress.answered, timeout)
    except NotReadyError as error:
        for line in last_lines(error.culprit, 8):
            quote(error.culprit, line)
        raise


class _Progress:
    """What each process still lacks, or when it became ready: a live table, or a line for each that is ready."""

    def __init__(self, names: "Collection[str]") -> None:
        self._names = names
        self._started = time.monotonic()
        self._faults: dict[str, str] = {}
        self._ready: dict[str, float] = {}

    def display(self) -> AbstractContextManager[object]:
        if not out.is_terminal:
            return nullcontext()
        from rich.live import Live

        return Live(console=out, get_renderable=self._table, refresh_per_second=8)

    def answered(self, name: str, fault: str | None) -> None:
        if fault is not None:
            self._faults[name] = fault
            return
        self._ready[name] = time.monotonic() - self._started
        if not out.is_terminal:
            say(f"{name} ready after {span(self._ready[name])}")

    def _table(self) -> "RenderableType":
        from rich.spinner import Spinner
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        for name in self._names:
            if name in self._ready:
                table.add_row(Text("✓", GOOD), name, Text(f"ready after {span(self._ready[name])}", DIM))
            else:
                table.add_row(Spinner("dots"), name, Text(printable(self._faults.get(name, "")), DIM))
        return table


def show_addresses() -> None:
    from ingestion.addresses import reached_at
    from ingestion.settings import AppSettings, KafkaSettings, SparkSettings, load

    app, spark, kafka = load(AppSettings), load(SparkSettings), load(KafkaSettings)
    page = f"http://{reached_at(app.host, app.port)}"
    rows = [
        ["dashboard", f"{page}/"],
        ["API", f"{page}/api/docs"],
        ["lineage (after make docs or make airflow)", f"{page}/lineage/"],
        ["SQL (Thrift)", f"jdbc:hive2://{reached_at(spark.host, spark.thrift_port)}/silver"],
        ["Spark UI", f"http://{reached_at(spark.host, spark.ui_port)}/"],
        ["Kafka", kafka.bootstrap_servers],
    ]
    show("", ["what", "where"], rows)


def stop() -> None:
    """Stop every process of the stack, whatever its state; the data stays."""
    from infra.local import stack

    started = time.monotonic()
    with waiting("stopping the stack") as tell:
        stopped = stack.stop(lambda left: tell(f"{left} processes left"))
    if stopped.programs:
        say(f"stopped {', '.join(stopped.programs)} in {span(time.monotonic() - started)}", GOOD)
    elif stopped.left_behind:
        say(f"stopped {stopped.left_behind} processes that a dead supervisor had left behind", GOOD)
    else:
        say("the embedded stack is not running")


def status() -> None:
    """Show what runs, how far Bronze and Silver are, how fresh the figures are, and how full the disk is."""
    from infra.cli.status_view import show_status

    show_status()


def logs(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Processes; all when none is named.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Follow what is written from now on.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="Lines from the end of each log.")] = 50,
) -> None:
    """Show the logs of the stack's processes."""
    from infra.local.readiness import last_lines

    files = _log_files(names or [])
    width = _name_width(files)
    for name in files:
        for line in last_lines(name, lines):
            _log_line(name, line, width)
    if follow:
        _follow(files)


def _log_files(names: list[str]) -> dict[str, Path]:
    from infra.local.supervision import AIRFLOW, PROGRAMS
    from ingestion.settings import PathSettings, load

    valid = (*PROGRAMS, *AIRFLOW, "supervisor")
    for name in names:
        if name not in valid:
            raise typer.BadParameter(f"there is no log of {name}; choose from {', '.join(valid)}")
    folder = load(PathSettings).log_dir
    ran = [name for name in AIRFLOW if (folder / f"{name}.log").exists()]
    files = {name: folder / f"{name}.log" for name in names or (*PROGRAMS, *ran)}
    if names and not files[names[0]].exists():
        say(f"no log yet in {folder}", DIM)
    return files


def _name_width(files: "Iterable[str]") -> int:
    """The width of the name column; 0 when every line comes from the same log and needs no name."""
    names = list(files)
    return max(map(len, names)) + 1 if len(names) > 1 else 0


def _log_line(name: str, line: str, width: int) -> None:
    style = BAD if " ERROR " in line else ""
    # stack traces are indented with tabs
    line = line.expandtabs(4)
    say(f"{name:<{width}}| {line}" if width else line, style)


def _follow(files: dict[str, Path]) -> None:
    width = _name_width(files)
    positions = {name: path.stat().st_size if path.exists() else 0 for name, path in files.items()}
    while True:
        for name, path in files.items():
            lines, positions[name] = _added(path, positions[name])
            for line in lines:
                _log_line(name, line, width)
        time.sleep(0.3)


def _added(path: Path, position: int) -> tuple[list[str], int]:
    """The complete lines after the position, and the position after them; a rotated log is read from its start."""
    if not path.exists():
        return [], 0
    with path.open("rb") as file:
        if path.stat().st_size < position:
            position = 0
        file.seek(position)
        content = file.read()
    whole = content[: content.rfind(b"\n") + 1]
    return whole.decode(errors="replace").splitlines(), position + len(whole)
