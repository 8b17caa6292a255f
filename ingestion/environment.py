"""The environment of the processes that the project starts: its own variables and the machine's, not other tools'.

dbt, Spark, Java, Streamlit and Python obey variables that the user who starts the stack may have set for another
project.  One of these would close slices without their tests; another would keep a process from starting.
"""

import os
from collections.abc import Mapping

from ingestion.settings import variables

FAMILIES = ("DBT_", "HADOOP_", "HIVE_", "PYSPARK_", "SPARK_", "STREAMLIT_", "YARN_")
NAMES = (
    "CLASSPATH",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "_JAVA_OPTIONS",
    # Spark's older name for SPARK_MASTER
    "MASTER",
    "PYTHONINSPECT",
    "PYTHONOPTIMIZE",
    "PYTHONWARNINGS",
    # Uvicorn would start this many processes
    "WEB_CONCURRENCY",
)


def own_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment, by default this process's, without the variables of other tools."""
    given = os.environ if environment is None else environment
    ours = variables()
    return {name: value for name, value in given.items() if name in ours or not _foreign(name)}


def forget_foreign() -> None:
    """Remove other tools' variables from this process's environment, before it calls such a tool itself."""
    for name in os.environ.keys() - own_environment().keys():
        del os.environ[name]


def _foreign(name: str) -> bool:
    return name in NAMES or name.startswith(FAMILIES)
