"""docs/full-stack.md says what docker-compose.yml has."""

import re

from ingestion.settings import PROJECT
from tests.unit.test_compose import COMPOSE, MONITORING, RESIDENT, published, services, template, volumes

PAGE = PROJECT / "docs" / "full-stack.md"


def cell(words: list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words) or "-"


def row(name: str) -> tuple[str, ...]:
    service = services()[name]
    columns = ([name], [service["image"]], service["networks"], service.get("ports", []))
    return (*map(cell, columns), cell(volumes(service)), cell([service["mem_limit"]]))


def test_the_pages_table_is_the_compose_file() -> None:
    (table,) = re.findall(r"^\| service \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE.read_text(), re.MULTILINE)
    rows = [tuple(line.strip("| ").split(" | ")) for line in table.splitlines()]
    assert rows == [row(name) for name in services()]


def drawn() -> dict[str, tuple[set[str], set[str]]]:
    """Of each service in the diagram its networks and its ports on this machine."""
    (diagram,) = re.findall(r"^```mermaid\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    found = {}
    for networks, body in re.findall(r"subgraph \w+\[\"([^\"]+)\"\]\n(.*?)\n *end", diagram, re.DOTALL):
        for label in re.findall(r"\w+\[\"([^\"]+)\"\]", body):
            name, _, ports = label.partition("<br/>")
            found[name] = (set(networks.split(" + ")), set(ports.split()))
    return found


def test_the_pages_diagram_is_the_compose_file() -> None:
    assert drawn() == {
        name: (set(service["networks"]), {port for _, port in published(service)})
        for name, service in services().items()
    }


def test_the_page_explains_every_variable() -> None:
    rows = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", PAGE.read_text()))
    read = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text()))
    assert (set(template()) | read) - rows == set()


def test_the_page_adds_the_limits_up() -> None:
    def mebibytes(name: str) -> int:
        service = services()[name]
        number, unit = service["mem_limit"][:-1], service["mem_limit"][-1]
        return int(number) * (1024 if unit == "g" else 1)

    without = sum(map(mebibytes, RESIDENT - MONITORING)) / 1024
    with_them = sum(map(mebibytes, RESIDENT)) / 1024
    assert f"add up to {without:.1f} GiB, with monitoring to {with_them:.1f} GiB" in " ".join(PAGE.read_text().split())
