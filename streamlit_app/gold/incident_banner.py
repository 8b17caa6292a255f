"""A strip on every page while something serious is open and nobody has acknowledged it."""

import logging
from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from ingestion.queries import LakeUnreadableError
from ingestion.reading.incidents import Incident, Seen
from streamlit_app import singletons
from streamlit_app.language_choice import PARAMETER, language, language_code

logger = logging.getLogger(__name__)
_SHOWN = "shown_incidents"


def urgent_incidents() -> Sequence[Incident]:
    """What this run of the page shows; nothing if it cannot be read, since a page that needs it says so."""
    seen: Seen | None = None
    try:
        seen = singletons.watch().seen()
    except LakeUnreadableError as error:
        logger.error("%s", error.for_log)
    st.session_state[_SHOWN] = seen
    return seen.urgent if seen else ()


def is_outdated() -> bool:
    """Whether the watch has seen anything, or somebody has acknowledged anything, since this run of the page."""
    # the run of the page has logged it
    with suppress(LakeUnreadableError):
        return singletons.watch().seen() is not st.session_state[_SHOWN]
    return False


def incident_banner(urgent: Sequence[Incident]) -> None:
    if not urgent:
        return
    words = language()
    causes = dict.fromkeys(words[f"cause_{each.cause}"] for each in urgent)
    with st.container(key="incidents"):
        st.page_link(
            "app_pages/alertes.py",
            label=words.count("urgent", len(urgent), ", ".join(causes)),
            icon=":material/notification_important:",
            query_params={PARAMETER: language_code()},
        )
