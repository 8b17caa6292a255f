"""Show `sales status`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from infra.cli.console import BAD, DIM, GOOD, moment, number, out, say, shortened, show, size, span, waiting
from ingestion.printable import printable

if TYPE_CHECKING:
    from infra.local.processes import ProcessStatus
    from ingestion.bronze.gaps import Gap
    from ingestion.bronze.isolated_record import Isolated
    from ingestion.reading.overview import BronzeStatus, DiskStatus, Drift, SilverStatus

SHOWN_ISOLATED = 20


def show_status() -> None:
    from infra.local.processes import process_statuses
    from ingestion.bronze.gaps import accepted_gaps
    from ingestion.bronze.isolated_record import isolated_events
    from ingestion.reading import overview
    from ingestion.settings import PathSettings, load

    with waiting("asking every process"):
        processes = process_statuses()
    _show_processes(processes)
    with waiting("reading the lake"):
        bronze, silver = overview.bronze_status(), overview.silver_status()
        drift, disk = overview.schema_drift(), overview.disk_status()
        gaps = accepted_gaps(load(PathSettings).bronze)
        isolated = isolated_events(load(PathSettings).bronze)
    _show_bronze(bronze)
    show_accepted_gaps(gaps)
    _show_isolated(isolated)
    _show_silver(silver)
    _show_gold(silver)
    if bronze.end is not None:
        _show_freshness(silver)
    _show_tail()
    _show_dags()
    _show_drift(drift)
    _show_disk(disk)


def _show_processes(processes: "list[ProcessStatus]") -> None:
    if not processes:
        _say_down()
        return
    rows = [
        [
            process.name,
            process.fault or "ready",
            " ".join(map(str, process.ports)) or "-",
            size(process.memory),
            span(process.uptime),
            str(process.restarts),
        ]
        for process in processes
    ]
    memory = size(sum(process.memory for process in processes))
    rows.append(["total", "", "", memory, "", ""])
    show("Processes", ["process", "state", "ports", "memory", "uptime", "restarts"], rows, ("memory", "restarts"))


def _say_down() -> None:
    from infra.local.stack_marker import marked_processes
    from ingestion import hints
    from ingestion.processes.liveness import alive
    from ingestion.processes.states import GatewayState, read_state

    if left := marked_processes():
        say(
            f"supervisor has died, {len(left)} processes are left: start the stack again (sales start), or stop them "
            "(sales stop)",
            BAD,
        )
    elif (gateway := read_state(GatewayState)) and alive(gateway.life):
        say("the processes run in containers (docker compose ps)")
    else:
        say(f"the stack is not running ({hints.start()})")
    out.print()


def _show_bronze(bronze: "BronzeStatus") -> None:
    partitions = sorted(bronze.end or bronze.read)
    rows = [
        [
            str(partition),
            number(bronze.end.get(partition, 0)) if bronze.end is not None else "?",
            number(bronze.read.get(partition, 0)),
            number(bronze.end.get(partition, 0) - bronze.read.get(partition, 0)) if bronze.end is not None else "?",
        ]
        for partition in partitions
    ]
    if rows:
        show(
            "Bronze",
            ["partition", "broker's end", "Bronze's end", "lag"],
            rows,
            ("broker's end", "Bronze's end", "lag"),
        )
    newest = bronze.newest_at
    say(f"newest event in Bronze: {moment(newest)} ({_ago(newest)})" if newest else "Bronze is empty")
    if bronze.end is None:
        say("the broker does not answer", BAD)
    for fault in bronze.topic_faults:
        say(fault, BAD)
    out.print()


def show_accepted_gaps(gaps: "Sequence[Gap]") -> None:
    """Show the accepted gaps in a table, if there are any; call it wherever events are counted."""
    if not gaps:
        return
    rows = [
        [str(gap.partition), *map(number, (gap.from_offset, gap.to_offset, gap.offsets)), moment(gap.accepted_at)]
        for gap in gaps
    ]
    numbers = ("from offset", "to offset (exclusive)", "offsets")
    show("Accepted gaps: events that are lost", ["partition", *numbers, "accepted at"], rows, numbers)


def _show_isolated(events: "Sequence[Isolated]") -> None:
    if not events:
        return
    newest = sorted(events, key=lambda event: event.isolated_at, reverse=True)[:SHOWN_ISOLATED]
    rows = [
        [str(event.partition), number(event.offset), number(event.size), moment(event.isolated_at)] for event in newest
    ]
    columns = ["partition", "offset", "bytes", "isolated at"]
    show("Isolated events: too large for the stream, rejected, left in Kafka", columns, rows, ("offset", "bytes"))
    if len(events) > len(newest):
        say(f"the newest {len(newest)} of {number(len(events))}", DIM)


def _show_silver(silver: "SilverStatus") -> None:
    published = ", ".join(f"{partition}: {end}" for partition, end in sorted(silver.published.items()))
    rows = [
        ["slice", f"{silver.tranche}, closed {moment(silver.closed_at)} ({_ago(silver.closed_at)})"],
        ["published offsets", published or "-"],
        ["open slice", str(silver.open_tranche) if silver.open_tranche else "none"],
        ["events read", number(silver.rows_read)],
        ["clean", number(silver.rows_clean)],
        ["rejected", number(silver.rows_rejected)],
        ["duplicates", number(silver.rows_duplicates)],
    ]
    if not silver.tranche:
        rows = [["slice", "none is published yet"], rows[2]]
    show("Silver", ["what", "value"], rows)


def _show_gold(silver: "SilverStatus") -> None:
    """Say which slice the marts stand on, and why the last run failed, if it did."""
    from ingestion.processes.states import GoldState, read_state

    if gold := silver.gold:
        behind = silver.tranche - gold.tranche
        old = f", {number(behind)} slice{'s' * (behind > 1)} behind" if behind > 0 else ""
        say(f"Gold: slice {gold.tranche}, published {_ago(gold.published_at)}{old}, days of {gold.fuseau}", DIM)
    told = read_state(GoldState)
    if told and told.state == "failed" and not (silver.gold and silver.gold.published_at > told.at):
        say(f"Gold: the last run failed {_ago(told.at)}: {shortened(told.error or '', 500)}", BAD)


def _show_freshness(silver: "SilverStatus") -> None:
    from ingestion.reading.freshness import CAUSES, measure

    freshness = measure(silver.published)
    cause = freshness.cause(datetime.now(UTC))
    if cause:
        say(f"the figures are stale: {freshness.stream_error or CAUSES[cause]}", BAD)
    else:
        say("the figures are fresh", GOOD)
    if freshness.oldest_unpublished_at:
        say(f"oldest event not yet published: {_ago(freshness.oldest_unpublished_at)}", DIM)
    if freshness.open_transaction_at:
        opened = _ago(freshness.open_transaction_at)
        say(f"a producer began a transaction {opened} and has not ended it: later events wait", DIM)
    out.print()


def _show_tail() -> None:
    """Say whether what the page had shown as provisional was published so; nothing before the first slice."""
    from ingestion.processes.states import TailState, read_state

    told = read_state(TailState)
    if told and told.different:
        say(f"provisional figures were wrong {number(told.different)} of {number(told.compared)} times", BAD)
        say(f"the last time: {told.difference}", DIM)
    elif told:
        say(f"provisional figures: equal to what was then published, {number(told.compared)} times", DIM)


def _show_dags() -> None:
    """Show what Airflow reported about the last run of each DAG; nothing if none has run since the start."""
    from ingestion.orchestration.dag_reports import dag_states

    for dag, told in dag_states().items():
        ago = _ago(told.at)
        if told.state == "failed":
            say(f"{dag} failed {ago} in {told.task}: {shortened(told.reason or '', 500)}", BAD)
        elif told.state == "late":
            say(f"{dag}: run {told.run} was late {ago}", BAD)
        else:
            say(f"{dag}: last run succeeded {ago}", DIM)


def _show_drift(drift: "Drift") -> None:
    searched = span((datetime.now(UTC) - drift.since).total_seconds())
    if not drift.fields:
        say(f"schema drift: none in the last {searched}", DIM)
        return
    # the sender chooses the name, and Bronze keeps up to 50 000 characters of it
    rows = [[shortened(printable(each.name)), number(each.events), moment(each.last_at)] for each in drift.fields]
    title = f"Schema drift in the last {searched}: fields that the event model does not know"
    show(title, ["field", "events", "last seen"], rows, ("events",))


def _show_disk(disk: "DiskStatus") -> None:
    # in containers this process does not see the disks that hold the broker and the logs
    parts = {"lake": disk.lake, "broker": disk.broker, "logs": disk.logs, "free": disk.free}
    say("disk: " + ", ".join(f"{name} {size(used)}" for name, used in parts.items() if used is not None))


def _ago(at: datetime | None) -> str:
    return f"{span(max(0.0, (datetime.now(UTC) - at.astimezone(UTC)).total_seconds()))} ago" if at else "never"
