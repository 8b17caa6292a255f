"""The `sales` command: every verb of the system, one function each.  Run: sales --help"""

import sys
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
out = Console()
err = Console(stderr=True)


def main() -> None:
    app()


@app.command()
def jars() -> None:
    from infra.jars.fetch import fetch
    from ingestion.settings import PathSettings, load
    out.print(fetch(load(PathSettings).jars_dir))


@app.command()
def up() -> None:
    from infra.local.stack import start
    from infra.local.readiness import PROBES
    import time
    t=time.time()
    start()
    todo = dict(PROBES)
    while todo:
        for n in list(todo):
            r = todo[n]()
            if r is None:
                out.print(n, round(time.time()-t,1)); todo.pop(n)
        time.sleep(0.2)


@app.command()
def down() -> None:
    from infra.local.stack import stop
    out.print(stop())

@app.command()
def status() -> None:
    from infra.local.stack import processes
    for p in processes(): out.print(p)
