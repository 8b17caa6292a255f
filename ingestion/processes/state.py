"""What each process says of itself: one small JSON file in `var/run/`, replaced whole."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingestion.processes.liveness import own_life
from ingestion.settings import PathSettings, load


def write_state(name: str, state: str, **facts: Any) -> None:
    """Replace the process's state; readers see the old or the new file, never half of one."""
    folder = load(PathSettings).run_dir
    folder.mkdir(parents=True, exist_ok=True)
    content = {"state": state, "pid": os.getpid(), "life": own_life(), "at": datetime.now(UTC).isoformat(), **facts}
    replace_text(folder / f"{name}.json", json.dumps(content, default=str))


def replace_text(path: Path, text: str) -> None:
    """Write the whole file or leave it as it is, also when this process is killed meanwhile."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(text)
    scratch.replace(path)


def read_state(name: str) -> dict[str, Any]:
    """The process's last words; empty when it has not said any."""
    try:
        content: dict[str, Any] = json.loads((load(PathSettings).run_dir / f"{name}.json").read_text())
    except FileNotFoundError:
        return {}
    return content
