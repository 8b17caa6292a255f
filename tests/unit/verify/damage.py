"""The ways to damage a lake's rows before they are written."""

from collections.abc import Callable
from typing import Any

from tests.unit.verify.lake import Lake

Damage = Callable[[Lake], object]


def change(table: str, index: int = 0, **changes: Any) -> Damage:
    return lambda lake: lake.tables[table][index].update(changes)


def remove(table: str, index: int = 0) -> Damage:
    return lambda lake: lake.tables[table].pop(index)


def repeat(table: str, index: int = 0, **changes: Any) -> Damage:
    return lambda lake: lake.tables[table].append({**lake.tables[table][index], **changes})


def more(table: str, index: int, column: str, step: Any) -> Damage:
    return lambda lake: lake.tables[table][index].update({column: lake.tables[table][index][column] + step})


def move_slice(column: str, step: int, index: int) -> Damage:
    def damage(lake: Lake) -> None:
        for table in ("tranches", "bilan_ingestion"):
            lake.tables[table][index][column] += step

    return damage
