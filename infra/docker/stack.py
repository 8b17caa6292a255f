"""Start, stop and watch the full stack.  Run: python -m infra.docker.stack up | down | logs | runs

Standard library only: whoever has Docker and a Python needs nothing installed.
"""

import base64
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ENV, TEMPLATE = ROOT / ".env", ROOT / ".env.example"
GIB = 1 << 30
# what an idle stack takes, and room for its work
MEMORY = {True: 12 * GIB, False: 10 * GIB}
DISK = 20 * GIB
COMPOSE_AT_LEAST = (2, 23)
HEALTHY_SECONDS = 600.0
# a service that has died so often does not heal by itself
DEATHS = 5
# they read their configuration again when told to
RELOADED = ("nginx", "prometheus", "alertmanager")
# run to their end at each start
ONE_SHOT = ("topic", "airflow-migrate")
SECRETS: dict[str, Callable[[], str]] = {
    "POSTGRES_PASSWORD": lambda: secrets.token_urlsafe(24),
    "REDIS_PASSWORD": lambda: secrets.token_urlsafe(24),
    "AIRFLOW_ADMIN_PASSWORD": lambda: secrets.token_urlsafe(12),
    "AIRFLOW_FERNET_KEY": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "AIRFLOW_SECRET_KEY": lambda: secrets.token_urlsafe(32),
    "AIRFLOW_JWT_SECRET": lambda: secrets.token_urlsafe(64),
    "AIRFLOW_METRICS_TOKEN": lambda: secrets.token_urlsafe(32),
    "GRAFANA_ADMIN_PASSWORD": lambda: secrets.token_urlsafe(12),
}
MONITORING_PORTS = ("GRAFANA_PORT", "PROMETHEUS_PORT", "ALERTMANAGER_PORT")
PORT = re.compile(r"^[A-Z_]*PORT(_\d)?$")


class StackError(Exception):
    """The stack cannot start; the message names the rule, the value and the way out."""


def main() -> None:
    verbs: dict[str, Callable[..., None]] = {"up": up, "down": down, "logs": logs, "runs": runs}
    if len(sys.argv) < 2 or sys.argv[1] not in verbs:
        sys.exit(f"one of {', '.join(verbs)} is needed, got {' '.join(sys.argv[1:]) or 'nothing'}")
    try:
        verbs[sys.argv[1]](*sys.argv[2:])
    except StackError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def up() -> None:
    _refuse_without_docker()
    if made := write_env():
        _say(f"made .env with {', '.join(made)}")
    settings = read_env()
    running = states_of(_containers())
    if not running:
        _refuse_what_does_not_fit(settings)
    started = time.monotonic()
    _say("building the images (minutes the first time, seconds later)")
    _compose("build", "--quiet")
    built = time.monotonic()
    _say(f"built in {built - started:.0f} s; starting")
    starting = subprocess.Popen(
        ["docker", "compose", "--progress", "quiet", "up", "--detach"], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    _wait(starting, built)
    if running:
        # what they read lies in this folder: Compose does not see when it changes
        _compose("--progress", "quiet", "kill", "--signal", "HUP", *(name for name in RELOADED if name in running))
    _say(f"everything is healthy after {time.monotonic() - built:.0f} s\n")
    _say(addresses(settings))


def down() -> None:
    if not shutil.which("docker") or not _containers():
        _say("the full stack does not run")
        return
    _compose("--profile", "*", "down", "--remove-orphans")
    _say("the volumes stay (docker compose --profile '*' down --volumes deletes them, with every sale)")


def runs() -> None:
    """Exit code 1 where no container of the stack is there."""
    if not shutil.which("docker") or not _containers():
        sys.exit(1)


def logs(*services: str) -> None:
    _refuse_without_docker()
    _compose("logs", "--follow", "--tail", "50", *services)


def addresses(settings: dict[str, str]) -> str:
    """Where people find what, and with which password."""
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


def write_env(env: Path = ENV, template: Path = TEMPLATE) -> list[str]:
    """Make .env where it is missing, and every secret that it lacks; the names of the secrets that were made."""
    text = (env if env.exists() else template).read_text().rstrip("\n") + "\n"
    made = []
    for name, make in SECRETS.items():
        if not re.search(rf"^{name}=.", text, re.MULTILINE):
            made.append(name)
            line = f"{name}={make()}"
            text, found = re.subn(rf"^{name}=$", line, text, flags=re.MULTILINE)
            text += "" if found else f"{line}\n"
    if made or not env.exists():
        scratch = env.with_name(".env.new")
        scratch.touch(mode=0o600)
        scratch.write_text(text)
        scratch.replace(env)
    return made


def read_env(env: Path = ENV, template: Path = TEMPLATE) -> dict[str, str]:
    """The settings: the template's, over them .env's, over them the environment's, as Compose takes them."""
    found: dict[str, str] = {}
    for file in (template, env):
        for line in file.read_text().splitlines():
            name, equals, value = line.partition("=")
            if equals and not name.startswith("#"):
                found[name.strip()] = value.strip().strip('"')
    return {name: os.environ.get(name, value) for name, value in found.items()}


def monitored(settings: dict[str, str]) -> bool:
    return "monitoring" in settings["COMPOSE_PROFILES"].split(",")


def _refuse_without_docker() -> None:
    if not shutil.which("docker"):
        raise StackError("docker is not on PATH; install Docker Engine with the Compose plugin (docs/full-stack.md)")
    engine = subprocess.run(["docker", "info"], capture_output=True, text=True)
    if engine.returncode:
        reason = (engine.stderr.strip().splitlines() or ["no answer"])[-1]
        raise StackError(f"the Docker engine does not answer ({reason}); start it, or join its group")
    answer = subprocess.run(["docker", "compose", "version", "--short"], capture_output=True, text=True)
    version = re.match(r"v?(\d+)\.(\d+)", answer.stdout)
    if version is None or (int(version[1]), int(version[2])) < COMPOSE_AT_LEAST:
        least = ".".join(map(str, COMPOSE_AT_LEAST))
        raise StackError(f"Docker Compose must be {least} or later, got {answer.stdout.strip() or 'none'}; update it")


def _refuse_what_does_not_fit(settings: dict[str, str]) -> None:
    answer = subprocess.run(["docker", "info", "--format", "{{json .}}"], check=True, stdout=subprocess.PIPE, text=True)
    engine = json.loads(answer.stdout)
    faults = [fault for fault in (_memory(engine, settings), _disk(engine)) if fault]
    unwanted = () if monitored(settings) else MONITORING_PORTS
    faults += port_faults({name: value for name, value in settings.items() if name not in unwanted})
    if faults:
        raise StackError("\n  ".join(["this machine cannot run the stack:", *faults]))


def _memory(engine: dict[str, Any], settings: dict[str, str]) -> str | None:
    least, there = MEMORY[monitored(settings)], int(engine["MemTotal"])
    if there >= least:
        return None
    out = "; without monitoring (COMPOSE_PROFILES= in .env) it needs less" if monitored(settings) else ""
    return f"Docker must have {least // GIB} GiB of memory, got {there / GIB:.1f}; give it more{out}"


def _disk(engine: dict[str, Any]) -> str | None:
    folder = Path(engine["DockerRootDir"])
    # Docker Desktop's folder is inside its own machine
    free = shutil.disk_usage(folder if folder.exists() else ROOT).free
    return (
        None if free >= DISK else f"{DISK // GIB} GiB of disk must be free, got {free / GIB:.1f} at {folder}; free some"
    )


def port_faults(settings: dict[str, str]) -> list[str]:
    """Ports that are none, that are asked for twice, or that somebody else has, one line each."""
    ports = {name: value for name, value in settings.items() if PORT.match(name)}
    owners: dict[str, str] = {}
    twice = [
        f"{name} and {owner} must differ, got {value} for both"
        for name, value in ports.items()
        if (owner := owners.setdefault(value, name)) != name
    ]
    wrong = [f"{name} must be a port, got {value!r}" for name, value in ports.items() if not _is_port(value)]
    taken = [
        f"port {value} is taken; free it, or set another {name} in .env"
        for name, value in ports.items()
        if _is_port(value) and _listens(int(value))
    ]
    return wrong + twice + taken


def _is_port(value: str) -> bool:
    return value.isdecimal() and 0 < int(value) < 65536


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait(starting: "subprocess.Popen[str]", since: float) -> None:
    """Say each service that becomes healthy; raises StackError for one that fails, and when the time is up."""
    told: set[str] = set()
    before: dict[str, str] = {}
    deaths: Counter[str] = Counter()
    while True:
        ended, now = starting.poll(), time.monotonic()
        states = states_of(_containers())
        for service in sorted(name for name, state in states.items() if state == "healthy" and name not in told):
            told.add(service)
            _say(f"{now - since:5.0f} s  {service}")
        waiting = {name: state for name, state in sorted(states.items()) if state != "healthy"}
        deaths.update(name for name, state in waiting.items() if state == "restarting" != before.get(name))
        before = states
        if ended == 0 and states and not waiting:
            return
        hopeless = next((name for name, count in deaths.items() if count >= DEATHS), None)
        if ended or hopeless or now - since > HEALTHY_SECONDS:
            starting.kill()
            why = ", ".join(f"{name} is {state}" for name, state in waiting.items())
            if ended:
                why = f"{_last_line(starting)} ({why})"
            culprit = hopeless or next(iter(waiting), "")
            raise StackError(
                f"not healthy after {now - since:.0f} s: {why}; see docker compose logs {culprit}, then make up again"
            )
        time.sleep(1)


def _last_line(process: "subprocess.Popen[str]") -> str:
    assert process.stderr is not None
    return (process.stderr.read().strip().splitlines() or ["no reason given"])[-1]


def states_of(containers: list[dict[str, Any]]) -> dict[str, str]:
    """By service `healthy`, also where it has done its work, or what it is instead; of replicas the worst."""
    states: dict[str, str] = {}
    for container in containers:
        service, state = container["Service"], _state_of(container)
        if states.get(service, "healthy") == "healthy":
            states[service] = state
    return states


def _state_of(container: dict[str, Any]) -> str:
    if container["State"] == "exited":
        done = container["ExitCode"] == 0 and container["Service"] in ONE_SHOT
        return "healthy" if done else f"ended with code {container['ExitCode']}"
    return container["Health"] or str(container["State"])


def _containers() -> list[dict[str, Any]]:
    """Every container of the stack, as Compose tells of it; empty when there is none, and while one is replaced.

    Without those of `docker compose run`, which somebody has started for a task of their own.
    """
    command = ["docker", "compose", "ps", "--all", "--format", "json"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    found = [] if answer.returncode else [json.loads(line) for line in answer.stdout.splitlines()]
    return [each for each in found if "com.docker.compose.oneoff=True" not in each["Labels"]]


def _compose(*arguments: str) -> None:
    """Raises StackError; Compose has said why."""
    if code := subprocess.run(["docker", "compose", *arguments], cwd=ROOT).returncode:
        raise StackError(f"docker compose {' '.join(arguments)} ended with code {code}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
