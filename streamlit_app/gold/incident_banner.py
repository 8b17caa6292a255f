"""A strip on every page while something serious is open and nobody has acknowledged it."""

import logging
from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from ingestion.queries import LakeUnreadableError
from ingestion.reading.incidents import Incident
from streamlit_app import singletons
from streamlit_app.language_choice import PARAMETER, language, language_code

logger = logging.getLogger(__name__)
_SHOWN = "shown_incidents"


def urgent_incidents() -> Sequence[Incident]:
    """What this run of the page shows; nothing if it cannot be read, since a page that needs it says so."""
    urgent: Sequence[Incident] = ()
    try:
        urgent = singletons.watch().seen().urgent
    except LakeUnreadableError as error:
        logger.error("%s", error.for_log)
    st.session_state[_SHOWN] = [each.anomalie_id for each in urgent]
    return urgent


def is_outdated() -> bool:
    """Whether there are other urgent incidents than this run of the page shows."""
    # the run of the page has logged it
    with suppress(LakeUnreadableError):
        shown: list[str] = st.session_state[_SHOWN]
        return [each.anomalie_id for each in singletons.watch().seen().urgent] != shown
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
