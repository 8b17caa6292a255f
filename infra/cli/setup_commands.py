"""Set-up: jars, doctor, warm."""

import time

import typer

from infra.cli.console import BAD, GOOD, say, show, span, waiting

PANEL = "Set-up"


def register(app: typer.Typer) -> None:
    for verb in (jars, doctor, warm):
        app.command(rich_help_panel=PANEL)(verb)


def jars() -> None:
    """Fetch the pinned jars and check each against its SHA-256 sum; correct ones are kept."""
    from infra.jars.fetch import SETS, fetch, pinned
    from ingestion.settings import PathSettings, load

    started = time.monotonic()
    with waiting("fetching jars") as tell:
        fetched = fetch(load(PathSettings).jars_dir, tell)
    total = sum(len(pinned(jar_set)) for jar_set in SETS)
    done = f"fetched {fetched} in {span(time.monotonic() - started)}" if fetched else "nothing to fetch"
    say(f"{total} jars, each as pinned; {done}", GOOD)


def doctor() -> None:
    """Check memory, disk, ports, Java and jars; say what is missing and what to do."""
    from infra.local.doctor import diagnose

    checks = diagnose()
    rows = [
        ["ok" if check.remedy is None else "WRONG", check.subject, check.found, check.remedy or ""] for check in checks
    ]
    show("", ["", "check", "found", "what to do"], rows)
    if wrong := [check.subject for check in checks if check.remedy]:
        say(f"wrong: {', '.join(wrong)}", BAD)
        raise typer.Exit(1)
    say("all checks passed", GOOD)


def warm() -> None:
    """Make the JVM's start-up cache in a separate training run; later starts are faster."""
    from infra.local.warm import make_cache

    with waiting("training run", plain=True) as tell:
        say(make_cache(tell), GOOD)
