"""JVM options that let Java reach what Python reaches: the trusted authorities and the proxy."""

import re
import ssl
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def network_options(scratch: Path) -> list[str]:
    """JVM options; the trust store that they name is written to the scratch folder."""
    return [*_trust_what_python_trusts(scratch / "trust.p12"), *_proxies()]


def _trust_what_python_trusts(store: Path) -> list[str]:
    """Make Java trust what Python trusts: the wheel's Java knows the public authorities, but not a company's own."""
    authorities = ssl.get_default_verify_paths().cafile
    if authorities is None:
        return []
    from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12

    certificates = _certificates(Path(authorities).read_bytes())
    entries = [pkcs12.PKCS12Certificate(each, str(n).encode()) for n, each in enumerate(certificates)]
    store.write_bytes(pkcs12.serialize_java_truststore(entries, NoEncryption()))
    return [f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStoreType=PKCS12"]


def _certificates(bundle: bytes) -> Iterator["Certificate"]:
    """Each certificate of a PEM bundle, except those that the library rejects."""
    from cryptography.utils import CryptographyDeprecationWarning
    from cryptography.x509 import load_pem_x509_certificate

    for block in _PEM.findall(bundle):
        with warnings.catch_warnings(), suppress(ValueError):
            # an old authority has the serial number zero, which a later release will reject
            warnings.filterwarnings("ignore", "Parsed a serial number", CryptographyDeprecationWarning)
            yield load_pem_x509_certificate(block)


def _proxies() -> list[str]:
    """Options for the proxies of the environment (https_proxy and so on), which Java ignores."""
    said = urllib.request.getproxies()
    options = dict[str, None]()
    for scheme in ("http", "https"):
        address = said.get(scheme) or said.get("all") or ""
        parts = urlsplit(address if "//" in address else f"//{address}")
        if parts.hostname:
            # Java has a single SOCKS proxy setting for all schemes
            socks = parts.scheme.startswith("socks")
            name, port = ("socksProxy", 1080) if socks else (f"{scheme}.proxy", 80)
            options |= {f"-D{name}Host={parts.hostname}": None, f"-D{name}Port={parts.port or port}": None}
    return [*options, *_reached_directly(said.get("no", ""))]


def _reached_directly(no_proxy: str) -> list[str]:
    """Options for `no_proxy`: a name also covers its subdomains; Java does not understand networks in CIDR notation."""
    hosts = [host.strip().lstrip(".") for host in no_proxy.split(",")]
    patterns = [each for host in hosts if host for each in ([host] if host == "*" else [host, f"*.{host}"])]
    listed = "|".join(["localhost", "127.*", "[::1]", *patterns])
    return [f"-D{name}={listed}" for name in ("http.nonProxyHosts", "socksNonProxyHosts")] if patterns else []
