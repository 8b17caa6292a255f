"""What is out of the ordinary, in words."""

from datetime import datetime, timedelta
from decimal import Decimal

from ingestion.printable import printable
from ingestion.queries import WatchState
from ingestion.reading.incidents import CLOSED, Incident
from streamlit_app.languages import Language

# an alarm within this time of the end of what is known goes on
STILL = timedelta(minutes=15)
_SHARES = ("produit", "pays", "segment")


def what(words: Language, incident: Incident) -> str:
    """What happened, with its numbers if they mean something to a reader."""
    said = happened(words, incident)
    if not has_numbers(incident):
        return f"{said}."
    return f"{said}{words['colon']}{words['observed_expected'].format(*numbers(words, incident))}."


def short(words: Language, incident: Incident) -> str:
    """What, of what, and when, in one line."""
    key = "" if incident.cle == "total" else f" · {_key(words, incident)}"
    return f"{words[f'cause_{incident.cause}']}{key} · {words.formats.minute(incident.debut)}"


def happened(words: Language, incident: Incident) -> str:
    of = "part" if incident.cause in _SHARES else incident.cause
    is_gone = incident.observe == 0 and of in ("part", "partition")
    return words[f"says_{of}_{'none' if is_gone else incident.sens}"].format(_key(words, incident))


def _key(words: Language, incident: Incident) -> str:
    return words.reason(incident.cle) if incident.cause == "rejet" else printable(incident.cle)


def has_numbers(incident: Incident) -> bool:
    """Those of the regularity are of a statistic, which says nothing to a reader."""
    return incident.cause != "plat"


def numbers(words: Language, incident: Incident) -> tuple[str, str, str, str]:
    """What was observed and in which time, what was expected, and the bounds of that."""
    observed, expected, low, high = (
        figure(words, value, is_money=incident.cause == "panier")
        for value in (incident.observe, incident.attendu, incident.attendu_bas, incident.attendu_haut)
    )
    return f"{observed} {words[f'in_{incident.fenetre}']}", expected, low, high


def figure(words: Language, value: Decimal, *, is_money: bool) -> str:
    """A number of things, with a decimal only where it matters."""
    if is_money:
        return words.formats.euros(value)
    return words.formats.decimal(value, 0 if value >= 10 or value == value.to_integral_value() else 1)


def how_it_goes(words: Language, incident: Incident, state: WatchState | None, now: datetime) -> str:
    """Since when, and whether it goes on."""
    minute, ago = words.formats.minute, words.formats.ago
    if incident.statut == CLOSED and incident.fin is not None:
        return words["was_unusual"].format(minute(incident.debut), minute(incident.fin))
    age = ago((now - incident.debut).total_seconds())
    complete = state.complet_jusque if state else None
    if complete is None or complete - incident.derniere_alerte <= STILL:
        return words["still_unusual"].format(minute(incident.debut), age)
    last = ago((now - incident.derniere_alerte).total_seconds())
    return words["quiet_since"].format(minute(incident.debut), age, last)
