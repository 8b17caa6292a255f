"""Whether each process of the stack really answers."""

from collections.abc import Callable

import httpx

from ingestion import gateway, thrift
from ingestion.process import alive
from ingestion.settings import AppSettings, KafkaSettings, load
from ingestion.state import read_state
from ingestion.topic import BrokerError, topic_id

Probe = Callable[[], str | None]


def probe_kafka() -> str | None:
    try:
        topic_id(load(KafkaSettings))
    except BrokerError:
        return "broker starts"
    return None


def probe_gateway() -> str | None:
    if not gateway.ready():
        return "Spark starts"
    try:
        with thrift.session() as session:
            session.run("select 1")
    except thrift.StatementError as error:
        return str(error)
    return None


def probe_bronze() -> str | None:
    return _probe_state("bronze", ("running",))


def probe_silver() -> str | None:
    return _probe_state("silver", ("idle", "running", "resting"))


def _probe_state(name: str, good: tuple[str, ...]) -> str | None:
    state = read_state(name)
    if state.get("state") in good and alive(state["pid"]):
        return None
    return state.get("error") or f"{state.get('state', 'starts')} {state.get('for_', '')}".strip()


def probe_app() -> str | None:
    app = load(AppSettings)
    try:
        answer = httpx.get(f"http://{app.host}:{app.port}/healthz", timeout=2)
    except httpx.HTTPError:
        return "page starts"
    return None if answer.status_code == 200 else f"/healthz answers {answer.status_code}"


PROBES: dict[str, Probe] = {
    "kafka": probe_kafka,
    "gateway": probe_gateway,
    "bronze": probe_bronze,
    "silver": probe_silver,
    "app": probe_app,
}
