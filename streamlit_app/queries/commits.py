"""A commit that Delta's readers would misread."""

from pathlib import Path

from ingestion.lake.delta import commit_file


def refuse_empty_commit(table: Path, version: int) -> None:
    """Raises ValueError where this version's commit is an empty file.

    That is what a power cut may leave of the newest one.  Delta's readers take it for a commit that changed nothing, so
    the figures would be wrong without a word.
    """
    file = commit_file(table, version)
    if file.exists() and file.stat().st_size == 0:
        raise ValueError(f"commit {version} of {table.name} is empty")
