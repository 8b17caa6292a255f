"""The data commands: produce, drain, accept-gap, sql."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra.cli.console import DIM, GOOD, LONGEST_VALUE, number, out, say, shortened, show, span, waiting

if TYPE_CHECKING:
    from ingestion.event import Offsets
    from ingestion.source.producer import Report

PANEL = "Data"
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
FOREVER_RATE = 2.0


def register(app: typer.Typer) -> None:
    for verb in (produce, drain, sql):
        app.command(rich_help_panel=PANEL)(verb)
    app.command("accept-gap", rich_help_panel=PANEL)(accept_gap)


def _parse_span(text: str) -> timedelta:
    match = re.fullmatch(r"([1-9][0-9]{0,3})([mhdw])", text)
    if match is None:
        raise typer.BadParameter(f"must be a number and one of m, h, d, w, as in 7d or 12h, got {text!r}")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def produce(
    count: Annotated[int | None, typer.Option(min=1, help="Sales to send.  [default: 50]")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Repeats a run, except for ids and times.  [default: another each time]")
    ] = None,
    rate: Annotated[
        float | None, typer.Option(help="Sales a second at most.  [default: no limit; 2 with --forever]")
    ] = None,
    forever: Annotated[bool, typer.Option("--forever", help="Go on until Ctrl-C.")] = False,
    since: Annotated[
        timedelta | None,
        typer.Option(parser=_parse_span, metavar="SPAN", help="Spread the sales over the past: 12h, 7d, 2w."),
    ] = None,
    dirty: Annotated[
        bool, typer.Option("--dirty", help="Also send one event of every odd or faulty kind per 1000 sales.")
    ] = False,
) -> None:
    """Send sales to Kafka, and wait until the broker has acknowledged every one."""
    if forever and count is not None:
        raise typer.BadParameter("--forever and --count cannot be combined; use one of them")
    if forever and since is not None:
        raise typer.BadParameter("--forever and --since cannot be combined; use one of them")
    if rate is not None and not 0 < rate <= 1e6:
        raise typer.BadParameter(f"--rate must be more than 0 and at most 1000000, got {rate:g}")
    if forever:
        rate = rate or FOREVER_RATE
    send_sales(None if forever else count or 50, seed=seed, rate=rate, since=since, dirty=dirty)


def send_sales(count: int | None, *, seed: int | None = None, **options: Any) -> "Report":
    """Produce with a progress display and a report."""
    import secrets

    from ingestion.settings import KafkaSettings, load
    from ingestion.source.messages import feed
    from ingestion.source.producer import ProduceError, produce

    seed = secrets.randbelow(1_000_000) if seed is None else seed
    messages = feed(seed, count, **options)
    try:
        with _counting(count) as tell:
            report = produce(load(KafkaSettings), messages, options.get("rate"), tell)
    except ProduceError as error:
        _show_report(error.report, seed)
        raise
    _show_report(report, seed)
    return report


@contextmanager
def _counting(total: int | None) -> Iterator[Callable[[int], None]]:
    if not out.is_terminal:
        yield lambda count: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("acknowledged"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out, transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda count: progress.update(task, completed=count)


def _show_report(report: "Report", seed: int) -> None:
    from ingestion.source.faulty import KINDS

    verdicts = {"vente": "valide"} | {kind.name: kind.verdict for kind in KINDS}
    if len(report.kinds) > 1:
        rows = [[kind, verdicts[kind], number(report.kinds[kind])] for kind in verdicts if kind in report.kinds]
        show("Acknowledged", ["kind", "verdict to come", "events"], rows, ("events",))
    offsets = [
        [str(partition), number(start), number(report.to_offsets[partition] - 1)]
        for partition, start in sorted(report.from_offsets.items())
    ]
    if offsets:
        show("Offsets", ["partition", "first", "last"], offsets, ("first", "last"))
    pace = report.acknowledged / report.seconds if report.seconds else 0.0
    total = number(report.acknowledged)
    say(f"{total} events acknowledged in {span(report.seconds)} ({pace:.0f} events/s), seed {seed}", GOOD)


def drain(
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait at most.")] = 60.0,
) -> None:
    """Wait until Bronze holds every event that the broker holds now."""
    wait_for_bronze(None, timeout)


def wait_for_bronze(targets: "Offsets | None", timeout: float) -> None:
    import time

    from ingestion.bronze.drain import drain

    started = time.monotonic()
    with waiting("waiting for Bronze") as tell:
        reached = drain(targets, timeout, lambda missing: tell(f"{number(missing)} events missing"))
    ends = ", ".join(f"{partition}: {end}" for partition, end in sorted(reached.items()))
    say(f"Bronze holds every event up to {ends} ({span(time.monotonic() - started)})", GOOD)


def accept_gap() -> None:
    """Let Bronze continue without events that Kafka no longer holds; the loss stays on record."""
    from ingestion.bronze.gaps import accept_gaps, accepted_gaps
    from ingestion.bronze.resume import find_position, offset_gaps
    from ingestion.lake.ownership import refuse_strangers
    from ingestion.settings import KafkaSettings, PathSettings, load

    refuse_strangers()
    paths = load(PathSettings)
    known = accepted_gaps(paths.bronze)
    gaps = [gap for gap in offset_gaps(find_position(paths), load(KafkaSettings)) if gap not in known]
    if not gaps:
        say("no offsets are missing; there is nothing to accept")
        return
    accept_gaps(paths.bronze, gaps)
    say(f"accepted as lost: {'; '.join(map(str, gaps))}; the stream continues after them within seconds")


def sql(
    statement: Annotated[str, typer.Argument(help="One statement, in Spark's SQL.")],
    limit: Annotated[int, typer.Option(min=0, help="Rows shown at most.")] = 100,
) -> None:
    """Run one SQL statement on the gateway and show its rows."""
    from ingestion.gateway.sql import session

    if not statement.strip():
        raise typer.BadParameter("the statement is empty")
    with waiting("running"), session() as gateway:
        rows = gateway.run(statement.strip().rstrip(";"), at_most=limit + 1)
        columns = gateway.columns
    if not columns:
        say("done", DIM)
        return
    show("", columns, [[_cell(value) for value in row] for row in rows[:limit]])
    shown = min(len(rows), limit)
    # the rest was not fetched, so its number is unknown
    more = " shown, there are more (--limit)" if len(rows) > limit else ""
    say(f"{number(shown)} {'row' if shown == 1 else 'rows'}{more}", DIM)


def _cell(value: Any) -> str:
    """The value as text, shortened because an event may be megabytes."""
    return "null" if value is None else shortened(str(value), LONGEST_VALUE)
