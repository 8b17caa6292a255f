"""Settings: one file and the environment, and a message that names what is wrong."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion import settings
from ingestion.settings import (
    EMBEDDED_ENV,
    PROJECT,
    AirflowSettings,
    BrokerSettings,
    KafkaSettings,
    PathSettings,
    SettingsError,
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
    with pytest.raises(SettingsError, match=r"AIRFLOW_SCHEDULE: must be a cron expression .*, got 'every day'"):
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
    with pytest.raises(SettingsError, match="KAFKA_BOOTSTRAP_SERVERS is required and has no value"):
        load(KafkaSettings)


def test_missing_variables_are_all_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALES_ENV_FILE", "")
    with pytest.raises(SettingsError, match=r"LAKE_DIR is required.*VAR_DIR is required.*JARS_DIR is required"):
        load(PathSettings)


def test_wrong_value_is_named_with_its_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_UI_PORT", "70000")
    with pytest.raises(SettingsError, match=r"SPARK_UI_PORT: .*less than or equal to 65535, got '70000'"):
        load(SparkSettings)
