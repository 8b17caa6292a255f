"""JSON in which money is a number with exactly two decimals: `12.50`, not `12.5` and not `"12.50"`.

The standard encoders write decimals as text, or pass them through a float.
"""

import json
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any


def to_json(value: Any) -> bytes:
    return _encode(value).encode()


def moment(value: datetime) -> str:
    """A time with a zone in ISO 8601 with `Z`; an hour, which has no zone, as `2025-12-22 10:00:00`."""
    if value.tzinfo is None:
        return value.isoformat(" ", "seconds")
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _encode(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, datetime):
        return f'"{moment(value)}"'
    if isinstance(value, date):
        return f'"{value.isoformat()}"'
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_encode, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{json.dumps(str(name))}:{_encode(each)}' for name, each in value.items())}}}"
    if is_dataclass(value):
        kind: Any = type(value)
        return f"{{{','.join(prefix + _encode(getattr(value, name)) for name, prefix in _members(kind))}}}"
    return json.dumps(value, ensure_ascii=False)


@cache
def _members(kind: Any) -> list[tuple[str, str]]:
    return [(field.name, f'"{field.name}":') for field in fields(kind)]
