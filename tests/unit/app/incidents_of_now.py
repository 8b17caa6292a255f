"""Incidents around this moment, and what a page says and links to."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from streamlit_app.formats import UNIT
from tests.unit.app.anomaly_lake import count, expectation, incident

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
TICK = timedelta(minutes=5)
COMPLETE = NOW.replace(minute=NOW.minute // 5 * 5) - TICK
BEGAN = COMPLETE - 12 * TICK
VOLUME = incident("volume", BEGAN, COMPLETE, detecteurs="rupture, volume")
GONE = incident(
    "produit",
    BEGAN - timedelta(hours=3),
    COMPLETE - 4 * TICK,
    cle="Casque audio",
    severite="moyenne",
    observe=Decimal(0),
)
CLOSED = incident("pays", BEGAN - timedelta(days=2), COMPLETE - timedelta(days=2), cle="Spain", is_open=False)
COUNTED = [
    count(NOW - timedelta(days=20), "volume", "total", 9),
    count(BEGAN, "volume", "total", 7),
    count(COMPLETE, "complet", "total", 1),
]


def learned():
    start = COMPLETE - timedelta(days=1)
    quarters = (start.replace(minute=0) + number * timedelta(minutes=15) for number in range(100))
    return [expectation(each, "volume", "total", 10_000_000, attendu=40_000_000) for each in quarters]


def texts(app):
    parts = (app.text, app.caption, app.header, app.subheader, app.info, app.success, app.warning, app.error)
    return " ".join(each.value for part in parts for each in part).replace(UNIT, " ")


def links(app):
    """Label and address of each link to a page."""
    return [(each.proto.label, each.proto.query_string) for each in app.get("page_link")]
