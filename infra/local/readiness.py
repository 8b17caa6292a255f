"""Check whether each process of the stack really answers."""

import time
from collections import deque
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor

import httpx

from infra.local.launch import read_starts
from infra.local.supervision import StackError
from ingestion.addresses import reached_at
from ingestion.gateway import catalogue_filler, sql
from ingestion.processes.liveness import alive
from ingestion.processes.states import BronzeState, SilverState, read_state
from ingestion.settings import AirflowSettings, AppSettings, KafkaSettings, PathSettings, load
from ingestion.topic.client import BrokerError, topic_id

Probe = Callable[[], str | None]
# after this many deaths in a row, waiting is pointless
HOPELESS = 4
# after that the other processes get this long to show whether they are well
PATIENCE_SECONDS = 30.0


class NotReadyError(StackError):
    """A process does not answer; the log of `culprit` shows why."""

    def __init__(self, message: str, culprit: str) -> None:
        super().__init__(message)
        self.culprit = culprit


def probe_kafka() -> str | None:
    try:
        topic_id(load(KafkaSettings))
    except BrokerError:
        return "is starting"
    return None


def probe_gateway() -> str | None:
    if fault := catalogue_filler.fault():
        return fault
    try:
        with sql.session() as session:
            session.run("select 1")
    except sql.StatementError as error:
        return str(error)
    return None


def probe_bronze() -> str | None:
    bronze = read_state(BronzeState)
    if bronze and bronze.gateway is not None and not alive(bronze.gateway):
        return "is waiting for the gateway"
    return _probe_state(bronze, ("running",))


def probe_silver() -> str | None:
    return _probe_state(read_state(SilverState), ("idle", "running", "resting"))


def _probe_state(said: BronzeState | SilverState | None, good: tuple[str, ...]) -> str | None:
    if said is None:
        return "is starting"
    if said.state in good and alive(said.life):
        return None
    if said.state == "waiting":
        return f"is waiting for {said.waits_for or 'another process'}"
    return said.error or "is starting"


def probe_app() -> str | None:
    app = load(AppSettings)
    try:
        # without a proxy
        answer = httpx.get(f"http://{reached_at(app.host, app.port)}/healthz", timeout=2, trust_env=False)
    except httpx.HTTPError:
        return "is starting"
    return None if answer.status_code == 200 else f"/healthz answers {answer.status_code}"


def probe_airflow(component: str) -> str | None:
    settings = load(AirflowSettings)
    address = f"http://{reached_at(settings.host, settings.port)}/api/v2/monitor/health"
    try:
        answer = httpx.get(address, timeout=5, trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return "is starting"
    said = answer.get(component, {}).get("status")
    return None if said == "healthy" else "is starting"


PROBES: dict[str, Probe] = {
    "kafka": probe_kafka,
    "gateway": probe_gateway,
    "bronze": probe_bronze,
    "silver": probe_silver,
    "app": probe_app,
    "airflow-api": lambda: probe_airflow("metadatabase"),
    "airflow-scheduler": lambda: probe_airflow("scheduler"),
    "airflow-processor": lambda: probe_airflow("dag_processor"),
    "airflow-triggerer": lambda: probe_airflow("triggerer"),
}


def probe(name: str) -> str | None:
    """None when the process answers, else what it lacks; for a process that keeps dying, how often it died."""
    starts = read_starts(name)
    if starts and starts.waits:
        return f"died {starts.quick} times in a row, restarts in {starts.waits:.0f} s"
    fault = PROBES[name]()
    if fault == "is starting" and starts and starts.quick:
        return f"is starting again (died {starts.quick} times in a row)"
    return fault


def wait_until_ready(names: Collection[str], on_answer: Callable[[str, str | None], None], timeout: float) -> None:
    """Probe these processes in parallel, until all have answered.

    `on_answer` is called from several threads, with each change of what a process lacks (None: ready).  Raises
    NotReadyError at the timeout, or 30 s after a process has died four times in a row.
    """
    wait = _Wait(on_answer, time.monotonic() + timeout)
    waited_for = list(names)
    with ThreadPoolExecutor(len(names)) as pool:
        try:
            while waited_for:
                faults = dict(zip(waited_for, pool.map(wait.until_ready, waited_for), strict=True))
                wait.refuse({name: fault for name, fault in faults.items() if fault})
                # a process that dies may take others down that had already answered
                waited_for = [name for name, fault in zip(names, pool.map(probe, names), strict=True) if fault]
        finally:
            wait.deadline = 0.0


class _Wait:
    def __init__(self, on_answer: Callable[[str, str | None], None], deadline: float) -> None:
        self.on_answer = on_answer
        self.deadline = deadline
        self.hopeless: list[str] = []

    def until_ready(self, name: str) -> str | None:
        last: str | None = ""
        while True:
            fault = probe(name)
            if fault != last:
                self.on_answer(name, fault)
            if fault is None or time.monotonic() > self.deadline or self._is_hopeless(name):
                return fault
            last = fault
            time.sleep(0.2)

    def refuse(self, missing: dict[str, str]) -> None:
        if missing:
            why = "; ".join(f"{name} {fault}" for name, fault in missing.items())
            culprit = next(iter(self.hopeless or missing))
            raise NotReadyError(f"not ready: {why}; look at the log (sales logs {culprit})", culprit)

    def _is_hopeless(self, name: str) -> bool:
        starts = read_starts(name)
        if starts is None or starts.quick < HOPELESS:
            return False
        self.hopeless.append(name)
        self.deadline = min(self.deadline, time.monotonic() + PATIENCE_SECONDS)
        return True


def last_lines(name: str, count: int) -> list[str]:
    """The last lines of a process's log; empty if there is none."""
    path = load(PathSettings).log_dir / f"{name}.log"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", errors="replace") as file:
        return [line.rstrip("\n") for line in deque(file, count)]
