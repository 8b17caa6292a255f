"""How the command writes: colours, tables and progress on a terminal, plain lines everywhere else.

The text it is given is displayed, never interpreted: see ingestion/printable.py.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ingestion.printable import printable

# values may hold [brackets] and :colons:, which are not markup
out = Console(markup=False, highlight=False, emoji=False)
err = Console(markup=False, highlight=False, emoji=False, stderr=True)
GOOD, BAD, DIM = "green", "bold red", "dim"


def say(line: str, style: str = "") -> None:
    out.print(printable(line), style=style, soft_wrap=True)


def complain(message: str) -> None:
    """Print one line on standard error."""
    line = re.sub("[ \t\r\n]+", " ", message.strip())
    err.print(f"sales: {printable(line)}", style=BAD, soft_wrap=True)


def quote(name: str, line: str) -> None:
    """Print a line of another program's log on standard error."""
    err.print(printable(f"  {name} | {line.expandtabs(4)}"), style=DIM, soft_wrap=True)


def show(title: str, columns: list[str], rows: list[list[str]], numbers: tuple[str, ...] = ()) -> None:
    """Print rows as a table, the columns in `numbers` right-aligned; without a terminal nothing is cut off.

    A line break in a cell is written as an escape, because data could otherwise look like a row; a result with a single
    cell keeps its lines.
    """
    from rich import box

    if title:
        say(title, "bold")
    table = Table(
        box=box.SIMPLE_HEAD if out.is_terminal else None,
        pad_edge=False,
        header_style="bold",
    )
    for column in columns:
        table.add_column(printable(column), justify="right" if column in numbers else "left", overflow="fold")
    keep = "\n" if len(rows) == len(columns) == 1 else ""
    for row in rows:
        table.add_row(*(printable(cell, keep) for cell in row))
    if out.is_terminal:
        out.print(table)
        return
    wide = Console(file=out.file, width=2000, markup=False, highlight=False, emoji=False)
    with wide.capture() as captured:
        wide.print(table)
    out.file.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()) + "\n")


@contextmanager
def waiting(what: str, plain: bool = False) -> Iterator[Callable[[str], None]]:
    """A spinner whose text can be changed; without a terminal, one line for each text if `plain`, else nothing."""
    if not out.is_terminal:
        yield say if plain else _ignore
        return
    # a plain string would be parsed as markup, whatever the console's setting
    with out.status(Text(what)) as status:
        yield lambda detail: status.update(Text(printable(f"{what}: {detail}" if detail else what)))


def _ignore(detail: str) -> None:
    """Discard the text that a spinner would show."""


def size(count: int) -> str:
    """A number of bytes in readable form: 512 B, 1.5 MiB."""
    value = float(count)
    for unit in ("B", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"


def span(seconds: float) -> str:
    """A duration in readable form: 4.2 s, 3 min 20 s, 5 h 02 min, 3 d 4 h."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def moment(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC") if at else "-"


# an event may be megabytes
LONGEST_VALUE = 10_000


def shortened(text: str, limit: int = 60) -> str:
    """The text, at most `limit` characters long; the last is an ellipsis if something was left out."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def number(value: int) -> str:
    return f"{value:,}".replace(",", " ")
