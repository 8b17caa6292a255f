"""Run the embedded broker in the foreground.  Run: python -m infra.local.broker (supervisor does)."""

import json
import os
import subprocess
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path
from string import Template

from infra.spark.java import java_binary, log_settings, resident_jvm_options
from ingestion.addresses import in_brackets
from ingestion.environment import own_environment
from ingestion.settings import BrokerSettings, PathSettings, load

HERE = Path(__file__).parent
JVM_OPTIONS = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]


def main() -> None:
    paths, broker = load(PathSettings), load(BrokerSettings)
    data = paths.var_dir / "kafka"
    properties = _write_properties(data, broker)
    java = _java(paths.jars_dir / "kafka")
    if not (data / "log" / "meta.properties").exists():
        cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = [*java, "kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(properties)]
        subprocess.run(command, check=True, env=own_environment())
    # the broker replaces this process, so its signals and memory are the broker's
    os.execve(java[0], [*java, "kafka.Kafka", str(properties)], own_environment())


def _java(jars: Path) -> list[str]:
    class_path = ":".join(str(jar) for jar in sorted(jars.glob("*.jar")))
    logging = log_settings(HERE / "kafka-log4j2.properties")
    return [str(java_binary()), *JVM_OPTIONS, *resident_jvm_options("kafka"), logging, "-cp", class_path]


def _write_properties(data: Path, broker: BrokerSettings) -> Path:
    data.mkdir(parents=True, exist_ok=True)
    template = Template((HERE / "kafka.properties").read_text())
    path = data / "kafka.properties"
    path.write_text(
        template.substitute(
            host=in_brackets(broker.host),
            port=broker.port,
            controller_port=broker.controller_port,
            # Java reads a properties file as Latin-1, and understands JSON's escapes
            log_dir=json.dumps(str(data / "log"))[1:-1],
        )
    )
    return path


if __name__ == "__main__":
    main()
