"""The time formats that the API accepts, each as one pattern for both the OpenAPI document and the code.

A time is a real day, alone or with an hour.  Ambiguous text is refused: a bare number, a day without hyphens, or an
hour and minute after a space (the `+` of a zone may have become that space).
"""

import re
from datetime import UTC, date, datetime

_YEAR = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_LEAP_ENDING = "(?:0[48]|[2468][048]|[13579][26])"
_LEAP_YEAR = f"(?:[0-9]{{2}}{_LEAP_ENDING}|{_LEAP_ENDING}00)"
_MONTHS_AND_DAYS = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
DAY = f"(?:{_YEAR}-{_MONTHS_AND_DAYS}|{_LEAP_YEAR}-02-29)"
_HOUR = "(?:[01][0-9]|2[0-3])"
_SIXTY = "[0-5][0-9]"
# the `+` of a zone arrives as a space if the client has not escaped it
_ZONE_SIGN = "[-+ ]"


def _clock(minute: str, second: str, digit: str, zone: str, *, is_alone: bool) -> str:
    """The pattern of what follows the day; `is_alone`: an hour may omit its minutes."""
    seconds = rf":{second}(?:\.{digit}{{1,9}})?"
    minutes = f"(?::{minute}(?:{seconds})?)" + "?" * is_alone
    return f"(?:[Tt]{_HOUR}{minutes}| {_HOUR}:{minute}{seconds}){zone}"


MOMENT = (
    f"{DAY}(?:" + _clock(_SIXTY, _SIXTY, "[0-9]", f"(?:[Zz]|{_ZONE_SIGN}{_HOUR}(?::?{_SIXTY})?)?", is_alone=True) + ")?"
)
# a half hour is a whole hour of UTC if its zone has a half hour, too: 10:30+05:30
WHOLE_HOUR = (
    f"{DAY}(?:"
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
    """The time in UTC.  Raises ValueError with the rule."""
    if not re.fullmatch(MOMENT, text):
        raise ValueError(SPELLING)
    day, clock = text[:11].upper(), text[11:].upper().replace(" ", "+")
    spelled = datetime.fromisoformat(day + clock)
    try:
        return spelled.replace(tzinfo=UTC) if spelled.tzinfo is None else spelled.astimezone(UTC)
    except OverflowError:
        # the zone moves it outside the years 1 to 9999: take their first or last hour, outside which there are no sales
        edge = datetime.min if spelled.year == 1 else datetime.max.replace(minute=0, second=0, microsecond=0)
        return edge.replace(tzinfo=UTC)


def whole_hour(text: str) -> datetime:
    """The hour in UTC, without a zone, as hours are stored.  Raises ValueError with the rule."""
    found = moment(text)
    if not re.fullmatch(WHOLE_HOUR, text):
        raise ValueError("must be a whole hour of UTC such as 2025-12-22T10:00:00Z: answers are kept by the hour")
    return found.replace(tzinfo=None)


def day(text: str) -> date:
    """A day such as 2025-12-22.  Raises ValueError with the rule."""
    if not re.fullmatch(DAY, text):
        raise ValueError("must be a day such as 2025-12-22")
    return date.fromisoformat(text)
