"""Read one event's bytes as one strict JSON object (RFC 8259), or say why they are not one.

Python's own reader accepts more than Bronze does, and loses digits; this one reads as Bronze does, without Spark.
"""

import re
from json import JSONDecodeError, JSONDecoder
from sys import getrecursionlimit, setrecursionlimit
from typing import Any

from ingestion.sizes import LARGEST_EVENT, TOO_LARGE

MAX_DEPTH = 999
MAX_DIGITS = 1_000
MAX_NAME = 50_000  # UTF-16 code units

_SHALLOW = 100


class UnreadableError(Exception):
    """The bytes are not one strict JSON object; the message is Bronze's `parse_error`."""


def read_object(value: bytes | None) -> dict[str, Any]:
    """The object's members; strings and numbers are text, numbers exactly as written.  Raises UnreadableError."""
    text = _text(value)
    reading = _Reading()
    try:
        content = _decode(text, reading)
    except (JSONDecodeError, _NotStrictError) as error:
        raise UnreadableError("json_invalide") from error
    if isinstance(content, _Repeating):
        raise UnreadableError("cle_en_double")
    if reading.repeated or (_SURROGATE_ESCAPE.search(text) and _has_lone_surrogate(content)):
        raise UnreadableError("json_invalide")
    if not isinstance(content, dict):
        raise UnreadableError("pas_un_objet")
    return content


def _text(value: bytes | None) -> str:
    if value is not None and len(value) > LARGEST_EVENT:
        raise UnreadableError(TOO_LARGE)
    if value is None or not value.strip(b" \t\r\n"):
        raise UnreadableError("vide")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableError("utf8_invalide") from error


class _NotStrictError(Exception):
    """JSON that Python accepts and the strict rules do not."""


class _Repeating(dict[str, Any]):
    """An object that names a member twice."""


class _Reading:
    """What the decoder calls for each object; it remembers whether any of them named a member twice."""

    repeated = False

    def members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if any(2 * len(name) > MAX_NAME and _utf16_length(name) > MAX_NAME for name in fields):
            raise _NotStrictError
        if len(fields) == len(pairs):
            return fields
        self.repeated = True
        return _Repeating(fields)


def _decode(text: str, reading: _Reading) -> Any:
    decoder = JSONDecoder(
        object_pairs_hook=reading.members, parse_int=_number, parse_float=_number, parse_constant=_refuse
    )
    if text.count("{") + text.count("[") <= _SHALLOW:
        return decoder.decode(text)
    if _depth(text) > MAX_DEPTH:
        raise _NotStrictError
    limit = getrecursionlimit()
    setrecursionlimit(limit + 2 * MAX_DEPTH)  # Python's own limit counts the callers too
    try:
        return decoder.decode(text)
    finally:
        setrecursionlimit(limit)


def _utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _refuse(constant: str) -> None:
    raise _NotStrictError(constant)


def _number(text: str) -> str:
    if len(text) <= MAX_DIGITS:
        return text
    mantissa, _, exponent = text.lower().lstrip("-").partition("e")
    whole, _, decimals = mantissa.partition(".")
    # Jackson, which reads for Bronze, does not count a zero in front of decimals or of an exponent
    uncounted = whole == "0" and not (decimals and exponent)
    if len(whole) + len(decimals) + len(exponent.lstrip("+-")) - uncounted > MAX_DIGITS:
        raise _NotStrictError
    return text


# an unfinished string runs to the end, so no bracket in it counts
_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|([\[{])|([\]}])', re.DOTALL)


def _depth(text: str) -> int:
    depth = deepest = 0
    for found in _BRACKETS.finditer(text):
        depth += (found[1] is not None) - (found[2] is not None)
        deepest = max(deepest, depth)
    return deepest


_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")  # a lone one, or a pair that Python has joined
_SURROGATE = re.compile("[\ud800-\udfff]")


def _has_lone_surrogate(content: Any) -> bool:
    waiting = [content]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str) and _SURROGATE.search(item):
            return True
        if isinstance(item, dict):
            waiting += [*item, *item.values()]
        elif isinstance(item, list):
            waiting += item
    return False
