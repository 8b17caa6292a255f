"""Every setting, and the place that reads it.

The embedded stack takes its values from `infra/local/embedded.env`; an environment variable overrides each of them,
and `SALES_ENV_FILE` names another file (empty: no file, everything comes from the environment).  In the code, only a
setting that one of the stacks does without has a default, an empty one.

dbt's profile (`dbt_sales/profiles.yml`), `infra/docker/` and the Makefile read a few variables without this module,
because they cannot import it or must not wait for it.
"""

import os
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingestion.addresses import OF_EVERY_ADDRESS, reached_at
from ingestion.errors import SalesError

PROJECT = Path(__file__).resolve().parents[1]
EMBEDDED_ENV = PROJECT / "infra" / "local" / "embedded.env"
DBT_PROJECT = PROJECT / "dbt_sales"

# Allowed in paths besides letters, digits and spaces.  Every other character means something to a part that receives
# the path: `,` to Kafka and Spark, `:` to Java, `;` and `#` to supervisor, `$` to Spark and Airflow, `*?[]{}` to DuckDB
# and Hadoop, `|^<>` to Delta's reader, which also reads %41 as A.
IN_FOLDERS = "-_.+=@~()'&!%/"


def _folder(path: Path) -> Path:
    absolute = (PROJECT / path).resolve()
    if fault := folder_fault(absolute):
        raise ValueError(fault)
    return absolute


def folder_fault(path: Path) -> str | None:
    """Why the stack cannot work in a folder with this path; None if it can."""
    for character in str(path):
        # an accent may be a separate character
        if character not in f" {IN_FOLDERS}" and unicodedata.category(character)[0] not in "LMN":
            return f"a folder's path may contain letters, digits, spaces and {IN_FOLDERS}, but not {character!r}"
    if found := re.search("%[0-9A-Fa-f]{2}", str(path)):
        return f"a folder's path must not contain what looks like an encoded character, {found[0]!r}"
    return None


Folder = Annotated[Path, AfterValidator(_folder)]


def _host(host: str) -> str:
    if not re.fullmatch(r"[\w.:-]+", host):
        raise ValueError("must be a name or an address, without brackets and without a zone")
    return host


def _one_address(host: str) -> str:
    if host in OF_EVERY_ADDRESS:
        raise ValueError("must be one address, the one that clients are told")
    return host


Host = Annotated[str, AfterValidator(_host)]
Port = Annotated[int, Field(ge=1, le=65535)]


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(frozen=True, extra="ignore")


class PathSettings(_Settings):
    """The folders of the lake, of the embedded stack's state, of the jars, and optionally of Java."""

    lake_dir: Folder
    var_dir: Folder
    jars_dir: Folder
    java_home_override: str

    @property
    def bronze(self) -> Path:
        return self.lake_dir / "bronze" / "ventes_raw"

    @property
    def checkpoint(self) -> Path:
        """Inside the table's folder: table and checkpoint are backed up, moved and deleted together."""
        return self.bronze / "_checkpoints"

    @property
    def silver(self) -> Path:
        return self.lake_dir / "silver"

    @property
    def gold(self) -> Path:
        return self.lake_dir / "gold"

    @property
    def run_dir(self) -> Path:
        """The files of the running stack: supervisor's socket, and the state that each process reports."""
        return self.var_dir / "run"

    @property
    def acknowledgements(self) -> Path:
        """What people have said of incidents: not in the lake, which the app can only read."""
        return self.var_dir / "acquittements.jsonl"

    @property
    def project_docs(self) -> Path:
        """The dbt project's manifest and docs as Airflow writes them, without anything read from the tables."""
        return self.var_dir / "dbt" / "project"

    @property
    def log_dir(self) -> Path:
        return self.var_dir / "log"


class KafkaSettings(_Settings):
    model_config = SettingsConfigDict(env_prefix="KAFKA_", frozen=True, extra="ignore")

    bootstrap_servers: str
    host: str = ""
    port: int = Field(default=0, le=65535)
    topic: str
    partitions: int = Field(ge=1)
    replication_factor: int = Field(ge=1)
    min_insync_replicas: int = Field(ge=1)
    retention_ms: int
    retention_bytes: int

    @model_validator(mode="before")
    @classmethod
    def _one_broker_here(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Derive the embedded broker's address from its host and port, so that it is changed in one place."""
        if not values.get("bootstrap_servers") and values.get("host") and values.get("port"):
            return values | {"bootstrap_servers": reached_at(values["host"], values["port"])}
        return {name: value for name, value in values.items() if value or name != "bootstrap_servers"}


class BrokerSettings(_Settings):
    """The embedded broker's own addresses."""

    model_config = SettingsConfigDict(env_prefix="KAFKA_", frozen=True, extra="ignore")

    host: Annotated[Host, AfterValidator(_one_address)]
    port: Port
    controller_port: Port


class SparkSettings(_Settings):
    model_config = SettingsConfigDict(env_prefix="SPARK_", frozen=True, extra="ignore")

    host: Host
    master: str
    driver_memory: str
    thrift_port: Port
    connect_port: Port
    ui_port: Port


class BronzeSettings(_Settings):
    model_config = SettingsConfigDict(env_prefix="BRONZE_", frozen=True, extra="ignore")

    trigger_seconds: float = Field(ge=0)
    # fewer new events than this wait for more, but no longer than the delay on the next line
    min_offsets_per_trigger: int = Field(ge=1)
    max_trigger_delay_seconds: float = Field(ge=0)
    max_offsets_per_trigger: int = Field(ge=1)


class SilverSettings(_Settings):
    model_config = SettingsConfigDict(env_prefix="SILVER_", frozen=True, extra="ignore")

    interval_seconds: float = Field(ge=0)


def _zone(name: str) -> str:
    # Java knows no others, such as ROC, Factory or posix/UTC
    if name != "UTC" and ("/" not in name or name.startswith(("posix/", "right/")) or not _is_zone(name)):
        raise ValueError("must be a time zone like UTC or Europe/Paris")
    return name


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        return False
    return True


class GoldSettings(_Settings):
    """`fuseau_rapport` decides what a day is; an interval of 0 makes Gold by hand only."""

    fuseau_rapport: Annotated[str, AfterValidator(_zone)]
    gold_interval_seconds: float = Field(ge=0)


class AppSettings(_Settings):
    """`public_url`: the page's address, if people do not use host and port; `redis_url`: a cache for all replicas."""

    model_config = SettingsConfigDict(env_prefix="APP_", frozen=True, extra="ignore")

    host: Host
    port: Port
    public_url: str = ""
    redis_url: str = ""

    @property
    def url(self) -> str:
        return self.public_url.rstrip("/") or f"http://{reached_at(self.host, self.port)}"


def _cron(expression: str) -> str:
    from croniter import croniter

    if expression and not croniter.is_valid(expression):
        raise ValueError("must be a cron expression like */2 * * * *, or empty to start runs by hand only")
    return expression


class AirflowSettings(_Settings):
    """`schedule`: a cron expression in UTC; empty if runs are only started by hand.

    `database`: the SQLAlchemy address of Airflow's database, for the upkeep, since Airflow hides its own from tasks;
    empty: the embedded one.  `metrics_token`: required to read Airflow's metrics; empty: anyone on this machine may.
    """

    model_config = SettingsConfigDict(env_prefix="AIRFLOW_", frozen=True, extra="ignore")

    host: Host
    port: Port
    schedule: Annotated[str, AfterValidator(_cron)]
    dags_dir: Folder
    database: str = ""
    metrics_token: str = ""


def _lower_first(message: str) -> str:
    return message[:1].lower() + message[1:]


def variables() -> set[str]:
    """The name of every setting, as an environment variable."""
    prefixes = {kind: kind.model_config.get("env_prefix", "") for kind in _Settings.__subclasses__()}
    return {f"{prefix}{field}".upper() for kind, prefix in prefixes.items() for field in kind.model_fields}


S = TypeVar("S", bound=_Settings)


@cache
def load(kind: type[S]) -> S:
    """Read one group of settings; raises SalesError naming every variable that is missing or wrong."""
    if kind is PathSettings and (fault := folder_fault(PROJECT)):
        raise SalesError(f"{fault}, got {str(PROJECT)!r}; move the project to another folder, and run make there")
    env_file = os.environ.get("SALES_ENV_FILE", str(EMBEDDED_ENV)) or None
    try:
        return kind(_env_file=env_file)  # type: ignore[call-arg]
    except ValidationError as error:
        prefix = kind.model_config.get("env_prefix", "")
        faults = [
            f"{prefix}{'.'.join(map(str, fault['loc']))}".upper()
            + f": {_lower_first(fault['msg'].removeprefix('Value error, '))}, got {fault['input']!r}"
            if fault["type"] != "missing"
            else f"{prefix}{fault['loc'][0]}".upper() + " is required and has no value"
            for fault in error.errors()
        ]
        raise SalesError("; ".join(faults)) from error
