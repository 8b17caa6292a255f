"""The verdict on one event from its raw bytes: the rules written a second time, without Spark, to check Silver.

All values are exact whole numbers: instants are microseconds since 1970 in UTC, amounts are cents.
"""

import re
from collections.abc import Collection
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from ingestion.event import EVENT_FIELDS
from ingestion.sizes import LARGEST_EVENT
from ingestion.verify.strict_json import UnreadableError, read_object

VENTE_ID_LIMIT = 2**53
INT_LIMIT = 2**31
MONTANT_LIMIT = 10**12  # cents
DAY = 24 * 60 * 60 * 1_000_000
EARLIEST = 0  # 1970-01-01T00:00:00Z

RAISONS = (
    "illisible",
    "vente_id_invalide",
    "client_id_invalide",
    "produit_id_invalide",
    "timestamp_invalide",
    "quantite_invalide",
    "montant_invalide",
    "quantite_inferieure_a_1",
    "montant_negatif",
    "client_inconnu",
    "produit_inconnu",
    "timestamp_futur",
    "conflit",
)


class Evaluation(NamedTuple):
    """One event by itself: `raison` is the first rule that applies, ignoring the catalogues and other events.

    The six fields are set unless `raison` is `illisible` or one of the `_invalide`.
    """

    raison: str | None
    vente_id: int | None = None
    client_id: int | None = None
    produit_id: int | None = None
    timestamp: int | None = None
    quantite: int | None = None
    montant: int | None = None


def evaluate(value: bytes | None, kafka_timestamp: int, marked: Collection[str] = ()) -> Evaluation:
    """Judge one event; `kafka_timestamp` in microseconds since 1970.

    `marked`: the fields whose number Bronze holds with a leading `~`, as it once did when it lost the digits.
    """
    ordinary = _ORDINARY.fullmatch(value) if value is not None and len(value) <= LARGEST_EVENT else None
    if ordinary and (evaluation := _evaluate_ordinary(ordinary, kafka_timestamp)):
        return evaluation
    try:
        fields = read_object(value)
    except UnreadableError:
        return Evaluation("illisible")
    typed: list[int] = []
    for name, cast in _CASTS.items():
        text = fields.get(name)
        number = None if name in marked and _once_inexact(text) else cast(text)
        if number is None:
            return Evaluation(f"{name}_invalide")
        typed.append(number)
    *_, instant, pieces, amount = typed
    return Evaluation(_raison(instant, pieces, amount, kafka_timestamp), *typed)


def _raison(timestamp: int, quantite: int, montant: int, kafka_timestamp: int) -> str | None:
    if quantite < 1:
        return "quantite_inferieure_a_1"
    if montant < 0:
        return "montant_negatif"
    return "timestamp_futur" if timestamp > kafka_timestamp + DAY else None


# An event as the producer writes it.  This is a subset of what the strict reader accepts, read in a fifth of the time:
# plain digits without exponent, text in printable ASCII without quotes and escapes, every field once.
_TEXT = rb'"[ !#-\[\]-~]*"'
_WHOLE = rb"(0|[1-9][0-9]{0,8})"
_VALUES = {
    "vente_id": rb"(0|[1-9][0-9]{0,15})",
    "client_id": _WHOLE,
    "produit_id": _WHOLE,
    "timestamp": rb'"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})[.]([0-9]{6})"',
    "quantite": _WHOLE,
    "montant": rb"(0|[1-9][0-9]{0,9})[.]([0-9]{2})",
}
_ORDINARY = re.compile(
    rb"\{%b\}" % rb", ?".join(rb'"%b": ?%b' % (name.encode(), _VALUES.get(name, _TEXT)) for name in EVENT_FIELDS)
)


def _evaluate_ordinary(found: re.Match[bytes], kafka_timestamp: int) -> Evaluation | None:
    vente_id, client_id, produit_id, day, hour, minute, second, micro, quantite, euros, cents = found.groups()
    number, pieces, amount = int(vente_id), int(quantite), int(euros + cents)
    instant = _instant(day.decode(), int(hour), int(minute), int(second), int(micro))
    if number >= VENTE_ID_LIMIT or instant is None or instant < EARLIEST:
        return None
    raison = _raison(instant, pieces, amount, kafka_timestamp)
    return Evaluation(raison, number, int(client_id), int(produit_id), instant, pieces, amount)


_NUMBER = re.compile(r"([+-]?)([0-9]+)(?:[.]([0-9]+))?(?:[eE]([+-]?)0*([0-9]{1,3}))?")
_MOST_DIGITS = 18
_TIMESTAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.]([0-9]{1,9}))?)?"
    r"(?:[Zz]|([+-])([0-9]{2})(?::?([0-9]{2}))?)?"
)


def _exact(text: Any, decimals: int) -> int | None:
    """The number in units of its last decimal; None if more decimals or more than 18 digits would be needed."""
    found = _NUMBER.fullmatch(text) if isinstance(text, str) else None
    if not found:
        return None
    sign, whole, fraction, exponent_sign, exponent = found.groups(default="")
    digits = (whole + fraction).lstrip("0")
    significant = digits.rstrip("0")
    if not significant:
        return 0
    zeros = len(digits) - len(significant) - len(fraction) + int(f"{exponent_sign}{exponent or 0}") + decimals
    if zeros < 0 or len(significant) + zeros > _MOST_DIGITS:
        return None
    return int(f"{sign}{significant}{'0' * zeros}")


def _once_inexact(text: Any) -> bool:
    """Whether Bronze has ever marked such a number: one with an exponent, or of more than 38 digits."""
    return isinstance(text, str) and ("e" in text.lower() or len(text) > 38)


def integer(text: Any, limit: int) -> int | None:
    """The whole number that the text represents exactly; None if it is not one in [-limit, limit)."""
    number = _exact(text, 0)
    return None if number is None or not -limit <= number < limit else number


def vente_id(text: Any) -> int | None:
    """A whole number of at most 53 bits, positive or negative."""
    number = integer(text, VENTE_ID_LIMIT)
    return None if number == -VENTE_ID_LIMIT else number


def int32(text: Any) -> int | None:
    return integer(text, INT_LIMIT)


def montant(text: Any) -> int | None:
    """The amount in cents; None if a third decimal would be lost, or if twelve digits are not enough."""
    cents = _exact(text, 2)
    return None if cents is None or abs(cents) >= MONTANT_LIMIT else cents


def timestamp(text: Any) -> int | None:
    """Microseconds since 1970 of an ISO 8601 date and time, in UTC if it has no zone; any smaller fraction is cut off.

    None before 1970: no sale of ours is older, and a program that has no time writes such times.
    """
    found = _TIMESTAMP.fullmatch(text) if isinstance(text, str) else None
    if not found:
        return None
    day, hour, minute, second, fraction, sign, zone_hours, zone_minutes = found.groups(default="0")
    local = _instant(day, int(hour), int(minute), int(second), int(fraction[:6].ljust(6, "0")))
    offset = int(zone_hours) * 60 + int(zone_minutes)
    if local is None or offset > 18 * 60 or int(zone_minutes) > 59:
        return None
    moment = local - (-1 if sign == "-" else 1) * offset * 60 * 1_000_000
    return moment if moment >= EARLIEST else None


def _instant(day: str, hour: int, minute: int, second: int, micro: int) -> int | None:
    midnight = _midnight(day)
    if midnight is None or hour > 23 or minute > 59 or second > 59:
        return None
    return midnight + ((hour * 60 + minute) * 60 + second) * 1_000_000 + micro


@lru_cache(maxsize=10_000)
def _midnight(day: str) -> int | None:
    try:
        return (date.fromisoformat(day) - date(1970, 1, 1)).days * DAY
    except ValueError:
        return None


_CASTS = {
    "vente_id": vente_id,
    "client_id": int32,
    "produit_id": int32,
    "timestamp": timestamp,
    "quantite": int32,
    "montant": montant,
}
