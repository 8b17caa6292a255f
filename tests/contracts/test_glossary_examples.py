"""The glossary has an example beside each verdict: what `sales produce --dirty` sends, compared with a valid sale."""

import json

from ingestion.settings import PROJECT
from ingestion.source.faulty import KINDS, Kind
from tests.sales import SALE

# bytes shown of an event that is no JSON object
BEFORE, BEHIND = 20, 24


class Digits(str):
    """A number as it was written."""


def members(event: bytes) -> dict[str, str]:
    """The fields of an object, each with its own text."""
    found = json.loads(event, parse_int=Digits, parse_float=Digits)
    return {name: value if isinstance(value, Digits) else json.dumps(value) for name, value in found.items()}


def example(kind: Kind) -> str:
    event = kind.make(SALE)
    if event is None:
        return "no value"
    if kind.verdict == "illisible":
        return around_the_change(event)
    before, after = members(SALE.to_json()), members(event)
    changed = [f'`"{name}": {value}`' for name, value in after.items() if before.get(name) != value]
    return ", ".join(changed) or "the sale again, unchanged"


def around_the_change(event: bytes) -> str:
    """The bytes about the first that differs from the sale's."""
    sale = SALE.to_json()
    differs = (n for n, (a, b) in enumerate(zip(sale, event, strict=False)) if a != b)
    same = next(differs, min(len(sale), len(event)))
    start, end = max(same - BEFORE, 0), min(same + BEHIND, len(event))
    text = event[start:end].decode(errors="backslashreplace").rstrip()
    size = f", {len(event)} bytes" if len(event) > 2 * len(sale) else ""
    return f"{'…' if start else ''}`{text}`{'…' if end < len(event) else ''}{size}"


def table() -> str:
    rows = [f"| `{kind.verdict}` | `{kind.name}` | {example(kind)} |" for kind in KINDS]
    return "\n".join(["| verdict | kind | what is sent |", "|---|---|---|", *rows])


def test_the_examples_in_the_glossary_are_what_the_producer_sends() -> None:
    glossary = (PROJECT / "docs" / "glossary.md").read_text()
    assert table() in glossary, f"put this into docs/glossary.md:\n{table()}"
    assert json.dumps(json.loads(SALE.to_json()), ensure_ascii=False)[:40] in glossary
