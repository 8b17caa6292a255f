"""Silver and the checks: silver, compact, maintain, docs; verify, explain."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.console import (
    BAD,
    DIM,
    GOOD,
    LONGEST_VALUE,
    moment,
    number,
    say,
    shortened,
    show,
    size,
    span,
    waiting,
)
from infra.cli.status_view import show_accepted_gaps
from ingestion.hints import embedded

if TYPE_CHECKING:
    from ingestion.lake.ledger import Publication
    from ingestion.reading.explain import Coordinates, Trace
    from ingestion.verify import Verification

PANEL, CHECKS = "Silver", "Checks"


def register(app: typer.Typer) -> None:
    silver = typer.Typer(invoke_without_command=True, rich_markup_mode="rich")
    silver.callback()(run)
    silver.command()(rebuild)
    app.command(rich_help_panel=PANEL)(gold)
    app.add_typer(silver, name="silver", rich_help_panel=PANEL, help="Publish what Bronze holds; or rebuild it all.")
    # `docs` writes into the clone, which containers do not have
    for verb in (compact, maintain, *((docs,) if embedded() else ())):
        app.command(rich_help_panel=PANEL)(verb)
    app.command(rich_help_panel=CHECKS)(verify)
    # otherwise a negative vente_id such as -5 would be read as an option
    app.command(rich_help_panel=CHECKS, context_settings={"ignore_unknown_options": True})(explain)


def run(context: typer.Context) -> None:
    """Finish an open slice and run slices until everything in Bronze is published."""
    if context.invoked_subcommand is not None:
        return
    from ingestion.silver.slices import run_until_published

    slices: list[int] = []
    with waiting("running slices"):
        run_until_published(lambda closed: _closed(closed, slices))
    say(
        f"published {len(slices)} slice{'s' * (len(slices) > 1)}"
        if slices
        else "everything in Bronze is published already",
        GOOD,
    )


def _closed(closed: "Publication", slices: list[int]) -> None:
    slices.append(closed.tranche)
    say(
        f"slice {closed.tranche}: {number(closed.rows_read)} events read, {number(closed.rows_clean)} clean, "
        f"{number(closed.rows_rejected)} rejected, {number(closed.rows_duplicates)} duplicates"
    )


def rebuild() -> None:
    """Rebuild every Silver table from Bronze, with the same slices."""
    from ingestion.silver import slices

    started = time.monotonic()
    with waiting("rebuilding Silver"):
        slices.rebuild()
    say(f"Silver is rebuilt ({span(time.monotonic() - started)})", GOOD)


def gold(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make every mart again, not only what is new.")] = False,
) -> None:
    """Make the Gold marts from the newest published slice now; the follower does it every few minutes."""
    from ingestion.silver.gold_runs import publish_gold

    started = time.monotonic()
    with waiting("making Gold"):
        made = publish_gold(rebuild=rebuild)
    if made is None:
        say("Gold stands on the newest slice already, or there is none yet", GOOD)
    else:
        say(
            f"Gold is published: slice {made.tranche}, {number(made.sales)} sales ({span(time.monotonic() - started)})",
            GOOD,
        )


def compact(
    at_least: Annotated[int, typer.Option(min=1, help="Skip tables that would lose fewer files.")] = 1,
) -> None:
    """Compact small files now; while Airflow is not running, the follower checks after every 20 slices."""
    from ingestion.silver import compaction

    with waiting("merging small files"):
        tables = compaction.compact(at_least)
    for done in tables:
        say(f"{done.table}: {number(done.before)} small files, now {number(done.after)}", GOOD)
    if not tables:
        say("no small files to merge", GOOD)


def maintain() -> None:
    """Compact small files and delete files that no reader can ask for any more; Airflow does it every night."""
    from ingestion.silver import maintenance

    with waiting("compacting and vacuuming"):
        tables = maintenance.maintain()
    rows = [
        [
            each.table,
            number(each.files_before),
            size(each.bytes_before),
            number(each.files_after),
            size(each.bytes_after),
        ]
        for each in tables
    ]
    columns = ("files", "size", "files after", "size after")
    show("Data files", ["table", *columns], rows, columns)


def docs() -> None:
    """Write dbt's documentation with the lineage graph."""
    from ingestion.silver import slices

    with waiting("writing the docs"):
        written = slices.generate_docs()
    say(f"written: {written}", GOOD)


def verify() -> None:
    """Recompute every verdict and every published figure without Spark and dbt, and compare."""
    if not check_everything():
        raise typer.Exit(1)


def check_everything() -> bool:
    """Verify everything and show the result; return whether everything agrees."""
    from ingestion.verify import verify

    with waiting("verifying") as tell:
        verification = verify(lambda step, done, total: tell(f"{step} {number(done)} of {number(total)}"))
    _show_verification(verification)
    return verification.ok


def _show_verification(verification: "Verification") -> None:
    rows = [
        [check.name, check.compared, number(check.count), number(check.differences), "ok" if check.ok else "WRONG"]
        for check in verification.checks
    ]
    show("Verification", ["check", "compared", "count", "differences", "result"], rows, ("count", "differences"))
    show_accepted_gaps(verification.gaps)
    if verification.raisons:
        show(
            "Verdicts",
            ["verdict", "events"],
            [[name, number(count)] for name, count in verification.raisons.items()],
            ("events",),
        )
    if verification.note:
        say(verification.note, DIM)
    for name, examples in verification.examples.items():
        for example in examples:
            say(f"{name}: {example}", BAD)
    if verification.examples:
        say("sales explain PARTITION:OFFSET shows an event", DIM)
    say(_conclusion(verification), GOOD if verification.ok else BAD)


def _conclusion(verification: "Verification") -> str:
    if not verification.ok:
        return "there are differences"
    lost = sum(gap.offsets for gap in verification.gaps)
    without = f", except {number(lost)} events accepted as lost" if lost else ""
    left = (
        f"; the bytes of {number(verification.left)} events were not compared, they are only in Kafka"
        if verification.left
        else ""
    )
    behind = f"; {number(verification.waiting)} events are waiting to be published" if verification.waiting else ""
    return f"everything agrees{without}{left}{behind}"


def explain(
    events: Annotated[
        list[str], typer.Argument(metavar="EVENT...", help="vente_id of a sale, or PARTITION:OFFSET of an event.")
    ],
) -> None:
    """Follow sales or single events to their verdicts, slices, offsets and raw bytes."""
    from ingestion.reading.explain import read_reference

    try:
        wanted = [read_reference(text) for text in events]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    found = [_explain(each) for each in wanted]
    if not all(found):
        raise typer.Exit(1)


def _explain(wanted: "int | Coordinates") -> bool:
    """Show the events; return whether there are any."""
    from ingestion.reading.explain import absence, explain

    traces = explain(wanted)
    if traces:
        _show_traces(_title(wanted, traces), traces)
    elif isinstance(wanted, int):
        say(f"no event in Bronze carries vente_id {wanted}; PARTITION:OFFSET finds an event without a readable id", BAD)
    else:
        say(absence(wanted), BAD)
    return bool(traces)


def _title(wanted: "int | Coordinates", traces: "list[Trace]") -> str:
    if isinstance(wanted, int):
        return f"vente_id {wanted}"
    (trace,) = traces
    return f"event {wanted[0]}:{wanted[1]}, {f'vente_id {trace.vente_id}' if trace.vente_id else 'without a vente_id'}"


def _show_traces(title: str, traces: "list[Trace]") -> None:
    rows = [
        [
            str(trace.kafka_partition),
            str(trace.kafka_offset),
            moment(trace.kafka_timestamp),
            "-" if trace.tranche is None else str(trace.tranche),
            trace.verdict,
            _raison(trace),
            "null" if trace.value is None else shortened(trace.value.decode(errors="backslashreplace"), LONGEST_VALUE),
        ]
        for trace in traces
    ]
    columns = ["partition", "offset", "Kafka time", "slice", "verdict", "raison", "value"]
    show(title, columns, rows, ("partition", "offset", "slice"))


def _raison(trace: "Trace") -> str:
    if trace.raison and trace.parse_error:
        return f"{trace.raison} ({trace.parse_error})"
    return trace.raison or "-"
