"""What each process reports about itself: one frozen dataclass for each state file in `var/run/`.

The embedded stack deletes the files when it starts and when it stops.  Readers see the old or the new file, never a
half-written one.
"""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from filelock import FileLock
from pydantic import TypeAdapter, ValidationError

from ingestion.errors import SalesError
from ingestion.processes.files import replace_text
from ingestion.processes.liveness import claim_life
from ingestion.settings import PathSettings, load


@dataclass(frozen=True, kw_only=True)
class State:
    """`life` shows whether the process that reported this state still runs (`ingestion.processes.liveness`)."""

    FILE: ClassVar[str]

    state: str
    pid: int = field(default_factory=os.getpid)
    life: int = field(default_factory=claim_life)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, kw_only=True)
class GatewayState(State):
    """`started`, with the Connect session that belongs to this start; or `refused` the lake, with the reason."""

    FILE = "gateway"

    session_id: str | None = None
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class CatalogueState(State):
    """`ready`, or `failed` with the reason; valid for the gateway with this session only."""

    FILE = "catalogue"

    session_id: str
    tables: int = 0
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class BronzeState(State):
    """`waiting`, `running` or `failed`.

    `gateway` is the `life` of the gateway that runs the stream.  The totals count from when the process began to watch;
    the fields from `batch` on describe the last batch that held events.
    """

    FILE = "bronze"

    waits_for: str | None = None
    error: str | None = None
    gateway: int | None = None
    rows_total: int = 0
    batches_total: int = 0
    batch: int | None = None
    rows: int = 0
    batch_ms: int = 0
    rows_per_second: float = 0.0
    batch_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class SilverState(State):
    """The follower: `waiting`, `idle`, `running` a slice, `resting` while the DAG publishes, or `failed`."""

    FILE = "silver"

    waits_for: str | None = None
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class GoldState(State):
    """The last run of Gold: `running`, `done` with its slice and duration, or `failed`."""

    FILE = "gold"

    tranche: int | None = None
    seconds: float = 0.0
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class AirflowState(State):
    """One of Airflow's processes, in a file named after the process."""

    FILE = "airflow"


@dataclass(frozen=True, kw_only=True)
class AirflowVariables(State):
    """The settings of Airflow, by variable, as they were when it was started."""

    FILE = "airflow-settings"

    environment: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class StartedWith(State):
    """What the running stack was started with, by variable."""

    FILE = "started-with"

    settings: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class SentTotals(State):
    """Events that all producers have sent: acknowledged ones by kind, and the number that were not acknowledged."""

    FILE = "producer"

    kinds: dict[str, int] = field(default_factory=dict)
    unacknowledged: int = 0
    acknowledged_at: datetime | None = None


@dataclass(frozen=True)
class NodeResult:
    """The last run of one dbt node; `resource` is its kind."""

    resource: str
    seconds: float
    succeeded: bool


@dataclass(frozen=True, kw_only=True)
class DbtState(State):
    """The last run of dbt (`success` or `error`), how many runs ended each way, and the last run of each node."""

    FILE = "dbt"

    ended_at: datetime
    seconds: float
    runs: dict[str, int]
    nodes: dict[str, NodeResult]


@dataclass(frozen=True)
class Upkeep:
    """One table's data files on disk before and after the upkeep, including those that only older versions need."""

    table: str
    files_before: int
    bytes_before: int
    files_after: int
    bytes_after: int


@dataclass(frozen=True, kw_only=True)
class MaintenanceState(State):
    FILE = "maintenance"

    tables: list[Upkeep]


@dataclass(frozen=True, kw_only=True)
class DagState(State):
    """The last run of a DAG: `succeeded`, `failed` (which task, and why) or `late`.

    `failures` counts failed tasks, `late_runs` late runs.
    """

    FILE = "dag"

    run: str
    failures: int = 0
    late_runs: int = 0
    task: str | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class TailState(State):
    """Whether the last slices published what the tail had said of their events: `equal` or `different`.

    `compared` and `different` count comparisons since the start, each with one slice or a few; `difference` tells the
    last that was not equal.
    """

    FILE = "tail"

    tranche: int
    compared: int = 0
    different: int = 0
    difference: str | None = None


S = TypeVar("S", bound=State)
# by state file; each takes milliseconds to create
_adapters: dict[str, TypeAdapter[Any]] = {}
logger = logging.getLogger(__name__)


def write_state(state: State, name: str | None = None) -> None:
    """Replace the state file; `name` is for kinds that have several files."""
    file = _file(name or state.FILE)
    file.parent.mkdir(parents=True, exist_ok=True)
    replace_text(file, _adapter(type(state)).dump_json(state).decode())


def read_state(kind: type[S], name: str | None = None) -> S | None:
    """The last state reported; None if nothing has been reported since the stack was started."""
    file = _file(name or kind.FILE)
    try:
        state: S = _adapter(kind).validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise SalesError(
            f"{file} is damaged, or comes from another version of the program; delete it, "
            "and its process writes it again"
        ) from error
    return state


def update_state(kind: type[S], change: Callable[[S | None], S], name: str | None = None) -> None:
    """Replace the state with what `change` makes of it; several processes may do so at once.

    A damaged file is replaced, because these states are counters, and no work should fail for a counter.
    """
    file = _file(name or kind.FILE)
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_name(f".{file.stem}.lock")):
        try:
            known = read_state(kind, name)
        except SalesError as error:
            logger.warning("counting again from zero: %s", error)
            known = None
        write_state(change(known), name)


def _file(name: str) -> Path:
    path: Path = load(PathSettings).run_dir / f"{name}.json"
    return path


def _adapter(kind: type[State]) -> TypeAdapter[Any]:
    if kind.FILE not in _adapters:
        _adapters[kind.FILE] = TypeAdapter(kind)
    return _adapters[kind.FILE]
