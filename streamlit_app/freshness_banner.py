"""The age of the figures, on every page; it checks every two seconds and redraws a page that is out of date."""

import logging
from contextlib import suppress
from datetime import datetime

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ingestion.queries import LakeUnreadableError, Snapshot, newest_vente_at
from streamlit_app import singletons
from streamlit_app.figures import running_hour
from streamlit_app.gold import incident_banner
from streamlit_app.language_choice import language, language_selector

logger = logging.getLogger(__name__)


def shown() -> Snapshot:
    """The snapshot that this run of the page shows; the banner compares the newest one with it."""
    snapshot = singletons.lake().current()
    st.session_state["shown"] = snapshot.key
    st.session_state["running"] = _running(snapshot)
    return snapshot


def run_under_banner(page: StreamlitPage) -> None:
    """Run the page; a failure to read is shown once and calmly, and the banner tries again."""
    st.session_state["unreadable"] = False
    with suppress(LakeUnreadableError):
        shown()
    urgent = incident_banner.urgent_incidents()
    with st.container(horizontal=True, vertical_alignment="center", key="banner"):
        with st.container():
            freshness_banner()
        language_selector()
    # the page of the alerts itself says it in full
    if page.url_path != "alertes":
        incident_banner.incident_banner(urgent)
    try:
        page.run()
    except LakeUnreadableError as error:
        if not st.session_state["unreadable"]:
            _say_unreadable(error)


@st.fragment(run_every="2s")
def freshness_banner() -> None:
    try:
        snapshot = singletons.lake().current()
        if _is_outdated(snapshot):
            st.rerun()
        _say_how_fresh(snapshot)
    except LakeUnreadableError as error:
        _say_unreadable(error)


def _is_outdated(snapshot: Snapshot) -> bool:
    """Whether a read failed, something newer is published or acknowledged, or an hour has become complete."""
    state = st.session_state
    if state["unreadable"] or state.get("shown") != snapshot.key or incident_banner.is_outdated():
        return True
    # only forwards: an hour does not reopen while an event waits for a few seconds
    return bool(_running(snapshot) > state["running"])


def _running(snapshot: Snapshot) -> datetime:
    """The running hour, or the earliest possible one while nothing is published."""
    publication = snapshot.publication
    return running_hour(publication, singletons.sampler().latest()) if publication else datetime.min


def _say_unreadable(error: LakeUnreadableError) -> None:
    logger.error("%s", error.for_log)
    st.session_state["unreadable"] = True
    st.warning(language()["unreadable"], icon=":material/warning:")


def _say_how_fresh(snapshot: Snapshot) -> None:
    words, cause = language(), singletons.sampler().cause(singletons.utc_now())
    if snapshot.publication is None:
        st.info(f"{words['empty']}{_why(cause)}", icon=":material/hourglass_empty:")
    elif cause:
        st.warning(f"**{words['stale']}.** {_age(snapshot)}{_why(cause)}", icon=":material/warning:")
    else:
        st.markdown(f":green-badge[:material/check_circle: {words['fresh']}] {_age(snapshot)}")


def _why(cause: str | None) -> str:
    return f"  \n{language()[cause]}" if cause else ""


def _age(snapshot: Snapshot) -> str:
    publication, newest, now = snapshot.publication, newest_vente_at(snapshot), singletons.utc_now()
    if publication is None:
        return ""
    words, closed_at = language(), publication.closed_at
    parts = [
        words["as_of"].format(words.formats.instant(closed_at), words.formats.ago((now - closed_at).total_seconds())),
        words["slice"].format(publication.tranche),
    ]
    if newest:
        parts.append(words["newest_sale"].format(_when(newest, now)))
    return " · ".join(parts)


def _when(moment: datetime, now: datetime) -> str:
    """A sale may be dated up to a day ahead; one in the future has no age."""
    words = language()
    if moment > now:
        return words["ahead"].format(words.formats.instant(moment))
    return words.formats.ago((now - moment).total_seconds())
