"""How old the figures are, on every page; it looks every two seconds and redraws the page when there are newer ones."""

import streamlit as st

from streamlit_app import live
from streamlit_app.formats import ago, instant
from streamlit_app.labels import LABELS
from streamlit_app.queries import Snapshot, newest_vente_at


def shown() -> Snapshot:
    """The snapshot that this run of the page shows; the banner compares the newest one with it."""
    snapshot = live.lake().current()
    st.session_state["shown"] = snapshot.key
    return snapshot


@st.fragment(run_every="2s")
def freshness_banner() -> None:
    snapshot = live.lake().current()
    if st.session_state.get("shown", snapshot.key) != snapshot.key:
        st.rerun()
    cause = live.sampler().cause(live.utc_now())
    if snapshot.publication is None:
        st.info(f"{LABELS['empty']}{_why(cause)}", icon=":material/hourglass_empty:")
    elif cause:
        st.warning(f"**{LABELS['stale']}.** {_age(snapshot)}{_why(cause)}", icon=":material/warning:")
    else:
        st.markdown(f":green-badge[:material/check_circle: {LABELS['fresh']}] {_age(snapshot)}")


def _why(cause: str | None) -> str:
    return f"  \n{LABELS[cause]}" if cause else ""


def _age(snapshot: Snapshot) -> str:
    publication, newest, now = snapshot.publication, newest_vente_at(snapshot), live.utc_now()
    if publication is None:
        return ""
    parts = [
        f"{LABELS['as_of']} {instant(publication.closed_at)}, {ago((now - publication.closed_at).total_seconds())}",
        f"{LABELS['tranche']} {publication.tranche}",
    ]
    if newest:
        parts.append(f"{LABELS['newest_vente']} {ago((now - newest).total_seconds())}")
    return " · ".join(parts)
