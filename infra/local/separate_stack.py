"""A stack of its own: own folders, free ports.  It never meets the one that the settings name."""

import socket
from contextlib import ExitStack
from pathlib import Path

from infra.local.mark import MARK
from infra.local.ports import ports
from ingestion.environment import own_environment


def isolated_environment(folder: Path) -> dict[str, str]:
    """This process's environment, with all that a stack writes below `folder` and its ports ones that are free now.

    Without other tools' variables, as that of any stack; where a `dbt` typed by hand writes is said on purpose.
    """
    variables = [port.variable for port in ports()]
    return {
        **own_environment(),
        **dict(zip(variables, map(str, _free_ports(len(variables))), strict=True)),
        # follows from the port; one that stands in the environment would lead to another broker
        "KAFKA_BOOTSTRAP_SERVERS": "",
        "LAKE_DIR": str(folder / "lake"),
        "VAR_DIR": str(folder / "var"),
        "DBT_TARGET_PATH": str(folder / "dbt" / "target"),
        "DBT_LOG_PATH": str(folder / "dbt" / "log"),
        # so that commands that were cut short are found and stopped, too
        MARK: str(folder / "var"),
    }


def _free_ports(count: int) -> list[int]:
    """All of them held at once, so that no two are the same."""
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
