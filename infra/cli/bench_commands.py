"""The measurements: bench."""

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.console import DIM, number, say, show, size, waiting

if TYPE_CHECKING:
    from infra.bench.machine import Machine
    from infra.bench.results import CaseResult, Figure, Unit

DIGITS: "dict[Unit, int]" = {"s": 2, "ms": 2, "events/s": 0, "MiB": 0, "%": 0}


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Checks")(bench)


def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CASE]...",
            help="demo, pipeline, latency, fresh, live, catchup, api, memory, dag, modes, full; "
            "by default all but full.",
        ),
    ] = None,
    runs: Annotated[int | None, typer.Option(min=1, help="Runs of each case.  [default: each case's own]")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the figures into this file.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Measure although a stack is running on this machine.")
    ] = False,
) -> None:
    """Measure the figures of docs/performance.md on separate stacks; your own data stays untouched."""
    from infra.bench.cases import CASES, run_case
    from infra.bench.machine import describe

    for name in names or []:
        if name not in CASES:
            raise typer.BadParameter(f"there is no case {name}; choose from {', '.join(CASES)}")
    if not force:
        _refuse_company()
    signal.signal(signal.SIGTERM, _end)
    machine, results = describe(), list["CaseResult"]()
    show_machine(machine)
    # the case `full` needs a Docker engine
    for name in names or (name for name in CASES if name != "full"):
        with waiting(f"measuring {name}", plain=True) as tell:
            results.append(run_case(name, runs, tell))
        if json_file:
            _write(json_file, machine, results)
        show_result(CASES[name].title, results[-1])


def _end(number: int, frame: object) -> None:
    """Exit through an exception, so that a signal also stops the stack of the running case."""
    raise typer.Exit(128 + number)


def _refuse_company() -> None:
    from infra.bench.machine import running_stacks
    from ingestion.errors import SalesError

    if running := running_stacks():
        raise SalesError(
            f"a stack is running on this machine and would distort the figures (VAR_DIR={', '.join(sorted(running))}); "
            f"stop it (sales stop), or measure anyway (--force)"
        )


def show_machine(machine: "Machine") -> None:
    rows = [
        ["CPU", f"{machine.cores} cores, {machine.cpu}"],
        ["memory", size(machine.memory)],
        ["kernel", machine.kernel],
        ["Python, Java", f"{machine.python}, {machine.java}"],
        ["start-up cache", "present" if machine.start_up_cache else "missing (sales warm)"],
    ]
    show("Machine", ["what", "found"], rows)


def show_result(title: str, result: "CaseResult") -> None:
    rows = [
        [figure.name, str(len(figure.runs)), _value(figure, figure.median), _spread(figure), figure.unit]
        for figure in result.measured.figures
    ]
    show(
        f"{result.name}: {title}",
        ["figure", "runs", "median", "min-max", "unit"],
        rows,
        ("runs", "median", "min-max"),
    )
    for note in (f"{result.started_at}, load average before it {result.load_average:.2f}", *result.measured.notes):
        say(note, DIM)


def _spread(figure: "Figure") -> str:
    lowest, highest = figure.spread
    return f"{_value(figure, lowest)}-{_value(figure, highest)}"


def _value(figure: "Figure", value: float) -> str:
    digits = DIGITS[figure.unit]
    return f"{value:.{digits}f}" if digits else number(round(value))


def _write(file: Path, machine: "Machine", results: list["CaseResult"]) -> None:
    import json
    from dataclasses import asdict

    content = {"machine": asdict(machine), "cases": [asdict(result) for result in results]}
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
