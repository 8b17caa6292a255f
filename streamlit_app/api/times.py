"""The spellings of time that the API understands: each a pattern, which the OpenAPI document says and the code asks.

A time is a real day, alone or with an hour.  What could mean two things is none: a bare number, a day without hyphens,
an hour and minute behind a space (there, a zone's `+` may have become one).
"""

import re
from datetime import UTC, datetime

_YEAR = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_LEAP_ENDING = "(?:0[48]|[2468][048]|[13579][26])"
_LEAP_YEAR = f"(?:[0-9]{{2}}{_LEAP_ENDING}|{_LEAP_ENDING}00)"
_MONTHS_AND_DAYS = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_DAY = f"(?:{_YEAR}-{_MONTHS_AND_DAYS}|{_LEAP_YEAR}-02-29)"
_HOUR = "(?:[01][0-9]|2[0-3])"
_SIXTY = "[0-5][0-9]"
# the `+` of a zone arrives as a space where a client has not escaped it
_ZONE_SIGN = "[-+ ]"


def _clock(minute: str, second: str, digit: str, zone: str, *, is_alone: bool) -> str:
    """What follows the day; `is_alone`: an hour may do without its minutes."""
    seconds = rf":{second}(?:\.{digit}{{1,9}})?"
    minutes = f"(?::{minute}(?:{seconds})?)" + "?" * is_alone
    return f"(?:[Tt]{_HOUR}{minutes}| {_HOUR}:{minute}{seconds}){zone}"


MOMENT = (
    f"{_DAY}(?:"
    + _clock(_SIXTY, _SIXTY, "[0-9]", f"(?:[Zz]|{_ZONE_SIGN}{_HOUR}(?::?{_SIXTY})?)?", is_alone=True)
    + ")?"
)
# a half hour is a whole one of UTC where the zone has one, too: 10:30+05:30
WHOLE_HOUR = (
    f"{_DAY}(?:"
    + "|".join(
        (
            _clock("00", "00", "0", f"(?:[Zz]|{_ZONE_SIGN}{_HOUR}(?::?00)?)?", is_alone=True),
            _clock("30", "00", "0", f"{_ZONE_SIGN}{_HOUR}:?30", is_alone=False),
            _clock("45", "00", "0", f"[+ ]{_HOUR}:?45", is_alone=False),
        )
    )
    + ")?"
)
SPELLING = (
    "must be an ISO 8601 time such as 2025-12-22T10:00:00Z, 2025-12-22T11:00:00+01:00 or 2025-12-22; no zone means UTC"
)


def moment(text: str) -> datetime:
    """A time of UTC.  Raises ValueError with the rule."""
    if not re.fullmatch(MOMENT, text):
        raise ValueError(SPELLING)
    day, clock = text[:11].upper(), text[11:].upper().replace(" ", "+")
    spelled = datetime.fromisoformat(day + clock)
    try:
        return spelled.replace(tzinfo=UTC) if spelled.tzinfo is None else spelled.astimezone(UTC)
    except OverflowError:
        # its zone moves it out of the years 1 to 9999: then their first or last hour, outside of which no sale lies
        edge = datetime.min if spelled.year == 1 else datetime.max.replace(minute=0, second=0, microsecond=0)
        return edge.replace(tzinfo=UTC)


def whole_hour(text: str) -> datetime:
    """An hour of UTC, without a zone as hours are.  Raises ValueError with the rule."""
    found = moment(text)
    if not re.fullmatch(WHOLE_HOUR, text):
        raise ValueError("must be a whole hour of UTC such as 2025-12-22T10:00:00Z: answers are kept by the hour")
    return found.replace(tzinfo=None)
