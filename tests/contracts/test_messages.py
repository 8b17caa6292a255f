"""What the runbook quotes is what the code says: messages, and the times of the lock."""

import ast
import re
from collections.abc import Iterator

import pytest

from ingestion.bronze.gaps import Gap
from ingestion.settings import PROJECT

RUNBOOK = (PROJECT / "docs" / "runbook.md").read_text()
# in a message, whatever stands there; in a quote, whatever was left out
VALUE, LEFT_OUT = "\0", "…"
# so much of a quote must be the message's own text, not values in it
LITERAL_PART = 0.4
NOT_OURS = {
    "No space left on device",
    # pydantic's, behind a name of ours
    "KAFKA_PARTITIONS: input should be greater than or equal to 1, got '0'",
}


def messages() -> Iterator[str]:
    """Every text in our code, its values replaced by VALUE."""
    for folder in ("infra", "ingestion", "streamlit_app"):
        for path in (PROJECT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.JoinedStr):
                    parts = (part.value if isinstance(part, ast.Constant) else VALUE for part in node.values)
                    yield "".join(map(str, parts))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield re.sub(r"%[sdr]|\{\w*\}", VALUE, node.value)
    sql = [
        path.read_text() for folder in ("macros", "models") for path in (PROJECT / "dbt_sales" / folder).rglob("*.sql")
    ]
    yield from (re.sub(r"""["']\s*(~|\|\||,)\s*[\w.]+\s*\1\s*["']""", VALUE, text) for text in sql)
    yield re.sub(r"\$\w+|\$\(\w+\)", VALUE, (PROJECT / "Makefile").read_text())


# a text may be put together with others
MESSAGES = [f"{VALUE}{' '.join(message.split())}{VALUE}" for message in messages()]


def quotes() -> list[str]:
    """The code spans of all symptoms that are more than a word or two."""
    symptoms = re.findall(r"^- \*\*Symptom\*\* (.*?)(?=^- |^#)", RUNBOOK, re.MULTILINE | re.DOTALL)
    spans = (" ".join(span.split()) for symptom in symptoms for span in re.findall(r"`([^`]+)`", symptom))
    return sorted({span for span in spans if len(span.split()) > 2} - NOT_OURS)


def literal_length(quote: str, message: str) -> int:
    """How much of the quote can be the message's own text, where all of it is a part of the message; else 0."""
    best = dict.fromkeys(range(len(message)), 0)
    for letter in quote:
        reached: dict[int, int] = {}
        for place, length in best.items():
            if letter == LEFT_OUT:
                reached |= {later: max(length, reached.get(later, 0)) for later in range(place, len(message) + 1)}
                continue
            while message[place : place + 1] == VALUE:
                # the value goes on, or ends before this letter
                reached[place] = max(length, reached.get(place, 0))
                place += 1
            if message[place : place + 1] == letter:
                reached[place + 1] = max(length + 1, reached.get(place + 1, 0))
        best = reached
    return max(best.values(), default=0)


def test_there_are_quotes_to_check() -> None:
    assert len(quotes()) > 20
    assert literal_length("no such host: x.y … here", "ports: no such host: \0 (\0) is here") == 20
    assert literal_length("no such port: x.y", "ports: no such host: \0") == 0


@pytest.mark.parametrize("quote", quotes())
def test_every_message_in_the_runbook_is_one_of_ours(quote: str) -> None:
    # the way out is often put behind a message by others
    for clause in quote.split("; "):
        starts = {clause[start : start + 6] for start in range(len(clause) - 5)}
        likely = [message for message in MESSAGES if any(start in message for start in starts)]
        assert any(literal_length(clause, message) >= LITERAL_PART * len(clause) for message in likely), clause


def test_a_gap_is_named_as_the_stream_names_it() -> None:
    assert f"`offset gap: {Gap(1, 1200, 2000)} are no longer in Kafka and never reached Bronze`" in RUNBOOK


def test_the_times_of_the_lock_are_the_macros() -> None:
    macro = (PROJECT / "dbt_sales" / "macros" / "spark" / "lock.sql").read_text()
    wait = re.findall(r"wait_s=(\d+)", macro)
    lease = re.findall(r"lease_s = (\d+) if var\('rebuild'\) or var\('rebuild_gold'\) else (\d+)", macro)[0]
    decision = (PROJECT / "docs" / "decisions" / "0006-lock-in-the-catalogue.md").read_text()
    (entry,) = re.findall(r"^### The lock is held\n(.*?)^### ", RUNBOOK, re.MULTILINE | re.DOTALL)
    for text in (decision, entry):
        assert set(re.findall(r"(\d+)\s+s\b", text)) == {*wait, *lease}
