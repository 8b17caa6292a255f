"""The environment of what the project starts: its own variables and the machine's, not those of other tools.

dbt, Spark, Java, Streamlit and Python obey variables that whoever starts the stack may have set for another project:
one of them would close slices without their tests, another would keep a process from starting.
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
    # Spark's master, from before it was called SPARK_MASTER
    "MASTER",
    "PYTHONINSPECT",
    "PYTHONOPTIMIZE",
    "PYTHONWARNINGS",
    # Uvicorn would serve from so many processes
    "WEB_CONCURRENCY",
)


def own_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment, this process's where none is given, without what belongs to other tools."""
    given = os.environ if environment is None else environment
    ours = variables()
    return {name: value for name, value in given.items() if name in ours or not _foreign(name)}


def forget_foreign() -> None:
    """For a process that calls such a tool itself: forget the caller's variables for good."""
    for name in os.environ.keys() - own_environment().keys():
        del os.environ[name]


def _foreign(name: str) -> bool:
    return name in NAMES or name.startswith(FAMILIES)
