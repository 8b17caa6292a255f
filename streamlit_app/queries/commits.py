"""The commits of a Delta table, as files."""

from pathlib import Path


def commit_file(table: Path, version: int) -> Path:
    """Where that version's commit lies, until it is cleaned up behind a checkpoint."""
    return table / "_delta_log" / f"{version:020}.json"


def refuse_empty_commit(table: Path, version: int) -> None:
    """Raises ValueError where this version's commit is an empty file.

    That is what a power cut may leave of the newest one.  Delta's readers take it for a commit that changed nothing, so
    the figures would be wrong without a word.
    """
    file = commit_file(table, version)
    if file.exists() and file.stat().st_size == 0:
        raise ValueError(f"commit {version} of {table.name} is empty")
