"""Whether the Bronze stream is healthy: one answer for readers, the drain, the DAG and the metrics.

The wait for the stack (`infra/local/readiness.py`) and the container's health check (`infra/docker/health.py`) read the
same state file by rules of their own: the first says what the process waits for, the second imports as little as
possible.
"""

from ingestion.bronze.isolated_record import LARGE_EVENTS
from ingestion.processes.liveness import alive
from ingestion.processes.states import BronzeState

# safe to show to any reader, unlike the process's own messages, which may name paths
STREAM_CAUSES = {
    "no_process": "the stream is down: the Bronze process is not running",
    "failed": "the stream is down: the Bronze process has failed",
    "waiting": "the stream is down: the Bronze process is waiting for the broker or the gateway",
    "isolating": "the stream is down: it has failed on large events, which are being read without it",
}


def stream_fault(bronze: BronzeState | None) -> tuple[str | None, str | None]:
    """What is wrong with the Bronze process that reports this state: a key of STREAM_CAUSES, and the full message."""
    if bronze is None:
        return "no_process", STREAM_CAUSES["no_process"]
    if bronze.state == "failed":
        return "failed", bronze.error
    if not alive(bronze.life):
        return "no_process", STREAM_CAUSES["no_process"]
    if bronze.waits_for == LARGE_EVENTS:
        return "isolating", STREAM_CAUSES["isolating"]
    if bronze.state != "running":
        return "waiting", f"the Bronze process is waiting for the {bronze.waits_for or 'stack'}"
    return None, None
