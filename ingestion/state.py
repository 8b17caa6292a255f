"""What each process says of itself: one small JSON file in `var/run/`, replaced whole."""

import json
import os
from datetime import UTC, datetime
from typing import Any

from ingestion.settings import PathSettings, load


def write_state(name: str, state: str, **facts: Any) -> None:
    """Replace the process's state; readers see the old or the new file, never half of one."""
    folder = load(PathSettings).run_dir
    folder.mkdir(parents=True, exist_ok=True)
    content = {"state": state, "pid": os.getpid(), "at": datetime.now(UTC).isoformat(), **facts}
    scratch = folder / f".{name}.{os.getpid()}"
    scratch.write_text(json.dumps(content, default=str))
    scratch.replace(folder / f"{name}.json")


def read_state(name: str) -> dict[str, Any]:
    """The process's last words; empty when it has not said any."""
    try:
        content: dict[str, Any] = json.loads((load(PathSettings).run_dir / f"{name}.json").read_text())
    except FileNotFoundError:
        return {}
    return content
