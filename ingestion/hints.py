"""What a message tells its reader to type: the embedded stack has verbs of its own, the full one is Docker's."""

import os

# the services that are not called like the embedded stack's process
SERVICES = {"kafka": "broker1 broker2 broker3"}


def embedded() -> bool:
    """Whether the stack is processes of this machine; elsewhere, as in containers, no file of settings is read.

    Not among the settings: `sales --help` would pay for their libraries.
    """
    return os.environ.get("SALES_ENV_FILE") != ""


def start() -> str:
    return "sales start" if embedded() else "make up"


def new_lake() -> str:
    return "make clean, or another LAKE_DIR" if embedded() else "another STACK_NAME"


def other_lake() -> str:
    return "another LAKE_DIR" if embedded() else "another STACK_NAME"


def logs(process: str) -> str:
    return f"sales logs {process}" if embedded() else f"docker compose logs {SERVICES.get(process, process)}"
