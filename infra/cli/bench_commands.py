"""The measurements: bench."""

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.console import DIM, number, say, show, size, waiting

if TYPE_CHECKING:
    from infra.bench.machine import Machine
    from infra.bench.result_file import Comparison
    from infra.bench.results import CaseResult, Figure, Unit

# `full` needs a Docker engine, `history` the better part of an hour, `soak` two
ON_DEMAND = ("anomalies", "forecasts", "full", "gold", "history", "soak")
DIGITS: "dict[Unit, int]" = {"s": 2, "ms": 2, "min": 0, "events/s": 0, "MiB": 0, "%": 1, "jobs": 0, "events": 0, "": 2}


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Checks")(bench)


def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CASE... | compare A B]",
            help="By default demo, pipeline, slice, latency, fresh, live, catchup, api, memory, dag and modes; "
            "on demand anomalies, forecasts, full, gold, history and soak. "
            "Or: compare, and two files that --json has written.",
        ),
    ] = None,
    runs: Annotated[int | None, typer.Option(min=1, help="Runs of each case.  [default: each case's own]")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the figures into this file.")] = None,
    html_file: Annotated[Path | None, typer.Option("--html", help="Also draw the figures into this file.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Measure although a stack is running on this machine.")
    ] = False,
) -> None:
    """Measure the figures of docs/performance.md on separate stacks; your own data stays untouched."""
    from infra.bench.all_cases import CASES, run_case
    from infra.bench.machine import describe
    from infra.bench.result_file import Report, write

    if names and names[0] == "compare":
        return _compare([Path(name) for name in names[1:]])
    for name in names or []:
        if name not in CASES:
            raise typer.BadParameter(f"there is no case {name}; choose from {', '.join(CASES)}")
    if not force:
        _refuse_company()
    signal.signal(signal.SIGTERM, _end)
    machine, results = describe(), list["CaseResult"]()
    show_machine(machine)
    for name in names or (name for name in CASES if name not in ON_DEMAND):
        with waiting(f"measuring {name}", plain=True) as tell:
            results.append(run_case(name, runs, tell))
        if json_file:
            write(json_file, Report(machine, results))
        if html_file:
            from infra.bench.plots import draw

            draw(html_file, Report(machine, results))
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


def _compare(files: list[Path]) -> None:
    from infra.bench.result_file import compare, read

    if len(files) != 2:
        raise typer.BadParameter(f"compare needs two files that --json has written, got {len(files)}")
    before, after = map(read, files)
    rows = [
        [each.case, each.before.name, each.before.unit, *map(_with_spread, (each.before, each.after)), *_change(each)]
        for each in compare(before, after)
    ]
    if not rows:
        say(f"{files[0]} and {files[1]} have no figure in common")
        return
    show(
        "Comparison",
        ["case", "figure", "unit", str(files[0]), str(files[1]), "ratio", "difference"],
        rows,
        (str(files[0]), str(files[1]), "ratio"),
    )
    if before.machine != after.machine:
        say(f"not the same machine: {before.machine} and {after.machine}", DIM)
    say("beyond the noise: every run of one file lies above every run of the other", DIM)


def _change(each: "Comparison") -> tuple[str, str]:
    return f"{each.ratio:.2f}" if each.ratio is not None else "", each.change


def _with_spread(figure: "Figure") -> str:
    return f"{_value(figure, figure.median)} ({_spread(figure)})"
