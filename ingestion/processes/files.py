"""Files that others read while they are written."""

import os
from pathlib import Path


def replace_text(path: Path, text: str) -> None:
    """Write the whole file or leave it as it is, also when this process is killed meanwhile."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(text)
    scratch.replace(path)
