"""The demo: everything from start to verified figures, with the time of each step."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.console import GOOD, number, out, say, show, span, waiting
from infra.cli.data_commands import send_sales, wait_for_bronze
from infra.cli.silver_commands import check_everything
from infra.cli.stack_commands import show_addresses, start_stack
from ingestion.errors import SalesError

if TYPE_CHECKING:
    from decimal import Decimal

    from ingestion.event import Offsets
    from ingestion.queries import Snapshot

POLL_SECONDS = 0.2


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Start here")(demo)


def demo(
    count: Annotated[int, typer.Option(min=1, help="Sales to send.")] = 50,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that each step may take.")] = 180.0,
) -> None:
    """Start the stack, send sales, follow them to the published figures and verify them; the stack keeps running."""
    steps: dict[str, float] = {}
    with _timed("start", steps):
        start_stack(timeout)
    with _timed("produce", steps):
        report = send_sales(count)
    with _timed("Bronze", steps):
        wait_for_bronze(report.to_offsets, timeout)
    with _timed("publish", steps):
        snapshot = wait_for_publication(report.to_offsets, timeout)
    show_headline(snapshot)
    with _timed("verify", steps):
        right = check_everything()
    show_addresses()
    times = ", ".join(f"{step} {span(seconds)}" for step, seconds in steps.items())
    say(f"{span(sum(steps.values()))} in total ({times}); the stack keeps running (make down stops it)", GOOD)
    if not right:
        raise typer.Exit(1)


@contextmanager
def _timed(step: str, steps: dict[str, float]) -> Iterator[None]:
    started = time.monotonic()
    yield
    steps[step] = time.monotonic() - started


def wait_for_publication(targets: "Offsets", timeout: float) -> "Snapshot":
    """The lake once the events up to the targets (exclusive) are published.  Raises SalesError at the timeout."""
    from ingestion.queries import Lake
    from ingestion.settings import PathSettings, load

    started, paths = datetime.now(UTC), load(PathSettings)
    lake = Lake(paths.silver, paths.bronze)
    with waiting("waiting for the published figures"):
        while True:
            snapshot = lake.current()
            closed = snapshot.publication
            if closed and all(closed.offsets.get(partition, 0) >= end for partition, end in targets.items()):
                break
            _refuse_failed_slice(started)
            if (datetime.now(UTC) - started).total_seconds() > timeout:
                raise SalesError(
                    f"nothing was published within {timeout:g} s; look at the follower (sales logs silver)"
                )
            time.sleep(POLL_SECONDS)
    say(f"published with slice {closed.tranche}", GOOD)
    return snapshot


def _refuse_failed_slice(since: datetime) -> None:
    from ingestion.processes.states import SilverState, read_state

    silver = read_state(SilverState)
    if silver and silver.state == "failed" and silver.at > since:
        raise SalesError(f"a slice failed and stays unpublished: {silver.error} (sales logs silver)")


def show_headline(snapshot: "Snapshot") -> None:
    from ingestion import queries

    statistics = queries.overall_statistics(snapshot)
    out.print()
    say(f"{number(statistics.nombre_ventes)} sales, {_euros(statistics.total_montant)} EUR", "bold")
    out.print()
    products = [[each.produit_nom, _euros(each.total_montant)] for each in queries.top_products(snapshot)]
    show("Revenue by product", ["product", "EUR"], products, ("EUR",))
    countries = [[each.pays, _euros(each.total_montant)] for each in queries.revenue_by_country(snapshot)]
    show("Revenue by country", ["country", "EUR"], countries, ("EUR",))


def _euros(montant: "Decimal") -> str:
    return f"{montant:,.2f}".replace(",", " ")
