"""Who owns the lake: one stack's gateway writes to it, and holds a lock in its folder for as long as it runs.

Two gateways on one lake would commit without regard to each other.  The kernel keeps the lock through `exec`, shows it
to every container that mounts the volume, and releases it however the gateway ends; the text in the file only names
the owner.
"""

import errno
import fcntl
import json
import os
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from ingestion import hints
from ingestion.errors import SalesError
from ingestion.processes.liveness import alive, claim_life
from ingestion.settings import PathSettings, load

FILE = ".owner"
# a process that only asks for the owner holds the lock for a moment, too
PATIENCE_SECONDS = 2.0


class LakeOwnedError(SalesError):
    """Another gateway owns the lake, or it cannot be locked; the message names the owner and the way out."""


@dataclass(frozen=True)
class Owner:
    """The gateway that holds a lake: the folder of its stack, its machine or container, and its `life` number there."""

    var_dir: str
    host: str
    life: int

    def ours(self) -> bool:
        """Whether it is this stack's gateway: a `life` number is known only in its own stack's folder."""
        return alive(self.life)


def own_lake() -> None:
    """Make this process the owner of the lake until it ends, even across `exec`.  Raises LakeOwnedError."""
    paths = load(PathSettings)
    try:
        paths.lake_dir.mkdir(parents=True, exist_ok=True)
        # never closed, because closing it would release the lock
        file = os.open(paths.lake_dir / FILE, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise LakeOwnedError(
            f"LAKE_DIR must be a folder that can be written, got {paths.lake_dir} ({error.strerror}); "
            f"set another LAKE_DIR"
        ) from error
    os.set_inheritable(file, True)
    _take(file, paths.lake_dir)
    text = json.dumps(asdict(Owner(str(paths.var_dir), socket.gethostname(), claim_life()))).encode()
    os.pwrite(file, text, 0)
    os.ftruncate(file, len(text))


def _take(file: int, lake: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not _locked(file, fcntl.LOCK_EX, lake):
        if time.monotonic() > deadline:
            refuse_owned()
        time.sleep(0.05)


def _locked(file: int, kind: int, lake: Path) -> bool:
    try:
        fcntl.lockf(file, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            return False
        raise LakeOwnedError(
            f"LAKE_DIR must be on a file system that supports locks, got {lake} ({error.strerror}); "
            "set another LAKE_DIR"
        ) from error
    return True


def owner() -> Owner | None:
    """The gateway that holds the lake now; that gateway itself must not call this.  Raises LakeOwnedError."""
    lake = load(PathSettings).lake_dir
    try:
        file = os.open(lake / FILE, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        # a shared lock, so that two processes that ask at once do not take each other for the owner
        return None if _locked(file, fcntl.LOCK_SH, lake) else _named(os.pread(file, 65536, 0))
    finally:
        os.close(file)


def _named(text: bytes) -> Owner:
    try:
        return Owner(**json.loads(text))
    except (ValueError, TypeError):
        # the owner has the lock and has not written its name yet
        return Owner("(unknown)", "(unknown)", 0)


def refuse_owned() -> None:
    """Raises LakeOwnedError while any gateway holds the lake, for callers that need it to themselves."""
    if (held := owner()) is not None:
        lake = load(PathSettings).lake_dir
        raise LakeOwnedError(
            f"LAKE_DIR={lake} is held by the gateway of VAR_DIR={held.var_dir} on {held.host}; "
            f"stop that stack, or set {hints.other_lake()}"
        )


def refuse_strangers() -> None:
    """Raises LakeOwnedError while another stack holds the lake.

    This is for all callers that write, through the gateway or beside it.
    """
    if (held := owner()) is not None and not held.ours():
        paths = load(PathSettings)
        raise LakeOwnedError(
            f"LAKE_DIR={paths.lake_dir} is held by the stack of VAR_DIR={held.var_dir} on {held.host}, and VAR_DIR is "
            f"{paths.var_dir}; set VAR_DIR={held.var_dir}, or set {hints.other_lake()}"
        )
