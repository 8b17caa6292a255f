"""Start, stop and watch the full stack.  Run: python -m infra.docker.compose up | down | logs | runs

Standard library only: with Docker and a Python, nothing else needs to be installed.
"""

import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

from infra.docker.env import ROOT, monitored, read_env, write_env
from infra.docker.preflight import refuse_what_does_not_fit, refuse_without_docker, refuse_wrong_ports
from ingestion.errors import SalesError

HEALTHY_SECONDS = 600.0
# a service that has died this many times will not recover by itself
DEATHS = 5
# Compose copies secrets into a container only when it creates it, so an existing one would keep the old secrets
WITH_SECRETS = ("prometheus", "alertmanager")
MONITORING = (*WITH_SECRETS, "grafana")
# these run to completion at each start
ONE_SHOT = ("topic", "airflow-migrate")


def main() -> None:
    verbs: dict[str, Callable[..., None]] = {"up": up, "down": down, "logs": logs, "runs": runs}
    if len(sys.argv) < 2 or sys.argv[1] not in verbs:
        sys.exit(f"one of {', '.join(verbs)} is needed, got {' '.join(sys.argv[1:]) or 'nothing'}")
    try:
        verbs[sys.argv[1]](*sys.argv[2:])
    except SalesError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def up() -> None:
    refuse_without_docker()
    if made := write_env():
        _say(f"made .env with {', '.join(made)}")
    settings = read_env()
    refuse_wrong_ports(settings)
    containers = _containers()
    running = states_of(containers)
    refuse_what_does_not_fit(settings, published(containers))
    started = time.monotonic()
    _say("building the images (minutes the first time, seconds later)")
    _compose("build", "--quiet")
    built = time.monotonic()
    _say(f"built in {built - started:.0f} s; starting")
    if gone := obsolete(running, monitored(settings)):
        _compose("--profile", "*", "--progress", "quiet", "rm", "--stop", "--force", *gone)
    starting = subprocess.Popen(
        ["docker", "compose", "--progress", "quiet", "up", "--detach"], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    _wait(starting, built, running)
    if "nginx" in running:
        # nginx's configuration is in this folder, and Compose does not notice when it changes.  Do not use `kill`:
        # Docker would treat it as a stop, and not restart nginx when it dies
        _compose("exec", "-T", "nginx", "sh", "-c", "kill -HUP 1")
    _say(f"everything is healthy after {time.monotonic() - built:.0f} s\n")
    _say(addresses(settings))


def down() -> None:
    if shutil.which("docker"):
        refuse_without_docker()
        if _containers():
            _compose("--profile", "*", "down", "--remove-orphans")
            _say("the volumes stay (docker compose --profile '*' down --volumes deletes them, with every sale)")
            return
    _say("the full stack is not running")


def runs() -> None:
    """Exit with code 1 if no container of the stack exists."""
    try:
        found = shutil.which("docker") and _containers()
    except SalesError:
        found = None
    if not found:
        sys.exit(1)


def logs(*services: str) -> None:
    refuse_without_docker()
    _compose("logs", "--follow", "--tail", "50", *services)


def obsolete(running: Collection[str], monitored: bool) -> list[str]:
    """The services whose containers must be removed before a start: their secrets may be old, or monitoring is off."""
    return [name for name in (WITH_SECRETS if monitored else MONITORING) if name in running]


def addresses(settings: dict[str, str]) -> str:
    """The addresses that people use, with the passwords they need."""
    page = settings["APP_PUBLIC_URL"].rstrip("/") or f"http://localhost:{settings['HTTP_PORT']}".removesuffix(":80")
    airflow = settings["AIRFLOW_PUBLIC_URL"].rstrip("/") or f"http://localhost:{settings['AIRFLOW_HTTP_PORT']}"
    lines = [
        ("dashboard", f"{page}/"),
        ("API", f"{page}/api/docs"),
        ("lineage", f"{page}/lineage/"),
        ("Airflow", f"{airflow}  admin / {settings['AIRFLOW_ADMIN_PASSWORD']}"),
    ]
    if monitored(settings):
        password = settings["GRAFANA_ADMIN_PASSWORD"]
        lines += [
            ("Grafana", f"http://localhost:{settings['GRAFANA_PORT']}  admin / {password}"),
            ("Prometheus", f"http://127.0.0.1:{settings['PROMETHEUS_PORT']}"),
            ("Alertmanager", f"http://127.0.0.1:{settings['ALERTMANAGER_PORT']}"),
        ]
    lines += [
        ("Spark", f"http://127.0.0.1:{settings['SPARK_UI_PORT']}"),
        ("health", f"http://127.0.0.1:{settings['APP_PORT']}/readyz"),
        ("Kafka", ",".join(f"127.0.0.1:{settings[f'KAFKA_PORT_{n}']}" for n in (1, 2, 3))),
        ("Thrift (SQL)", f"127.0.0.1:{settings['THRIFT_PORT']}"),
        ("commands", "docker compose run --rm sales --help"),
    ]
    return "\n".join(f"  {name:<14}{value}" for name, value in lines)


def _wait(starting: "subprocess.Popen[str]", since: float, before: dict[str, str]) -> None:
    """Report each service that becomes healthy.  Raises SalesError when one fails, or at the timeout."""
    deaths: Counter[str] = Counter()
    while True:
        ended, now = starting.poll(), time.monotonic()
        states = _states()
        for service in sorted(name for name, state in states.items() if state == "healthy" != before.get(name)):
            _say(f"{now - since:5.0f} s  {service}")
        waiting = {name: state for name, state in sorted(states.items()) if state != "healthy"}
        deaths.update(name for name, state in waiting.items() if state == "restarting" != before.get(name))
        before = before | states
        if ended == 0 and states and not waiting:
            return
        hopeless = next((name for name, count in deaths.items() if count >= DEATHS), None)
        if ended or hopeless or now - since > HEALTHY_SECONDS:
            starting.kill()
            why = ", ".join(f"{name} is {state}" for name, state in waiting.items())
            if ended:
                why = f"{_last_line(starting)} ({why})"
            culprit = hopeless or next(iter(waiting), "")
            raise SalesError(
                f"not healthy after {now - since:.0f} s: {why}; see docker compose logs {culprit}, then make up again"
            )
        time.sleep(1)


def _last_line(process: "subprocess.Popen[str]") -> str:
    assert process.stderr is not None
    return (process.stderr.read().strip().splitlines() or ["no reason given"])[-1]


def states_of(containers: list[dict[str, Any]]) -> dict[str, str]:
    """State by service: `healthy`, also for a finished one-shot, or what it is instead; an unhealthy replica counts."""
    states: dict[str, str] = {}
    for container in containers:
        service, state = container["Service"], _state_of(container)
        if states.get(service, "healthy") == "healthy":
            states[service] = state
    return states


def published(containers: list[dict[str, Any]]) -> set[int]:
    """The ports of this machine that lead into the containers."""
    return {each["PublishedPort"] for container in containers for each in container["Publishers"] or []}


def _state_of(container: dict[str, Any]) -> str:
    if container["State"] == "exited":
        done = container["ExitCode"] == 0 and container["Service"] in ONE_SHOT
        return "healthy" if done else f"ended with code {container['ExitCode']}"
    return container["Health"] or str(container["State"])


def _states() -> dict[str, str]:
    """The states of the existing containers; empty while Compose replaces one of them."""
    try:
        return states_of(_containers())
    except SalesError:
        return {}


def _containers() -> list[dict[str, Any]]:
    """Every container of the stack, as Compose lists it.  Raises SalesError with Compose's reason if it cannot.

    Containers of `docker compose run` are left out, because somebody started them for a separate task.
    """
    command = ["docker", "compose", "--profile", "*", "ps", "--all", "--format", "json"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if answer.returncode:
        reason = (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SalesError(f"docker compose cannot list what runs ({reason}); correct .env, or the file that it names")
    found = [json.loads(line) for line in answer.stdout.splitlines()]
    return [each for each in found if "com.docker.compose.oneoff=True" not in each["Labels"]]


def _compose(*arguments: str) -> None:
    """Run a Compose command.  Raises SalesError; Compose has already printed the reason."""
    if code := subprocess.run(["docker", "compose", *arguments], cwd=ROOT).returncode:
        raise SalesError(f"docker compose {' '.join(arguments)} ended with code {code}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
