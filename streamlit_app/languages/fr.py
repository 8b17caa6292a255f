"""French."""

from streamlit_app.formats import UNIT, Formats
from streamlit_app.languages import Language

FORMATS = Formats(
    decimal_mark=",",
    # a narrow no-break space
    thousands="\u202f",
    field_separator=";",
    money=f"{{}}{UNIT}€",
    short_money=(f"{{}}{UNIT}€", f"{{}}{UNIT}k€", f"{{}}{UNIT}M€"),
    percent=f"{{}}{UNIT}%",
    more_than=f">{UNIT}{{}}",
    ages={
        "day": f"il y a {{}}{UNIT}j",
        "h": f"il y a {{}}{UNIT}h",
        "min": f"il y a {{}}{UNIT}min",
        "s": f"il y a {{}}{UNIT}s",
    },
    instant_pattern="{at:%d/%m/%Y} à {at:%H:%M:%S} UTC",
    minute_pattern=f"{{at.day}}{UNIT}{{month}}{UNIT}{{at.year}} à {{at:%H:%M}}{UNIT}UTC",
    periods={
        "hour": f"{{at.day}}{UNIT}{{month}}{UNIT}{{at.year}}, {{at.hour}}{UNIT}h",
        "day": f"{{at.day}}{UNIT}{{month}}{UNIT}{{at.year}}",
        "month": f"{{month}}{UNIT}{{at.year}}",
        "year": "{at.year}",
    },
    hour=f"{{at.hour}}{UNIT}h",
    ticks={"hour": f"%-H{UNIT}h", "day_hour": f"%a %-H{UNIT}h", "day": "%e %b", "month": "%b %Y", "year": "%Y"},
    months=(
        "janvier", "février", "mars", "avril", "mai", "juin",
        "juillet", "août", "septembre", "octobre", "novembre", "décembre",
    ),
    short_months=(
        "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.",
    ),
    days=("dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"),
    short_days=("dim.", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam."),
)  # fmt: skip


def plural(number: int) -> str:
    """Zero is singular in French."""
    return "one" if abs(number) < 2 else "other"


LANGUAGE = Language.read("fr", "Français", FORMATS, plural)
