"""Jars: the pinned list, and a wrong or missing file by its name."""

import hashlib
import re
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from infra.jars import fetch, network
from infra.jars.fetch import SETS, Jar, faults, pinned, refuse_missing
from ingestion.addresses import PROXIES
from ingestion.errors import SalesError

RIGHT = Jar("org.example", "right", "1.0", hashlib.sha256(b"right").hexdigest())


@pytest.mark.parametrize("jar_set", [*SETS, "agent"])
def test_list_is_exact_and_holds_each_jar_once(jar_set: str) -> None:
    jars = pinned(jar_set)
    assert jars
    assert all(re.fullmatch(r"[0-9a-f]{64}", jar.sha256) for jar in jars)
    assert len({(jar.group, jar.artifact) for jar in jars}) == len(jars)


def test_missing_jar_is_named(tmp_path: Path) -> None:
    assert faults([RIGHT], tmp_path) == ["right-1.0.jar is missing"]


def test_wrong_jar_is_named(tmp_path: Path) -> None:
    (tmp_path / RIGHT.filename).write_bytes(b"wrong")
    assert faults([RIGHT], tmp_path) == ["right-1.0.jar is not the pinned file (its SHA-256 differs)"]


def test_right_jar_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / RIGHT.filename).write_bytes(b"right")
    assert faults([RIGHT], tmp_path) == []


def test_start_without_jars_names_the_first_and_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(SalesError, match=r"jars are missing in .*; fetch them \(sales jars\)"):
        refuse_missing(tmp_path)


def fill(monkeypatch: pytest.MonkeyPatch, content: bytes) -> list[list[Jar]]:
    """One pinned jar, and an Ivy that writes the content; returns what it was asked for."""
    asked: list[list[Jar]] = []

    def retrieve(jars: list[Jar], target: Path, *_: object) -> str:
        asked.append(jars)
        target.mkdir(parents=True, exist_ok=True)
        (target / RIGHT.filename).write_bytes(content)
        return "Host not found"

    monkeypatch.setattr(fetch, "SETS", ("spark",))
    monkeypatch.setattr(fetch, "pinned", lambda jar_set: [RIGHT])
    monkeypatch.setattr(fetch, "_retrieve", retrieve)
    return asked


def test_second_run_fetches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = fill(monkeypatch, b"right")
    assert fetch.fetch(tmp_path) == 1
    assert fetch.fetch(tmp_path) == 0
    assert asked == [[RIGHT]]


def test_fetched_file_that_is_not_the_pinned_one_stops_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(monkeypatch, b"wrong")
    with pytest.raises(SalesError, match=r"right-1\.0\.jar is not the pinned file.*Ivy says: Host not found"):
        fetch.fetch(tmp_path)


def test_jar_of_an_older_list_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(monkeypatch, b"right")
    fetch.fetch(tmp_path)
    (tmp_path / "spark" / "right-0.9.jar").write_bytes(b"old")
    fetch.fetch(tmp_path)
    assert [path.name for path in (tmp_path / "spark").iterdir()] == ["right-1.0.jar"]


def certificate(serial: int) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), serial, now, now + timedelta(days=1))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def test_every_readable_authority_is_trusted_without_a_warning() -> None:
    broken = b"-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trusted = list(network._certificates(certificate(1) + broken + b"# a comment\n" + certificate(2)))
    assert [each.serial_number for each in trusted] == [1, 2]


HTTPS = ["-Dhttps.proxyHost=proxy.example", "-Dhttps.proxyPort=3128"]
SOCKS = ["-DsocksProxyHost=proxy.example", "-DsocksProxyPort=1080"]
HTTP = ["-Dhttp.proxyHost=proxy.example", "-Dhttp.proxyPort=3128"]


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({}, []),
        ({"https_proxy": "http://proxy.example:3128"}, HTTPS),
        ({"HTTPS_PROXY": "proxy.example:3128"}, HTTPS),
        ({"all_proxy": "http://proxy.example:3128"}, [*HTTP, *HTTPS]),
        ({"all_proxy": "socks5h://proxy.example"}, SOCKS),
        ({"https_proxy": "http://proxy.example:3128", "ALL_PROXY": "socks5h://proxy.example:1080"}, [*SOCKS, *HTTPS]),
    ],
)
def test_java_is_told_the_proxies_of_the_environment(
    variables: dict[str, str], told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert network._proxies() == told


def test_java_reaches_directly_what_no_proxy_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "repo.example, .intern.example")
    listed = "localhost|127.*|[::1]|repo.example|*.repo.example|intern.example|*.intern.example"
    assert network._proxies()[-2:] == [f"-Dhttp.nonProxyHosts={listed}", f"-DsocksNonProxyHosts={listed}"]
