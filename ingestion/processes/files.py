"""Writing files that other processes may be reading."""

import os
from pathlib import Path


def replace_text(path: Path, text: str) -> None:
    """Write the whole file or leave it as it is, even if this process is killed meanwhile."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(text)
    scratch.replace(path)
