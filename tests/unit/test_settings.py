"""Settings: one file and the environment, and a message that names what is wrong."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion import settings
from ingestion.errors import SalesError
from ingestion.settings import (
    EMBEDDED_ENV,
    PROJECT,
    AirflowSettings,
    AppSettings,
    BrokerSettings,
    KafkaSettings,
    PathSettings,
    SparkSettings,
    load,
)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("SALES_ENV_FILE", raising=False)
    load.cache_clear()
    yield
    load.cache_clear()


def variables() -> set[str]:
    return set(re.findall(r"^([A-Z_]+)=", EMBEDDED_ENV.read_text(), re.MULTILINE))


def fields() -> set[str]:
    kinds = [
        kind
        for _, kind in inspect.getmembers(settings, inspect.isclass)
        if kind.__module__ == settings.__name__ and hasattr(kind, "model_fields") and not kind.__name__.startswith("_")
    ]
    return {f"{kind.model_config.get('env_prefix', '')}{name}".upper() for kind in kinds for name in kind.model_fields}


def test_every_variable_of_the_file_is_read_and_every_setting_stands_in_it() -> None:
    assert variables() == fields()


def test_relative_folders_start_at_the_project() -> None:
    assert load(PathSettings).lake_dir == PROJECT / "delta"


def test_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LAKE_DIR", str(tmp_path))
    assert load(PathSettings).lake_dir == tmp_path


def test_a_schedule_is_a_cron_expression_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for schedule in ("", "0 * * * *"):
        monkeypatch.setenv("AIRFLOW_SCHEDULE", schedule)
        load.cache_clear()
        assert load(AirflowSettings).schedule == schedule
    monkeypatch.setenv("AIRFLOW_SCHEDULE", "every day")
    load.cache_clear()
    with pytest.raises(SalesError, match=r"AIRFLOW_SCHEDULE: must be a cron expression .*, got 'every day'"):
        load(AirflowSettings)


def test_broker_address_follows_its_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_PORT", "29092")
    assert load(KafkaSettings).bootstrap_servers == "127.0.0.1:29092"
    assert load(BrokerSettings).port == 29092


def test_named_brokers_go_before_host_and_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "broker1:9092,broker2:9092")
    assert load(KafkaSettings).bootstrap_servers == "broker1:9092,broker2:9092"


def test_without_file_brokers_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALES_ENV_FILE", "")
    with pytest.raises(SalesError, match="KAFKA_BOOTSTRAP_SERVERS is required and has no value"):
        load(KafkaSettings)


def test_missing_variables_are_all_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALES_ENV_FILE", "")
    with pytest.raises(SalesError, match=r"LAKE_DIR is required.*VAR_DIR is required.*JARS_DIR is required"):
        load(PathSettings)


@pytest.mark.parametrize("name", ["mes ventes", "été", "e\u0301te\u0301", "日本", "l'eau", "50%", "a+b=c@d~(e)&f!"])
def test_a_folder_may_have_most_names(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_DIR", str(tmp_path / name))
    assert load(PathSettings).lake_dir == tmp_path / name


@pytest.mark.parametrize("character", [*',:;#$*?[]{}|^<>`"\\', "\n", "\t", "\udce9"])
@pytest.mark.parametrize("variable", ["LAKE_DIR", "VAR_DIR", "JARS_DIR"])
def test_a_folder_that_a_part_would_misread_is_refused(
    variable: str, character: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, f"/data/mes{character}ventes")
    with pytest.raises(SalesError) as told:
        load(PathSettings)
    said = str(told.value)
    assert said.startswith(f"{variable}: a folder's path may contain letters, digits, spaces and ")
    assert f"but not {character!r}, got '/data/mes" in said
    # one line, which any terminal can show
    assert len(said.splitlines()) == 1
    said.encode("utf-8")


def test_a_folder_with_what_looks_encoded_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Delta's reader would look for `a b`."""
    monkeypatch.setenv("LAKE_DIR", "/data/a%20b")
    with pytest.raises(SalesError, match=r"LAKE_DIR: .* must not contain what looks like an encoded character, '%20'"):
        load(PathSettings)


def test_a_project_in_such_a_folder_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "PROJECT", Path("/data/a,b"))
    with pytest.raises(SalesError, match=r"but not ',', got '/data/a,b'; move the project to another folder"):
        load(PathSettings)


@pytest.mark.parametrize("host", ["", "[::1]", "fe80::1%eth0", "two hosts", "http://localhost"])
def test_a_host_is_a_name_or_an_address(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_HOST", host)
    with pytest.raises(SalesError, match=r"APP_HOST: must be a name or an address, without brackets"):
        load(AppSettings)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_the_broker_tells_its_clients_one_address(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_HOST", host)
    with pytest.raises(SalesError, match=r"KAFKA_HOST: must be one address, the one that clients are told, got"):
        load(BrokerSettings)


@pytest.mark.parametrize(
    ("host", "url"), [("::", "http://[::1]:5000"), ("::1", "http://[::1]:5000"), ("0.0.0.0", "http://127.0.0.1:5000")]
)
def test_the_page_has_an_address_in_both_families(host: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_HOST", host)
    assert load(AppSettings).url == url


def test_wrong_value_is_named_with_its_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_UI_PORT", "70000")
    with pytest.raises(SalesError, match=r"SPARK_UI_PORT: .*less than or equal to 65535, got '70000'"):
        load(SparkSettings)
