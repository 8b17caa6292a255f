"""The sale event, and the form in which it is sent.

`VenteEvent` is the single definition of its fields: Bronze, the dbt source and the API are checked against it.
"""

import json
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

# one offset for each Kafka partition
Offsets = dict[int, int]


@dataclass(frozen=True, slots=True)
class VenteEvent:
    """One sale as it is sent: `timestamp` in UTC, `montant` in EUR with two decimals."""

    vente_id: int
    client_id: int
    produit_id: int
    timestamp: datetime
    quantite: int
    montant: Decimal
    client_nom: str
    produit_nom: str
    categorie: str
    pays: str
    segment: str

    def to_json(self) -> bytes:
        return encode({name: getattr(self, name) for name in EVENT_FIELDS})


@dataclass(frozen=True, slots=True)
class Message:
    """One record to send; `kind` is `vente` or the kind of a faulty event, and a `value` of None is a tombstone."""

    kind: str
    key: bytes
    value: bytes | None


EVENT_FIELDS = tuple(field.name for field in fields(VenteEvent))


def encode(values: dict[str, Any]) -> bytes:
    """The fields as one UTF-8 JSON object; decimals keep all their digits, since they do not pass through a float."""
    members = (f"{json.dumps(name)}: {_literal(value)}" for name, value in values.items())
    return f"{{{', '.join(members)}}}".encode()


def _literal(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return f'"{value.replace(tzinfo=None).isoformat(timespec="microseconds")}"'
    return json.dumps(value, ensure_ascii=False)
