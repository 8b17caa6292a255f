"""The ports of the stack, and what else listens on them."""

import errno
import socket
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import psutil

from infra.local.stack_marker import MARK
from ingestion.settings import AirflowSettings, AppSettings, BrokerSettings, SparkSettings, load

# no interface has the address, or the system has no IPv6
NOT_OURS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


@dataclass(frozen=True)
class Port:
    """One port: `variable` sets it, `process` listens on it."""

    variable: str
    process: str
    host: str
    port: int

    @property
    def host_variable(self) -> str:
        return f"{self.variable.partition('_')[0]}_HOST"


def ports() -> list[Port]:
    broker, spark = load(BrokerSettings), load(SparkSettings)
    app, airflow = load(AppSettings), load(AirflowSettings)
    return [
        Port("KAFKA_PORT", "kafka", broker.host, broker.port),
        Port("KAFKA_CONTROLLER_PORT", "kafka", broker.host, broker.controller_port),
        Port("SPARK_THRIFT_PORT", "gateway", spark.host, spark.thrift_port),
        Port("SPARK_CONNECT_PORT", "gateway", spark.host, spark.connect_port),
        Port("SPARK_UI_PORT", "gateway", spark.host, spark.ui_port),
        Port("APP_PORT", "app", app.host, app.port),
        Port("AIRFLOW_PORT", "airflow-api", airflow.host, airflow.port),
    ]


def port_faults(processes: Collection[str]) -> list[str]:
    """One line for each port that one of these processes cannot listen on; call it while they are not running."""
    wanted = ports()
    twice = {port for port, count in Counter(each.port for each in wanted).items() if count > 1}
    return [fault for each in wanted if each.process in processes and (fault := _fault(each, twice))]


def _fault(wanted: Port, twice: set[int]) -> str | None:
    if wanted.port in twice:
        return f"port {wanted.port} is set twice; set another {wanted.variable}"
    try:
        found = socket.getaddrinfo(wanted.host, wanted.port, type=socket.SOCK_STREAM)
    except OSError:
        return f"{wanted.host_variable}: no such host, got {wanted.host}"
    # a name may resolve to several addresses
    faults = (_fault_of(wanted, family, address) for family, *_, address in found)
    return next(filter(None, faults), None)


def _fault_of(wanted: Port, family: int, address: tuple[Any, ...]) -> str | None:
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                # as our servers do, so that a program on the same IPv4 port does not matter
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(address)
    except PermissionError:
        return f"port {wanted.port} is reserved for the system; set another {wanted.variable}"
    except OSError as error:
        if error.errno in NOT_OURS:
            return f"{wanted.host_variable} must be an address of this machine, got {wanted.host}"
        if error.errno != errno.EADDRINUSE:
            return f"{wanted.host}:{wanted.port} cannot be bound ({error.strerror}); set another {wanted.host_variable}"
        holder = _holder(wanted.port) or "another program"
        return f"port {wanted.port} is taken by {holder}; free it, or set another {wanted.variable}"
    return None


def _holder(port: int) -> str | None:
    """The process that listens there, as far as this user may see it."""
    for connection in psutil.net_connections("tcp"):
        if connection.status != psutil.CONN_LISTEN or not connection.pid:
            continue
        if not connection.laddr or connection.laddr.port != port:
            continue
        try:
            process = psutil.Process(connection.pid)
            stack = process.environ().get(MARK)
            return f"the stack of VAR_DIR={stack}" if stack else f"{process.name()} (process {process.pid})"
        except psutil.Error:
            return f"process {connection.pid}"
    return None
