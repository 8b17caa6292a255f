"""A separate stack with its own folders and free ports, which never touches the one that the settings name."""

import socket
from contextlib import ExitStack
from pathlib import Path

from infra.local.ports import ports
from infra.local.stack_marker import MARK
from ingestion.environment import own_environment


def isolated_environment(folder: Path) -> dict[str, str]:
    """This process's environment, with everything that a stack writes below `folder` and with ports that are free now.

    As in any stack's environment, the variables of other tools are left out; where a `dbt` typed by hand writes is set
    explicitly.
    """
    variables = [port.variable for port in ports()]
    return {
        **own_environment(),
        **dict(zip(variables, map(str, _free_ports(len(variables))), strict=True)),
        # follows from the port; a value in the environment would lead to another broker
        "KAFKA_BOOTSTRAP_SERVERS": "",
        "LAKE_DIR": str(folder / "lake"),
        "VAR_DIR": str(folder / "var"),
        "DBT_TARGET_PATH": str(folder / "dbt" / "target"),
        "DBT_LOG_PATH": str(folder / "dbt" / "log"),
        # Gold is made when a measurement or a test asks for it, not in the middle of what it looks at
        "GOLD_INTERVAL_SECONDS": "0",
        # so that interrupted commands are found and stopped, too
        MARK: str(folder / "var"),
    }


def _free_ports(count: int) -> list[int]:
    """Find free ports; all are held open together, so that no two are the same."""
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
