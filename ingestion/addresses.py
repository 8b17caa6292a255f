"""Where the parts of the stack are reached: their hosts as addresses, and none of them through a proxy."""

from collections.abc import Mapping
from ipaddress import ip_address
from socket import SOCK_STREAM, getaddrinfo
from urllib.parse import urlsplit

# whoever listens on every address is reached at this one; a socket of `::` listens on none of IPv4
OF_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def in_brackets(host: str) -> str:
    """As addresses have it, in which a colon stands before the port."""
    return f"[{host}]" if ":" in host else host


def reached_at(host: str, port: int) -> str:
    """HOST:PORT for clients of whoever listens there."""
    return f"{in_brackets(OF_EVERY_ADDRESS.get(host, host))}:{port}"


def is_loopback(host: str) -> bool:
    """Whether the name leads to this machine and no further.  Raises OSError for a name that nobody knows."""
    found = {str(address[0]) for *_, address in getaddrinfo(host, None, type=SOCK_STREAM)}
    return all(ip_address(address).is_loopback for address in found)


def without_proxy(environment: Mapping[str, str], hosts: tuple[str, ...] = ()) -> dict[str, str]:
    """The environment for a process that talks with parts of the stack, at these hosts and on this machine.

    Those stand in `no_proxy`.  A SOCKS proxy is left out: httpx, by which Airflow's tasks report, needs a library for
    it that is not installed, and cannot make any client without it, not even for hosts that need no proxy.
    """
    spellings = {name: (name, name.upper()) for name in (*PROXIES, "no_proxy")}
    listed = [environment.get(name, "") for name in spellings["no_proxy"]] + [*LOOPBACK, *hosts]
    direct = ",".join(dict.fromkeys(filter(None, map(str.strip, ",".join(listed).split(",")))))
    socks = {name for each in PROXIES for name in spellings[each] if _is_socks(environment.get(name, ""))}
    rest = {name: value for name, value in environment.items() if name not in socks}
    return rest | dict.fromkeys(spellings["no_proxy"], direct)


def _is_socks(proxy: str) -> bool:
    """Whether it is anything but a proxy of HTTP, whose scheme may be left out."""
    return "://" in proxy and urlsplit(proxy).scheme not in ("http", "https")
