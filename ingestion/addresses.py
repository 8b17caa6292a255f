"""The addresses of the stack's parts, and an environment that reaches them without a proxy."""

from collections.abc import Mapping
from ipaddress import ip_address
from socket import SOCK_STREAM, getaddrinfo
from urllib.parse import urlsplit

# a server that listens on every address is reached at this one; a socket on `::` does not listen on IPv4
OF_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def in_brackets(host: str) -> str:
    """The host as addresses write it: an IPv6 address in brackets, because a colon precedes the port."""
    return f"[{host}]" if ":" in host else host


def reached_at(host: str, port: int) -> str:
    """HOST:PORT for clients of a server that listens there."""
    return f"{in_brackets(OF_EVERY_ADDRESS.get(host, host))}:{port}"


def is_loopback(host: str) -> bool:
    """Whether every address of this host is a loopback address.  Raises OSError for an unknown name."""
    found = {str(address[0]) for *_, address in getaddrinfo(host, None, type=SOCK_STREAM)}
    return all(ip_address(address).is_loopback for address in found)


def without_proxy(environment: Mapping[str, str], hosts: tuple[str, ...] = ()) -> dict[str, str]:
    """The environment for a process that talks to parts of the stack on these hosts and on this machine.

    All of them are listed in `no_proxy`.  SOCKS proxies are removed: Airflow's tasks report through httpx, which needs
    a library for SOCKS that is not installed, and cannot create any client without it, even for hosts that need no
    proxy.
    """
    spellings = {name: (name, name.upper()) for name in (*PROXIES, "no_proxy")}
    listed = [environment.get(name, "") for name in spellings["no_proxy"]] + [*LOOPBACK, *hosts]
    direct = ",".join(dict.fromkeys(filter(None, map(str.strip, ",".join(listed).split(",")))))
    socks = {name for each in PROXIES for name in spellings[each] if _is_socks(environment.get(name, ""))}
    rest = {name: value for name, value in environment.items() if name not in socks}
    return rest | dict.fromkeys(spellings["no_proxy"], direct)


def _is_socks(proxy: str) -> bool:
    """Whether the proxy is anything but an HTTP proxy; an address without a scheme is one."""
    return "://" in proxy and urlsplit(proxy).scheme not in ("http", "https")
