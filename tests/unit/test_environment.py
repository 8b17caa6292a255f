"""What the project starts knows only what the project says, whatever the caller has set for other tools."""

import os
from pathlib import Path

import pytest

from infra.local import airflow_process, stack
from infra.spark.java import java_version
from ingestion.environment import forget_foreign, own_environment
from ingestion.settings import EMBEDDED_ENV, variables
from ingestion.silver.slices import Silver

FOREIGN = {
    "DBT_TARGET": "prod",
    "DBT_EXCLUDE_RESOURCE_TYPES": "test",
    "DBT_EMPTY": "true",
    "DBT_ENGINE_WARN_ERROR": "true",
    "SPARK_CONF_DIR": "/nowhere",
    "SPARK_LOCAL_DIRS": "/nowhere",
    "SPARK_REMOTE": "sc://nowhere",
    "PYSPARK_PYTHON": "/nowhere",
    "HADOOP_CONF_DIR": "/nowhere",
    "STREAMLIT_SERVER_BASE_URL_PATH": "elsewhere",
    "JAVA_TOOL_OPTIONS": "-Xmx16m",
    "_JAVA_OPTIONS": "-Xmx16m",
    "PYTHONWARNINGS": "error",
    "WEB_CONCURRENCY": "4",
}
OURS = {"SPARK_HOST": "127.0.0.1", "SPARK_DRIVER_MEMORY": "1g", "KAFKA_PORT": "1", "PATH": "/bin", "PYTHONPATH": "/x"}


@pytest.fixture
def foreign(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in FOREIGN.items():
        monkeypatch.setenv(name, value)
    return own_folders


def test_other_tools_variables_are_left_out_and_ours_are_not() -> None:
    assert own_environment(FOREIGN | OURS) == OURS


def test_every_setting_is_ours() -> None:
    names = {line.split("=")[0] for line in EMBEDDED_ENV.read_text().splitlines() if line and line[0] != "#"}
    assert names <= variables()
    assert own_environment(dict.fromkeys(names, "x")).keys() == names


@pytest.mark.usefixtures("foreign")
def test_a_process_forgets_them() -> None:
    forget_foreign()
    assert not FOREIGN.keys() & os.environ.keys()
    assert "PATH" in os.environ


def test_airflow_gets_none_of_them_but_its_own(foreign: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (foreign / "var" / "airflow").mkdir(parents=True)
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "7")
    given = airflow_process.environment()
    assert not FOREIGN.keys() & given.keys()
    assert given["AIRFLOW__CORE__PARALLELISM"] == "7"


def test_java_is_asked_without_the_callers_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """This one would keep any JVM from starting."""
    java_version.cache_clear()
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-javaagent:/nowhere.jar")
    assert java_version() >= 17


@pytest.mark.usefixtures("foreign")
def test_a_resident_dbt_obeys_none_of_them() -> None:
    """Each of these alone would end the call: no such target, no such flag."""
    for name, value in {"DBT_TARGET": "prod", "DBT_WARN_ERROR": "neither"}.items():
        os.environ[name] = value
        Silver().parse()
        assert name not in os.environ


def test_a_command_to_a_stack_that_runs_with_another_lake_is_refused(
    foreign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = stack._moved_by_variables() | {"LAKE_DIR": "/a"}
    stack.write_state(stack.StartedWith(state="wanted", settings=settings))
    stack.refuse_other_settings()
    monkeypatch.setattr(stack.supervision, "answers", lambda: {"kafka": {}})
    with pytest.raises(stack.StackError) as refused:
        stack.refuse_other_settings()
    assert str(refused.value) == (
        f"the stack of VAR_DIR={foreign}/var runs with LAKE_DIR=/a, not {foreign}/lake; "
        f"set the variables as they were, or stop it first (sales stop)"
    )
