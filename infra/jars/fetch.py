"""Fetch the pinned jars with the Ivy that pyspark carries, and check each against its committed SHA-256 sum.

`spark.txt` and `kafka.txt` hold one jar a line: `<sha256>  <group>:<artifact>:<version>`, without transitivity, so
that what runs is exactly what is listed.  A second run fetches nothing and needs no network.
"""

import hashlib
import ssl
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pyspark

from infra.local.java import java_binary

LISTS = Path(__file__).parent
SETS = ("spark", "kafka")


class JarError(Exception):
    """A jar is missing or is not the pinned one; the message names it."""


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
    entries = (line.split() for line in lines if line and not line.startswith("#"))
    return [Jar(*coordinates.split(":"), sha256) for sha256, coordinates in entries]


def faults(jars: list[Jar], folder: Path) -> list[str]:
    """What is wrong with the jars in the folder, one line each; empty when all are there and right."""
    found = []
    for jar in jars:
        path = folder / jar.filename
        if not path.exists():
            found.append(f"{jar.filename} is missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != jar.sha256:
            found.append(f"{jar.filename} is not the pinned file (its SHA-256 differs)")
    return found


def refuse_missing(folder: Path) -> None:
    """Raise JarError when a pinned jar is not there; its content is checked when it is fetched."""
    absent = [jar.filename for jar_set in SETS for jar in pinned(jar_set) if not (folder / jar_set / jar.filename).exists()]
    if absent:
        raise JarError(f"{len(absent)} jars are missing in {folder}, the first is {absent[0]}; fetch them (sales jars)")


def fetch(folder: Path, on_progress: Callable[[str], None] = lambda what: None) -> int:
    """Bring every pinned jar into `<folder>/<set>/`; return how many were fetched.  Raises JarError by file name."""
    fetched = 0
    for jar_set in SETS:
        jars, target = pinned(jar_set), folder / jar_set
        wrong = faults(jars, target)
        if not wrong:
            continue
        missing = [jar for jar in jars if faults([jar], target)]
        for jar in missing:
            (target / jar.filename).unlink(missing_ok=True)
        on_progress(f"{len(missing)} for {jar_set}")
        output = _retrieve(missing, target, folder / "cache")
        if wrong := faults(jars, target):
            raise JarError(f"{'; '.join(wrong)}; look at the network or the list infra/jars/{jar_set}.txt\n{output}")
        fetched += len(missing)
    return fetched


def _retrieve(jars: list[Jar], target: Path, cache: Path) -> str:
    dependencies = "".join(
        f"<dependency org={quoteattr(jar.group)} name={quoteattr(jar.artifact)} rev={quoteattr(jar.version)}"
        ' conf="all->default" transitive="false"/>'
        for jar in jars
    )
    ivy_jar = next((Path(pyspark.__file__).parent / "jars").glob("ivy-*.jar"))
    with tempfile.TemporaryDirectory() as scratch:
        module = Path(scratch) / "ivy.xml"
        module.write_text(
            '<ivy-module version="2.0"><info organisation="sales" module="jars"/><configurations>'
            f'<conf name="all"/></configurations><dependencies>{dependencies}</dependencies></ivy-module>'
        )
        result = subprocess.run(
            [
                *(java_binary(), *_trust_what_python_trusts(Path(scratch) / "trust.p12")),
                *("-cp", ivy_jar, "org.apache.ivy.Main", "-ivy", module, "-cache", cache, "-warn"),
                *("-retrieve", f"{target}/[artifact]-[revision].[ext]", "-types", "jar", "bundle"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    return "\n".join((result.stdout + result.stderr).splitlines()[-5:])


def _trust_what_python_trusts(store: Path) -> list[str]:
    """The wheel's Java knows only the public authorities; a company's own, which Python knows, would be refused."""
    authorities = ssl.get_default_verify_paths().cafile
    if authorities is None:
        return []
    from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
    from cryptography.x509 import load_pem_x509_certificates

    certificates = load_pem_x509_certificates(Path(authorities).read_bytes())
    entries = [pkcs12.PKCS12Certificate(each, str(n).encode()) for n, each in enumerate(certificates)]
    store.write_bytes(pkcs12.serialize_java_truststore(entries, NoEncryption()))
    return [f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStoreType=PKCS12"]
