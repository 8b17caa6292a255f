"""The full stack's own rules: secrets are made once, ports are looked at first."""

import base64
import socket
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from infra.docker.compose import addresses, obsolete, published, states_of
from infra.docker.env import SECRETS, TEMPLATE, monitored, read_env, write_env
from infra.docker.preflight import port_faults, refuse_wrong_ports, taken_ports
from ingestion.errors import SalesError


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for line in TEMPLATE.read_text().splitlines():
        monkeypatch.delenv(line.partition("=")[0], raising=False)
    return tmp_path / ".env"


def values(env: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in env.read_text().splitlines() if "=" in line and line[0] != "#")


# ---- .env


def test_every_secret_is_made_at_the_first_start(env: Path) -> None:
    assert write_env(env) == list(SECRETS)
    made = values(env)
    assert all(len(made[name]) >= 16 for name in SECRETS)
    assert len({made[name] for name in SECRETS}) == len(SECRETS)


def test_nobody_but_the_owner_reads_the_secrets(env: Path) -> None:
    write_env(env)
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    assert [file.name for file in env.parent.iterdir()] == [".env"]


def test_a_second_start_makes_none(env: Path) -> None:
    write_env(env)
    before = env.read_text()
    assert write_env(env) == []
    assert env.read_text() == before


def test_two_installations_have_different_secrets(env: Path) -> None:
    other = env.with_name("other")
    assert write_env(env) == write_env(other)
    assert not [name for name in SECRETS if values(env)[name] == values(other)[name]]


def test_a_secret_may_stand_in_an_address(env: Path) -> None:
    """Three of them are part of one."""
    write_env(env)
    odd = "".join(values(env)[name] for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD"))
    assert not set(odd) & set(":/@?#%$ ")


def test_airflow_takes_its_key(env: Path) -> None:
    write_env(env)
    assert len(base64.urlsafe_b64decode(values(env)["AIRFLOW_FERNET_KEY"])) == 32


def test_what_the_owner_has_written_stays(env: Path) -> None:
    env.write_text("# mine\nHTTP_PORT=8000\nPOSTGRES_PASSWORD=chosen\nREDIS_PASSWORD=\n")
    assert write_env(env) == [name for name in SECRETS if name != "POSTGRES_PASSWORD"]
    assert env.read_text().startswith("# mine\nHTTP_PORT=8000\nPOSTGRES_PASSWORD=chosen\nREDIS_PASSWORD=")
    assert values(env)["REDIS_PASSWORD"]


def test_a_last_line_without_its_end_stays_a_line(env: Path) -> None:
    env.write_text("HTTP_PORT=8000")
    write_env(env)
    assert values(env)["HTTP_PORT"] == "8000"
    assert set(SECRETS) <= set(values(env))


@pytest.mark.parametrize("empty", ["", '""', "''", "   "])
def test_a_secret_of_nothing_is_none(env: Path, empty: str) -> None:
    env.write_text(f"REDIS_PASSWORD={empty}\n")
    assert "REDIS_PASSWORD" in write_env(env)
    assert len(values(env)["REDIS_PASSWORD"]) >= 16


def test_an_older_file_gets_what_compose_would_not_know_of(env: Path) -> None:
    env.write_text("HTTP_PORT=8000\n")
    write_env(env)
    assert values(env).keys() == values(TEMPLATE).keys()
    assert (values(env)["HTTP_PORT"], values(env)["COMPOSE_PROFILES"]) == ("8000", "monitoring")


@pytest.mark.parametrize("written", ["8000", "8000 # mine", "'8000'", '"8000" # mine', " 8000 "])
def test_a_value_is_read_as_compose_reads_it(env: Path, written: str) -> None:
    env.write_text(f"HTTP_PORT={written}\n")
    assert read_env(env)["HTTP_PORT"] == "8000"


def test_the_file_is_the_template_with_secrets(env: Path) -> None:
    write_env(env)
    pairs = zip(env.read_text().splitlines(), TEMPLATE.read_text().splitlines(), strict=True)
    assert {mine.partition("=")[0] for mine, its in pairs if mine != its} == set(SECRETS)


def test_the_file_goes_before_the_template_and_the_environment_before_both(
    env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env.write_text("HTTP_PORT=8000\nGRAFANA_PORT=3001\n")
    monkeypatch.setenv("GRAFANA_PORT", "3002")
    settings = read_env(env)
    assert [settings[name] for name in ("HTTP_PORT", "GRAFANA_PORT", "AIRFLOW_HTTP_PORT")] == ["8000", "3002", "8080"]


def test_a_value_keeps_its_spaces_and_signs(env: Path) -> None:
    env.write_text("AIRFLOW_SCHEDULE=0 3 * * *\nAIRFLOW_FERNET_KEY=abc=\n# HTTP_PORT=1\n")
    settings = read_env(env)
    assert (settings["AIRFLOW_SCHEDULE"], settings["AIRFLOW_FERNET_KEY"]) == ("0 3 * * *", "abc=")
    assert settings["HTTP_PORT"] == "80"


# ---- what people are told


def test_people_are_told_where_and_with_which_password(env: Path) -> None:
    write_env(env)
    settings = read_env(env)
    told = addresses(settings)
    assert "http://localhost/" in told
    assert f"http://localhost:8080  admin / {settings['AIRFLOW_ADMIN_PASSWORD']}" in told
    assert f"http://localhost:3000  admin / {settings['GRAFANA_ADMIN_PASSWORD']}" in told
    assert "127.0.0.1:19092,127.0.0.1:19093,127.0.0.1:19094" in told


def test_only_what_people_need_is_told(env: Path) -> None:
    write_env(env)
    settings = read_env(env)
    hidden = set(SECRETS) - {"AIRFLOW_ADMIN_PASSWORD", "GRAFANA_ADMIN_PASSWORD"}
    assert not [name for name in hidden if settings[name] in addresses(settings)]


def test_an_address_has_the_port_that_was_set(env: Path) -> None:
    env.write_text("HTTP_PORT=8000\n")
    assert "http://localhost:8000/api/docs" in addresses(read_env(env, TEMPLATE))


def test_without_monitoring_nobody_is_sent_to_grafana(env: Path) -> None:
    env.write_text("COMPOSE_PROFILES=\n")
    settings = read_env(env)
    assert not monitored(settings)
    assert "Grafana" not in addresses(settings)


# ---- ports


@pytest.fixture
def taken() -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


@pytest.fixture
def free() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
    return port


def test_free_ports_are_no_fault(free: int) -> None:
    assert (port_faults({"HTTP_PORT": str(free)}), taken_ports({"HTTP_PORT": str(free)}, ())) == ([], [])


def test_a_taken_port_is_one_line_with_the_way_out(taken: int, free: int) -> None:
    faults = taken_ports({"HTTP_PORT": str(free), "KAFKA_PORT_1": str(taken)}, ())
    assert faults == [f"port {taken} is taken; free it, or set another KAFKA_PORT_1 in .env"]


@pytest.mark.parametrize("value", ["", "http", "0", "65536", "-1", "80:80", "8 0"])
def test_a_wrong_port_is_one_line_with_the_value(value: str) -> None:
    assert port_faults({"THRIFT_PORT": value}) == [f"THRIFT_PORT must be a port, got {value!r}"]


def test_a_port_that_our_own_containers_have_is_no_fault(taken: int) -> None:
    assert taken_ports({"HTTP_PORT": str(taken)}, {taken}) == []


def test_what_is_not_started_needs_no_port(taken: int) -> None:
    grafana = {"GRAFANA_PORT": str(taken)}
    assert taken_ports({"COMPOSE_PROFILES": ""} | grafana, ()) == []
    assert len(taken_ports({"COMPOSE_PROFILES": "monitoring"} | grafana, ())) == 1


def test_every_wrong_port_is_told_at_once() -> None:
    faults = "HTTP_PORT must be a port, got 'x'\n  AIRFLOW_HTTP_PORT must be a port, got '0'"
    with pytest.raises(SalesError, match=f"^.env has settings that cannot work:\n  {faults}$"):
        refuse_wrong_ports({"HTTP_PORT": "x", "AIRFLOW_HTTP_PORT": "0"})


def test_what_is_no_port_is_not_taken_for_one() -> None:
    assert port_faults({"APP_PUBLIC_URL": "", "API_REPLICAS": "1", "KAFKA_RETENTION_MS": "1"}) == []


# ---- what `make up` waits for


def container(service: str, state: str = "running", health: str = "healthy", code: int = 0) -> dict[str, object]:
    return {"Service": service, "State": state, "Health": health, "ExitCode": code}


def test_only_what_is_meant_to_end_is_healthy_when_it_has() -> None:
    ended = [container(name, "exited", "", 0) for name in ("topic", "broker1")]
    assert states_of(ended) == {"topic": "healthy", "broker1": "ended with code 0"}


def test_a_task_that_failed_has_its_code() -> None:
    assert states_of([container("topic", "exited", "", 1)]) == {"topic": "ended with code 1"}


@pytest.mark.parametrize("healths", [("healthy", "starting"), ("starting", "healthy")])
def test_a_service_is_as_healthy_as_its_worst_replica(healths: tuple[str, str]) -> None:
    assert states_of([container("api", health=health) for health in healths]) == {"api": "starting"}


def test_what_restarts_is_not_healthy() -> None:
    assert states_of([container("bronze", "restarting", "")]) == {"bronze": "restarting"}


def test_the_ports_of_a_stack_are_those_that_its_containers_publish() -> None:
    nginx = container("nginx") | {"Publishers": [{"PublishedPort": 80, "TargetPort": 8080}]}
    assert published([nginx, container("topic", "exited") | {"Publishers": None}]) == {80}


@pytest.mark.parametrize(
    ("running", "monitored", "gone"),
    [
        ({"nginx", "prometheus", "alertmanager", "grafana"}, True, ["prometheus", "alertmanager"]),
        ({"nginx", "prometheus", "alertmanager", "grafana"}, False, ["prometheus", "alertmanager", "grafana"]),
        ({"nginx", "postgres"}, True, []),
    ],
)
def test_what_would_keep_an_old_secret_is_made_anew(running: set[str], monitored: bool, gone: list[str]) -> None:
    assert obsolete(running, monitored) == gone
