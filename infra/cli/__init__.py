"""The `sales` command: one function for each verb.  Run: sales --help

One module for each group of verbs.  A verb imports what it needs inside its function, so `sales --help` stays quick.
"""

import errno
import logging
import sys
from collections.abc import Sequence

import typer

from infra.cli import (
    anomaly_commands,
    bench_commands,
    data_commands,
    demo_commands,
    setup_commands,
    silver_commands,
    stack_commands,
)
from infra.cli.console import complain
from ingestion.errors import SalesError, for_operators
from ingestion.hints import embedded
from ingestion.printable import escape_unencodable_output

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Sales from Kafka to published figures: send sales, look at them, check them.",
)
# in containers the command does not start, install or measure anything
IN_CONTAINERS = (stack_commands, data_commands, silver_commands, anomaly_commands)
for group in (demo_commands, *IN_CONTAINERS, setup_commands, bench_commands) if embedded() else IN_CONTAINERS:
    group.register(app)

# these stop the stack, show its logs whatever its settings, or need no stack
WITHOUT_STACK = ("stop", "down", "logs", "jars", "doctor", "warm", "bench")


@app.callback()
def _same_stack(context: typer.Context) -> None:
    if embedded() and context.invoked_subcommand not in WITHOUT_STACK:
        from infra.local.stack import refuse_other_settings

        refuse_other_settings()


NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one verb.  Exit code 1 and one line for an error of ours, 2 for wrong usage; anything else is a bug."""
    # libraries log nothing here: what matters arrives as an exception, shown in one line
    logging.getLogger().addHandler(logging.NullHandler())
    escape_unencodable_output()
    try:
        code = app(arguments, prog_name="sales", standalone_mode=False)
    except typer.TyperException as error:
        code = _misused(error)
    except typer.Abort:
        code = 130
    except Exception as error:
        if not _expected(error):
            raise
        complain(for_operators(error))
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


def _misused(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "sales"
    if type(error).__name__ == "NoArgsIsHelpError":
        return error.exit_code
    complain(f"{error.format_message()} ({path} --help)")
    return error.exit_code


def _expected(error: Exception) -> bool:
    """Whether the message is for the user; a folder that cannot be written also counts."""
    if isinstance(error, OSError):
        return error.errno in NOT_ALLOWED
    return isinstance(error, SalesError)
