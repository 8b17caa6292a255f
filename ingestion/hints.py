"""The commands that messages suggest: the embedded stack has its own, the full stack uses make and Docker."""

import os

# the services whose names differ from the embedded stack's process
SERVICES = {"kafka": "broker1 broker2 broker3"}


def embedded() -> bool:
    """Whether the stack runs as processes on this machine; elsewhere, as in containers, no settings file is read.

    This is not one of the settings, because `sales --help` would then have to load their libraries.
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
