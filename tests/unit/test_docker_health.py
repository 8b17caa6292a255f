"""What runs inside the full stack's containers: a health check gives its reason, Java starts with what it has."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from ingestion.settings import PROJECT

HEALTH = PROJECT / "infra" / "docker" / "health.py"
JAVA = PROJECT / "infra" / "docker" / "java-home" / "bin" / "java"
Check = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def free() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.fixture
def check(tmp_path: Path, free: int) -> Check:
    def run(what: str, **states: dict[str, object]) -> "subprocess.CompletedProcess[str]":
        (tmp_path / "run").mkdir(exist_ok=True)
        for name, state in states.items():
            (tmp_path / "run" / f"{name}.json").write_text(json.dumps(state))
        environment = os.environ | {"VAR_DIR": str(tmp_path), "SPARK_HOST": "127.0.0.1", "SPARK_UI_PORT": str(free)}
        return subprocess.run([sys.executable, HEALTH, what], env=environment, capture_output=True, text=True)

    return run


def test_a_gateway_with_its_catalogue_must_still_answer(check: Check, free: int) -> None:
    answer = check("catalogue", gateway={"session_id": "a"}, catalogue={"session_id": "a", "state": "ready"})
    assert answer.returncode == 1
    assert "refused" in answer.stderr


def test_the_catalogue_of_the_gateway_before_does_not_count(check: Check) -> None:
    answer = check("catalogue", gateway={"session_id": "b"}, catalogue={"session_id": "a", "state": "ready"})
    assert (answer.returncode, answer.stderr.strip()) == (1, "the catalogue is not filled yet")


def test_a_gateway_that_has_said_nothing_yet_is_not_healthy(check: Check) -> None:
    answer = check("catalogue")
    assert (answer.returncode, answer.stderr.strip()) == (1, "the catalogue is not filled yet")


def test_a_catalogue_that_could_not_be_filled_gives_its_reason(check: Check) -> None:
    failed = {"session_id": "a", "state": "failed", "error": "a table cannot be read"}
    answer = check("catalogue", gateway={"session_id": "a"}, catalogue=failed)
    assert (answer.returncode, answer.stderr.strip()) == (1, "a table cannot be read")


def test_a_stream_that_runs_is_healthy(check: Check) -> None:
    assert check("bronze", bronze={"state": "running"}).returncode == 0


def test_a_stream_that_is_silent_is_not_healthy(check: Check, tmp_path: Path) -> None:
    check("bronze", bronze={"state": "running"})
    os.utime(tmp_path / "run" / "bronze.json", (time.time() - 60,) * 2)
    answer = check("bronze")
    assert answer.returncode == 1
    assert answer.stderr.startswith("has not reported for 6")


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"state": "failed", "error": "offset gap: partition 1"}, "offset gap: partition 1"),
        ({"state": "waiting"}, "waiting"),
        ({}, "is starting"),
    ],
)
def test_a_stream_that_does_not_run_says_why(check: Check, state: dict[str, object], reason: str) -> None:
    answer = check("bronze", bronze=state)
    assert (answer.returncode, answer.stderr.strip()) == (1, reason)


def test_a_page_that_does_not_answer_is_named(check: Check, free: int) -> None:
    address = f"127.0.0.1:{free}/healthz"
    answer = check(address)
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"{address}: ")
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize(("path", "reason"), [("/", ""), ("/nowhere", "answers with 404")])
def test_a_page_is_healthy_by_its_status(check: Check, tmp_path: Path, path: str, reason: str) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever).start()
        answer = check(f"127.0.0.1:{server.server_port}{path}")
        server.shutdown()
    assert (answer.returncode == 0) == (not reason)
    assert reason in answer.stderr


# ---- Java in the Spark image


def test_java_is_not_asked_for_the_module_that_it_lacks(tmp_path: Path) -> None:
    """Everything else reaches it as it was, spaces too."""
    for name, script in {"python": f"echo {tmp_path}/real", "real": 'printf "<%s>" "$@"'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    arguments = ["-Xmx1g", "--add-modules=jdk.incubator.vector", "-Da=b c", "--add-modules=java.se", ""]
    path = f"{tmp_path}:{os.environ['PATH']}"
    said = subprocess.run([JAVA, *arguments], env={"PATH": path}, capture_output=True, text=True, check=True).stdout
    assert said == "<-Xmx1g><-Da=b c><--add-modules=java.se><>"
