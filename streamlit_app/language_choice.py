"""The visitor's language: the one in the page's address, or else the browser's.

It belongs to one session.  A cache shared by all sessions holds no text, unless its key holds the language.
"""

import re

import streamlit as st

from streamlit_app.languages import DEFAULT, Language, languages

PARAMETER = "lang"
_CHOICE = "language_choice"


def settle_language() -> Language:
    """Decide the language of this run of a page; a language in the address that does not exist here is ignored."""
    state = st.session_state
    asked = st.query_params.get(PARAMETER)
    if asked in languages():
        state["chosen_language"] = asked
    elif "chosen_language" in state:
        # Streamlit clears the query string when the page changes
        st.query_params[PARAMETER] = state["chosen_language"]
    state["language"] = state.get("chosen_language") or preferred(
        st.context.locale, st.context.headers.get("Accept-Language")
    )
    return language()


def language() -> Language:
    """The language of this run."""
    return languages()[language_code()]


def language_code() -> str:
    """The code of the language of this run, for addresses and cache keys."""
    code: str = st.session_state["language"]
    return code


def language_selector() -> None:
    st.session_state[_CHOICE] = language_code()
    st.selectbox(
        language()["language"],
        languages(),
        format_func=lambda code: languages()[code].name,
        filter_mode=None,
        key=_CHOICE,
        on_change=_choose,
        label_visibility="collapsed",
        width=130,
    )


def tell_browser() -> None:
    """Set the document's language for screen readers and translators: Streamlit's own page says that it is English."""
    script = f"<script>document.documentElement.lang = {language_code()!r}</script>"
    with st.container(key="document_language"):
        st.html(script, unsafe_allow_javascript=True)


def preferred(locale: str | None, accepted: str | None) -> str:
    """The first available language that the browser asks for: its own, then those of Accept-Language."""
    tags = [locale or "", *_by_weight(accepted or "")]
    codes = (re.split("[-_]", tag.strip().lower())[0] for tag in tags)
    return next((code for code in codes if code in languages()), DEFAULT)


def _by_weight(accepted: str) -> list[str]:
    """The tags of an Accept-Language header, most wanted first; a tag with weight 0 is not wanted and is left out."""
    weights: dict[str, float] = {}
    for each in accepted.split(","):
        tag, *options = (part.strip() for part in each.split(";"))
        given = [weight for option in options if (weight := re.fullmatch(r"q=([01](?:\.\d*)?)", option))]
        weights[tag] = float(given[0][1]) if given else 1.0
    return sorted((tag for tag in weights if weights[tag]), key=lambda tag: -weights[tag])


def _choose() -> None:
    state = st.session_state
    st.query_params[PARAMETER] = state[_CHOICE]
    # the address holds the choice by its label: setting it again writes the label of the new language
    if "periode" in state:
        state["periode"] = state["periode"]
