"""English of no particular country: months are words, so no day looks like a month, and hours run from 0 to 23."""

from streamlit_app.formats import UNIT, Formats
from streamlit_app.languages import Language

FORMATS = Formats(
    decimal_mark=".",
    thousands=",",
    field_separator=",",
    money="€{}",
    short_money=("€{}", "€{}k", "€{}M"),
    percent="{}%",
    more_than=">{}",
    ages={"day": f"{{}}{UNIT}d ago", "h": f"{{}}{UNIT}h ago", "min": f"{{}}{UNIT}min ago", "s": f"{{}}{UNIT}s ago"},
    instant_pattern="{at.day} {month} {at.year} at {at:%H:%M:%S} UTC",
    minute_pattern=f"{{at.day}}{UNIT}{{month}}{UNIT}{{at.year}}, {{at:%H:%M}}{UNIT}UTC",
    periods={
        "hour": f"{{at.day}}{UNIT}{{month}}{UNIT}{{at.year}}, {{at:%H}}:00",
        "day": f"{{at.day}}{UNIT}{{month}}{UNIT}{{at.year}}",
        "month": f"{{month}}{UNIT}{{at.year}}",
        "year": "{at.year}",
    },
    hour="{at:%H}:00",
    ticks={"hour": "%H:%M", "day_hour": "%a %H:%M", "day": "%e %b", "month": "%b %Y", "year": "%Y"},
    months=(
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    short_months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    days=("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
    short_days=("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"),
)  # fmt: skip


def plural(number: int) -> str:
    return "one" if abs(number) == 1 else "other"


LANGUAGE = Language.read("en", "English", FORMATS, plural)
