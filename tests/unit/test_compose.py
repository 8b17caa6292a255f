"""The full stack as docker-compose.yml has it: what there is, what it may, what it publishes."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from ingestion.settings import EMBEDDED_ENV, PROJECT

COMPOSE = PROJECT / "docker-compose.yml"
TEMPLATE = PROJECT / ".env.example"
# run to their end, at each start or when somebody types them
ONE_SHOT = {"topic", "airflow-migrate", "sales"}
MONITORING = {"prometheus", "alertmanager", "grafana"}
RESIDENT = {
    *("broker1", "broker2", "broker3"),
    *("spark-master", "spark-worker-1", "spark-worker-2", "spark-worker-3", "gateway", "bronze"),
    *("airflow-api", "airflow-scheduler", "airflow-processor", "airflow-triggerer", "airflow-worker"),
    *("postgres", "redis", "api", "dashboard", "nginx"),
    *MONITORING,
}
# a page with a log-in of its own, or meant for everybody
OPEN_TO_ALL = {"nginx", "airflow-api", "grafana"}
CONNECT_PORT = "15002"
# where the embedded broker listens: the full stack's brokers are named by KAFKA_BOOTSTRAP_SERVERS
OF_THE_EMBEDDED_BROKER = {"KAFKA_HOST", "KAFKA_PORT", "KAFKA_CONTROLLER_PORT"}
VARIABLE = re.compile(r"\$\{(\w+)(?:(:?[-?])([^${}]*))?\}")

Service = dict[str, Any]


def template() -> dict[str, str]:
    found = re.findall(r"^(\w+)=(.*)$", TEMPLATE.read_text(), re.MULTILINE)
    return {name: value.strip('"') for name, value in found}


def resolved(value: Any) -> Any:
    """As Compose would have it where nothing is set; a secret stands for itself."""
    if isinstance(value, dict):
        return {name: resolved(each) for name, each in value.items()}
    if isinstance(value, list):
        return [resolved(each) for each in value]
    while isinstance(value, str) and (found := VARIABLE.search(value)):
        # from the inside out: a default may hold a variable
        name, kind, default = found.groups()
        value = value[: found.start()] + (default if kind and kind.endswith("-") else name) + value[found.end() :]
    return value


@cache
def compose() -> dict[str, Any]:
    found: dict[str, Any] = resolved(yaml.safe_load(COMPOSE.read_text()))
    return found


def services() -> dict[str, Service]:
    found: dict[str, Service] = compose()["services"]
    return found


def of_our_code() -> set[str]:
    return {name for name, service in services().items() if re.match("sales-(app|spark|airflow):", service["image"])}


def published(service: Service) -> Iterator[tuple[str, str]]:
    """Address and port of this machine; the address is empty where everybody reaches it."""
    for port in service.get("ports", []):
        address, _, rest = port.rpartition(":")[0].rpartition(":")
        yield address, rest


def volumes(service: Service) -> list[str]:
    """The named ones, without the folders that hold configuration."""
    return [volume for volume in service.get("volumes", []) if not volume.startswith(".")]


each_service = pytest.mark.parametrize("name", sorted(RESIDENT | ONE_SHOT))
each_resident = pytest.mark.parametrize("name", sorted(RESIDENT))


def test_a_default_may_hold_a_variable() -> None:
    assert (
        resolved("${A:-http://localhost:${B:-80}}/${C-*/2 * * * *}/${D:?make it}")
        == "http://localhost:80/*/2 * * * */D"
    )


def test_the_services_are_those_that_are_known_here() -> None:
    assert set(services()) == RESIDENT | ONE_SHOT


@each_resident
def test_what_stays_says_how_it_is_and_comes_back_when_it_dies(name: str) -> None:
    assert services()[name]["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert services()[name]["restart"] == "unless-stopped"


def test_what_ends_is_not_started_for_ever() -> None:
    assert {services()[name]["restart"] for name in ONE_SHOT} <= {"on-failure", "no"}


@each_service
def test_a_service_has_limits(name: str) -> None:
    assert re.fullmatch(r"\d+[mg]", services()[name]["mem_limit"])
    assert services()[name]["cpus"] > 0
    assert set(services()[name]["logging"]["options"]) == {"max-size", "max-file"}


@each_service
def test_a_service_may_nothing_that_it_does_not_need(name: str) -> None:
    service = services()[name]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "cap_add", "pid", "network_mode", "devices"} & set(service)


@each_service
def test_nobody_reaches_the_docker_engine(name: str) -> None:
    assert "docker.sock" not in str(services()[name])


@each_service
def test_an_image_has_a_tag_that_does_not_move_by_itself(name: str) -> None:
    image, _, tag = services()[name]["image"].rpartition(":")
    assert image
    # ours are made here; nobody else's may be taken for them
    ours = (tag, services()[name].get("pull_policy")) == ("local", "never")
    # PostgreSQL's versions have two parts
    parts = 2 if image == "postgres" else 3
    assert ours or re.fullmatch(rf"v?\d+(\.\d+){{{parts - 1}}}", tag)


def test_every_image_of_ours_is_built_by_one_service() -> None:
    built = [service["image"] for service in services().values() if "build" in service]
    used = {service["image"] for service in services().values() if service.get("pull_policy") == "never"}
    assert sorted(built) == sorted(used)


def test_only_what_has_a_log_in_or_is_for_everybody_is_published_to_everybody() -> None:
    open_to_all = {name for name, service in services().items() for address, _ in published(service) if not address}
    assert open_to_all == OPEN_TO_ALL


def test_everything_else_is_published_on_this_machine_only() -> None:
    addresses = {
        address for name, service in services().items() if name not in OPEN_TO_ALL for address, _ in published(service)
    }
    assert addresses == {"127.0.0.1"}


def test_spark_connect_is_published_nowhere() -> None:
    """Whoever reaches it runs code in the gateway."""
    assert str(services()["gateway"]["environment"]["SPARK_CONNECT_PORT"]) == CONNECT_PORT
    assert not [port for service in services().values() for port in service.get("ports", []) if CONNECT_PORT in port]


def test_no_port_is_published_twice() -> None:
    ports = [port for service in services().values() for _, port in published(service)]
    assert sorted(ports) == sorted(set(ports))


def test_every_volume_is_named_and_declared() -> None:
    mounted = {volume.split(":")[0] for service in services().values() for volume in volumes(service)}
    assert mounted == set(compose()["volumes"])


def test_configuration_is_mounted_to_be_read_only() -> None:
    mounts = [each for service in services().values() for each in service.get("volumes", []) if each.startswith(".")]
    assert mounts
    assert all(mount.startswith("./infra/") and mount.endswith(":ro") for mount in mounts)


def test_our_code_writes_into_volumes_and_tmp_only() -> None:
    assert {name for name in of_our_code() if not services()[name].get("read_only")} == set()


def test_who_shows_figures_cannot_change_them() -> None:
    assert [volumes(services()[name])[0] for name in ("api", "dashboard")] == ["lake:/lake:ro"] * 2


def test_what_visitors_reach_is_on_another_network_than_the_data() -> None:
    assert services()["nginx"]["networks"] == ["front"]
    assert "front" not in services()["gateway"]["networks"]


def test_every_network_is_declared_and_used() -> None:
    joined = {network for service in services().values() for network in service["networks"]}
    assert joined == set(compose()["networks"])
    assert len(joined) >= 2


def test_airflows_database_has_no_way_out() -> None:
    assert services()["postgres"]["networks"] == ["airflow"]
    assert compose()["networks"]["airflow"] == {"internal": True}


def test_monitoring_is_a_profile_and_only_that() -> None:
    assert {name for name, service in services().items() if service.get("profiles") == ["monitoring"]} == MONITORING
    assert {name for name, service in services().items() if "profiles" in service} == {*MONITORING, "sales"}
    assert template()["COMPOSE_PROFILES"] == "monitoring"


def test_a_read_only_service_takes_its_secrets_from_files() -> None:
    """Compose copies any other into the container, and refuses where it may not write."""
    secrets = compose()["secrets"]
    copied = [
        name
        for name, service in services().items()
        if service.get("read_only")
        for secret in service.get("secrets", [])
        if "file" not in secrets[secret]
    ]
    assert copied == []


def test_every_variable_is_in_the_template_or_has_a_default() -> None:
    text = COMPOSE.read_text()
    without = {name for name in re.findall(r"\$\{(\w+)", text) if not re.search(rf"\$\{{{name}:?-", text)}
    secrets = compose().get("secrets", {}).values()
    without |= {secret["environment"] for secret in secrets if "environment" in secret}
    assert without <= set(template())


def test_a_default_is_the_templates_value() -> None:
    defaults = [(name, value) for name, kind, value in VARIABLE.findall(COMPOSE.read_text()) if kind.endswith("-")]
    said = template()
    assert defaults
    assert [(name, value) for name, value in defaults if said.get(name) and value != said[name]] == []


def test_the_template_holds_no_secret_and_nothing_that_nobody_reads() -> None:
    read = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text())) | {"COMPOSE_PROFILES"}
    read |= {secret["environment"] for secret in compose().get("secrets", {}).values() if "environment" in secret}
    assert set(template()) <= read
    assert not [name for name, value in template().items() if re.search("PASSWORD|KEY|SECRET", name) and value]


def test_every_setting_is_set() -> None:
    written = set(re.findall(r"^([A-Z_]+)=", EMBEDDED_ENV.read_text(), re.MULTILINE))
    given = set().union(*(services()[name]["environment"] for name in of_our_code()))
    assert written - OF_THE_EMBEDDED_BROKER <= given


@pytest.mark.parametrize("name", sorted(of_our_code()))
def test_our_code_takes_no_setting_of_the_embedded_size(name: str) -> None:
    environment = services()[name]["environment"]
    shared = set(compose()["x-settings"])
    assert environment["SALES_ENV_FILE"] == ""
    assert shared <= set(environment)


def test_the_brokers_are_those_that_clients_are_told_of() -> None:
    told = compose()["x-settings"]["KAFKA_BOOTSTRAP_SERVERS"]
    brokers = [name for name in services() if name.startswith("broker")]
    assert told == ",".join(f"{name}:9092" for name in brokers)
    assert compose()["x-settings"]["KAFKA_REPLICATION_FACTOR"] == len(brokers)
    assert [services()[name]["environment"]["KAFKA_NODE_ID"] for name in brokers] == [1, 2, 3]


def test_prometheus_scrapes_services_that_exist() -> None:
    jobs = yaml.safe_load((PROJECT / "infra" / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    groups = [group for job in jobs for group in job.get("static_configs", [])]
    hosts = {target.split(":")[0] for group in groups for target in group["targets"]}
    hosts |= {name for job in jobs for group in job.get("dns_sd_configs", []) for name in group["names"]}
    assert hosts - {"localhost"} <= set(services())
    reached = {name for name in hosts - {"localhost"} if set(services()[name]["networks"]) & {"data", "monitoring"}}
    assert reached == hosts - {"localhost"}


@pytest.mark.parametrize("name", sorted(RESIDENT - {"broker1", "broker2", "broker3", "postgres", "redis"}))
def test_no_proxy_stands_between_the_services(name: str) -> None:
    """Docker's own settings may give every container one, for its check of health as for its work."""
    environment = services()[name]["environment"]
    for variable in ("NO_PROXY", "no_proxy"):
        assert {*services(), "localhost", "127.0.0.1", "::1"} - ONE_SHOT <= set(environment[variable].split(","))
    assert (environment["ALL_PROXY"], environment["all_proxy"]) == ("", "")


def test_the_images_need_no_buildkit() -> None:
    """An engine without it would refuse them after minutes of building."""
    dockerfile = (PROJECT / "infra" / "docker" / "Dockerfile").read_text()
    its_own = r"^# *syntax=|^(?:COPY|ADD) .*--(?:chmod|link|parents|exclude)|--mount|<<"
    assert re.findall(its_own, dockerfile, re.MULTILINE) == []
