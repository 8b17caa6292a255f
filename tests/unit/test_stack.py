"""The embedded stack's own rules: who waits before it starts again, what is refused before a start, what is found."""

import os
import socket
import subprocess
import sys
from configparser import RawConfigParser
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from supervisor.options import ServerOptions

from infra.local import broker, launch, stack, supervision
from infra.local.launch import DELAYS, Starts, next_start
from infra.local.ports import port_faults, ports
from infra.local.readiness import last_lines, probe_app
from infra.local.separate_stack import isolated_environment
from infra.local.stack_marker import MARK
from infra.local.supervision import AIRFLOW, PROGRAMS, StackError
from infra.spark.java import JavaError, refuse_nameless_user, resident_jvm_options
from ingestion.errors import SalesError
from ingestion.processes.states import BronzeState, read_state, write_state
from ingestion.settings import BrokerSettings, PathSettings, load


@pytest.fixture(autouse=True)
def var(own_folders: Path) -> Path:
    return own_folders / "var"


def test_first_start_does_not_wait() -> None:
    assert next_start(None, now=1000.0) == Starts(quick=0, started=1000.0, restarts=0)


def test_death_after_a_long_life_is_answered_at_once() -> None:
    assert next_start(Starts(quick=5, started=1000.0, restarts=9), now=1500.0) == Starts(0, 1500.0, 10)


def test_what_keeps_dying_waits_longer_and_longer_but_never_gives_up() -> None:
    starts, waits = None, []
    now = 1000.0
    for _ in range(12):
        starts = next_start(starts, now)
        waits.append(starts.started - now)
        now = starts.started + 0.5
    assert waits == [*DELAYS, *[DELAYS[-1]] * 5]


def test_spoilt_start_file_counts_as_none(var: Path) -> None:
    (var / "run").mkdir(parents=True)
    (var / "run" / "kafka.starts").write_text("{")
    assert launch.read_starts("kafka") is None


def test_start_that_cannot_be_counted_waits_longest(var: Path) -> None:
    """As on a full disk: a file may have no byte."""
    (var / "run").mkdir(parents=True)
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))"
    script = (
        f"{limit}; from infra.local import launch; print(launch._held_back('kafka'), file=__import__('sys').stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True, check=True)
    assert float(ended.stderr) == DELAYS[-1]
    assert launch.read_starts("kafka") is None


def test_taken_port_is_named_with_its_holder_and_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setenv("APP_PORT", str(port))
        load.cache_clear()
        (fault,) = [line for line in port_faults(PROGRAMS) if str(port) in line]
    assert f"port {port} is taken by " in fault
    assert f"(process {os.getpid()})" in fault
    assert fault.endswith("free it, or set another APP_PORT")


def test_port_asked_for_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_PORT", "34567")
    monkeypatch.setenv("SPARK_UI_PORT", "34567")
    load.cache_clear()
    assert "port 34567 is set twice; set another APP_PORT" in port_faults(PROGRAMS)


@pytest.mark.parametrize("host", ["::1", "::"])
def test_taken_port_is_found_in_ipv6(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((host, 0), family=socket.AF_INET6) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("APP_HOST", host)
        monkeypatch.setenv("APP_PORT", str(port))
        load.cache_clear()
        assert [line for line in port_faults({"app"}) if f"port {port} is taken by " in line]
    assert port_faults({"app"}) == []


@pytest.mark.parametrize(
    ("variable", "host", "fault"),
    [
        ("APP_HOST", "192.0.2.1", "APP_HOST must be an address of this machine, got 192.0.2.1"),
        ("APP_HOST", "2001:db8::1", "APP_HOST must be an address of this machine, got 2001:db8::1"),
        ("SPARK_HOST", "no-such-host.invalid", "SPARK_HOST: no such host, got no-such-host.invalid"),
    ],
)
def test_host_of_another_machine_is_refused(
    variable: str, host: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, host)
    load.cache_clear()
    assert set(port_faults(PROGRAMS)) == {fault}


def test_user_without_a_name_is_refused() -> None:
    refuse_nameless_user(os.getuid())
    with pytest.raises(JavaError, match=r"the user must have a name, got number 54321 without an entry in /etc/passwd"):
        refuse_nameless_user(54321)


def test_crash_report_lies_where_its_path_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The JVM takes %p for its process's number."""
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "50%p"))
    load.cache_clear()
    assert f"-XX:ErrorFile={tmp_path}/50%%p/log/gateway-crash.log" in resident_jvm_options("gateway")


def test_isolated_stack_shares_nothing_with_the_one_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "elsewhere:9092")
    usual = {port.variable: str(port.port) for port in ports()}
    environment = isolated_environment(tmp_path / "own")
    moved = {variable: environment[variable] for variable in usual}
    assert len(set(moved.values())) == len(usual)
    assert not moved.items() & usual.items()
    assert environment["KAFKA_BOOTSTRAP_SERVERS"] == ""
    assert environment[MARK] == environment["VAR_DIR"]
    folders = ("LAKE_DIR", "VAR_DIR", "DBT_TARGET_PATH", "DBT_LOG_PATH")
    assert all(Path(environment[name]).is_relative_to(tmp_path / "own") for name in folders)
    assert environment["PATH"] == os.environ["PATH"]


def test_long_var_dir_is_refused_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * 100)
    monkeypatch.setenv("VAR_DIR", str(long))
    load.cache_clear()
    with pytest.raises(StackError, match=r"socket's path may have at most 100 bytes, .*; set a shorter VAR_DIR"):
        stack.start()
    assert not long.exists()


@pytest.mark.parametrize("variable", ["LAKE_DIR", "VAR_DIR"])
def test_unwritable_folder(variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(variable, str(tmp_path / "file" / "x"))
    load.cache_clear()
    with pytest.raises(StackError, match=f"{variable} must be a folder that can be written, got .*; set another"):
        stack.start()


def test_nearly_full_disk_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "LEAST_FREE_BYTES", 1 << 62)
    with pytest.raises(StackError, match=r"LAKE_DIR needs 1 GiB of free disk, .* MiB; free some"):
        stack.start()


def test_second_start_at_once_is_refused() -> None:
    paths = load(PathSettings)
    paths.run_dir.mkdir(parents=True)
    with stack._one_at_a_time(paths), pytest.raises(StackError, match="another start or stop of this stack"):
        stack.start()


def test_stop_where_nothing_ever_ran_writes_nothing(var: Path) -> None:
    assert stack.stop() == stack.Stopped([], 0)
    assert not var.exists()


def test_stop_finds_what_a_dead_supervisor_left_and_nothing_else(var: Path) -> None:
    (var / "run").mkdir(parents=True)
    (var / "run" / "supervisor.pid").write_text("1")
    sleep = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]
    ours = subprocess.Popen(sleep, env=os.environ | {MARK: str(var)}, stdout=subprocess.PIPE)
    others = subprocess.Popen(sleep, env=os.environ | {MARK: f"{var}2"}, stdout=subprocess.PIPE)
    try:
        for process in (ours, others):
            assert process.stdout is not None
            process.stdout.readline()
        assert stack.stop() == stack.Stopped([], 1)
        assert ours.poll() is not None
        assert others.poll() is None
    finally:
        ours.kill()
        others.kill()
    assert [file.name for file in (var / "run").iterdir()] == [".start.lock"]


class Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5h://127.0.0.1:9"])
@pytest.mark.parametrize("variable", ["http_proxy", "ALL_PROXY"])
def test_the_page_is_asked_without_a_proxy(variable: str, proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv(variable, proxy)
    with ThreadingHTTPServer(("127.0.0.1", 0), Healthy) as server:
        monkeypatch.setenv("APP_PORT", str(server.server_port))
        load.cache_clear()
        Thread(target=server.serve_forever).start()
        try:
            assert probe_app() is None
        finally:
            server.shutdown()


def test_nothing_runs_without_a_supervisor() -> None:
    assert stack.processes() == []


def test_configuration_names_every_program_once_and_bounds_its_log(var: Path) -> None:
    paths = load(PathSettings)
    paths.run_dir.mkdir(parents=True)
    config = RawConfigParser()
    config.read(supervision.write_config(paths))
    programs = [section.removeprefix("program:") for section in config.sections() if section.startswith("program:")]
    assert programs == [*PROGRAMS, *AIRFLOW]
    for name in programs:
        assert config[f"program:{name}"]["stdout_logfile_maxbytes"] == "10MB"
        assert config[f"program:{name}"]["autorestart"] == "true"
        assert config[f"program:{name}"]["autostart"] == str(name in PROGRAMS).lower()


def test_odd_folder_stands_in_the_configurations_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "SOCKET_PATH_LIMIT", 1000)
    odd = tmp_path / "l'été à 50%"
    monkeypatch.setenv("VAR_DIR", str(odd))
    load.cache_clear()
    paths = load(PathSettings)
    paths.run_dir.mkdir(parents=True)
    (odd / "log").mkdir()
    options = ServerOptions()
    options.realize(["-c", str(supervision.write_config(paths))], doc="")
    logs = [each.stdout_logfile for group in options.process_group_configs for each in group.process_configs]
    assert logs == [f"{odd}/log/{name}.log" for name in [*PROGRAMS, *AIRFLOW]]
    assert options.logfile == f"{odd}/log/supervisor.log"
    properties = broker._write_properties(odd / "kafka", load(BrokerSettings)).read_text()
    assert "log.dirs=" + str(odd).replace("é", r"\u00e9").replace("à", r"\u00e0") + "/kafka/log\n" in properties


def test_long_socket_path_is_measured_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rest = len("/run/supervisor.sock")
    short = Path("/") / ("é" * ((supervision.SOCKET_PATH_LIMIT - rest) // 2))
    monkeypatch.setenv("VAR_DIR", str(short))
    load.cache_clear()
    with pytest.raises(StackError, match="may have at most 100 bytes"):
        supervision.socket_path()


def test_state_is_read_as_written(var: Path) -> None:
    assert read_state(BronzeState) is None
    said = BronzeState(state="running", batch=3, batch_at=datetime(2026, 11, 25, 10, tzinfo=UTC))
    write_state(said)
    assert read_state(BronzeState) == said
    assert said.pid == os.getpid()
    assert {file.name for file in (var / "run").iterdir()} == {"bronze.json", ".living"}


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"state": "running", "life": "?"}'])
def test_a_state_of_another_version_is_refused_by_name(var: Path, content: str) -> None:
    (var / "run").mkdir(parents=True)
    (var / "run" / "bronze.json").write_text(content)
    with pytest.raises(SalesError, match=r"damaged, or comes from another version of the program; delete it"):
        read_state(BronzeState)


def test_last_lines_of_a_log(var: Path) -> None:
    assert last_lines("kafka", 2) == []
    (var / "log").mkdir(parents=True)
    (var / "log" / "kafka.log").write_bytes(b"one\ntwo\n\xffthree\n")
    assert last_lines("kafka", 2) == ["two", "\ufffdthree"]
