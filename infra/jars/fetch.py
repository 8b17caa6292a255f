"""Fetch the pinned jars with the Ivy that pyspark includes, and check each against its committed SHA-256 sum.

Run: sales jars; when an image is built: python -m infra.jars.fetch SET...

`spark.txt`, `kafka.txt` and `agent.txt` hold one jar per line: `<sha256>  <group>:<artifact>:<version>`.  No transitive
dependencies are fetched, so exactly what is listed runs.  A second run fetches nothing and needs no network.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from filelock import FileLock

from infra.jars.network import network_options
from infra.spark.java import java_binary
from ingestion.errors import SalesError
from ingestion.settings import PathSettings, load

LISTS = Path(__file__).parent
# the sets of the embedded stack
SETS = ("spark", "kafka")


@dataclass(frozen=True)
class Jar:
    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def filename(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


def pinned(jar_set: str) -> list[Jar]:
    lines = (LISTS / f"{jar_set}.txt").read_text().splitlines()
    return [_parse(line) for line in lines if line and not line.startswith("#")]


def _parse(line: str) -> Jar:
    sha256, coordinates = line.split()
    group, artifact, version = coordinates.split(":")
    return Jar(group, artifact, version, sha256)


def faults(jars: list[Jar], folder: Path) -> list[str]:
    """What is wrong with the jars in the folder, one line each; empty when all are present and correct."""
    found = []
    for jar in jars:
        path = folder / jar.filename
        if not path.exists():
            found.append(f"{jar.filename} is missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != jar.sha256:
            found.append(f"{jar.filename} is not the pinned file (its SHA-256 differs)")
    return found


def refuse_missing(folder: Path) -> None:
    """Raise SalesError when a pinned jar is missing; its content is checked when it is fetched."""
    paths = [folder / jar_set / jar.filename for jar_set in SETS for jar in pinned(jar_set)]
    absent = [path.name for path in paths if not path.exists()]
    if absent:
        raise SalesError(
            f"{len(absent)} jars are missing in {folder}, the first is {absent[0]}; fetch them (sales jars)"
        )


def fetch(folder: Path, on_progress: Callable[[str], None] = lambda what: None, sets: Iterable[str] = ()) -> int:
    """Fetch the pinned jars (of `SETS`, or of these sets) into `<folder>/<set>/`.  Returns how many were fetched."""
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".fetch.lock"):
        fetched = sum(_fetch_set(jar_set, folder, on_progress) for jar_set in tuple(sets) or SETS)
        # useful for another attempt after a failure, but not after success
        shutil.rmtree(folder / "cache", ignore_errors=True)
    return fetched


def _fetch_set(jar_set: str, folder: Path, on_progress: Callable[[str], None]) -> int:
    jars, target = pinned(jar_set), folder / jar_set
    missing = [jar for jar in jars if faults([jar], target)]
    _remove_strangers(jars, target)
    if not missing:
        return 0
    for jar in missing:
        (target / jar.filename).unlink(missing_ok=True)
    output = _retrieve(missing, target, folder / "cache", on_progress)
    if wrong := faults(jars, target):
        raise SalesError(
            f"{len(wrong)} of {len(jars)} {jar_set} jars could not be fetched: {wrong[0]}; look at the network, or at "
            f"the list infra/jars/{jar_set}.txt; Ivy says: {output or 'nothing'}"
        )
    return len(missing)


def _remove_strangers(jars: list[Jar], target: Path) -> None:
    """Remove jars of an older list, which would be on the class path beside the new ones."""
    known = {jar.filename for jar in jars}
    for path in target.glob("*.jar"):
        if path.name not in known:
            path.unlink()


def _retrieve(jars: list[Jar], target: Path, cache: Path, on_progress: Callable[[str], None]) -> str:
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        module = Path(scratch) / "ivy.xml"
        module.write_text(_ivy_module(jars))
        command = [
            *(str(java_binary()), *network_options(Path(scratch)), f"-Duser.home={scratch}"),
            *("-cp", str(_ivy_jar()), "org.apache.ivy.Main", "-ivy", str(module), "-cache", str(cache), "-warn"),
            # relative to the target folder, because both kinds of bracket have a meaning in an Ivy pattern
            *("-retrieve", "[artifact]-[revision].[ext]", "-types", "jar", "bundle"),
        ]
        # Java decodes file names by the locale; with an empty environment it would find none with an accent
        environment = os.environ | {"LC_ALL": "C.UTF-8"}
        process = subprocess.Popen(
            command,
            cwd=target,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        return _first_error(_watch(process, cache, len(jars), on_progress))


def _watch(process: "subprocess.Popen[str]", cache: Path, total: int, on_progress: Callable[[str], None]) -> str:
    """Return Ivy's output; meanwhile report how many jars have arrived."""
    before = len(list(cache.rglob("*.jar")))
    try:
        while True:
            try:
                return process.communicate(timeout=0.5)[0]
            except subprocess.TimeoutExpired:
                on_progress(f"{len(list(cache.rglob('*.jar'))) - before} of {total}")
    finally:
        process.kill()


def _ivy_jar() -> Path:
    import pyspark

    return next((Path(pyspark.__file__).parent / "jars").glob("ivy-*.jar"))


def _ivy_module(jars: list[Jar]) -> str:
    dependencies = "".join(
        f"<dependency org={quoteattr(jar.group)} name={quoteattr(jar.artifact)} rev={quoteattr(jar.version)}"
        ' conf="all->default" transitive="false"/>'
        for jar in jars
    )
    return (
        '<ivy-module version="2.0"><info organisation="sales" module="jars"/><configurations>'
        f'<conf name="all"/></configurations><dependencies>{dependencies}</dependencies></ivy-module>'
    )


def _first_error(output: str) -> str:
    """The first line of Ivy's output that names a cause."""
    lines = [line.strip(" \t:") for line in output.splitlines()]
    causes = [line for line in lines if any(word in line.lower() for word in ("exception", "error", "not found"))]
    return next(iter(causes), "")[:300]


if __name__ == "__main__":
    fetch(load(PathSettings).jars_dir, sets=sys.argv[1:])
