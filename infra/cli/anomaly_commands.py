"""The incidents: anomalies lists them, anomalies ack says that somebody has seen one."""

from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.console import BAD, DIM, GOOD, moment, number, say, show, waiting

if TYPE_CHECKING:
    from ingestion.queries import WatchState
    from ingestion.reading.incidents import Incident

PANEL = "Checks"
COLUMNS = ("id", "severity", "state", "cause", "key", "observed", "expected", "window", "last alarm", "by", "note")


def register(app: typer.Typer) -> None:
    anomalies = typer.Typer(invoke_without_command=True, rich_markup_mode="rich")
    anomalies.callback()(run)
    anomalies.command()(ack)
    app.add_typer(
        anomalies, name="anomalies", rich_help_panel=PANEL, help="List what is out of the ordinary; or acknowledge it."
    )


def run(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also the closed ones.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Incidents shown at most.")] = 50,
) -> None:
    """List the open incidents, newest first."""
    if context.invoked_subcommand is not None:
        return
    from ingestion.queries import Lake
    from ingestion.reading.incidents import CLOSED, Watch
    from ingestion.settings import PathSettings, load

    paths = load(PathSettings)
    with waiting("reading the lake"):
        watch = Watch(Lake(paths.silver, paths.bronze))
        seen = watch.seen()
        unreadable = watch.acknowledgements.known().unreadable
    found = [each for each in seen.incidents if everything or each.statut != CLOSED]
    if found:
        show("Incidents", list(COLUMNS), [_row(each) for each in found[:limit]], ("observed", "expected"))
    say(_summary(len(found), min(len(found), limit), everything), DIM if found else GOOD)
    _say_state(seen.state)
    if unreadable:
        say(f"left out, because they cannot be read: {number(unreadable)} lines of {paths.acknowledgements}", BAD)


def _row(incident: "Incident") -> list[str]:
    expected = f"{incident.attendu} ({incident.attendu_bas} to {incident.attendu_haut})"
    return [
        incident.anomalie_id,
        incident.severite,
        incident.statut,
        incident.cause,
        incident.cle,
        str(incident.observe),
        expected,
        incident.fenetre,
        moment(incident.derniere_alerte),
        _by(incident),
        incident.note or "-",
    ]


def _by(incident: "Incident") -> str:
    if incident.acquittee_par is None:
        return "-"
    return f"{incident.acquittee_par}, before it changed" if incident.has_changed else incident.acquittee_par


def _summary(found: int, shown: int, everything: bool) -> str:
    what = f"{'open ' * (not everything)}incident{'s' * (found != 1)}"
    if not found:
        return f"there are no {what}"
    return f"{number(shown)} of {number(found)} {what} shown (--limit)" if shown < found else f"{number(found)} {what}"


def _say_state(state: "WatchState | None") -> None:
    if state is None:
        say("no run of Gold has looked for anomalies yet", DIM)
    elif state.apprend:
        say(f"learning: {state.jours_connus} of {state.jours_requis} days of history", DIM)
    if state and state.complet_jusque:
        say(f"everything that arrived before {moment(state.complet_jusque)} was looked at", DIM)


def ack(
    anomalie_id: Annotated[str, typer.Argument(metavar="ID", help="As `sales anomalies` lists it.")],
    by: Annotated[str, typer.Option(help="Who has seen it.")],
    note: Annotated[str, typer.Option(help="What is known about it.")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take back that somebody has seen it.")] = False,
) -> None:
    """Say that somebody has seen an incident, so that pages and alerts no longer call for attention.

    They do again if it becomes more severe, or its cause or key another one.
    """
    from ingestion.errors import SalesError
    from ingestion.queries import Lake
    from ingestion.reading.acknowledgements import allowed_name, allowed_note
    from ingestion.reading.incidents import Watch
    from ingestion.settings import PathSettings, load

    by, note = by.strip(), note.strip()
    for option, check, value in (("--by", allowed_name, by), ("--note", allowed_note, note)):
        try:
            check(value)
        except ValueError as error:
            raise typer.BadParameter(f"{option} {error}") from error
    paths = load(PathSettings)
    watch = Watch(Lake(paths.silver, paths.bronze))
    if (shown := watch.find(anomalie_id)) is None:
        raise SalesError(f"there is no incident {anomalie_id!r}; sales anomalies --all lists them")
    watch.acknowledge(shown, by, note, retire=undo)
    say(f"{anomalie_id} is {'no longer ' * undo}acknowledged", GOOD)
