"""What people have acknowledged: one JSON line each time, appended to a file beside the lake, which readers only read.

The last line about an incident holds, and taking back is a line, too: nothing is ever changed or removed.  Several
processes append and read.
"""

import hashlib
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from filelock import FileLock
from pydantic import TypeAdapter, ValidationError

from ingestion.lake.failures import reading
from ingestion.printable import printable

LONGEST_NAME, LONGEST_NOTE = 60, 500
# controls, and what is invisible or changes the direction of a text; as in a regular expression of Python or JavaScript
_INVISIBLE = (
    "\\x00-\\x1f\\x7f-\\x9f\\xad\\u0600-\\u0605\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f"
    "\\ue000-\\uf8ff\\ufeff\\ufff0-\\uffff"
)
NAME = f"^[^\\s{_INVISIBLE}](?:[^{_INVISIBLE}]*[^\\s{_INVISIBLE}])?$"
NOTE = f"^[^{_INVISIBLE}]*$"
_SHOWN = 100
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Acknowledgement:
    """`par` has seen the incident at `a`; `retire`: and takes back that somebody had.

    `severite`, `cause`, `cle`: what was shown then; empty in lines of before it was noted.
    """

    anomalie_id: str
    par: str
    note: str = ""
    retire: bool = False
    a: datetime = field(default_factory=lambda: datetime.now(UTC))
    severite: str = ""
    cause: str = ""
    cle: str = ""


@dataclass(frozen=True)
class Acknowledged:
    """The file as it was read: `entries` in their order, and how many lines could not be read.

    `latest`: by incident, the acknowledgement that holds.  `version` differs if, and only if, the file does.
    """

    entries: tuple[Acknowledgement, ...] = ()
    unreadable: int = 0
    latest: Mapping[str, Acknowledgement] = field(default_factory=dict)
    version: str = "none"

    def of(self, anomalie_id: str) -> list[Acknowledgement]:
        """All that was ever said of an incident, oldest first."""
        return [entry for entry in self.entries if entry.anomalie_id == anomalie_id]


_ADAPTER = TypeAdapter(Acknowledgement)


class Acknowledgements:
    """The file, read again only when it has changed; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, Lock()
        self._known: tuple[tuple[int, ...], Acknowledged] = ((), Acknowledged())
        self._reported: set[bytes] = set()

    def known(self) -> Acknowledged:
        """Everything that was acknowledged until now; one `stat` if nothing is new.  Raises LakeUnreadableError."""
        with reading("the record of acknowledgements"):
            # one value, so that threads never see the mark of one read beside the entries of another
            mark, known = self._known
            if (now := self._mark()) == mark:
                return known
            with self._lock:
                # the mark is taken before the content, so what is appended meanwhile is read next time
                self._known = (now, self._read() if now else Acknowledged())
                return self._known[1]

    def append(self, entry: Acknowledgement) -> None:
        """Raises ValueError for a name or note that is not allowed, OSError if the file cannot be written."""
        allowed_name(entry.par)
        allowed_note(entry.note)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self._path.with_name(f".{self._path.stem}.lock")), self._path.open("a+b") as file:
            line = _ADAPTER.dump_json(entry) + b"\n"
            # the line of a writer that died in the middle stays a line of its own
            file.write(line if _is_whole(self._path) else b"\n" + line)
            file.flush()
            os.fsync(file.fileno())

    def _mark(self) -> tuple[int, ...]:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return ()
        return stat.st_ino, stat.st_size, stat.st_mtime_ns

    def _read(self) -> Acknowledged:
        # what follows the last line break is still being written
        content = self._path.read_bytes()
        *lines, _ = content.split(b"\n")
        entries, unreadable = [], 0
        for line in lines:
            try:
                entries.append(_ADAPTER.validate_json(line))
            except ValidationError:
                unreadable += 1
                self._report(line)
        last = {entry.anomalie_id: entry for entry in entries}
        holding = {number: entry for number, entry in last.items() if not entry.retire}
        return Acknowledged(tuple(entries), unreadable, holding, hashlib.blake2b(content, digest_size=12).hexdigest())

    def _report(self, line: bytes) -> None:
        """Once in the life of this process."""
        if line not in self._reported:
            self._reported.add(line)
            shown = printable(line[:_SHOWN].decode(errors="backslashreplace"))
            logger.error("a line of %s cannot be read, and is left out: %s", self._path, shown)


def _is_whole(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"


def allowed_name(name: str) -> str:
    """The name.  Raises ValueError with the rule."""
    if len(name) > LONGEST_NAME or not re.fullmatch(NAME, name):
        raise ValueError(f"must have 1 to {LONGEST_NAME} visible characters, and no space at either end")
    return name


def allowed_note(note: str) -> str:
    """The note.  Raises ValueError with the rule."""
    if len(note) > LONGEST_NOTE or not re.fullmatch(NOTE, note):
        raise ValueError(f"must have at most {LONGEST_NOTE} visible characters, on one line")
    return note
